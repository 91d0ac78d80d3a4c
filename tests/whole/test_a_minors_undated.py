"""A child's acts stay hidden where their day is known in part, or not at all."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ronda.v1 import level_pb2, section_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld
from tests.oracle.registers import everything

MINOR = section_pb2.SENSITIVITY_MINOR
YEAR = datetime.datetime.now(datetime.UTC).year
CHILD, GROWN = f"{YEAR - 14}-01-02", "2004-03-10"  # of age on 10 March 2022
# born, the detention's day as its register writes it -> whether a patrol may see it
DETENTIONS = {
    (GROWN, "2022-03-09"): False,
    (GROWN, "2022-03-10"): True,
    (GROWN, "00/05/2020"): False,
    (GROWN, "00/00/2021"): False,
    (GROWN, "00/02/2022"): False,
    (GROWN, "02/2022"): False,
    (GROWN, "00/03/2022"): True,
    (GROWN, "00/00/2022"): True,
    (GROWN, "00/00/2023"): True,
    (GROWN, ""): True,
    (GROWN, "INDETERM"): True,
    ("2004-00-00", "00/00/2021"): False,
    ("2004-00-00", "00/00/2022"): True,
    (CHILD, ""): False,
    (CHILD, "INDETERM"): False,
    (CHILD, "05/00/0000"): False,
    (CHILD, f"00/00/{YEAR}"): False,
    (CHILD, f"{YEAR + 40}-01-01"): False,
    (CHILD, f"00/00/{YEAR + 40}"): False,
    ("", "00/00/2015"): True,
    ("1980-05-17", ""): True,
}
# of a child's warrants: the day of issue. All are orders of an adolescents' court, as one with a whole day is
WARRANTS = ["2026-01-01", "", "00/00/2026", "INDETERM"]
DETENTION = """
[[record]]
source = "denuncias"
section = "detention"
when = { column = "TIPO", in = ["DETENIDO"] }
record_id = "ID"
date = "FECHA"

[record.subject]
cui = "CUI"
"""
# What the police note besides (SIPOL's "incidente"): an other_record tells of a child what a detention would.
INCIDENT = (
    DETENTION.replace('"detention"', '"other_record"').replace('["DETENIDO"]', '["INCIDENTE"]')
    + """
[record.fields]
title = "NOMBRE"
"""
)
INCIDENTS = {"2022-03-09": False, "2022-03-10": True}


def asked(both: EngineAndOracle, number: int, sees_minors: bool) -> Any:
    masks = everything() if sees_minors else everything() | {MINOR: 0}
    return both.person(masks, cui=cui_of(number))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    world = SmallWorld()
    for number, (born, day) in enumerate(DETENTIONS, 1):
        cui = world.person(number, f"PERSONA {chr(64 + number)} CAAL", born)
        world.report(f"D{number}", "DETENIDO", CUI=cui, FECHA=day)
    for number, day in enumerate(INCIDENTS, 201):
        cui = world.person(number, f"PERSONA {chr(64 + number - 200)} XICAY", GROWN)
        world.report(f"I{number}", "INCIDENTE", CUI=cui, FECHA=day, NOMBRE="RIÑA")
    for number, day in enumerate(WARRANTS, 101):
        cui = world.person(number, f"PERSONA {chr(64 + number - 100)} TZUL", CHILD)
        world.rows["oj"].append({"ORDEN": f"W{number}", "CUI": cui, "ESTADO": "PENDIENTE", "FECHA": day})
    with pytest.MonkeyPatch.context() as patched:
        roles = small_world.MP.replace('person = ["alert"]', 'person = ["alert", "context"]')
        patched.setattr(small_world, "MP", roles + DETENTION + INCIDENT)
        return EngineAndOracle(world.write(tmp_path_factory.mktemp("undated")))


@pytest.mark.parametrize("case", DETENTIONS, ids=" on ".join)
def test_a_detention(both: EngineAndOracle, case: tuple[str, str]) -> None:
    number = list(DETENTIONS).index(case) + 1
    assert len(asked(both, number, sees_minors=True).person.detentions) == 1
    shown = asked(both, number, sees_minors=False).person
    assert bool(shown.detentions) == DETENTIONS[case]
    assert any(t.section == section_pb2.SECTION_DETENTION for t in shown.totals) == DETENTIONS[case]


@pytest.mark.parametrize("day", WARRANTS)
def test_a_childs_warrant(both: EngineAndOracle, day: str) -> None:
    number = 101 + WARRANTS.index(day)
    (whole,), (shown,) = (asked(both, number, sees_minors=sees).answer.hits for sees in (True, False))
    assert (whole.level, shown.level) == (level_pb2.LEVEL_HIT, level_pb2.LEVEL_HIT)
    assert whole.action.code == shown.action.code == "BRING_TO_JUDGE"
    assert not asked(both, number, sees_minors=False).person.warrants


@pytest.mark.parametrize("day", INCIDENTS)
def test_an_incident(both: EngineAndOracle, day: str) -> None:
    number = 201 + list(INCIDENTS).index(day)
    assert len(asked(both, number, sees_minors=True).person.other_records) == 1
    assert bool(asked(both, number, sees_minors=False).person.other_records) == INCIDENTS[day]
