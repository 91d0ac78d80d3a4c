"""Checks whether a register lost more than its manifest allows: by source, by kind of alert, and by kind of its own.

Examples are a well-formed file that was cut, a sheet left empty, a code that changed so that `when` leaves every row
out, or all alerts CANCELLED in one night. Each looks like good news to the officer. So each stops the publishing until
a person accepts it by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.manifest.model import Manifest
from indexer.staging.alert_counts import NO_ALERTS
from indexer.staging.carry_forward import RegisterInBuild
from indexer.staging.extracts import StagedExtract

NO_LIMIT = 100  # percent


@dataclass(frozen=True)
class Shrink:
    """Something that a register holds and that fell by more than its limit."""

    register_id: str
    part: str  # a source, or a kind of alert (or of NO_ALERTS) in capitals; "" = the whole register
    counted: str  # what was counted: "rows", "alerts", "pending alerts", "records", "pending records"
    before: int
    now: int
    limit_percent: int

    @property
    def name(self) -> str:
        """The name for `--accept-shrink`."""
        return f"{self.register_id}/{self.part}" if self.part else self.register_id

    def accepted_by(self, names: Collection[str]) -> bool:
        """Returns whether it was accepted, by itself or with its whole register."""
        return self.name in names or self.register_id in names

    def what(self) -> str:
        """The part and the amount of the loss, for people."""
        percent = 100 * (1 - self.now / self.before)
        return (
            f"{self.name}: {self.before:,} {self.counted} before, {self.now:,} now "
            f"(-{percent:.1f} %, limit {self.limit_percent} %)"
        )

    def text(self) -> str:
        """The same, and what to do."""
        return f"{self.what()}. If that is right: --accept-shrink {self.name}"


def find_shrinks(
    registers: Iterable[RegisterInBuild], last: Mapping[str, StagedExtract], manifests: Sequence[Manifest]
) -> list[Shrink]:
    """Returns the losses of fresh registers, beyond their limits, against the last good extract."""
    by_id = {manifest.id: manifest for manifest in manifests}
    found = []
    for register in registers:
        before = last.get(register.register_id)
        if register.fate == "fresh" and register.extract is not None and before is not None:
            found += _shrinks_of(by_id[register.register_id], before, register.extract)
    return found


def _shrinks_of(manifest: Manifest, before: StagedExtract, now: StagedExtract) -> list[Shrink]:
    limit = manifest.register_.shrink_limit_percent
    limits = {source.name: source.shrink_limit_percent for source in manifest.source}
    found = []

    def compare(part: str, counted: str, had: int, has: int, percent: int, may_end: bool = False) -> None:
        if fell_too_far(had, has, percent, may_end=may_end):
            found.append(Shrink(manifest.id, part, counted, had, has, percent))

    if not before.sources:  # staged before sources were counted apart
        compare("", "rows", before.rows_accepted, now.rows_accepted, limit)
    for source, had in before.sources.items():
        own = limits.get(source)
        compare(source, "rows", had, now.sources.get(source, 0), limit if own is None else own)
    for kind, counts in before.alerts.items():
        has = now.alerts.get(kind, {})
        noun = "records" if kind in NO_ALERTS else "alerts"
        compare(kind, noun, counts["listed"], has.get("listed", 0), limit)
        if has:
            compare(kind, f"pending {noun}", counts["pending"], has.get("pending", 0), limit, may_end=True)
    return found


def fell_too_far(before: int, now: int, limit_percent: int, *, may_end: bool) -> bool:
    """Returns whether more was lost than `limit_percent` of the rows before, or more than one if that is less than one.

    The loss of the last ones is always reported, however few they were, unless `may_end`: the only pending alert of its
    kind may be closed. A limit of 0 allows no loss, one of 100 every loss.
    """
    if now >= before or limit_percent >= NO_LIMIT:
        return False
    allowed = max(before * limit_percent // 100, 1 if limit_percent else 0)
    return before - now > allowed or (now == 0 and not may_end)
