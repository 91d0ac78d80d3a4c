"""`ronda bench` against a real server: exit statuses, the report, and that it names nobody it asked about."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.server.requests import CUI
from tests.server.running_server import ROOT, RunningServer

TARGETS = """
[[target]]
name = "one box"
questions = "q.txt"
rate = 100
seconds = 1
p50_ms = {p50}

[[target]]
name = "a person"
method = "CheckPerson"
questions = "q.txt"
rate = 40
seconds = 1
p95_ms = {p50}
"""


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("bench")
    running = RunningServer(small_nation.data, directory / "log", workers=1, audit=directory / "audit").wait_ready()
    yield running
    running.stop()


def bench(tmp_path: Path, server: str, p50: float, *more: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "slo.toml").write_text(TARGETS.format(p50=p50), encoding="utf-8")
    (tmp_path / "q.txt").write_text(f"{CUI}\n", encoding="utf-8")
    words = ["bench", "--targets", str(tmp_path / "slo.toml"), "--server", server, *more]
    return subprocess.run(
        [sys.executable, "-m", "ronda.command", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_met(server: RunningServer, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    done = bench(tmp_path, server.address, 5000, "--json", "--report", str(report))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["met"] and [each["answered"] for each in found["targets"]] == [100, 40]
    assert all(each["failures"] == {} and len(each["generations"]) == 1 for each in found["targets"])
    text = report.read_text(encoding="utf-8")
    assert "verdict: all objectives are met" in text
    assert CUI not in text + done.stdout + done.stderr


def test_not_met(server: RunningServer, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = bench(tmp_path, server.address, 0.000001, "--report", str(report))
    assert done.returncode == 6, done.stderr
    assert "NO" in done.stdout
    assert "NOT all objectives are met" in report.read_text(encoding="utf-8")


def test_failures_are_counted_by_status(server: RunningServer, tmp_path: Path) -> None:
    """A deadline that nobody can keep: the first question, not counted, has it too, and ends the command.

    Now and then an answer is there before the client looks at its clock: then those behind it fail, and are counted.
    """
    text = TARGETS.format(p50=5000).replace("seconds = 1", "seconds = 1\ndeadline_ms = 0.001")
    (tmp_path / "slow.toml").write_text(text, encoding="utf-8")
    (tmp_path / "q.txt").write_text(f"{CUI}\n", encoding="utf-8")
    words = ["bench", "--targets", str(tmp_path / "slow.toml"), "--server", server.address]
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 13 or (done.returncode == 6 and "NO" in done.stdout), done.stderr
    assert CUI not in done.stdout + done.stderr


def test_nobody_there(tmp_path: Path) -> None:
    assert bench(tmp_path, "127.0.0.1:9", 50).returncode == 10


def test_a_broken_file_and_a_strange_report(tmp_path: Path) -> None:
    done = bench(tmp_path, "127.0.0.1:9", -1)
    assert done.returncode == 2
    assert "target[1].p50_ms: must be above 0" in done.stderr
    done = bench(tmp_path, "127.0.0.1:9", 50, "--report", str(tmp_path / "report.pdf"))
    assert done.returncode == 2
    assert ".md" in done.stderr
