"""A writer to be killed: `python -m tests.core.ledger.appender FOLDER FIRST`, one write after another.

Prints each sequence once it is reported to be on disk. Entries are a function of their sequence alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core.ledger.change import Change, Kind
from core.ledger.writer import LedgerWriter


def entry(sequence: int) -> Change:
    """Returns what is written under this sequence."""
    cells = {"CAUSA": f"C-{sequence}", "TEXTO": "ñ" * (sequence * 37 % 400)}
    return Change(
        Kind.UPSERT,
        "oj",
        "oj-central",
        record_id=f"OC-{sequence}",
        source_sequence=sequence,
        event_ms=sequence,
        record=cells,
    )


def main() -> None:
    writer = LedgerWriter(Path(sys.argv[1]))
    while True:
        count = writer.sequence * 7 % 5 + 1
        writer.append([entry(writer.sequence + 1 + each) for each in range(count)], 1)
        sys.stdout.write(f"{writer.sequence}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
