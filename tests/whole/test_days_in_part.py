"""The row that holds of two, and whether a warrant was issued again, where a day is known in part or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
PENDING, EXECUTED = "PENDIENTE", "EJECUTADA"
OJ = (
    MANIFESTS["oj"].replace('CANCELADA = "CANCELLED"', 'CANCELADA = "CANCELLED"\nEJECUTADA = "EXECUTED"')
    + 'state_date = "DESDE"\nmerge_key = ["CAUSA"]\n'
)
POLICE = OJ.replace('id = "oj"', 'id = "mp"').replace("oj.csv", "mp.csv").replace("order = 20", "order = 40")
POLICE = POLICE.replace('authoritative_for = ["warrant"]\n', "")
COLUMNS = "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA DESDE CAUSA"

# rows of one number in OJ: (state, its day, day of issue); what a check says
ONE_NUMBER: dict[str, tuple[list[tuple[str, str, str]], int]] = {
    "later": ([(EXECUTED, "2025-06-01", ""), (PENDING, "2026-02-01", "")], HIT),
    "later, in a month": ([(EXECUTED, "2025-06-01", ""), (PENDING, "00/02/2026", "")], HIT),
    "later, month alone": ([(EXECUTED, "2025-06-01", ""), (PENDING, "02/2026", "")], HIT),
    "later, in a year": ([(EXECUTED, "2025-06-01", ""), (PENDING, "00/00/2026", "")], HIT),
    "perhaps later": ([(EXECUTED, "2025-06-01", ""), (PENDING, "00/00/2025", "")], POSSIBLE),
    "perhaps later, the other way": ([(EXECUTED, "00/00/2026", ""), (PENDING, "2026-02-01", "")], POSSIBLE),
    "in one month": ([(EXECUTED, "00/02/2026", ""), (PENDING, "00/02/2026", "")], POSSIBLE),
    "it can't be read when": ([(EXECUTED, "2025-06-01", ""), (PENDING, "INDETERM", "")], POSSIBLE),
    "it can't be read when it was executed": ([(EXECUTED, "??", ""), (PENDING, "2026-02-01", "")], POSSIBLE),
    "before": ([(EXECUTED, "2025-06-01", ""), (PENDING, "00/05/2025", "")], CLEAR),
    "before, in a year": ([(EXECUTED, "2025-06-01", ""), (PENDING, "00/00/2024", "")], CLEAR),
    "before, by its issue": ([(EXECUTED, "2025-06-01", ""), (PENDING, "", "00/00/2024")], CLEAR),
    "later, by its issue": ([(EXECUTED, "2025-06-01", ""), (PENDING, "", "00/00/2026")], HIT),
    "issued nobody knows when": ([(EXECUTED, "2025-06-01", ""), (PENDING, "", "INDETERM")], POSSIBLE),
    "executed later, in a year": ([(PENDING, "2025-06-01", ""), (EXECUTED, "00/00/2026", "")], CLEAR),
    "of three the last": (
        [(PENDING, "00/00/2023", ""), (EXECUTED, "00/00/2024", ""), (PENDING, "00/00/2025", "")],
        HIT,
    ),
}
# (day of OJ's execution, day of issue elsewhere) -> what a check says
ISSUED_AGAIN = {
    ("2020-05-05", "2026-01-01"): POSSIBLE,
    ("00/00/2020", "2026-01-01"): POSSIBLE,
    ("INDETERM", "2026-01-01"): POSSIBLE,
    ("2020-05-05", "00/00/2026"): POSSIBLE,
    ("2020-05-05", "01/2026"): POSSIBLE,
    ("2020-05-05", "INDETERM"): POSSIBLE,
    ("2020-05-05", "00/00/2020"): POSSIBLE,
    ("00/00/2020", "2020-07-01"): POSSIBLE,
    ("00/05/2020", "00/05/2020"): POSSIBLE,
    ("2020-05-05", "2020-05-05"): CLEAR,
    ("2020-05-05", "00/00/2019"): CLEAR,
    ("00/00/2020", "2019-12-31"): CLEAR,
    ("00/05/2020", "00/04/2020"): CLEAR,
    ("", "2019-05-05"): POSSIBLE,  # the closed order itself is of 2019-01-01
    ("", "2019-01-01"): CLEAR,
    ("", "2018-05-05"): CLEAR,
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small_world, "OJ", OJ)
        patched.setattr(small_world, "MP", POLICE)
        patched.setitem(small_world.HEADERS, "oj", COLUMNS)
        patched.setitem(small_world.HEADERS, "mp", COLUMNS)
        world = SmallWorld()
        world.rows["mp"].clear()
        for number, (rows, _) in enumerate(ONE_NUMBER.values(), 1):
            cui = world.person(number, f"ANA {'ABCDEFGHIJKLMNOPQ'[number]}OCHE TZUL")
            for state, day, issued in rows:
                cells = {"ORDEN": f"O{number}", "CUI": cui, "CAUSA": f"C{number}", "ESTADO": state}
                world.rows["oj"].append({**cells, "DESDE": day, "FECHA": issued})
        for number, (closed, issued) in enumerate(ISSUED_AGAIN, 101):
            cui = world.person(number, f"BERTA {'ABCDEFGHIJKLMNOPQ'[number - 100]}OCHE TZUL")
            cells = {"CUI": cui, "CAUSA": f"C{number}"}
            world.rows["oj"].append(
                {**cells, "ORDEN": f"O{number}", "ESTADO": EXECUTED, "FECHA": "2019-01-01", "DESDE": closed}
            )
            world.rows["mp"].append({**cells, "ORDEN": f"M{number}", "ESTADO": PENDING, "FECHA": issued})
        yield from world.serve(tmp_path_factory.mktemp("days"))


@pytest.mark.parametrize("case", ONE_NUMBER)
def test_the_later_row_of_one_number_holds(asker: Asker, case: str) -> None:
    assert asker.person(cui_of(list(ONE_NUMBER).index(case) + 1)).answer.level == ONE_NUMBER[case][1]


@pytest.mark.parametrize("days", ISSUED_AGAIN, ids="/".join)
def test_what_may_have_been_issued_after_the_closing_is_another_warrant(asker: Asker, days: tuple[str, str]) -> None:
    answer = asker.person(cui_of(101 + list(ISSUED_AGAIN).index(days))).answer
    assert answer.level == ISSUED_AGAIN[days]
    assert [hit.record.register_id for hit in answer.hits] == (["mp"] if ISSUED_AGAIN[days] == POSSIBLE else [])
