"""A client with no answer, a late one, half of one, or one from somebody else."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2

from clients.client.asynchronous import AsyncRonda
from clients.client.attempts import Patience
from clients.client.blocking import Ronda
from clients.client.diagnosis import Trouble
from clients.client.failures import Busy, HalfAnAnswer, QuestionRefused, TooLate, Unavailable
from clients.client.identity import Identity
from core.audit.reader import Flag
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.clearance_service_pb2 import ClearanceReason, ClearanceResult, ClearRequest, ClearResponse
from server.trust.issuing import Pair, server_certificate
from tests.car.lossy_link import LossyLink
from tests.client.conftest import ServeAnswers
from tests.client.enrolled import Enrolled
from tests.client.late_road import LateRoad
from tests.kit.strangers import Stranger, listening
from tests.server.requests import CUI
from tests.server.running_server import RunningServer, until
from tests.trust.conftest import TrustedServer

ANSWER = contract.CheckResponse()
ANSWER.answer.generation_id = "20261124T160351Z-00000000"
ANSWER.answer.answer_id = "one"
QUICK = Patience(first_pause=0.001, hedge_after=None)


def refuse(context: grpc.ServicerContext, reason: str, code: grpc.StatusCode, *, seconds: float | None = None) -> None:
    """As the server does."""
    status = status_pb2.Status(code=code.value[0], message=reason)
    retryable = "true" if seconds is not None else "false"
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=reason, domain="ronda.v1", metadata={"retryable": retryable})
    ]
    if seconds is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(seconds * 1000))
        details.append(retry)
    for detail in details:
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, reason)


class Refusing:
    """Refuses as many first calls as asked, then answers; keeps the questions."""

    def __init__(self, *refusals: Callable[[grpc.ServicerContext], None]) -> None:
        self._refusals = list(refusals)
        self.asked: list[bytes] = []

    def __call__(self, path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(request)
        if self._refusals:
            self._refusals.pop(0)(context)
        return ANSWER.SerializeToString()


def unavailable(context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNAVAILABLE, "stopping")


busy = partial(refuse, reason="OVERLOADED", code=grpc.StatusCode.RESOURCE_EXHAUSTED, seconds=0.01)
spent = partial(refuse, reason="LIMIT_EXCEEDED", code=grpc.StatusCode.RESOURCE_EXHAUSTED, seconds=3600)
too_large = partial(refuse, reason="MESSAGE_TOO_LARGE", code=grpc.StatusCode.RESOURCE_EXHAUSTED)


def test_what_may_succeed_is_asked_again_with_the_same_bytes(serve_answers: ServeAnswers) -> None:
    server = Refusing(unavailable, busy, unavailable)
    with Ronda(serve_answers(server), why="TRAFFIC_STOP", patience=QUICK) as ronda:
        assert ronda.check(CUI).answer.answer_id == "one"
    assert len(server.asked) == 4
    assert len(set(server.asked)) == 1


def test_what_may_succeed_is_asked_again_awaited(serve_answers: ServeAnswers) -> None:
    server = Refusing(unavailable, busy)

    async def ask() -> None:
        async with AsyncRonda(serve_answers(server), why="TRAFFIC_STOP", patience=QUICK) as ronda:
            assert (await ronda.check(CUI)).answer.answer_id == "one"

    asyncio.run(ask())
    assert len(server.asked) == 3
    assert len(set(server.asked)) == 1


@pytest.mark.parametrize("refusal", [spent, too_large])
def test_what_cannot_succeed_in_time_is_asked_once(serve_answers: ServeAnswers, refusal: Any) -> None:
    server = Refusing(refusal, refusal)
    with Ronda(serve_answers(server), why="TRAFFIC_STOP", patience=QUICK) as ronda, pytest.raises(Busy) as refused:
        ronda.check(CUI)
    assert len(server.asked) == 1
    assert refused.value.retryable is (refusal is spent)


def test_a_server_that_is_down_is_not_held_down(serve_answers: ServeAnswers) -> None:
    server = Refusing(*[unavailable] * 1000)
    with Ronda(serve_answers(server), why="TRAFFIC_STOP", patience=QUICK) as ronda:
        for _ in range(50):
            with pytest.raises(Unavailable):
                ronda.check(CUI)
    assert len(server.asked) == 50 + 20, "a burst of twenty more, and then one attempt a question"


def test_a_server_that_restarts(trusted: TrustedServer, patrol: Identity) -> None:
    patience = Patience(deadline=60, attempts=1000)
    settings = {"workers": 1, **trusted.kit.settings, "audit": trusted.data.with_name("other-audit")}
    first = RunningServer(trusted.data, trusted.data.with_name("first.log"), **settings).wait_ready()
    port = first.address.rpartition(":")[2]
    again = None
    try:
        with Ronda(f"localhost:{port}", patrol, why="TRAFFIC_STOP", patience=patience) as ronda:
            before = ronda.check(CUI)
            first.stop()
            again = RunningServer(
                trusted.data, trusted.data.with_name("again.log"), **settings, listen=f"127.0.0.1:{port}"
            )
            after = ronda.check(CUI)
        assert after.answer.generation_id == before.answer.generation_id
    finally:
        first.stop()
        if again is not None:
            again.stop()


def test_a_late_answer_is_overtaken_and_counts_once(
    trusted: TrustedServer, patrol: Identity, late_road: LateRoad
) -> None:
    patience = Patience(hedge_after=0.05, deadline=60)
    with Ronda(late_road.address, patrol, why="TRAFFIC_STOP", patience=patience) as ronda:
        ronda.generation()  # over the first connection, which then is slow
        late_road.hold()
        assert ronda.check(CUI).answer.answer_id
        assert late_road.connections == 2
    late_road.let_go()
    newest = until(lambda: _two_looks(trusted))
    assert [bool(record.flags & Flag.RETRY) for record in newest] == [True, False]


def test_a_late_answer_is_overtaken_awaited(trusted: TrustedServer, patrol: Identity, late_road: LateRoad) -> None:
    async def ask() -> None:
        patience = Patience(hedge_after=0.05, deadline=60)
        async with AsyncRonda(late_road.address, patrol, why="TRAFFIC_STOP", patience=patience) as ronda:
            await ronda.generation()
            late_road.hold()
            assert (await ronda.check(CUI)).answer.answer_id

    asyncio.run(ask())
    late_road.let_go()
    assert [bool(record.flags & Flag.RETRY) for record in until(lambda: _two_looks(trusted))] == [True, False]


def _two_looks(trusted: TrustedServer) -> list[Any]:
    """The two newest records, once they are of one question."""
    newest = trusted.newest(2)
    return newest if len({record.request_id for record in newest}) == 1 else []


def test_the_deadline_holds_for_both(patrol: Identity, late_road: LateRoad) -> None:
    late_road.held = frozenset({0, 1})
    with Ronda(late_road.address, patrol, why="TRAFFIC_STOP", patience=Patience(hedge_after=0.05)) as ronda:
        ronda.generation()
        late_road.hold()
        with pytest.raises(TooLate):
            ronda.check(CUI, deadline=0.5)


def test_half_an_answer_is_none(serve_answers: ServeAnswers, trusted: TrustedServer, patrol: Identity) -> None:
    whole = ANSWER.SerializeToString()
    for cut in (b"", whole[:-2], b"<html>"):
        with (
            Ronda(serve_answers(lambda *_, cut=cut: cut), why="TRAFFIC_STOP", patience=QUICK) as ronda,
            pytest.raises(HalfAnAnswer),
        ):
            ronda.check(CUI)


def test_a_connection_that_is_cut_is_begun_again(patrol: Identity, late_road: LateRoad) -> None:
    with Ronda(late_road.address, patrol, why="TRAFFIC_STOP", patience=Patience(deadline=30)) as ronda:
        assert ronda.check(CUI).answer.answer_id
        late_road.cut()
        assert ronda.check(CUI).answer.answer_id


Certified = Callable[..., tuple[Identity, Pair]]


def _from(days: float, ca: Pair, hosts: tuple[str, ...]) -> Pair:
    """A server's certificate of one day which began, or begins, so many days from now."""
    from cryptography import x509

    from server.trust.issuing import issue

    names = [x509.DNSName(host) for host in hosts]
    starts = datetime.now(UTC) + timedelta(days=days)
    return issue(ca, hosts[0], names, days=1, server=True, starts=starts)


@pytest.mark.parametrize(
    ("hosts", "signed", "trouble"),
    [
        (("localhost",), partial(_from, -3), Trouble.CERTIFICATE_OUT_OF_DATE),
        (("localhost",), partial(_from, 1), Trouble.CERTIFICATE_OUT_OF_DATE),  # our clock is a day behind
        (("ronda.example",), server_certificate, Trouble.CERTIFICATE_OF_ANOTHER_NAME),
    ],
)
def test_a_certificate_that_does_not_hold(
    serve_answers: ServeAnswers, certified: Certified, hosts: Any, signed: Any, trouble: Trouble
) -> None:
    server = Refusing()
    identity, pair = certified(hosts, signed)
    with Ronda(serve_answers(server, pair), identity, why="TRAFFIC_STOP", patience=QUICK) as ronda:
        with pytest.raises(Unavailable):
            ronda.check(CUI, deadline=1)
        assert ronda.diagnose() is trouble
    assert server.asked == [], "nothing is asked of a server that is not known"


def test_a_server_of_another_authority(trusted: TrustedServer, certified: Certified) -> None:
    identity, _ = certified()
    with Ronda(trusted.address, identity, why="TRAFFIC_STOP", patience=QUICK) as ronda:
        with pytest.raises(Unavailable):
            ronda.check(CUI, deadline=1)
        assert ronda.diagnose() is Trouble.CERTIFICATE_OF_ANOTHER_CA


@pytest.mark.parametrize("kind", [Stranger.ECHO, Stranger.WEB, Stranger.HANGS_UP])
def test_another_program_is_no_server(certified: Certified, kind: Stranger) -> None:
    identity, _ = certified()
    with listening(kind) as address:
        for shown, trouble in ((identity, Trouble.SERVER_SPEAKS_PLAINTEXT), (None, Trouble.ANOTHER_PROGRAM)):
            with Ronda(address, shown, why="TRAFFIC_STOP", patience=QUICK) as ronda:
                with pytest.raises(Unavailable):
                    ronda.check(CUI, deadline=1)
                assert ronda.diagnose() is trouble


def test_an_answer_that_is_cut_off_on_its_way_is_asked_again(trusted: TrustedServer, patrol: Identity) -> None:
    patience = Patience(hedge_after=None)
    with (
        LossyLink(trusted.address) as link,
        Ronda(link.address, patrol, why="TRAFFIC_STOP", patience=patience) as ronda,
    ):
        assert ronda.check(CUI).answer.answer_id
        link.halves = 1
        assert ronda.check(CUI).answer.answer_id
        assert link.halves == 0
        link.halves = 1_000_000
        with pytest.raises(Unavailable):
            ronda.check(CUI, deadline=2)


def test_nobody_listens_and_a_closed_client() -> None:
    with Ronda("127.0.0.1:9", why="TRAFFIC_STOP", patience=QUICK) as ronda:
        with pytest.raises(Unavailable):
            ronda.check(CUI, deadline=1)
        assert ronda.diagnose() is Trouble.NOT_REACHED
    with pytest.raises(Unavailable) as refused:
        ronda.check(CUI)
    assert not refused.value.retryable


def test_a_clearance_goes_on_over_cut_connections(trusted: TrustedServer, late_road: LateRoad) -> None:
    clerk = Enrolled(trusted, "clerk-2", "clearance", "digecam")
    rows = [CUI if number % 2 else "8750313310502" for number in range(20_000)]
    with Ronda(late_road.address, clerk.identity, why="CLEARANCE", patience=Patience(first_pause=0.01)) as ronda:
        results = []
        for number, one in enumerate(ronda.clear(rows, "WANTED")):
            if number in (3_000, 9_500, 15_001):
                late_road.cut()
            results.append(one)
    assert [one.row.cui for one in results] == rows
    assert len({one.generation_id for one in results}) == 1
    assert {one.result for one in results[1::2]} != {one.result for one in results[::2]}


class Clearing:
    """Answers batches, as `broken` changes them."""

    def __init__(self, broken: Callable[[int, ClearResponse], None]) -> None:
        self._broken = broken
        self._count = itertools.count()

    def __call__(self, path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        batch = ClearRequest.FromString(request)
        if not batch.row_ids:  # the first message has no answer
            return b""
        answer = ClearResponse(generation_id="g", answer_id="a", row_ids=batch.row_ids)
        answer.results.extend([ClearanceResult.CLEARANCE_RESULT_NO_RECORD] * len(batch.row_ids))
        answer.reasons.extend([ClearanceReason.CLEARANCE_REASON_NOTHING_ON_FILE] * len(batch.row_ids))
        self._broken(next(self._count), answer)
        return answer.SerializeToString()


@pytest.mark.parametrize(
    "broken",
    [
        lambda number, answer: answer.row_ids.reverse(),
        lambda number, answer: answer.results.pop(),
        lambda number, answer: answer.ClearField("generation_id"),
        lambda number, answer: setattr(answer, "generation_id", f"g{number}"),
    ],
)
def test_a_batch_that_does_not_come_back_whole_is_no_answer(serve_answers: ServeAnswers, broken: Any) -> None:
    with (
        Ronda(serve_answers(Clearing(broken)), why="CLEARANCE", patience=QUICK) as ronda,
        pytest.raises(HalfAnAnswer),
    ):
        list(ronda.clear([CUI] * 3_000, "WANTED"))


def test_rows_that_cannot_be_read_end_the_run_as_they_are(serve_answers: ServeAnswers) -> None:
    def rows() -> Any:
        yield CUI
        raise KeyError("the caller's own")

    with (
        Ronda(serve_answers(Clearing(lambda *_: None)), why="CLEARANCE", patience=QUICK) as ronda,
        pytest.raises(KeyError),
    ):
        list(ronda.clear(rows(), "WANTED"))


def test_a_question_that_is_none(serve_answers: ServeAnswers) -> None:
    with Ronda(serve_answers(Refusing())) as ronda:
        with pytest.raises(QuestionRefused):
            ronda.ask(ClearRequest())
        with pytest.raises(TypeError, match="query"):
            ronda.check(qury=CUI)  # type: ignore[call-arg]
