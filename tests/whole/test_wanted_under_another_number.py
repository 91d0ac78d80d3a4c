"""A person wanted under one number is not clear under another one, as a table (docs/answers.md section 5).

Persons on file by one number each, one warrant of each case, and the level of each person by the own number, of the
engine and the oracle; then the same by every other way, through gRPC.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, section_pb2, value_pb2
from tests.command.test_command import ronda
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import cleared
from tests.server.running_server import RunningServer
from tests.whole.test_another_number import nit_of
from tests.whole.test_who_may_be_meant import OTHERS

BORN = "1980-05-17"
NUMBERS = (
    'cui = "CUI"\nnit = "NIT"\nlicence = "LICENCIA"\ncedula = "CEDULA"\n'
    'document_country = "PAIS"\ndocument_number = "PASAPORTE"\n'
)
COLUMNS = "CUI NIT LICENCIA CEDULA PAIS PASAPORTE"
RENAP = MANIFESTS["renap"].replace(
    'sex = { column = "SEXO", codes = "sex" }\n',
    'sex = { column = "SEXO", codes = "sex" }\ndeath_date = "MUERTE"\n',
)
SEX = 'sex = { column = "SEXO", codes = "sex" }\n'
OJ = MANIFESTS["oj"].replace('cui = "CUI"\n', NUMBERS + SEX)
OJ = OJ.replace("[codes.state]", '[codes.sex]\nM = "MALE"\nF = "FEMALE"\n\n[codes.state]')
PNC = """
[register]
id = "pnc"
name = "PNC"
owner = "PNC"
contact = "tel. 110"
order = 25
roles = { person = ["alert", "context"] }
standards = ["police"]
stale_after = "30d"

[[source]]
name = "detenciones"
format = "csv"
path = "pnc.csv"
as_of = { from = "mtime" }

[codes.sex]
M = "MALE"
F = "FEMALE"

[codes.state]
PENDIENTE = "PENDING"

[[record]]
source = "detenciones"
section = "detention"
when = { column = "TIPO", in = ["DETENCION"] }
record_id = "ID"
date = "FECHA"
clearance = ["police"]

[record.subject]
{subject}

[[record]]
source = "detenciones"
section = "travel_ban"
when = { column = "TIPO", in = ["ARRAIGO"] }
record_id = "ID"
date = "FECHA"

[record.subject]
{subject}

[record.alert]
kind = "TRAVEL_BAN"
state = { column = "ESTADO", codes = "state" }
""".replace("{subject}", NUMBERS + SEX + 'full_name = "NOMBRE"\nbirth_date = "NACIMIENTO"\n')
SAT = MANIFESTS["sat"].replace('cui = "CUI"\n', NUMBERS)
FILES = {
    "cui": ("renap", "CUI", ""),
    "passport": ("migracion", "PAIS PASAPORTE", "foreign_document"),
    "licence": ("transito", "LICENCIA", "licence"),
    "nit": ("contribuyentes", "NIT", "nit"),
    "cedula": ("cedulas", "CEDULA", "cedula"),
}
SECTIONS = {"passport": "border_crossing", "licence": "licence", "nit": "tax", "cedula": "other_record"}
SUBJECTS = {
    "passport": 'document_country = "PAIS"\ndocument_number = "PASAPORTE"',
    "licence": 'licence = "LICENCIA"',
    "nit": 'nit = "NIT"',
    "cedula": 'cedula = "CEDULA"',
}


@dataclass(frozen=True)
class Known:
    """On file by a number of one kind; a passport's country before it ("HND passport")."""

    by: str = "cui"
    given: str = "ANA LUCIA"
    born: str = BORN
    sex: str = ""
    died: str = ""
    also: str = ""  # other given names on file

    @property
    def kind(self) -> str:
        return self.by.split()[-1]


@dataclass(frozen=True)
class Case:
    """levels: of each by the own number. states: place of the person with the order's number; cells: what else."""

    persons: tuple[Known, ...]
    levels: str
    states: int | None = 0
    cells: dict[str, str] = field(default_factory=dict)
    full: bool = False  # the order states the first one's name and birth date
    kind: str = "WARRANT"  # or DETENCION, ARRAIGO of the police
    number: str = ""  # a kind, whose number on the order nobody on file has
    elsewhere: str = ""  # given names on a detention that states the order's number, with surnames and birth date


HND, SLV, CUI, NIT, LICENCE, CEDULA = map(Known, ("HND passport", "SLV passport", "cui", "nit", "licence", "cedula"))
SON = Known(born="2001-05-17")
CASES = {
    "a renewed passport": Case((HND, HND), "HIT POSSIBLE"),
    "a renewed passport, all stated": Case((HND, HND), "HIT POSSIBLE", full=True),
    "passports of two countries": Case((HND, SLV), "HIT POSSIBLE"),
    "a passport, then a CUI": Case((HND, CUI), "HIT POSSIBLE"),
    "a passport, then a CUI, all stated": Case((HND, CUI), "HIT POSSIBLE", full=True),
    "a CUI, then a passport": Case((CUI, HND), "HIT POSSIBLE"),
    "a NIT, then a passport": Case((NIT, SLV), "HIT POSSIBLE"),
    "a NIT, then a CUI": Case((NIT, CUI), "HIT POSSIBLE"),
    "a CUI, then a NIT": Case((CUI, NIT), "HIT POSSIBLE"),
    "a cédula, then a CUI": Case((CEDULA, CUI), "POSSIBLE POSSIBLE"),
    "a cédula, then a CUI, all stated": Case((CEDULA, CUI), "POSSIBLE POSSIBLE", full=True),
    "a licence, then a CUI": Case((LICENCE, CUI), "HIT POSSIBLE"),
    "a CUI, then a licence": Case((CUI, LICENCE), "HIT POSSIBLE"),
    "three numbers": Case((CUI, NIT, HND), "HIT POSSIBLE POSSIBLE"),
    "both have a CUI": Case((CUI, CUI), "HIT CLEAR"),
    "both have a CUI, a third a passport": Case((CUI, CUI, HND), "HIT CLEAR POSSIBLE"),
    "a passport, and two of a CUI each": Case((HND, CUI, CUI), "HIT POSSIBLE POSSIBLE"),
    "another sex": Case((Known(sex="F"), Known("HND passport", sex="M")), "HIT CLEAR"),
    "the same sex": Case((Known(sex="F"), Known("HND passport", sex="F")), "HIT POSSIBLE"),
    "father and son": Case((HND, SON), "HIT CLEAR"),
    "father and son, by passports": Case((HND, Known("SLV passport", born="2001-05-17")), "HIT CLEAR"),
    "a day between": Case((HND, Known(born="1980-05-18")), "HIT CLEAR"),
    "the year alone": Case((HND, Known(born="1980-00-00")), "HIT CLEAR"),
    "of both the year alone": Case((Known("HND passport", born="1980-00-00"), Known(born="1980-00-00")), "HIT CLEAR"),
    "a filler": Case((Known("HND passport", born="1900-01-01"), Known(born="1900-01-01")), "HIT CLEAR"),
    "born on 1 January": Case((Known("HND passport", born="1985-01-01"), Known(born="1985-01-01")), "HIT POSSIBLE"),
    "one given name more": Case((HND, Known(given="ANA LUCIA JOSEFINA")), "HIT CLEAR"),
    "spelt as heard": Case((HND, Known(given="ANA LUSIA")), "HIT POSSIBLE"),
    "who had the CUI is dead": Case((HND, Known(died="2019-01-01")), "HIT POSSIBLE"),
    "the wanted one is dead": Case((Known(died="2019-01-01"), HND), "HIT POSSIBLE"),
    "cancelled": Case((HND, CUI), "CLEAR CLEAR", cells={"ESTADO": "CANCELADA"}),
    "cancelled, all stated": Case((HND, CUI), "CLEAR CLEAR", cells={"ESTADO": "CANCELADA"}, full=True),
    "a travel ban": Case((HND, CUI), "HIT POSSIBLE", kind="ARRAIGO"),
    "a detention": Case((HND, CUI), "CLEAR CLEAR", kind="DETENCION"),
    "by name, under another name of hers": Case(
        (Known(also="EVA INES"), Known("HND passport", given="EVA INES")), "HIT POSSIBLE", None, full=True
    ),
    "by number, under another name of hers": Case(
        (Known(also="EVA INES"), Known("HND passport", given="EVA INES")), "HIT POSSIBLE"
    ),
    "nobody's number, all stated": Case((CUI, HND), "POSSIBLE POSSIBLE", None, full=True, number="HND passport"),
    "nobody's number, whose name another row tells": Case(
        (CUI, HND), "POSSIBLE POSSIBLE", None, number="SLV passport", elsewhere="ANA LUCIA"
    ),
    "another's name under her number": Case((HND, Known(given="EVA INES")), "HIT CLEAR", elsewhere="EVA INES"),
    "fifty others": Case((CUI, *[HND] * 50), "HIT" + " POSSIBLE" * 50),
    "fifty-one others": Case((CUI, *[HND] * 51), "HIT" + " CLEAR" * 51),
    "nobody's number alone": Case((CUI, HND), "CLEAR CLEAR", None, number="HND passport"),
    "her name on the order alone": Case(
        (Known("HND passport", given="ANA"), CUI), "HIT POSSIBLE", cells={"NOMBRE": "ANA LUCIA", "NACIMIENTO": BORN}
    ),
}  # fmt: skip
_FIRST = (
    "ABAC BATZ CHIROY DUBON ESCALANTE FIGUEROA GALVEZ HERRARTE IBOY JUAREZ KESTLER LEMUS MORAN NAJERA OROZCO PALENCIA "
    "QUIROA ROSALES SAGASTUME TARACENA UMANZOR VALLADARES WONG XOYON YAC ZAPETA AGUSTIN BARILLAS CUTZAL DONIS ELIAS "
    "FUNES GIRON HICHO IXCOT JOCOP KUYUCH LUX MUX OTZOY PEREN REANDA SAJVIN TAHAY"
)
_SECOND = (
    "NIMATUJ OLCOT PUAC QUEME RAXON SIPAC TUBAC UCELO VENTURA WALESKA XICAY YUMAN ZARCO ACEITUNO BONILLA CABRERA "
    "DARDON ESPINA FAJARDO GUARDADO HUINAC IRAHETA JIRON KATTAN LAINEZ MADRIZ NAJARRO OSEGUEDA PIRIR QUINO RUANO "
    "SORTO TALAVERA ULLOA VINDEL XUYA YAQUI ZELAYA ALVARENGA BARAHONA CHOXIN DOMINGO EQUITE FLORIAN"
)
FIRST, SECOND = _FIRST.split(), _SECOND.split()


def name_of(case: str, given: str = "ANA LUCIA") -> str:
    number = list(CASES).index(case)
    return f"{given} {FIRST[number]} {SECOND[number]}"


def cells_of(case: str, place: int, kind: str = "") -> dict[str, str]:
    """The number of a case's person as its cells; 99: nobody's."""
    number = 100 * (list(CASES).index(case) + 1) + place
    by = kind or CASES[case].persons[place].by
    country, _, name = by.rpartition(" ")
    if name == "passport":
        return {"PAIS": country, "PASAPORTE": f"PX{number:06d}"}
    return {name.upper().replace("LICENCE", "LICENCIA"): {
        "cui": cui_of(number), "nit": nit_of(number), "licence": f"LX{number:06d}", "cedula": f"A-1 {number}"
    }[name]}  # fmt: skip


def asked(case: str, place: int) -> dict[str, Any]:
    """The field of a check by the number of a case's person."""
    cells = cells_of(case, place)
    if "PASAPORTE" in cells:
        return {"document": value_pb2.ForeignDocument(country=cells["PAIS"], number=cells["PASAPORTE"])}
    ((_, number),) = cells.items()
    return {CASES[case].persons[place].kind: number}


def written(registers: SmallRegisters) -> None:
    texts = {"renap": RENAP, "oj": OJ, "pnc": PNC, "sat": SAT}
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in (*texts, *(f[0] for f in FILES.values()))}
    for order, (kind, (name, _, identifies)) in enumerate(FILES.items()):
        if kind != "cui":
            texts[name] = OTHERS.format(
                id=name, order=50 + order, identifies=identifies, section=SECTIONS[kind], subject=SUBJECTS[kind]
            )
    for number, (case, table) in enumerate(CASES.items()):
        for place, known in enumerate(table.persons):
            cells = {"ID": f"{number}-{place}", "NOMBRE": name_of(case, known.given), "NACIMIENTO": known.born}
            cells |= {"SEXO": known.sex, "MUERTE": known.died} | cells_of(case, place)
            rows[FILES[known.kind][0]].append(cells)
            if known.also:
                rows[FILES[known.kind][0]].append(cells | {"NOMBRE": name_of(case, known.also)})
        order_cells = {"ORDEN": case, "ID": case, "TIPO": table.kind, "ESTADO": "PENDIENTE", "FECHA": "2020-05-05"}
        if table.states is not None:
            order_cells |= cells_of(case, table.states)
        if table.number:
            order_cells |= cells_of(case, 99, table.number)
        if table.full:
            first = table.persons[0]
            order_cells |= {"NOMBRE": name_of(case, first.given), "NACIMIENTO": first.born}
        order_cells |= table.cells
        if "NOMBRE" in table.cells:
            order_cells["NOMBRE"] = name_of(case, table.cells["NOMBRE"])
        if table.elsewhere:
            named = {"ID": f"{case} 2", "TIPO": "DETENCION", "NOMBRE": name_of(case, table.elsewhere)}
            named |= {"NACIMIENTO": BORN}
            rows["pnc"].append(order_cells | named)
        rows["oj" if table.kind == "WARRANT" else "pnc"].append(order_cells)
    for number, case in enumerate(("a passport, then a CUI", "father and son", "both have a CUI")):
        owner = cells_of(case, 1) | {"NOMBRE": name_of(case)}
        rows["sat"].append({"ID": str(number), "PLACA": f"P-{number:03}BCD", "VIN": f"3N1AB7AP5FY{number:06d}"} | owner)
    header = f"ID ORDEN TIPO {COLUMNS} NOMBRE NACIMIENTO SEXO MUERTE ESTADO FECHA PLACA VIN".split()
    for name, text in texts.items():
        (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows[name])


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> SmallRegisters:
    found = SmallRegisters(tmp_path_factory.mktemp("numbers"))
    written(found)
    return found


@pytest.fixture(scope="module")
def both(registers: SmallRegisters) -> EngineAndOracle:
    return EngineAndOracle(registers)


@pytest.fixture(scope="module")
def asker(
    both: EngineAndOracle, registers: SmallRegisters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asker]:
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def level(answer: Any) -> str:
    return level_pb2.Level.Name(answer.level).removeprefix("LEVEL_")


@pytest.mark.parametrize("case", CASES)
def test_each_by_the_own_number(both: EngineAndOracle, case: str) -> None:
    table = CASES[case]
    for place, expected in enumerate(table.levels.split()):
        answer = both.person(**asked(case, place))
        told = level(answer.answer)
        if table.persons[place].died and table.persons[place].kind == "cui":
            assert told in (expected, "POSSIBLE"), "the document of a dead person"
        else:
            assert told == expected, f"person {place}"
        assert [hit.record.record_id for hit in answer.answer.hits] == [case] * (expected != "CLEAR")


def test_what_agrees(both: EngineAndOracle) -> None:
    """Names and birth date tie the order to the person, and the sex where both state it; the own number does not."""
    for case, stated in (("a renewed passport", []), ("the same sex", [level_pb2.CRITERION_SEX])):
        (hit,) = both.person(**asked(case, 1)).answer.hits
        assert list(hit.agrees) == [level_pb2.CRITERION_NAMES, level_pb2.CRITERION_BIRTH_DATE, *stated]
    (hit,) = both.person(**asked("a CUI, then a NIT", 1)).answer.hits
    assert list(hit.disagrees) == [level_pb2.CRITERION_CUI]


def test_the_other_number_is_a_candidate_without_a_cui(both: EngineAndOracle) -> None:
    """The order that both have states the CUI; it is the one's alone."""
    answer = both.person(**asked("a CUI, then a passport", 0))
    assert answer.person.kind
    assert [(candidate.cui, level(candidate)) for candidate in answer.candidates] == [("", "POSSIBLE")]


def test_why_tells_that_it_is_another_number(both: EngineAndOracle, registers: SmallRegisters) -> None:
    told = ronda("why", cells_of("a NIT, then a CUI", 1)["CUI"], "--data", str(registers.data)).stdout
    assert "Coincide: nombres, fecha de nacimiento" in told
    assert "con otro número" in told
    assert "puntaje" not in told


def test_a_cancelled_order_is_shown_as_closed(both: EngineAndOracle) -> None:
    closed = both.person(**asked("cancelled", 1)).person.closed_alerts
    assert [hit.record.record_id for hit in closed] == ["cancelled"]


def test_by_name_and_birth_date(both: EngineAndOracle) -> None:
    """Both are candidates of that name and date, and neither is arrested on a name."""
    for case, expected in (("a passport, then a CUI", "POSSIBLE"), ("father and son", "CLEAR")):
        born = CASES[case].persons[1].born
        answer = both.person(
            name=value_pb2.PersonName(full=name_of(case)),
            birth_date=value_pb2.PartialDate(year=int(born[:4]), month=5, day=17),
        )
        assert level(answer.answer) == expected


def test_an_owner_by_plate(both: EngineAndOracle) -> None:
    found = [level(both.vehicle(plate=f"P-{number:03}BCD").vehicle.owners[0]) for number in range(3)]
    assert found == ["POSSIBLE", "CLEAR", "CLEAR"]


def test_in_the_one_box(both: EngineAndOracle) -> None:
    found = [level(both.box(asked(case, 1)["cui"]).answer) for case in ("a NIT, then a CUI", "both have a CUI")]
    assert found == ["POSSIBLE", "CLEAR"]


def test_a_search_shows_both_as_wanted(asker: Asker) -> None:
    found = asker(checks.SearchPersonsRequest(names=name_of("a passport, then a CUI")))
    assert [level(each) for each in found.candidates if not each.weak] == ["POSSIBLE", "POSSIBLE"]
    found = asker(checks.SearchPersonsRequest(names=name_of("both have a CUI")))
    assert sorted(level(each) for each in found.candidates if not each.weak) == ["INSUFFICIENT", "POSSIBLE"]


def test_the_order_is_listed_under_the_other_number(asker: Asker) -> None:
    her = asker(checks.CheckPersonRequest(**asked("a passport, then a CUI", 1))).person.subject_id
    listed = asker(checks.ListRecordsRequest(subject_id=her, section=section_pb2.SECTION_WARRANT))
    assert [total.total for total in listed.person.totals if total.section == section_pb2.SECTION_WARRANT] == [1]


def test_clearance_reviews_it(asker: Asker) -> None:
    """Nobody is WITH_RECORD by another number's record, of any standard; nobody NO_RECORD either."""
    cases = ("a passport, then a CUI", "both have a CUI", "a CUI, then a NIT", "cancelled", "a travel ban")
    cuis = [cells_of(case, 0 if case == "a CUI, then a NIT" else 1)["CUI"] for case in cases]
    assert [result for result, _ in cleared(asker, cuis=cuis)] == [
        "REVIEW", "NO_RECORD", "WITH_RECORD", "NO_RECORD", "REVIEW",
    ]  # fmt: skip
    assert cleared(asker, cuis=cuis[:1]) == [("REVIEW", "NAME_MATCH")]
    detained = [cells_of(case, 1)["CUI"] for case in ("a detention", "a passport, then a CUI")]
    found = cleared(asker, "POLICE_RECORD", cuis=detained)
    assert [result for result, _ in found] == ["REVIEW", "NO_RECORD"]
