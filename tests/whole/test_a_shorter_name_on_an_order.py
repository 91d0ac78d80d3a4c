"""An order that states less of a name than is on file means all who were born that day and bear it (section 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
DAY = "1986-04-13"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(11, "MARTA ELENA PEREZ PIRIR", DAY)
    world.person(12, "MARTA PEREZ YAT", DAY)
    world.person(13, "MARTA ELENA PEREZ PIRIR", "1991-09-02")
    world.warrant("W1", "", "Marta Pérez", DAY)
    world.person(21, "LUISA FERNANDA CAAL TEC", DAY)
    world.warrant("W2", "", "Luisa Caal", DAY)
    yield from world.serve(tmp_path_factory.mktemp("shorter"))


@pytest.mark.parametrize(("number", "level"), [(11, POSSIBLE), (12, POSSIBLE), (13, CLEAR)])
def test_a_longer_name_of_the_same_day_is_not_shielded_by_a_shorter_one(asker: Asker, number: int, level: int) -> None:
    assert asker.person(cui_of(number)).answer.level == level


def test_the_only_one_of_that_day_who_bears_so_long_a_name_is_possible(asker: Asker) -> None:
    assert asker.person(cui_of(21)).answer.level == POSSIBLE
