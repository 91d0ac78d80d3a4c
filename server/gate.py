"""Load shedding: when a worker is late or full, it says so at once instead of queueing without end.

Two signs: the event loop runs late (every call of the hot path waits for it), or more searches and streams are held
than `max_concurrent_calls`. Both give RESOURCE_EXHAUSTED, OVERLOADED, with RetryInfo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ronda.v1 import error_pb2
from server import call_metrics
from server.errors import Refusal
from server.logs import WARNING, log

_SAMPLE_S = 0.02
_RETRY_AFTER_MS = 500


class Gate:
    """Decides whether a call may enter. Lives in the event loop's thread."""

    def __init__(self, max_concurrent_calls: int, max_loop_lag_ms: int) -> None:
        self.late = False
        self.draining = False
        self.held = 0
        self._limit = max_concurrent_calls
        self._max_lag_s = max_loop_lag_ms / 1000
        self._silences: set[asyncio.Timeout] = set()

    async def watch_lag(self) -> None:
        """Measures for ever how late the loop runs; late from the limit on, in time again below half of it."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _SAMPLE_S
            await asyncio.sleep(_SAMPLE_S)
            lag = loop.time() - due
            if lag > self._max_lag_s and not self.late:
                self.late = True
                log("overloaded", level=WARNING, lag_ms=round(lag * 1000), held=self.held)
            elif self.late and lag < self._max_lag_s / 2:
                self.late = False
                log("overload_over", lag_ms=round(lag * 1000), held=self.held)

    def refuse_when_late(self) -> None:
        """Raises Refusal OVERLOADED while the loop is late."""
        if self.late:
            call_metrics.SHED.labels("loop_lag").inc()
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Holds a place for a search or a stream. Raises Refusal OVERLOADED when none is left."""
        if self.held >= self._limit:
            call_metrics.SHED.labels("concurrency").inc()
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    @contextmanager
    def silence(self, clock: asyncio.Timeout) -> Iterator[None]:
        """Marks a stream that waits for its client, so that a drain does not wait for it as well."""
        self._silences.add(clock)
        try:
            yield
        finally:
            self._silences.discard(clock)

    def drain(self, patience_s: float) -> None:
        """Silent streams get `patience_s` more; their handlers end them as DRAINING."""
        self.draining = True
        end = asyncio.get_running_loop().time() + patience_s
        for clock in self._silences:
            clock.reschedule(end)
