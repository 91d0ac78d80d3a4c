"""A fed order hides the addresses that a build would hide by it, at once (answers.md sections 5, 15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.standardise.fed_rows import FedRow, FedRows
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import HEADERS, SmallWorld
from tests.live.fed_world import FedWorld, built, differences, said

NAME, BORN, PLATE = "BRENDA PAOLA LOPEZ MORALES", "1990-11-02", "P-321KLM"
HERS, NEW = 31, 32
ASKED = checks.CheckVehicleRequest(plate=PLATE)


def slipped(cui: str) -> str:
    """Another digit in the sixth place: no number that its check digit allows."""
    return cui[:5] + str((int(cui[5]) + 3) % 10) + cui[6:]


WAYS: dict[str, dict[str, str]] = {
    "a digit off, no name": {"CUI": slipped(cui_of(HERS))},
    "a digit off, no name, her day": {"CUI": slipped(cui_of(HERS)), "NACIMIENTO": BORN},
    "a digit off, and her name": {"CUI": slipped(cui_of(HERS)), "NOMBRE": NAME},
    "one given name, one surname": {"NOMBRE": "BRENDA LOPEZ"},
    "initials": {"NOMBRE": "BRENDA P. LOPEZ"},
    "her number in the name's cell": {"NOMBRE": f"DPI {cui_of(HERS)}"},
    "the same, beside a name": {"NOMBRE": f"BRENDA DPI {cui_of(HERS)}"},
    "her name and another day": {"NOMBRE": NAME, "NACIMIENTO": "1949-09-17"},
}


def world() -> SmallWorld:
    small = SmallWorld()
    small.person(HERS, NAME, BORN, CALLE="3a calle 4-55")
    for number in range(6, 20):
        given, surname = ("UNO", "DOS", "TRES", "CUATRO", "CINCO")[number % 5], ("COY", "TUC", "ICAL")[number % 3]
        small.person(number, f"PERSONA {given} {surname} XOL", f"19{50 + number}-03-0{1 + number % 8}")
    small.warrant("W1", cui_of(7))
    small.car(1, PLATE, [{"CUI": cui_of(HERS), "NOMBRE": NAME, "DESDE": "2015-01-01"}])
    small.car(2, "P-654NPR", [{"CUI": cui_of(NEW), "DESDE": "2015-01-01"}])
    return small


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> SmallRegisters:
    return built(tmp_path_factory.mktemp("base"), world())


@pytest.fixture
def fed(tmp_path: Path, base: SmallRegisters) -> Iterator[FedWorld]:
    over = FedWorld(tmp_path, world(), base)
    yield over
    over.writer.close()


def order(fed: FedWorld, cells: dict[str, str], state: str = "PENDIENTE") -> None:
    row = {"ID": "M9", "TIPO": "VICTIMA", "ESTADO": state, "FECHA": "2024-03-03", **cells}
    assert fed.take(fed.upsert("mp", **row)).refused == []


@pytest.mark.parametrize("way", WAYS)
def test_however_the_order_names_her(fed: FedWorld, way: str) -> None:
    fed.writer.publish()
    assert "street" in said(fed.view(), ASKED)
    order(fed, WAYS[way])
    assert "street" not in said(fed.view(), ASKED)
    assert differences(fed, [ASKED]) == []
    order(fed, WAYS[way], "CANCELADA")
    assert "street" in said(fed.view(), ASKED)


def test_nobody_is_hidden_by_a_strangers_order(fed: FedWorld) -> None:
    order(fed, {"CUI": slipped(cui_of(7)), "NOMBRE": "MARTA LOPEZ"})
    assert "street" in said(fed.view(), ASKED)
    assert differences(fed, [ASKED]) == []


@pytest.mark.parametrize("way", WAYS)
def test_who_is_fed_after_the_order(fed: FedWorld, way: str) -> None:
    """Nobody knows before the next build who else is meant: the victim's address is not shown meanwhile."""
    cells = {name: cell.replace(cui_of(HERS), cui_of(NEW)) for name, cell in WAYS[way].items()}
    cells |= {"CUI": slipped(cui_of(NEW))} if "CUI" in cells else {}
    order(fed, cells)
    fed.take(fed.upsert("renap", ID="R32", CUI=cui_of(NEW), NOMBRE=NAME, NACIMIENTO=BORN, SEXO="F", CALLE="9a calle 1"))
    assert "street" not in said(fed.view(), checks.CheckVehicleRequest(plate="P-654NPR"))


@pytest.mark.parametrize(
    "cells", [{"CUI": cui_of(HERS)}, {"NOMBRE": NAME}, {"CUI": cui_of(HERS), "HASTA": "INDEFINIDO"}]
)
def test_a_row_that_cannot_be_read_hides_what_it_shows(fed: FedWorld, cells: dict[str, str]) -> None:
    """It is taken from its sender, and its register is said to lack a change; until it is written rightly."""
    nothing = dict.fromkeys(HEADERS["mp"].split(), "")
    row = {**nothing, "ID": "M9", "TIPO": "VICTIMA", "ESTADO": "VIGNTE", "FECHA": "2024-03-03", **cells}
    assert FedRows(fed.manifests).look("mp", "", [FedRow("M9", row)]) == [None]
    assert len(fed.take(fed.upsert("mp", **row)).refused) == 1
    shown = said(fed.view(), ASKED)
    assert "street" not in shown
    assert "REGISTER_STATE_STALE" in shown
    assert fed.take(fed.upsert("mp", **row | {"ESTADO": "CANCELADA", "HASTA": ""})).refused == []
    shown = said(fed.view(), ASKED)
    assert "street" in shown
    assert "REGISTER_STATE_STALE" not in shown


def test_a_row_that_shows_nobody_or_hides_nobody_is_refused(fed: FedWorld) -> None:
    row = dict.fromkeys(HEADERS["mp"].split(), "") | {"ID": "M9", "ESTADO": "VIGNTE", "FECHA": "2024-03-03"}
    rows = [row | {"TIPO": "VICTIMA"}, row | {"TIPO": "AGRESOR", "CUI": cui_of(HERS)}]
    found = FedRows(fed.manifests).look("mp", "", [FedRow("M9", each) for each in rows])
    assert [fault is not None and fault.rule for fault in found] == ["unknown_code", "unknown_code"]
