"""Checks what somebody did as a minor stands on no certificate, of an adult neither, whoever asks (section 12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import clearance_service_pb2 as clearance
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared

DETAINED = """
[[record]]
source = "denuncias"
section = "detention"
when = { column = "TIPO", in = ["DETENIDA"] }
record_id = "ID"
date = "FECHA"
clearance = ["police"]

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
"""
# day of the detention of who was born on 17 May 1980 -> the row against POLICE_RECORD
DETENTIONS = {
    "1995-08-09": ("NO_RECORD", "NOTHING_ON_FILE"),
    "1998-05-16": ("NO_RECORD", "NOTHING_ON_FILE"),
    "1998-05-17": ("WITH_RECORD", "RECORD"),
    "": ("WITH_RECORD", "RECORD"),
}


@pytest.fixture(autouse=True, scope="module")
def manifests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        mp = small_world.MP.replace('stale_after = "30d"', 'standards = ["police"]\nstale_after = "30d"')
        patched.setattr(small_world, "MP", mp.replace('person = ["alert"]', 'person = ["alert", "context"]') + DETAINED)
        yield


def world() -> SmallWorld:
    found = SmallWorld()
    for number, day in enumerate(DETENTIONS, 1):
        cui = found.person(number, f"ANA ABAC TZUL {'ABCD'[number - 1]}OY", "1980-05-17")
        found.report(f"D{number}", "DETENIDA", CUI=cui, FECHA=day)
    return found


@pytest.fixture(scope="module")
def asker(manifests: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("minors"))


@pytest.mark.parametrize("day", DETENTIONS)
def test_a_detention(asker: Asker, day: str) -> None:
    cui = cui_of(list(DETENTIONS).index(day) + 1)
    assert cleared(asker, "POLICE_RECORD", cuis=[cui])[0] == DETENTIONS[day]


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    rows = len(DETENTIONS)
    batch = clearance.ClearRequest(row_ids=range(rows), cuis=[cui_of(number + 1) for number in range(rows)])
    both.cleared(clearance.CLEARANCE_STANDARD_POLICE_RECORD, batch)
