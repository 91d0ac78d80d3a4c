"""A document of one person shown with the name of another who is wanted: both are shown (docs/answers.md section 8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

CLEAR, POSSIBLE = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
LENT, WANTED, ELSE = 31, 32, 34
OTHERS = ["ANA", "BERTA", "CARLA", "DORA", "ELSA", "FLOR", "GLORIA", "HILDA", "IRMA", "JULIA"]
SURNAMES = ["AJU", "BATZ", "COY", "CHOC", "IBOY", "LEM", "MUCU", "PEC", "RAX", "TZUL"]


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(LENT, "JOSE CARLOS IXCOY QUIEJ", "1988-02-03", SEXO="M")
    world.person(WANTED, "JOSE LUIS IXCOY QUIEJ", "1990-07-21", SEXO="M")
    world.person(ELSE, "TERESA MACARIO OXLAJ", "1979-04-11")
    for place, surname in enumerate(SURNAMES):
        for more, given in enumerate(OTHERS):
            world.person(1_000 + 10 * place + more, f"{given} {surname} {SURNAMES[(place + more) % 10]}")
    for number in range(60):  # names of three words that many bear, and two of them so: they are weak
        world.person(5_000 + number, f"JOSE LUIS {SURNAMES[number % 10]} IXCOY", f"19{30 + number}-03-04", SEXO="M")
    world.warrant("W1", cui_of(WANTED), "JOSE LUIS IXCOY QUIEJ", "1990-07-21")
    yield from world.serve(tmp_path_factory.mktemp("lent"))


def question(number: int, name: str, born: tuple[int, int, int] | None = None) -> checks.CheckPersonRequest:
    asked = checks.CheckPersonRequest(cui=cui_of(number), name=value_pb2.PersonName(full=name))
    if born is not None:
        asked.birth_date.year, asked.birth_date.month, asked.birth_date.day = born
    return asked


@pytest.mark.parametrize("born", [None, (1990, 7, 21), (1988, 2, 3)])
@pytest.mark.parametrize("name", ["JOSE LUIS IXCOY QUIEJ", "JOSE LUIS IXCOY"])
def test_who_shows_a_brothers_document_and_says_his_own_name_is_no_green(
    asker: Asker, name: str, born: tuple[int, int, int] | None
) -> None:
    found = asker(question(LENT, name, born))
    assert found.answer.level == POSSIBLE
    assert [c.cui for c in found.candidates] == [cui_of(WANTED)]
    assert found.candidates[0].level == POSSIBLE


def test_who_says_the_name_on_the_document_is_not_taken_for_the_brother(asker: Asker) -> None:
    for name in ("JOSE CARLOS IXCOY QUIEJ", "JOSE IXCOY", "CARLOS IXCOY QUIEJ"):
        found = asker(question(LENT, name))
        assert (found.answer.level, len(found.candidates)) == (CLEAR, 0), name


def test_another_name_that_no_wanted_person_bears_adds_nobody(asker: Asker) -> None:
    found = asker(question(LENT, "TERESA MACARIO OXLAJ"))
    assert not found.candidates
