"""A build takes in what was fed: the view over its base says what one says that lays the whole ledger over it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.generation.view_file import LIVE, read_view
from core.ledger.change import RESTORED, Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer import pipeline
from indexer.build.errors import PublishingStopped
from indexer.folding import apart
from indexer.generations.publishing import current_generation
from indexer.live.shared_keys import FILE as SHARED_KEYS
from ronda.v1.register_pb2 import REGISTER_STATE_FRESH, REGISTER_STATE_STALE
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import AS_OF_S
from tests.live.stating import FEED, StatingWorld
from tests.live.test_an_extract_against_the_feed import (
    ANA,
    BEFORE,
    CALLED,
    CANCELLED,
    CANCELLED_AT,
    DAY,
    ISSUED_AT,
    LISTED,
    LUIS,
    NOTE,
    PENDING,
    Court,
    as_of_alone,
    at,
    day,
    first,
    milliseconds,
    sequence,
)

__all__ = ["first"]
TIMES = tuple(f"{DAY}T{time}-06:00" for time in ("09:30:00", "10:42:00", "11:45:00"))


@pytest.fixture
def court(tmp_path: Path, first: Path) -> Iterator[Court]:
    made = copied(first, tmp_path / "court")
    yield made
    made.close()


def copied(first: Path, directory: Path) -> Court:
    directory.mkdir()
    made = Court(directory)
    shutil.copytree(first, made.data)
    made.open(first.parent / "written-1" / "registers" / "manifests")
    return made


def begins_behind(court: Court) -> int:
    """The entries that the writer did not take; all its deltas are of later ones."""
    court.view()
    assert court.follower is not None
    return 0 if court.follower.reads_whole else court.follower.sequence


def register_state(court: Court) -> int:
    states = {each.register_id: each.state for each in court.answer(LUIS).answer.registers}
    return states["oj"]


def test_nothing_is_laid_over_a_base_that_holds_all(court: Court) -> None:
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.feed(Kind.CANCEL, "OC-7", ISSUED_AT)
    assert (court.level(ANA), court.level(LUIS)) == ("CLEAR", "HIT")
    court.extract(BEFORE)
    assert (court.level(ANA), court.level(LUIS)) == ("CLEAR", "HIT")
    view = read_view(court.data / LIVE / str(current_generation(court.data)))
    assert (begins_behind(court), view.sequence, view.deltas) == (2, 2, [])
    court.upsert("OC-9", LUIS, CANCELLED, ISSUED_AT)
    assert court.level(LUIS) == "CLEAR"


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 6))])
def test_as_with_the_whole_ledger(seed: int, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes before and after what extracts state, in any order, with a part for each few ids."""
    monkeypatch.setattr(apart, "PART_CHANGES", 2)
    taking_in, laying_over = copied(first, tmp_path / "in"), copied(first, tmp_path / "over")
    dice = random.Random(seed)
    for _ in range(6):
        for _ in range(dice.randint(1, 4)):
            record, person = dice.choice(["OC-7", "OC-8", "OC-9"]), dice.choice([ANA, LUIS])
            time, state = dice.choice(TIMES), dice.choice([PENDING, PENDING, CANCELLED, ""])
            for each in (taking_in, laying_over):
                if state:
                    each.upsert(record, person, state, time)
                else:
                    each.feed(Kind.CANCEL, record, time)
        if dice.random() < 0.6:
            lists = {record: (ANA, dice.choice([PENDING, CANCELLED])) for record in dice.sample(["OC-7", "OC-9"], 1)}
            stated = dice.choice([at("10:42:00"), day, as_of_alone, sequence(dice.randint(0, 12))])
            taking_in.extract(lists, stated())
            with monkeypatch.context() as patched:
                patched.setattr(pipeline, "fold", lambda *_, **__: None)
                laying_over.extract(lists, stated())
        for person in (ANA, LUIS):
            mine, theirs = taking_in.answer(person).answer, laying_over.answer(person).answer
            assert (mine.level, list(taking_in.notes(person))) == (theirs.level, list(laying_over.notes(person)))
            assert [hit.record.record_id for hit in mine.hits] == [hit.record.record_id for hit in theirs.hits]
    assert (begins_behind(taking_in) > 0, begins_behind(laying_over)) == (True, 0)
    for each in (taking_in, laying_over):
        each.close()


def test_a_mark_goes_with_the_word_that_made_it(court: Court) -> None:
    """The court lists what it had closed by feed; then it says by feed that it is in force."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(BEFORE, sequence(1)())
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE])
    court.upsert("OC-7", ANA, PENDING, TIMES[2])
    assert (court.level(ANA), court.notes(ANA)) == ("HIT", [])


def test_another_ledger_is_laid_over_whole(court: Court) -> None:
    """The base's word from the ledger that was put away stands; a change sent again says the same once more."""
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.feed(Kind.CANCEL, "OC-7", ISSUED_AT)
    court.extract(BEFORE)
    assert court.ledger is not None
    court.ledger.close()
    shutil.rmtree(court.data / FOLDER)
    court.ledger = LedgerWriter(court.data / FOLDER)
    assert court.follower is not None
    court.open_again()
    assert (begins_behind(court), court.level(ANA), court.level(LUIS)) == (0, "CLEAR", "HIT")
    court.feed(Kind.CANCEL, "OC-7", ISSUED_AT)
    court.upsert("OC-9", LUIS, CANCELLED, ISSUED_AT)
    assert (begins_behind(court), court.level(ANA), court.level(LUIS)) == (0, "CLEAR", "CLEAR")


def test_a_copy_of_the_ledger_that_went_on_otherwise_is_laid_over_whole(court: Court) -> None:
    """Put back from a copy, and as long again as the base knew it: other changes have the same numbers."""
    assert court.ledger is not None
    court.upsert("OC-8", LUIS, CANCELLED, ISSUED_AT)
    shutil.copytree(court.data / FOLDER, court.directory / "copy")
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    court.ledger.close()
    shutil.rmtree(court.data / FOLDER)
    shutil.copytree(court.directory / "copy", court.data / FOLDER)
    court.ledger = LedgerWriter(court.data / FOLDER)
    court.feed(Kind.CANCEL, "OC-7", TIMES[2])
    court.open_again()
    assert (begins_behind(court), court.level(ANA), court.level(LUIS)) == (0, "CLEAR", "HIT")


def put_back(court: Court, copy: Path | None) -> None:
    """The ledger of another day in the place of this one's; None: one that is begun anew."""
    assert court.ledger is not None
    court.ledger.close()
    shutil.rmtree(court.data / FOLDER)
    if copy is not None:
        shutil.copytree(copy, court.data / FOLDER)
    court.ledger = LedgerWriter(court.data / FOLDER)


def test_an_older_copy_undoes_nothing_that_the_base_took_in(court: Court) -> None:
    """It has the warrant, and not its cancellation: laid over the base, it had made him wanted again."""
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    shutil.copytree(court.data / FOLDER, court.directory / "copy")
    court.upsert("OC-9", LUIS, CANCELLED, TIMES[2])
    court.extract(BEFORE)
    put_back(court, court.directory / "copy")
    court.open_again()
    assert court.level(LUIS) == "CLEAR"
    court.upsert("OC-8", LUIS, PENDING, TIMES[2])
    assert court.level(LUIS) == "HIT", "what came since counts"


@pytest.mark.parametrize("lost", [False, True])
def test_a_build_waits_for_the_sources_of_a_ledger_that_went_back(court: Court, lost: bool) -> None:
    """Without what the current generation took in, the next one would be greener."""
    court.upsert("OC-8", LUIS, CANCELLED, ISSUED_AT)
    shutil.copytree(court.data / FOLDER, court.directory / "copy")
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    before = current_generation(court.data)
    put_back(court, None if lost else court.directory / "copy")
    assert court.ledger is not None
    refused = "an older copy, or begun anew.*: oj by "
    for said in ([], [Change(Kind.STALE, "oj", FEED, reason=RESTORED)], [Change(Kind.STALE, "oj", FEED, reason="GAP")]):
        court.ledger.append(said, milliseconds(TIMES[2]))
        if said and said[0].reason == RESTORED:
            court.ledger.append([Change(Kind.STALE, "oj", "another", reason=RESTORED)], milliseconds(TIMES[2]))
            court.ledger.append([Change(Kind.FRESH, "oj", "another")], milliseconds(TIMES[2]))
        with pytest.raises(PublishingStopped, match=refused):
            court.extract(BEFORE)
    assert current_generation(court.data) == before
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.ledger.append([Change(Kind.FRESH, "oj", FEED)], milliseconds(TIMES[2]))
    court.extract(BEFORE)
    assert (court.level(LUIS), current_generation(court.data) != before) == ("HIT", True)


def test_a_build_that_is_told_to_takes_the_ledger_as_it_is(court: Court) -> None:
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE)
    put_back(court, None)
    with pytest.raises(PublishingStopped):
        court.extract(BEFORE)
    court.accepts_ledger = True
    court.extract(BEFORE)
    assert court.level(LUIS) == "CLEAR"


@pytest.mark.parametrize("lost", [False, True])
def test_an_id_that_once_stood_for_two_has_two_for_every_later_base(court: Court, lost: bool) -> None:
    """Nothing was fed while the extract listed both; then one is left, and a change may not mean that one alone."""
    both = SmallWorld()
    both.warrant("OC-7", LUIS, *CALLED[LUIS], state=PENDING)
    court.extract(BEFORE, both)
    assert (court.level(ANA), court.level(LUIS)) == ("HIT", "HIT")
    court.extract(BEFORE)
    assert (court.level(ANA), court.level(LUIS)) == ("HIT", "CLEAR")
    if lost:
        (court.data / LIVE / SHARED_KEYS).unlink()
        court.extract(BEFORE)
    court.upsert("OC-7", LUIS, PENDING, ISSUED_AT)
    assert (court.level(ANA), register_state(court)) == ("HIT", REGISTER_STATE_STALE)
    court.extract(BEFORE)
    assert (court.level(ANA), register_state(court)) == ("HIT", REGISTER_STATE_STALE)


def test_what_could_not_be_read_is_missing_yet(court: Court) -> None:
    court.feed(Kind.UPSERT, "OC-9", ISSUED_AT, ORDEN="OC-10", CUI=LUIS, ESTADO=PENDING)
    assert register_state(court) == REGISTER_STATE_STALE
    court.extract(BEFORE)
    assert (begins_behind(court), register_state(court)) == (1, REGISTER_STATE_STALE)
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    assert (register_state(court), court.level(LUIS)) == (REGISTER_STATE_FRESH, "HIT")


def test_a_ledger_that_is_damaged_stops_the_build(court: Court) -> None:
    """A base without what was fed would be greener than the one that serves."""
    court.upsert("OC-9", LUIS, PENDING, ISSUED_AT)
    before = current_generation(court.data)
    log = court.data / FOLDER / "changes.log"
    held = bytearray(log.read_bytes())
    held[120] ^= 1
    log.write_bytes(held)
    with pytest.raises(PublishingStopped, match="the changes that were fed cannot be read"):
        court.extract(BEFORE)
    assert current_generation(court.data) == before
    assert not [entry.name for entry in court.data.iterdir() if entry.name == pipeline.FOLDING]


def test_a_later_as_of_says_nothing_beside_the_feeds_own_number(court: Court) -> None:
    """The extract states that it holds the feed up to the change before: it cannot list what came after."""
    court.upsert("OC-7", ANA, PENDING, ISSUED_AT)
    court.upsert("OC-8", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE, StatingWorld(f"{DAY}T11:30:00-06:00", sequence=1))
    assert (court.level(LUIS), court.notes(LUIS)) == ("HIT", [])


def test_a_cancellation_by_a_source_that_has_another_name_now_is_in_doubt(court: Court) -> None:
    """Somebody cancelled something: who was freed is not wanted again because the manifest was edited."""
    assert court.ledger is not None
    change = Change(
        Kind.CANCEL, "oj", FEED, record_id="OC-7", source_sequence=1, event_ms=milliseconds(CANCELLED_AT),
        manifest_source="the-name-of-before",
    )  # fmt: skip
    court.ledger.append([change], AS_OF_S * 1000)
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE])
    court.extract(LISTED)
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE])
