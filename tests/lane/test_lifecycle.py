"""Ends, restarts and switches under load: a call that was answered reached its caller, and the others were refused.

What was answered stands in the audit log under the request id that its caller chose, so a lost call is known by name.
"""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.attack.http2 import DATA, END_STREAM, frame
from clients.client.attempts import Patience
from clients.client.blocking import Ronda
from clients.client.identity import Identity
from core.audit.reader import Flag
from tests.kit.nation_kit import BuiltNation
from tests.kit.ports import free_port
from tests.lane.bare import Bare, bare, fields_of, prefixed, tls_context, tls_to, written
from tests.lane.laned import CHECK_PERSON, Laned, laned_at_home, patrols_without_end, start_laned
from tests.lane.load import Load
from tests.lane.test_wire import OK
from tests.server.requests import CUI
from tests.server.running_server import RunningServer, call, until
from tests.server.test_observed import samples_of
from tests.trust.trust_kit import question

PASSING = {"UNAVAILABLE", "CANCELLED"}
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def running(small_nation: BuiltNation, tmp_path: Path) -> Iterator[Laned]:
    """Two workers; a test may end them."""
    started = start_laned(small_nation, tmp_path, patrols_without_end, workers=2)
    yield started
    started.server.stop()
    assert started.server.events("internal_error") == []


def recorded(laned: Laned) -> set[str]:
    """Request ids that the log says were answered."""
    return {each.request_id for each in laned.all_records() if each.status == 0 and not each.flags & Flag.RETRY}


def test_a_drain_loses_no_call(running: Laned) -> None:
    client = running.kit.patrol("patrol-40", "10040")
    with Load(running, client, 6) as load:
        until(lambda: load.warm)
        running.server.process.send_signal(signal.SIGTERM)
        assert running.server.process.wait(60) == 0
    assert recorded(running) == load.answered
    assert load.refused, "they went on asking a server that was gone"
    assert set(load.refused.values()) <= PASSING


def test_a_restart_at_the_same_addresses(running: Laned) -> None:
    """One server takes the other's place at the same addresses: the client that asked the first asks the second."""
    client = running.kit.patrol("patrol-41", "10041")
    patience = Patience(deadline=60, attempts=200, first_pause=0.05, longest_pause=0.2)
    prefix = running.kit.directory / "patrol"
    with Ronda(
        running.address, Identity.beside(prefix), why="TRAFFIC_STOP", patience=patience, lane=running.lane
    ) as ronda:
        until(lambda: ronda.check(CUI).answer.answer_id and ronda.lane)
        with bare(running, client) as left:  # the server closes first: its end of it stays in TIME_WAIT
            left.call(1, fields_of(CHECK_PERSON), prefixed(question()))
            assert left.ended(1)["grpc-status"] == "16"
            running.server.process.send_signal(signal.SIGTERM)
            assert left.hear(lambda: left.closed, 30)
        again = None
        try:
            assert running.server.process.wait(60) == 0
            lane = running.lane.replace("localhost", "127.0.0.1")
            settings: dict[str, Any] = {"workers": 2, "lane_listen": lane, **running.kit.settings}
            listen = running.address.replace("localhost", "127.0.0.1")
            again = RunningServer(running.data, running.data.with_name("again.log"), listen=listen, **settings)
            again.wait_ready()
            assert ronda.check(CUI).answer.answer_id
            until(lambda: ronda.check(CUI).answer.answer_id and ronda.lane)
            with running.channel(running.lane, client) as channel:
                assert call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
        finally:
            if again is not None:
                again.stop()


def test_health_goes_first_and_streams_end(running: Laned) -> None:
    client = running.kit.patrol("patrol-42", "10042")
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in client.metadata])
    with running.channel(running.lane, client) as channel, bare(running, client) as held:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status == SERVING
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="ronda.v1.CheckService"), timeout=60)
        assert next(watch).status == SERVING
        held.call(1, fields, prefixed(question())[:7], end=False)  # one that is under way
        running.server.process.send_signal(signal.SIGTERM)
        assert next(watch).status == NOT_SERVING
        assert held.hear(lambda: bool(held.goaway))
        assert held.goaway[0][0] == 0x7FFFFFFF, "first that the end is near, then which call was the last"
        held.send(frame(DATA, END_STREAM, 1, prefixed(question())[7:]))
        assert held.ended(1)["grpc-status"] in (OK, "14")
        assert held.hear(lambda: held.closed, 30)
    stopping = time.monotonic()
    assert running.server.stop() == 0
    assert time.monotonic() - stopping < 15


def test_a_new_generation_costs_no_call(running: Laned) -> None:
    client = running.kit.patrol("patrol-43", "10043")
    with Load(running, client, 4) as load:
        until(lambda: load.warm)
        for _ in range(5):
            newer = running.published.publish()
            until(lambda newer=newer: all(newer in caller.generations for caller in load.callers))
    assert load.refused == {}
    assert all(len(caller.generations) == 6 for caller in load.callers)
    assert all(caller.generations == sorted(caller.generations) for caller in load.callers)


def test_a_killed_worker_costs_its_connections_only(running: Laned) -> None:
    client = running.kit.patrol("patrol-44", "10044")
    before = running.server.worker_pids()
    with Load(running, client, 12) as load:
        until(lambda: load.warm)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: running.server.events("worker_died") and len(running.server.events("worker_ready")) == 3)
        back = time.monotonic()
        until(lambda: all(caller.answered_at > back for caller in load.callers))
    assert any(not caller.refused for caller in load.callers), "the other worker's lost nothing"
    assert set(load.refused.values()) <= {"UNAVAILABLE"}
    assert len(recorded(running) & set(load.refused)) <= len(load.refused), "answered, and the answer was on its way"
    assert load.answered <= recorded(running)


def test_a_worker_resumes_the_sessions_of_another(running: Laned) -> None:
    """Two workers live and one was killed: by which worker a car comes back is chance."""
    client = running.kit.patrol("patrol-46", "10046")
    context = tls_context(running.kit.directory, written(running.kit.directory, client, "resuming"))
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in client.metadata])

    def comes(session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
        tls = tls_to(running.lane, context, session)
        with Bare(tls) as connection:
            connection.call(1, fields, prefixed(question()))
            assert connection.ended(1)["grpc-status"] == OK
            return bool(tls.session_reused), tls.session

    _, session = comes(None)
    assert all(comes(session)[0] for _ in range(16))
    for number, worker in enumerate(running.server.worker_pids(), 3):
        os.kill(worker, signal.SIGKILL)
        until(lambda number=number: len(running.server.events("worker_ready")) == number)
    assert all(comes(session)[0] for _ in range(16))


def test_the_client_goes_on_over_kills(running: Laned) -> None:
    """With the library as it is: no question fails, and each counts once."""
    prefix = running.kit.directory / "patrol"
    with Ronda(running.address, Identity.beside(prefix), why="TRAFFIC_STOP", lane=running.lane) as ronda:
        for _ in range(3):
            until(lambda: ronda.check(CUI).answer.answer_id)
            ready = len(running.server.events("worker_ready"))
            os.kill(running.server.worker_pids()[0], signal.SIGKILL)
            for _ in range(30):
                assert ronda.check(CUI).answer.answer_id
            until(lambda ready=ready: len(running.server.events("worker_ready")) > ready)
    counted = [each.request_id for each in running.all_records() if not each.flags & Flag.RETRY]
    assert len(counted) == len(set(counted))


def test_a_taken_address_is_refused(small_nation: BuiltNation, tmp_path: Path) -> None:
    with laned_at_home(small_nation.data, tmp_path / "one.log") as first:
        for lane in (first.lane, first.server.address):
            second = RunningServer(small_nation.data, tmp_path / "two.log", lane_listen=lane)
            assert second.process.wait(30) == 78
            assert f"lane_listen: {lane}" in second.log_path.read_text(encoding="utf-8").splitlines()[-1]
    with_same = f"127.0.0.1:{free_port()}"
    third = RunningServer(small_nation.data, tmp_path / "three.log", listen=with_same, lane_listen=with_same)
    assert third.process.wait(30) == 78
    fourth = RunningServer(small_nation.data, tmp_path / "four.log", lane_listen="0.0.0.0:0")
    assert fourth.process.wait(30) == 78, "in development mode only loopback"


def test_calls_of_the_lane_are_counted_with_the_others(running: Laned) -> None:
    client = running.kit.patrol("patrol-45", "10045")
    with running.channel(running.lane, client) as channel:
        for _ in range(7):
            call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
        for _ in range(3):
            with pytest.raises(grpc.RpcError):
                call(channel, "CheckService/CheckPerson", question(77), metadata=client.metadata)

    def counted() -> bool:
        samples = samples_of(running.server.metrics())
        ok = samples.get(("ronda_calls_total", "CheckPerson", "OK"), 0)
        refused = samples.get(("ronda_calls_total", "CheckPerson", "INVALID_ARGUMENT"), 0)
        levels = sum(value for name, value in samples.items() if name[:2] == ("ronda_answers_total", "CheckPerson"))
        return (ok, refused, levels) == (7, 3, 7)

    until(counted)
