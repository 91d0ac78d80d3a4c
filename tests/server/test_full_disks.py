"""Full disks, real ones: a server with its data, its log lines, its audit log or TMPDIR on one answers on."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.attack.disks import UNSHARE, Disk, may_mount
from server.audit.keys import make_auditor_keys, make_signing_keys
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import Failure, RunningServer, call, until

CALLS = 60


class ServerOnDisk(RunningServer):
    """A server in the mount namespace that a Disk makes."""

    def __init__(
        self, data: Path, log: Path, around: list[str], environ: dict[str, str] | None = None, **settings: Path | int
    ) -> None:
        self.inside, self.environ = tuple(around), environ or {}
        super().__init__(data, log, **settings)


@pytest.fixture(params=["tmpfs", pytest.param("ext4", marks=pytest.mark.long)])
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Disk:
    if not may_mount():
        pytest.skip("nobody but root may make a mount namespace here: no user namespaces (as in a chroot)")
    if request.param == "ext4" and not has_loop_devices(tmp_path):
        pytest.skip("only root mounts an ext4 of its own here: needs mkfs.ext4 and loop devices")
    return Disk(tmp_path / "disk", 8, request.param)


def has_loop_devices(directory: Path) -> bool:
    """Returns whether an ext4 in a file can be mounted."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return False
    image = directory / "tried.ext4"
    (directory / "tried").mkdir()
    line = f"truncate -s 8M {image} && mkfs.ext4 -q {image} && mount -o loop {image} {directory / 'tried'}"
    return subprocess.run([*UNSHARE, "sh", "-c", line], check=False, capture_output=True).returncode == 0


@pytest.fixture
def started() -> Iterator[list[RunningServer]]:
    servers: list[RunningServer] = []
    yield servers
    for server in servers:
        server.stop()


def answered(server: RunningServer, calls: int = CALLS) -> int:
    """Returns how many of so many calls, each on a connection of its own, are answered."""
    found = 0
    for _ in range(calls):
        with server.channel() as channel:
            try:
                call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)
                found += 1
            except grpc.RpcError as error:
                assert Failure(error).code == grpc.StatusCode.UNAVAILABLE
    return found


def health_of(server: RunningServer) -> int:
    with server.channel() as channel:
        return int(
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), wait_for_ready=True).status
        )


def replace_workers(server: RunningServer) -> None:
    before = set(server.worker_pids())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(server.worker_pids()) == len(before) and not before & set(server.worker_pids()))
    until(lambda: len(server.events("worker_ready")) >= 2 * len(before))


@pytest.mark.parametrize("when", ["at start", "running"])
def test_where_temporary_files_lie(
    published: Published, tmp_path: Path, disk: Disk, started: list[RunningServer], when: str
) -> None:
    published.publish()
    inside = disk.around(disk.fill_first() if when == "at start" else "")
    environ = {"TMPDIR": str(disk.directory)}
    server = ServerOnDisk(published.data, tmp_path / "log", inside, environ)
    started.append(server)
    server.wait_ready()
    disk.pid = server.process.pid
    if when == "running":
        disk.fill()
    assert answered(server) == CALLS
    replace_workers(server)
    assert answered(server) == CALLS
    assert server.process.poll() is None
    if when == "running":
        assert server.events("metrics_lost"), "the new workers have no room for their counts, and say so"


def test_where_the_log_lines_go(published: Published, tmp_path: Path, disk: Disk, started: list[RunningServer]) -> None:
    published.publish()
    lines = disk.directory / "log"
    server = ServerOnDisk(published.data, tmp_path / "log", disk.around(stderr=lines))
    started.append(server)
    server.log_path = Path(f"/proc/{server.process.pid}/root{lines}")
    until(server.log_path.exists)
    server.wait_ready()
    disk.pid = server.process.pid
    disk.fill()
    assert answered(server) == CALLS
    before = set(server.worker_pids())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(server.worker_pids()) == len(before) and not before & set(server.worker_pids()))
    assert answered(server) == CALLS


def audit_on(disk: Disk, tmp_path: Path) -> dict[str, Path | int]:
    """Settings of an audit log on this disk, of one worker."""
    keys = tmp_path / "keys"
    keys.mkdir()
    make_auditor_keys(keys)
    make_signing_keys(keys)
    return {
        "audit": disk.directory / "audit",
        "audit_auditor_key": keys / "auditor.pub",
        "audit_signing_key": keys / "signing.key",
        **{"audit_reserve_mib": 16, "audit_segment_mib": 16, "workers": 1},
    }


@pytest.mark.parametrize("when", ["at start", "running"])
def test_where_the_audit_log_lies(
    published: Published, tmp_path: Path, disk: Disk, started: list[RunningServer], when: str
) -> None:
    """Nothing is answered that has no record; nobody dies of it; room is enough to go on."""
    published.publish()
    disk.mib = 96
    inside = disk.around(disk.fill_first() if when == "at start" else "")
    server = ServerOnDisk(published.data, tmp_path / "log", inside, {}, **audit_on(disk, tmp_path))
    started.append(server)
    server.wait_ready()
    disk.pid = server.process.pid
    if when == "running":
        disk.fill()
        assert answered(server) == CALLS, "room for what is written next was set aside"
        (worker,) = server.worker_pids()
        os.kill(worker, signal.SIGKILL)
        until(lambda: len(server.events("worker_ready")) == 2)
    assert answered(server, 5) == 0
    until(lambda: server.ready() == (503, ["AUDIT_UNAVAILABLE"]))
    assert health_of(server) == health_pb2.HealthCheckResponse.NOT_SERVING
    assert len(server.events("audit_unavailable")) == 1, "not a line a call"
    assert len(server.events("worker_ready")) == 1 + (when == "running"), "no worker died of it"
    disk.free()
    until(lambda: health_of(server) == health_pb2.HealthCheckResponse.SERVING)  # although nobody asked meanwhile
    until(lambda: server.ready() == (200, []))
    until(lambda: answered(server, 1) == 1)
    assert answered(server) == CALLS


@pytest.mark.parametrize("disk", ["ext4"], indirect=True)
def test_an_audit_disk_that_turns_read_only(
    published: Published, tmp_path: Path, disk: Disk, started: list[RunningServer]
) -> None:
    """A worker that comes back says what is wrong: officers would read that there is no server."""
    published.publish()
    disk.mib = 96
    server = ServerOnDisk(published.data, tmp_path / "log", disk.around(), {}, **audit_on(disk, tmp_path))
    started.append(server)
    server.wait_ready()
    assert answered(server, 1) == 1
    disk.pid = server.process.pid
    if not disk.turn_read_only():
        pytest.skip("only root may say to the kernel here that an ext4 is damaged: /sys is read-only")
    for _ in range(2):
        for worker in server.worker_pids():
            os.kill(worker, signal.SIGKILL)
        ready = len(server.events("worker_ready"))
        until(lambda ready=ready: len(server.events("worker_ready")) > ready)
    until(lambda: server.ready() == (503, ["AUDIT_UNAVAILABLE"]))
    with server.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)
    assert Failure(refused.value).reason == "AUDIT_UNAVAILABLE"


def test_where_the_data_lie(
    small_nation: BuiltNation, tmp_path: Path, disk: Disk, started: list[RunningServer]
) -> None:
    """The generation is read there, notices of discreet looks and an allowance's counters are written there."""
    disk.mib = 512
    nation = shlex.quote(str(small_nation.data))
    copied = f"cp -a {nation}/generations {nation}/CURRENT {nation}/subject.key {shlex.quote(str(disk.directory))}"
    inside = disk.around(f"{copied} && {disk.fill_first()}")
    server = ServerOnDisk(disk.directory, tmp_path / "log", inside, audit=tmp_path / "audit")
    started.append(server)
    server.wait_ready()
    assert answered(server) == CALLS
    replace_workers(server)
    assert answered(server) == CALLS
