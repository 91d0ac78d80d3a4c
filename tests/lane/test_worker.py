"""The lane as a part of its worker: what it leaves to threads and to the disk, switches, and what the scrape tells."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import check_service_pb2
from server.calls.unary import LANE_TOLD_BY
from tests.core.engine.engine_kit import person
from tests.core.engine.test_put_off import COMMON, NAMESAKES
from tests.core.generation.generation_kit import build, entity
from tests.kit.nation_kit import BuiltNation
from tests.lane.lane_kit import lane_address, outcome
from tests.server.load import Load
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, until

CHECK, CHECK_PERSON = "ronda.v1.CheckService/Check", "ronda.v1.CheckService/CheckPerson"


@pytest.fixture
def published(small_nation: BuiltNation, tmp_path: Path) -> Published:
    """An empty data directory for copies of the small nation."""
    data = tmp_path / "data"
    (data / "generations").mkdir(parents=True)
    return Published(data, small_nation.generation_directory)


@pytest.fixture
def start_lane(published: Published, tmp_path: Path) -> Any:
    """Starts servers in development mode with a lane; each is stopped at the end."""
    started: list[RunningServer] = []

    def start(data: Path = published.data, **settings: object) -> RunningServer:
        log = tmp_path / f"server-{len(started)}.log"
        started.append(RunningServer(data, log, **{"workers": 1, "lane_listen": "127.0.0.1:0", **settings}))
        return started[-1].wait_ready()

    yield start
    for server in started:
        assert server.stop() == 0
        assert not server.events("lane_ended")
        assert not server.events("lane_not_drained")


def channel_to(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])


@pytest.fixture
def namesakes(tmp_path: Path) -> Published:
    """A generation in which one name takes longer than a quick search may."""
    directory = tmp_path / "generation"
    people = [person(n, f"{n:013d}", COMMON) for n in range(NAMESAKES)]
    build(directory, [entity(n) for n in range(NAMESAKES)], people, batch_rows=1_000)
    data = tmp_path / "namesakes"
    (data / "generations").mkdir(parents=True)
    return Published(data, directory)


def test_a_name_that_takes_long_waits_in_a_thread(namesakes: Published, start_lane: Any) -> None:
    namesakes.publish()
    server: RunningServer = start_lane(namesakes.data)
    request = check_service_pb2.CheckRequest(query=COMMON).SerializeToString()
    answers = []
    for address in (server.address, lane_address(server)):
        with channel_to(address) as channel:
            said = outcome(channel, CHECK, request)
            assert said.code == "OK", said
            answer = check_service_pb2.CheckResponse.FromString(said.response)
            answer.answer.ClearField("answer_id")
            answer.answer.ClearField("answered_at")
            answers.append(answer)
    assert answers[0] == answers[1]
    assert answers[1].candidates_total == NAMESAKES


def test_an_answer_may_wait_for_the_disk(published: Published, start_lane: Any) -> None:
    published.publish()
    server: RunningServer = start_lane(audit_durability="answer-after-fsync")
    with channel_to(lane_address(server)) as channel:
        ask: Any = channel.unary_unary(f"/{CHECK_PERSON}", None, None)
        calls = [ask.future(QUESTION, timeout=20) for _ in range(50)]
        assert all(check_service_pb2.CheckPersonResponse.FromString(call.result()).answer.answer_id for call in calls)


class LaneLoad(Load):
    """Asks over the lane."""

    def __init__(self, server: RunningServer, request: bytes, callers: int) -> None:
        super().__init__(server, request, callers)
        self._server = _OverLane(server)  # type: ignore[assignment]


class _OverLane:
    def __init__(self, server: RunningServer) -> None:
        self._address = lane_address(server)

    def channel(self) -> grpc.Channel:
        return channel_to(self._address)


def test_switches_under_load_fail_no_call(published: Published, start_lane: Any) -> None:
    wanted = [published.publish()]
    server: RunningServer = start_lane()
    with LaneLoad(server, QUESTION, 4) as load:
        for _ in range(3):
            until(lambda: all(caller.generations[-1:] == wanted[-1:] for caller in load.callers))
            wanted.append(published.publish())
        until(lambda: all(caller.generations[-1:] == wanted[-1:] for caller in load.callers))
    assert load.failures == []
    assert all(caller.generations == wanted for caller in load.callers)


def test_the_scrape_adds_both_transports_up(published: Published, start_lane: Any) -> None:
    published.publish()
    server: RunningServer = start_lane()
    for address, count in ((server.address, 2), (lane_address(server), 5)):
        with channel_to(address) as channel:
            assert {outcome(channel, CHECK_PERSON, QUESTION).code for _ in range(count)} == {"OK"}

    def scraped(pattern: str) -> float:
        found = re.search(pattern + r" (\S+)$", server.metrics(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    until(lambda: scraped(r'^ronda_calls_total\{method="CheckPerson",status="OK"\}') == 7)
    assert scraped(r'^ronda_call_seconds_count\{method="CheckPerson"\}') == 7
    assert scraped(r'^ronda_lane_total\{what="accepted"\}') >= 1


def test_grpcio_tells_of_the_lane(published: Published, start_lane: Any) -> None:
    published.publish()
    server: RunningServer = start_lane()
    with channel_to(server.address) as channel:
        ask: Any = channel.unary_unary(f"/{CHECK_PERSON}", None, None)
        _, call = ask.with_call(QUESTION, timeout=20)
    told = dict(call.trailing_metadata())[LANE_TOLD_BY]
    assert lane_address(server).endswith(f":{told}")


def test_a_worker_that_is_killed_is_replaced_lane_and_all(published: Published, start_lane: Any) -> None:
    published.publish()
    server: RunningServer = start_lane()
    address = lane_address(server)
    (before,) = server.worker_pids()

    os.kill(before, signal.SIGKILL)

    def answered() -> bool:
        with channel_to(address) as channel:
            return outcome(channel, CHECK_PERSON, QUESTION, wait_for_ready=True).code == "OK"

    until(answered)
    assert server.worker_pids() != [before]
