"""Start, restart, drain, and addresses that are taken: the supervisor and its workers as operations see them."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.parts import PARTS
from tests.server.conftest import StartServer
from tests.server.load import Load
from tests.server.published import Published
from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST, QUESTION
from tests.server.running_server import RunningServer, call, clear, until

SERVICES = {"", *(part.service for part in PARTS)}
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def test_health_check_watch_and_list(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server().wait_ready()
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in SERVICES:
            assert stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status == SERVING
        listed = stub.List(health_pb2.HealthListRequest(), timeout=5).statuses
        assert {name: status.status for name, status in listed.items()} == dict.fromkeys(SERVICES, SERVING)
        try:
            stub.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=5)
            raise AssertionError("an unknown service has a health")
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.NOT_FOUND
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="nothing"), timeout=30)
        assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="ronda.v1.CheckService"), timeout=60)
        assert next(watch).status == SERVING
        server.process.send_signal(signal.SIGTERM)
        assert next(watch).status == NOT_SERVING
    stopping = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - stopping < 15  # watchers do not hold up a drain of 20 seconds


def test_nothing_published_then_published(published: Published, start_server: StartServer) -> None:
    from tests.server.running_server import failure

    server = start_server().wait_ready()
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        status, answer = stub.Check.with_call(health_pb2.HealthCheckRequest(), timeout=5)
        assert status.status == NOT_SERVING
        assert ("ronda-reason", "NO_GENERATION") in tuple(answer.trailing_metadata())
        failed = failure(channel, "CheckService/CheckPerson", QUESTION)
        assert (failed.code, failed.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_GENERATION")
        assert failed.metadata["retryable"] == "true"
        assert failed.retry_after_s
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=60)
        assert next(watch).status == NOT_SERVING
        published.publish()
        assert next(watch).status == SERVING
        assert call(channel, "CheckService/CheckPerson", QUESTION)


def test_a_killed_worker_costs_its_connections_only(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server().wait_ready()
    before = server.worker_pids()
    with Load(server, QUESTION, 12) as load:
        until(lambda: all(caller.answers > 20 for caller in load.callers))
        os.kill(before[0], signal.SIGKILL)
        until(lambda: server.events("worker_died") and len(server.events("worker_ready")) == 3)
        back = time.monotonic()
        until(lambda: all(caller.answered_at > back for caller in load.callers))
    # one call at a time on each connection: at most that one was lost, on the connections of the killed worker
    assert all(len(caller.failures) <= 1 for caller in load.callers)
    assert any(not caller.failures for caller in load.callers)
    assert {failed.code for failed in load.failures} <= {grpc.StatusCode.UNAVAILABLE}
    assert len(server.worker_pids()) == 2
    assert before[1] in server.worker_pids()
    assert "ronda_worker_restarts_total 1.0" in server.metrics()


def test_crashing_workers_are_reported_and_slowed_down(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server(workers=1).wait_ready()
    for deaths in range(1, 4):
        until(lambda: len(server.worker_pids()) == 1)
        os.kill(server.worker_pids()[0], signal.SIGKILL)
        until(lambda wanted=deaths: len(server.events("worker_died")) == wanted)
    until(lambda: server.events("worker_crash_loop"))
    pauses = [line["pause_s"] for line in server.events("worker_restarts") + server.events("worker_crash_loop")]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    assert max(pauses) < 2
    with server.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)


def test_drain_loses_no_call(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server().wait_ready()
    with Load(server, QUESTION, 6, wait_for_ready=False) as load:
        until(lambda: all(caller.answers > 20 for caller in load.callers))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(40) == 0
    # Every call that a handler answered reached its caller. The others were refused, or never handed to a handler.
    answered = sum(line["answered"] for line in server.events("worker_drained"))
    assert answered == sum(caller.answers for caller in load.callers)
    assert load.failures  # they went on asking a server that was gone
    assert {failed.code for failed in load.failures} <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


def test_who_asks_again_and_again_gets_the_status_too(published: Published, start_server: StartServer) -> None:
    """Until the very end of the process: a signal that comes late ended it by itself."""
    published.publish()
    for _ in range(3):
        server = start_server(workers=1).wait_ready()
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.0005)
        assert server.process.returncode == 0


def test_the_service_manager_hears_that_it_is_ready_and_that_it_turns(
    published: Published, start_server: StartServer, tmp_path: Path
) -> None:
    published.publish()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o666)
        heard.settimeout(20)
        server = start_server(workers=1, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        said = [heard.recv(64).decode()]
        while "READY=1" not in said or said[-1] != "WATCHDOG=1":
            said.append(heard.recv(64).decode())
        assert server.stop() == 0


def test_a_service_that_is_told_to_read_its_files_again_serves_on(
    published: Published, start_server: StartServer
) -> None:
    """SIGHUP ended it with 0, so that a service manager left it down."""
    published.publish()
    server = start_server(workers=1).wait_ready()
    for pid in (server.process.pid, *server.worker_pids()):
        os.kill(pid, signal.SIGHUP)
    [told, *_] = until(lambda: server.events("hangup_ignored"))
    assert "reload" in told["why"], "which takes the settings that stand there now"
    with server.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)
    assert server.stop() == 0
    assert len(server.events("worker_ready")) == 1


@pytest.mark.parametrize("children", [1, 2])
def test_a_start_that_is_interrupted_leaves_no_worker(
    published: Published, start_server: StartServer, children: int
) -> None:
    """A worker that was just being started served on, until it was killed when a drain would have been over."""
    published.publish()
    server = start_server()
    supervisor = psutil.Process(server.process.pid)
    while len(supervisor.children()) < children:
        assert server.process.poll() is None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    assert len(server.events("worker_drained")) == len(server.events("worker_ready"))


def test_drain_answers_the_batches_of_a_stream_first(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server().wait_ready()
    go_on = threading.Event()

    def batches() -> object:
        yield CLEAR_FIRST
        yield CLEAR_BATCH
        go_on.wait(30)

    with server.channel() as channel:
        stream = clear(channel, batches())  # type: ignore[arg-type]
        next(stream)
        server.process.send_signal(signal.SIGTERM)
        draining = time.monotonic()
        try:
            next(stream)
            raise AssertionError("a batch that was never sent is answered")
        except grpc.RpcError as error:
            from tests.server.running_server import Failure

            failed = Failure(error)
        assert (failed.code, failed.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert time.monotonic() - draining < 15  # a silent stream is not waited for
        go_on.set()
    assert server.stop() == 0


def test_a_taken_address_is_refused(published: Published, start_server: StartServer) -> None:
    published.publish()
    first = start_server().wait_ready()
    second = start_server(listen=first.address)
    assert second.process.wait(20) == 78
    assert f"listen: {first.address}" in second.log_path.read_text(encoding="utf-8").splitlines()[-1]
    _drop_text_line(second)
    third = start_server(metrics=first.metrics_address)
    assert third.process.wait(20) == 78
    assert "metrics: " in third.log_path.read_text(encoding="utf-8").splitlines()[-1]
    _drop_text_line(third)
    with first.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)


def _drop_text_line(server: RunningServer) -> None:
    """Removes the last line, which is for people, so that the rest can be read as JSON."""
    text = server.log_path.read_text(encoding="utf-8")
    server.log_path.write_text("\n".join(text.splitlines()[:-1]) + "\n", encoding="utf-8")


def test_a_server_starts_again_where_it_was_just_scraped(published: Published, start_server: StartServer) -> None:
    """The closed connections stand in TIME_WAIT on its side, for a scrape ends with the server's close."""
    published.publish()
    server = start_server(workers=1).wait_ready()
    address = server.metrics_address
    assert "ronda_workers_ready 1.0" in server.metrics()
    server.stop()
    again = start_server(workers=1, metrics=address).wait_ready()
    assert (again.metrics_address, "ronda_workers_ready 1.0" in again.metrics()) == (address, True)


def test_workers_end_with_their_supervisor(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server().wait_ready()
    workers = server.worker_pids()
    server.process.kill()
    server.process.wait()
    until(lambda: not any(_alive(pid) for pid in workers))
    assert len(server.events("supervisor_gone")) == 2


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
