"""A ledger with its first entries archived, here and elsewhere: builds, views and roll-backs are the same as before."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import LedgerArchiveAway
from core.generation.store import Generation
from core.ledger.change import Change, Kind
from core.ledger.frames import ARCHIVE
from core.ledger.reader import FOLDER, START, LedgerReader, Position
from core.ledger.taken_in import WORDS
from indexer.build.errors import PublishingStopped
from indexer.folding import last_words
from indexer.generations.publishing import GENERATIONS, current_generation, published_generations, switch
from indexer.live.record_key import RecordKey
from ronda.replay.changes import deltas_to
from server.feed import archiving
from server.feed.archiving import Archived, Archiving
from server.feed.settings import FeedSource
from server.feed.taking import Taker
from tests.live.stating import FEED
from tests.live.test_a_build_takes_changes_in import begins_behind, copied
from tests.live.test_an_extract_against_the_feed import (
    ANA,
    BEFORE,
    CANCELLED,
    CANCELLED_AT,
    ISSUED_AT,
    LUIS,
    PENDING,
    Court,
    first,
)

__all__ = ["first"]
SOURCES = {FEED: FeedSource(institution="oj", registers=("oj",), silent_s=10**9)}


@pytest.fixture
def court(tmp_path: Path, first: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Court]:
    monkeypatch.setattr(archiving, "LEAST_BYTES", 1)
    made = copied(first, tmp_path / "court")
    yield made
    made.close()


def archived(court: Court) -> Archived | None:
    """Returns what the process that writes the ledger would archive now."""
    assert court.ledger is not None
    taker = Taker(court.ledger, SOURCES, hold_s=5.0, future_s=60, snapshots=court.ledger.folder)
    return asyncio.run(Archiving(court.data, court.ledger, taker).once())


def only_current(court: Court) -> None:
    for name in published_generations(court.data):
        if name != current_generation(court.data):
            shutil.rmtree(court.data / GENERATIONS / name)


def levels(court: Court) -> tuple[str, str]:
    return court.level(ANA), court.level(LUIS)


def test_a_build_and_a_view_need_no_archive(court: Court, tmp_path: Path) -> None:
    """An extract that states no sequence still lists what was cancelled, in an entry that is elsewhere by now."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.upsert("OC-9", LUIS, CANCELLED, ISSUED_AT)
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.upsert("OC-8", LUIS, CANCELLED, ISSUED_AT)
    court.extract(BEFORE)
    assert (levels(court), archived(court)) == (("CLEAR", "HIT"), None), "the first base begins before them"
    only_current(court)
    assert archived(court) == Archived(3, 3)
    for _ in range(2):
        assert levels(court) == ("CLEAR", "HIT")
        court.extract(BEFORE)
        assert (levels(court), begins_behind(court)) == (("CLEAR", "HIT"), 4)
        if (court.data / FOLDER / ARCHIVE).exists():
            (court.data / FOLDER / ARCHIVE).rename(tmp_path / "elsewhere")
    court.upsert("OC-9", LUIS, CANCELLED, ISSUED_AT)
    assert levels(court) == ("CLEAR", "CLEAR")
    court.extract(BEFORE)
    assert levels(court) == ("CLEAR", "CLEAR")
    for name in published_generations(court.data):  # a roll-back to any that is kept
        switch(court.data, name)
        court.open_again()
        assert levels(court) == ("CLEAR", "CLEAR")


def test_without_words_the_archive_is_read_or_asked_for_by_name(court: Court, tmp_path: Path) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    only_current(court)
    assert archived(court) == Archived(1, 1)
    (court.data / GENERATIONS / str(current_generation(court.data)) / WORDS).write_bytes(b"PAR1")
    court.extract(BEFORE)
    assert levels(court) == ("CLEAR", "HIT"), "damaged words are none: the whole ledger was read"
    for name in published_generations(court.data):
        (court.data / GENERATIONS / name / WORDS).unlink()
    (court.data / FOLDER / ARCHIVE).rename(tmp_path / "elsewhere")
    with pytest.raises(PublishingStopped, match="entries 1 to 1: archived, and not here"):
        court.extract(BEFORE)
    assert levels(court) == ("CLEAR", "HIT"), "nothing was published, and what serves goes on"
    (tmp_path / "elsewhere").rename(court.data / FOLDER / ARCHIVE)
    court.extract(BEFORE)
    assert levels(court) == ("CLEAR", "HIT")


def test_manifests_that_name_records_otherwise_read_the_whole_ledger(
    court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    read: list[int] = []
    before = LedgerReader.read

    def noted(self: LedgerReader, position: Position = START, most: int = 10) -> tuple[list[Change], Position]:
        read.append(position.sequence)
        return before(self, position, most)

    monkeypatch.setattr(LedgerReader, "read", noted)
    court.extract(BEFORE)
    assert 0 not in read
    with monkeypatch.context() as patched:
        patched.setattr(last_words, "keys_of_manifests", lambda _: "others")
        court.extract(BEFORE)
    assert 0 in read


def test_replay_reads_on_through_the_archive(court: Court, tmp_path: Path) -> None:
    base, manifests = str(current_generation(court.data)), court.follower._manifests  # type: ignore[union-attr]
    kept = tmp_path / "kept"
    shutil.copytree(court.data / GENERATIONS / base, kept / GENERATIONS / base)
    for number in range(6):
        court.upsert(f"OC-{10 + number}", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    only_current(court)
    assert archived(court) == Archived(5, 5)
    shutil.copytree(kept / GENERATIONS / base, court.data / GENERATIONS / base)  # put back for a replay
    generation = Generation.open(court.data / GENERATIONS / base)
    assert court.ledger is not None
    ledger_id = court.ledger.ledger_id.hex()
    again = deltas_to(4, ledger_id, generation, court.data, manifests, tmp_path / "again")
    assert len(again) > 0
    (court.data / FOLDER / ARCHIVE).rename(tmp_path / "elsewhere")
    with pytest.raises(LedgerArchiveAway, match="entries 1 to 5: archived, and not here"):
        deltas_to(4, ledger_id, generation, court.data, manifests, tmp_path / "once more")


@pytest.mark.parametrize("seed", range(40))
def test_what_the_words_leave_out_is_replaced_wherever_it_would_count(seed: int) -> None:
    """In any extract the last row of each key that counts, and all behind it, are the same without it."""
    dice = random.Random(seed)
    doubted = dice.choice(["X", "Y", ""])
    changes = [
        Change(
            dice.choice([Kind.UPSERT, Kind.UPSERT, Kind.CANCEL]),
            "oj",
            dice.choice(["a", "a", "b"]),
            sequence=number,
            record_id=(record := dice.choice(["X", "Y"])),
            source_sequence=number,
            event_ms=number + dice.choice([0, 0, 5, -5]),
            manifest_source=dice.choice(["", "s", "s"]) if record == doubted else "s",
        )
        for number in range(1, 25)
    ]

    def key_of(change: Change) -> RecordKey:
        return RecordKey(0, change.record_id, 1 if change.manifest_source else None, None)

    kept = last_words.last_words(changes, key_of, lambda _, key: key is not None and key.source is None)
    assert [each for each in changes if each in kept] == sorted(kept, key=lambda each: each.sequence)
    for held, snapshot in ((dice.randint(0, 25), None), (0, dice.randint(0, 25)), (0, None)):

        def standing(
            all_of: list[Change], held: int = held, snapshot: int | None = snapshot
        ) -> dict[RecordKey, list[Change]]:
            found: dict[RecordKey, list[Change]] = {}
            for each in sorted(all_of, key=lambda change: change.sequence):
                yields = each.source_sequence <= held if each.source == "a" else False
                if yields or (snapshot is not None and each.event_ms <= snapshot):
                    continue
                if each.kind is Kind.UPSERT:
                    found[key_of(each)] = []
                found.setdefault(key_of(each), []).append(each)
            return found

        assert standing(kept) == standing(changes)
