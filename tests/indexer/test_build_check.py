"""Checks what the `ronda` command refuses to build or to publish: exit status and words (docs/operations.md)."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from tests.indexer.small_registers import SmallRegisters

FRESH, CALLER, STOPPED, NOT_FRESH = 0, 2, 3, 4


def ronda(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The `ronda` command, wide, without settings of this machine."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    command = [sys.executable, "-m", "ronda.command", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment | {"COLUMNS": "300"}, timeout=120, check=False
    )


def index(registers: SmallRegisters, *more: str, **places: Path) -> subprocess.CompletedProcess[str]:
    told = {"data": registers.data, "sources": registers.sources, "manifests": registers.manifests} | places
    return ronda("index", *(word for name, path in told.items() for word in (f"--{name}", str(path))), *more)


def test_a_source_directory_that_is_not_there(registers: SmallRegisters, tmp_path: Path) -> None:
    for built in (False, True):
        done = index(registers, sources=tmp_path / "nope")
        assert done.returncode == CALLER, built
        assert f"sources: {tmp_path / 'nope'} is no directory" in done.stderr
        if not built:
            assert not registers.data.exists()
            build(registers.options())
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert index(registers, sources=tmp_path / "file").returncode == CALLER


def test_a_data_directory_without_a_place(registers: SmallRegisters, tmp_path: Path) -> None:
    done = index(registers, data=tmp_path / "nope" / "x")
    assert done.returncode == CALLER
    assert f"data: {tmp_path / 'nope'}, which is to hold x, is no directory" in done.stderr
    assert not (tmp_path / "nope").exists()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "is no directory" in index(registers, data=tmp_path / "file").stderr
    listed = ronda("generations", "list", "--data", str(tmp_path / "nope"))
    assert (listed.returncode, listed.stdout) == (CALLER, "")
    assert "is no directory" in listed.stderr


def test_a_first_build_with_nothing_in_it(registers: SmallRegisters, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = index(registers, sources=tmp_path / "empty")
    assert done.returncode == CALLER
    assert "not published: a first generation without a single record" in done.stderr
    for register in ("renap", "oj", "sat"):
        assert f"register {register}, source" in done.stderr
    assert current_generation(registers.data) is None
    assert index(registers).returncode == FRESH  # and nothing of it is in the way


def test_a_register_without_a_manifest_is_not_published_and_says_so(registers: SmallRegisters) -> None:
    build(registers.options())
    (registers.manifests / "oj.toml").unlink()
    done = index(registers)
    assert done.returncode == STOPPED
    assert done.stderr.startswith("not published: the generation that answers holds oj, and no manifest does now.")


def test_a_source_that_failed_is_named_and_told_by_the_exit_status(registers: SmallRegisters) -> None:
    assert index(registers).returncode == FRESH
    registers.break_source("oj")
    done = index(registers)
    assert done.returncode == NOT_FRESH
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("NOT FRESH: "))
    assert "oj is carried forward as of " in line and "STALE" in line and "no file fits 'oj.csv'" in line
    done = index(registers, "--json")
    assert done.returncode == NOT_FRESH
    assert json.loads(done.stdout)["failed_registers"] == ["oj"]
    assert index(registers, "--withdraw", "oj").returncode == FRESH  # on purpose is no failure


def test_an_as_of_ahead_of_the_clock(registers: SmallRegisters) -> None:
    """A day ahead may be a time zone or a clerk's tomorrow; more is a wrong date, fresh until 2031."""
    assert index(registers).returncode == FRESH
    now = datetime.datetime.now(datetime.UTC).timestamp()
    path = registers.sources / "oj.csv"
    for hours, status in ((23, FRESH), (25, NOT_FRESH), (24 * 365 * 5, NOT_FRESH)):
        os.utime(path, (now + hours * 3600,) * 2)
        done = index(registers, "--json")
        (oj,) = (register for register in json.loads(done.stdout)["registers"] if register["id"] == "oj")
        assert done.returncode == status, hours
        assert oj["fate"] == ("fresh" if status == FRESH else "carried")
        if status != FRESH:
            assert "is more than a day ahead of the clock" in oj["reason"]
            assert oj["as_of_ms"] <= (now + 24 * 3600) * 1000
