"""A test run that loses its terminal leaves no PostgreSQL server behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
NEEDS_A_NATION = "tests/bench/test_nation.py"
START_SECONDS, STOP_SECONDS = 120, 60


@pytest.mark.slow
@pytest.mark.parametrize("workers", [pytest.param("0", marks=pytest.mark.long), "2"])
def test_nothing_is_left_running(tmp_path: Path, workers: str) -> None:
    base = tmp_path / "run"
    for parent in (tmp_path, *tmp_path.parents):  # as root, PostgreSQL runs as an account that must reach it
        if os.geteuid() == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-n", workers, f"--basetemp={base}", NEEDS_A_NATION],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        note = base / "postgres.json"
        until = time.monotonic() + START_SECONDS
        while not note.exists():
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        cluster = Path(json.loads(note.read_text(encoding="utf-8"))["directory"])
        number = int((cluster / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        server = psutil.Process(number)
        os.killpg(run.pid, signal.SIGHUP)  # as a closed terminal does: to everybody in its foreground
        assert run.wait(STOP_SECONDS) != 0
        _, alive = psutil.wait_procs([server], timeout=20)
        assert not alive
        assert not cluster.exists()
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
