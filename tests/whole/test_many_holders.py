"""A number that many hold: all of them count, and who is wanted stands first, wherever he stands in order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of, stolen_vehicles
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

MANY = 80  # more than once were looked at
TELEPHONE, ENGINE = "24119191", "HR16DE123456"
RENAP = (
    MANIFESTS["renap"]
    + """
[[record]]
source = "personas"
section = "telephone"
record_id = "ID"

[record.subject]
cui = "CUI"
telephone = "TELEFONO"
"""
)
SAT = (
    MANIFESTS["sat"]
    + """
[[record]]
source = "vehiculos"
section = "vehicle_registration"
record_id = "ID"

[record.subject]
vin = "VIN"
engine = "MOTOR"
"""
)
RVR = stolen_vehicles(vin="VIN")


def vin_of(number: int) -> str:
    return f"3N1AB7AP5FY{number:06d}"


def tables() -> dict[str, list[list[Any]]]:
    """Yields tables: the last by birth date, and so in subject order, is wanted; of the vehicles, in the order of a
    keyed hash, each twentieth is stolen."""
    people: list[list[Any]] = [["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO", "TELEFONO"]]
    people += [[n, cui_of(n), f"PERSONA {n % 7} CAAL", f"{1900 + n}-01-02", "F", TELEPHONE] for n in range(1, MANY + 1)]
    vehicles: list[list[Any]] = [["ID", "PLACA", "VIN", "CUI", "NOMBRE", "MOTOR"]]
    vehicles += [[n, f"P-{n:03d}BCD", vin_of(n), "", "", ENGINE] for n in range(1, MANY + 1)]
    warrants = [["ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA"]]
    warrants.append(["W1", cui_of(MANY), "", "", "PENDIENTE", "2020-05-05"])
    thefts: list[list[Any]] = [["ID", "VIN", "FECHA"], *([n, vin_of(n), "2024-01-01"] for n in range(20, MANY + 1, 20))]
    return {"renap": people, "sat": vehicles, "oj": warrants, "rvr": thefts}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("many"))
    for name, text in (("renap", RENAP), ("sat", SAT), ("rvr", RVR)):
        (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
    for name, rows in tables().items():
        with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("one_box", [False, True])
def test_a_telephone_of_many(asker: Asker, one_box: bool) -> None:
    request: Any = checks.CheckPersonRequest(telephone=TELEPHONE)
    found = asker(checks.CheckRequest(query=TELEPHONE) if one_box else request)
    assert found.candidates_total == MANY
    assert found.answer.level == level_pb2.LEVEL_POSSIBLE
    assert found.answer.hits_total == 1
    assert (found.candidates[0].cui, found.candidates[0].alerts) == (cui_of(MANY), 1)


def test_an_engine_number_of_many(asker: Asker) -> None:
    found = asker(checks.CheckVehicleRequest(engine=ENGINE))
    assert found.candidates_total == MANY
    assert found.answer.level == level_pb2.LEVEL_POSSIBLE
    assert found.answer.hits_total == MANY // 20
    assert [candidate.alerts for candidate in found.candidates[:5]] == [1, 1, 1, 1, 0]
