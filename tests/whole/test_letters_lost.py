"""Warrants with names that lost letters or crossed code pages, asked through gRPC (docs/manifests.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

CLEAR, POSSIBLE, HIT = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT
# The name on file, as the warrant writes it, and the level of who was born that day.
CASES = {
    "DOS as Latin-1": ("LUISA MUÑOZ PATIÑO", "LUISA MU¥OZ PATI¥O", HIT),
    "UTF-8 as CP1252": ("ANA PEÑA IBAÑEZ", "ANA PEÃ‘A IBAÃ‘EZ", HIT),
    "a sign for a letter": ("ROSA PATIÑO CAAL", "ROSA PATI&O CAAL", HIT),
    "another in each surname": ("EVA CASTAÑEDA MUÑOZ", "EVA CASTA#EDA MU?OZ", HIT),
    "written on file without its tilde": ("IRMA BOLANOS TZUL", "IRMA BOLA\ufffdOS TZUL", HIT),
    "a vowel, and another spelling": ("SARA HERNÁNDEZ QUEJ", "SARA ERN&NDES QUEJ", HIT),
    "two letters of one word": ("OLGA ARÉVALO ZUÑIGA", "OLGA AR&VALO Z&&IGA", POSSIBLE),
    "lost on file": ("INES ACU\ufffdA POP", "INES ACUÑA POP", HIT),
    "escaped as HTML": ("DORA IBAÑEZ PIÑOL", "DORA IBA&Ntilde;EZ PI&Ntilde;OL", HIT),
    "escaped twice": ("FLOR MUÑIZ GARCÍA", "FLOR MU&amp;#209;IZ GARC&amp;iacute;a", HIT),
    "escaped as in an address": ("GINA MUÑIZ BOLAÑOS", "GINA%20MU%C3%91IZ%20BOLA%C3%91OS", HIT),
    "a sister": ("MARTA GARCÍA IXCOY", "SONIA GARC&A IXCOY", CLEAR),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    for number, (filed, written, _) in enumerate(CASES.values(), 1):
        world.person(number, filed, f"19{60 + number}-05-17")
        world.warrant(f"W{number}", name=written, born=f"19{60 + number}-05-17")
    yield from world.serve(tmp_path_factory.mktemp("letters"))


@pytest.mark.parametrize("case", CASES)
def test_a_warrant_with_damaged_letters(asker: Asker, case: str) -> None:
    number = list(CASES).index(case) + 1
    assert asker.person(cui=cui_of(number)).answer.level == CASES[case][2]


@pytest.mark.parametrize(
    ("case", "asked", "level"),
    [
        ("a sign for a letter", "ROSA PATI~O CAAL", HIT),
        ("a sign for a letter", "Rosa Pati¥o Caal", HIT),
        ("another in each surname", "Eva Casta#eda Mu?oz", HIT),
        ("a vowel, and another spelling", "SARA~HERNÁNDEZ QUEJ", HIT),  # between two names a sign separates
        ("a sign for a letter", "ROSA PA~O CAAL", POSSIBLE),
    ],
)
def test_a_question_that_lost_a_letter(asker: Asker, case: str, asked: str, level: int) -> None:
    request = checks.CheckPersonRequest()
    request.name.full = asked
    request.birth_date.year, request.birth_date.month, request.birth_date.day = 1961 + list(CASES).index(case), 5, 17
    assert asker(request).answer.level == level
