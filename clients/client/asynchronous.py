"""The client of an asyncio program: as clients.client.blocking, awaited.

async with AsyncRonda("localhost:50051", Identity.beside("dev/patrol"), why="TRAFFIC_STOP") as ronda:
    found = await ronda.check("P-123BCD")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack

import grpc
import grpc.aio

from clients.client import asking
from clients.client.asking import PersonFields, PersonSearch, VehicleFields, VehicleSearch, Why
from clients.client.attempts import Attempts, Budget, Patience
from clients.client.blocking import Ronda
from clients.client.calls import (
    Method,
    closed,
    metadata,
    method_of,
    open_async_channel,
    outcome_of,
    sealed_async,
    sealed_async_stream,
)
from clients.client.clearance import BATCH, Cleared, Row
from clients.client.connection import DEFAULT_SERVER
from clients.client.diagnosis import Trouble, diagnose
from clients.client.failures import CallFailure
from clients.client.lane import AsyncLane, of_the_lane
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import register_service_pb2 as register_contract

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.message import Message

    from clients.client.identity import Identity
    from ronda.v1.context_pb2 import RequestContext

_Call = asyncio.Task["Message | CallFailure"]


class AsyncRonda:
    """A server, asked by one device, within one event loop: to be made where that runs. Raises as Ronda does.

    target: "host:port", by the name that the server's certificate has. Without an identity plaintext, which only a
    server in development mode on loopback answers. why: of all questions that state no other; a text is a purpose.
    lane: "host:port" of its express lane, for single checks; None = the one that the server tells, "" = none.
    """

    def __init__(
        self,
        target: str = DEFAULT_SERVER,
        identity: Identity | None = None,
        *,
        why: Why | str = "",
        patience: Patience | None = None,
        lane: str | None = None,
    ) -> None:
        """Raises OSError where a file of the identity cannot be read. Connects when something is asked."""
        self._target, self._identity = target, identity
        self._why = asking.as_why(why)
        self._patience, self._budget = patience or Patience(), Budget()
        self._token = identity.token_source() if identity is not None else None
        self._channels = [
            open_async_channel(target, identity) for _ in range(2)
        ]  # one for hedges, which connects at the first
        self._stubs: dict[tuple[str, int], Any] = {}
        self._lane = AsyncLane(lane, target, identity)

    async def __aenter__(self) -> AsyncRonda:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def lane(self) -> str:
        """The address of the express lane while single checks go over it; "" = they go to the server's own."""
        return self._lane.in_use

    async def close(self) -> None:
        """Ends the connections; calls that wait fail."""
        await self._lane.close()
        for channel in self._channels:
            await channel.close(None)

    @sealed_async
    async def check(
        self, query: str, *, country: str = "", why: Why | str | None = None, deadline: float | None = None
    ) -> contract.CheckResponse:
        """One box: plate, CUI, document, telephone, name... The answer says what it was taken for."""
        found: contract.CheckResponse = await self._ask(asking.one_box(self._frame(why), query, country), deadline)
        return found

    @sealed_async
    async def check_person(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[PersonFields],
    ) -> contract.CheckPersonResponse:
        """A person: a query, or fields."""
        found: contract.CheckPersonResponse = await self._ask(asking.person(self._frame(why), query, fields), deadline)
        return found

    @sealed_async
    async def check_vehicle(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[VehicleFields],
    ) -> contract.CheckVehicleResponse:
        """A vehicle: a query, or fields."""
        found: contract.CheckVehicleResponse = await self._ask(
            asking.vehicle(self._frame(why), query, fields), deadline
        )
        return found

    @sealed_async
    async def search_persons(
        self,
        names: str,
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[PersonSearch],
    ) -> contract.SearchPersonsResponse:
        """Persons by name, a page of them; the next with the `page_token` of this one's answer."""
        found: contract.SearchPersonsResponse = await self._ask(
            asking.persons(self._frame(why), names, fields), deadline
        )
        return found

    @sealed_async
    async def search_vehicles(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[VehicleSearch],
    ) -> contract.SearchVehiclesResponse:
        """Vehicles by what was seen of them, a page of them."""
        found: contract.SearchVehiclesResponse = await self._ask(
            asking.vehicles(self._frame(why), query, fields), deadline
        )
        return found

    @sealed_async
    async def records(
        self,
        subject_id: str,
        section: str,
        *,
        page_size: int = 100,
        page_token: str = "",
        why: Why | str | None = None,
        deadline: float | None = None,
    ) -> contract.ListRecordsResponse:
        """A page of one section of a subject that an answer named, newest records first."""
        found: contract.ListRecordsResponse = await self._ask(
            asking.records(self._frame(why), subject_id, section, page_size, page_token), deadline
        )
        return found

    @sealed_async
    async def registers(
        self, *, why: Why | str | None = None, deadline: float | None = None
    ) -> register_contract.ListRegistersResponse:
        """The registers that answers rest on, and how fresh they are."""
        found: register_contract.ListRegistersResponse = await self._ask(
            register_contract.ListRegistersRequest(context=self._frame(why)), deadline
        )
        return found

    @sealed_async
    async def generation(
        self, *, why: Why | str | None = None, deadline: float | None = None
    ) -> register_contract.GetGenerationResponse:
        """The generation that answers."""
        found: register_contract.GetGenerationResponse = await self._ask(
            register_contract.GetGenerationRequest(context=self._frame(why)), deadline
        )
        return found

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
        """As Ronda.clear. Rows are read, and answers waited for, in a thread of their own."""
        with Ronda(
            self._target, self._identity, why=self._why if why is None else why, patience=self._patience
        ) as beside:
            answers = beside.clear(rows, standard, generation_id=generation_id, channels=channels, window=window)
            while batch := await asyncio.to_thread(lambda: list(islice(answers, BATCH))):
                for row in batch:
                    yield row

    async def diagnose(self) -> Trouble:
        """Why the server cannot be reached, after Unavailable: connects once more, some seconds at most."""
        return await asyncio.to_thread(diagnose, self._target, self._identity)

    def _frame(self, why: Why | str | None) -> RequestContext:
        return (self._why if why is None else asking.as_why(why)).frame()

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
        """As Ronda's."""
        use, lane = self._lane.use, self._lane.stub(method)

        def begun(stub: Any) -> _Call:
            return asyncio.create_task(self._call(stub, method, wire, token, attempts, request))

        calls = [begun(lane or self._stub(0, method))]
        over_lane = calls[0] if lane else None
        hedge_after, waited_for = attempts.hedge_after(hedged=method.hedged), {calls[0]}
        first: CallFailure | None = None
        try:
            while waited_for:
                done, _ = await asyncio.wait(waited_for, timeout=hedge_after, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    hedge_after = None
                    if attempts.may_hedge():
                        calls.append(begun(self._stub(1, method)))
                        waited_for.add(calls[-1])
                    continue
                call = min(done, key=calls.index)
                waited_for.discard(call)
                found = closed() if call.cancelled() else call.result()
                if call is over_lane:
                    over_lane = None
                    use.judge(found)
                    if of_the_lane(found):
                        if not waited_for and first is None:
                            calls.append(begun(self._stub(0, method)))
                            waited_for.add(calls[-1])
                        continue
                if not isinstance(found, CallFailure) or not found.retryable:
                    if over_lane is not None:
                        use.was_late()
                    return found
                first = first or found
            return first or closed()
        finally:
            for one in calls:
                one.cancel()

    def _stub(self, place: int, method: Method) -> Any:
        stub = self._stubs.get((method.path, place))
        if stub is None:
            stub = self._channels[place].unary_unary(method.path, None, method.answer.FromString)
            self._stubs[method.path, place] = stub
        return stub

    async def _call(
        self, stub: Any, method: Method, wire: bytes, token: str, attempts: Attempts, request: Message
    ) -> Message | CallFailure:
        try:
            call = stub(wire, timeout=attempts.left, metadata=metadata(token))
            answer = await call
            use = self._lane.use
            if use.wants_word and method.hedged and stub is self._stubs.get((method.path, 0)):
                use.heard(await call.trailing_metadata() or ())
        except grpc.RpcError as error:
            return outcome_of(error, None, request)
        except grpc.aio.UsageError:  # of a channel that was closed
            return closed()
        return outcome_of(None, answer, request)
