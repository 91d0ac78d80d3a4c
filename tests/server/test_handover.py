"""A server that another takes the place of, while it is asked: SIGUSR2, as `systemctl reload ronda` sends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import psutil
import pytest

from tests.server.conftest import StartServer
from tests.server.handing_over import handed_over
from tests.server.load import Load
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import ROOT, Failure, RunningServer, call, until


class _NewConnections:
    """Somebody who connects anew for each question, as a car after each dead spot does."""

    def __init__(self, server: RunningServer) -> None:
        self.failures: list[Failure] = []
        self.answers = 0
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> _NewConnections:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Asks no more."""
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            with self._server.channel() as channel:
                try:
                    call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)
                    self.answers += 1
                except grpc.RpcError as error:
                    self.failures.append(Failure(error))


def test_no_call_is_lost_and_no_record(published: Published, start_server: StartServer, tmp_path: Path) -> None:
    published.publish()
    keeper = tmp_path / "keeper"
    keeper.mkdir()
    server = start_server(audit_keeper=keeper).wait_ready()
    with Load(server, QUESTION, 4, wait_for_ready=True) as load, _NewConnections(server) as anew:
        until(lambda: all(caller.answers > 20 for caller in load.callers) and anew.answers)
        with handed_over(server) as successor:
            asked = sum(caller.answers for caller in load.callers), anew.answers
            assert server.process.wait(60) == 0
            until(
                lambda: sum(caller.answers for caller in load.callers) > asked[0] + 100 and anew.answers > asked[1] + 3
            )
            assert {child.ppid() for child in psutil.Process(successor).children()} == {successor}
            assert "ronda_workers_ready 2.0" in server.metrics()
            assert not server.events("worker_died")
            load.stop()
            anew.stop()
    assert anew.failures == []
    # Who leaves no gap between two calls may lose the one on the wire, which clients ask again.
    assert all(len(caller.failures) <= 1 for caller in load.callers)
    assert {failed.code for failed in load.failures} <= {grpc.StatusCode.UNAVAILABLE}
    verified = subprocess.run(
        [sys.executable, "-m", "ronda.command", "audit", "verify", "--keeper", str(keeper)],
        cwd=ROOT,
        env={**os.environ, "RONDA_DATA": str(published.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    answered = sum(line["answered"] for line in server.events("worker_drained"))
    told = sum(caller.answers for caller in load.callers) + anew.answers
    assert told <= answered <= told + len(load.failures)


def test_again_and_again(published: Published, start_server: StartServer) -> None:
    """The third server has the place of the second; one that is asked before its predecessor ended says so."""
    published.publish()
    server = start_server().wait_ready()
    with server.channel() as channel:
        call(channel, "CheckService/CheckPerson", QUESTION)
    with handed_over(server) as second:
        server.process.wait(60)
        os.kill(second, signal.SIGUSR2)
        until(lambda: len(server.events("took_over")) == len(server.events("handed_over")) == 2, 60)
        third = int(server.events("handed_over")[-1]["successor"])
        try:
            with server.channel() as channel:
                assert call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)
        finally:
            os.kill(third, signal.SIGTERM)
            until(lambda: len(server.events("stopped")) == 3, 60)
    logs = {path.name for path in (published.data / "audit" / "logs").iterdir()}
    assert logs == {"worker-0", "worker-1", "worker-2", "worker-3"}


def test_who_dies_before_it_is_ready_leaves_the_old_one_serving(
    published: Published, start_server: StartServer
) -> None:
    published.publish()
    config = published.data.parent / "ronda.toml"
    config.write_text("drain_s = 20\n", encoding="utf-8")
    server = start_server(config=config).wait_ready()
    kept = {child.pid for child in psutil.Process(server.process.pid).children()}
    server.process.send_signal(signal.SIGUSR2)
    new = until(lambda: [each for each in psutil.Process(server.process.pid).children() if each.pid not in kept])
    new[0].kill()
    until(lambda: server.events("successor_failed"), 60)
    assert server.events("successor_failed")[0]["why"] == "it ended with status -9"
    with server.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)
    assert {child.pid for child in psutil.Process(server.process.pid).children()} == kept
    config.write_text('drain_s = 20\nlane_listen = "127.0.0.1:0"\n', encoding="utf-8")
    with handed_over(server):
        assert server.process.wait(60) == 0
        assert [bool(line["lane"]) for line in server.events("ready")] == [False, True], "settings are read anew"


@pytest.mark.parametrize("lacks", ["generation", "metrics"])
def test_who_would_answer_less_takes_no_place(published: Published, start_server: StartServer, lacks: str) -> None:
    published.publish()
    config = published.data.parent / "ronda.toml"
    config.write_text('drain_s = 20\nmetrics = "127.0.0.1:0"\n', encoding="utf-8")
    server = start_server(config=config, workers=1, metrics=None).wait_ready()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        if lacks == "generation":
            (published.data / "CURRENT").write_text("")
        else:
            config.write_text(f'metrics = "127.0.0.1:{taken.getsockname()[1]}"\n', encoding="utf-8")
        server.process.send_signal(signal.SIGUSR2)
        until(lambda: server.events("successor_failed"), 60)
    status = {"generation": 69, "metrics": 78}[lacks]
    assert server.events("successor_failed")[0]["why"] == f"it ended with status {status}"
    assert not server.events("took_over")
    with server.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)


def test_a_server_that_is_killed_meanwhile_keeps_the_next_one_from_nothing(
    published: Published, start_server: StartServer
) -> None:
    published.publish()
    server = start_server(workers=1).wait_ready()
    kept = {child.pid for child in psutil.Process(server.process.pid).children()}
    server.process.send_signal(signal.SIGUSR2)
    new = until(lambda: [each for each in psutil.Process(server.process.pid).children() if each.pid not in kept])[0]
    server.process.kill()
    server.process.wait(20)
    try:
        until(lambda: len(server.events("ready")) == 2, 60)
        new.send_signal(signal.SIGUSR2)
        until(lambda: server.events("handed_over"), 60)
        assert not server.events("handover_ignored")
        with server.channel() as channel:
            assert call(channel, "CheckService/CheckPerson", QUESTION, wait_for_ready=True)
    finally:
        for line in server.events("handed_over"):
            os.kill(int(line["successor"]), signal.SIGTERM)
        with contextlib.suppress(psutil.NoSuchProcess):
            new.terminate()
        until(lambda: not _with_this_data(published.data), 60)


@pytest.mark.parametrize("moment", ["at once", "while it starts"])
def test_who_is_told_to_end_meanwhile_ends(published: Published, start_server: StartServer, moment: str) -> None:
    published.publish()
    server = start_server(workers=1).wait_ready()
    server.process.send_signal(signal.SIGUSR2)
    if moment == "while it starts":
        until(lambda: server.events("handover_begins"))
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    until(lambda: not _with_this_data(published.data))


def test_the_release_that_the_path_leads_to_begins(
    published: Published, start_server: StartServer, tmp_path: Path
) -> None:
    published.publish()
    for release in ("0.1.0", "0.2.0"):
        program = tmp_path / f"ronda-{release}"
        program.write_text(
            f"#!{sys.executable}\nimport os\nfrom ronda.command import main\n"
            f"os.environ['RELEASE'] = '{release}'\nraise SystemExit(main())\n",
            encoding="utf-8",
        )
        program.chmod(0o755)
    path = tmp_path / "ronda"
    path.symlink_to("ronda-0.1.0")
    server = start_server(program=path).wait_ready()
    path.unlink()
    path.symlink_to("ronda-0.2.0")
    with handed_over(server) as successor:
        workers = [each for each in psutil.Process(successor).children() if "server.processes.worker" in each.cmdline()]
        assert {each.environ()["RELEASE"] for each in workers} == {"0.2.0"}
        server.process.wait(60)


def _with_this_data(data: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("RONDA_DATA") == str(data) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found
