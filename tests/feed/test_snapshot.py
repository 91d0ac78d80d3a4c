"""A start behind a snapshot: it says what reading everything says, and what it passed over is read beside the work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ledger.frames import LOG, SNAPSHOT
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from server.feed.sequences import named_key
from server.feed.snapshot import noted_place, read_snapshot
from server.feed.taking import Now, Taker
from tests.feed.ledger_process import writer
from tests.feed.naive_feed import Sent
from tests.feed.test_sequences import SOURCES, WALL_MS, Feed
from tests.server.running_server import until

AN_OLD_ENTRY = 200  # a byte of the log in the first entry


@pytest.fixture
def fed(tmp_path: Path) -> Path:
    """Yields a data directory with five changes in its ledger, and a snapshot of the third."""
    feed = Feed(tmp_path / FOLDER)
    assert feed.send(*(Sent(number, "UPSERT", f"A{number}", "x") for number in (1, 2, 3))) == ["TAKEN"] * 3
    feed.taker.snapshot(every=1)
    assert feed.send(Sent(4, "UPSERT", "B", "x"), Sent(5, "CANCEL", "A1")) == ["TAKEN"] * 2
    feed.ledger.close()
    return tmp_path


def flip(path: Path, place: int) -> bytes:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
    return bytes(data)


def started(folder: Path) -> tuple[LedgerWriter, Taker]:
    ledger = LedgerWriter(folder, noted_place(folder))
    return ledger, Taker(ledger, SOURCES, hold_s=5.0, future_s=60, snapshots=folder)


def test_nothing_before_it_is_read_at_the_start(fed: Path) -> None:
    flip(fed / FOLDER / LOG, AN_OLD_ENTRY)
    ledger, taker = started(fed / FOLDER)
    assert taker.positions(["oj-central"])[0]["through"] == 5
    ledger.close()


@pytest.mark.parametrize("place", [0, 40, -1, -20])
def test_one_that_does_not_hold_is_passed_over(fed: Path, place: int) -> None:
    flip(fed / FOLDER / SNAPSHOT, place)
    assert read_snapshot(fed / FOLDER, named_key) is None
    ledger, taker = started(fed / FOLDER)
    assert taker.positions(["oj-central"])[0]["through"] == 5
    ledger.close()


def test_one_of_a_ledger_that_went_on_otherwise_is_passed_over(fed: Path, tmp_path: Path) -> None:
    """An older copy of the ledger, put in beside the snapshot, or another ledger."""
    other = Feed(tmp_path / "other")
    other.send(*(Sent(number, "UPSERT", "C", "y") for number in (1, 2, 3, 4)))
    other.ledger.close()
    (tmp_path / "other" / SNAPSHOT).write_bytes((fed / FOLDER / SNAPSHOT).read_bytes())
    ledger, taker = started(tmp_path / "other")
    assert taker.positions(["oj-central"])[0]["through"] == 4
    ledger.close()


def test_none_is_written_while_something_is_missing(fed: Path) -> None:
    ledger, taker = started(fed / FOLDER)
    before = noted_place(fed / FOLDER)
    assert before is not None
    feed = Feed.__new__(Feed)
    feed.folder, feed.ledger, feed.taker, feed.steady_s = fed / FOLDER, ledger, taker, 0.0
    feed.send(Sent(7, "UPSERT", "D", "x"))
    taker.snapshot(every=1)
    assert noted_place(fed / FOLDER) == before
    feed.send(Sent(6, "UPSERT", "D", "x"))
    taker.look(Now(WALL_MS, 0.0))
    taker.snapshot(every=1)
    after = noted_place(fed / FOLDER)
    assert after is not None
    assert after.sequence > before.sequence
    ledger.close()


def test_a_writer_that_ends_leaves_one_and_the_next_goes_on(fed: Path) -> None:
    process = writer(fed)
    until((fed / "status").exists)
    assert json.loads((fed / "status").read_bytes())["positions"][0]["through"] == 5
    _, said = process.communicate("")
    assert (process.returncode, said) == (0, "")
    place = noted_place(fed / FOLDER)
    assert place is not None
    assert place.sequence >= 5  # and what the clock says


def test_what_was_passed_over_and_does_not_hold_is_named_soon(fed: Path) -> None:
    data = flip(fed / FOLDER / LOG, AN_OLD_ENTRY)
    for _ in range(2):  # the second start reads everything
        process = writer(fed)
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert json.loads(process.stderr.read().splitlines()[-1])["event"] == "ledger_damaged"
        assert not (fed / FOLDER / SNAPSHOT).exists()
    assert (fed / FOLDER / LOG).read_bytes().startswith(data)
