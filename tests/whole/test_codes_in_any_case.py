"""A code of a register is the same in any case: a state, a kind, what makes a record hidden."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import alert_pb2, level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
# the state as written -> what the check says, and the clearance
WRITTEN = {
    "PENDIENTE": (HIT, "WITH_RECORD"),
    "Pendiente": (HIT, "WITH_RECORD"),
    "pendiente": (HIT, "WITH_RECORD"),
    "péndïente": (HIT, "WITH_RECORD"),
    "  PENDIENTe ": (HIT, "WITH_RECORD"),
    "CANCELADA": (CLEAR, "NO_RECORD"),
    "Cancelada": (CLEAR, "NO_RECORD"),
    "cancelada": (CLEAR, "NO_RECORD"),
    "cancéláda": (CLEAR, "NO_RECORD"),
    "CANCELADO": (POSSIBLE, "REVIEW"),
    "PENDIEÑTE": (POSSIBLE, "REVIEW"),
    "": (POSSIBLE, "REVIEW"),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.warrant("O0", world.person(90, "TOMAS XOL YAT"))
    for number, state in enumerate(WRITTEN, 1):
        name = f"ANA {'ABCDEFGHIJKLMN'[number]}OC TZUL"
        world.warrant(f"O{number}", world.person(number, name), name, "1980-05-17", state)
    yield from world.serve(tmp_path_factory.mktemp("codes"))


@pytest.mark.parametrize("state", WRITTEN)
def test_a_state_is_read_in_any_case(asker: Asker, state: str) -> None:
    cui = cui_of(list(WRITTEN).index(state) + 1)
    level, result = WRITTEN[state]
    answer = asker.person(cui).answer
    assert answer.level == level
    assert all(hit.kind == alert_pb2.ALERT_KIND_WARRANT for hit in answer.hits if level == HIT)
    assert cleared(asker, cuis=[cui])[0][0] == result
