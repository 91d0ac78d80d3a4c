"""What a build did, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.carry_forward import RegisterInBuild
from indexer.progress import StageTime
from ronda.v1 import alert_pb2, level_pb2


@dataclass
class BuildSummary:
    """A published build. Bytes are bytes, times seconds."""

    generation_id: str
    previous_id: str | None
    persons: int
    vehicles: int
    records: int
    links: Sequence[tuple[str, str, int]]  # criterion, level, links; "subject of its own" and "by rule" where stored so
    alerts: Mapping[str, int]  # by kind
    registers: Sequence[RegisterInBuild]
    stages: Sequence[StageTime]
    seconds: float
    peak_memory_bytes: int
    files: Mapping[str, int]
    accepted_shrinks: Sequence[str] = ()
    collected: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The whole summary as plain JSON values."""
        return {
            "generation_id": self.generation_id,
            "previous_id": self.previous_id,
            "persons": self.persons,
            "vehicles": self.vehicles,
            "records": self.records,
            "links": [{"criterion": c, "level": level, "links": n} for c, level, n in self.links],
            "alerts": dict(self.alerts),
            "registers": [register_json(register) for register in self.registers],
            "stages": [{"name": s.name, "seconds": s.seconds, "rows": s.rows} for s in self.stages],
            "seconds": round(self.seconds, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
            "files": dict(self.files),
            "bytes": sum(self.files.values()),
            "accepted_shrinks": list(self.accepted_shrinks),
            "collected": list(self.collected),
            "notes": list(self.notes),
        }


def register_json(register: RegisterInBuild) -> dict[str, Any]:
    """What became of a register."""
    extract = register.extract
    return {
        "id": register.register_id,
        "fate": register.fate,
        "reason": register.reason,
        "resumed": register.resumed,
        "as_of_ms": extract.as_of_ms if extract else None,
        "rows_read": extract.rows_read if extract else 0,
        "rows_refused": extract.rows_refused if extract else 0,
        "records": extract.records if extract else 0,
        "seconds": extract.seconds if extract else 0.0,
    }


def as_of_text(as_of_ms: int | None) -> str:
    """An as-of as people read it, UTC."""
    return f"{datetime.fromtimestamp(as_of_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC" if as_of_ms else "-"


def criterion_name(number: int) -> str:
    """CUI, NAMES...; 0 is a subject's own record."""
    return level_pb2.Criterion.Name(number).removeprefix("CRITERION_") if number else "own"


def level_name(number: int) -> str:
    """HIT, POSSIBLE; 0 was decided when assembling, by section 4 of docs/answers.md."""
    return level_pb2.Level.Name(number).removeprefix("LEVEL_") if number else "by rule"


def alert_kind_name(number: int) -> str:
    """WARRANT, TRAVEL_BAN..."""
    return alert_pb2.AlertKind.Name(number).removeprefix("ALERT_KIND_")
