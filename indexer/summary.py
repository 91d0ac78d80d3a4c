"""The result of a build, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.build.progress import StageTime
from indexer.folding.stage import FoldedChanges
from indexer.staging.carry_forward import RegisterInBuild
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
    peak_disk_bytes: int  # beyond what lay there before: staging, parts, generation
    files: Mapping[str, int]
    accepted_shrinks: Sequence[str] = ()
    collected: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=list)
    workers: int = 1
    linking_taken_up: bool = False  # of an interrupted build
    folded: FoldedChanges | None = None  # the changes that were fed; None = nothing was ever fed

    @property
    def failed(self) -> list[RegisterInBuild]:
        """Registers with a failed source: carried forward or, never loaded before, missing."""
        return [register for register in self.registers if register.failed]

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
            "failed_registers": [register.register_id for register in self.failed],
            "stages": [{"name": s.name, "seconds": s.seconds, "rows": s.rows} for s in self.stages],
            "seconds": round(self.seconds, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
            "peak_disk_bytes": self.peak_disk_bytes,
            "files": dict(self.files),
            "bytes": sum(self.files.values()),
            "accepted_shrinks": list(self.accepted_shrinks),
            "collected": list(self.collected),
            "notes": list(self.notes),
            "workers": self.workers,
            "linking_taken_up": self.linking_taken_up,
            "folded": folded_json(self.folded),
        }


def folded_json(folded: FoldedChanges | None) -> dict[str, Any] | None:
    """Counts of the fed changes that a build took in."""
    if folded is None:
        return None
    counts = {"changes": folded.changes, "records": folded.records, "refused": folded.refused}
    return {"sequence": folded.sequence, **counts}


def register_json(register: RegisterInBuild) -> dict[str, Any]:
    """Returns the result of a register."""
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
        "sources": dict(extract.sources) if extract else {},
        "alerts": {kind: dict(counts) for kind, counts in extract.alerts.items()} if extract else {},
        "refused": dict(extract.refused) if extract else {},
        "left_out": dict(extract.left_out) if extract else {},
        "control_characters": dict(extract.control_characters) if extract else {},
        "holds": dict(extract.holds) if extract else {},
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


def rows_lost(register: RegisterInBuild) -> str:
    """Rows that are no records, by reason; empty when every row is one."""
    if register.extract is None:
        return ""
    reasons = [f"{n:,} refused by {reason}" for reason, n in register.extract.refused.items()]
    reasons += [f"{n:,} left out by when {column}" for column, n in register.extract.left_out.items()]
    return f"{register.register_id}: {', '.join(reasons)}" if reasons else ""


def control_characters(register: RegisterInBuild) -> str:
    """Returns the columns with control or hiding characters in cells, with counts; no record has these characters."""
    found = register.extract.control_characters if register.extract is not None else {}
    said = [f"{count:,} cells of {where}" for where, count in found.items()]
    return f"{register.register_id}: control characters taken out of {', '.join(said)}" if said else ""


def held_of_feeds(register: RegisterInBuild) -> str:
    """Returns the sources' statements about the fed changes that they win over; empty if there are none."""
    if register.extract is None:
        return ""
    said = []
    for source, stated in register.extract.holds.items():
        said += [f"{source} holds feed {feed} to {number}" for feed, number in stated.get("feeds", {}).items()]
        if (instant := stated.get("snapshot_ms")) is not None:
            said.append(f"{source} holds what happened up to {as_of_text(instant)}")
    return f"{register.register_id}: {', '.join(said)}" if said else ""


def failure(register: RegisterInBuild) -> str:
    """Returns the result of a register with a failed source, and the reason."""
    as_of = as_of_text(register.extract.as_of_ms if register.extract else None)
    became = f"carried forward as of {as_of}, STALE" if register.fate == "carried" else "MISSING"
    return f"NOT FRESH: {register.register_id} is {became}: {register.reason}"
