"""A missing child with an age in the report in place of a birth date: the child is meant, and no namesake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

CLEAR, POSSIBLE = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
# What stands for the birth date, or in the column of the age, on 5 May 2024; when the child was born.
DATES = {
    "8 meses": "2023-08-20",
    "2 años 6 meses": "2021-11-03",
    "2 AÑOS Y MEDIO": "2021-10-11",
    "18 días": "2024-04-17",
    "3 semanas": "2024-04-14",
    "EDAD: 11MESES": "2023-06-01",
    "1 año 3 meses aprox.": "2023-02-01",
}
AGES = {"10 meses": "2023-07-01", "5 años": "2019-05-01", "7": "2017-01-09"}
SURNAMES = ("ABAC", "BATZ", "CHIROY", "DUBON", "ESQUIT", "FUENTES", "GARCIA", "HUINAC", "IXCOT", "JUAREZ")
CASES = {**DATES, **AGES}


def _number(case: str, which: int) -> int:
    return 70_001 + 10 * list(CASES).index(case) + which


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        with_age = small_world.MP.replace('birth_date = "NACIMIENTO"', 'birth_date = "NACIMIENTO"\nabout_age = "EDAD"')
        patched.setattr(small_world, "MP", with_age)
        patched.setitem(small_world.HEADERS, "mp", small_world.HEADERS["mp"] + " EDAD")
        world = SmallWorld()
        world.warrant("W1", world.person(1, "TOMAS XOL YAT"))  # a register without a row is missing
        world.car(1, "P-111BCD")
        for case, born in CASES.items():
            name = f"MARIA JOSE {SURNAMES[list(CASES).index(case)]} TZUL"
            for which, date in enumerate((born, "1985-03-04")):
                world.person(_number(case, which), name, date)
            cell = {"NACIMIENTO": case} if case in DATES else {"EDAD": case}
            world.report(f"D{_number(case, 0)}", "DESAPARECIDA", NOMBRE=name, **cell)
        yield from world.serve(tmp_path_factory.mktemp("ages"))


@pytest.mark.parametrize("case", CASES)
def test_a_missing_child_whose_age_is_told_in_months_or_days(asker: Asker, case: str) -> None:
    levels = [asker.person(cui_of(_number(case, which))).answer.level for which in (0, 1)]
    assert levels == [POSSIBLE, CLEAR]
