"""Persons known by a number that no identity register states: not green while a build's names would find an alert
(answers.md sections 5 and 15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, built, differences, said

NAME, BORN, LICENCE = "ADALID TULIO PAZ ULLOA", "1986-12-06", "B9912377"
DRIVER = checks.CheckPersonRequest(licence=LICENCE)
TWICE, AGAIN, TWIN_NAME = 21, 22, "HERLINDA TZOC CHAVAJAY"
CLEAR, NOTE = "level: LEVEL_CLEAR", "datos de identidad cambiados el 28/05/2026"
PARENTS = {"PADRE": "PEDRO TZOC MENDOZA", "MADRE": "JUANA CHAVAJAY COX"}
ROLES = 'roles = { vehicle = ["identity"], person = ["context"] }'
LICENCES = """
[[record]]
source = "vehiculos"
section = "licence"
when = { column = "LICENCIA", present = true }
record_id = "ID"

[record.subject]
cui = "TITULAR"
licence = "LICENCIA"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
"""


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[FedWorld]:
    """SAT issues licences too; RENAP states parents."""
    sat = small_world.SAT.replace('roles = { vehicle = ["identity"] }', ROLES).replace('"nit"]', '"nit", "licence"]')
    renap = small_world.RENAP.replace("sex = {", 'father_name = "PADRE"\nmother_name = "MADRE"\nsex = {')
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small_world, "SAT", sat + LICENCES)
        patched.setattr(small_world, "RENAP", renap)
        patched.setitem(small_world.HEADERS, "sat", small_world.HEADERS["sat"] + " LICENCIA NACIMIENTO TITULAR")
        patched.setitem(small_world.HEADERS, "renap", small_world.HEADERS["renap"] + " PADRE MADRE")
        world = SmallWorld()
        for number in (TWICE, AGAIN):
            world.person(number, TWIN_NAME, **PARENTS)
        world.person(23, "LUIS ALBERTO POP TZUL", "1975-01-20")
        world.warrant("W1", cui_of(23))
        world.warrant("W2", "", "NADIE CONOCIDO DE AQUI", "1960-01-01")
        world.car(1, "P-123BCD", [{"LICENCIA": "A1234567", "NOMBRE": "OTRA PERSONA XOL", "NACIMIENTO": "1970-01-01"}])
        over = FedWorld(tmp_path / "fed", world, built(tmp_path / "base", world))
        yield over
        over.writer.close()


def licence(fed: FedWorld, number: str, name: str, born: str, **cells: str) -> None:
    row = {"ID": f"L{number}", "PLACA": "P-777XYZ", "VIN": "3N1AB7AP5FY000077", "LICENCIA": number, "NOMBRE": name}
    assert fed.take(fed.upsert("sat", **row, NACIMIENTO=born, **cells)).refused == []


def order(fed: FedWorld, **cells: str) -> None:
    assert fed.take(fed.upsert("oj", ORDEN="W9", **cells, ESTADO="PENDIENTE", FECHA="2024-02-03")).refused == []


@pytest.mark.parametrize("first", ["licence", "order"])
def test_a_driver_who_came_by_feed_is_not_clear_beside_an_order_by_name(fed: FedWorld, first: str) -> None:
    if first == "licence":
        licence(fed, LICENCE, NAME, BORN)
    order(fed, NOMBRE=NAME, NACIMIENTO=BORN)
    if first == "order":
        licence(fed, LICENCE, NAME, BORN)
    shown = said(fed.view(), DRIVER)
    assert CLEAR not in shown and NOTE in shown
    assert CLEAR not in said(fed.rebuilt(), DRIVER)


def test_whose_licence_is_fed_as_it_stood_is_as_before(fed: FedWorld) -> None:
    asked = checks.CheckPersonRequest(licence="A1234567")
    fed.writer.publish()
    assert CLEAR in said(fed.view(), asked)
    licence(fed, "A1234567", "OTRA PERSONA XOL", "1970-01-01")
    assert CLEAR in said(fed.view(), asked)
    licence(fed, LICENCE, "LUIS ALBERTO POP TZUL", "1975-01-20", TITULAR=cui_of(TWICE))
    assert CLEAR in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(TWICE))), "RENAP says who she is"


def test_who_is_on_file_twice_is_found_by_an_order_without_a_name(fed: FedWorld) -> None:
    order(fed, CUI=cui_of(TWICE))
    asked = [checks.CheckPersonRequest(cui=cui_of(number)) for number in (TWICE, AGAIN)]
    assert "LEVEL_POSSIBLE" in said(fed.view(), asked[1])
    assert differences(fed, asked) == []
