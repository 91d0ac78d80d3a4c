"""A mistyped number or plate: the server shows likely ones, those on file first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

CUI = cui_of(12345678)
POSSIBLE = level_pb2.LEVEL_POSSIBLE


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(12345678, "ANA ABAC TZUL")
    for number, plate in enumerate(("P-123BCD", "P-124BCD", "C-777XYZ", "P-808BBB", "TC-555RST"), 1):
        world.car(number, plate)
    world.report("V1", "ROBO", PLACA="P-123BCD", VIN="3N1AB7AP5FY000001")
    yield from world.serve(tmp_path_factory.mktemp("suggestions"))


def slips(cui: str) -> Iterator[str]:
    for place, digit in enumerate(cui):
        for other in "0123456789":
            if other != digit:
                yield cui[:place] + other + cui[place + 1 :]
    for place in range(12):
        if cui[place] != cui[place + 1]:
            yield cui[:place] + cui[place + 1] + cui[place] + cui[place + 2 :]


def test_a_cui_on_file_is_the_first_suggestion_for_every_slip_in_it(asker: Asker) -> None:
    for typed in slips(CUI):
        found = asker(checks.CheckRequest(query=typed))
        assert found.answer.level == POSSIBLE
        assert found.answer.identity_status == level_pb2.IDENTITY_STATUS_NOT_FOUND
        assert found.suggestions[0] == CUI
        assert found.suggestions_on_file == 1
        assert len(found.suggestions) <= 5


def test_a_cui_that_cannot_exist_is_an_answer_that_says_so(asker: Asker) -> None:
    typed = CUI[:8] + str((int(CUI[8]) + 1) % 10) + CUI[9:]
    for request in (
        checks.CheckRequest(query=typed),
        checks.CheckPersonRequest(query=f"{typed[:4]} {typed[4:9]} {typed[9:]}"),
        checks.CheckPersonRequest(cui=typed),
    ):
        found = asker(request)
        assert [note.code for note in found.answer.notes] == ["DOCUMENT_NOT_ON_FILE", "CUI_IMPOSSIBLE"]
        assert found.suggestions[0] == CUI
    assert asker(checks.CheckRequest(query=typed)).detected[0].canonical == typed


def miscounted(text: str) -> Iterator[str]:
    """The text with a character lost, and with one typed twice."""
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]
        yield text[:place] + text[place] + text[place:]


def test_a_cui_that_lost_a_digit_or_has_one_too_many_suggests_the_one_on_file(asker: Asker) -> None:
    for typed in miscounted(CUI):
        for request in (checks.CheckRequest(query=typed), checks.CheckPersonRequest(cui=typed)):
            found = asker(request)
            assert found.suggestions[0] == CUI, typed
            assert found.suggestions_on_file == 1
            assert "DOCUMENT_NOT_ON_FILE" in [note.code for note in found.answer.notes]
            assert found.answer.identity_status != level_pb2.IDENTITY_STATUS_FOUND
        assert found.answer.level == POSSIBLE


def test_twelve_digits_that_are_no_cui_on_file_suggest_none_that_is_not(asker: Asker) -> None:
    assert not asker(checks.CheckRequest(query="246813579135")).suggestions
    assert not asker(checks.CheckRequest(query=CUI[1:], country="SLV")).suggestions


def test_a_number_that_is_valid_suggests_only_what_is_on_file(asker: Asker) -> None:
    for query in (cui_of(87654321), "1234567K", "1M8GDM9AXKP042788"):
        found = asker(checks.CheckRequest(query=query))
        assert not found.suggestions
        assert not found.suggestions_on_file


@pytest.mark.parametrize("plate", ["P-123BCD", "C-777XYZ", "TC-555RST"])
def test_a_plate_that_lost_a_character_or_has_one_too_many_suggests_the_one_on_file(asker: Asker, plate: str) -> None:
    kind, number = plate.split("-")
    for typed in miscounted(number):
        found = asker(checks.CheckRequest(query=f"{kind}-{typed}"))
        assert plate in found.suggestions, typed
        assert found.suggestions_on_file == len(found.suggestions) <= 5


PLATES = {
    "P-128BCD": ["P-123BCD", "P-124BCD"],  # any other character, on file
    "P-132BCD": ["P-123BCD"],  # swapped
    "P-123BDC": ["P-123BCD"],
    "P-888BBB": ["P-808BBB"],
    "C-123BCD": ["P-123BCD"],  # another type
    "P-777XYZ": ["C-777XYZ"],
    "M-128BCD": [],  # two slips
    "128BCD": ["P-123BCD", "P-124BCD"],  # no type asked
    "TC-556RST": ["TC-555RST"],
    "P-999ZZZ": [],
}


@pytest.mark.parametrize("typed", PLATES)
def test_a_mistyped_plate_says_plate_and_suggests_those_on_file(asker: Asker, typed: str) -> None:
    for request in (checks.CheckRequest(query=typed), checks.CheckVehicleRequest(plate=typed)):
        found = asker(request)
        assert list(found.suggestions) == PLATES[typed]
        assert [note.code for note in found.answer.notes] == ["PLATE_NOT_ON_FILE"]
        assert found.answer.notes[0].text == "placa no consta"
    detected = asker(checks.CheckRequest(query=typed)).detected
    assert [checks.IdentifierKind.Name(d.kind) for d in detected] == ["IDENTIFIER_KIND_PLATE"]


MISFORMED = {
    "X-123BCD": ["P-123BCD"],  # no type is X
    "12B3CD": ["P-123BCD"],  # a digit and a letter swapped
    "P-12B3CD": ["P-123BCD"],
    "P-1A3BCD": ["P-123BCD"],  # a letter where a digit stands
    "P-12B7CD": [],  # two slips
    "C-12B3CD": [],  # of another type
    "P-12BCD": ["P-123BCD", "P-124BCD"],  # a digit lost
    "C-12BCD": [],
    "P-1223BCD": ["P-123BCD"],
    "P-123BCDD": ["P-123BCD"],
    "P-123BDCD": ["P-123BCD"],  # one too many
    "P-122BCDD": [],
}


@pytest.mark.parametrize("typed", MISFORMED)
def test_what_looks_like_a_plate_says_plate(asker: Asker, typed: str) -> None:
    found = asker(checks.CheckRequest(query=typed))
    assert list(found.suggestions) == MISFORMED[typed]
    assert "PLATE_NOT_ON_FILE" in [note.code for note in found.answer.notes]
    assert found.answer.level != level_pb2.LEVEL_CLEAR


def test_what_was_found_suggests_nothing(asker: Asker) -> None:
    assert not asker(checks.CheckRequest(query="P-123BCD")).suggestions
    assert not asker(checks.CheckRequest(query=CUI)).suggestions
