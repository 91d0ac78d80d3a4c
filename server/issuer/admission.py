"""Admits a call before its message is waited for: its caller, the caller's open calls, its time limit.

gRPC begins a call with its headers and would wait for its message without end. So the call's certificate is checked
first, each certificate's name has a limit of calls at once, and a message must come within seconds. A thief of one
device's key holds a few places and no more.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer.callers import Callers
from server.issuer.settings import IssuerSettings
from server.transport.connections import Connections
from server.trust.peer import Peer

_RETRY_MS = 1000


class Admission:
    """Admissions of one event loop."""

    def __init__(self, settings: IssuerSettings, callers: Callers) -> None:
        self._settings = settings
        self._callers = callers
        self._calls: Counter[str] = Counter()
        self.connections: Connections | None = None  # once the port is known

    def peer(self, context: Any) -> Peer:
        """Returns the peer of the call. Raises Refusal; then the connection is counted among the strangers'."""
        try:
            peer = self._callers.peer(context.auth_context())
        except Refusal:
            if self.connections is not None:
                self.connections.refused(context.peer(), "")
            raise
        if self.connections is not None:
            key = int.from_bytes(hashlib.sha256(peer.device.encode()).digest()[:8], "big") >> 1
            self.connections.admitted(context.peer(), key or 1)
        return peer

    @contextmanager
    def place(self, peer: Peer) -> Iterator[None]:
        """One of the caller's calls. Raises Refusal OVERLOADED where he has as many as he may."""
        most = self._settings.calls_of_gateway if peer.is_gateway else self._settings.calls_of_device
        if self._calls[peer.device] >= most:
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_MS)
        self._calls[peer.device] += 1
        try:
            yield
        finally:
            self._calls[peer.device] -= 1
            if not self._calls[peer.device]:
                del self._calls[peer.device]

    async def message(self, context: Any) -> bytes:
        """The call's message. Raises Refusal DEADLINE_EXCEEDED where it does not come."""
        try:
            async with asyncio.timeout(self._settings.half_open_s):
                message = await context.read()
        except TimeoutError:
            rule = f"no message came for {self._settings.half_open_s} seconds"
            raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED, rule=rule) from None
        return b"" if message is grpc.aio.EOF else bytes(message)  # type: ignore[attr-defined]
