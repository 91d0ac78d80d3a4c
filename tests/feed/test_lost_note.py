"""The note of how far the ledger was is lost or damaged: every source is in doubt until it has said its last number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ledger.change import RESTORED
from core.ledger.reader import FOLDER
from server.feed.seen_ledger import SEEN
from tests.feed.ledger_process import writer
from tests.feed.naive_feed import Sent
from tests.feed.test_sequences import Feed
from tests.server.running_server import until


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that took one change over, and has the note of it."""
    feed = Feed(tmp_path / FOLDER)
    feed.send(Sent(1, "UPSERT", "A", "x"))
    feed.ledger.close()
    assert _stale(tmp_path) == ""
    assert (tmp_path / SEEN).exists()
    return tmp_path


def _stale(data: Path, *, note_expected: bool = False) -> str:
    """Why the register is STALE, as the process says once it begins; silence aside."""
    (data / "status").unlink(missing_ok=True)
    process = writer(data, note_expected=note_expected)
    until((data / "status").exists)
    process.communicate("")
    told = json.loads((data / "status").read_bytes())["positions"][0]["stale"]
    return " ".join(each for each in str(told).split() if each != "SILENT")


@pytest.mark.parametrize("note", [b"", bytes(300), b"{}", b"\xff", None])
@pytest.mark.parametrize("ledger_is_lost", [True, False])
def test_a_note_that_was_there(data: Path, note: bytes | None, ledger_is_lost: bool) -> None:
    if note is None:
        (data / SEEN).unlink()
    else:
        (data / SEEN).write_bytes(note)
    if ledger_is_lost:
        for each in (data / FOLDER).iterdir():
            each.unlink()
    assert _stale(data, note_expected=note is None) == RESTORED
    assert _stale(data) == RESTORED, "the note is made anew, and the doubt stays"


def test_a_first_start_and_a_release_without_notes_are_in_no_doubt(data: Path) -> None:
    (data / SEEN).unlink()
    assert _stale(data) == ""
    for each in (data / FOLDER).iterdir():
        each.unlink()
    (data / SEEN).unlink()
    assert _stale(data) == ""
