"""Moves entries that every kept generation holds from the ledger's log to its archive (docs/feed.md, "A long ledger").

The process that writes the ledger checks once a minute which entries its kept generations hold. An entry stays in the
log as long as one of them, or the snapshot beside the ledger, begins before it. No start, no base and no build reads
the archive, so it may be moved away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from pathlib import Path
from typing import NamedTuple

from core.errors import LedgerDamaged
from core.files.replacement import sync_directory
from core.ledger.archiving import Prepared, archive_held, forget, prepare, switch
from core.ledger.frames import SNAPSHOT
from core.ledger.reader import Position
from core.ledger.taken_in import KeptGenerations
from core.ledger.writer import LedgerWriter
from server.feed.snapshot import noted_place
from server.feed.taking import Taker
from server.logs import WARNING, log

LEAST_BYTES = 8 << 20  # of entries, that are worth another segment and another log
_LOOK_S = 60.0
_ROOM_BYTES = 64 << 20  # that stays free, beside the archive and the next log at their largest


class Archived(NamedTuple):
    """The entries archived."""

    entries: int
    through: int  # sequence


class Archiving:
    """The archiving of the one process that writes the ledger."""

    def __init__(self, data: Path, ledger: LedgerWriter, taker: Taker) -> None:
        self._ledger, self._taker = ledger, taker
        self._kept = KeptGenerations(data)
        self._over = threading.Event()

    async def run(self) -> None:
        """Looks, and archives what is due, until it is cancelled. Raises OSError where the ledger is broken."""
        while True:
            await asyncio.sleep(_LOOK_S)
            await self.once()

    async def once(self) -> Archived | None:
        """Archives what is due; None = nothing is, or it could not be. Raises OSError where the ledger is broken."""
        folder = self._ledger.folder
        try:
            if (cut := self._due()) is None:
                return None
            with archive_held(folder, shared=False) as held:
                prepared = await self._prepared(cut) if held else None
                if prepared is None:
                    return None
                entries = cut.sequence - self._ledger.series.head.before
                switch(self._ledger, prepared)
        except (LedgerDamaged, OSError) as error:
            if self._ledger.is_broken:
                raise
            log("ledger_not_archived", level=WARNING, error=error)
            with contextlib.suppress(OSError):
                forget(folder)
            return None
        log("ledger_archived", entries=entries, through=cut.sequence)
        return Archived(entries, cut.sequence)

    def _due(self) -> Position | None:
        """Returns the position to cut the log at; None = not now. Raises OSError."""
        if (cut := self._cut()) is None or not self._is_worth(cut):
            return None
        before = noted_place(self._ledger.folder)
        if before is None or not self._ledger.has(before) or before.sequence <= cut.sequence:
            self._taker.snapshot(every=1)  # where nothing is missing
        noted = noted_place(self._ledger.folder)
        if noted is None or not self._ledger.has(noted):
            return None
        cut = min(cut, Position(noted.sequence - 1, noted.offset))
        has_room = self._ledger.free_bytes > _ROOM_BYTES + self._ledger.length - self._ledger.series.head.first
        return cut if self._is_worth(cut) and has_room else None

    def _cut(self) -> Position | None:
        """Returns the place before the first of the entries that a kept generation states as its last."""
        places = self._kept.places()
        if not places or not all(self._ledger.has(place) for place in places):
            return None
        least = min(places, key=lambda place: place.sequence)
        return Position(least.sequence - 1, least.offset)

    def _is_worth(self, cut: Position) -> bool:
        return cut.offset - self._ledger.series.head.first >= LEAST_BYTES

    async def _prepared(self, cut: Position) -> Prepared | None:
        """Prepares the next log beside the work. After a cancellation the thread has ended too: nothing writes to the
        archive."""
        work = asyncio.ensure_future(asyncio.to_thread(self._prepare, cut))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._over.set()
            await asyncio.wait([work])
            raise

    def _prepare(self, cut: Position) -> Prepared | None:
        snapshot = os.open(self._ledger.folder / SNAPSHOT, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(snapshot)  # without the archive nothing else says what its entries said of who feeds
        finally:
            os.close(snapshot)
        sync_directory(self._ledger.folder)
        return prepare(self._ledger, cut, lambda: not self._over.is_set())
