"""A birth date of a far year is a filler: it tells nobody apart, and makes nobody a minor."""

from __future__ import annotations

from pathlib import Path

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld

FAR = ("9999-12-31", "2100-01-01", "3000-05-05")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    directory: Path = tmp_path_factory.mktemp("far")
    world = SmallWorld()
    for number, born in enumerate(FAR, 1):
        name = f"PERSONA {'BCD'[number - 1]}XOY TZUNUN {'QRS'[number - 1]}AQCHE"
        world.person(number, name, born)
        world.warrant(f"W{number}", "", name, "1980-01-01")
    return EngineAndOracle(world.write(directory))


@pytest.mark.parametrize("number", range(1, len(FAR) + 1))
def test_an_order_by_name_is_not_another_persons_for_it(both: EngineAndOracle, number: int) -> None:
    answer = both.person(cui=cui_of(number))
    assert answer.answer.level != level_pb2.LEVEL_CLEAR
    assert not any(claim.HasField("birth_date") for claim in answer.person.identity_claims)
