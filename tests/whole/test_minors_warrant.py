"""A warrant issued to a minor who is of age now: shown to whoever may see warrants, without the offence."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld

MINOR = 3
YEAR = datetime.datetime.now(datetime.UTC).year
WHO = {
    "of age now": "2004-01-02",  # sixteen when the warrant was issued, in 2020
    "of age, a year of birth alone": "2004-00-00",
    "a minor still": f"{YEAR - 14}-01-02",
    "of age when it was issued": "1980-05-17",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    world = SmallWorld()
    for number, born in enumerate(WHO.values(), 1):
        world.person(number, f"PERSONA {chr(64 + number)} CAAL", born)
        world.warrant(f"W{number}", cui_of(number))
    return Engine(Generation.open(published(world, tmp_path_factory.mktemp("minors"))))


def published(world: SmallWorld, directory: Path) -> Path:
    data = world.build(directory)
    return data / "generations" / (data / "CURRENT").read_text(encoding="utf-8").strip()


def asked(engine: Engine, case: str, sees_minors: bool) -> Any:
    everything = 2**64 - 1
    grant = Grant({s: 0 if s == MINOR and not sees_minors else everything for s in range(1, 6)})
    request = checks.CheckPersonRequest(cui=cui_of(list(WHO).index(case) + 1)).SerializeToString()
    clock_ms = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
    return checks.CheckPersonResponse.FromString(engine.answer(METHODS["CheckPerson"], request, grant, clock_ms))


@pytest.mark.parametrize("case", WHO)
def test_a_minors_warrant(engine: Engine, case: str) -> None:
    whole = asked(engine, case, sees_minors=True)
    (hit,) = whole.answer.hits
    assert hit.offence.text == "ROBO AGRAVADO"
    shown = asked(engine, case, sees_minors=False)
    if case == "a minor still":
        assert (shown.answer.level, shown.answer.hits_total) == (level_pb2.LEVEL_CLEAR, 0)
        return
    assert (shown.answer.level, shown.answer.hits_total) == (level_pb2.LEVEL_HIT, 1)
    (same,) = shown.answer.hits
    grown = case != "of age when it was issued"
    assert same.HasField("offence") != grown
    assert (b"ROBO AGRAVADO" in shown.SerializeToString()) != grown
    hit.ClearField("offence")
    same.ClearField("offence")
    assert same == hit, "all else is the same"
    assert bool(shown.person.warrants) != grown, "the record itself stays hidden"
