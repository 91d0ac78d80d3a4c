"""A car's owner with one brother's number and the other's name: neither is certain (section 4, owners)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld

HIT, POSSIBLE, CLEAR = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_CLEAR
WANTED, FREE = 31, 32
NAMES = {WANTED: "JOSE LUIS IXCOY QUIEJ", FREE: "JOSE CARLOS IXCOY QUIEJ"}
# case -> of whom the number is, the owner's name, level of the owner, note OWNER_NAME_ALERT
OWNERS = {
    "all the wanted one's": (WANTED, NAMES[WANTED], HIT, False),
    "all his brother's": (FREE, NAMES[FREE], CLEAR, False),
    "the wanted one's number": (WANTED, NAMES[FREE], POSSIBLE, False),
    "the wanted one's name": (FREE, NAMES[WANTED], POSSIBLE, True),
    "the wanted one's number, a part of his name": (WANTED, "JOSE L. IXCOY", HIT, False),
    "the wanted one's number, another surname besides": (WANTED, "JOSE LUIS IXCOY RAX", POSSIBLE, False),
    "the wanted one's number, no name": (WANTED, "", HIT, False),
}


def world() -> SmallWorld:
    found = SmallWorld()
    for number, name in NAMES.items():
        found.person(number, name, f"19{50 + number}-03-04", SEXO="M")
    found.warrant("W1", cui_of(WANTED), NAMES[WANTED], "1981-03-04")
    for place, (number, name, _, _) in enumerate(OWNERS.values()):
        found.car(500 + place, f"P-{500 + place}BCD", [{"CUI": cui_of(number), "NOMBRE": name}])
    return found


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("owners"))


@pytest.mark.parametrize("case", OWNERS)
def test_an_owner(asker: Asker, case: str) -> None:
    _, _, level, noted = OWNERS[case]
    found = asker(checks.CheckVehicleRequest(plate=f"P-{500 + list(OWNERS).index(case)}BCD"))
    notes = [note.code for note in found.answer.notes]
    assert (found.vehicle.owner_level, "OWNER_NAME_ALERT" in notes) == (level, noted)


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    for place in range(len(OWNERS)):
        both.vehicle(plate=f"P-{500 + place}BCD")
