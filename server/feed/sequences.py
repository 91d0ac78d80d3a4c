"""The rules of a source's numbers: the outcome of a change, from its sequence and the earlier changes.

One `Sequences` for each (source, register). It writes nothing: it decides which entries the ledger gets, and learns
from every entry in the ledger, written now or before a restart. So the ledger alone fixes its state, except for how
long something has been missing: that begins anew when the process does.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import orjson
import xxhash

from core.errors import LedgerArchiveAway
from core.ledger.change import GAP, RECORD_KINDS, RESTORED, SILENT, SKIPPED, Change, Kind
from core.standardise.encoder import cell_text
from ronda.v1 import error_pb2
from server.feed.places import Places

WIDEST = 100_000  # sequences that may lie between the first missing one and the newest
HELD_MOST = 10_000  # changes that wait at once
RANGES_TOLD = 100  # runs of missing sequences in an answer or entry


class Fate(IntEnum):
    """ronda.v1.FeedOutcomeKind."""

    TAKEN = 1
    KNOWN = 2
    HELD = 3
    OVERTAKEN = 4
    REFUSED = 5


@dataclass(frozen=True)
class Outcome:
    """The outcome of a change. reason: ronda.v1.ErrorReason of a refused one."""

    fate: Fate
    reason: int = 0
    field: str = ""
    rule: str = ""


def refused(reason: int, field: str = "", rule: str = "") -> Outcome:
    """One that is not taken."""
    return Outcome(Fate.REFUSED, reason, field, rule)


Earlier = Callable[[int], Change]
"""The entry at a place of the ledger."""
KeyOf = Callable[[Change], tuple[str | None, str | None]]
"""Source of the manifest and line that a change names beside its id; None = any (docs/feed.md, "The key of a record").
"""


def named_key(change: Change) -> tuple[str | None, str | None]:
    """Returns the source as the change names it, and any line: for a server without the manifests."""
    return change.manifest_source or None, None


@dataclass
class Sequences:
    """The known state of one source's changes of one register."""

    source: str
    register: str
    key_of: KeyOf = named_key
    through: int = 0  # all up to it came
    newest: int = 0  # the last that came, or that a heartbeat named
    places: Places = field(default_factory=Places)
    held: dict[int, Change] = field(default_factory=dict)  # not in force yet
    # Changes in force of those past a gap: by id, the key and the newest sequence of each.
    overtook: dict[str, dict[tuple[str | None, str | None], int]] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)  # numbers that two officers gave up -> the record
    stale: str = ""  # reasons that the ledger tells; "" = it tells FRESH
    missing_told: tuple[tuple[int, int], ...] = ()
    came: int = 0  # the last that came
    event_ms: int = 0
    # Wall clock of the last sign of life of the source itself, and the steady clock's seconds of it.
    sign_ms: int = 0
    sign_s: float | None = None
    awaited_ms: int = 0  # wall clock since which a source that never sent is waited for; 0 = the ledger is empty
    up_to_ms: int = 0  # when the source last was known to have sent all: a heartbeat's time, or when a change happened
    missing_since: float | None = None  # steady seconds
    _lacking: list[tuple[int, int]] = field(default_factory=list)  # runs that never came, ascending, up to `newest`
    _said: set[tuple[Kind, int]] = field(default_factory=set)  # by the source itself, not written yet
    _digests: array[int] = field(default_factory=lambda: array("Q", (0,)))  # chained; of the changes up to each number
    _prints: dict[int, int] = field(default_factory=dict)  # of changes past a gap

    @classmethod
    def complete(cls, key_of: KeyOf, places: array[int], digests: array[int], **fields: Any) -> Sequences:
        """Returns one of which nothing is missing and nothing waits. places, digests: as `numbers` gave them.

        fields: by name, what is known of it.
        """
        known = cls(key_of=key_of, places=Places(places), newest=fields["through"], **fields)
        known._digests = digests
        return known

    @property
    def is_complete(self) -> bool:
        """Returns whether nothing is missing, waits or is reported as missing, and everything is written."""
        waits = self.held or self.overtook or self.missing_told or self._prints or self._said
        return self.through == self.newest and not waits and self.places.whole is not None

    def numbers(self) -> tuple[memoryview[int], memoryview[int]]:
        """Returns places and digests by number, eight bytes each from 0 to `through`. For one that is complete."""
        return memoryview(self.places.whole or array("Q")), memoryview(self._digests)

    def digest_at(self, number: int) -> str:
        """Returns the digest of all changes up to a number, 16 hex digits; "" = past a gap."""
        return f"{self._digests[number]:016x}" if 0 <= number < len(self._digests) else ""

    def decide(self, change: Change, earlier: Earlier, now_s: float) -> tuple[Outcome, list[Change]]:
        """Returns the outcome of a change, and the entries to write; the state already includes them."""
        outcome, entries = self._beat(change) if change.kind is Kind.HEARTBEAT else self._numbered(change, earlier)
        for entry in entries:
            self.learn(entry, entry)
            self._said.add((entry.kind, entry.source_sequence))
        if entries:
            if not change.unsettled:
                self.sign_s = now_s
            entries += self._followed(now_s, is_beat=change.kind is Kind.HEARTBEAT and not change.unsettled)
        return outcome, entries

    def _beat(self, change: Change) -> tuple[Outcome, list[Change]]:
        sequence = change.source_sequence
        if sequence < self.came:
            rule = "a heartbeat tells the last sequence sent"
            return refused(error_pb2.ERROR_REASON_FEED_SEQUENCE_RESET, "sequence", rule), []
        if sequence > self.through + WIDEST:
            return refused(error_pb2.ERROR_REASON_FEED_GAP_TOO_WIDE), []
        return Outcome(Fate.TAKEN), [change]

    def _numbered(self, change: Change, earlier: Earlier) -> tuple[Outcome, list[Change]]:
        sequence = change.source_sequence
        if sequence in self.skipped:
            rule = "skipped by two officers: send the record as it stands now under a new number"
            return refused(error_pb2.ERROR_REASON_FEED_ROW_REFUSED, "sequence", rule), []
        place = self.places.get(sequence)
        if place is not None:
            if self._is_known(change, place, earlier):
                return Outcome(Fate.KNOWN), []
            if sequence == 1:
                return refused(error_pb2.ERROR_REASON_FEED_SEQUENCE_RESET, "sequence"), []
            return refused(error_pb2.ERROR_REASON_FEED_SEQUENCE_REUSED, "sequence"), []
        if sequence > self.through + WIDEST or len(self.held) >= HELD_MOST:
            return refused(error_pb2.ERROR_REASON_FEED_GAP_TOO_WIDE, "sequence"), []
        on_hold = replace(change, kind=Kind.HOLD, held=change.kind)
        if self._overtaken(change):
            return Outcome(Fate.OVERTAKEN), [on_hold]
        if change.kind is Kind.CANCEL or sequence == self.through + 1 or GAP in self.stale:
            return Outcome(Fate.TAKEN), [change]
        return Outcome(Fate.HELD), [on_hold]

    def _is_known(self, change: Change, place: int | Change, earlier: Earlier) -> bool:
        """Returns whether the change came before under its number, with the same content."""
        number = change.source_sequence
        if number <= self.through and self._digests[number] == _chained(self._digests[number - 1], _print_of(change)):
            return True
        try:
            before = place if isinstance(place, Change) else earlier(place)
        except LedgerArchiveAway:
            return False
        # ids used to be taken with the blanks that they came with
        return replace(before, record_id=cell_text(before.record_id)).is_again(change)

    def is_missing(self, sequence: int) -> bool:
        """Returns whether a number never came, although it was announced or later ones came."""
        return 0 < sequence <= self.newest and sequence not in self.places

    def skipped_last(self) -> list[tuple[int, str]]:
        """Returns number and record of those that were skipped; the last of them by number."""
        return sorted(self.skipped.items())[-RANGES_TOLD:]

    def skip(self, sequence: int, record_id: str, now_s: float, now_ms: int) -> list[Change]:
        """Gives a missing number up; returns the entries to write. It is no sign of life of the source."""
        entry = Change(
            Kind.HOLD,
            self.register,
            self.source,
            record_id=record_id,
            source_sequence=sequence,
            event_ms=now_ms,
            held=Kind.UPSERT,
            reason=SKIPPED,
            unsettled=True,
        )
        self.learn(entry, entry)
        return [entry, *self._followed(now_s, is_beat=False)]

    def _overtaken(self, change: Change) -> bool:
        """Returns whether a later change that may mean the same record is in force."""
        later = self.overtook.get(change.record_id)
        if later is None:
            return False
        mine = self.key_of(change)
        return any(
            sequence > change.source_sequence and _may_be_one(mine, theirs) for theirs, sequence in later.items()
        )

    def _followed(self, now_s: float, *, is_beat: bool) -> list[Change]:
        """Returns entries that follow from the last ones: released changes, and notes that nothing is missing.

        A heartbeat ends silence: other changes may wait behind one that comes after it. `look` checks its age. A
        heartbeat also ends the doubt about a restored ledger, because it alone states the last number. A STALE register
        is not FRESH for a moment because its missing numbers became known just now.
        """
        entries = self._released(self.through)
        if self.newest > self.through:
            self.missing_since = now_s if self.missing_since is None else self.missing_since
        else:
            self.missing_since = None
        wanted = [GAP] if self.stale and self.newest > self.through else []
        wanted += [each for each in (SILENT, RESTORED) if each in self.stale and not is_beat]
        return entries + self._told(" ".join(wanted), only_if_other=True)

    def doubted(self) -> list[Change]:
        """Entries that tell that the ledger may lack changes which it had; the state has learnt of them already."""
        reasons = [each for each in self.stale.split() if each != RESTORED]
        return self._told(" ".join([*reasons, RESTORED]), only_if_other=True)

    def look(self, now_s: float, now_ms: int, hold_s: float, silent_s: int) -> list[Change]:
        """Entries that are due by the clock; the state has learnt of them already."""
        entries = []
        reasons = []
        if self.newest > self.through:
            if self.missing_since is None:  # found in the ledger when the process began
                self.missing_since = now_s
            if self.stale or now_s - self.missing_since >= hold_s:
                reasons.append(GAP)
        if self.sign_s is None:
            self.sign_s = now_s  # this clock begins with the process, for a source that never sent too
        lags = SILENT in self.stale and now_ms - self.up_to_ms >= 1000 * silent_s
        if lags or self._silence_s(now_s, now_ms) >= silent_s:
            reasons.append(SILENT)
        if RESTORED in self.stale:
            reasons.append(RESTORED)
        if GAP in reasons:
            entries += self._released(self.newest)
        return entries + self._told(" ".join(reasons), only_if_other=False)

    def _silence_s(self, now_s: float, now_ms: int) -> float:
        """Seconds since the last sign by the clock that says more: one may be set back, one begins with the process.

        A sign that is ahead of the clock says that one of them was wrong, by so much.
        """
        since_ms = self.sign_ms or self.awaited_ms
        by_the_wall = abs(now_ms - since_ms) / 1000 if since_ms else 0.0
        return max(by_the_wall, now_s - self.sign_s if self.sign_s is not None else 0.0)

    def _released(self, up_to: int) -> list[Change]:
        entries = [self.held[sequence].released() for sequence in sorted(self.held) if sequence <= up_to]
        for entry in entries:
            self.learn(entry, entry)
        return entries

    def _told(self, reasons: str, *, only_if_other: bool) -> list[Change]:
        """STALE or FRESH, where the ledger does not tell it yet. only_if_other: not for other missing numbers alone."""
        missing = self.missing() if GAP in reasons else ()
        if reasons == self.stale and (only_if_other or missing == self.missing_told):
            return []
        kind = Kind.STALE if reasons else Kind.FRESH
        entry = Change(kind, self.register, self.source, missing=missing, reason=reasons)
        self.learn(entry, entry)
        return [entry]

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Runs of sequences that never came, ascending; the first of them."""
        return tuple(self._lacking[:RANGES_TOLD])

    def _reach(self, sequence: int, *, came: bool) -> None:
        """Keeps `_lacking` and `newest`. A wide gap of one source may not make each change slow: all share a writer."""
        if sequence > self.newest:
            last = sequence - 1 if came else sequence
            if last > self.newest:
                self._lacking.append((self.newest + 1, last))
            self.newest = sequence
            return
        if not came:
            return
        at = bisect_right(self._lacking, sequence, key=lambda run: run[0]) - 1
        if at >= 0 and self._lacking[at][1] >= sequence:
            first, last = self._lacking[at]
            parts = ((first, sequence - 1), (sequence + 1, last))
            self._lacking[at : at + 1] = [part for part in parts if part[0] <= part[1]]

    def learn(self, entry: Change, place: int | Change) -> None:
        """An entry of the ledger, in their order. place: where it lies, or itself while it is not written."""
        if entry.kind is Kind.STALE or entry.kind is Kind.FRESH:
            self.stale, self.missing_told = entry.reason, entry.missing
            return
        sequence = entry.source_sequence
        self._reach(sequence, came=entry.kind is not Kind.HEARTBEAT)
        # What was held and is released now says nothing new of its source.
        if entry.taken_ms and (entry.kind is Kind.HEARTBEAT or sequence not in self.places):
            self._sign(entry)
        if entry.kind is Kind.HEARTBEAT:
            return
        if entry.reason == SKIPPED:
            self.skipped[sequence] = entry.record_id
        elif entry.kind is Kind.HOLD and sequence not in self.places and not self._overtaken(entry):
            self.held[sequence] = entry
        if sequence > self.through and sequence not in self._prints:
            self._prints[sequence] = _print_of(entry)
        self.places.put(sequence, place)
        self.came = max(self.came, sequence)
        if entry.kind in RECORD_KINDS:
            self._in_force(entry)
        while self.through + 1 in self.places:
            self.through += 1
            self._digests.append(_chained(self._digests[-1], self._prints.pop(self.through)))
        if self.through == self.newest:
            self.overtook.clear()

    def _sign(self, entry: Change) -> None:
        """An entry of the source itself was written. One of a source that is not up to date is no sign that it is."""
        if entry.unsettled:
            return
        self.sign_ms = entry.taken_ms
        sent_all_ms = entry.taken_ms if entry.kind is Kind.HEARTBEAT else min(entry.taken_ms, entry.event_ms)
        self.up_to_ms = max(min(self.up_to_ms, entry.taken_ms), sent_all_ms)  # min: a clock that was ahead is set back

    def _in_force(self, entry: Change) -> None:
        sequence, record = entry.source_sequence, entry.record_id
        self.event_ms = max(self.event_ms, entry.event_ms)
        self.held.pop(sequence, None)
        mine = self.key_of(entry)
        for waiting in [
            each
            for each, held in self.held.items()
            if each < sequence and held.record_id == record and _may_be_one(self.key_of(held), mine)
        ]:
            del self.held[waiting]
        if sequence > self.through:
            known = self.overtook.setdefault(record, {})
            known[mine] = max(sequence, known.get(mine, 0))

    def written(self, entry: Change, place: int) -> None:
        """An entry that `decide` or `look` gave lies at this place by now."""
        if (said := (entry.kind, entry.source_sequence)) in self._said:
            self._said.discard(said)
            self._sign(entry)
        if entry.kind in RECORD_KINDS or entry.kind is Kind.HOLD:
            self.places.put(entry.source_sequence, place)


def _may_be_one(mine: tuple[str | None, str | None], theirs: tuple[str | None, str | None]) -> bool:
    return all(None in (one, other) or one == other for one, other in zip(mine, theirs, strict=True))


def _chained(before: int, number_print: int) -> int:
    """Returns the digest of all changes up to one, of the digest before it and its own print."""
    return xxhash.xxh3_64_intdigest(before.to_bytes(8, "little") + number_print.to_bytes(8, "little"))


def _print_of(entry: Change) -> int:
    """Returns the hash of what the source sent, however it was taken over."""
    return xxhash.xxh3_64_intdigest(orjson.dumps(entry.content, option=orjson.OPT_SORT_KEYS))
