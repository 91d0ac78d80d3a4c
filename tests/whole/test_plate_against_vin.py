"""Reports of stolen vehicles by plate and by VIN that contradict, or by plate alone over time, through gRPC."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer
from tests.whole.test_identifiers_as_written import RVR

OWNER = '\n[[record]]\nsource = "vehiculos"\nsection = "owner"'
SAT = MANIFESTS["sat"].split(OWNER, maxsplit=1)[0] + 'valid_from = "DESDE"\nvalid_to = "HASTA"\n'
# Vehicles of a case: plate, days borne; then the report's plate, vehicle of its VIN ("x": one wrong character), day;
# then the level by the VIN of each vehicle.
Bearings = tuple[tuple[str, str, str], ...]
CASES: dict[str, tuple[Bearings, tuple[str, str, str], tuple[str, ...]]] = {
    "plate and VIN of one": ((("P-1{0}BCD", "", ""),), ("P-1{0}BCD", "0", "2024-01-01"), ("HIT",)),
    "plate of one, VIN of another": (
        (("P-1{0}BCD", "", ""), ("P-2{0}BCD", "", "")),
        ("P-1{0}BCD", "1", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "a wrong character in the VIN": ((("P-1{0}BCD", "", ""),), ("P-1{0}BCD", "x", "2024-01-01"), ("POSSIBLE",)),
    "a plate that nobody bears": ((("P-1{0}BCD", "", ""),), ("P-9{0}BCD", "0", "2024-01-01"), ("HIT",)),
    "an untyped plate": ((("P-1{0}BCD", "", ""),), ("1{0}BCD", "", "2024-01-01"), ("POSSIBLE",)),
    "an untyped plate, another's VIN": (
        (("P-1{0}BCD", "", ""), ("P-2{0}BCD", "", "")),
        ("1{0}BCD", "1", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "its former plate": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-1{0}BCD", "2021-01-01", "")),
        ("P-1{0}BCD", "0", "2024-01-01"),
        ("HIT", "CLEAR"),
    ),
    "by plate, on a day of the former bearer": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-1{0}BCD", "2021-01-01", "")),
        ("P-1{0}BCD", "", "2015-01-01"),
        ("HIT", "CLEAR"),
    ),
    "by plate, between two bearings": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-1{0}BCD", "2021-01-01", "")),
        ("P-1{0}BCD", "", "2020-06-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "by plate, without a date": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-1{0}BCD", "2021-01-01", "")),
        ("P-1{0}BCD", "", ""),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "by plate, years after it was given up": (
        (("P-1{0}BCD", "2010-01-01", "2012-01-01"),),
        ("P-1{0}BCD", "", "2024-01-01"),
        ("POSSIBLE",),
    ),
    "by plate, in a year of which only that is known": (
        (("P-1{0}BCD", "00/00/2024", ""),),
        ("P-1{0}BCD", "", "2024-05-01"),
        ("POSSIBLE",),
    ),
    "by plate, which two bear": (
        (("P-1{0}BCD", "", ""), ("P-1{0}BCD", "", "")),
        ("P-1{0}BCD", "", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "by plate, on the day that it changed hands": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-1{0}BCD", "2020-01-01", "")),
        ("P-1{0}BCD", "", "2020-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "by plate, before anybody bore it": (
        (("P-1{0}BCD", "2021-01-01", ""),),
        ("P-1{0}BCD", "", "2015-01-01"),
        ("POSSIBLE",),
    ),
    "by plate, on a day of the second of three bearers": (
        (
            ("P-1{0}BCD", "2005-01-01", "2010-01-01"),
            ("P-1{0}BCD", "2011-01-01", "2020-01-01"),
            ("P-1{0}BCD", "2021-01-01", ""),
        ),
        ("P-1{0}BCD", "", "2015-01-01"),
        ("CLEAR", "HIT", "CLEAR"),
    ),
    "by plate, between the first two of three bearers": (
        (
            ("P-1{0}BCD", "2005-01-01", "2010-01-01"),
            ("P-1{0}BCD", "2011-01-01", "2020-01-01"),
            ("P-1{0}BCD", "2021-01-01", ""),
        ),
        ("P-1{0}BCD", "", "2010-06-01"),
        ("POSSIBLE", "POSSIBLE", "CLEAR"),
    ),
    "by plate, in the year in which it was given up": (
        (("P-1{0}BCD", "2010-01-01", "00/00/2020"),),
        ("P-1{0}BCD", "", "2020-06-01"),
        ("POSSIBLE",),
    ),
    "a plate that another gave up, VIN of one who never bore it": (
        (("P-1{0}BCD", "2010-01-01", "2020-01-01"), ("P-2{0}BCD", "", "")),
        ("P-1{0}BCD", "1", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "its VIN and its plate without the type": (
        (("P-1{0}BCD", "", ""),),
        ("1{0}BCD", "0", "2024-01-01"),
        ("HIT",),
    ),
    "by plate, of whose number another type exists": (
        (("P-1{0}BCD", "", ""), ("C-1{0}BCD", "", "")),
        ("P-1{0}BCD", "", "2024-01-01"),
        ("HIT", "CLEAR"),
    ),
    "an untyped plate that exists in two types": (
        (("P-1{0}BCD", "", ""), ("C-1{0}BCD", "", "")),
        ("1{0}BCD", "", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "the number of another type, its VIN": (
        (("P-1{0}BCD", "", ""), ("C-1{0}BCD", "", "")),
        ("C-1{0}BCD", "0", "2024-01-01"),
        ("POSSIBLE", "POSSIBLE"),
    ),
    "its VIN, its plate of later": (
        (("P-1{0}BCD", "2020-01-01", ""),),
        ("P-1{0}BCD", "0", "2015-01-01"),
        ("HIT",),
    ),
}


def vin_of(case: str, vehicle: int, wrong: bool = False) -> str:
    return f"{'4' if wrong else '3'}N1AB7AP5FY{[*CASES].index(case):03d}{vehicle:03d}"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("plates"))
    (registers.manifests / "sat.toml").write_text(SAT, encoding="utf-8")
    (registers.manifests / "rvr.toml").write_text(RVR, encoding="utf-8")
    with (
        (registers.sources / "sat.csv").open("w", encoding="utf-8", newline="") as vehicles,
        (registers.sources / "rvr.csv").open("w", encoding="utf-8", newline="") as reports,
    ):
        sat, rvr = csv.writer(vehicles), csv.writer(reports)
        sat.writerow(["ID", "PLACA", "VIN", "DESDE", "HASTA"])
        rvr.writerow(["ID", "PLACA", "TIPO", "VIN", "FECHA"])
        for number, (case, (bearings, (plate, vin, day), _)) in enumerate(CASES.items(), 10):
            for vehicle, (borne, first, last) in enumerate(bearings):
                sat.writerow([f"{number}-{vehicle}", borne.format(number), vin_of(case, vehicle), first, last])
            shown = vin_of(case, 0, wrong=True) if vin == "x" else vin_of(case, int(vin)) if vin else ""
            rvr.writerow([case, plate.format(number), "", shown, day])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", CASES)
def test_a_report_of_a_stolen_vehicle(asker: Asker, case: str) -> None:
    """By the VIN of each vehicle: its own level, owners aside."""
    for vehicle, level in enumerate(CASES[case][2]):
        answer = asker(checks.CheckVehicleRequest(vin=vin_of(case, vehicle)))
        found = level_pb2.Level.Name(answer.vehicle.vehicle_level)
        assert found == f"LEVEL_{level}", f"vehicle {vehicle}"
        assert [h.record.record_id for h in answer.answer.hits] == [case] * (level != "CLEAR")
