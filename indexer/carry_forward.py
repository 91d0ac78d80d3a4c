"""What becomes of each register in a build: fresh, carried forward, or MISSING; and whether it may have shrunk so far.

A hit never disappears because a file did: an unreadable source is carried forward from its last good extract with its
old as-of. MISSING is only what was never loaded or was withdrawn by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from indexer.staging import StagedExtract

Fate = Literal["fresh", "carried", "missing", "withdrawn"]


@dataclass(frozen=True)
class RegisterInBuild:
    """One register in the generation being built."""

    ordinal: int
    register_id: str
    name: str
    fate: Fate
    extract: StagedExtract | None  # None when missing or withdrawn
    reason: str = ""  # why it is not fresh
    resumed: bool = False  # its extract was finished by a build that was not published

    def manifest_entry(self, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Its entry in MANIFEST.json; `fixed` is the part that the register's manifest states."""
        extract = self.extract
        return {
            **fixed,
            "ordinal": self.ordinal,
            "state": "missing" if extract is None else "loaded",
            "as_of_ms": 0 if extract is None else extract.as_of_ms,
            "carried_forward": self.fate == "carried",
            "carried_reason": self.reason if self.fate == "carried" else "",
            "rows_read": 0 if extract is None else extract.rows_read,
            "rows_refused": 0 if extract is None else extract.rows_refused,
            "checksum": "" if extract is None else extract.checksum,
        }


def decide_unreadable(
    ordinal: int, register_id: str, name: str, reason: str, last: StagedExtract | None
) -> RegisterInBuild:
    """A register whose source could not be read: carried forward, or missing when it was never loaded."""
    fate: Fate = "missing" if last is None else "carried"
    return RegisterInBuild(ordinal, register_id, name, fate, last, reason)


@dataclass(frozen=True)
class Shrink:
    """A register whose accepted rows fell by more than its manifest allows."""

    register_id: str
    rows_before: int
    rows_now: int
    limit_percent: int

    @property
    def percent(self) -> float:
        """How far it fell, in percent of the rows before."""
        return 100 * (1 - self.rows_now / self.rows_before)

    def text(self) -> str:
        """For people: which register, by how much, what to do."""
        return (
            f"{self.register_id}: {self.rows_before:,} rows before, {self.rows_now:,} now "
            f"(-{self.percent:.1f} %, limit {self.limit_percent} %). "
            f"If that is right: --accept-shrink {self.register_id}"
        )


def find_shrinks(
    registers: Iterable[RegisterInBuild], last: Mapping[str, StagedExtract], limits: Mapping[str, int]
) -> list[Shrink]:
    """Fresh registers with accepted rows fewer by more than their limit (percent) against the last good extract."""
    found = []
    for register in registers:
        before = last.get(register.register_id)
        if register.fate != "fresh" or register.extract is None or before is None or before.rows_accepted <= 0:
            continue
        limit = limits[register.register_id]
        shrink = Shrink(register.register_id, before.rows_accepted, register.extract.rows_accepted, limit)
        if shrink.percent > limit:
            found.append(shrink)
    return found
