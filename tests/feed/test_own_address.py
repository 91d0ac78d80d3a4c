"""`feed_listen`: FeedService on an address of its own, by a process beside the workers."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import ValidationError

from ronda.v1 import check_service_pb2 as checks
from server.feed.part import PUSH
from server.processes.settings import ServerSettings
from tests.feed.feed_kit import SOURCES, Stream, cancel, feed_server, position, status, warrant
from tests.kit.field_world import SERVICE, STOP, Asker, FieldServer
from tests.server.running_server import Failure, RunningServer, until


@pytest.fixture
def field(tmp_path: Path) -> Iterator[FieldServer]:
    with feed_server(tmp_path, feed_listen="127.0.0.1:0") as running:
        yield running


def feed_address(server: RunningServer) -> str:
    return "localhost:" + str(server.events("ready")[0]["feed"]).rpartition(":")[2]


def at_feed(field: FieldServer, role: str = "oj/feed", purpose: int = SERVICE) -> Asker:
    return Asker(field.kit, feed_address(field.server), role, purpose)


def feeder(field: FieldServer) -> psutil.Process | None:
    """The process that answers those who feed."""
    for child in psutil.Process(field.server.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # one that ended is none
            if "server.processes.lone_worker" in child.cmdline():
                return child
    return None


def test_who_feeds_is_answered_there_and_at_the_workers_alike(field: FieldServer) -> None:
    asker = at_feed(field)
    stream = Stream(asker)
    assert stream.fates(warrant(1, "F-1"), cancel(2, "F-1")) == ["TAKEN", "TAKEN"]
    stream.close()
    elsewhere = field.asker("oj/feed", SERVICE)
    assert position(elsewhere).through == position(asker).through == 2
    again = Stream(elsewhere)
    assert again.fates(cancel(2, "F-1"), warrant(3, "F-2")) == ["KNOWN", "TAKEN"]
    again.close()
    logs = {each.segment.log for each in field.records() if each.method == PUSH.number}
    assert logs == {"worker-0", "worker-1"}, "who fed there is recorded as everybody is"


def test_nobody_else_is_answered_there(field: FieldServer) -> None:
    """Neither checks, nor who is no feeder, nor who shows no certificate."""
    patrol = at_feed(field, "pnc/patrol", STOP)
    with pytest.raises(grpc.RpcError) as raised:
        patrol.ask("CheckService", checks.CheckPersonRequest(cui=field.field.clean), checks.CheckPersonResponse)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(grpc.RpcError) as raised:
        Stream(patrol)
    assert Failure(raised.value).reason == "FORBIDDEN"
    with grpc.insecure_channel(feed_address(field.server)) as plain, pytest.raises(grpc.RpcError):
        health_pb2_grpc.HealthStub(plain).Check(health_pb2.HealthCheckRequest(), timeout=5)


def test_its_health_is_of_its_one_service(field: FieldServer) -> None:
    stub = health_pb2_grpc.HealthStub(at_feed(field).channel)
    listed = stub.List(health_pb2.HealthListRequest(), timeout=10).statuses
    assert {name: each.status for name, each in listed.items()} == dict.fromkeys(
        ["", "ronda.v1.FeedService"], health_pb2.HealthCheckResponse.SERVING
    )


def test_killed_it_is_there_again_and_nobody_takes_its_port(field: FieldServer, tmp_path: Path) -> None:
    before = feeder(field)
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: (now := feeder(field)) is not None and now.pid != before.pid)

    def answered() -> bool:
        try:
            return bool(status(at_feed(field)).positions)
        except grpc.RpcError:
            return False

    until(answered)
    assert field.patrol().ask(
        "CheckService", checks.CheckPersonRequest(cui=field.field.clean), checks.CheckPersonResponse
    ), "those who answer checks had no part in it"
    other = RunningServer(
        tmp_path,
        tmp_path / "other.log",
        feed_listen=feed_address(field.server).replace("localhost", "127.0.0.1"),
        feed_sources='{"a": {"institution": "oj", "registers": ["oj"]}}',
    )
    assert other.process.wait(30) == 78
    assert "feed_listen: " in (tmp_path / "other.log").read_text(encoding="utf-8")
    other.stop()


def test_it_is_no_worker_in_the_metrics_and_steps_aside(field: FieldServer) -> None:
    assert "ronda_workers_ready 1.0" in field.server.metrics()
    process = feeder(field)
    assert process is not None
    assert os.sched_getscheduler(process.pid) == os.SCHED_BATCH
    assert process.nice() == psutil.Process(field.server.process.pid).nice() + 5


def test_a_stop_ends_a_stream_that_is_open_there(field: FieldServer) -> None:
    stream = Stream(at_feed(field))
    assert stream.fates(warrant(1, "F-1")) == ["TAKEN"]
    assert field.server.stop() == 0
    with pytest.raises(grpc.RpcError) as raised:
        stream.send(warrant(2, "F-2"))
    assert raised.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


def test_an_address_for_nobody_is_refused() -> None:
    with pytest.raises(ValidationError, match="feed_listen: nobody feeds"):
        ServerSettings.model_validate({"feed_listen": "127.0.0.1:0"})
    with pytest.raises(ValidationError, match="feed_listen: in development mode only a loopback"):
        ServerSettings.model_validate({"feed_listen": "0.0.0.0:50061", "feed_sources": SOURCES})
