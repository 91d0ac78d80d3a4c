"""A report of a stolen vehicle with only the end of its chassis number (docs/answers.md section 4)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.whole.test_identifiers_as_written import RVR

OWNER = '\n[[record]]\nsource = "vehiculos"\nsection = "owner"'
SAT = MANIFESTS["sat"].split(OWNER, maxsplit=1)[0]
# Numbers of the vehicles of SAT ({0}: three digits of the case); plate and number of the report; level of each vehicle.
CASES: dict[str, tuple[tuple[str, ...], tuple[str, str], tuple[str, ...]]] = {
    "six characters": (("3N1AB7AP5FY{0}456",), ("", "{0}456"), ("POSSIBLE",)),
    "seven": (("3N1AB7AP5FY{0}456",), ("", "Y{0}456"), ("POSSIBLE",)),
    "eight": (("3N1AB7AP5FY{0}456",), ("", "FY{0}456"), ("POSSIBLE",)),
    "eight, separated": (("3N1AB7AP5FY{0}456",), ("", "FY-{0}-456"), ("POSSIBLE",)),
    "behind dots": (("3N1AB7AP5FY{0}456",), ("", "...FY{0}456"), ("POSSIBLE",)),
    "of an old chassis number": (("KE{0}1234567",), ("", "1234567"), ("POSSIBLE",)),
    "of two vehicles": (("3N1AB7AP5FY{0}456", "1HGCM82633A{0}456"), ("", "{0}456"), ("POSSIBLE", "POSSIBLE")),
    "of one of two": (("3N1AB7AP5FY{0}456", "1HGCM82633A{0}456"), ("", "A{0}456"), ("CLEAR", "POSSIBLE")),
    "of more than fifty": (tuple(f"3N1AB7AP5{i:02d}{{0}}457" for i in range(51)), ("", "{0}457"), ("CLEAR",) * 51),
    "a plate that nobody bears": (("3N1AB7AP5FY{0}456",), ("P-{0}ZZZ", "{0}456"), ("POSSIBLE",)),
    "the plate of another": (
        ("3N1AB7AP5FY{0}456", "1HGCM82633A{0}999"), ("P-{0}BCF", "{0}456"), ("CLEAR", "POSSIBLE"),
    ),
    "its own plate": (("3N1AB7AP5FY{0}456",), ("P-{0}BCD", "{0}456"), ("POSSIBLE",)),
    "five": (("3N1AB7AP5FY{0}456",), ("", "{0}45"), ("CLEAR",)),
    "nine": (("3N1AB7AP5FY{0}456",), ("", "5FY{0}456"), ("CLEAR",)),
    "one character other": (("3N1AB7AP5FY{0}456",), ("", "{0}466"), ("CLEAR",)),
    "letters alone": (("3N1AB7AP5FY{0}456", "XX{0}ABCDEF"), ("", "ABCDEF"), ("CLEAR", "CLEAR")),
    "the whole number of another": (("3N1AB7AP5FY{0}456", "{0}456"), ("", "{0}456"), ("CLEAR", "HIT")),
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    registers = SmallRegisters(Path(tmp_path_factory.mktemp("ends")))
    (registers.manifests / "sat.toml").write_text(SAT, encoding="utf-8")
    (registers.manifests / "rvr.toml").write_text(RVR, encoding="utf-8")
    with (
        (registers.sources / "sat.csv").open("w", encoding="utf-8", newline="") as vehicles,
        (registers.sources / "rvr.csv").open("w", encoding="utf-8", newline="") as reports,
    ):
        sat, rvr = csv.writer(vehicles), csv.writer(reports)
        sat.writerow(["ID", "PLACA", "VIN"])
        rvr.writerow(["ID", "PLACA", "TIPO", "VIN", "FECHA"])
        for number, (case, (numbers, (plate, end), _)) in enumerate(CASES.items(), 101):
            for place, whole in enumerate(numbers):
                sat.writerow([f"{number}-{place}", plate_of(case, place), whole.format(number)])
            rvr.writerow([case, plate.format(number), "", end.format(number), "2024-05-01"])
    return EngineAndOracle(registers)


def plate_of(case: str, place: int) -> str:
    return f"P-{[*CASES].index(case) + 101}BC{'DFGHJKLMNPQRSTVWXYZ'[place % 19]}" if place < 19 else ""


@pytest.mark.parametrize("case", CASES)
def test_a_report_by_the_end_of_a_chassis_number(both: EngineAndOracle, case: str) -> None:
    numbers, _, levels = CASES[case]
    for place, (number, level) in enumerate(zip(numbers, levels, strict=True)):
        whole = number.format([*CASES].index(case) + 101)
        answers = [both.vehicle(vin=whole)]
        if plate := plate_of(case, place):
            answers.append(both.vehicle(plate=plate))
        for answer in answers:
            assert level_pb2.Level.Name(answer.vehicle.vehicle_level) == f"LEVEL_{level}", whole
            assert [h.record.record_id for h in answer.answer.hits] == [case] * (level != "CLEAR")


def test_asked_by_the_end_itself(both: EngineAndOracle) -> None:
    """The vehicle, and the report that is one of its own."""
    found = both.vehicle(chassis_tail="101456")
    assert (level_pb2.Level.Name(found.answer.level), len(found.candidates)) == ("LEVEL_POSSIBLE", 2)
