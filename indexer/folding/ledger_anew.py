"""Checks that the ledger still has the entries of the current generation: without them the next one would be greener.

A ledger that was lost, or restored from an older copy, lacks changes that it cannot know. The server marks its feeds as
in doubt (RESTORED) until each source's heartbeat states its last number. By then the missing changes were sent again,
and a build from it holds all.
"""

from __future__ import annotations

from pathlib import Path

from core.ledger.change import RESTORED, Change, Kind
from core.ledger.reader import FOLDER, LedgerReader
from indexer.live.folded import Folded

Pair = tuple[str, str]
"""A source and a register that it feeds."""


def feeds_in_doubt(data: Path, current: Path) -> list[Pair]:
    """Returns the feeds of which the ledger may lack what a generation took in, in order; none where it has it all.

    current: the generation's directory. Raises GenerationDamaged, LedgerDamaged, OSError.
    """
    folded = Folded.of(current)
    if folded is None:
        return []
    feeds = {(source, register) for register, feed in folded.feeds().items() for source in feed.signs}
    try:
        with LedgerReader(data / FOLDER) as ledger:
            if folded.place_in(ledger) is not None:
                return []
            doubted: dict[Pair, bool] = {}
            for entry in ledger.changes():
                _note(doubted, entry)
    except FileNotFoundError:
        return sorted(feeds)
    return sorted(each for each in feeds if doubted.get(each, True))


def _note(doubted: dict[Pair, bool], entry: Change) -> None:
    """doubted: feeds that were in doubt in this ledger, and whether they are."""
    pair = entry.source, entry.register
    if entry.kind is Kind.STALE and RESTORED in entry.reason:
        doubted[pair] = True
    elif pair in doubted and entry.kind in (Kind.STALE, Kind.FRESH):
        doubted[pair] = entry.kind is Kind.STALE
