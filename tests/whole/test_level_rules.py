"""The rules of levels as a table: persons on file, one warrant or one question, and what a gRPC server answers.

Written from docs/answers.md sections 5, 8 and 9 by hand; surnames keep the cases apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, person_pb2, value_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

COMMON = 'sex = { column = "SEXO", codes = "sex" }\nfather_name = "PADRE"\nmother_name = "MADRE"\n'
RENAP = MANIFESTS["renap"].replace(
    'sex = { column = "SEXO", codes = "sex" }\n', f'{COMMON}birth_department = "DEPTO"\ndeath_date = "MUERTE"\n'
)
OJ = MANIFESTS["oj"].replace(
    'birth_date = "NACIMIENTO"\n',
    f'birth_date = "NACIMIENTO"\nabout_age = "EDAD"\nresidence_department = "DEPTO"\ncedula = "CEDULA"\n{COMMON}',
)
OJ = OJ.replace("[codes.state]", '[codes.sex]\nM = "MALE"\nF = "FEMALE"\n\n[codes.state]')


@dataclass(frozen=True)
class Person:
    """A person of RENAP."""

    name: str
    born: str = "1980-05-17"
    sex: str = "F"
    department: str = "1"
    father: str = ""
    mother: str = ""
    died: str = ""


@dataclass(frozen=True)
class Warrant:
    """A warrant. `age` is as of 2020-05-05; `cui`: that of the case's person at this place, or one that nobody has."""

    name: str
    born: str = ""
    age: str = ""
    sex: str = ""
    department: str = ""
    father: str = ""
    mother: str = ""
    cui: int | None = None
    cedula: str = ""


@dataclass(frozen=True)
class Case:
    """levels: of the answer for each person by CUI. agrees, disagrees: of the first person's hit."""

    persons: tuple[Person, ...]
    warrant: Warrant
    levels: tuple[str, ...]
    agrees: str = ""
    disagrees: str = ""
    counted: tuple[int, ...] = ()


def one(name: str, **fields: str) -> tuple[Person, ...]:
    return (Person(name, **fields),)


ALL_DATES = "NAMES BIRTH_DATE"
NOBODYS = 999
LINKS = {
    # names and one more of parents or birth date, one living person: HIT
    "names and birth date": Case(
        one("ANA LUCIA ABAC TZUL"), Warrant("ANA LUCIA ABAC TZUL", born="1980-05-17"), ("HIT",), ALL_DATES
    ),
    "names as heard and birth date": Case(
        one("JOSE LUIS BATZ QUEJ", sex="M"), Warrant("CHEPE LUIS BATZ KEJ", born="1980-05-17"), ("HIT",), ALL_DATES
    ),
    "one letter wrong and birth date": Case(
        one("MARIA ELENA CHIROY SOLIS"), Warrant("MARIA ELENA CHIROI SOLIZ", born="1980-05-17"), ("HIT",), ALL_DATES
    ),
    "second names dropped and birth date": Case(
        one("MARTA JULIA DUBON ESCALANTE"), Warrant("MARTA DUBON ESCALANTE", born="1980-05-17"), ("HIT",), ALL_DATES
    ),
    "names and parents": Case(
        one("RUTH EDITH FIGUEROA GALVEZ", father="LEON FIGUEROA PAZ", mother="INES GALVEZ RUIZ"),
        Warrant("RUTH EDITH FIGUEROA GALVEZ", father="LEON FIGUEROA PAZ", mother="INES GALVEZ RUIZ"),
        ("HIT",),
        "NAMES PARENTS",
    ),
    "names, birth date and sex": Case(
        one("OLGA IRENE HERRARTE IBOY"),
        Warrant("OLGA IRENE HERRARTE IBOY", born="1980-05-17", sex="F"),
        ("HIT",),
        "NAMES BIRTH_DATE SEX",
    ),
    # several living persons fit: POSSIBLE for each
    "two of one name and birth date": Case(
        (Person("SARA JUDITH JUAREZ KESTLER"), Person("SARA JUDITH JUAREZ KESTLER", department="2")),
        Warrant("SARA JUDITH JUAREZ KESTLER", born="1980-05-17"),
        ("POSSIBLE", "POSSIBLE"),
        ALL_DATES,
    ),
    "one of two of a name by birth date": Case(
        (Person("ROSA AMALIA LEMUS MORAN"), Person("ROSA AMALIA LEMUS MORAN", born="1991-02-03")),
        Warrant("ROSA AMALIA LEMUS MORAN", born="1980-05-17"),
        ("HIT", "CLEAR"),
        ALL_DATES,
    ),
    "birth date agrees, parents differ": Case(
        one("ELSA NOEMI NAJERA OROZCO", father="LUIS NAJERA PAIZ"),
        Warrant("ELSA NOEMI NAJERA OROZCO", born="1980-05-17", father="PEDRO XITUMUL CUX"),
        ("POSSIBLE",),
        ALL_DATES,
        "PARENTS",
    ),
    # nobody living: POSSIBLE
    "only a dead person": Case(
        one("DORA ALICIA PALENCIA QUIROA", died="2019-01-01"),
        Warrant("DORA ALICIA PALENCIA QUIROA", born="1980-05-17"),
        ("POSSIBLE",),
        ALL_DATES,
    ),
    "a dead person besides a living one": Case(
        (Person("CELIA AIDA ROSALES SAGASTUME"), Person("CELIA AIDA ROSALES SAGASTUME", died="2019-01-01")),
        Warrant("CELIA AIDA ROSALES SAGASTUME", born="1980-05-17"),
        ("HIT", "POSSIBLE"),  # the dead one: its document is a deceased person's
        ALL_DATES,
    ),
    # birth dates within noise neither agree nor disagree: names alone, with the age band
    "day and month swapped": Case(
        one("IRMA LETICIA TARACENA UMAÑA", born="1980-05-07"),
        Warrant("IRMA LETICIA TARACENA UMAÑA", born="1980-07-05"),
        ("POSSIBLE",),
        "NAMES",
    ),
    "a year off": Case(
        one("NORA ESTELA VALLADARES WONG"),
        Warrant("NORA ESTELA VALLADARES WONG", born="1981-05-17"),
        ("POSSIBLE",),
        "NAMES",
    ),
    "an age alone": Case(
        one("ALBA MARINA YAC ZAPETA"), Warrant("ALBA MARINA YAC ZAPETA", age="40"), ("POSSIBLE",), "NAMES"
    ),
    "a department alone": Case(
        one("BERTA LIDIA AGUSTIN BARILLAS", department="9"),
        Warrant("BERTA LIDIA AGUSTIN BARILLAS", department="9"),
        ("POSSIBLE",),
        "NAMES DEPARTMENT",
    ),
    # nothing more than a name: only a count, no colour
    "a name alone": Case(
        one("CARMEN ROSA CASTELLANOS DARDON"),
        Warrant("CARMEN ROSA CASTELLANOS DARDON"),
        ("INSUFFICIENT",),
        counted=(1,),
    ),
    "another age and department": Case(
        one("EMMA JUDITH ESPADEROS FRANCO"),
        Warrant("EMMA JUDITH ESPADEROS FRANCO", age="70", department="5"),
        ("INSUFFICIENT",),
        counted=(1,),
    ),
    # beyond noise, or another sex: by the score
    "another birth date": Case(
        one("FLOR DE MARIA GUERRA HUITZ"),
        Warrant("FLOR DE MARIA GUERRA HUITZ", born="1991-05-17"),
        ("POSSIBLE",),
        "NAMES",
        "BIRTH_DATE",
    ),
    "another birth date and half the name": Case(
        one("FRANCISCA ESTER GUILLEN HUINAC"), Warrant("FRANCISCA GUILLEN", born="1991-05-17"), ("CLEAR",)
    ),
    "another sex": Case(
        one("GUADALUPE ILLESCAS JERONIMO"),
        Warrant("GUADALUPE ILLESCAS JERONIMO", born="1980-05-17", sex="M"),
        ("POSSIBLE",),  # by its score: a sex is soon mistyped
        ALL_DATES,
        "SEX",
    ),
    # names that do not agree: the score is too low
    "a sister": Case(
        one("JULIA INES LARIOS MAZARIEGOS"), Warrant("CLARA LARIOS MAZARIEGOS", born="1980-05-17"), ("CLEAR",)
    ),
    "another surname": Case(
        one("LILIAN PATRICIA NIMATUJ OVALLE"), Warrant("LILIAN PATRICIA PORTILLO", born="1980-05-17"), ("CLEAR",)
    ),
    "fifty and one who might be meant": Case(
        tuple(Person("MARIA LOPEZ XOYON", born=f"1980-01-{1 + n % 28:02d}") for n in range(51)),
        Warrant("MARIA LOPEZ XOYON", age="40"),
        ("CLEAR",) * 51,
        counted=(1,) * 51,
    ),
    # a CUI is on both sides and differs while the rest agrees: POSSIBLE
    "a mistyped CUI, names and birth date": Case(
        one("AURA MARINA ALDANA BATEN"),
        Warrant("AURA MARINA ALDANA BATEN", born="1980-05-17", cui=NOBODYS),
        ("POSSIBLE",),
        ALL_DATES,
        "CUI",
    ),
    "a mistyped CUI, names and parents": Case(
        one("BLANCA NELY CABNAL DIEGUEZ", father="LEON CABNAL PAZ"),
        Warrant("BLANCA NELY CABNAL DIEGUEZ", father="LEON CABNAL PAZ", cui=NOBODYS),
        ("POSSIBLE",),
        "NAMES PARENTS",
        "CUI",
    ),
    "a stranger's CUI, names and birth date": Case(
        (Person("DELIA MARLENY ECHEVERRIA FUNES"), Person("TOMAS XOL YAT", born="1961-01-02", sex="M")),
        Warrant("DELIA MARLENY ECHEVERRIA FUNES", born="1980-05-17", cui=1),
        ("POSSIBLE", "POSSIBLE"),  # his by the CUI, with names that differ
        ALL_DATES,
        "CUI",
    ),
    "a mistyped CUI and a name alone": Case(
        one("ELVIA ROSIBEL GRAMAJO HERNANDEZ"),
        Warrant("ELVIA ROSIBEL GRAMAJO HERNANDEZ", cui=NOBODYS),
        ("POSSIBLE",),
        agrees="NAMES",
        disagrees="CUI",
    ),
    "a mistyped CUI and another birth date": Case(
        one("FIDELIA IXCOT JUAREZ"), Warrant("FIDELIA IXCOT JUAREZ", born="1971-05-17", cui=NOBODYS), ("CLEAR",)
    ),
    "a cédula on no other file, names and birth date": Case(
        one("GLORIA LUCRECIA LETONA MENCOS"),
        Warrant("GLORIA LUCRECIA LETONA MENCOS", born="1980-05-17", cedula="A-1 765432"),
        ("POSSIBLE",),
        ALL_DATES,
    ),
    # the CUI is borne out by names and birth date: it is hers, and nobody else's
    "one of two of a name and birth date, by CUI": Case(
        (Person("HILDA YOLANDA NORIEGA OCHOA"), Person("HILDA YOLANDA NORIEGA OCHOA")),
        Warrant("HILDA YOLANDA NORIEGA OCHOA", born="1980-05-17", cui=0),
        ("HIT", "CLEAR"),
        "CUI NAMES BIRTH_DATE",
    ),
}


def number_of(case: str, place: int = 0) -> int:
    return 1000 * (list(LINKS).index(case) + 1) + place


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("levels"))
    for name, text in (("renap", RENAP), ("oj", OJ)):
        (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO", "PADRE", "MADRE", "DEPTO", "MUERTE"])
        for case, table in LINKS.items():
            for place, p in enumerate(table.persons):
                number = number_of(case, place)
                rows.writerow([number, cui_of(number), p.name, p.born, p.sex, p.father, p.mother, p.department, p.died])
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        header = "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA EDAD DEPTO SEXO PADRE MADRE CEDULA"
        rows.writerow(header.split())
        for case, table in LINKS.items():
            w = table.warrant
            cui = "" if w.cui is None else cui_of(number_of(case, w.cui))
            rest = [w.born, "PENDIENTE", "2020-05-05", w.age, w.department, w.sex, w.father, w.mother, w.cedula]
            rows.writerow([f"W{number_of(case)}", cui, w.name, *rest])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


def criteria(numbers: Any) -> set[str]:
    return {level_pb2.Criterion.Name(n).removeprefix("CRITERION_") for n in numbers}


@pytest.mark.parametrize("case", LINKS)
def test_a_warrant_on_file(asker: Asker, case: str) -> None:
    """Each person's answer by CUI: its level, what agrees and disagrees of the warrant, or that it is only counted."""
    table = LINKS[case]
    for place, level in enumerate(table.levels):
        answer = asker.person(cui_of(number_of(case, place)))
        assert level_pb2.Level.Name(answer.answer.level) == f"LEVEL_{level}", f"person {place}"
        reached = level == "HIT" or (level == "POSSIBLE" and not (place and table.persons[place].died))
        assert [h.record.record_id for h in answer.answer.hits] == [f"W{number_of(case)}"] * reached
        assert answer.person.name_only_alerts == (table.counted[place] if table.counted else 0)
        if reached and place == 0:
            (hit,) = answer.answer.hits
            assert criteria(hit.agrees) == set(table.agrees.split())
            assert criteria(hit.disagrees) == set(table.disagrees.split())


@pytest.mark.parametrize("case", LINKS)
def test_the_warrant_is_found_by_its_own_name(asker: Asker, case: str) -> None:
    """Unless it joined one person's dossier for certain, it is a subject of its own, beside those that it may mean."""
    candidates = asker(checks.SearchPersonsRequest(names=LINKS[case].warrant.name, page_size=100)).candidates
    found = [c for c in candidates if not c.weak]  # the others fill the page: they share a word alone
    kinds = [c.kind for c in found]
    meant = {cui_of(number_of(case, p)) for p, level in enumerate(LINKS[case].levels) if level != "CLEAR"}
    assert meant <= {c.cui for c in found}
    alone = "HIT" not in LINKS[case].levels and LINKS[case].warrant.cui is None and not LINKS[case].warrant.cedula
    unidentified = kinds.count(person_pb2.SUBJECT_KIND_UNIDENTIFIED)
    assert unidentified == (1 if alone else 0)


# (name asked, birth date, sex) -> level, identity status, what the person compares as
QUESTIONS: dict[str, tuple[str, str, str, str]] = {
    "name and birth date of one person": ("ANA LUCIA ABAC TZUL", "1980-05-17", "", "HIT"),
    "nickname and birth date": ("CHEPE LUIS BATZ KEJ", "1980-05-17", "", "HIT"),
    "name alone": ("ANA LUCIA ABAC TZUL", "", "", "POSSIBLE"),
    "name, a year off": ("ANA LUCIA ABAC TZUL", "1981-05-17", "", "POSSIBLE"),
    "name, a digit of the year off": ("ANA LUCIA ABAC TZUL", "1990-05-17", "", "POSSIBLE"),
    "name and another birth date": ("ANA LUCIA ABAC TZUL", "1991-05-17", "", "POSSIBLE"),
    "name and another sex": ("ANA LUCIA ABAC TZUL", "", "M", "POSSIBLE"),
    "a sister's name and birth date": ("CLARA ABAC TZUL", "1980-05-17", "", "INSUFFICIENT"),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_by_name(asker: Asker, case: str) -> None:
    name, born, sex, level = QUESTIONS[case]
    request = checks.CheckPersonRequest(name=value_pb2.PersonName(full=name))
    request.sex = {"": 0, "M": value_pb2.SEX_MALE, "F": value_pb2.SEX_FEMALE}[sex]  # type: ignore[assignment]
    if born:
        request.birth_date.year, request.birth_date.month, request.birth_date.day = map(int, born.split("-"))
    answer = asker(request).answer
    assert level_pb2.Level.Name(answer.level) == f"LEVEL_{level}"
    assert all(hit.level <= answer.level for hit in answer.hits)


def test_a_false_cui_with_a_wanted_person_s_name_and_birth_date(asker: Asker) -> None:
    """The CUI is on both sides and differs while the rest agrees: the warrant is shown, POSSIBLE."""
    case = "names and birth date"
    request = checks.CheckPersonRequest(
        cui=cui_of(number_of(case, 500)), name=value_pb2.PersonName(full="ANA LUCIA ABAC TZUL")
    )
    request.birth_date.year, request.birth_date.month, request.birth_date.day = 1980, 5, 17
    found = asker(request)
    assert found.answer.level == level_pb2.LEVEL_POSSIBLE
    assert found.answer.identity_status == level_pb2.IDENTITY_STATUS_NOT_FOUND
    assert [c.cui for c in found.candidates] == [cui_of(number_of(case))]
    compared = {c.criterion: c.agreement for c in found.candidates[0].comparisons}
    assert compared[level_pb2.CRITERION_CUI] == level_pb2.AGREEMENT_DISAGREES
    assert compared[level_pb2.CRITERION_NAMES] == level_pb2.AGREEMENT_AGREES
    assert compared[level_pb2.CRITERION_BIRTH_DATE] == level_pb2.AGREEMENT_AGREES
    assert [(h.record.record_id, h.level) for h in found.answer.hits] == [
        (f"W{number_of(case)}", level_pb2.LEVEL_POSSIBLE)
    ]
    request.ClearField("birth_date")  # a name alone finds too many
    assert not asker(request).candidates
