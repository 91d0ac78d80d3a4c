"""Reports of stolen cars by a foreign plate, in a register without a column for its country (section 4)."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import SmallRegisters, stolen_vehicles
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

# What stands in the plate's cell -> country and plate as asked, and whether the report is found by them
PLATES = {
    "HAA 1234 HONDURAS": ("HND", "HAA1234", True),
    "P 223-456 EL SALVADOR": ("SLV", "P223456", True),
    "ABC-12-34 (México)": ("MEX", "ABC-12-34", True),
    "salvadoreña P 99-817": ("SLV", "P99817", True),
    "M-123BCD GUATEMALA": ("GTM", "M-123BCD", True),
    "HN 77-812": ("HND", "77812", False),  # a code of two letters may be the plate's own
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("abroad"))
    (registers.manifests / "rvr.toml").write_text(stolen_vehicles(plate="PLACA"), encoding="utf-8")
    with (registers.sources / "rvr.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["ID", "PLACA", "FECHA"], *([cell, cell, "2024-01-01"] for cell in PLATES)])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("cell", PLATES)
def test_a_plate_beside_its_country(asker: Asker, cell: str) -> None:
    country, plate, is_found = PLATES[cell]
    answer = asker(checks.CheckVehicleRequest(plate=plate, plate_country=country)).answer
    assert [hit.record.record_id for hit in answer.hits] == [cell] * is_found
