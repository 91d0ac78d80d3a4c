"""Changes that every kept generation took in are archived; an old number sent again gets the answer it got before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import LedgerArchiveAway
from core.ledger.archiving import archive_held
from core.ledger.frames import ARCHIVE, LOG, SNAPSHOT
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.taken_in import GENERATIONS, KEPT_PIECES, STATE, WORDS
from core.ledger.writer import LedgerWriter
from server.feed import archiving
from server.feed.archiving import Archived, Archiving
from server.feed.seen_ledger import lacking_feeds, note_ledger
from server.feed.snapshot import noted_place
from server.feed.taking import Taker
from tests.feed.ledger_process import writer
from tests.feed.naive_feed import Sent
from tests.feed.test_sequences import SOURCES, Feed
from tests.server.running_server import until

TAKEN = 30


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    """One of TAKEN changes."""
    monkeypatch.setattr(archiving, "LEAST_BYTES", 1)
    made = Feed(tmp_path / FOLDER)
    assert made.send(*(Sent(number, "UPSERT", f"A{number % 7}", f"x{number}") for number in range(1, TAKEN + 1)))
    yield made
    made.ledger.close()


def generation(data: Path, name: str, sequence: int, *, words: bool = True) -> Path:
    """Makes a kept generation with the entries up to one taken in; 0 = it states none."""
    directory = data / GENERATIONS / name
    directory.mkdir(parents=True)
    (directory / KEPT_PIECES).touch()
    if words:
        (directory / WORDS).touch()
    if sequence:
        with LedgerReader(data / FOLDER) as ledger:
            place = ledger.seek(sequence - 1)
            (entry,), _ = ledger.read(place, 1)
            noted = NotedPlace(
                ledger=ledger.ledger_id.hex(), sequence=sequence, offset=place.offset, digest=digest_of(entry)
            )
        (directory / STATE).write_text(json.dumps({**noted.model_dump(), "feeds": {}, "closed": []}))
    return directory


def begun(feed: Feed) -> Taker:
    return Taker(feed.ledger, SOURCES, hold_s=5.0, future_s=60, snapshots=feed.folder)


def archived(feed: Feed) -> Archived | None:
    return asyncio.run(Archiving(feed.folder.parent, feed.ledger, feed.taker).once())


def test_what_every_kept_generation_holds_is_archived(feed: Feed, tmp_path: Path) -> None:
    generation(tmp_path, "a", 12)
    generation(tmp_path, "b", 25)
    size = (feed.folder / LOG).stat().st_size
    assert archived(feed) == Archived(11, 11), "the entry that a generation states stays in the log"
    assert (feed.folder / LOG).stat().st_size < size
    assert archived(feed) is None
    generation(tmp_path, ".building-c", 30)
    assert archived(feed) is None, "it may never serve"
    generation(tmp_path, "c", 30).joinpath(KEPT_PIECES).unlink()
    assert archived(feed) is None
    for path in (tmp_path / GENERATIONS / "a").iterdir():
        path.unlink()
    (tmp_path / GENERATIONS / "a").rmdir()
    assert archived(feed) == Archived(13, 24)
    feed.restart()
    assert feed.send(Sent(TAKEN + 1, "UPSERT", "B", "x")) == ["TAKEN"]


@pytest.mark.parametrize("other", ["takes nothing in", "keeps no words", "of another ledger", "begins in the archive"])
def test_one_that_begins_before_it_keeps_all_in_the_log(feed: Feed, tmp_path: Path, other: str) -> None:
    generation(tmp_path, "a", 20)
    if other == "begins in the archive":
        early = generation(tmp_path, "b", 5)
        (early / KEPT_PIECES).unlink()
        assert archived(feed) == Archived(19, 19)
        (early / KEPT_PIECES).touch()
        assert feed.send(*(Sent(number, "UPSERT", "C", "x") for number in range(TAKEN + 1, TAKEN + 9)))
    elif other == "of another ledger":
        directory = generation(tmp_path, "b", 10)
        stated = json.loads((directory / STATE).read_text())
        (directory / STATE).write_text(json.dumps({**stated, "ledger": "00" * 16}))
    else:
        generation(tmp_path, "b", 10 if other == "keeps no words" else 0, words=other != "keeps no words")
    assert archived(feed) is None


def test_nothing_is_archived_behind_the_snapshot(feed: Feed, tmp_path: Path) -> None:
    """A start behind it needs no archive. It is not written while a number is missing."""
    generation(tmp_path, "a", 25)
    feed.send(Sent(TAKEN + 2, "UPSERT", "B", "x"))
    assert archived(feed) is None
    feed.send(Sent(TAKEN + 1, "UPSERT", "B", "x"))
    feed.wait(1)
    assert archived(feed) == Archived(24, 24)


def test_nothing_is_archived_while_a_copy_is_taken(feed: Feed, tmp_path: Path) -> None:
    generation(tmp_path, "a", 25)
    with archive_held(feed.folder, shared=True):
        assert archived(feed) is None
    assert archived(feed) is not None


@pytest.mark.parametrize("away", [False, True])
def test_an_old_number_is_known_or_refused_as_before(feed: Feed, tmp_path: Path, away: bool) -> None:
    sent = [Sent(number, "UPSERT", f"A{number % 7}", f"x{number}") for number in range(1, TAKEN + 1)]
    others = [Sent(2, "UPSERT", "A2", "other"), Sent(TAKEN, "UPSERT", "Z", f"x{TAKEN}"), Sent(1, "CANCEL", "A1")]
    before = [feed.send(*sent), feed.send(*others)]
    assert before == [["KNOWN"] * TAKEN, ["REFUSED:FEED_SEQUENCE_REUSED"] * 2 + ["REFUSED:FEED_SEQUENCE_RESET"]]
    digests = feed.taker.digests("oj-central", {"oj": 7})
    seen = feed.taker.seen()
    assert seen is not None
    note_ledger(tmp_path, seen)
    generation(tmp_path, "a", 25)
    assert archived(feed) is not None
    if away:
        (feed.folder / ARCHIVE).rename(tmp_path / "elsewhere")
    for _ in range(2):
        assert [feed.send(*sent), feed.send(*others)] == before
        assert feed.taker.digests("oj-central", {"oj": 7}) == digests
        feed.ledger.close()
        feed.ledger = LedgerWriter(feed.folder, noted_place(feed.folder))
        feed.taker = begun(feed)
    assert lacking_feeds(tmp_path, note_expected=True) == frozenset(), "nobody is in doubt for it"


def test_without_snapshot_and_archive_the_ledger_is_refused_by_name(feed: Feed, tmp_path: Path) -> None:
    generation(tmp_path, "a", 25)
    assert archived(feed) is not None
    (feed.folder / SNAPSHOT).unlink()
    feed.taker = begun(feed)  # reads archive and log
    assert feed.send(Sent(3, "UPSERT", "A3", "x3")) == ["KNOWN"]
    (feed.folder / ARCHIVE).rename(tmp_path / "elsewhere")
    feed.ledger.close()
    feed.ledger = LedgerWriter(feed.folder)
    with pytest.raises(LedgerArchiveAway, match="entries 1 to 24: archived, and not here"):
        begun(feed)


def test_the_server_starts_behind_an_archive_that_is_away(feed: Feed, tmp_path: Path) -> None:
    generation(tmp_path, "a", 25)
    assert archived(feed) is not None
    (feed.folder / ARCHIVE).rename(tmp_path / "elsewhere")
    feed.ledger.close()
    process = writer(tmp_path)
    until((tmp_path / "status").exists)
    assert json.loads((tmp_path / "status").read_bytes())["positions"][0]["through"] == TAKEN
    _, said = process.communicate("")
    assert (process.returncode, said) == (0, "")
    feed.ledger = LedgerWriter(feed.folder, noted_place(feed.folder))


def test_a_server_that_stops_meanwhile_leaves_all_as_it_was(feed: Feed, tmp_path: Path) -> None:
    generation(tmp_path, "a", 25)
    work = Archiving(tmp_path, feed.ledger, feed.taker)

    async def stopped() -> None:
        task = asyncio.ensure_future(work.once())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    feed.restart()
    assert feed.send(Sent(TAKEN + 1, "UPSERT", "B", "x")) == ["TAKEN"]
    assert archived(feed) == Archived(24, 24)
