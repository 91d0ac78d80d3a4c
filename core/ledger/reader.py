"""The ledger, read by who makes views: from any sequence on, up to what is on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from core.errors import LedgerDamaged
from core.files.regular_file import read_file
from core.ledger.archive import Archive
from core.ledger.change import Change, change_of
from core.ledger.frames import (
    DURABLE,
    HEAD_BYTES,
    LOG,
    REGISTERS,
    DurableEnd,
    Frame,
    durable_of,
    read_frame,
)
from core.ledger.series import Series

FOLDER = "ledger"  # in the data directory
_AT_ONCE = 10_000


class Position(NamedTuple):
    """A place in the ledger: everything up to `sequence` was read; what comes next begins at byte `offset`."""

    sequence: int
    offset: int


START = Position(0, HEAD_BYTES)
"""The place before the first entry."""


def registers_of(folder: Path) -> set[str]:
    """Ids of the registers that a ledger has entries of; none where there is no ledger. Raises LedgerDamaged, OSError.

    A ledger of an earlier release, without the list of them, is read once from its first entry on.
    """
    try:
        return set(read_file(folder / REGISTERS).decode("ascii").split())
    except FileNotFoundError:
        pass
    try:
        with LedgerReader(folder) as reader:
            return {change.register for change in reader.changes()}
    except FileNotFoundError:
        return set()


class LedgerReader:
    """An open ledger, archive and log; use it as a context manager. Any number of processes read while one writes.

    It never shows what is not on disk yet: what was read once is there after a power cut too.
    """

    def __init__(self, folder: Path) -> None:
        """folder: <data>/ledger. Raises FileNotFoundError where nothing was ever fed, LedgerDamaged, OSError."""
        self._folder = folder
        log = os.open(folder / LOG, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._series = Series(folder, log)
        except BaseException:
            os.close(log)
            raise
        self.ledger_id: bytes = self._series.head.ledger_id
        self._end = DurableEnd(self.ledger_id, self._series.head.first, self._series.head.before)

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets the file go."""
        self._series.close()

    @property
    def first(self) -> Position:
        """Returns the place behind the last archived entry: the log begins there; START for a log with all entries."""
        return Position(self._series.head.before, self._series.head.first)

    @property
    def archive(self) -> Archive:
        """The archive of the entries before `first`."""
        return self._series.archive

    @property
    def end(self) -> int:
        """Sequence of the last entry on disk, looked up now; 0 = none. One small read: cheap enough for a poll.

        Raises LedgerDamaged when another ledger took this one's place, OSError.
        """
        try:
            told = durable_of(read_file(self._folder / DURABLE))
        except FileNotFoundError:  # a writer that was killed before its first entry: it makes one when it starts
            told = None
        if told is not None and told.ledger_id != self.ledger_id:
            raise LedgerDamaged(0, "another ledger took its place")
        if told is not None and told.length > self._end.length:
            self._end = told
        return self._end.sequence

    def changes(self, after: int = 0) -> Iterator[Change]:
        """Every entry behind that sequence, up to what is on disk when it is asked for. Raises as `read`."""
        position = self.seek(after)
        while True:
            found, position = self.read(position)
            if not found:
                return
            yield from found

    def read(self, position: Position = START, most: int = _AT_ONCE) -> tuple[list[Change], Position]:
        """The next entries, none where nothing more is on disk yet, and where to go on.

        Raises LedgerDamaged for an entry on disk that does not hold, LedgerArchiveAway, OSError.
        """
        self.end  # noqa: B018 - looks how far the ledger is
        found: list[Change] = []
        while len(found) < most and position.offset < self._end.length:
            frame = self._frame(position)
            try:
                found.append(change_of(frame.payload, frame.sequence, frame.taken_ms))
            except (ValueError, KeyError, TypeError):
                raise LedgerDamaged(position.offset, "an entry is not one that this version reads") from None
            position = Position(frame.sequence, frame.end)
        return found, position

    def seek(self, sequence: int, position: Position = START) -> Position:
        """Returns the place behind that sequence, found from a place before it: keep a Position to save the walk.

        Raises LedgerDamaged, also for a sequence that is not on disk, OSError.
        """
        if sequence > self.end:
            raise LedgerDamaged(self._end.length, f"it ends at {self._end.sequence}, before {sequence}")
        if position.sequence < self.first.sequence:
            near = self.first if sequence >= self.first.sequence else self.archive.near(sequence)
            position = max(position, Position(*near)) if near is not None else position
        while position.sequence < sequence:
            frame = self._frame(position)
            position = Position(frame.sequence, frame.end)
        return position

    def _frame(self, position: Position) -> Frame:
        frame = read_frame(self._series.data, position.offset, self._end.length)
        if frame is None and self._series.opened_anew():  # entries were archived, and the log went on in another file
            frame = read_frame(self._series.data, position.offset, self._end.length)
        if frame is None or frame.sequence != position.sequence + 1:
            raise LedgerDamaged(position.offset, "an entry that is on disk does not hold")
        return frame
