"""The commands of deploy/ronda-backup.service, as systemd would run them, on an installation that has served."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.command.terminal import RONDA, piped

UNITS = Path(__file__).parents[2] / "deploy"
DAY_S = 86_400


def command(name: str, copies: Path) -> list[str]:
    """A line of the unit as an argument vector, its places replaced."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNITS / "ronda-backup.service")
    text = unit["Service"][name].replace("$$", "$").replace("%%", "%").replace("/var/backups/ronda", str(copies))
    return shlex.split(text.replace("/opt/ronda/bin/ronda", shlex.join(RONDA)))


def test_each_night_is_a_copy_of_its_own_and_old_ones_go(installation: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for name, age in (("2026-01-01T043000.tar", 41), ("2026-01-03T043000.tar", 38), ("letter.txt", 90)):
        (copies / name).touch()
        os.utime(copies / name, (time.time() - age * DAY_S,) * 2)
    environment = {**os.environ, "RONDA_DATA": str(installation)}
    root = Path(__file__).parents[2]
    for each in ("ExecStart", "ExecStartPost"):
        done = subprocess.run(
            command(each, copies), env=environment, cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    names = {path.name for path in copies.iterdir()}
    assert {"2026-01-03T043000.tar", "letter.txt"} < names
    (made,) = names - {"2026-01-03T043000.tar", "letter.txt"}
    assert time.strptime(made, "%Y-%m-%dT%H%M%S.tar")
    restored = piped("restore", str(copies / made), "--data", str(tmp_path / "elsewhere"))
    assert restored.returncode == 0, restored.stderr + restored.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_systemd_reads_the_timer_and_its_unit() -> None:
    for name in ("ronda-backup.service", "ronda-backup.timer"):
        done = subprocess.run(
            ["systemd-analyze", "verify", str(UNITS / name)], capture_output=True, text=True, check=False
        )
        said = [line for line in done.stderr.splitlines() if "ronda-backup" in line and "not executable" not in line]
        assert said == []
