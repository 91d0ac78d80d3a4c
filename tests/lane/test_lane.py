"""The lane through its front door, beside grpcio: the same answers, refusals and records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2

from ronda.v1 import check_service_pb2, context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.lane.lane_kit import Outcome, both, lane_address, outcome
from tests.server.running_server import until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import question

CHECK_PERSON = "ronda.v1.CheckService/CheckPerson"
HEALTH_CHECK = "grpc.health.v1.Health/Check"


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    directory = Path(tmp_path_factory.mktemp("lane"))
    running = start_trusted(small_nation, directory, lane_listen="127.0.0.1:0")
    yield running
    running.server.stop()
    shutil.rmtree(running.data)


def same(pair: tuple[Outcome, Outcome]) -> Outcome:
    """Returns what both said, but for what is made anew for each answer."""
    reference, lane = pair
    assert (lane.code, lane.text, lane.initial, lane.trailing) == (
        reference.code, reference.text, reference.initial, reference.trailing,
    )  # fmt: skip
    assert _settled(lane.response) == _settled(reference.response)
    return lane


def _settled(response: bytes) -> check_service_pb2.CheckPersonResponse:
    message = check_service_pb2.CheckPersonResponse.FromString(response)
    message.answer.ClearField("answer_id")
    message.answer.ClearField("answered_at")
    return message


def test_a_check_is_answered_as_grpcio_answers_it(trusted: TrustedServer, small_nation: BuiltNation) -> None:
    client = trusted.kit.patrol()
    for who in ("clean", "wanted"):
        pair = both(trusted, client, CHECK_PERSON, question(cui=small_nation.cast["persons"][who]))
        assert same(pair).code == "OK"
        lane, reference = trusted.newest(2)
        assert (lane.status, lane.identity, lane.entries) == (0, reference.identity, reference.entries)


def test_a_caller_who_is_known_is_answered_without_python(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol("patrol-2", "10002")
    with trusted.kit.channel(lane_address(trusted.server), client) as channel:
        codes = {outcome(channel, CHECK_PERSON, question(), metadata=client.metadata).code for _ in range(20)}
    assert codes == {"OK"}
    until(lambda: 'ronda_calls_total{method="CheckPerson",status="OK"}' in trusted.server.metrics())


REFUSED: dict[str, tuple[bytes, tuple[tuple[str, str], ...] | None]] = {
    "no token": (question(), ()),
    "wrong token": (question(), (("authorization", "Bearer nonsense"),)),
    "two tokens": (question(), (("authorization", "Bearer a"), ("authorization", "Bearer b"))),
    "large metadata": (question(), (("authorization", "Bearer a"), ("x-more", "m" * 9000))),
    "nothing asked": (question(cui=""), None),
    "wrong digit": (question(cui="12"), None),
    "no purpose": (check_service_pb2.CheckPersonRequest(cui="1234567890101").SerializeToString(), None),
    "forbidden purpose": (question(context_pb2.PURPOSE_CLEARANCE), None),
    "no message": (b"\xff\xff\xff", None),
    "empty": (b"", None),
    "large message": (question(cui="1" * 20_000), None),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_refused_alike(trusted: TrustedServer, what: str) -> None:
    request, metadata = REFUSED[what]
    client = trusted.kit.patrol("patrol-3", "10003")
    said = same(
        both(trusted, client, CHECK_PERSON, request, metadata=client.metadata if metadata is None else metadata)
    )
    assert said.code != "OK"
    lane, reference = trusted.newest(2)
    assert (lane.status, lane.identity, lane.method) == (reference.status, reference.identity, reference.method)


@pytest.mark.parametrize("path", ["ronda.v1.CheckService/Nothing", "ronda.v1.CheckService/SearchPersons"])
def test_other_methods_are_unknown_to_the_lane(trusted: TrustedServer, path: str) -> None:
    client = trusted.kit.patrol()
    with trusted.kit.channel(lane_address(trusted.server), client) as channel:
        assert outcome(channel, path, b"", metadata=client.metadata).code == "UNIMPLEMENTED"
    assert same(both(trusted, client, "ronda.v1.CheckService/Nothing", b"")).code == "UNIMPLEMENTED"


@pytest.mark.parametrize("service", ["", "ronda.v1.CheckService", "no.such.Service"])
def test_health_is_told_alike(trusted: TrustedServer, service: str) -> None:
    request = health_pb2.HealthCheckRequest(service=service).SerializeToString()
    reference, lane = both(trusted, trusted.kit.patrol(), HEALTH_CHECK, request)
    assert lane == reference


def test_a_revoked_officer_is_refused_on_an_open_connection(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol("patrol-4", "10004")
    assert client.pair is not None
    with trusted.kit.channel(lane_address(trusted.server), client) as channel:
        assert outcome(channel, CHECK_PERSON, question(), metadata=client.metadata).code == "OK"
        _revoke(trusted, 'officers = ["pnc/10004"]\n')
        until(lambda: outcome(channel, CHECK_PERSON, question(), metadata=client.metadata).code == "UNAUTHENTICATED")


def _revoke(trusted: TrustedServer, text: str) -> None:
    path = trusted.kit.trust / "revoked.toml"
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)


def test_a_drain_loses_no_call(small_nation: BuiltNation, tmp_path: Path) -> None:
    running = start_trusted(small_nation, tmp_path, lane_listen="127.0.0.1:0")
    client = running.kit.patrol()
    try:
        with running.kit.channel(lane_address(running.server), client) as channel:
            assert outcome(channel, CHECK_PERSON, question(), metadata=client.metadata).code == "OK"
    finally:
        assert running.server.stop() == 0
    assert not running.server.events("lane_not_drained")
    assert running.server.events("worker_drained")
