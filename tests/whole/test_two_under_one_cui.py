"""Two persons under one CUI in RENAP: a naming of the one is certain for nobody who is asked for as the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
FIRST, SECOND = ("PABLO ESTUARDO IXCOT RAX", (1971, 3, 4)), ("MARTA LIDIA CHUN TZOY", (1988, 9, 21))
# who is asked for, in a question with the CUI -> level; the order names the first
ASKED = {
    "the first": (*FIRST, HIT),
    "the first's name": (FIRST[0], None, HIT),
    "the second": (*SECOND, POSSIBLE),
    "the second's name": (SECOND[0], None, POSSIBLE),
    "the second's date": ("", SECOND[1], POSSIBLE),
    "the number alone": ("", None, POSSIBLE),  # statute, rules 8 and 13
}


def world() -> SmallWorld:
    found = SmallWorld()
    for name, born in (FIRST, SECOND):
        found.person(71, name, "{}-{:02}-{:02}".format(*born))
    found.warrant("W1", cui_of(71), FIRST[0], "1971-03-04")
    return found


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("two"))


def question(case: str) -> checks.CheckPersonRequest:
    name, born, _ = ASKED[case]
    asked = checks.CheckPersonRequest(cui=cui_of(71))
    if name:
        asked.name.full = name
    if born is not None:
        asked.birth_date.CopyFrom(value_pb2.PartialDate(year=born[0], month=born[1], day=born[2]))
    return asked


@pytest.mark.parametrize("case", ASKED)
def test_the_order_of_the_one_for_who_is_asked_for(asker: Asker, case: str) -> None:
    answer = asker(question(case)).answer
    assert answer.level == ASKED[case][2]
    assert [hit.level for hit in answer.hits] == [ASKED[case][2]]


def test_by_the_second_s_name_and_date_alone(asker: Asker) -> None:
    asked = question("the second")
    asked.ClearField("cui")
    assert asker(asked).answer.level == POSSIBLE


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    for case in ASKED:
        both.person(**{field.name: value for field, value in question(case).ListFields()})
