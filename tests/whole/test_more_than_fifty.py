"""A record without number that means one of more than fifty: no list would help, and nobody of them is shown green."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.engine.entry import Engine
from core.generation.manifest import read_manifest
from core.generation.store import Generation
from indexer.generations.publishing import current_generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2, section_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.comparison import ask
from tests.kit.questions import Question
from tests.kit.small_world import SmallWorld, cleared
from tests.oracle import Oracle
from tests.oracle.registers import everything
from tests.server.running_server import RunningServer

MANY = 52
FIRST_ALIKE, FIRST_FIFTY, FIRST_COMMON, ALONE, CANCELLED = 1, 100, 200, 300, 400
PENDING_OF_MANY = ("ANA LUCIA TZUL QUEJ", "1950-01-01")  # the day of who had none
OF_FIFTY = ("EVA MARIA CUNIL BATZ", "1901-01-01")
COMMON = "ROSA MARIA IXCOY CAAL"
CLOSED_OF_MANY = ("OLGA INES POP CHUB", "1902-01-01")
CLEAR, INSUFFICIENT = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_INSUFFICIENT


def made() -> SmallWorld:
    world = SmallWorld()
    for place in range(MANY):
        world.person(FIRST_ALIKE + place, *PENDING_OF_MANY)
        world.person(FIRST_COMMON + place, COMMON, f"{1930 + place}-02-03")
        world.person(CANCELLED + place, *CLOSED_OF_MANY)
    for place in range(50):
        world.person(FIRST_FIFTY + place, *OF_FIFTY)
    world.person(ALONE, "DELIA SUSANA COY TUT")
    world.warrant("MANY", "", *PENDING_OF_MANY)
    world.warrant("FIFTY", "", *OF_FIFTY)
    world.warrant("NAME", "", COMMON)
    world.warrant("CLOSED", "", *CLOSED_OF_MANY, state="CANCELADA")
    world.car(1, "P-111BCD", [{"CUI": cui_of(FIRST_ALIKE)}])
    world.car(2, "P-222BCD", [{"CUI": cui_of(ALONE)}])
    return world


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made().build(tmp_path_factory.mktemp("fifty"))


@pytest.fixture(scope="module")
def asker(data: Path) -> Iterator[Asker]:
    server = RunningServer(data, data.parent / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def test_nobody_of_more_than_fifty_is_clear(asker: Asker) -> None:
    for place in (0, 1, MANY - 1):
        found = asker.person(cui_of(FIRST_ALIKE + place))
        assert (found.answer.level, len(found.answer.hits)) == (INSUFFICIENT, 0)
        assert [note.code for note in found.answer.notes] == ["CROWDED"]
        assert found.person.name_only_alerts == 1


def test_fifty_are_linked_each(asker: Asker) -> None:
    found = asker.person(cui_of(FIRST_FIFTY + 49))
    assert found.answer.level == level_pb2.LEVEL_POSSIBLE
    assert [hit.record.record_id for hit in found.answer.hits] == ["FIFTY"]


def test_whose_name_alone_is_common_may_be_clear(asker: Asker) -> None:
    """Below the alert score the name tells nothing: counted, and no more."""
    found = asker.person(cui_of(FIRST_COMMON))
    assert (found.answer.level, found.person.name_only_alerts) == (CLEAR, 1)
    assert not found.answer.notes


def test_who_is_not_meant_is_clear(asker: Asker) -> None:
    assert asker.person(cui_of(ALONE)).answer.level == CLEAR
    assert asker.person(cui_of(CANCELLED)).answer.level == CLEAR, "what is closed means nobody"


def test_by_plate_too(asker: Asker) -> None:
    found = asker(checks.CheckVehicleRequest(plate="P-111BCD"))
    assert found.vehicle.owner_level == found.answer.level == INSUFFICIENT
    assert asker(checks.CheckVehicleRequest(plate="P-222BCD")).answer.level == CLEAR


def test_in_lists_too(asker: Asker) -> None:
    one = asker.person(cui_of(FIRST_ALIKE)).person.subject_id
    listed = asker(checks.ListRecordsRequest(subject_id=one, section=section_pb2.SECTION_IDENTITY))
    assert listed.answer.level == INSUFFICIENT


def test_no_certificate_says_that_there_is_nothing(asker: Asker) -> None:
    cuis = [cui_of(FIRST_ALIKE), cui_of(FIRST_COMMON), cui_of(ALONE)]
    review = ("REVIEW", "NAME_MATCH")
    assert cleared(asker, cuis=cuis) == [review, ("NO_RECORD", "NOTHING_ON_FILE"), ("NO_RECORD", "NOTHING_ON_FILE")]


def test_who_may_not_see_what_is_counted_learns_nothing_of_it(data: Path) -> None:
    """Engine and oracle, with every mask that matters."""
    directory = data / "generations" / str(current_generation(data))
    manifest, registers = read_manifest(directory).model_dump(exclude_unset=True), data.parent
    engine = Engine(Generation.open(directory))
    oracle = Oracle.load(
        registers / "sources", registers / "manifests", {}, manifest, (data / "subject.key").read_bytes()
    )
    clock = max(register["as_of_ms"] for register in manifest["registers"])
    batch: Any = clearance.ClearRequest(
        standard=clearance.CLEARANCE_STANDARD_WANTED,
        row_ids=[1, 2],
        cuis=["", cui_of(FIRST_ALIKE)],
        names=[PENDING_OF_MANY[0], ""],
        birth_dates=[19500101, 0],
    )
    asked: list[tuple[str, Any]] = [
        ("CheckPerson", checks.CheckPersonRequest(cui=cui_of(FIRST_ALIKE))),
        ("CheckPerson", checks.CheckPersonRequest(cui=cui_of(FIRST_COMMON))),
        ("CheckVehicle", checks.CheckVehicleRequest(plate="P-111BCD")),
        ("Check", checks.CheckRequest(query=cui_of(FIRST_ALIKE))),
        ("Clear", batch),
    ]
    for hidden in (0, section_pb2.SECTION_WARRANT, section_pb2.SECTION_IDENTITY, section_pb2.SECTION_DISCREET_ALERT):
        masks = everything()
        masks[section_pb2.SENSITIVITY_OPEN] &= ~(1 << hidden)
        for method, request in asked:
            both = ask(engine, oracle, Question(method, request), masks, clock)
            assert both.equal, f"{method} without section {hidden}"
            assert not (hidden and "CROWDED" in both.engine)
