"""A number beside a clean CUI that nobody has; a passport without its country; an owner who is known by name only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, section_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

CLEAR, POSSIBLE, INSUFFICIENT = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_INSUFFICIENT


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(1, "ANA ABAC TZUL")
    world.person(2, "BERTA ZACHRISSON BARRERA")
    world.warrant("W2", cui_of(2))
    world.person(3, "CARLA XUYA MACTZUL")
    world.warrant("W3", cui_of(3), state="CANCELADA")
    for number, owner in enumerate(
        (
            {"CUI": cui_of(1)},
            {"NOMBRE": "DORA NIMATUJ OVALLE"},
            {"NOMBRE": "BERTA ZACHRISSON BARRERA"},
            {"NOMBRE": "CARLA XUYA MACTZUL"},
        ),
        1,
    ):
        world.car(number, f"P-{number:03}BCD", [owner])
    world.rows["sat"].append({"ID": "V5", "PLACA": "P-005BCD", "VIN": "3N1AB7AP5FY000005", "SIN": "1"})
    with pytest.MonkeyPatch.context() as patched:
        owned = 'section = "owner"\nwhen = { column = "SIN", present = false }\n'
        patched.setattr(small_world, "SAT", small_world.SAT.replace('section = "owner"\n', owned))
        patched.setitem(small_world.HEADERS, "sat", small_world.HEADERS["sat"] + " SIN")
        yield from world.serve(tmp_path_factory.mktemp("uncertain"))


FURTHER = {
    "a passport": {"document": {"country": "GTM", "number": "987654321"}},
    "a cédula": {"cedula": "A-1 765432"},
}


@pytest.mark.parametrize("case", FURTHER)
def test_a_clean_cui_beside_a_national_document_that_nobody_has(asker: Asker, case: str) -> None:
    assert asker.person(cui_of(1)).answer.level == CLEAR
    answer = asker(checks.CheckPersonRequest(cui=cui_of(1), **FURTHER[case])).answer  # type: ignore[arg-type]
    assert answer.level == POSSIBLE
    assert [note.code for note in answer.notes] == ["DOCUMENT_NOT_ON_FILE"]


def test_a_telephone_or_a_foreign_passport_that_is_not_on_file_changes_nothing(asker: Asker) -> None:
    abroad = value_pb2.ForeignDocument(country="SLV", number="A123456")
    assert asker(checks.CheckPersonRequest(cui=cui_of(1), document=abroad)).answer.level == CLEAR
    assert asker(checks.CheckPersonRequest(cui=cui_of(1), telephone="55551234")).answer.level == CLEAR


@pytest.mark.parametrize("typed", ["A1234567890", "987654321"])
def test_a_passport_without_country_is_looked_up_and_named(asker: Asker, typed: str) -> None:
    found = asker(checks.CheckRequest(query=typed))
    assert checks.IDENTIFIER_KIND_DOCUMENT in [d.kind for d in found.detected]
    assert found.answer.level != CLEAR


def test_a_car_without_an_owner_on_file(asker: Asker) -> None:
    found = asker(checks.CheckVehicleRequest(plate="P-005BCD"))
    assert not found.vehicle.owners
    assert (found.vehicle.vehicle_level, found.vehicle.owner_level) == (CLEAR, INSUFFICIENT)
    assert found.answer.level == INSUFFICIENT


OWNERS = {1: CLEAR, 2: INSUFFICIENT, 3: POSSIBLE, 4: INSUFFICIENT}


@pytest.mark.parametrize("number", OWNERS)
def test_an_owner_who_is_known_by_name_only(asker: Asker, number: int) -> None:
    found = asker(checks.CheckVehicleRequest(plate=f"P-{number:03}BCD"))
    assert found.vehicle.owner_level == OWNERS[number]
    named = [note for note in found.answer.notes if note.code == "OWNER_NAME_ALERT"]
    assert bool(named) == (number == 3)
    assert not found.answer.hits, "whose name it is, is not the owner for certain"
    assert found.answer.level == max(OWNERS[number], CLEAR)
    request = checks.ListRecordsRequest(subject_id=found.vehicle.subject_id, section=section_pb2.SECTION_OWNER)
    assert asker(request).answer.level == found.answer.level
