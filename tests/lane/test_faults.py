"""Checks what a lane cannot help: its thread hangs, a system confines no thread, files change at a bad time."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.kit.nation_kit import BuiltNation
from tests.kit.ports import free_port
from tests.lane.lane_kit import lane_address, outcome
from tests.lane.laned import patrols_without_end, start_laned
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, call, until
from tests.trust.trust_kit import question

CHECK_PERSON = "ronda.v1.CheckService/CheckPerson"
_SILENT_S = 60.0  # a worker is given up after 30


def answers(address: str, **options: Any) -> bool:
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        return outcome(channel, CHECK_PERSON, QUESTION, **options).code == "OK"


@pytest.fixture
def hang(tmp_path: Path) -> Path:
    """The library of tests/lane/hang.c."""
    made = tmp_path / "hang.so"
    source = Path(__file__).with_name("hang.c")
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", source, "-o", made, "-ldl"], check=True)
    return made


@pytest.mark.slow
def test_a_worker_whose_lane_hangs_is_replaced(small_nation: BuiltNation, tmp_path: Path, hang: Path) -> None:
    """Its event loop goes on and answers over grpcio: the lane's turns alone betray it."""
    switch = tmp_path / "hangs"
    switch.write_bytes(bytes(8))
    server = RunningServer(
        small_nation.data,
        tmp_path / "server.log",
        workers=1,
        lane_listen="127.0.0.1:0",
        environment={"LD_PRELOAD": str(hang), "HANG": str(switch)},
    ).wait_ready()
    try:
        lane = lane_address(server)
        assert answers(lane)
        (hanging,) = server.worker_pids()
        with switch.open("r+b") as opened:
            opened.write(struct.pack("=q", hanging))
        until(lambda: server.events("lane_hangs"))
        assert answers(server.address)
        assert not answers(lane, timeout=1)
        until(lambda: server.events("worker_hangs"), _SILENT_S)
        until(lambda: len(server.events("worker_ready")) == 2, _SILENT_S)
        assert server.worker_pids() != [hanging]
        assert answers(lane)
    finally:
        status = server.stop()
    assert status == 0


class Unfiltered(RunningServer):
    """A system in which no process may filter its system calls."""

    inside = (sys.executable, "-m", "tests.kit.refused_calls", "ENOSYS", "seccomp")


def test_a_system_without_filters_is_told_once(small_nation: BuiltNation, tmp_path: Path) -> None:
    """It does not start and says why by the setting's name, starts no worker anew, and serves without a lane."""
    server = Unfiltered(small_nation.data, tmp_path / "server.log", workers=2, lane_listen=f"127.0.0.1:{free_port()}")
    assert server.process.wait(60) == 78
    told = {str(line["why"]) for line in server.events("worker_cannot_start")}
    assert len(told) == 1
    assert told.pop().startswith("lane_listen: the express lane cannot start")
    assert not server.events("worker_died") + server.events("worker_crash_loop") + server.events("ready")
    without = Unfiltered(small_nation.data, tmp_path / "without.log", workers=1).wait_ready()
    try:
        assert answers(without.address)
    finally:
        status = without.stop()
    assert status == 0


def test_a_worker_that_meets_a_key_half_copied_serves_with_the_last_good_one(
    small_nation: BuiltNation, tmp_path: Path
) -> None:
    """At the start such files end everything; later the other workers serve on, and this one comes back beside them."""
    laned = start_laned(small_nation, tmp_path, patrols_without_end, workers=2)
    try:
        client, key = laned.kit.patrol("patrol-47", "10047"), laned.kit.directory / "server.key"
        whole = key.read_bytes()
        key.write_bytes(whole[: len(whole) // 2])
        os.kill(laned.server.worker_pids()[0], signal.SIGKILL)
        until(lambda: len(laned.server.events("worker_ready")) == 3)
        until(lambda: laned.server.events("tls_files_refused"))
        os.kill(laned.server.worker_pids()[1], signal.SIGKILL)  # none is left that began with the whole key
        until(lambda: len(laned.server.events("worker_ready")) == 4)
        for address in laned.both.values():
            with laned.channel(address, client) as channel:
                assert call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
        key.write_bytes(whole)
        assert not laned.server.events("worker_cannot_start")
    finally:
        status = laned.server.stop()
    assert status == 0
