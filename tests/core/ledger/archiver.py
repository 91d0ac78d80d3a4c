"""A writer that archives, to be killed: `python -m tests.core.ledger.archiver FOLDER CUT STEP`.

Ends itself without a word before the STEP-th call that changes the disk; takes more changes while it archives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.ledger import archive
from core.ledger.archiving import prepare, switch
from core.ledger.reader import LedgerReader, Position
from core.ledger.writer import LedgerWriter
from tests.core.ledger.appender import entry

KILLED = 9
ENTRIES, MEANWHILE = 40, 3
SEGMENT_BYTES = 3000
_CHANGE = ("fsync", "fdatasync", "pwrite", "ftruncate", "mkdir", "rename", "unlink", "open")


class Steps:
    """Counts the calls that change the disk."""

    def __init__(self, last: int) -> None:
        self._left = last

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if not self._left:
                os._exit(KILLED)
            return call(*given, **named)

        return counted


def place_of(folder: Path, sequence: int) -> Position:
    with LedgerReader(folder) as reader:
        return reader.seek(sequence)


def archived(writer: LedgerWriter, cut: Position) -> None:
    """Archives, and takes more changes between the two steps."""
    prepared = prepare(writer, cut)
    assert prepared is not None
    writer.append([entry(writer.sequence + 1 + each) for each in range(MEANWHILE)], 1)
    switch(writer, prepared)


def main() -> None:
    folder, cut, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    place = place_of(folder, cut)
    writer = LedgerWriter(folder)
    archive.SEGMENT_BYTES = SEGMENT_BYTES
    steps = Steps(step)
    for name in _CHANGE:
        setattr(os, name, steps.before(getattr(os, name)))
    archived(writer, place)


if __name__ == "__main__":
    main()
