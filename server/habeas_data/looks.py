"""The looks at a person, split into the part for the person and the part for the reviewer.

The person gets the time, the institution and unit, the purpose, and the data shown. The officer's name belongs to a
third party and is withheld. So is a look that belongs to a case not stated as closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.access.caller import METHOD_OF_CLEAR
from core.audit.reader import How
from core.engine.entry import Method
from ronda.v1 import context_pb2, section_pb2
from server.audit.reading import Look

_HOW: dict[int, str] = {
    How.ASKED: "consultada por identificador",
    How.OWNER: "como propietaria de un vehículo",
    How.CANDIDATE: "entre varias personas",
    How.CLEARANCE: "en un lote de constancias",
    How.LISTED: "registros completos",
    How.AUDIT: "revisión de auditoría",
}
_METHODS = {method.value: "".join(word.title() for word in method.name.split("_")) for method in Method} | {
    METHOD_OF_CLEAR: "Clear"
}
# Purposes behind which a case stands.
_CASES = (
    context_pb2.PURPOSE_INVESTIGATION,
    context_pb2.PURPOSE_WARRANT_SERVICE,
    context_pb2.PURPOSE_VICTIM_PROTECTION,
    context_pb2.PURPOSE_BREAK_GLASS,
)


@dataclass(frozen=True)
class Looked:
    """One look. `kept_back`: the reason to withhold it from the person, "" = released."""

    shared: dict[str, Any]
    reviewer: dict[str, Any]
    kept_back: str


def looked(looks: Iterable[Look], closed_cases: Collection[str]) -> list[Looked]:
    """Returns the looks in the order given. closed_cases: case numbers that the reviewer knows to be closed."""
    return [_look(look, closed_cases) for look in looks]


def _look(look: Look, closed_cases: Collection[str]) -> Looked:
    record = look.record
    identity = record.identity
    sections = 0
    for entry in look.entries:
        sections |= entry.sections
    shared = {
        "at": datetime.fromtimestamp(record.time_ms / 1000, UTC).isoformat(timespec="seconds"),
        "institution": identity.get("institution", ""),
        "unit": identity.get("unit", ""),
        "purpose": _purpose(record.purpose),
        "how": sorted({_HOW.get(entry.how, "") for entry in look.entries}) or ["sin resultado"],
        "sections": _sections(sections),
    }
    reviewer = {
        **shared,
        "asker": identity,
        "method": _METHODS.get(record.method, str(record.method)),
        "case_number": record.case_number,
        "answer_id": record.answer_id.hex(),
        "refused": record.status,
    }
    why = ""
    if record.status:
        why = "refused: nothing was shown"
    elif (record.case_number or record.purpose in _CASES) and record.case_number not in closed_cases:
        why = "open case"
    return Looked(shared, reviewer, why)


def _purpose(number: int) -> str:
    known = number in context_pb2.Purpose.values()
    return context_pb2.Purpose.Name(number).removeprefix("PURPOSE_") if known else str(number)


def _sections(mask: int) -> list[str]:
    return [
        name.removeprefix("SECTION_") for name, number in section_pb2.Section.items() if number and mask >> number & 1
    ]
