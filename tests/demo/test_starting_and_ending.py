"""`./run serve` however it ends: nothing stays behind, the next start works, and what cannot be is one sentence."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ronda.demo.page import Page
from ronda.demo.postgres_cluster import PostgresCluster, PostgresUnavailable
from tests.demo.running_demo import ROOT, RunningDemo, demo_command
from tests.kit.ports import free_port


def _refused(command: list[str]) -> str:
    """The sentence of a start that is refused with status 2."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    if (tmp_path / "data").exists():  # a start that was stopped early may leave nothing
        RunningDemo.clear_of(tmp_path / "data")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nothing_is_left_behind_and_the_next_start_works(data: Path) -> None:
    demo = RunningDemo(data, terminal=True).wait_ready()
    nation = (data / "nation" / "truth" / "cases.json").stat().st_mtime_ns
    # While it runs: a second start, a taken address, a nation that cannot be.
    assert f"in use by another ./run serve (process {demo.process.pid})" in _refused(demo_command(data, "127.0.0.1:0"))
    elsewhere = demo_command(data.with_name("other"), demo.listen)
    assert "Address already in use" in _refused(elsewhere)
    assert not data.with_name("other").exists()
    too_small = [*demo_command(data, "127.0.0.1:0"), "--persons", "500"]
    assert "500 persons: the smallest nation has 1,000" in _refused(too_small)

    family = demo.family()
    assert demo.close_terminal() == 0
    _all_gone(family)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        demo = RunningDemo(data).wait_ready()
        family = demo.family()
        assert demo.end(number) == 0
        _all_gone(family)

    demo = RunningDemo(data).wait_ready()  # killed: its server ends with it, its PostgreSQL cannot know
    family = demo.family()
    assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    demo = RunningDemo(data).wait_ready()
    assert (data / "nation" / "truth" / "cases.json").stat().st_mtime_ns == nation
    _all_gone(family)
    assert demo.end(signal.SIGINT) == 0

    shutil.rmtree(data / "nation")  # what somebody has cleared away is made again
    shutil.rmtree(data / "generations")
    demo = RunningDemo(data).wait_ready()
    assert "index" in demo.screen()
    assert demo.end() == 0


def test_data_that_can_be_no_directory_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="ascii")
    for data in (file, file / "below"):
        said = _refused(demo_command(data, f"127.0.0.1:{free_port()}"))
        assert f"--data {data}: " in said
        assert "name a directory" in said
    wrong = tmp_path / "new" / "data"
    assert "loopback" in _refused(demo_command(wrong, "192.0.2.1:50051"))
    kept = tmp_path / "kept"
    kept.mkdir()
    assert "loopback" in _refused(demo_command(kept, "192.0.2.1:50051"))
    assert file.read_text(encoding="ascii") == "mine"
    assert sorted(tmp_path.rglob("*")) == [file, kept]


def test_a_piped_page_names_each_step_once(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        with Page(verbose=False).step(name):
            pass
    lines = capfd.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["one", "two"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_stopped_before_it_serves(data: Path) -> None:
    demo = RunningDemo(data, terminal=True).wait_for("nation of 1,000")
    family = demo.family()
    os.write(demo.terminal, b"\x03")  # Ctrl-C as a terminal sends it: to everybody in its foreground
    assert demo.process.wait(60) == 128 + signal.SIGINT
    _all_gone(family)
    assert "Traceback" not in demo.screen()
    assert not (data / "nation.json").exists()


def _all_gone(family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_a_postgresql_server_that_a_killed_run_left_is_stopped_and_nobody_elses(tmp_path: Path) -> None:
    directory = _reachable(tmp_path)
    left = PostgresCluster(directory).start()
    note = directory / "data" / "postmaster.pid"
    server = psutil.Process(int(note.read_text(encoding="utf-8").split()[0]))
    with PostgresCluster(directory) as cluster:  # as if the first had been killed
        _all_gone([server])
        assert not cluster.made
        assert cluster.port != left.port
    # A server that was killed leaves its note; by now another process may have its number.
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        note.write_text(f"{stranger.pid}\n{directory / 'data'}\n", encoding="utf-8")
        note.chmod(0o644)
        with PostgresCluster(directory):
            assert stranger.poll() is None
        stranger.kill()


def test_a_cluster_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    directory = _reachable(tmp_path)
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "PG_VERSION").write_text("17\n", encoding="utf-8")
    with PostgresCluster(directory) as cluster:
        assert cluster.made


def test_a_port_that_is_taken_meanwhile_is_left_to_its_owner(tmp_path: Path) -> None:
    cluster = PostgresCluster(_reachable(tmp_path))
    with socket.create_server(("127.0.0.1", cluster.port)) as taken, cluster:
        assert cluster.port != taken.getsockname()[1]


def test_a_port_that_was_asked_for_is_not_changed(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PostgresUnavailable, match="in use"):
        PostgresCluster(_reachable(tmp_path), port).start()


def _reachable(directory: Path) -> Path:
    """A place for a cluster: as root its server runs as another account, which must reach it."""
    for parent in (directory, *directory.parents):
        if os.geteuid() == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return directory / "cluster"
