"""Chooses the bases to follow: the serving one, and beside it the next one until every worker has changed to it.

A worker changes to a new base once its view holds everything that the present view shows (server/calls/generations.py).
Until then the present base must be followed further: otherwise every fed register would be STALE as long as the new
base reads the ledger. So each base has a process of its own, and its end frees the memory of reading the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from core.generation.view_file import BEAT, LIVE
from indexer.generations.publishing import GENERATIONS, current_generation
from server.host.kept_process import KeptProcess
from server.logs import WARNING, log

_MODULE = "ronda.live.base_writer"
_LOOK_S = 0.1
_SILENT_S = 5.0  # without a beat a writer is not at the ledger's end


class _BaseWriter:
    """The process over one base, and whether it has brought its view to the ledger's end."""

    def __init__(self, data: Path, base: str, orders: str) -> None:
        self.base = base
        self._directory = data / GENERATIONS / base
        self._beat = data / LIVE / base / BEAT
        self._last_beat, self._beaten_at = self._stamp(), -_SILENT_S
        self._caught_up_at: float | None = None
        self._process = KeptProcess(_MODULE, orders, end_s=3.0)
        self._run = asyncio.create_task(self._process.run())

    @property
    def is_there(self) -> bool:
        """True if the base is on disk yet."""
        return self._directory.is_dir()

    def caught_up_for(self) -> float:
        """Seconds since which it is at the ledger's end without a break; 0 = it is not."""
        now = time.monotonic()
        if (stamp := self._stamp()) != self._last_beat:
            self._last_beat, self._beaten_at = stamp, now
        if now - self._beaten_at >= _SILENT_S:
            self._caught_up_at = None
            return 0.0
        if self._caught_up_at is None:
            self._caught_up_at = now
        return max(now - self._caught_up_at, 1e-9)

    async def end(self) -> None:
        """Ends the process, and what starts it again."""
        await self._process.end()
        self._run.cancel()

    def _stamp(self) -> int:
        try:
            return self._beat.stat().st_mtime_ns
        except OSError:
            return 0


class Handover:
    """Follows what CURRENT names. For one event loop."""

    def __init__(self, data: Path, orders: Callable[[str], str], overlap_s: float) -> None:
        """orders: those of a base's process. overlap_s: for which two bases are followed once both are at the ledger's
        end; every worker looks at CURRENT meanwhile."""
        self._data, self._orders, self._overlap_s = data, orders, overlap_s
        self._serving: _BaseWriter | None = None
        self._next: _BaseWriter | None = None

    async def run(self) -> None:
        """Runs for ever; when cancelled, it ends its processes."""
        waits = False
        try:
            while True:
                current = current_generation(self._data)
                if current is None:
                    if not waits:
                        log("live_writer_waits", why="no generation serves in this data directory yet")
                    waits = True
                else:
                    await self._look(current)
                await asyncio.sleep(_LOOK_S)
        finally:
            for writer in (self._next, self._serving):
                if writer is not None:
                    await writer.end()

    async def _look(self, current: str) -> None:
        serving = self._serving
        if serving is None or (serving.base != current and not self._is_useful(serving)):
            # nothing answers from what it follows: the next one takes its place at once
            if serving is not None:
                await serving.end()
            self._serving = serving = self._next or self._started(current)
            self._next = None
        if self._next is not None and self._next.base != current:
            await self._next.end()
            self._next = None
        if serving.base != current and self._next is None:
            self._next = self._started(current)
            log("live_writer_prepares", generation=current, serving=serving.base)
        if self._next is not None and self._next.caught_up_for() >= self._overlap_s:
            await serving.end()
            self._serving, self._next = self._next, None
            log("live_writer_handed_over", generation=current, before=serving.base)

    def _is_useful(self, serving: _BaseWriter) -> bool:
        """Returns whether workers may answer from this base's view as from one that is up to date."""
        if not serving.is_there:
            log("live_base_gone", level=WARNING, generation=serving.base)
            return False
        return serving.caught_up_for() > 0

    def _started(self, base: str) -> _BaseWriter:
        return _BaseWriter(self._data, base, self._orders(base))
