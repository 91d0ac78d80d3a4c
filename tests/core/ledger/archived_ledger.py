"""A data directory's ledger with an archive, for tests of what copies it or looks at it."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.ledger.archiving import prepare, switch
from core.ledger.frames import ARCHIVE
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.writer import LedgerWriter
from server.feed.seen_ledger import note_ledger
from server.feed.settings import FeedSource
from server.feed.taking import Message, Now, Taker
from tests.core.ledger.appender import entry

SOURCES = {"oj-central": FeedSource(institution="oj", registers=("oj",), silent_s=10**9)}
ENTRIES, ARCHIVED = 12, 9


def archive(data: Path) -> Path:
    """Begins a ledger of ENTRIES entries, the first ARCHIVED of them archived; its archive."""
    folder = data / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    (data / "ledger.seen.json").unlink(missing_ok=True)
    writer = LedgerWriter(folder)
    taker = Taker(writer, SOURCES, hold_s=5, future_s=60, snapshots=folder)
    taker.take([Message("oj-central", [entry(number) for number in range(1, ENTRIES + 1)])], Now(1_000_000, 1.0))
    taker.snapshot(every=1)
    seen = taker.seen()
    assert seen is not None
    note_ledger(data, seen)
    with LedgerReader(folder) as reader:
        place = reader.seek(ARCHIVED)
    prepared = prepare(writer, place)
    assert prepared is not None
    switch(writer, prepared)
    writer.close()
    return folder / ARCHIVE
