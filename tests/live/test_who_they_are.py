"""Persons fed with another name, birth date or sex: grey until the next rebuild (answers.md section 15)."""

from __future__ import annotations

import pytest

from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.live.fed_world import FedWorld, clearances, differences, said
from tests.live.test_a_view_answers_as_a_rebuild import JOSE, LUIS, WHO

HIS = checks.CheckPersonRequest(cui=cui_of(LUIS))
GREY, NOTE = "level: LEVEL_INCOMPLETE", "datos de identidad cambiados el 28/05/2026"


def row_of(fed: FedWorld, **changed: str) -> dict[str, str]:
    row = next(row for row in fed.world.rows["renap"] if row["CUI"] == cui_of(LUIS))
    return dict(row) | changed


@pytest.mark.parametrize("changed", [{"NOMBRE": "CARLOS RENE BATZ COY"}, {"NACIMIENTO": "1976-02-02"}, {"SEXO": "M"}])
def test_a_changed_name_is_grey_until_the_next_rebuild(fed: FedWorld, changed: dict[str, str]) -> None:
    """An order by the new name means him, and is linked at the rebuild; by then nobody may take him for clear."""
    before = row_of(fed)
    fed.take(fed.upsert("renap", **row_of(fed, **changed)))
    name, born = changed.get("NOMBRE", WHO[LUIS][0]), changed.get("NACIMIENTO", WHO[LUIS][1])
    fed.take(fed.upsert("oj", ORDEN="W77", NOMBRE=name, NACIMIENTO=born, ESTADO="PENDIENTE", FECHA="2024-02-03"))
    shown = said(fed.view(), HIS)
    assert "level: LEVEL_CLEAR" not in shown
    assert NOTE in shown
    wanted = next(iter(clearances([cui_of(LUIS)], [])))
    assert "NO_RECORD" not in said(fed.view(), wanted)
    fed.take(fed.cancel("oj", "W77"))
    assert GREY in said(fed.view(), HIS)
    fed.take(fed.upsert("renap", **before))
    assert GREY in said(fed.view(), HIS), "what was fed meanwhile was linked by the other name"


def test_a_record_by_that_name_may_mean_the_next_who_bears_it(fed: FedWorld) -> None:
    """The record is of the base and fed: it leaves the one with the new name, and comes back with the old name."""
    fed.take(fed.upsert("oj", ORDEN="W77", NOMBRE=WHO[JOSE][0], ESTADO="PENDIENTE", FECHA="2024-02-03"))
    of_jose = next(row for row in fed.world.rows["renap"] if row["CUI"] == cui_of(JOSE))
    before, theirs = dict(of_jose), [checks.CheckPersonRequest(cui=cui_of(number)) for number in (JOSE, 5)]
    found = set()
    for changed in ({"NOMBRE": "CARLOS RENE BATZ COY"}, {"MUERTE": "2020-01-01"}, {}, {"NACIMIENTO": "1971-07-30"}, {}):
        fed.take(fed.upsert("renap", **before | changed))
        found.add("level: LEVEL_CLEAR" in said(fed.view(), theirs[1]))  # before the rebuild: the writer would be silent
        assert differences(fed, theirs) == []
    assert found == {False, True}


@pytest.mark.parametrize("changed", [{"NOMBRE": "CARLOS RENE BATZ COY"}, {"NACIMIENTO": "1976-02-02"}, {"SEXO": "M"}])
def test_an_order_by_name_leaves_who_is_stated_otherwise(fed: FedWorld, changed: dict[str, str]) -> None:
    """And does so however many were stated otherwise before: each round applies every rule."""
    of_jose = next(row for row in fed.world.rows["renap"] if row["CUI"] == cui_of(JOSE))
    for name in ("CARLOS RENE BATZ COY", of_jose["NOMBRE"]):
        fed.take(fed.upsert("renap", **dict(of_jose) | {"NOMBRE": name}))
    name, born, sex = WHO[LUIS][0], WHO[LUIS][1], row_of(fed)["SEXO"]
    order = {"NOMBRE": name, "NACIMIENTO": born, "SEXO": sex, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03"}
    fed.take(fed.upsert("oj", ORDEN="W77", **order))
    assert "level: LEVEL_HIT" in said(fed.view(), HIS)
    fed.take(fed.upsert("renap", **row_of(fed, **changed)))
    shown = said(fed.view(), HIS)
    assert GREY in shown
    assert NOTE in shown


def test_an_unchanged_row_changes_nobody(fed: FedWorld) -> None:
    fed.take(fed.upsert("renap", **row_of(fed, CALLE="9a avenida 1-11")))
    assert "level: LEVEL_CLEAR" in said(fed.view(), HIS)


def test_somebody_new_is_grey(fed: FedWorld) -> None:
    row = {"ID": "R77", "CUI": cui_of(77), "NOMBRE": "NUEVA PERSONA POP", "NACIMIENTO": "1999-09-09", "SEXO": "F"}
    fed.take(fed.upsert("renap", **row))
    shown = said(fed.view(), checks.CheckPersonRequest(cui=cui_of(77)))
    assert GREY in shown
    assert NOTE in shown
