"""Policy as data: Cedar (https://docs.cedarpolicy.com) decides once for each (caller, purpose); the core looks it up.

A decision takes some milliseconds and depends only on the officer's institution, roles and unit. Decisions are kept by
those, so a thousand patrols of one unit cost one.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy

from core.files.regular_file import read_file
from server.settings import SettingsError, file_fault
from server.trust.allowances import Allowance
from server.trust.policy_model import (
    GATEWAY_METHODS,
    METHOD_BITS,
    PURPOSES,
    SECTIONS,
    SENSITIVITIES,
    entity,
    known_entities,
    schema_text,
    uid,
)

_KEPT = 4096  # decisions of one policy

# What Cedar's parser takes in: it dies of deep nesting (some 500 brackets on a thread's stack, thousands of `if`), and
# its validator passes over an expression of thousands of steps as if it were right.
_DEEPEST = 50
_LONGEST = 8192  # of one policy, in characters
_CEDAR_TOKEN = re.compile(r'"(?:\\.|[^"\\])*+"|//[^\n]*+\n?|[()\[\]{};]')
_OFFICER = uid("Officer", "caller")
_PURPOSE_NAMES = {number: name for name, number in PURPOSES.items()}


@dataclass(frozen=True)
class Principal:
    """The facts about a caller that policy knows."""

    institution: str
    roles: tuple[str, ...]  # without the institution
    unit: str
    off_unit: bool
    delegated: bool
    gateway: tuple[str, str] | None = None  # SPIFFE name, institution: who asks on the officer's behalf


@dataclass(frozen=True)
class Decision:
    """The rights of one principal for one purpose. `masks` by Sensitivity 1 to 5; `methods` a mask of METHOD_BITS."""

    masks: tuple[int, int, int, int, int]
    methods: int
    needs_case: bool
    lists_whole: bool  # whether lists of persons show whole CUIs and birth dates
    allowance_name: str
    allowance: Allowance

    def shows(self, section: str, sensitivity: str) -> bool:
        """Returns whether records of this section and sensitivity are shown."""
        return bool(self.masks[SENSITIVITIES[sensitivity] - 1] >> SECTIONS[section] & 1)


def _check_depth(text: str) -> None:
    """Raises ValueError for a policy that nests deeper, or is longer, than the parser can be given."""
    depth = begun = 0
    for found in _CEDAR_TOKEN.finditer(f"{text}\n;"):
        piece = found[0]
        if piece.startswith("//"):
            begun += len(piece)  # is no part of the policy's length
        elif piece == ";":
            if found.end() - begun > _LONGEST:
                raise ValueError(f"a policy, up to its semicolon, has at most {_LONGEST} characters")
            begun = found.end()
        depth += (piece in "([{") - (piece in ")]}")
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")


class Policy:
    """A validated set of policies. Raises SettingsError with the file and what Cedar says."""

    def __init__(self, path: Path, allowances: dict[str, Allowance], given: str | None = None) -> None:
        """given: the text to use in place of the file's."""
        self._allowances = allowances
        schema = schema_text(allowances)
        try:
            text = self.text = given if given is not None else read_file(path).decode()
            _check_depth(text)
            self._schema = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(text)
            self._entities = cedarpy.Entities.from_json_str(json.dumps(known_entities()))
        except (OSError, ValueError) as error:
            raise file_fault(path, error) from None
        result = cedarpy.validate_policies(text, self._schema)
        if not result.validation_passed:
            raise SettingsError(f"{path}: " + "; ".join(each.error for each in result.errors))
        self._decide = functools.lru_cache(_KEPT)(self._decide_now)
        self._delegates = functools.lru_cache(_KEPT)(self._delegates_now)
        self._hears = functools.lru_cache(_KEPT)(self._hears_now)

    def decide(self, principal: Principal, purpose: int) -> Decision | None:
        """Returns the decision; None: this principal may do nothing for this purpose."""
        return self._decide(principal, purpose)

    def may_delegate(self, principal: Principal) -> bool:
        """Returns whether the gateway may ask on the officer's behalf, for any purpose. `decide` checks the purpose."""
        return any(self._delegates(principal, purpose) for purpose in _PURPOSE_NAMES)

    def delegates(self, principal: Principal, purpose: int) -> bool:
        """Returns whether the principal's gateway may ask on the officer's behalf for this purpose."""
        return purpose in _PURPOSE_NAMES and self._delegates(principal, purpose)

    def hears(self, gateway: tuple[str, str], purpose: int) -> int:
        """The mask of GATEWAY_METHODS that a gateway (SPIFFE name, institution) may call by its certificate alone."""
        return self._hears(gateway, purpose) if purpose in _PURPOSE_NAMES else 0

    def hears_at_all(self, gateway: tuple[str, str]) -> bool:
        """The same, for any purpose."""
        return any(self._hears(gateway, purpose) for purpose in _PURPOSE_NAMES)

    def allows(self, principal: Principal, action: str, purpose: int) -> bool:
        """Returns whether a single action is permitted: a method of the contract, or one of TOOL_ACTIONS."""
        name = _PURPOSE_NAMES.get(purpose, "")
        return bool(name) and self._ask(principal, [_request(action, uid("Purpose", name), name)])[0]

    def _decide_now(self, principal: Principal, purpose: int) -> Decision | None:
        name = _PURPOSE_NAMES.get(purpose)
        if name is None or (principal.gateway is not None and not self._delegates(principal, purpose)):
            return None
        pairs = [(section, sensitivity) for section in SECTIONS for sensitivity in SENSITIVITIES]
        whole = uid("Purpose", name)
        requests = [_request(method, whole, name) for method in METHOD_BITS]
        requests += [_request("Spend", uid("Allowance", allowance), name) for allowance in self._allowances]
        requests.append(_request("OmitCaseNumber", whole, name))
        requests.append(_request("ListWhole", whole, name))
        requests += [_request("See", uid("Record", "/".join(pair)), name) for pair in pairs]
        answers = iter(self._ask(principal, requests))
        methods = sum(1 << bit for bit in METHOD_BITS.values() if next(answers))
        spends = [name for name in self._allowances if next(answers)]
        needs_case = not next(answers)
        lists_whole = next(answers)
        masks = dict.fromkeys(SENSITIVITIES.values(), 0)
        for section, sensitivity in pairs:
            if next(answers):
                masks[SENSITIVITIES[sensitivity]] |= 1 << SECTIONS[section]
        if not methods or not spends:
            return None
        allowance = self._allowances[spends[0]]
        if allowance.rows is None:
            methods &= ~(1 << METHOD_BITS["Clear"])
        shown = (masks[1], masks[2], masks[3], masks[4], masks[5])
        return Decision(shown, methods, needs_case, lists_whole, spends[0], allowance)

    def _delegates_now(self, principal: Principal, purpose: int) -> bool:
        if principal.gateway is None:
            return False
        gateway, institution = principal.gateway
        request = _request("Delegate", uid("Gateway", gateway), _PURPOSE_NAMES[purpose])
        known = entity("Gateway", gateway, [uid("Institution", institution)])
        return self._ask(principal, [request], known)[0]

    def _hears_now(self, gateway: tuple[str, str], purpose: int) -> int:
        nobody = Principal(gateway[1], (), "", off_unit=False, delegated=True)
        itself = uid("Gateway", gateway[0])
        requests = [_request(name, itself, _PURPOSE_NAMES[purpose]) for name in GATEWAY_METHODS]
        answers = self._ask(nobody, requests, entity("Gateway", gateway[0], [uid("Institution", gateway[1])]))
        return sum(1 << bit for bit, permitted in zip(GATEWAY_METHODS.values(), answers, strict=True) if permitted)

    def _ask(self, principal: Principal, requests: list[dict[str, Any]], *others: dict[str, Any]) -> list[bool]:
        institution = uid("Institution", principal.institution)
        roles = [uid("Role", f"{principal.institution}/{role}") for role in principal.roles]
        known = [
            entity("Institution", principal.institution),
            *(entity("Role", role["id"], [institution]) for role in roles),
            entity(
                "Officer",
                _OFFICER["id"],
                [institution, *roles],
                unit=principal.unit,
                offUnit=principal.off_unit,
                delegated=principal.delegated,
            ),
            *others,
        ]
        entities = self._entities.with_added_json_str(json.dumps(known))
        results = cedarpy.is_authorized_batch(requests, self._policies, entities, self._schema)
        # An error in a policy leaves that policy out, as Cedar has it; a forbid that fails may not open a door.
        return [result.allowed and not result.diagnostics.errors for result in results]


def _request(action: str, resource: dict[str, str], purpose: str) -> dict[str, Any]:
    context = {"purpose": {"__entity": uid("Purpose", purpose)}}
    return {"principal": _OFFICER, "action": uid("Action", action), "resource": resource, "context": context}
