"""Each part of an installation that is lost while the server is stopped leaves one line with a name at its start."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from server.feed.seen_ledger import SEEN
from server.processes.served_parts import SERVED, SERVED_PARTS
from tests.drills.losses import lose
from tests.drills.world import SETTINGS
from tests.kit.small_world import SmallWorld
from tests.server.running_server import ROOT, RunningServer, until

PAGE = ROOT / "docs" / "operations.md"
# Made by the first start: confirmations need somebody who asks for one, limits a server that counts.
AT_ONCE = {"page.key", "hotlist.key", "subject.key", "audit", "recall", "ledger", "staging"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of a small world that has served."""
    world = SmallWorld()
    world.person(1, "ANA LUCIA CAAL CHOC", "1980-05-17")
    made = world.build(tmp_path)
    server = RunningServer(made, tmp_path / "first.log", **SETTINGS).wait_ready()
    until(lambda: set(_noted(made)) >= AT_ONCE)
    server.stop()
    return made


def _noted(data: Path) -> list[str]:
    try:
        return list(json.loads((data / SERVED).read_text())["parts"])
    except (OSError, ValueError, TypeError):
        return []


def test_each_lost_part_is_told_once_by_name(data: Path, tmp_path: Path) -> None:
    for name in ("page.key", "hotlist.key", "recall", "ledger", "staging"):
        lose(data / name)
    for part in (data / "audit").iterdir():  # the directory stands there, empty: its disk was not mounted
        shutil.rmtree(part) if part.is_dir() else part.unlink()
    told = _told(data, tmp_path / "second.log")
    assert told == {
        "page_key_made_anew": 1,
        "hotlist_key_made_anew": 1,
        "audit_begun_anew": 1,
        "recall_begun_anew": 1,
        "ledger_begun_anew": 1,
        "staging_lost": 1,
    }
    assert _told(data, tmp_path / "third.log") == {}


def test_what_is_lost_while_it_serves_is_told_at_the_next_start(data: Path, tmp_path: Path) -> None:
    """A reload is a start too: the ledger that a disk lost must not look like one that never was."""
    server = RunningServer(data, tmp_path / "second.log", **SETTINGS).wait_ready()
    until(lambda: set(_noted(data)) >= AT_ONCE)
    for name in ("ledger", "recall"):
        lose(data / name)
    time.sleep(2.5)  # in which the server looks again, twice
    server.stop()
    again = RunningServer(data, tmp_path / "third.log", **SETTINGS).wait_ready()
    assert [len(again.events(name)) for name in ("ledger_begun_anew", "recall_begun_anew")] == [1, 1]
    again.stop()


def test_an_installation_that_lost_its_notes_may_have_had_a_ledger(data: Path, tmp_path: Path) -> None:
    """The ledger, the note of how far it was, and the notes of what was there: its feeds are in doubt all the same."""
    for name in ("ledger", SERVED, *([SEEN] if (data / SEEN).exists() else [])):
        lose(data / name)
    server = RunningServer(data, tmp_path / "second.log", **SETTINGS).wait_ready()
    until(lambda: server.events("feed_ledger_note_lost"))
    assert server.events("feed_ledger_put_back")
    server.stop()


@pytest.mark.parametrize("note", [None, b"[]", b"{", b""])
def test_notes_that_are_lost_or_damaged_silence_nothing(data: Path, tmp_path: Path, note: bytes | None) -> None:
    """The one who takes the recall away, and the notes that knew of it, is not alone in knowing."""
    lose(data / "recall")
    lose(data / SERVED)
    if note is not None:
        (data / SERVED).write_bytes(note)
    assert _told(data, tmp_path / "second.log") == {"served_note_lost": 1}
    assert _told(data, tmp_path / "third.log") == {}


def test_a_part_that_was_emptied_is_lost(data: Path, tmp_path: Path) -> None:
    (data / "staging" / "LAST.json").write_bytes(b"")
    assert _told(data, tmp_path / "second.log") == {"staging_lost": 1}


def _told(data: Path, log: Path) -> dict[str, int]:
    server = RunningServer(data, log, **SETTINGS).wait_ready()
    staged = data / "staging" / "LAST.json"  # the one part that no start makes anew
    there = staged.exists() and staged.stat().st_size > 0
    until(lambda: set(_noted(data)) >= AT_ONCE - {"staging"} and ("staging" in _noted(data)) == there)
    server.stop()
    counts = {part.event: len(server.events(part.event)) for part in SERVED_PARTS}
    return {event: count for event, count in counts.items() if count}


def test_the_page_has_each_part_and_its_line() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Parts that begin anew\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| `?([a-z.-]+)", table, re.MULTILINE))
    assert rows == {part.event: part.name for part in SERVED_PARTS}
