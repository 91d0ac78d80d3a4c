"""One owner's CUI with a wrong digit, beside a NIT: what the other cars of that NIT say of their owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

WANTED, NOBODY = 1, 900
NIT = "48770035"
WHO = ("RAMIRO ANSELMO ZACHRISSON URRUELA", "1979-11-02")


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patch:
        owned = small_world.SAT.replace('full_name = "NOMBRE"\n', 'full_name = "NOMBRE"\nnit = "NIT"\n')
        patch.setattr(small_world, "SAT", owned)
        patch.setitem(small_world.HEADERS, "sat", small_world.HEADERS["sat"] + " NIT")
        world = SmallWorld()
        world.person(WANTED, WHO[0], WHO[1])
        world.warrant("W1", cui_of(WANTED), *WHO)
        world.car(1, "P-101BCD", [{"CUI": cui_of(WANTED), "NOMBRE": WHO[0], "NIT": NIT}])
        world.car(2, "P-102BCD", [{"CUI": cui_of(NOBODY), "NOMBRE": "OTRO NOMBRE DISTINTO", "NIT": NIT}])
        world.car(3, "P-103BCD", [{"NIT": NIT}])
        world.car(4, "P-104BCD", [{"NIT": NIT, "NOMBRE": WHO[0]}])
        yield from world.serve(tmp_path_factory.mktemp("slip"))


@pytest.mark.parametrize("plate", ["P-101BCD", "P-103BCD", "P-104BCD"])
def test_it_hides_no_wanted_owner(asker: Asker, plate: str) -> None:
    """By the NIT alone the car was GREEN: that one row had made the number nobody's."""
    found = asker(checks.CheckVehicleRequest(plate=plate))
    assert (found.answer.level, found.vehicle.owner_level) == (level_pb2.LEVEL_HIT, level_pb2.LEVEL_HIT)
