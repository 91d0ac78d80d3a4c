"""Marks a ledger that was put back: its sources may have sent more since the copy was made."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from core.errors import LedgerFull
from core.ledger.change import RESTORED, Change, Kind
from core.ledger.frames import LOG
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.writer import LedgerWriter
from server.feed.seen_ledger import SeenLedger, note_ledger
from server.feed.sequences import named_key
from server.feed.snapshot import read_snapshot


def doubt_sources(ledger: Path, now_ms: int) -> None:
    """Makes each register STALE for each source that fed it, until a heartbeat says which number was its last.

    Notes beside the ledger how far it is, so that the next start does not doubt a second time.

    Raises OSError, LedgerDamaged.
    """
    if not (ledger / LOG).exists():
        return
    writer = LedgerWriter(ledger)
    try:
        last: dict[tuple[str, str], Change | None] = {}
        snapshot = read_snapshot(ledger, named_key)  # the first entries may be archived, and away
        behind = snapshot.place.offset if snapshot is not None and writer.has(snapshot.place) else None
        if snapshot is not None and behind is not None:
            last = {key: Change(Kind.STALE, *key[::-1], reason=each.stale) for key, each in snapshot.known.items()}
        for _, entry in writer.entries(behind):
            told = entry.kind in (Kind.STALE, Kind.FRESH)
            key = entry.source, entry.register
            last[key] = entry if told else last.get(key)
        placed = writer.append([_doubted(*key, told) for key, told in last.items()], now_ms)
        if placed:
            offset, entry = placed[-1]
            place = NotedPlace(
                ledger=writer.ledger_id.hex(), sequence=entry.sequence, offset=offset, digest=digest_of(entry)
            )
            note_ledger(ledger.parent, SeenLedger(place=place, feeds=frozenset(last)))
    except LedgerFull:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(ledger)) from None
    finally:
        writer.close()


def _doubted(source: str, register: str, told: Change | None) -> Change:
    before = [each for each in told.reason.split() if each != RESTORED] if told is not None else []
    missing = told.missing if told is not None else ()
    return Change(Kind.STALE, register, source, missing=missing, reason=" ".join([*before, RESTORED]))
