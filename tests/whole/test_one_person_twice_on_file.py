"""Two CUIs, one name, birth date and parents: wanted under one is POSSIBLE under the other (section 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
WANTED, NAME = 1, "HERLINDA TZOC CHAVAJAY"
PARENTS = {"PADRE": "PEDRO TZOC MENDOZA", "MADRE": "JUANA CHAVAJAY COX"}
# number -> birth date, parents, level
OTHERS: dict[int, tuple[str, dict[str, str], int]] = {
    2: ("1980-05-17", PARENTS, POSSIBLE),
    3: ("1980-05-17", {"MADRE": "JUANA CHAVAJAY COX"}, POSSIBLE),
    4: ("1980-05-17", {"PADRE": "PEDRO TZOC MENDOZA", "MADRE": "ROSA COX PUAC"}, CLEAR),
    5: ("1980-05-17", {}, CLEAR),
    6: ("1980-05-18", PARENTS, CLEAR),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        with_parents = small_world.RENAP.replace("sex = {", 'father_name = "PADRE"\nmother_name = "MADRE"\nsex = {')
        patched.setattr(small_world, "RENAP", with_parents)
        patched.setitem(small_world.HEADERS, "renap", small_world.HEADERS["renap"] + " PADRE MADRE")
        world = SmallWorld()
        world.person(WANTED, NAME, **PARENTS)
        world.warrant("W", cui_of(WANTED), NAME, "1980-05-17")
        for number, (born, parents, _) in OTHERS.items():
            world.person(number, NAME, born, **parents)
        yield from world.serve(tmp_path_factory.mktemp("twice"))


def test_under_its_own_number_it_is_a_hit(asker: Asker) -> None:
    assert asker.person(cui_of(WANTED)).answer.level == HIT


@pytest.mark.parametrize("number", OTHERS)
def test_under_the_other(asker: Asker, number: int) -> None:
    assert asker.person(cui_of(number)).answer.level == OTHERS[number][2]
