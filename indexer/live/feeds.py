"""State of each fed register, by the ledger's entries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from core.ledger.change import Change, Kind
from indexer.live.fed_rows import RefusedChange
from indexer.live.meaning import AMBIGUOUS
from indexer.live.record_key import Place, RecordKey

Named = RecordKey | tuple[str, str]
"""The key of a record; or a change's own source and id, where no manifest has that source."""


class Signs(NamedTuple):
    """The first and the last time at which a source's changes or heartbeats of a register were taken over, UTC ms."""

    first: int
    last: int


@dataclass
class Feed:
    """State of one fed register."""

    signs: dict[str, Signs] = field(default_factory=dict)  # by source
    lacking: set[str] = field(default_factory=set)  # sources that may lack changes
    refused: dict[Named, str] = field(default_factory=dict)  # keys with a refused last change: by which rule
    may_mean: dict[Named, set[Place]] = field(default_factory=dict)  # of them: records not written since
    naming_nothing: int = 0  # cancellations since the base under a key of no record

    def note(self, change: Change) -> None:
        """Takes what an entry says of how fresh the register is."""
        if change.kind is Kind.STALE:
            self.lacking.add(change.source)
        elif change.kind is Kind.FRESH:
            self.lacking.discard(change.source)
        elif change.kind is not Kind.HOLD:
            first, last = self.signs.get(change.source, (change.taken_ms, 0))
            self.signs[change.source] = Signs(min(first, change.taken_ms), max(last, change.taken_ms))

    def take(self, key: Named, change: Change, refusal: RefusedChange | None) -> None:
        """Takes a change of this key. If it can be read, its records lack nothing.

        One of several records not replaced for want of a line is not replaced by a cancellation either. But it lacks
        nothing once each of them was written or cancelled by its own line.
        """
        if refusal is not None:
            self.refused[key] = refusal.rule
            self.may_mean[key] = set(refusal.may_mean)
            return
        if self.refused.get(key) != AMBIGUOUS or change.kind is Kind.UPSERT:
            self.refused.pop(key, None)
            self.may_mean.pop(key, None)
        if isinstance(key, RecordKey) and (key.line is not None or change.kind is Kind.UPSERT):
            for refused, places in list(self.may_mean.items()):
                if places and not (places := {place for place in places if not key.means(place)}):
                    del self.refused[refused], self.may_mean[refused]
                else:
                    self.may_mean[refused] = places

    def stated(self, extract_ms: int) -> dict[str, object]:
        """Returns what VIEW says of the register (core.generation.view_file.FedRegister)."""
        stale, refused = bool(self.lacking or self.refused), Counter(self.refused.values())
        return {
            "as_of_ms": self._as_of_ms(extract_ms),
            "stale": stale,
            "refused": refused,
            "naming_nothing": self.naming_nothing,
        }

    def _as_of_ms(self, extract_ms: int) -> int:
        """Returns the feed's as-of for the register over an extract of that as-of; 0 = no fresher than the extract.

        A feed that began after the extract was made does not cover the time between the two.
        """
        return max((signs.last for signs in self.signs.values() if signs.first <= extract_ms), default=0)
