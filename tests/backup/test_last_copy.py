"""A scrape says when the newest whole copy was made, where copies are expected."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.processes.last_copy import NOTE, CopyCollector
from tests.command.terminal import piped
from tests.drills.world import SETTINGS
from tests.server.running_server import RunningServer

MADE_AT = "ronda_backup_last_success_timestamp_seconds"


def shown(server: RunningServer) -> dict[str, float]:
    families = text_string_to_metric_families(server.metrics())
    return {each.name: each.samples[0].value for each in families if each.name.startswith("ronda_backup")}


def test_a_copy_that_ran_to_its_end_is_shown(installation: Path, served_world: Path, tmp_path: Path) -> None:
    given = {**SETTINGS, "manifests": served_world.parent / "manifests", "backup_within_h": 36}
    server = RunningServer(installation, tmp_path / "log", workers=1, **given).wait_ready()
    try:
        within = {"ronda_backup_within_seconds": 36 * 3600.0}
        assert shown(server) == {**within, MADE_AT: 0.0}
        assert piped("backup", str(tmp_path), "--data", str(installation)).returncode == 2, "it is there already"
        assert shown(server) == {**within, MADE_AT: 0.0}
        before = time.time()
        done = piped("backup", str(tmp_path / "copy.tar"), "--data", str(installation))
        assert done.returncode == 0, done.stderr
        assert before - 1 <= shown(server)[MADE_AT] <= time.time()
    finally:
        server.stop()
    assert piped("backup", str(tmp_path / "again"), "--data", str(installation)).returncode == 0
    assert not (tmp_path / "again" / "data" / NOTE).exists(), "what is restored has no copy of its own yet"


def test_a_copy_that_cannot_be_noted_is_whole_and_says_so(installation: Path, tmp_path: Path) -> None:
    (installation / NOTE).mkdir()
    done = piped("backup", str(tmp_path / "copy.tar"), "--json", "--data", str(installation))
    assert done.returncode == 0, done.stderr
    assert "RondaBackupMissing" in done.stderr
    assert json.loads(done.stdout)["files"] > 0


WRONG: dict[str, Callable[[Path], object]] = {
    "none": lambda note: None,
    "a directory": Path.mkdir,
    "empty": lambda note: note.write_bytes(b""),
    "no object": lambda note: note.write_text("[1]"),
    "no time": lambda note: note.write_text('{"at_ms": Infinity}'),
    "of a wrong clock": lambda note: note.write_text(json.dumps({"at_ms": (time.time() + 1e7) * 1000})),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_note_that_says_nothing_is_no_copy(name: str, tmp_path: Path) -> None:
    WRONG[name](tmp_path / NOTE)
    values = [family.samples[0].value for family in CopyCollector(tmp_path, 1).collect()]
    assert values == [0.0, 3600.0]
    assert list(CopyCollector(tmp_path, 0).collect()) == []
