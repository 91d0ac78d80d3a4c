"""A number that only another row ties to somebody: live as a build says (answers.md section 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, built, differences, said

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
"""
TIED = {"LICENCIA": "A1234567", "NOMBRE": "", "TITULAR": cui_of(1)}
ORDER = {"ORDEN": "W9", "LICENCIA": "A1234567", "ESTADO": "PENDIENTE", "FECHA": "2024-02-03"}


@pytest.mark.parametrize("first", ["row", "order", "neither"])
@pytest.mark.parametrize("name", ["", "ANA LUCIA CAAL CHOC", "PEDRO POP XOL"])
def test_an_order_by_it(tmp_path: Path, first: str, name: str) -> None:
    """first: which of the two stands in the base; the other is fed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            small_world, "SAT", small_world.SAT.replace('roles = { vehicle = ["identity"] }', ROLES) + LICENCES
        )
        patched.setattr(small_world, "OJ", small_world.OJ.replace('cui = "CUI"', 'cui = "CUI"\nlicence = "LICENCIA"'))
        patched.setitem(small_world.HEADERS, "sat", small_world.HEADERS["sat"] + " LICENCIA TITULAR")
        patched.setitem(small_world.HEADERS, "oj", small_world.HEADERS["oj"] + " LICENCIA")
        world = SmallWorld()
        world.person(1, "ANA LUCIA CAAL CHOC", "1980-05-17")
        world.person(2, "LUIS ALBERTO POP TZUL", "1975-01-20")
        world.warrant("W1", cui_of(2))
        world.car(1, "P-123BCD", [TIED if first == "row" else {}])
        if first == "order":
            world.rows["oj"].append({**ORDER, "NOMBRE": name})
        fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "base", world))
        if first != "row":
            row = {"ID": "L1", "PLACA": "P-777XYZ", "VIN": "3N1AB7AP5FY000077", **TIED}
            assert fed.take(fed.upsert("sat", **row)).refused == []
        if first != "order":
            assert fed.take(fed.upsert("oj", **ORDER, NOMBRE=name)).refused == []
        asked = [checks.CheckPersonRequest(cui=cui_of(1)), checks.CheckPersonRequest(licence="A1234567")]
        shown = said(fed.view(), asked[0])
        assert ("LEVEL_POSSIBLE" in shown) == (name != "PEDRO POP XOL")
        assert differences(fed, asked) == []
        fed.writer.close()
