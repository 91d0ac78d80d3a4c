"""Load shedding: when a worker is late or full, it says so at once instead of queueing without end.

Two signs: the event loop runs late (every call of the hot path waits for it), or more searches and streams are held
than `max_concurrent_calls`. Both give RESOURCE_EXHAUSTED, OVERLOADED, with RetryInfo. A draining worker's gate is
closed too: UNAVAILABLE, DRAINING.
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
_RECONNECT_AFTER_MS = 100
# gRPC drops, as CANCELLED, the calls that it holds but has not handed over when a server is stopped, and those that
# clients send before they see its GOAWAY. No handler ever saw them, but a DRAINING with RetryInfo is a better answer:
# so a drain refuses calls until none came for so long, and stops the server then; it waits no longer than the second
# figure.
_QUIET_S = 0.002
_QUIET_AT_MOST_S = 1.0


class Gate:
    """Decides whether a call may enter. Lives in the event loop's thread."""

    def __init__(self, max_concurrent_calls: int, max_loop_lag_ms: int) -> None:
        self.closed = False  # for new calls: `refuse` says why
        self.late = False
        self.draining = False
        self.held = 0
        self._limit = max_concurrent_calls
        self._max_lag_s = max_loop_lag_ms / 1000
        self._silences: set[asyncio.Timeout] = set()
        self._refused_at = 0.0

    async def watch_lag(self) -> None:
        """Measures for ever how late the loop runs; late from the limit on, in time again below half of it."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _SAMPLE_S
            await asyncio.sleep(_SAMPLE_S)
            lag = loop.time() - due
            if lag > self._max_lag_s and not self.late:
                self.late = self.closed = True
                log("overloaded", level=WARNING, lag_ms=round(lag * 1000), held=self.held)
            elif self.late and lag < self._max_lag_s / 2:
                self.late = False
                self.closed = self.draining
                log("overload_over", lag_ms=round(lag * 1000), held=self.held)

    def refuse(self) -> None:
        """Raises Refusal DRAINING or OVERLOADED while the gate is closed."""
        if self.draining:
            self._refused_at = asyncio.get_running_loop().time()
            raise Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RECONNECT_AFTER_MS)
        if self.late:
            call_metrics.SHED.labels("loop_lag").inc()
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)

    def refuse_when_full(self, times: int = 1) -> None:
        """Raises Refusal OVERLOADED when so many times the limit are held that no place is left."""
        if self.held >= times * self._limit:
            call_metrics.SHED.labels("concurrency").inc()
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)

    @contextmanager
    def hold(self, *, admitted: bool = False) -> Iterator[None]:
        """Holds a place for a search or a stream. Raises Refusal OVERLOADED when none is left.

        admitted: limits counted the call already and its retry would cost again: refused at twice the limit only.
        """
        self.refuse_when_full(2 if admitted else 1)
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

    async def drain(self, patience_s: float) -> None:
        """Closes for good and returns when no call comes any more, or soon.

        Silent streams get `patience_s` more; their handlers end them as DRAINING.
        """
        self.draining = self.closed = True
        loop = asyncio.get_running_loop()
        begun = self._refused_at = loop.time()
        for clock in self._silences:
            clock.reschedule(begun + patience_s)
        while loop.time() - self._refused_at < _QUIET_S and loop.time() - begun < _QUIET_AT_MOST_S:
            await asyncio.sleep(_QUIET_S / 5)
        log(
            "gate_closed",
            waited_ms=round((loop.time() - begun) * 1000),
            quiet=loop.time() - self._refused_at >= _QUIET_S,
        )
