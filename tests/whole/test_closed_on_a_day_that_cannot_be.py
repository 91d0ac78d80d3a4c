"""A closing on a day to come or on a filler closes nothing for certain (docs/answers.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

CLEAR, POSSIBLE = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
GIVEN = (
    "ANA",
    "BERTA",
    "CARLA",
    "DORA",
    "ELSA",
    "FLOR",
    "GLORIA",
    "HILDA",
    "IRMA",
    "JULIA",
    "LIDIA",
    "MARTA",
    "NORA",
    "OLGA",
)
# day of the closing -> level, notes of the hit, WANTED
CLOSED = {
    "2021-01-01": (CLEAR, [], "NO_RECORD"),
    "": (CLEAR, [], "NO_RECORD"),
    "2199-01-01": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "1900-01-01": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "1899-12-30": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "2199-05-00": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "2199-00-00": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "1900-00-00": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "1970-01-01": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "2020-05-04": (POSSIBLE, ["CLOSING_DOUBTED"], "REVIEW"),
    "2020-05-05": (CLEAR, [], "NO_RECORD"),
    "2020-00-00": (CLEAR, [], "NO_RECORD"),
    "2021-05-00": (CLEAR, [], "NO_RECORD"),
    "2021-00-00": (CLEAR, [], "NO_RECORD"),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small_world, "OJ", small_world.OJ + 'state_date = "CERRADA"\n')
        patched.setitem(small_world.HEADERS, "oj", small_world.HEADERS["oj"] + " CERRADA")
        world = SmallWorld()
        for number, day in enumerate(CLOSED, 51):
            name = f"{GIVEN[number - 51]} AJU BATZ"
            world.person(number, name)
            world.warrant(f"W{number}", cui_of(number), name, state="CANCELADA")
            world.rows["oj"][-1] = {**world.rows["oj"][-1], "CERRADA": day}
        yield from world.serve(tmp_path_factory.mktemp("closed"))


@pytest.mark.parametrize("day", CLOSED)
def test_a_closing(asker: Asker, day: str) -> None:
    cui = cui_of(51 + list(CLOSED).index(day))
    found = asker.person(cui)
    notes = [note.code for hit in found.answer.hits for note in hit.notes]
    assert (found.answer.level, notes, cleared(asker, cuis=[cui])[0][0]) == CLOSED[day]
