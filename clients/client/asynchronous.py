"""The client of an asyncio program: as clients.client.blocking, awaited.

async with AsyncRonda("localhost:50051", Identity.beside("dev/patrol"), why="TRAFFIC_STOP") as ronda:
    found = await ronda.check("P-123BCD")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import grpc
import grpc.aio

from clients.client import methods
from clients.client.asker import Asker
from clients.client.attempts import Attempts
from clients.client.blocking import Ronda
from clients.client.calls import (
    Method,
    closed,
    metadata,
    method_of,
    method_signature,
    open_async_channel,
    outcome_of,
    sealed_async,
    sealed_async_stream,
)
from clients.client.clearance import BATCH, Cleared, Row
from clients.client.diagnosis import Trouble, diagnose
from clients.client.failures import CallFailure
from clients.client.lane import AsyncLane
from clients.client.race import OWN, Race

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.message import Message

    from clients.client.asking import Why
    from clients.client.methods import Asked

_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")
_Call = asyncio.Task["Message | CallFailure"]


def _awaited(
    build: Callable[Concatenate[AsyncRonda, _P], Asked[_Answer]],
) -> Callable[Concatenate[AsyncRonda, _P], Awaitable[_Answer]]:
    """The coroutine that asks a question and gives its answer."""

    @wraps(build)
    async def ask(ronda: AsyncRonda, /, *args: _P.args, **kwargs: _P.kwargs) -> _Answer:
        asked = build(ronda, *args, **kwargs)
        found: _Answer = await ronda._ask(asked.request, asked.deadline)
        return found

    ask.__dict__["__signature__"] = method_signature(build)
    return sealed_async(ask)


class AsyncRonda(Asker):
    """A server, asked by one device, within one event loop: to be made where that runs. Raises as Ronda does.

    Made of what `Asker` says.
    """

    _lane: AsyncLane

    def _opened_channel(self) -> grpc.aio.Channel:
        return open_async_channel(self._target, self._identity)

    def _opened_lane(self, given: str | None) -> AsyncLane:
        return AsyncLane(given, self._target, self._identity)

    async def __aenter__(self) -> AsyncRonda:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections; calls that wait fail."""
        await self._lane.close()
        for channel in self._channels.values():
            await channel.close(None)

    check = _awaited(methods.check)
    check_person = _awaited(methods.check_person)
    check_vehicle = _awaited(methods.check_vehicle)
    search_persons = _awaited(methods.search_persons)
    search_vehicles = _awaited(methods.search_vehicles)
    records = _awaited(methods.records)
    registers = _awaited(methods.registers)
    generation = _awaited(methods.generation)

    @sealed_async
    async def ask(self, request: Message, deadline: float | None = None) -> Any:
        """Sends a request that the caller made or kept (an off-line question with its own time and id), as it is."""
        return await self._ask(request, deadline)

    @sealed_async_stream
    async def clear(
        self,
        rows: Iterable[Row | str],
        standard: str,
        *,
        why: Why | str | None = None,
        generation_id: str = "",
        channels: int = 2,
        window: int = 8,
    ) -> AsyncGenerator[Cleared, None]:
        """Works as Ronda.clear. Rows are read, and answers awaited, in a thread of their own."""
        with Ronda(
            self._target, self._identity, why=self._why if why is None else why, patience=self._patience
        ) as beside:
            answers = beside.clear(rows, standard, generation_id=generation_id, channels=channels, window=window)
            while batch := await asyncio.to_thread(lambda: list(islice(answers, BATCH))):
                for row in batch:
                    yield row

    async def diagnose(self) -> Trouble:
        """Returns why the server cannot be reached, after Unavailable: connects once more, some seconds at most."""
        return await asyncio.to_thread(diagnose, self._target, self._identity)

    async def _ask(self, request: Message, deadline: float | None) -> Any:
        method, wire = method_of(request), request.SerializeToString()
        attempts = Attempts(self._patience, self._budget, deadline)
        while True:
            token = await asyncio.to_thread(self._token.text) if self._token is not None else ""
            found = await self._attempt(method, wire, token, attempts, request)
            if not isinstance(found, CallFailure):
                attempts.answered()
                return found
            changed = (
                found.reason == "TOKEN_EXPIRED"
                and self._token is not None
                and await asyncio.to_thread(self._token.renewed, token)
            )
            pause = attempts.again(found, token_changed=changed)
            if pause is None:
                raise found
            await asyncio.sleep(pause)

    async def _attempt(
        self, method: Method, wire: bytes, token: str, attempts: Attempts, request: Message
    ) -> Message | CallFailure:
        lane = self._lane.stub(method)

        def begun(stub: Any) -> _Call:
            return asyncio.create_task(self._call(stub, method, wire, token, attempts, request))

        calls = [begun(lane or self._stub(OWN, method))]
        over_lane = calls[0] if lane else None
        waited_for = {calls[0]}
        race = Race(method, attempts, self._lane.use, over_lane=lane is not None)
        try:
            while race.result is None:
                done, _ = await asyncio.wait(waited_for, timeout=race.hedge_after, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    begin = race.overdue()
                else:
                    call = min(done, key=calls.index)
                    waited_for.discard(call)
                    found = closed() if call.cancelled() else call.result()
                    begin = race.ended(found, over_lane=call is over_lane)
                if begin is not None:
                    calls.append(begun(self._stub(begin, method)))
                    waited_for.add(calls[-1])
            return race.result
        finally:
            for one in calls:
                one.cancel()

    async def _call(
        self, stub: Any, method: Method, wire: bytes, token: str, attempts: Attempts, request: Message
    ) -> Message | CallFailure:
        try:
            call = stub(wire, timeout=attempts.left, metadata=metadata(token))
            answer = await call
            use = self._lane.use
            if use.wants_word and method.hedged and stub is self._stubs.get((method.path, OWN)):
                use.heard(await call.trailing_metadata() or ())
        except grpc.RpcError as error:
            return outcome_of(error, None, request)
        except grpc.aio.UsageError:  # of a channel that was closed
            return closed()
        return outcome_of(None, answer, request)
