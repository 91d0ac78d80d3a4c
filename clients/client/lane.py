"""The express lane: a second address of the same server for single checks, used while it is there (docs/client.md).

No question waits for it. Until it is connected, and whenever it is lost, late or another program, the server's own
address is used. A question that the lane leaves unanswered is sent there as the same bytes, which count once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from clients.client.calls import OPTIONS, Method, open_async_channel, open_channel
from clients.client.failures import RETRYABLE_STATUSES, CallFailure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clients.client.identity import Identity

TOLD_BY = "ronda-lane"
"""Key of the trailing metadata by which a server tells its lane: a port of its own host, or "host:port"."""

_HEARD_EVERY_S = 60.0
_ASIDE_S = 60.0  # after a failure that is the lane's own
_LOST_ASIDE_S = 1.0  # after a connection that was lost under a question: a restart; twice as long each time
_LATE_ASIDE_S = 10.0
# Nobody waits for the lane's connection: one that is not to be had need not be tried every other second.
_OPTIONS = [*OPTIONS, ("grpc.max_reconnect_backoff_ms", 30_000)]


def of_the_lane(failure: object) -> bool:
    """Returns whether the lane itself may be at fault, not the question: every refusal of Ronda has a reason.

    A passed deadline does not count: no time is left to ask elsewhere.
    """
    if not isinstance(failure, CallFailure) or failure.status == "DEADLINE_EXCEEDED":
        return False
    return not failure.reason or failure.status == "UNIMPLEMENTED"


def told_address(metadata: Iterable[Any], target: str) -> str:
    """The lane's "host:port" that a server asked at `target` tells; "" = none, or none that can be read."""
    told = next((str(value) for key, value in metadata if key == TOLD_BY), "")
    if not told.isdecimal():
        return told if told.rpartition(":")[2].isdecimal() else ""
    host, _, port = target.rpartition(":")
    return f"{host}:{told}" if host and port.isdecimal() and "," not in target else ""


class LaneUse:
    """Decides whether to use the lane, alike for the blocking and the asyncio client. Thread-safe.

    address: "" = none is known. given: "host:port", "" = never use one, None = the one that the server names.
    """

    def __init__(self, given: str | None, target: str) -> None:
        self.address = given or ""
        self._told = given is None
        self._target = target
        self._hear_at = self._ask_at = 0.0  # monotonic seconds
        self._lost_s = _LOST_ASIDE_S

    @property
    def wants_word(self) -> bool:
        """True if the metadata of the server's next answer should be read."""
        return self._told and time.monotonic() >= self._hear_at

    def heard(self, metadata: Iterable[Any]) -> None:
        """Takes the lane's address from an answer of the server's own address."""
        self._hear_at = time.monotonic() + _HEARD_EVERY_S
        self.address = told_address(metadata, self._target)

    @property
    def is_aside(self) -> bool:
        """True if it failed lately."""
        return time.monotonic() < self._ask_at

    def was_late(self) -> None:
        """The server's own address answered first what the lane was asked before, or the deadline passed."""
        self._ask_at = time.monotonic() + _LATE_ASIDE_S

    def judge(self, found: object) -> None:
        """Takes what an attempt over the lane came to."""
        if not isinstance(found, CallFailure):
            self._lost_s = _LOST_ASIDE_S
        elif found.status == "DEADLINE_EXCEEDED":
            self.was_late()
        elif of_the_lane(found) and found.status in RETRYABLE_STATUSES:
            self._ask_at = time.monotonic() + self._lost_s
            self._lost_s = min(2 * self._lost_s, _ASIDE_S)
        elif of_the_lane(found):
            self._ask_at = time.monotonic() + _ASIDE_S


class Lane:
    """The blocking client's: its channel and methods."""

    def __init__(self, given: str | None, target: str, identity: Identity | None) -> None:
        self.use = LaneUse(given, target)
        self._identity = identity
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._closed = False

    @property
    def in_use(self) -> str:
        """Its address, while it is asked; else ""."""
        line = self._line
        asked = line is not None and line.ready and line.address == self.use.address and not self.use.is_aside
        return self.use.address if asked else ""

    def stub(self, method: Method) -> Any:
        """Returns the stub of the method over the lane; None = use the server's own address."""
        use = self.use
        if not method.hedged or not use.address or use.is_aside:
            return None
        line = self._line
        if line is None or line.address != use.address:
            self._open(use.address)
            return None
        if not line.ready:
            line.connect()
            return None
        return line.stub(method)

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._closed = True
            if self._line is not None:
                self._line.close()

    def _open(self, address: str) -> None:
        with self._lock:
            if self._closed or (self._line is not None and self._line.address == address):
                return
            if self._line is not None:
                self._line.close()
            self._line = _Line(address, self._identity)


class _Line:
    """A connection to one address. gRPC tells of its state from a thread of its own."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        self.address = address
        self.ready = False
        self._channel = open_channel(address, identity, _OPTIONS)
        self._stubs: dict[str, Any] = {}
        self._asleep = False
        self._channel.subscribe(self._turned, try_to_connect=True)

    def stub(self, method: Method) -> Any:
        stub = self._stubs.get(method.path)
        if stub is None:
            stub = self._stubs[method.path] = self._channel.unary_unary(method.path, None, method.answer.FromString)
        return stub

    def connect(self) -> None:
        """Wakes a connection that ended: gRPC begins none that nobody asks for."""
        if self._asleep:
            self._asleep = False
            self._channel.subscribe(_nothing, try_to_connect=True)
            self._channel.unsubscribe(_nothing)

    def close(self) -> None:
        self.ready = False
        self._channel.unsubscribe(self._turned)
        self._channel.close()

    def _turned(self, state: grpc.ChannelConnectivity) -> None:
        self.ready = state is grpc.ChannelConnectivity.READY
        self._asleep = state is grpc.ChannelConnectivity.IDLE


def _nothing(_state: grpc.ChannelConnectivity) -> None:
    """Ignores the events of a subscription that only serves to connect."""


class AsyncLane:
    """The asyncio client's, within one event loop."""

    def __init__(self, given: str | None, target: str, identity: Identity | None) -> None:
        self.use = LaneUse(given, target)
        self._identity = identity
        self._address = ""
        self._closed = False
        self._channel: grpc.aio.Channel | None = None
        self._stubs: dict[str, Any] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def in_use(self) -> str:
        """Its address, while it is asked; else ""."""
        asked = self._channel is not None and self._address == self.use.address and not self.use.is_aside
        return self._address if asked and self._stands() else ""

    def stub(self, method: Method) -> Any:
        """Returns the stub of the method over the lane; None = use the server's own address."""
        use = self.use
        if not method.hedged or not use.address or use.is_aside or self._closed:
            return None
        if self._channel is None or self._address != use.address:
            self._open(use.address)
        assert self._channel is not None
        if not self._stands(connect=True):
            return None
        stub = self._stubs.get(method.path)
        if stub is None:
            stub = self._stubs[method.path] = self._channel.unary_unary(method.path, None, method.answer.FromString)
        return stub

    def _stands(self, *, connect: bool = False) -> bool:
        if self._channel is None or self._closed:
            return False
        return self._channel.get_state(connect) is grpc.ChannelConnectivity.READY

    async def close(self) -> None:
        """Ends the connection."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close(None)

    def _open(self, address: str) -> None:
        if self._channel is not None:
            ending = asyncio.get_running_loop().create_task(self._channel.close(None))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
        self._address, self._stubs = address, {}
        self._channel = open_async_channel(address, self._identity, _OPTIONS)
