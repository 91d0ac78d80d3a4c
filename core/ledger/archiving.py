"""Entries move from the log to the archive, while the log goes on. A kill at any moment loses and repeats nothing.

    segments    written and sealed, on disk                  a kill here leaves segments that are ignored
    next log    .changes.log.next: a head with the end of the archive, and the entries behind it
    switch      appends the entries that came meanwhile; then it takes the log's place, by a rename

Before the rename the log has all entries; after it the archive and the log together have them. The writer's own process
does it: `prepare` beside the work, `switch` between two writes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from core.files.replacement import create_file
from core.ledger.archive import Place, write_segments
from core.ledger.frames import ARCHIVE_LOCK, LOG, Bytes, cut_head_bytes
from core.ledger.reader import Position
from core.ledger.writer import LedgerWriter

_BLOCK = 1 << 20
_NEXT = f".{LOG}.next"


class Prepared(NamedTuple):
    """A next log that has all up to a place."""

    path: Path
    size: int
    to: int


@contextmanager
def archive_held(folder: Path, *, shared: bool) -> Iterator[bool]:
    """Holds the archive as it is. shared: waits; by who copies it. Else yields False at once where it is copied.

    Raises OSError.
    """
    try:
        lock = os.open(folder / ARCHIVE_LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # no writer that archives was here
        yield True
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def prepare(ledger: LedgerWriter, cut: Position, go_on: Callable[[], bool] = lambda: True) -> Prepared | None:
    """Archives the entries up to `cut`, and writes the next log up to the entries on disk now.

    May run in another thread than the writer's. go_on: called again and again; if it returns False, the result is None.
    Raises LedgerDamaged, OSError: the log is unchanged.
    """
    series, to = ledger.series, ledger.length
    head, folder = series.head, ledger.folder
    begin = Place(head.before, head.first, head.seal)
    end = write_segments(folder, head.ledger_id, series.data, begin, cut.offset, go_on)
    if end is None:
        return None
    assert (end.sequence, end.offset) == cut
    path = folder / _NEXT
    path.unlink(missing_ok=True)
    with os.fdopen(create_file(path), "wb") as file:
        file.write(cut_head_bytes(head.ledger_id, end.offset, end.sequence, end.seal))
        for block in _blocks(series.data, end.offset, to):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return Prepared(path, file.tell(), to)


def switch(ledger: LedgerWriter, prepared: Prepared) -> None:
    """Lets the ledger go on in the next log. In the writer's thread.

    Raises OSError: where that was while the log was as it was, the writer goes on (`LedgerWriter.append`).
    """
    with prepared.path.open("r+b") as file:
        file.seek(prepared.size)
        for block in _blocks(ledger.series.data, prepared.to, ledger.length):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    ledger.go_on_in(prepared.path)


def forget(folder: Path) -> None:
    """Removes a next log that is not to be."""
    with suppress(FileNotFoundError):
        (folder / _NEXT).unlink()


def _blocks(data: Bytes, begin: int, end: int) -> Iterator[bytes]:
    for place in range(begin, end, _BLOCK):
        yield data(min(_BLOCK, end - place), place)
