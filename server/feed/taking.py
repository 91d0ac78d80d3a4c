"""Changes of all sources, taken over into the one ledger: whole messages, several in one write."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import LedgerFull
from core.ledger.change import RECORD_KINDS, Change, Kind
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.writer import LedgerWriter
from ronda.v1 import error_pb2
from server.feed.seen_ledger import SeenLedger
from server.feed.sequences import Fate, KeyOf, Outcome, Sequences, named_key, refused
from server.feed.settings import FeedSource
from server.feed.skipping import Numbered, Skipping
from server.feed.snapshot import read_snapshot, write_snapshot
from server.feed.unknown_columns import UnknownColumns

CHANGE_BYTES = 128 * 1024  # of texts, in UTF-8: a row has some hundred
_RECORD_CHARACTERS = 200
_NAME_CHARACTERS = 1000  # of a column that no manifest knows too: it may not keep a warrant out
_CELLS = 512
_SEQUENCE_MOST = 2**31 - 1
_RESERVE_BYTES = 1 << 20  # of the disk, that changes leave: a full one still has room to say that a register is STALE

RowCheck = Callable[[Sequence[Change]], Sequence[Outcome | None]]
"""Checks that rows give records of their registers; None = they do."""


class Now(NamedTuple):
    """Two clocks: UTC milliseconds, and seconds that nobody can set."""

    wall_ms: int
    steady_s: float


@dataclass(frozen=True)
class Message:
    """Changes of one source that came together."""

    source: str
    changes: Sequence[Change]


def no_check(changes: Sequence[Change]) -> Sequence[Outcome | None]:
    """Accepts all rows, for a server without the manifests."""
    return [None] * len(changes)


def no_unknown_columns(_change: Change) -> Sequence[str]:
    """Accepts all rows, for a server without the manifests."""
    return ()


class Rows(NamedTuple):
    """Questions that the registers' manifests answer.

    Is a row a record, which record does a change name, and which columns of a row does no manifest know?
    """

    check: RowCheck = no_check
    key_of: KeyOf = named_key
    unknown_columns: Callable[[Change], Sequence[str]] = no_unknown_columns


class Taker:
    """The rules over the ledger. For the one process that writes it."""

    def __init__(
        self,
        ledger: LedgerWriter,
        sources: Mapping[str, FeedSource],
        *,
        hold_s: float,
        future_s: int,
        rows: Rows | None = None,
        snapshots: Path | None = None,
    ) -> None:
        """snapshots: the folder that may have one of this ledger. Raises LedgerDamaged, OSError."""
        self._ledger, self._sources = ledger, sources
        self._hold_s, self._future_s, self._rows = hold_s, future_s, rows or Rows()
        self._snapshots, self._snapshot_at, self._began_ms = snapshots, 0, 0
        self._known: dict[tuple[str, str], Sequences] = {}
        self._last: tuple[int, Change] | None = None  # entry of the ledger, with its place
        self._columns = UnknownColumns()
        self._skipping = Skipping()
        self._recover()

    def _recover(self) -> None:
        """Recovers the state from the ledger. Raises LedgerDamaged, OSError."""
        self._known = {
            (name, register): Sequences(name, register, self._rows.key_of)
            for name, source in self._sources.items()
            for register in source.registers
        }
        snapshot = read_snapshot(self._snapshots, self._rows.key_of) if self._snapshots is not None else None
        behind, self._began_ms = None, 0
        if snapshot is not None and self._ledger.has(snapshot.place):
            behind, self._began_ms = snapshot.place.offset, snapshot.began_ms
            self._snapshot_at = snapshot.place.sequence
            self._last = behind, self._ledger.at(behind)
            self._known |= snapshot.known
        for place, entry in self._ledger.entries(behind):
            self._last = place, entry
            self._began_ms = self._began_ms or entry.taken_ms
            key = entry.source, entry.register
            if (
                key not in self._known
            ):  # of a source that the settings no longer name: what it did not send stays missing
                self._known[key] = Sequences(*key, self._rows.key_of)
            self._known[key].learn(entry, place)
        for known in self._known.values():  # a process that starts again and again may not begin the wait anew
            known.awaited_ms = self._began_ms

    def take(self, messages: Sequence[Message], now: Now) -> list[list[Outcome]]:
        """Returns the outcome of each change of each message, all of them on disk.

        Raises LedgerFull: nothing was taken; LedgerDamaged, OSError: this process has to begin anew.
        """
        if not self.has_room:
            raise LedgerFull
        due: list[tuple[Sequences, Change]] = []
        outcomes = [self._decided(message, now, due) for message in messages]
        self._write(due, now)
        return outcomes

    def look(self, now: Now) -> None:
        """Does what is due by the clock. Raises as `take`."""
        due = [
            (known, entry)
            for (source, register), known in self._known.items()
            if source in self._sources and register in self._sources[source].registers
            for entry in known.look(now.steady_s, now.wall_ms, self._hold_s, self._sources[source].silent_s)
        ]
        self._write(due, now)

    def give_up_strangers(self, now: Now) -> list[tuple[str, str]]:
        """Notes that sources no longer in the settings lack nothing; returns the (source, register) of each.

        Removing or renaming a source in the settings means that its missing changes are no longer expected. Raises as
        `take`.
        """
        due = [
            (known, Change(Kind.FRESH, register, source))
            for (source, register), known in self._known.items()
            if known.stale and (source not in self._sources or register not in self._sources[source].registers)
        ]
        for known, entry in due:
            known.learn(entry, entry)
        self._write(due, now)
        return [(entry.source, entry.register) for _, entry in due]

    @property
    def feeds(self) -> frozenset[tuple[str, str]]:
        """Source and register of each that may feed, or that the ledger has entries of."""
        return frozenset(self._known)

    def doubt(self, feeds: Collection[tuple[str, str]], now: Now) -> list[tuple[str, str]]:
        """Tells that the ledger may lack changes of these feeds which it had: it was lost, or put back from a copy.

        Returns (source, register) of those that are in doubt now and were not. Raises as `take`.
        """
        due = [(known, entry) for key, known in self._known.items() if key in feeds for entry in known.doubted()]
        self._write(due, now)
        return [(entry.source, entry.register) for _, entry in due]

    def skip(self, numbered: Numbered, officer: str, now: Now) -> bool | None:
        """Gives a missing number up once two officers asked for it; None = it is not missing. Raises as `take`."""
        known = self._known.get((numbered.source, numbered.register))
        if known is None or not known.is_missing(numbered.sequence):
            return None
        if not self.has_room:
            raise LedgerFull
        if not self._skipping.agrees(numbered, officer, now.steady_s):
            return False
        entries = known.skip(numbered.sequence, numbered.record_id, now.steady_s, now.wall_ms)
        self._write([(known, entry) for entry in entries], now)
        return True

    def _decided(self, message: Message, now: Now, due: list[tuple[Sequences, Change]]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [self._form(message.source, change, now) for change in message.changes]
        fresh = [
            place
            for place, change in enumerate(message.changes)
            if outcomes[place] is None and change.kind is Kind.UPSERT and not self._has(message.source, change)
        ]
        for place, outcome in zip(fresh, self._rows.check([message.changes[each] for each in fresh]), strict=True):
            outcomes[place] = outcome
        found = []
        for change, refusal in zip(message.changes, outcomes, strict=True):
            if refusal is not None:
                found.append(refusal)
                due += self._told_of(message.source, change, now)
                continue
            known = self._known[message.source, change.register]
            outcome, entries = known.decide(change, self._ledger.at, now.steady_s)
            found.append(outcome)
            if change.kind is Kind.UPSERT and entries:
                self._columns.note(message.source, change.register, self._rows.unknown_columns(change))
            due += [(known, entry) for entry in entries]
        return found

    def _told_of(self, source: str, change: Change, now: Now) -> list[tuple[Sequences, Change]]:
        """Entries of a change that is not taken: its source gave the number out, so it is missing until one has it.

        Behind the last change that was sent nothing else would tell.
        """
        known, number = self._known.get((source, change.register)), change.source_sequence
        if known is None or change.kind not in RECORD_KINDS or not known.newest < number <= _SEQUENCE_MOST:
            return []
        told = Change(Kind.HEARTBEAT, change.register, source, source_sequence=number, unsettled=True)
        return [(known, entry) for entry in known.decide(told, self._ledger.at, now.steady_s)[1]]

    def _has(self, source: str, change: Change) -> bool:
        return change.source_sequence in self._known[source, change.register].places

    def _form(self, source: str, change: Change, now: Now) -> Outcome | None:
        """The first rule that a change breaks by itself; None = none."""
        if change.register not in self._sources[source].registers:
            return refused(error_pb2.ERROR_REASON_FEED_REGISTER_FOREIGN, "register_id")
        invalid = error_pb2.ERROR_REASON_FIELD_INVALID
        heartbeat = change.kind is Kind.HEARTBEAT
        if change.kind not in RECORD_KINDS and not heartbeat:
            return refused(invalid, "kind", "UPSERT, CANCEL or HEARTBEAT")
        if not (0 if heartbeat else 1) <= change.source_sequence <= _SEQUENCE_MOST:
            return refused(invalid, "sequence", "1 or more, without gaps")
        if heartbeat and (change.record_id or change.record):
            return refused(invalid, "record_id", "a heartbeat has no record")
        if not heartbeat and not _is_id(change.record_id):
            return refused(invalid, "record_id", f"1 to {_RECORD_CHARACTERS} printable characters")
        if change.event_ms <= 0:
            return refused(invalid, "event_time", "when it happened, UTC")
        if change.event_ms > now.wall_ms + self._future_s * 1000:
            rule = f"at most {self._future_s} seconds ahead of the server's clock"
            return refused(error_pb2.ERROR_REASON_FEED_EVENT_IN_FUTURE, "event_time", rule)
        if change.kind is Kind.UPSERT and not change.record:
            return refused(invalid, "cells", "the row as it stands now")
        if _bytes_of(change) > CHANGE_BYTES:
            rule = f"a change has at most {CHANGE_BYTES} bytes"
            return refused(error_pb2.ERROR_REASON_FEED_CHANGE_TOO_LARGE, "cells", rule)
        if len(change.record) > _CELLS or any(not 1 <= len(name) <= _NAME_CHARACTERS for name in change.record):
            return refused(invalid, "cells", f"at most {_CELLS}, with names of 1 to {_NAME_CHARACTERS} characters")
        return None

    def _write(self, due: Sequence[tuple[Sequences, Change]], now: Now) -> None:
        if not due:
            return
        try:
            placed = self._ledger.append([entry for _, entry in due], now.wall_ms)
        except LedgerFull:
            self._recover()  # what was decided is not so
            raise
        for (known, _), (place, entry) in zip(due, placed, strict=True):
            known.written(entry, place)
            self._last = place, entry
            self._began_ms = self._began_ms or entry.taken_ms

    def snapshot(self, *, every: int) -> None:
        """Writes one where so many entries came since the last, and nothing is missing. Raises OSError."""
        place = self._place
        if self._snapshots is None or place is None or place.sequence - self._snapshot_at < every:
            return
        if write_snapshot(self._snapshots, place, self._began_ms, self._known.values()):
            self._snapshot_at = place.sequence

    @property
    def has_room(self) -> bool:
        """Returns whether the ledger has room for changes."""
        return self._ledger.free_bytes >= _RESERVE_BYTES

    def seen(self) -> SeenLedger | None:
        """The position of the ledger, for the note beside it; None = it has no entry."""
        place = self._place
        if place is None:
            return None
        return SeenLedger(place=place, feeds=frozenset(key for key, known in self._known.items() if known.newest))

    @property
    def _place(self) -> NotedPlace | None:
        """Position of the last entry; None = there is none."""
        if self._last is None:
            return None
        offset, entry = self._last
        return NotedPlace(
            ledger=self._ledger.ledger_id.hex(), sequence=entry.sequence, offset=offset, digest=digest_of(entry)
        )

    @property
    def sequence(self) -> int:
        """Sequence of the ledger's last entry."""
        return self._ledger.sequence

    def positions(self, sources: Sequence[str], registers: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Returns the position of each register of these sources. registers: () = all."""
        return [
            {
                "source": name,
                "register": register,
                "through": known.through,
                "digest": known.digest_at(known.through),
                "newest": known.newest,
                "missing": known.missing(),
                "held": len(known.held),
                "stale": known.stale,
                "event_ms": known.event_ms,
                "sign_ms": known.sign_ms,
                "skipped": known.skipped_last(),
                "unknown_columns": self._columns.of(name, register),
            }
            for name in sources
            if name in self._sources
            for register in self._sources[name].registers
            if not registers or register in registers
            for known in (self._known[name, register],)
        ]

    def digests(self, source: str, numbers: Mapping[str, int]) -> dict[str, str]:
        """Returns the digest of each register's changes up to a number (`Sequences.digest_at`)."""
        return {
            register: self._known[source, register].digest_at(number)
            for register, number in numbers.items()
            if (source, register) in self._known
        }


def outcome_fields(outcome: Outcome) -> list[Any]:
    """Returns the fields for a line of JSON."""
    return [int(outcome.fate), outcome.reason, outcome.field, outcome.rule]


def outcome_with(fields: Sequence[Any]) -> Outcome:
    """Returns the outcome from the fields that `outcome_fields` gave."""
    fate, *rest = fields
    return Outcome(Fate(fate), *rest)


def _is_id(text: str) -> bool:
    return 1 <= len(text) <= _RECORD_CHARACTERS and not any(unicodedata.category(each) in ("Cc", "Cf") for each in text)


def _bytes_of(change: Change) -> int:
    texts = [change.record_id, change.manifest_source, *change.record, *change.record.values()]
    return sum(len(text.encode()) for text in texts)
