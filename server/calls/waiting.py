"""Calls that wait for their message, with start time and token (see server/calls/half_open.py)."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import grpc

from core.access.caller import Caller
from ronda.v1 import error_pb2
from server.calls.shed import ShedCalls
from server.errors import Refusal

_LOOK_S = 0.25
_OF_A_TOKEN = 32  # that wait at once
_STRANGERS = 256  # the same, of callers who are not admitted

_Context = grpc.aio.ServicerContext[bytes, bytes]


class HalfOpenCalls:
    """State of one worker. Lives in the event loop's thread."""

    def __init__(self, seconds: float, shed: ShedCalls, *, limited: bool) -> None:
        """limited: False in development mode, where everybody is one caller."""
        self.seconds = seconds
        self._shed = shed
        self._most = _OF_A_TOKEN if limited else 1 << 30
        self._since: dict[asyncio.Task[object] | None, tuple[float, str]] = {}  # oldest first
        self._of_token: dict[str, int] = defaultdict(int)
        self._late: set[asyncio.Task[object]] = set()
        self._strangers = 0

    def begins(self, token: str) -> bool:
        """The present task's call has its headers; False when too many with this token wait already."""
        if self._of_token[token] >= self._most:
            return False
        self._of_token[token] += 1
        self._since[asyncio.current_task()] = time.monotonic(), token
        return True

    def arrived(self) -> None:
        """The present task's call has its message."""
        self._ended(asyncio.current_task())

    def _ended(self, task: asyncio.Task[object] | None) -> None:
        begun = self._since.pop(task, None)
        if begun is None:
            return
        token = begun[1]
        self._of_token[token] -= 1
        if not self._of_token[token]:
            del self._of_token[token]

    async def watch(self) -> None:
        """Ends for ever what waits too long."""
        while True:
            await asyncio.sleep(_LOOK_S)
            late = time.monotonic() - self.seconds
            for task, (since, _) in list(self._since.items()):
                if since > late:
                    break
                self._ended(task)
                if task is not None and not task.done():
                    self._late.add(task)
                    task.cancel()

    def was_late(self) -> bool:
        """Returns whether `watch` cancelled the present task; then the task continues."""
        task = asyncio.current_task()
        if task is None or task not in self._late:
            return False
        self._late.discard(task)
        task.uncancel()
        return True

    async def stranger_asks(self, context: _Context) -> bytes:
        """The message of a call that is to be refused, for its record; empty when it does not come, or many wait."""
        if self._strangers >= _STRANGERS:
            self._shed.count("half_open")
            return b""
        self._strangers += 1
        try:
            async with asyncio.timeout(self.seconds):
                message = await context.read()
        except TimeoutError:
            self._shed.count("half_open")
            return b""
        finally:
            self._strangers -= 1
        return b"" if message is grpc.aio.EOF else message  # type: ignore[attr-defined]

    def late(self, caller: Caller | None = None) -> Refusal:
        """Returns the refusal for a call without a message; counts it."""
        self._shed.count("half_open", caller)
        return Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED, rule=f"no message came for {self.seconds:.0f} seconds")
