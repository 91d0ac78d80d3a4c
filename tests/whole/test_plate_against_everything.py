"""Reports of stolen vehicles with the plate of one car and the engine, or make, line, colour and year, of another."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, stolen_vehicles
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

_SEEN = {"make": "MARCA", "line": "LINEA", "colour": "COLOR", "model_year": "MODELO"}
_REGISTRATION = """
[[record]]
source = "vehiculos"
section = "vehicle_registration"
record_id = "ID"

[record.subject]
vin = "VIN"
engine = "MOTOR"
""" + "\n".join(f'{key} = "{column}"' for key, column in _SEEN.items())
SAT = MANIFESTS["sat"] + _REGISTRATION
RVR = (
    stolen_vehicles(plate="PLACA", engine="MOTOR", **_SEEN)
    .replace("[[record]]", '[codes.state]\nROBADO = "PENDING"\nRECUPERADO = "CANCELLED"\n\n[[record]]')
    .replace('state = "PENDING"', 'state = { column = "ESTADO", codes = "state" }\nstate_date = "DESDE"')
    .replace('kind = "STOLEN_VEHICLE"', 'kind = "STOLEN_VEHICLE"\nissued = "FECHA"\nmerge_key = ["DENUNCIA"]')
)
HONDA, MAZDA = ("HONDA", "CIVIC", "BLANCO", "2018"), ("MAZDA", "CX-5", "ROJO", "2011")
NEAR, FAR = "P-{0}7NDX", "C-9{0}KLM"
# case -> the other car's plate; plate, engine (0, 1: that car's) and what is seen on the report; levels of both cars
REPORTS: dict[str, tuple[str, tuple[str, str, tuple[str, ...]], tuple[str, str]]] = {
    "as the first is": (NEAR, ("P-{0}1NDX", "0", MAZDA), ("HIT", "CLEAR")),
    "the other's make, line, colour and year": (NEAR, ("P-{0}1NDX", "", HONDA), ("POSSIBLE", "POSSIBLE")),
    "the same cut short": (NEAR, ("P-{0}1NDX", "", ("HONDA", "CIV", "", "2018")), ("POSSIBLE", "POSSIBLE")),
    "a plate far from the other's": (FAR, ("P-{0}1NDX", "", HONDA), ("POSSIBLE", "CLEAR")),
    "the other's make, another year": (NEAR, ("P-{0}1NDX", "", ("HONDA", "CIVIC", "", "2001")), ("POSSIBLE", "CLEAR")),
    "the other's colour alone": (NEAR, ("P-{0}1NDX", "", ("MAZDA", "CX-5", "BLANCO", "2011")), ("HIT", "CLEAR")),
    "a plate that nobody bears": (NEAR, ("P-{0}8NDX", "", HONDA), ("CLEAR", "POSSIBLE")),
    "the other's engine": (FAR, ("P-{0}1NDX", "1", ()), ("POSSIBLE", "POSSIBLE")),
    "the engine of nobody": (FAR, ("P-{0}1NDX", "X", ()), ("HIT", "CLEAR")),
    "the engine of both": (FAR, ("", "2", ()), ("POSSIBLE", "POSSIBLE")),
}
# case -> denuncia of the recovery, its day; level of the car
RECOVERIES = {
    "of the same denuncia": ("D{0}", "2024-03-09", "CLEAR"),
    "on the day of the report": ("D{0}", "2024-03-01", "POSSIBLE"),
    "on a filler's day": ("D{0}", "1900-01-01", "POSSIBLE"),
    "on a day that is not known": ("D{0}", "mañana", "POSSIBLE"),
    "of an earlier day": ("D{0}", "2023-03-09", "HIT"),
    "of another denuncia": ("E{0}", "2024-03-09", "HIT"),
}


def vin_of(number: int, which: int) -> str:
    return f"3N1AB7AP5FY{number:03d}{which:03d}"


def _engine(number: int, which: str) -> str:
    return f"ENG{number}{which}77" if which else ""


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("plates"))
    (registers.manifests / "sat.toml").write_text(SAT, encoding="utf-8")
    (registers.manifests / "rvr.toml").write_text(RVR, encoding="utf-8")
    cars, reports = [], []
    for number, (case, (other, (plate, engine, seen), _)) in enumerate(REPORTS.items(), 10):
        both = "2" if engine == "2" else ""
        for which, (borne, looks) in enumerate((("P-{0}1NDX", MAZDA), (other, HONDA))):
            motor = _engine(number, both or str(which))
            cars.append([f"{number}-{which}", borne.format(number), vin_of(number, which), motor, *looks, "", ""])
        stated = (*seen, "", "", "", "")[:4]
        reports.append([case, plate.format(number), _engine(number, engine), *stated, "", "ROBADO", "2024-03-01"])
    for number, (case, (denuncia, day, _)) in enumerate(RECOVERIES.items(), 50):
        cars.append([f"{number}", f"P-{number}1NDX", vin_of(number, 0), "", *MAZDA, "", ""])
        nothing = ["", "", "", "", ""]
        reports.append([case, f"P-{number}1NDX", *nothing, f"D{number}", "ROBADO", "2024-03-01"])
        reports.append([f"{case}-2", f"P-{number}1NDX", *nothing, denuncia.format(number), "RECUPERADO", day])
    with (registers.sources / "sat.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["ID", "PLACA", "VIN", "MOTOR", *_SEEN.values(), "CUI", "NOMBRE"], *cars])
    with (registers.sources / "rvr.csv").open("w", encoding="utf-8", newline="") as file:
        head = ["ID", "PLACA", "MOTOR", *_SEEN.values(), "DENUNCIA", "ESTADO", "DESDE", "FECHA"]
        csv.writer(file).writerows([head, *([*row, "2024-03-01"] for row in reports)])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def _level(asker: Asker, vin: str) -> str:
    answer = asker(checks.CheckVehicleRequest(vin=vin))
    return level_pb2.Level.Name(answer.vehicle.vehicle_level).removeprefix("LEVEL_")


@pytest.mark.parametrize("case", REPORTS)
def test_which_cars_a_report_means(asker: Asker, case: str) -> None:
    number = 10 + list(REPORTS).index(case)
    assert (_level(asker, vin_of(number, 0)), _level(asker, vin_of(number, 1))) == REPORTS[case][2]


@pytest.mark.parametrize("case", RECOVERIES)
def test_a_recovery_under_another_number(asker: Asker, case: str) -> None:
    assert _level(asker, vin_of(50 + list(RECOVERIES).index(case), 0)) == RECOVERIES[case][2]


def test_the_plate_of_the_other_finds_no_second_bearer(asker: Asker) -> None:
    number = 10 + list(REPORTS).index("the other's make, line, colour and year")
    found = asker(checks.CheckVehicleRequest(plate=f"P-{number}1NDX"))
    assert [hit.record.record_id for hit in found.answer.hits] == ["the other's make, line, colour and year"]
    assert found.vehicle.bears_asked_plate
    assert not found.candidates
