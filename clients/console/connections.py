"""Connections of browsers: limited in number; one that asks nothing, or asks without end, is closed.

uvicorn closes connections that are silent after an answer, but waits for a first request for ever. A client that opens
connections and sends half a line on each would use up all file descriptors.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 10.0
"""Limit from a connection's first moment, or the end of an answer, until its next request has come (without its
body)."""
MOST = 4000
_SPARE = 200  # descriptors beside connections


class PromptProtocol(H11Protocol):
    """A connection that must send its requests in time."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Opened."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or all of one."""
        super().data_received(data)
        if self._waits():
            if self._overdue is None:
                self._wait()
        elif self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed."""
        if self._overdue is not None:
            self._overdue.cancel()
        super().connection_lost(exc)

    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._overdue = self.loop.call_later(REQUEST_S, self._close)

    def _close(self) -> None:
        self._overdue = None
        if self._waits() and not self.transport.is_closing():
            self.transport.close()


def most_connections() -> int:
    """Returns MOST, or as many as this process may have descriptors for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + _SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft - _SPARE))
