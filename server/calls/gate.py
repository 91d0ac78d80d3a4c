"""Load shedding: when a worker is late or full, it says so at once instead of queueing without end.

Two signs: the event loop runs late (every call of the hot path waits for it), or more searches and streams are held
than `max_concurrent_calls`. Both give RESOURCE_EXHAUSTED, OVERLOADED, with RetryInfo. A draining worker's gate is
closed too: UNAVAILABLE, DRAINING.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from core.access.caller import Caller
from core.audit.reader import Flag
from ronda.v1 import error_pb2
from server.calls.shed import ShedCalls
from server.errors import Refusal
from server.logs import WARNING, log
from server.metrics.counts import ShedCause

_SAMPLE_S = 0.02
RETRY_AFTER_MS = 500
_RECONNECT_AFTER_MS = 100
# gRPC drops, as CANCELLED, the calls that it holds but has not handed over when a server is stopped, and those that
# clients send before they see its GOAWAY. So a drain answers calls until none came for so long, and stops the server
# in that gap. Where there is none within the second figure, calls are refused until none came for so long: no handler
# saw a dropped one, but a DRAINING with RetryInfo is a better answer.
_QUIET_S = 0.002
_QUIET_AT_MOST_S = 1.0


class Gate:
    """Decides whether a call may enter. Lives in the event loop's thread."""

    def __init__(
        self,
        max_concurrent_calls: int,
        max_loop_lag_ms: int,
        *,
        of_a_device: int = 1 << 30,
        of_an_officer: int = 1 << 30,
        shed: ShedCalls | None = None,
    ) -> None:
        """of_a_device, of_an_officer: calls in a thread and streams of one, at once."""
        self.shed = shed or ShedCalls()
        self._of_a_device = of_a_device
        self._of_an_officer = of_an_officer
        self._of: dict[int, int] = {}  # calls and streams by Caller.device_key and officer_key
        self.in_use: Counter[str] = Counter()  # the same by the connection, as gRPC names its peer
        self.closed = False  # for new calls: `refuse` says why
        self.late = False
        self.draining = False
        self.held = 0
        self.leaving = False  # a drain began: before `draining` calls are answered yet, and their moment is kept
        self._limit = max_concurrent_calls
        self._max_lag_s = max_loop_lag_ms / 1000
        self.lets_go = False  # another takes this one's place: what waits for something to happen waits there
        self._silences: set[asyncio.Timeout] = set()
        self._watches: set[asyncio.Timeout] = set()
        self._called_at = 0.0

    async def watch_lag(self) -> None:
        """Measures for ever how late the loop runs: late from the limit on, in time again below half of it.

        Two measurements in a row must agree. A single pause is already over when it is seen, and the calls it leaves
        are answered as quickly as they would be refused. Such a pause comes from gRPC's threads that end a flood's
        calls with the GIL.
        """
        loop = asyncio.get_running_loop()
        was_late = False
        while True:
            due = loop.time() + _SAMPLE_S
            await asyncio.sleep(_SAMPLE_S)
            lag = loop.time() - due
            was_late, again = lag > self._max_lag_s, was_late
            if was_late and again and not self.late:
                self.late = self.closed = True
                log("overloaded", level=WARNING, lag_ms=round(lag * 1000), held=self.held)
            elif self.late and lag < self._max_lag_s / 2:
                self.late = False
                self.closed = self.leaving
                log("overload_over", lag_ms=round(lag * 1000), held=self.held)

    def refuse(self) -> None:
        """Raises Refusal DRAINING or OVERLOADED while the gate is closed."""
        if self.leaving:
            self._called_at = asyncio.get_running_loop().time()
        if self.draining:
            raise Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RECONNECT_AFTER_MS)
        if self.late:
            self.shed.count("loop_lag")
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=RETRY_AFTER_MS)

    def refuse_when_full(self, times: int = 1, caller: Caller | None = None) -> None:
        """Raises Refusal OVERLOADED when so many times the limit are held that no place is left."""
        if self.held >= times * self._limit:
            self.shed.count("concurrency", caller)
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=RETRY_AFTER_MS)

    @contextmanager
    def counted(self, caller: Caller, peer: str, *, admitted: bool = False) -> Iterator[None]:
        """Counts a call or stream of a connection, a device and an officer while it lasts, without a place.

        peer: as gRPC names it. Raises as `hold`.
        """
        self.in_use[peer] += 1
        try:
            with self._counted(caller, 2 if admitted else 1):
                yield
        finally:
            self.in_use[peer] -= 1
            if not self.in_use[peer]:
                del self.in_use[peer]

    @contextmanager
    def _counted(self, caller: Caller, times: int) -> Iterator[None]:
        if caller.flags & Flag.DEVELOPMENT:
            yield
            return
        device, officer = caller.device_key, caller.officer_key
        bounds: tuple[tuple[int, int, ShedCause], ...] = (
            (device, self._of_a_device, "device"),
            (officer, self._of_an_officer, "officer"),
        )
        for key, most, cause in bounds:
            if self._of.get(key, 0) >= times * most:
                self.shed.count(cause, caller)
                raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=RETRY_AFTER_MS)
        for key in (device, officer):
            self._of[key] = self._of.get(key, 0) + 1
        try:
            yield
        finally:
            for key in (device, officer):
                self._of[key] -= 1
                if not self._of[key]:
                    del self._of[key]

    @contextmanager
    def hold(self, caller: Caller | None = None, *, admitted: bool = False) -> Iterator[None]:
        """Holds a place for a search or a stream. Raises Refusal OVERLOADED when none is left.

        admitted: limits counted the call already and its retry would cost again: refused at twice the limit only.
        """
        self.refuse_when_full(2 if admitted else 1, caller)
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

    @contextmanager
    def watch(self, clock: asyncio.Timeout) -> Iterator[None]:
        """Marks a stream that waits for something to happen. Raises Refusal DRAINING where it has to wait elsewhere."""
        if self.lets_go:
            raise Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RECONNECT_AFTER_MS)
        self._watches.add(clock)
        try:
            with self.silence(clock):
                yield
        finally:
            self._watches.discard(clock)

    def let_go(self) -> None:
        """Ends at once what waits for something to happen; its handlers say DRAINING."""
        self.lets_go = True
        now = asyncio.get_running_loop().time()
        for clock in self._watches:
            clock.reschedule(now)

    async def drain(self, patience_s: float) -> None:
        """Closes for good and returns when no call comes any more, or soon.

        Silent streams get `patience_s` more; their handlers end them as DRAINING.
        """
        self.leaving = self.closed = True
        loop = asyncio.get_running_loop()
        begun = self._called_at = loop.time()
        for clock in self._silences:
            clock.reschedule(begun + patience_s)
        quiet = await self._gap()
        self.draining = True
        if not quiet:
            quiet = await self._gap()
        log("gate_closed", waited_ms=round((loop.time() - begun) * 1000), quiet=quiet)

    async def _gap(self) -> bool:
        """Waits until no call came for a moment; whether there was such a moment."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not (quiet := loop.time() - self._called_at >= _QUIET_S) and loop.time() - begun < _QUIET_AT_MOST_S:
            await asyncio.sleep(_QUIET_S / 5)
        return quiet
