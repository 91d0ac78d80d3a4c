"""Descriptors: strangers who hold connections take neither the audit's nor an honest device's."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.attack.strangers import Stranger, reset_connections
from tests.audit.kit import House
from tests.kit.nation_kit import BuiltNation
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call, until
from tests.server.test_observed import samples_of
from tests.trust.conftest import start_trusted
from tests.trust.trust_kit import Client, question

CHECK_PERSON = "CheckService/CheckPerson"
NONE_LOST = ("audit_sync_failed", "audit_unavailable", "worker_died", "worker_hangs")


def test_an_honest_device_is_answered_while_a_stranger_holds_what_he_can(
    small_nation: BuiltNation, tmp_path: Path
) -> None:
    trusted = start_trusted(small_nation, tmp_path, descriptors="704:704")
    client = trusted.kit.patrol()
    with Stranger(trusted.address, 800):
        for _ in range(5):  # each over a connection of its own, from the stranger's address
            with trusted.kit.channel(trusted.address, client) as channel:
                assert call(channel, CHECK_PERSON, question(), metadata=client.metadata, wait_for_ready=True)
    assert [trusted.server.events(event) for event in NONE_LOST] == [[]] * len(NONE_LOST)
    assert trusted.server.stop() == 0


def test_who_says_nothing_takes_no_descriptor(published: Published, start_server: StartServer) -> None:
    """The kernel keeps him for seconds: in HTTP/2 and in TLS the client speaks first."""
    published.publish()
    server = start_server(workers=1).wait_ready()
    worker = psutil.Process(server.worker_pids()[0])
    host, _, port = server.address.rpartition(":")

    def taken_of_a_hundred() -> int:
        with ExitStack() as held, server.channel() as channel:
            before = worker.num_fds()
            for _ in range(100):
                held.enter_context(socket.create_connection((host, int(port)), timeout=10))
            assert call(channel, CHECK_PERSON, QUESTION)  # who came last, and speaks, is taken
            return worker.num_fds() - before

    until(lambda: taken_of_a_hundred() < 10)  # once the worker has looked through its descriptors


def test_connections_reset_in_the_handshake_end_no_worker(small_nation: BuiltNation, tmp_path: Path) -> None:
    """gRPC's own threads met freed memory there: a thousand of them, from anybody, ended a worker."""
    trusted = start_trusted(small_nation, tmp_path)
    threads = [threading.Thread(target=reset_connections, args=(trusted.address, 700)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client = trusted.kit.patrol()
    with trusted.kit.channel(trusted.address, client) as channel:
        assert call(channel, CHECK_PERSON, question(), metadata=client.metadata, wait_for_ready=True)
    assert [trusted.server.events(event) for event in NONE_LOST] == [[]] * len(NONE_LOST)
    assert trusted.server.stop() == 0


def test_two_hundred_cars_and_a_stranger_behind_one_address(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server(workers=1, descriptors="704:704").wait_ready()
    channels = [server.channel() for _ in range(200)]
    for channel in channels:
        assert call(channel, CHECK_PERSON, QUESTION)
    with Stranger(server.address, 800):
        for channel in channels:  # without waiting for another connection: none was taken from them
            assert call(channel, CHECK_PERSON, QUESTION)
    for channel in channels:
        channel.close()
    assert [server.events(event) for event in NONE_LOST] == [[]] * len(NONE_LOST)


def test_a_device_has_its_share_of_the_connections(small_nation: BuiltNation, tmp_path: Path) -> None:
    """The oldest of more are closed, and nobody else's."""
    trusted = start_trusted(small_nation, tmp_path, workers=1, max_connections_per_device=3)
    many, other = trusted.kit.patrol(), trusted.kit.patrol("patrol-8", "10008")
    closed = ("ronda_connections_closed_total", "device")
    with ExitStack() as held:

        def opened(client: Client) -> grpc.Channel:
            channel = held.enter_context(trusted.kit.channel(trusted.address, client))
            assert call(channel, CHECK_PERSON, question(), metadata=client.metadata)
            return channel

        bystander, first = opened(other), opened(many)
        lost: list[grpc.ChannelConnectivity] = []
        first.subscribe(lost.append)
        mine = [opened(many) for _ in range(3)]
        until(lambda: grpc.ChannelConnectivity.IDLE in lost)
        assert samples_of(trusted.server.metrics())[closed] == 1
        for channel, client in ((bystander, other), *((each, many) for each in mine)):
            assert call(channel, CHECK_PERSON, question(), metadata=client.metadata)
        assert samples_of(trusted.server.metrics())[closed] == 1
    assert trusted.server.stop() == 0


def test_each_process_may_open_what_the_system_allows(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server(workers=1, descriptors="256:3000").wait_ready()
    supervisor = psutil.Process(server.process.pid)
    processes = [supervisor, *supervisor.children()]
    assert len(processes) == 3  # a worker, and who signs checkpoints
    until(lambda: {process.rlimit(psutil.RLIMIT_NOFILE) for process in processes} == {(3000, 3000)})


@pytest.fixture
def no_descriptor_left() -> Iterator[None]:
    """This process can open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_sync_needs_no_descriptor(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with House(tmp_path).writer() as writer:
        request.getfixturevalue("no_descriptor_left")
        with pytest.raises(OSError, match="Too many"):
            os.dup(0)
        for _ in range(3):
            writer.log.append_record(clock_ms=0)
            writer.log.sync()
        assert writer.log.durable == writer.log.appended == 3
        assert not writer.log.stopped


_FAILING_DISK = """
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int fdatasync(int descriptor) {
    const char *signs = getenv("FAILING_DISK");
    char sign[4096]; /* of this process alone: who signs checkpoints syncs too */
    snprintf(sign, sizeof sign, "%s.%d", signs == NULL ? "" : signs, (int)getpid());
    if (access(sign, F_OK) == 0) { unlink(sign); errno = EIO; return -1; }
    return fsync(descriptor);
}
"""


def test_a_log_that_stopped_is_not_healthy_and_its_worker_is_replaced(
    published: Published, start_server: StartServer, tmp_path: Path
) -> None:
    """One fdatasync fails, as a disk's would: what the kernel holds may be gone, so nothing may be answered on it."""
    library, signs = tmp_path / "failing_disk.so", tmp_path / "fails"
    compiler = subprocess.run(
        ["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=_FAILING_DISK, text=True, check=True
    )
    assert compiler.returncode == 0
    published.publish()
    server = start_server(workers=1, environment={"LD_PRELOAD": str(library), "FAILING_DISK": str(signs)}).wait_ready()
    before = server.worker_pids()
    with server.channel() as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        assert call(channel, CHECK_PERSON, QUESTION)
        until(lambda: not server.events("audit_sync_failed"))
        Path(f"{signs}.{before[0]}").touch()
        with contextlib.suppress(grpc.RpcError):
            call(channel, CHECK_PERSON, QUESTION)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    until(lambda: len(server.events("worker_ready")) == 2)
    assert server.worker_pids() != before
    with server.channel() as channel:
        assert call(channel, CHECK_PERSON, QUESTION, wait_for_ready=True)
    assert len(server.events("audit_sync_failed")) == 1
