"""Registers: what their manifests say, and their state for a caller at a time (docs/answers.md section 7)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="misc,arg-type"

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ronda.v1 import alert_pb2, register_pb2, section_pb2

ROLES = {"alert": 1, "identity": 2, "context": 3}
AHEAD_MS = 15 * 60_000  # an as-of no further ahead of the clock is now
Masks = dict[int, int]  # Sensitivity -> bit n = Section n is shown


def everything() -> Masks:
    return dict.fromkeys(range(1, 6), 2**64 - 1)


@dataclass
class Register:
    """One register, `state` as the generation has it ("loaded" or "missing")."""

    ordinal: int
    id: str
    name: str
    owner: str
    contact: str
    roles: dict[str, list[str]]
    identifies: set[str]
    standards: set[str]
    authoritative_for: set[int]
    sections: set[int]
    needed: set[int]  # sections filled as alert or identity, for persons and vehicles
    stale_after_ms: int
    loaded: bool
    as_of_ms: int = 0
    carried_forward: bool = False
    carried_reason: str = ""
    rows_read: int = 0
    rows_refused: int = 0

    def state(self, masks: Masks, clock_ms: int) -> int:
        if not self.loaded:
            return register_pb2.REGISTER_STATE_MISSING
        if any(not masks[section_pb2.SENSITIVITY_OPEN] >> section & 1 for section in self.needed):
            return register_pb2.REGISTER_STATE_WITHHELD
        age_ms = clock_ms - self.as_of_ms
        if self.carried_forward or age_ms < -AHEAD_MS or age_ms > self.stale_after_ms:
            return register_pb2.REGISTER_STATE_STALE
        return register_pb2.REGISTER_STATE_FRESH

    def fresh(self, masks: Masks, clock_ms: int) -> bool:
        return self.state(masks, clock_ms) == register_pb2.REGISTER_STATE_FRESH

    def has_role(self, kind: str, *roles: str) -> bool:
        return any(role in self.roles[kind] for role in roles)

    def status(self, masks: Masks, clock_ms: int, persons_only: bool) -> register_pb2.RegisterStatus:
        status = register_pb2.RegisterStatus(
            register_id=self.id, name=self.name, state=self.state(masks, clock_ms), rows_refused=self.rows_refused
        )
        if self.loaded:
            status.as_of.FromMilliseconds(self.as_of_ms)
        roles = set(self.roles["person"]) | (set() if persons_only else set(self.roles["vehicle"]))
        status.roles.extend(sorted(ROLES[r] for r in roles))
        status.carried_forward = self.carried_forward
        return status


def seconds(text: str) -> int:
    amount, unit = re.fullmatch(r"(\d+)\s*([smhd])", text).groups()  # type: ignore[union-attr]
    return int(amount) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


def register_of(manifest: dict[str, Any], ordinal: int) -> Register:
    head = manifest["register"]
    sections = {_section(r["section"]) for r in manifest["record"]}
    for section in {_section(r["section"]) for r in manifest["record"] if "alert" in r or r.get("clearance")}:
        damaged = section_pb2.SECTION_DAMAGED_RECORD if section < 32 else section_pb2.SECTION_VEHICLE_DAMAGED_RECORD
        sections.add(damaged)
    roles = {kind: list(head.get("roles", {}).get(kind, [])) for kind in ("person", "vehicle")}
    return Register(
        ordinal=ordinal,
        id=head["id"],
        name=head["name"],
        owner=head["owner"],
        contact=head["contact"],
        roles=roles,
        identifies=set(head.get("identifies", ())),
        standards=set(head.get("standards", ())),
        authoritative_for={
            alert_pb2.AlertKind.Value("ALERT_KIND_" + k.upper()) for k in head.get("authoritative_for", ())
        },
        sections=sections,
        needed=_needed(manifest, roles),
        stale_after_ms=seconds(head["stale_after"]) * 1000,
        loaded=not head.get("withdrawn", False),
    )


def _is_alert(record: dict[str, Any]) -> bool:
    return "alert" in record and not record["alert"].get("protected")


def _needed(manifest: dict[str, Any], roles: dict[str, list[str]]) -> set[int]:
    """Sections that the register fills as alert or identity."""
    found = set()
    for record in manifest["record"]:
        section = _section(record["section"])
        kind = "person" if section < 32 else "vehicle"
        is_alert = _is_alert(record) and record.get("sensitivity", "OPEN") in ("OPEN", "SENSITIVITY_OPEN")
        if is_alert and "alert" in roles[kind]:
            found.add(section)
        if "identity" in roles[kind] and section in IDENTITY_SECTIONS[kind]:
            found.add(section)
    return found


IDENTITY_SECTIONS = {
    "person": {section_pb2.SECTION_IDENTITY},
    "vehicle": {section_pb2.SECTION_VEHICLE_REGISTRATION, section_pb2.SECTION_PLATE_ASSIGNMENT},
}


def _section(name: str) -> int:
    return int(section_pb2.Section.Value("SECTION_" + name.upper()))
