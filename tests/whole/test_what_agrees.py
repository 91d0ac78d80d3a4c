"""`comparisons` tell what was asked, a hit what ties its record to the subject; nobody wanted is nameless."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

WANTED = "RAMIRO ESTUARDO ZACHRISSON BARRERA"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(1, WANTED)
    world.warrant("W1", cui_of(1), WANTED, "1980-05-17")
    world.car(1, "P-111BCD", [{"CUI": cui_of(1), "NOMBRE": WANTED}])
    world.report("V1", "ROBO", PLACA="P-111BCD", VIN="3N1AB7AP5FY000001")
    world.warrant("W2", "", "EULALIO XUYA MACTZUL", "1970-02-03")
    world.person(3, "OLGA IRENE HERRARTE IBOY", "1975-00-00")
    for number in (4, 5):
        world.person(number, "SARA JUDITH JUAREZ KESTLER", f"19{60 + number}-01-02")
    world.person(6, "TELMA YOLANDA COTZAJAY PIRIR", "1971-03-04")
    world.person(8, "VLADIMIR PETROVICH KUZNETSOV", "1980-05-17", SEXO="M")
    world.person(6, "NERY OBDULIO MAZARIEGOS", "1990-11-12")
    yield from world.serve(tmp_path_factory.mktemp("agrees"))


def told(compared: Any) -> dict[str, str]:
    return {
        level_pb2.Criterion.Name(c.criterion).removeprefix("CRITERION_"): level_pb2.Agreement.Name(
            c.agreement
        ).removeprefix("AGREEMENT_")
        for c in compared
    }


def criteria(numbers: Any) -> list[str]:
    return [level_pb2.Criterion.Name(n).removeprefix("CRITERION_") for n in numbers]


ONE_BOX = {
    "Ramiro Zachrisson": {"NAMES": "AGREES"},  # a weak candidate, no person: something was found
    "Ramiro Estuardo Zachrisson Barrera": {"NAMES": "AGREES"},
    "Ramiro Estuardo Zachrisson Barrera 1980": {"NAMES": "AGREES", "BIRTH_DATE": "PARTLY"},
    "Ramiro Estuardo Zachrisson Barrera 17/05/1980": {"NAMES": "AGREES", "BIRTH_DATE": "AGREES"},
    cui_of(1): {"CUI": "AGREES"},
    "P-111BCD": {"PLATE": "AGREES"},
    "111BCD": {"PLATE_UNTYPED": "AGREES"},
    "3N1AB7AP5FY000001": {"VIN": "AGREES"},
    "P-999ZZZ": {"PLATE": "UNKNOWN"},
    "Nadie Conocido Jamas": {"NAMES": "UNKNOWN"},
    "Владимир Петрович Кузнецов": {"NAMES": "AGREES"},
    "Владимир Петрович Кузнецов 17.05.1980": {"NAMES": "AGREES", "BIRTH_DATE": "AGREES"},
    "Владимир Петрович Кузнецов 1980": {"NAMES": "AGREES", "BIRTH_DATE": "PARTLY"},
}


@pytest.mark.parametrize("query", ONE_BOX)
def test_one_box_says_how_what_was_typed_compares(asker: Asker, query: str) -> None:
    assert told(asker(checks.CheckRequest(query=query)).answer.comparisons) == ONE_BOX[query]


def test_by_plate_the_question_s_plate_agrees_and_the_record_s_vin(asker: Asker) -> None:
    found = asker(checks.CheckRequest(query="P-111BCD"))
    stolen = next(hit for hit in found.answer.hits if hit.record.record_id == "V1")
    assert criteria(stolen.agrees) == ["VIN"]
    assert told(found.answer.comparisons) == {"PLATE": "AGREES"}


@pytest.mark.parametrize(
    ("number", "born", "agreement"),
    [
        (1, (1980, 5, 17), "AGREES"),
        (1, (1980, 0, 0), "PARTLY"),
        (1, (1980, 5, 0), "PARTLY"),
        (1, (1981, 5, 17), "NEAR"),
        (1, (1880, 5, 17), "NEAR"),
        (1, (1900, 1, 1), "UNKNOWN"),  # what stands where nothing was filled in
        (1, (1900, 0, 0), "UNKNOWN"),
        (1, (1983, 5, 17), "NEAR"),
        (1, (1980, 5, 19), "NEAR"),
        (1, (1991, 5, 17), "DISAGREES"),
        (1, (1981, 0, 0), "NEAR"),
        (3, (1975, 0, 0), "PARTLY"),
        (3, (1975, 4, 4), "PARTLY"),
        (3, (1990, 4, 4), "DISAGREES"),
        (1, (0, 5, 17), "UNKNOWN"),
    ],
)
def test_a_birth_date_is_told_as_far_as_it_is_known(
    asker: Asker, number: int, born: tuple[int, int, int], agreement: str
) -> None:
    request = checks.CheckPersonRequest(cui=cui_of(number))
    request.birth_date.year, request.birth_date.month, request.birth_date.day = born
    assert told(asker(request).answer.comparisons)["BIRTH_DATE"] == agreement


def test_several_candidates_are_compared_with_what_was_typed(asker: Asker) -> None:
    found = asker(checks.CheckRequest(query="Sara Judith Juarez Kestler"))
    assert len(found.candidates) == 2
    assert told(found.answer.comparisons) == {"NAMES": "AGREES"}
    assert [told(c.comparisons) for c in found.candidates] == [{"NAMES": "AGREES"}] * 2


@pytest.mark.parametrize(
    ("number", "name", "notes"),
    [
        (1, "OLGA IRENE HERRARTE", ["NAME_DIFFERS", "IDENTIFIERS_DISAGREE"]),
        (1, "RAMIRO ZACHRISSON", []),
        (6, "OLGA IRENE HERRARTE", ["CONFLICT", "NAME_DIFFERS", "IDENTIFIERS_DISAGREE"]),
        (6, "NERY OBDULIO MAZARIEGOS", ["CONFLICT"]),
    ],
)
def test_registers_disagree_only_where_they_do(asker: Asker, number: int, name: str, notes: list[str]) -> None:
    request = checks.CheckPersonRequest(cui=cui_of(number), name=value_pb2.PersonName(full=name))
    found = asker(request)
    assert [note.code for note in found.answer.notes] == notes
    conflict = found.answer.identity_status == level_pb2.IDENTITY_STATUS_CONFLICT
    assert conflict == bool(notes)


def test_parents_that_are_not_on_file_are_unknown(asker: Asker) -> None:
    request = checks.CheckPersonRequest(cui=cui_of(1), father_name="LEON ZACHRISSON", sex=value_pb2.SEX_FEMALE)
    assert told(asker(request).answer.comparisons) == {"CUI": "AGREES", "SEX": "AGREES", "PARENTS": "UNKNOWN"}


def test_who_is_known_from_a_warrant_alone_bears_its_name(asker: Asker) -> None:
    for request in (
        checks.CheckRequest(query="Eulalio Xuya Mactzul"),
        checks.CheckPersonRequest(name=value_pb2.PersonName(full="EULALIO XUYA MACTZUL")),
    ):
        found = asker(request)
        assert found.answer.level == level_pb2.LEVEL_POSSIBLE
        assert not found.person.identity_claims
        assert (found.person.name, found.person.name_register_id) == ("EULALIO XUYA MACTZUL", "oj")
        assert [note.code for note in found.answer.notes] == ["NAME_BY_RECORD"]
    nobody = asker(checks.CheckRequest(query="Nadie Conocido Jamas"))
    assert [note.code for note in nobody.answer.notes] == ["NAME_NOT_ON_FILE"]


def test_a_name_on_file_with_another_birth_date_is_not_said_not_to_be_on_file(asker: Asker) -> None:
    """Two bear it, both of other years: that nobody bears both is all that is known."""
    dated = asker(checks.CheckRequest(query="Sara Judith Juarez Kestler 3/9/1999")).answer
    assert [(n.code, n.text) for n in dated.notes] == [
        ("NAME_NOT_ON_FILE", "nadie se identifica con ese nombre y esa fecha: escriba solo nombres y apellidos")
    ]
    nobody = asker(checks.CheckRequest(query="Nadie Conocido Jamas")).answer
    said = "nombre no consta: escriba solo nombres y apellidos"
    assert [(n.code, n.text) for n in nobody.notes] == [("NAME_NOT_ON_FILE", said)]


def test_a_person_and_an_owner_bear_the_name_of_the_first_claim(asker: Asker) -> None:
    assert asker.person(cui_of(1)).person.name == WANTED
    owner = asker(checks.CheckVehicleRequest(plate="P-111BCD")).vehicle.owners[0].person
    assert (owner.name, owner.name_register_id) == (WANTED, "renap")
