"""Requests that come again: over a restart, under a new id, from callers who gave up; nothing is counted twice."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from clients.car.no_answer import told_sign_in
from clients.client.failures import CallFailure, OutcomeUnknown
from clients.client.identity import Identity
from clients.client.sign_in import OfficerSignIn
from ronda.v1 import token_service_pb2 as contract
from server.audit.issuer_acts import IssuerAct
from server.errors import Refusal
from server.issuer.forms import Kind
from server.issuer.hashing import Hashing
from tests.client.late_road import LateRoad
from tests.issuer.issuer_kit import NIP, NUMBER, PASSWORD, PIN, RunningIssuer, at_work, fresh
from tests.issuer.test_turns import scraped
from tests.server.running_server import Failure, until
from tests.trust.trust_kit import TrustKit

WRONG, NEW, PROVISIONAL = "918273", "284617", "a provisional one"
FAILURES = 3  # lock a number


@pytest.fixture
def own(kit: TrustKit, request: pytest.FixtureRequest) -> Iterator[RunningIssuer]:
    """An issuer of this test's own, with a short patience for wrong PINs."""
    police = kit.directory / "institutions" / "pnc"
    running = RunningIssuer(kit.directory / request.node.name[:40], police, number_failures=FAILURES)
    running.enrol()
    yield running
    running.stop()


def killed(issuer: RunningIssuer) -> None:
    """kill -9, and the next start: nothing in memory is left."""
    issuer.stop(signal.SIGKILL)
    issuer.start()


def change(issuer: RunningIssuer, present: str, wanted: str, request_id: str) -> contract.ChangePinResponse:
    """By the gateway."""
    request = contract.ChangePinRequest(request_id=request_id, telephone=NUMBER, present=present, wanted=wanted)
    answer = issuer.stub(issuer.gateway).ChangePin(request, timeout=20)
    assert isinstance(answer, contract.ChangePinResponse)
    return answer


def test_a_change_that_comes_again_is_answered_and_never_a_wrong_pin(own: RunningIssuer) -> None:
    """By the gateway after a kill, under the same id; and by the officer, who sends another message."""
    message = fresh()
    first = change(own, PIN, NEW, message)
    killed(own)
    assert change(own, PIN, NEW, message) == first
    for _ in range(FAILURES + 1):
        assert change(own, PIN, NEW, fresh()) == first
    assert own.exchange(pin=NEW).officer_token
    with pytest.raises(grpc.RpcError) as caught:  # another new one for the former PIN is an attempt like any other
        change(own, PIN, "624813", fresh())
    assert Failure(caught.value).reason == "SIGN_IN_REFUSED"


def test_a_clerks_pin_ends_what_may_be_repeated(own: RunningIssuer) -> None:
    change(own, PIN, NEW, fresh())
    with at_work(own.directory) as works:
        works.reset(NIP, Kind.PIN, NEW)
    with pytest.raises(grpc.RpcError) as caught:
        change(own, PIN, NEW, fresh())
    assert Failure(caught.value).reason == "SIGN_IN_REFUSED"


def test_a_password_is_changed_once_too(own: RunningIssuer) -> None:
    with at_work(own.directory) as works:
        works.reset(NIP, Kind.PASSWORD, PROVISIONAL)
    for number in range(FAILURES + 1):
        request = contract.ChangePinRequest(request_id=fresh(), nip=NIP, present=PROVISIONAL, wanted=PASSWORD)
        assert own.stub(own.device).ChangePin(request, timeout=20).expires_at.seconds, number
    login = contract.LoginRequest(request_id=fresh(), nip=NIP, password=PASSWORD)
    assert own.stub(own.device).Login(login, timeout=20).officer_token


def test_a_device_whose_answer_was_lost_asks_again(own: RunningIssuer, tmp_path: Path) -> None:
    """The change was carried out, and the connection broke before the answer."""
    with at_work(own.directory) as works:
        works.reset(NIP, Kind.PASSWORD, PROVISIONAL)
    own.device.write(tmp_path / "patrol.pem", tmp_path / "patrol.key")
    shutil.copy(own.directory / "server-ca.pem", tmp_path / "issuer-ca.pem")
    with LateRoad(own.address) as road, OfficerSignIn(road.address, tmp_path / "patrol") as device:
        with pytest.raises(CallFailure, match="must be changed"):
            device.login(NIP, PROVISIONAL)
        before = sum(each.method == IssuerAct.CHANGE_PIN for each in own.records(20))
        road.hold()
        with ThreadPoolExecutor(1) as threads:
            changing = threads.submit(device.change_password, NIP, PROVISIONAL, PASSWORD)
            until(lambda: sum(each.method == IssuerAct.CHANGE_PIN for each in own.records(20)) > before)
            road.cut()
            road.let_go()
            changing.result(60)
        assert device.login(NIP, PASSWORD).text


def test_a_change_without_any_answer_is_told_as_unknown() -> None:
    said = told_sign_in(OutcomeUnknown("DEADLINE_EXCEEDED", "", ""), "localhost:1", Identity.beside(Path("patrol")))
    assert said == "No se sabe si la contraseña cambió: repita el mismo cambio, o entre con la nueva."


def test_a_wrong_pin_is_counted_once_however_often_the_issuer_is_killed(own: RunningIssuer) -> None:
    message = fresh()
    for _ in range(FAILURES + 1):
        assert own.refused(request_id=message, pin=WRONG).reason == "SIGN_IN_REFUSED"
        killed(own)
    assert own.exchange().officer_token  # not locked
    for number in range(FAILURES):  # under one id, another PIN each: every one counts
        refused = own.refused(request_id=message, pin=f"9182{number}3")
        assert refused.reason in ("SIGN_IN_REFUSED", "FIELD_INVALID")
        killed(own)
    assert own.refused().reason == "LIMIT_EXCEEDED"


@pytest.fixture
def slow(kit: TrustKit) -> Iterator[RunningIssuer]:
    """One thread, and costly hashes."""
    police = kit.directory / "institutions" / "pnc"
    costly = {"scrypt_threads": 1, "scrypt_log_n": 16, "metrics": "127.0.0.1:0"}
    running = RunningIssuer(kit.directory / "slow", police, **costly)
    yield running
    running.stop()


def counted(issuer: RunningIssuer, name: str) -> int:
    """A counter of the issuer without labels."""
    found = re.search(rf"^{name}_total ([0-9.]+)$", scraped(issuer), re.M)
    assert found
    return int(float(found[1]))


def test_nothing_is_hashed_for_callers_who_gave_up(slow: RunningIssuer) -> None:
    """Forty officers at once who wait for a moment: the forty-first is answered, and waits for none of them."""

    def give_up(number: int) -> Failure:
        request = contract.ExchangeRequest(request_id=fresh(), telephone=f"+502555{number:05}", pin=WRONG)
        try:
            slow.stub(slow.gateway).Exchange(request, timeout=0.5)
        except grpc.RpcError as error:
            return Failure(error)
        raise AssertionError("an answer")

    slow.enrol()
    before = counted(slow, "ronda_issuer_hashes")
    with ThreadPoolExecutor(40) as threads:
        codes = {each.code.name for each in threads.map(give_up, range(40))}
    assert codes <= {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED"}
    assert slow.exchange().officer_token
    assert counted(slow, "ronda_issuer_hashes") - before < 40


def test_what_cannot_be_hashed_in_time_is_refused_at_once_and_told_when_to_come_back() -> None:
    async def run() -> None:
        hashing = Hashing(1)
        async with hashing.turn("gateway", 64, seconds=0.001):  # nobody waits: it is never refused
            await hashing.run(lambda: asyncio.run(asyncio.sleep(0.2)))
            with pytest.raises(Refusal, match="OVERLOADED") as caught:
                async with hashing.turn("another", 64, seconds=0.3):
                    pass
            retry_ms = caught.value.retry_after_ms
            assert retry_ms is not None and 0 < retry_ms < 1000
            patient = asyncio.create_task(hashing.turn("another", 64, seconds=60).__aenter__())
            await asyncio.sleep(0)
            assert hashing.waiting == 1
        await patient
        hashing.close()

    asyncio.run(run())
