"""A year of 1900 or before tells nothing: asked it weakens no answer, and on file it is outside no years asked.

Written from docs/answers.md sections 3, 8, 12 and 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared

WANTED = "TADEO VINICIO URIZAR MONZON"
# Enough for an alert by name alone, and too little beside a birth date.
MISSPELT = "TADEO VINISIO URRIZAR"
BORN = {"her own": "1985-03-04", "no day known": "", "a filler": "1900-01-01", "an older filler": "1880-02-02"}
FILLERS = [(1900, 1, 1), (1900, 0, 0), (1899, 12, 30), (1753, 1, 1)]


def written() -> SmallWorld:
    world = SmallWorld()
    for n in range(40):
        world.person(100 + n, f"PERSONA{chr(65 + n % 26)} OCHE{chr(65 + n // 26)} CAAL", f"19{50 + n}-05-17")
    world.warrant("W1", world.person(1, WANTED, "1985-03-04"))
    world.person(2, WANTED, "1900-01-01")
    for n, born in enumerate(BORN.values()):
        world.person(10 + n, "QUIRINA XOCHIL", born)
    return world


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from written().serve(tmp_path_factory.mktemp("year"))


def _check(name: str, born: tuple[int, int, int] = (0, 0, 0)) -> checks.CheckPersonRequest:
    year, month, day = born
    request = checks.CheckPersonRequest(name=value_pb2.PersonName(full=name))
    if year:
        request.birth_date.CopyFrom(value_pb2.PartialDate(year=year, month=month, day=day))
    return request


def _alerted(answer: checks.CheckPersonResponse) -> tuple[str, list[str]]:
    return level_pb2.Level.Name(answer.answer.level), [hit.record.record_id for hit in answer.answer.hits]


@pytest.mark.parametrize("name", [WANTED, MISSPELT])
@pytest.mark.parametrize("born", FILLERS)
def test_asked_with_one_is_as_by_name_alone(asker: Asker, name: str, born: tuple[int, int, int]) -> None:
    alone, filled = asker(_check(name)), asker(_check(name, born))
    assert _alerted(alone) == ("LEVEL_POSSIBLE", ["W1"]) == _alerted(filled)
    shown = [[(c.cui, c.weak, c.level) for c in answer.candidates] for answer in (alone, filled)]
    assert shown[0] == shown[1]


def test_what_is_weak_beside_a_date_that_says_nothing_of_her(asker: Asker) -> None:
    """The misspelt name is near enough to the limit to tell the two apart."""
    assert _alerted(asker(_check(MISSPELT, (1997, 8, 9))))[1] == []


def test_a_clearance_with_one_reviews_whoever_bears_the_name(asker: Asker) -> None:
    """Another who bears it has the same filler on file: nearer nobody is for it."""
    found = cleared(asker, names=[WANTED] * 3, birth_dates=[19000101, 18991230, 19850304])
    assert found == [("REVIEW", "NAME_MATCH")] * 3


@pytest.mark.parametrize(
    ("years", "left"),
    [
        ({"birth_year_from": 1984, "birth_year_to": 1986}, ["her own", "no day known", "a filler", "an older filler"]),
        ({"birth_year_from": 1990}, ["no day known", "a filler", "an older filler"]),
        ({"birth_year_to": 1980}, ["no day known", "a filler", "an older filler"]),
        ({"age_from": 30, "age_to": 50}, ["her own", "no day known", "a filler", "an older filler"]),
    ],
)
def test_years_asked_leave_whose_year_is_one(asker: Asker, years: dict[str, int], left: list[str]) -> None:
    answer = asker(checks.SearchPersonsRequest(names="Quirina Xochil", **years))  # type: ignore[arg-type]
    cuis = {cui_of(10 + n): case for n, case in enumerate(BORN)}
    found = {cuis[c.cui]: c.comparisons[1].agreement for c in answer.candidates}
    assert sorted(found) == sorted(left)
    for case, agreement in found.items():
        assert agreement == (level_pb2.AGREEMENT_AGREES if case == "her own" else level_pb2.AGREEMENT_UNKNOWN)


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(written().write(tmp_path))
    for name in (WANTED, MISSPELT, "QUIRINA XOCHIL", "QUIRINA XOCHYL"):
        for born in (*FILLERS, (1885, 3, 4), (1985, 3, 4), (0, 0, 0)):
            request = _check(name, born)
            both.person(name=request.name, birth_date=request.birth_date)
