"""The client of a program that waits for its answers: one object for all its threads.

with Ronda("localhost:50051", Identity.beside("dev/patrol"), why="TRAFFIC_STOP") as ronda:
    found = ronda.check("P-123BCD")
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Unpack

import grpc

from clients.client import asking
from clients.client.asking import PersonFields, PersonSearch, VehicleFields, VehicleSearch, Why
from clients.client.attempts import Attempts, Budget, Patience
from clients.client.calls import Method, closed, metadata, method_of, open_channel, outcome_of, sealed, sealed_stream
from clients.client.clearance import ClearanceRun, Cleared, Row, cleared, packed
from clients.client.connection import DEFAULT_SERVER
from clients.client.diagnosis import Trouble, diagnose
from clients.client.failures import CallFailure
from clients.client.lane import Lane, of_the_lane
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import register_service_pb2 as register_contract

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.message import Message

    from clients.client.identity import Identity
    from ronda.v1.clearance_service_pb2 import ClearRequest
    from ronda.v1.context_pb2 import RequestContext


class Ronda:
    """A server, asked by one device. Every method raises CallFailure (a class for each remedy), NoToken.

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
            open_channel(target, identity) for _ in range(2)
        ]  # one for hedges, which connects at the first
        self._stubs: dict[tuple[str, int], Any] = {}
        self._lane = Lane(lane, target, identity)

    def __enter__(self) -> Ronda:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def lane(self) -> str:
        """The address of the express lane while single checks go over it; "" = they go to the server's own."""
        return self._lane.in_use

    def close(self) -> None:
        """Ends the connections; calls that wait fail."""
        self._lane.close()
        for channel in self._channels:
            channel.close()

    @sealed
    def check(
        self, query: str, *, country: str = "", why: Why | str | None = None, deadline: float | None = None
    ) -> contract.CheckResponse:
        """One box: plate, CUI, document, telephone, name... The answer says what it was taken for."""
        found: contract.CheckResponse = self._ask(asking.one_box(self._frame(why), query, country), deadline)
        return found

    @sealed
    def check_person(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[PersonFields],
    ) -> contract.CheckPersonResponse:
        """A person: a query, or fields."""
        found: contract.CheckPersonResponse = self._ask(asking.person(self._frame(why), query, fields), deadline)
        return found

    @sealed
    def check_vehicle(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[VehicleFields],
    ) -> contract.CheckVehicleResponse:
        """A vehicle: a query, or fields."""
        found: contract.CheckVehicleResponse = self._ask(asking.vehicle(self._frame(why), query, fields), deadline)
        return found

    @sealed
    def search_persons(
        self,
        names: str,
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[PersonSearch],
    ) -> contract.SearchPersonsResponse:
        """Persons by name, a page of them; the next with the `page_token` of this one's answer."""
        found: contract.SearchPersonsResponse = self._ask(asking.persons(self._frame(why), names, fields), deadline)
        return found

    @sealed
    def search_vehicles(
        self,
        query: str = "",
        *,
        why: Why | str | None = None,
        deadline: float | None = None,
        **fields: Unpack[VehicleSearch],
    ) -> contract.SearchVehiclesResponse:
        """Vehicles by what was seen of them, a page of them."""
        found: contract.SearchVehiclesResponse = self._ask(asking.vehicles(self._frame(why), query, fields), deadline)
        return found

    @sealed
    def records(
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
        found: contract.ListRecordsResponse = self._ask(
            asking.records(self._frame(why), subject_id, section, page_size, page_token), deadline
        )
        return found

    @sealed
    def registers(
        self, *, why: Why | str | None = None, deadline: float | None = None
    ) -> register_contract.ListRegistersResponse:
        """The registers that answers rest on, and how fresh they are."""
        found: register_contract.ListRegistersResponse = self._ask(
            register_contract.ListRegistersRequest(context=self._frame(why)), deadline
        )
        return found

    @sealed
    def generation(
        self, *, why: Why | str | None = None, deadline: float | None = None
    ) -> register_contract.GetGenerationResponse:
        """The generation that answers."""
        found: register_contract.GetGenerationResponse = self._ask(
            register_contract.GetGenerationRequest(context=self._frame(why)), deadline
        )
        return found

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
        """A run for whoever packs columns: its `responses` takes batches and gives one response each, in order."""
        start = asking.clearance(self._frame(why), standard, generation_id)
        return ClearanceRun(
            lambda: open_channel(self._target, self._identity),
            self._token,
            start,
            self._patience,
            channels=channels,
            window=window,
        )

    def diagnose(self) -> Trouble:
        """Why the server cannot be reached, after Unavailable: connects once more, some seconds at most."""
        return diagnose(self._target, self._identity)

    def _frame(self, why: Why | str | None) -> RequestContext:
        return (self._why if why is None else asking.as_why(why)).frame()

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
        """One attempt, or two side by side: the first good answer, else the first failure.

        Over the lane, where there is one; its twin, and what the lane itself fails at, at the server's own address.
        """
        use, lane = self._lane.use, self._lane.stub(method)
        ended: SimpleQueue[Any] = SimpleQueue()
        calls = [_begun(lane or self._stub(0, method), wire, token, attempts, ended)]
        over_lane = calls[0] if lane else None
        hedge_after, waited_for = attempts.hedge_after(hedged=method.hedged), 1
        first: CallFailure | None = None
        try:
            while waited_for:
                try:
                    call = ended.get(timeout=hedge_after)
                except Empty:
                    hedge_after = None
                    if attempts.may_hedge():
                        calls.append(_begun(self._stub(1, method), wire, token, attempts, ended))
                        waited_for += 1
                    continue
                waited_for -= 1
                found = _outcome(call, request)
                if call is over_lane:
                    over_lane = None
                    use.judge(found)
                    if of_the_lane(found):
                        if not waited_for and first is None:
                            calls.append(_begun(self._stub(0, method), wire, token, attempts, ended))
                            waited_for += 1
                        continue
                elif use.wants_word and method.hedged and not isinstance(found, CallFailure):
                    use.heard(call.trailing_metadata() or ())
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
