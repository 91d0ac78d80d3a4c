"""The lane is asked while it is there, and whatever it leaves unanswered is asked at the server's own address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from clients.client.asynchronous import AsyncRonda
from clients.client.attempts import Patience
from clients.client.blocking import Ronda
from clients.client.failures import CallFailure, QuestionRefused, TooLate, Unavailable
from clients.client.identity import Identity
from clients.client.lane import TOLD_BY, told_address
from core.audit.reader import Flag
from tests.client.conftest import ServeAnswers
from tests.client.late_road import LateRoad
from tests.client.test_trouble import ANSWER, QUICK, Refusing, _two_looks, refuse, unavailable
from tests.server.requests import CUI
from tests.server.running_server import until
from tests.trust.conftest import TrustedServer

WHY = "TRAFFIC_STOP"


class Telling:
    """The server's own address: answers, and tells a lane."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.asked: list[str] = []

    def __call__(self, path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(path)
        if self.lane:
            context.set_trailing_metadata(((TOLD_BY, self.lane),))
        return ANSWER.SerializeToString()


def asks_until(ronda: Ronda, reached: Callable[[], Any]) -> None:
    """Single checks, one after the other, until something was reached."""
    until(lambda: ronda.check(CUI).answer.answer_id and reached())


async def asks_until_awaited(ronda: AsyncRonda, reached: Callable[[], Any]) -> None:
    """The same."""
    async with asyncio.timeout(20):
        while not reached():
            assert (await ronda.check(CUI)).answer.answer_id
            await asyncio.sleep(0.01)


def test_single_checks_go_over_the_lane_and_nothing_else(serve_answers: ServeAnswers) -> None:
    own, lane = Telling(""), Telling("")
    with Ronda(serve_answers(own), why=WHY, lane=serve_answers(lane)) as ronda:
        asks_until(ronda, lambda: lane.asked)
        before = len(own.asked)
        for _ in range(3):
            ronda.check(CUI)
            ronda.check_person(cui=CUI)
            ronda.check_vehicle(plate="P-123BCD")
        assert len(own.asked) == before
        ronda.search_persons("zachrisson")
        ronda.registers()
    assert [path.rpartition("/")[2] for path in own.asked[before:]] == ["SearchPersons", "ListRegisters"]
    assert {path.rpartition("/")[2] for path in lane.asked} == {"Check", "CheckPerson", "CheckVehicle"}


def test_single_checks_go_over_the_lane_awaited(serve_answers: ServeAnswers) -> None:
    own, lane = Telling(""), Telling("")

    async def ask() -> None:
        async with AsyncRonda(serve_answers(own), why=WHY, lane=serve_answers(lane)) as ronda:
            await asks_until_awaited(ronda, lambda: ronda.lane)
            before = len(own.asked)
            await asyncio.gather(*(ronda.check(CUI) for _ in range(10)))
            assert len(own.asked) == before
            await ronda.search_persons("zachrisson")
            assert len(own.asked) == before + 1

    asyncio.run(ask())


def test_a_server_tells_its_lane(serve_answers: ServeAnswers) -> None:
    lane = Telling("")
    port = serve_answers(lane).rpartition(":")[2]
    own = Telling(port)
    with Ronda(serve_answers(own), why=WHY) as ronda:
        assert ronda.lane == ""
        asks_until(ronda, lambda: lane.asked)
        assert ronda.lane == f"localhost:{port}"
    seen = len(lane.asked)
    with Ronda(serve_answers(own), why=WHY, lane="") as ronda:
        for _ in range(20):
            ronda.check(CUI)
    assert len(lane.asked) == seen, "nobody who wants no lane is sent to one"


def test_a_server_tells_its_lane_awaited(serve_answers: ServeAnswers) -> None:
    lane = Telling("")
    own = Telling(serve_answers(lane))

    async def ask() -> None:
        async with AsyncRonda(serve_answers(own), why=WHY) as ronda:
            await asks_until_awaited(ronda, lambda: lane.asked)

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("told", "target", "address"),
    [
        ("50052", "ronda.example:50051", "ronda.example:50052"),
        ("50052", "[::1]:50051", "[::1]:50052"),
        ("50052", "dns:///ronda.example:50051", "dns:///ronda.example:50052"),
        ("other.example:1", "ronda.example:50051", "other.example:1"),
        ("50052", "unix:/run/ronda", ""),
        ("50052", "ipv4:10.0.0.1:1,10.0.0.2:1", ""),
        ("no", "ronda.example:50051", ""),
        ("", "ronda.example:50051", ""),
    ],
)
def test_what_is_told(told: str, target: str, address: str) -> None:
    assert told_address([("grpc-status", "0"), (TOLD_BY, told)], target) == address


def test_nobody_tells_a_lane() -> None:
    assert told_address([], "ronda.example:50051") == ""


def _unimplemented(context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method")


def _unknown_method(context: grpc.ServicerContext) -> None:
    refuse(context, "METHOD_UNKNOWN", grpc.StatusCode.UNIMPLEMENTED)


def _nonsense(context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.INTERNAL, "another program")


@pytest.mark.parametrize("failing", [_unimplemented, _unknown_method, _nonsense])
def test_what_the_lane_fails_at_is_asked_at_the_servers_own_address(serve_answers: ServeAnswers, failing: Any) -> None:
    own, lane = Refusing(), Refusing(*[failing] * 100)
    with Ronda(serve_answers(own), why=WHY, patience=QUICK, lane=serve_answers(lane)) as ronda:
        asks_until(ronda, lambda: lane.asked)
        assert lane.asked == [own.asked[-1]], "the same bytes, so that both count once"
        for _ in range(5):
            ronda.check(CUI)
        assert ronda.lane == ""
    assert len(lane.asked) == 1, "it is left alone for a while"


def test_what_the_lane_loses_is_asked_at_the_servers_own_address(serve_answers: ServeAnswers) -> None:
    """Again and again: it is left alone for longer each time."""
    own, lane = Refusing(), Refusing(*[unavailable] * 1000)
    once = Patience(attempts=1, hedge_after=None)
    with Ronda(serve_answers(own), why=WHY, patience=once, lane=serve_answers(lane)) as ronda:
        asks_until(ronda, lambda: len(lane.asked) > 1)
    assert set(lane.asked) <= set(own.asked)
    assert len(own.asked) > len(lane.asked)


@pytest.mark.parametrize("failing", [_unimplemented, _unknown_method, _nonsense])
def test_what_the_lane_fails_at_is_asked_elsewhere_awaited(serve_answers: ServeAnswers, failing: Any) -> None:
    own, lane = Refusing(), Refusing(*[failing] * 100)

    async def ask() -> None:
        async with AsyncRonda(serve_answers(own), why=WHY, patience=QUICK, lane=serve_answers(lane)) as ronda:
            await asks_until_awaited(ronda, lambda: lane.asked)
            for _ in range(5):
                await ronda.check(CUI)

    asyncio.run(ask())
    assert len(lane.asked) == 1
    assert lane.asked[0] in own.asked


def test_half_an_answer_of_the_lane_is_none(serve_answers: ServeAnswers) -> None:
    asked: list[bytes] = []

    def cut(_path: str, request: bytes, _context: grpc.ServicerContext) -> bytes:
        asked.append(request)
        return b""

    own = Refusing()
    with Ronda(serve_answers(own), why=WHY, patience=QUICK, lane=serve_answers(cut)) as ronda:
        asks_until(ronda, lambda: asked)
    assert asked == [own.asked[-1]]


def test_what_ronda_refuses_over_the_lane_is_refused(serve_answers: ServeAnswers) -> None:
    def broken(context: grpc.ServicerContext) -> None:
        refuse(context, "FIELD_INVALID", grpc.StatusCode.INVALID_ARGUMENT)

    own, lane = Refusing(), Refusing(*[broken] * 100)
    with Ronda(serve_answers(own), why=WHY, patience=QUICK, lane=serve_answers(lane)) as ronda:
        with pytest.raises(QuestionRefused):
            asks_until(ronda, lambda: False)
        before = len(own.asked)
        with pytest.raises(QuestionRefused):
            ronda.check(CUI)
    assert len(own.asked) == before


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address on which connections are never taken in."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"localhost:{bound.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and says nothing: no connection to it ever stands."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"localhost:{listener.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["nobody", "silent"])
def test_a_lane_that_is_not_there_costs_nothing(
    serve_answers: ServeAnswers, request: pytest.FixtureRequest, kind: str
) -> None:
    own = Refusing()
    once = Patience(attempts=1, hedge_after=None)
    with Ronda(serve_answers(own), why=WHY, patience=once, lane=request.getfixturevalue(kind)) as ronda:
        for _ in range(50):
            ronda.check(CUI)
    assert len(own.asked) == 50


@pytest.mark.parametrize("kind", ["nobody", "silent"])
def test_a_lane_that_is_not_there_costs_nothing_awaited(
    serve_answers: ServeAnswers, request: pytest.FixtureRequest, kind: str
) -> None:
    own, address = Refusing(), request.getfixturevalue(kind)

    async def ask() -> None:
        once = Patience(attempts=1, hedge_after=None)
        async with AsyncRonda(serve_answers(own), why=WHY, patience=once, lane=address) as ronda:
            for _ in range(50):
                await ronda.check(CUI)

    asyncio.run(ask())
    assert len(own.asked) == 50


class Stuck:
    """A lane that takes every question and answers none until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = threading.Event()

    def __call__(self, _path: str, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        self.asked += 1
        self.let_go.wait(30)
        return ANSWER.SerializeToString()


@contextlib.contextmanager
def stuck() -> Iterator[Stuck]:
    lane = Stuck()
    try:
        yield lane
    finally:
        lane.let_go.set()


def test_a_stuck_lane_is_overtaken_and_left_alone(serve_answers: ServeAnswers) -> None:
    own = Refusing()
    with stuck() as lane:
        patience = Patience(hedge_after=0.05, deadline=30)
        with Ronda(serve_answers(own), why=WHY, patience=patience, lane=serve_answers(lane)) as ronda:
            asks_until(ronda, lambda: lane.asked)
            for _ in range(50):  # more than the budget has
                ronda.check(CUI)
        assert lane.asked == 1


def test_a_stuck_lane_is_overtaken_awaited(serve_answers: ServeAnswers) -> None:
    own = Refusing()

    async def ask(lane: Stuck) -> None:
        patience = Patience(hedge_after=0.05, deadline=30)
        async with AsyncRonda(serve_answers(own), why=WHY, patience=patience, lane=serve_answers(lane)) as ronda:
            await asks_until_awaited(ronda, lambda: lane.asked)
            for _ in range(50):
                await ronda.check(CUI)

    with stuck() as lane:
        asyncio.run(ask(lane))
        assert lane.asked == 1


def test_without_hedges_a_stuck_lane_costs_one_question(serve_answers: ServeAnswers) -> None:
    own = Refusing()
    with stuck() as lane:
        patience = Patience(hedge_after=None, deadline=0.5)
        with Ronda(serve_answers(own), why=WHY, patience=patience, lane=serve_answers(lane)) as ronda:
            with pytest.raises(TooLate):
                asks_until(ronda, lambda: False)
            for _ in range(5):
                ronda.check(CUI)
        assert lane.asked == 1


def test_a_lane_that_restarts_is_asked_again(serve_answers: ServeAnswers) -> None:
    """Its connection ends while nothing is asked; what is asked meanwhile goes to the server's own address."""
    own, lane = Telling(""), Telling("")
    with (
        LateRoad(serve_answers(lane).replace("localhost", "127.0.0.1"), frozenset()) as road,
        Ronda(serve_answers(own), why=WHY, patience=Patience(attempts=1), lane=road.address) as ronda,
    ):
        asks_until(ronda, lambda: lane.asked)
        for cut in range(3):
            road.cut()
            _asked_again(ronda, road, cut + 1, lane)


def _asked_again(ronda: Ronda, road: LateRoad, connections: int, lane: Telling) -> None:
    """Over another connection than those."""
    asked = len(lane.asked)
    until(lambda: ronda.check(CUI) and road.connections > connections and len(lane.asked) > asked)


@pytest.fixture
def lane_road(trusted: TrustedServer) -> Iterator[LateRoad]:
    """Yields a lane, as far as a client can tell: the same server by another address; its answers can be held."""
    with LateRoad(trusted.server.address, frozenset({0})) as road:
        yield road


def test_a_connection_that_breaks_under_a_question_counts_it_once(
    trusted: TrustedServer, patrol: Identity, lane_road: LateRoad
) -> None:
    patience = Patience(hedge_after=None, deadline=60)
    with Ronda(trusted.address, patrol, why=WHY, patience=patience, lane=lane_road.address) as ronda:
        asks_until(ronda, lambda: ronda.lane)
        lane_road.hold()
        asked = threading.Thread(target=ronda.check, args=(CUI,))
        taken = trusted.newest()[0].place
        asked.start()
        until(lambda: trusted.newest()[0].place != taken)  # the server answered, and nobody hears it
        lane_road.cut()
        asked.join()
    newest = until(lambda: _two_looks(trusted))
    assert [bool(record.flags & Flag.RETRY) for record in newest] == [True, False]


def test_a_late_lane_is_overtaken_and_counts_once(
    trusted: TrustedServer, patrol: Identity, lane_road: LateRoad
) -> None:
    patience = Patience(hedge_after=0.05, deadline=60)
    with Ronda(trusted.address, patrol, why=WHY, patience=patience, lane=lane_road.address) as ronda:
        asks_until(ronda, lambda: ronda.lane)
        lane_road.hold()
        assert ronda.check(CUI).answer.answer_id
    lane_road.let_go()
    newest = until(lambda: _two_looks(trusted))
    assert [bool(record.flags & Flag.RETRY) for record in newest] == [True, False]


def test_a_closed_client_asks_nobody(serve_answers: ServeAnswers) -> None:
    own, lane = Telling(""), Telling("")
    with Ronda(serve_answers(own), why=WHY, patience=QUICK, lane=serve_answers(lane)) as ronda:
        asks_until(ronda, lambda: lane.asked)
    before = len(own.asked) + len(lane.asked)
    with pytest.raises(Unavailable):
        ronda.check(CUI)
    assert len(own.asked) + len(lane.asked) == before


def test_nothing_of_the_question_is_in_a_failure_over_the_lane(serve_answers: ServeAnswers) -> None:
    """As tests/client/test_nothing_personal.py has it for the server's own address."""

    def repeats(_path: str, _request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.INTERNAL, f"no {CUI}")
        raise AssertionError

    with (
        Ronda(serve_answers(repeats), why=WHY, patience=QUICK, lane=serve_answers(repeats)) as ronda,
        pytest.raises(CallFailure) as raised,
    ):
        for _ in range(50):
            with contextlib.suppress(CallFailure):
                ronda.check(CUI)
        ronda.check(CUI)
    assert CUI not in str(raised.value)
