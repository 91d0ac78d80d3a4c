"""The model of policy: the Cedar schema, made from the contract, and the entities that every decision knows.

| principal | action | resource | asks |
|---|---|---|---|
| Officer in Role, Institution | a method, in a group of methods | Purpose | may it be called for this purpose? |
| | See | Record in Section, Sensitivity | are records of this section and sensitivity shown? |
| | Spend | Allowance | may this allowance of limits.toml be spent? |
| | OmitCaseNumber | Purpose | is this purpose allowed without a case number? |
| | ListWhole | Purpose | do lists of persons show whole CUIs and birth dates? |
| | Delegate | Gateway in Institution | may this gateway ask on the officer's behalf, for this purpose? |
| | ListAwaited | Gateway in Institution | may this gateway hear which officers have a waiting recall? |

Roles are written "institution/role" ("pnc/patrol"): no institution can issue a role of another. Every decision has
`context.purpose`. Nothing is permitted without a policy that permits it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ronda.v1 import context_pb2, section_pb2
from server.audit.methods import METHODS
from server.parts import PARTS

SECTIONS: dict[str, int] = {
    name.removeprefix("SECTION_"): number for name, number in section_pb2.Section.items() if number
}
SENSITIVITIES: dict[str, int] = {
    name.removeprefix("SENSITIVITY_"): number for name, number in section_pb2.Sensitivity.items() if number
}
PURPOSES: dict[str, int] = {name.removeprefix("PURPOSE_"): number for name, number in context_pb2.Purpose.items()}

# rpc name -> bit of a grant's mask of methods, of those that officers call
METHOD_BITS: dict[str, int] = {method.rpc_name: number for number, method in METHODS.items() if method.group}
GATEWAY_METHODS: dict[str, int] = {method.rpc_name: number for number, method in METHODS.items() if method.by_gateway}
"""Methods that a gateway calls for itself; no officer may."""
MACHINE_METHODS = tuple(method.rpc_name for method in METHODS.values() if method.by_machine)
RECALL_METHODS = tuple(method.rpc_name for method in METHODS.values() if method.by_recall_token)
# Actions outside the contract: the `ronda audit` and `ronda subject` commands, and `ronda certificate`.
OFFICE_ACTIONS = ("ReadAudit", "ExportSubject", "ReleaseExport", "Expunge")
CERTIFICATE_ACTIONS = ("IssueCertificate", "ReviewCertificate", "RevokeCertificate")
TOOL_ACTIONS = OFFICE_ACTIONS + CERTIFICATE_ACTIONS


def _groups() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for part in PARTS:
        for method in part.methods:
            if method.group:
                found.setdefault(method.group, []).append(method.rpc_name)
    return {group: tuple(names) for group, names in found.items()}


GROUPS: dict[str, tuple[str, ...]] = {**_groups(), "Office": OFFICE_ACTIONS, "Certificates": CERTIFICATE_ACTIONS}


def schema_text(allowances: Iterable[str]) -> str:
    """The schema as Cedar text: what `ronda policy schema` prints and every policy is validated against."""
    lines = [
        "entity Institution;",
        "entity Role in [Institution];",
        "entity Officer in [Institution, Role] = { unit: String, offUnit: Bool, delegated: Bool };",
        f"entity Purpose enum {_list(PURPOSES)};",
        f"entity Section enum {_list(SECTIONS)};",
        f"entity Sensitivity enum {_list(SENSITIVITIES)};",
        f"entity Allowance enum {_list(allowances)};",
        "entity Record in [Section, Sensitivity];",
        "entity Gateway in [Institution];",
        "type Why = { purpose: Purpose };",
    ]
    for group, methods in GROUPS.items():
        lines.append(f"action {group};")
        applies = "principal: Officer, resource: Purpose, context: Why"
        lines += [f"action {method} in [{group}] appliesTo {{ {applies} }};" for method in methods]
    for action, resource, context in (
        ("See", "Record", "Why"),
        ("Spend", "Allowance", "Why"),
        ("OmitCaseNumber", "Purpose", "Why"),
        ("ListWhole", "Purpose", "Why"),
        ("Delegate", "Gateway", "Why"),
        # Of nobody's: an officer without role and unit, so that what policies say of officers holds as it did.
        *((name, "Gateway", "Why") for name in GATEWAY_METHODS),
    ):
        lines.append(f"action {action} appliesTo {{ principal: Officer, resource: {resource}, context: {context} }};")
    return "\n".join(lines) + "\n"


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def uid(kind: str, identity: str) -> dict[str, str]:
    """An entity's uid in Cedar's JSON."""
    return {"type": kind, "id": identity}


def entity(kind: str, identity: str, parents: Iterable[dict[str, str]] = (), **attributes: Any) -> dict[str, Any]:
    """An entity in Cedar's JSON."""
    return {"uid": uid(kind, identity), "attrs": attributes, "parents": list(parents)}


def known_entities() -> list[dict[str, Any]]:
    """Returns the entities of every decision: a Record for each section and sensitivity, and each method's group."""
    actions = [
        entity("Action", method, [uid("Action", group)]) for group, methods in GROUPS.items() for method in methods
    ]
    return actions + [
        entity("Record", f"{section}/{sensitivity}", (uid("Section", section), uid("Sensitivity", sensitivity)))
        for section in SECTIONS
        for sensitivity in SENSITIVITIES
    ]
