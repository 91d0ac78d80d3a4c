"""The client of a program that waits for its answers: one object for all its threads.

with Ronda("localhost:50051", Identity.beside("dev/patrol"), why="TRAFFIC_STOP") as ronda:
    found = ronda.check("P-123BCD")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import grpc

from clients.client import asking, methods
from clients.client.asker import Asker
from clients.client.attempts import Attempts
from clients.client.calls import (
    Method,
    closed,
    metadata,
    method_of,
    method_signature,
    open_channel,
    outcome_of,
    sealed,
    sealed_stream,
)
from clients.client.clearance import ClearanceRun, Cleared, Row, cleared, packed
from clients.client.diagnosis import Trouble, diagnose
from clients.client.failures import CallFailure
from clients.client.lane import Lane
from clients.client.race import OWN, Race
from clients.client.recalls import Recalls
from ronda.v1.alert_service_pb2_grpc import AlertServiceStub
from ronda.v1.hotlist_service_pb2_grpc import HotlistServiceStub

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.message import Message

    from clients.client.asking import Why
    from clients.client.hot_list import ListKeeper
    from clients.client.list_following import ListFollowing
    from clients.client.methods import Asked
    from ronda.v1.clearance_service_pb2 import ClearRequest

_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")


def _waited(build: Callable[Concatenate[Ronda, _P], Asked[_Answer]]) -> Callable[Concatenate[Ronda, _P], _Answer]:
    """The method that asks a question and gives its answer."""

    @wraps(build)
    def ask(ronda: Ronda, /, *args: _P.args, **kwargs: _P.kwargs) -> _Answer:
        asked = build(ronda, *args, **kwargs)
        found: _Answer = ronda._ask(asked.request, asked.deadline)
        return found

    ask.__dict__["__signature__"] = method_signature(build)
    return sealed(ask)


class Ronda(Asker):
    """A server, asked by one device. Every method raises CallFailure (a class for each remedy), NoToken.

    Made of what `Asker` says.
    """

    _lane: Lane

    def _opened_channel(self) -> grpc.Channel:
        return open_channel(self._target, self._identity)

    def _opened_lane(self, given: str | None) -> Lane:
        return Lane(given, self._target, self._identity)

    def __enter__(self) -> Ronda:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections; calls that wait fail."""
        self._lane.close()
        for channel in self._channels.values():
            channel.close()

    check = _waited(methods.check)
    check_person = _waited(methods.check_person)
    check_vehicle = _waited(methods.check_vehicle)
    search_persons = _waited(methods.search_persons)
    search_vehicles = _waited(methods.search_vehicles)
    records = _waited(methods.records)
    registers = _waited(methods.registers)
    generation = _waited(methods.generation)

    @sealed
    def ask(self, request: Message, deadline: float | None = None) -> Any:
        """Sends a request that the caller made or kept (an off-line question with its own time and id), as it is."""
        return self._ask(request, deadline)

    @sealed_stream
    def clear(
        self,
        rows: Iterable[Row | str],
        standard: str,
        *,
        why: Why | str | None = None,
        generation_id: str = "",
        channels: int = 2,
        window: int = 8,
    ) -> Iterator[Cleared]:
        """Clears rows against a standard ("WANTED", "POLICE_RECORD"...), each answered in its place; a text is a CUI.

        All are answered by one generation, the newest where none is named. window: batches of 1,000 rows on their way.
        """
        run = self.clearance(standard, why=why, generation_id=generation_id, channels=channels, window=window)
        batches = packed(rows)
        sent: SimpleQueue[list[Row]] = SimpleQueue()

        def requests() -> Iterator[ClearRequest]:
            for batch, request in batches:
                sent.put(batch)
                yield request

        for response in run.responses(requests()):
            yield from cleared(sent.get(), response)

    @sealed
    def clearance(
        self,
        standard: str,
        *,
        why: Why | str | None = None,
        generation_id: str = "",
        channels: int = 2,
        window: int = 8,
    ) -> ClearanceRun:
        """Returns a run for callers that pack columns: its `responses` takes batches and gives one response each, in
        order."""
        start = asking.clearance(self._frame(why), standard, generation_id)
        return ClearanceRun(
            self._opened_channel,
            self._token,
            start,
            self._patience,
            channels=channels,
            window=window,
        )

    @sealed
    def recalls(self, *, why: Why | str | None = None, resume_token: str = "") -> Recalls:
        """Returns the changes about subjects that the officer looked up: iterate it, show each recall, and
        `acknowledge` it."""
        stub = AlertServiceStub(self._channels[OWN])  # type: ignore[no-untyped-call]
        return Recalls(stub, self._token, lambda: self._frame(why), resume_token)

    def hot_list(self, keeper: ListKeeper, *, why: Why | str | None = None) -> ListFollowing:
        """Keeps the hot list up to date in `keeper` while it is iterated; held_list.py has one in memory.

        Raises ImportError where cryptography is not installed: nobody else needs it.
        """
        from clients.client.list_following import ListFollowing  # noqa: PLC0415

        stub = HotlistServiceStub(self._channels[OWN])  # type: ignore[no-untyped-call]
        return ListFollowing(stub, self._token, lambda: self._frame(why), keeper)

    def diagnose(self) -> Trouble:
        """Returns why the server cannot be reached, after Unavailable: connects once more, some seconds at most."""
        return diagnose(self._target, self._identity)

    def _ask(self, request: Message, deadline: float | None) -> Any:
        method, wire = method_of(request), request.SerializeToString()
        attempts = Attempts(self._patience, self._budget, deadline)
        while True:
            token = self._token.text() if self._token is not None else ""
            found = self._attempt(method, wire, token, attempts, request)
            if not isinstance(found, CallFailure):
                attempts.answered()
                return found
            changed = found.reason == "TOKEN_EXPIRED" and self._token is not None and self._token.renewed(token)
            pause = attempts.again(found, token_changed=changed)
            if pause is None:
                raise found
            time.sleep(pause)

    def _attempt(
        self, method: Method, wire: bytes, token: str, attempts: Attempts, request: Message
    ) -> Message | CallFailure:
        ended: SimpleQueue[Any] = SimpleQueue()
        use, lane = self._lane.use, self._lane.stub(method)
        calls = [_begun(lane or self._stub(OWN, method), wire, token, attempts, ended)]
        over_lane = calls[0] if lane else None
        race = Race(method, attempts, use, over_lane=lane is not None)
        try:
            while race.result is None:
                try:
                    call = ended.get(timeout=race.hedge_after)
                except Empty:
                    begin = race.overdue()
                else:
                    found = _outcome(call, request)
                    if (
                        call is not over_lane
                        and use.wants_word
                        and method.hedged
                        and not isinstance(found, CallFailure)
                    ):
                        use.heard(call.trailing_metadata() or ())
                    begin = race.ended(found, over_lane=call is over_lane)
                if begin is not None:
                    calls.append(_begun(self._stub(begin, method), wire, token, attempts, ended))
            return race.result
        finally:
            for one in calls:
                one.cancel()


def _begun(stub: Any, wire: bytes, token: str, attempts: Attempts, ended: SimpleQueue[Any]) -> Any:
    try:
        call = stub.future(wire, timeout=attempts.left, metadata=metadata(token))
    except ValueError:  # of a channel that was closed
        raise closed() from None
    call.add_done_callback(ended.put)
    return call


def _outcome(call: Any, request: Message) -> Message | CallFailure:
    try:
        error = call.exception()
    except grpc.FutureCancelledError:
        return closed()
    return outcome_of(error, None if error is not None else call.result(), request)
