"""A process killed without a chance to say so leaves no child behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

_INDEXER = """
import sys, threading
from indexer.extract.children import ReadingProcesses
processes = ReadingProcesses()
children = [processes._child() for _ in range(2)]
print(*(child.process.pid for child in children), flush=True)
threading.Event().wait()
"""
_OTHER = """
import subprocess, sys, threading
from core.machine.parent_death import with_parent
child = subprocess.Popen(with_parent("timeit", "-n", "1", "-r", "1", "while True: pass"))
print(child.pid, flush=True)
threading.Event().wait()
"""
_POSTGRES = """
import sys, threading
from pathlib import Path
from ronda.demo.postgres_cluster import PostgresCluster
cluster = PostgresCluster(Path(sys.argv[1])).start()
pid = next((Path(sys.argv[1])).rglob("postmaster.pid")).read_text().split()[0]
print(pid, flush=True)
threading.Event().wait()
"""


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _all_gone(pids: list[int], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not all(map(_gone, pids)):
        time.sleep(0.02)
    return all(map(_gone, pids))


@pytest.mark.parametrize(("code", "busy"), [(_INDEXER, True), (_OTHER, False), (_POSTGRES, False)])
def test_they_die_with_their_parent(code: str, busy: bool, request: pytest.FixtureRequest) -> None:
    place = tempfile.mkdtemp(prefix="ronda-children-")  # open to PostgreSQL's account, as pytest's directories are not
    request.addfinalizer(lambda: shutil.rmtree(place, ignore_errors=True))
    parent = subprocess.Popen([sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
    assert pids
    try:
        if busy:  # as one that a pattern holds: it reads nothing, not even that its input has ended
            for pid in pids:
                _wait_for_start(pid)
                os.kill(pid, signal.SIGSTOP)
        parent.kill()
        parent.wait()
        assert _all_gone(pids, 20)
    finally:
        parent.kill()
        for pid in pids:
            if not _gone(pid):
                os.kill(pid, signal.SIGKILL)


def _wait_for_start(pid: int) -> None:
    """Until it waits for its first task: all imports are done."""
    for _ in range(2000):
        if Path(f"/proc/{pid}/wchan").exists() and "pyarrow" in Path(f"/proc/{pid}/maps").read_text():
            time.sleep(0.5)
            return
        time.sleep(0.01)


def test_one_whose_parent_is_gone_already_ends() -> None:
    """The race: the parent died before its child could say that it wants to die with it."""
    command = [sys.executable, "-m", "core.machine.parent_death", "1", "timeit", "-n", "1", "-r", "1", "pass"]
    assert subprocess.run(command, check=False, timeout=20).returncode == -signal.SIGKILL
