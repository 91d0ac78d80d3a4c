"""Identifiers as clerks and spreadsheets write them, in registers and questions, through gRPC."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from indexer.pipeline import build
from ronda.v1 import alert_pb2, level_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of, stolen_vehicles
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

WANTED = 15_803_522  # a number whose CUI is long enough to lose nothing in between
ZERO_FIRST = 1_580_353  # its CUI begins with a zero
READ = {
    "a spreadsheet's number": "{0}.0",
    "with a comma": "{0},00",
    "an apostrophe": "'{0}",
    "a formula": '="{0}"',
    "the kind before it": "DPI {0}",
    "the kind and a colon": "CUI:{0}",
    "the kind, number": "DPI No. {0}",
    "grown together": "DPI{0}",
    "parentheses": "({0})",
    "a place behind": "{0} Guatemala",
    "two places behind": "{0}, San Pedro Sacatepéquez, San Marcos",
    "issued in": "{0} extendido en Mixco",
    "in groups": "{0:.4} {0:4.9}",
    "all digits of an exponent": "exponent",
    "O for 0": "O",
    "l and I for 1": "l",
    "S for 5": "S",
    "between asterisks": "*{0}*",
    "a question mark behind": "{0}?",
    "between question marks": "¿ {0} ?",
    "full-width digits": "full-width",
    "Arabic digits": "Arabic",
    "Persian digits": "Persian",
    "the country grown to it": "GTM{0}",
    "the country before it": "GUATEMALA {0}",
    "the same twice": "{0} / {0}",
    "zeros before it": "00{0}",
    "the width of a column": "0000000{0}",
    "an amount": "Q{0}.00",
    "an amount without decimals": "Q {0}",
    "the kind by its letters": "D.P.I. {0}",
    "an expired one": "DPI VENCIDO: {0}",
}
FIRST_DIGIT = {"full-width": 0xFF10, "Arabic": 0x660, "Persian": 0x6F0}
UNREAD = {
    "whose it is": ("{0} (MADRE)", "POSSIBLE"),
    "a case number beside it": ("EXP-77 DPI {0}", "POSSIBLE"),
    "two persons'": ("two", "POSSIBLE"),
    "an exponent that lost digits": ("1.58E+12", "CLEAR"),
    "a sign for a digit": ("sign", "CLEAR"),
    "a star among all digits": ("star", "POSSIBLE"),
    "two signs among all digits, the kind before it": ("signs", "POSSIBLE"),
    "another's letters": ("SLV{0}", "CLEAR"),
}
OJ = MANIFESTS["oj"]
RVR = stolen_vehicles(plate="PLACA", plate_type="TIPO", vin="VIN")
# Plate, type and VIN of the report on vehicle n (plate P-nnnBCD, VIN 3N1AB7AP5FYnnnnnn); level of its check by plate.
STOLEN = {
    "O for 0": ("P-O{0:02d}BCD", "", "", "HIT"),
    "the type as a word": ("PARTICULAR {0:03d}BCD", "", "", "HIT"),
    "the type behind": ("{0:03d}BCD P", "", "", "HIT"),
    "the type behind, in parentheses": ("{0:03d}BCD (P)", "", "", "HIT"),
    "the type twice": ("P P-{0:03d}BCD", "", "", "HIT"),
    "the type twice, together": ("PP{0:03d}BCD", "", "", "HIT"),
    "the country behind": ("P{0:03d}BCD GTM", "", "", "HIT"),
    "the country's name behind": ("P{0:03d}BCD GUATEMALA", "", "", "HIT"),
    "the word before it": ("PLACA P {0:03d} BCD", "", "", "HIT"),
    "a word in the type's column": ("{0:03d}BCD", "PARTICULAR", "", "HIT"),
    "O in the VIN": ("", "", "3N1AB7AP5FYOOOO{0:02d}", "HIT"),
    "hyphens and a word in the VIN": ("", "", "VIN: 3N1-AB7AP5FY-0000{0:02d}", "HIT"),
    "a remark": ("P-{0:03d}BCD ROBADA", "", "", "POSSIBLE"),
    "two types": ("C P-{0:03d}BCD", "", "", "POSSIBLE"),
    "S for 5, among the digits": ("P-S{0:02d}BCD", "", "", "POSSIBLE"),
    "between asterisks": ("*P-{0:03d}BCD*", "", "", "HIT"),
    "a question mark behind": ("P-{0:03d}BCD?", "", "", "HIT"),
    "full-width": ("Ｐ－{0:03d}ＢＣＤ", "", "", "HIT"),
    "a lost zero": ("P-{0:02d}BCD", "", "", "HIT"),
    "a lost zero and a type's word": ("PARTICULAR {0:02d} BCD", "", "", "HIT"),
    "a lost zero, untyped": ("{0:02d}BCD", "P", "", "HIT"),
    "a lost zero and a remark": ("P-{0:02d}BCD ROBADA EN 5 AVE", "", "", "POSSIBLE"),
    "the country before it": ("GUATEMALA P-{0:03d}BCD", "", "", "HIT"),
    "the same twice": ("P-{0:03d}BCD / P-{0:03d}BCD", "", "", "HIT"),
    "the VIN between asterisks, full-width": ("", "", "*３N1AB7AP5FY0000{0:02d}*", "HIT"),
    "a word for the vehicle": ("VEHICULO PLACAS P-{0:03d}BCD", "", "", "HIT"),
    "a word for the type": ("TIPO P NO. {0:03d}BCD", "", "", "HIT"),
    "the VIN twice": ("", "", "3N1AB7AP5FY0000{0:02d} 3N1AB7AP5FY0000{0:02d}", "HIT"),
    "a filler for the VIN": ("P-{0:03d}BCD", "", "00000000000000000", "HIT"),
    "the VIN in the plate's column": ("3N1AB7AP5FY0000{0:02d}", "", "", "HIT"),
    "with its word, I for 1 and O for 0": ("VIN 3NIAB7AP5FYOOOO{0:02d}", "", "", "HIT"),
    "plate and VIN exchanged": ("3N1AB7AP5FY0000{0:02d}", "", "P-{0:03d}BCD", "HIT"),
    "the plate in the VIN's column": ("", "", "P-{0:03d}BCD", "HIT"),
    "with its type's column": ("", "PARTICULAR", "{0:03d}BCD", "HIT"),
    "zeros before the digits": ("P00{0:03d}BCD", "", "", "HIT"),
    "the country grown to it": ("P-{0:03d}BCDGUATEMALA", "", "", "HIT"),
    "a dash of another code page": ("P?{0:03d}BCD", "", "", "POSSIBLE"),
    "the kind and a slash before the VIN": ("", "", "VIN/3N1AB7AP5FY0000{0:02d}", "HIT"),
    "make and year in the VIN's column": ("P-{0:03d}BCD", "", "VIN TOYOTA 2015", "HIT"),
    "two plates": ("P-{0:03d}BCD / P-456FGH", "", "", "POSSIBLE"),
    "two plates, the other first": ("P-456FGH Y P-{0:03d}BCD", "", "", "POSSIBLE"),
}
# What stands in a plate's field where it is not known which: several plates' report, or nobody's.
TWO_READINGS = {"M or MO": "MO71BCD", "O for 0 besides": "MOO7GHJ", "no digit": "MOIIGHJ"}
UNKNOWN_PLATES = {
    "a sign for a digit": "P-7?1BCD",
    "a star for a digit": "P-7*1BCD",
    "a sign among all digits": "P-07?1BCD",
    "a sign, and a digit lost": "P-71BCD?",
}
VEHICLE = {case: (500 + n if case.startswith("S for 5") else 11 + n) for n, case in enumerate(STOLEN)}


def spoiled(form: str, cui: str) -> str:
    if form == "exponent":
        return f"{cui[0]}.{cui[1:]}E+12"
    if form in ("O", "l", "S"):
        return cui.replace({"O": "0", "l": "1", "S": "5"}[form], form)
    if form in FIRST_DIGIT:
        return "".join(chr(FIRST_DIGIT[form] + int(digit)) for digit in cui)
    if form == "sign":
        return f"{cui[:5]}?{cui[6:]}"
    if form == "star":
        return f"{cui[:5]}*{cui[5:]}"
    if form == "signs":
        return f"DPI {cui[:4]}?{cui[4:9]}?{cui[9:]}"
    if form == "two":
        return f"{cui} / {cui_of(7)}"
    return form.format(cui) if form != "{0:.4} {0:4.9}" else f"{cui[:4]} {cui[4:9]} {cui[9:]}"


def person_of(case: str) -> str:
    return cui_of(WANTED + [*READ, *UNREAD].index(case))


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("written"))
    (registers.manifests / "rvr.toml").write_text(RVR, encoding="utf-8")
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
        for case in [*READ, *UNREAD]:
            rows.writerow([case, person_of(case), f"ANA {case.upper()}", "1980-05-17", "F"])
        rows.writerow(["zero", cui_of(ZERO_FIRST), "ANA CERO", "1980-05-17", "F"])
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA"])
        for case, form in READ.items():
            rows.writerow([case, spoiled(form, person_of(case)), "", "", "PENDIENTE", "2020-05-05"])
        for case, (form, _) in UNREAD.items():
            rows.writerow([case, spoiled(form, person_of(case)), "", "", "PENDIENTE", "2020-05-05"])
        rows.writerow(["zero", cui_of(ZERO_FIRST).removeprefix("0") + ".0", "", "", "PENDIENTE", "2020-05-05"])
    with (registers.sources / "sat.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "PLACA", "VIN", "CUI", "NOMBRE"])
        for n in VEHICLE.values():
            rows.writerow([n, f"P-{n:03d}BCD", f"3N1AB7AP5FY{n:06d}", "", ""])
    with (registers.sources / "rvr.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "PLACA", "TIPO", "VIN", "FECHA"])
        for case, plate in (TWO_READINGS | UNKNOWN_PLATES).items():
            rows.writerow([case, plate, "", "", "2024-01-01"])
        for case, (plate, kind, vin, _) in STOLEN.items():
            n = VEHICLE[case] % 500 if case.startswith("S for 5") else VEHICLE[case]
            rows.writerow([case, plate.format(n), kind, vin.format(n), "2024-01-01"])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def level(answer: checks.CheckPersonResponse | checks.CheckVehicleResponse) -> str:
    return level_pb2.Level.Name(answer.answer.level).removeprefix("LEVEL_")


@pytest.mark.parametrize("case", READ)
def test_a_cui_that_a_register_writes_otherwise(asker: Asker, case: str) -> None:
    answer = asker.person(person_of(case))
    assert (level(answer), [h.record.record_id for h in answer.answer.hits]) == ("HIT", [case])


@pytest.mark.parametrize("case", UNREAD)
def test_a_cui_that_cannot_be_read(asker: Asker, case: str) -> None:
    answer = asker.person(person_of(case))
    assert level(answer) == UNREAD[case][1]
    shown = [h.kind for h in answer.answer.hits]
    assert shown == [alert_pb2.ALERT_KIND_DAMAGED_RECORD] * (UNREAD[case][1] == "POSSIBLE")


def test_a_cui_without_its_leading_zero(asker: Asker) -> None:
    assert cui_of(ZERO_FIRST).startswith("01")
    assert level(asker.person(cui_of(ZERO_FIRST))) == "HIT"


@pytest.mark.parametrize("case", READ)
def test_a_cui_that_an_officer_types_otherwise(asker: Asker, case: str) -> None:
    """In its field and in the one box."""
    typed = spoiled(READ[case], person_of(case))
    assert level(asker.person(typed)) == "HIT"
    box = asker(checks.CheckRequest(query=typed))
    assert level(box) == "HIT"
    assert [(d.canonical, d.found) for d in box.detected] == [(person_of(case), True)]


@pytest.mark.parametrize("case", STOLEN)
def test_a_plate_or_vin_that_a_register_writes_otherwise(asker: Asker, case: str) -> None:
    answer = asker(checks.CheckVehicleRequest(plate=f"P-{VEHICLE[case]:03d}BCD"))
    assert level(answer) == STOLEN[case][3]
    assert [h.record.record_id for h in answer.answer.hits] == [case]


def test_of_an_unread_plate_none_is_taken(asker: Asker) -> None:
    assert list(asker(checks.CheckVehicleRequest(plate="P-071BCD")).answer.hits) == []


@pytest.mark.parametrize(
    ("plate", "case"),
    [
        *(("M-071BCD", "M or MO"), ("MO-071BCD", "M or MO")),
        *(("M-007GHJ", "O for 0 besides"), ("MO-007GHJ", "O for 0 besides")),
        *(("M-011GHJ", "no digit"), ("MO-011GHJ", "no digit")),
    ],
)
def test_of_two_readings_each_may_be_meant(asker: Asker, plate: str, case: str) -> None:
    answer = asker(checks.CheckVehicleRequest(plate=plate))
    assert level(answer) == "POSSIBLE"
    assert [(h.record.record_id, h.kind) for h in answer.answer.hits] == [(case, alert_pb2.ALERT_KIND_DAMAGED_RECORD)]


def test_the_other_of_two_plates_or_persons_may_be_meant(asker: Asker) -> None:
    vehicle, person = asker(checks.CheckVehicleRequest(plate="P-456FGH")), asker.person(cui_of(7))
    assert {h.record.record_id for h in vehicle.answer.hits} == {"two plates", "two plates, the other first"}
    assert [h.record.record_id for h in person.answer.hits] == ["two persons'"]
    assert {level(vehicle), level(person)} == {"POSSIBLE"}


@pytest.mark.parametrize(
    "case", [c for c in STOLEN if "BCD" in STOLEN[c][0] and not STOLEN[c][1] and STOLEN[c][3] == "HIT"]
)
def test_a_plate_that_an_officer_types_otherwise(asker: Asker, case: str) -> None:
    typed = STOLEN[case][0].format(VEHICLE[case])
    assert level(asker(checks.CheckVehicleRequest(plate=typed))) == "HIT"
    box = asker(checks.CheckRequest(query=typed))
    if case == "a lost zero":  # there it may have lost any character
        assert f"P-{VEHICLE[case]:03d}BCD" in box.suggestions
    else:
        assert level(box) == "HIT"
