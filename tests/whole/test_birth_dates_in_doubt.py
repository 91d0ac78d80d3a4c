"""Birth dates and sexes that disagree a little, as a table: persons on file, one order, and what a gRPC server answers.

Written by hand from docs/answers.md sections 3, 5 and 8, for the wanted and for the namesake who is stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared


@dataclass(frozen=True)
class Case:
    """levels: of the answer by CUI, a word for each birth date of `persons`, who all bear `name`."""

    name: str
    persons: tuple[str, ...]
    written: str  # the birth date on the order
    levels: str
    ordered: str = ""  # the name on the order, where it is another
    report: str = ""  # kind of a report of MP (5 May 2024) instead of a warrant (5 May 2020)


CASES = {
    # known noise neither agrees nor disagrees; what disagrees costs evidence, and a whole rare name is worth more
    "a day off": Case("ADELA MARISOL BATZIN CUX", ("1985-03-04",), "1985-03-05", "POSSIBLE"),
    "two days off, over New Year": Case("BRENDA NOEMI COLOP XEC", ("1985-12-31",), "1986-01-02", "POSSIBLE"),
    "three days off": Case("CELIA YOLANDA DIEGO PUAC", ("1985-03-14",), "1985-03-17", "POSSIBLE"),
    "eleven days off": Case("DORA LIZETH EJCALON RIZ", ("1985-03-14",), "1985-03-25", "POSSIBLE"),
    "eleven days off, half the name": Case(
        "DORCAS LIZETH EJCALON RIX", ("1985-03-14",), "1985-03-25", "CLEAR", "DORCAS EJCALON"
    ),
    "a digit of the year": Case("EDITH XIOMARA FUENTES IXTA", ("1985-03-04",), "1935-03-04", "POSSIBLE"),
    "two digits of the year swapped": Case("FLOR AMPARO GUARCAS TAY", ("1985-03-04",), "1958-03-04", "POSSIBLE"),
    "two digits of the year": Case("GILDA RUTH HERNANDEZ MO", ("1985-03-04",), "1936-03-04", "POSSIBLE"),
    "a digit of the year and another day": Case("HILDA OLIVIA ICU SAPON", ("1985-03-04",), "1935-03-09", "POSSIBLE"),
    "a digit of the month": Case("IRMA DOLORES JUCUP VAY", ("1985-03-14",), "1985-08-14", "POSSIBLE"),
    "hers exactly, a namesake's by a digit of the year": Case(
        "JUANA PETRONA LACAN POZ", ("1985-03-04", "1935-03-04"), "1985-03-04", "HIT CLEAR"
    ),
    "hers exactly, a namesake's a day off": Case(
        "KARINA ELISA MACARIO QUIC", ("1985-03-04", "1985-03-05"), "1985-03-04", "HIT POSSIBLE"
    ),
    "a day off hers, a namesake's by a digit of the year": Case(
        "LESLY ODILIA NORIEGA TUL", ("1985-03-04", "1935-03-05"), "1985-03-05", "POSSIBLE CLEAR"
    ),
    "a day off hers, a namesake's of another day": Case(
        "LUDIN ARMINDA NAJERA TOC", ("1985-03-04", "1985-03-14"), "1985-03-05", "POSSIBLE CLEAR"
    ),
    "a digit of hers, a namesake's of another year": Case(
        "LILI ESTEFANA NAVICHOC UMUL", ("1985-03-04", "1950-06-07"), "1935-03-04", "POSSIBLE CLEAR"
    ),
    "nobody's, two near it": Case(
        "LORENA BEATRIZ NIMAJA SUY", ("1985-03-04", "1995-03-04"), "1975-03-04", "POSSIBLE POSSIBLE"
    ),
    # doubtful dates
    "a filler": Case("MAYRA ISABEL OTZOY TZOC", ("1985-03-04", "1950-06-07"), "1900-01-01", "CLEAR CLEAR"),
    "one filler on both": Case(
        "MIRNA LISSETTE OXLAJ TUC", ("1900-01-01", "1977-05-05"), "1900-01-01", "CLEAR CLEAR"
    ),
    "one filler on both, nearly the name": Case(
        "MILDRED ESTELA OXCAL TUB", ("1900-01-01",), "1900-01-01", "CLEAR", "MILDRED AZUCENA OXCAL TUY"
    ),
    "1 January of her year": Case(
        "NORMA ESTELA PEREN UZ", ("1985-03-04", "1950-06-07"), "1985-01-01", "POSSIBLE CLEAR"
    ),
    "1 January of her year, a namesake's by a digit of the year": Case(
        "NOELIA ARACELY OROXOM TZIC", ("1985-03-04", "1935-01-01"), "1985-01-01", "POSSIBLE CLEAR"
    ),
    "born on 1 January": Case("OLGA MARINA QUISQUE VIN", ("1985-01-01", "1988-06-07"), "1985-01-01", "POSSIBLE CLEAR"),
    "born on 1 January, and others of that year and the next": Case(
        "OFELIA MARINA QUISCAN VIT",
        ("1985-01-01", "1985-03-04", "1985-11-12", "1986-02-02", "1972-01-01"),
        "1985-01-01",
        "POSSIBLE POSSIBLE POSSIBLE POSSIBLE CLEAR",
    ),
    "the order's day": Case("PATRICIA ROSIBEL RAXJAL YOS", ("1985-03-04",), "2020-05-05", "POSSIBLE"),
    "a day after the order": Case("REINA MAGALI SACTIC ZEA", ("1985-03-04",), "2021-02-03", "POSSIBLE"),
    "three years old when wanted": Case("SARA ANGELICA TAHAY ABAC", ("1985-03-04",), "2017-02-03", "POSSIBLE"),
    "fourteen years old when wanted": Case("TERESA OFELIA UZ BOCH", ("1985-03-04",), "2006-02-03", "POSSIBLE"),
    "a missing child of three": Case(
        "URSULA PAMELA VELA CACH", ("2021-02-03", "1985-03-04"), "2021-02-03", "HIT CLEAR", report="DESAPARECIDA"
    ),
    "the day of the report of the missing": Case(
        "VERONICA ALICIA XAR DUBON", ("1985-03-04",), "2024-05-05", "POSSIBLE", report="DESAPARECIDA"
    ),
    "the order's day, restrained": Case(
        "WALESKA YESSENIA ZET ELIAS", ("1985-03-04",), "2024-05-05", "POSSIBLE", report="AGRESOR"
    ),
    # of another century, and years in which nobody living was born
    "of the century after on file": Case("ABIGAIL MERCEDES BOLVITO CAJ", ("2085-03-04",), "1985-03-04", "POSSIBLE"),
    "of the century before on file": Case("AURA LETICIA CHEN CUCUL", ("1885-03-04",), "1985-03-04", "POSSIBLE"),
    "of the century after on the order": Case(
        "BESSY CAROLINA ESTRADA GUDIEL", ("1985-03-04",), "2085-03-04", "POSSIBLE", "BESSY CAROLINA ESTRADO GUDIAL"
    ),
    "of the century before on the order": Case(
        "CINDY ROXANA FRANCO TENBERG", ("1985-03-04",), "1885-03-04", "POSSIBLE", "CINDY ROXANA FRANKA TENBERK"
    ),
    "of the century before, a namesake of another day": Case(
        "DELMY ARGENTINA ILLESCAS KLEE", ("1985-03-04", "1985-06-07"), "1985-03-04", "HIT CLEAR"
    ),
    "a filler on file": Case("EVELIN JEANNETTE LANUZA MELGAR", ("1900-01-01",), "1985-03-04", "POSSIBLE"),
    "a filler on file, another's date": Case(
        "FRANCISCA ELUVIA NIJ OROXOM", ("1900-01-01", "1985-03-04"), "1985-03-04", "CLEAR HIT"
    ),
    "a year before on file and another day": Case(
        "GRICELDA NINETH PAIZ QUINTANA", ("1885-06-07",), "1985-03-04", "POSSIBLE"
    ),
    "a filler is no date a century on": Case(
        "HEIDY MARIELOS RODAS SANDOVAL", ("2000-01-01",), "1900-01-01", "CLEAR", "HEIDY MARIELOS RADAS SENDOVAL"
    ),
    "nor is a program's first day": Case(
        "IVONNE ARACELI TOBAR URZUA", ("1999-12-30",), "1899-12-30", "CLEAR", "IVONNE ARACELI TABAR ERZUA"
    ),
    # no dates
    "no such day, her year": Case("XENIA ALVA PAX", ("1985-03-04", "1990-03-04"), "1985-02-31", "POSSIBLE CLEAR"),
    "no such month": Case("YADIRA MELANIA BAL GIRON", ("1985-03-04",), "1985-13-13", "POSSIBLE"),
    "the month too large, read the other way round": Case(
        "YESENIA MARITZA BOROR CHUN", ("1985-06-03", "1985-03-13", "1950-06-07"), "03/13/1985", "POSSIBLE HIT CLEAR"
    ),
    "the month too large, nobody's the other way round": Case(
        "YOLANDA REBECA CHOC DARDON", ("1985-06-03", "1950-06-07"), "03/13/1985", "POSSIBLE CLEAR"
    ),
    "a text": Case("ZOILA ESPERANZA CANO HUB", ("1985-03-04", "1950-06-07"), "NO CONSTA", "CLEAR CLEAR"),
    "a text that cannot be read": Case(
        "ZULMA YANETH CANU HUN", ("1985-03-04", "1950-06-07"), "ilegible", "POSSIBLE POSSIBLE"
    ),
}  # fmt: skip
SEXES = "ALMA JUDITH GOMEZ ICAL"
WANTED, FREE, FAR, FILLER, NEW_YEAR = 9001, 9002, 9003, 9004, 9005


def written() -> SmallWorld:
    world = SmallWorld()
    for number, (case, table) in enumerate(CASES.items()):
        for place, born in enumerate(table.persons):
            world.person(100 * (number + 1) + place, table.name, born)
        if table.report:
            world.report(case, table.report, NOMBRE=table.name, NACIMIENTO=table.written)
        else:
            world.warrant(case, "", table.ordered or table.name, table.written)
    world.warrant("sexes", world.person(WANTED, SEXES, "1985-03-04"), SEXES, "1985-03-04")
    world.person(NEW_YEAR, "EULALIA RAMONA XUC POROJ", "1985-01-01")
    world.person(FREE, "BERTA LIDIA JOJ KELEX", "1985-03-04")
    world.warrant("far", world.person(FAR, "CARLOTA INES LUX MEJIA", "1985-03-04"), "", "")
    world.warrant("filler", world.person(FILLER, "DALIA EUGENIA VIDES XUTUC", "1900-01-01"), "", "")
    return world


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from written().serve(tmp_path_factory.mktemp("doubt"))


def test_the_oracle_says_the_same_of_each(tmp_path: Path) -> None:
    both = EngineAndOracle(written().write(tmp_path))
    for number, table in enumerate(CASES.values()):
        for place, level in enumerate(table.levels.split()):
            answer = both.person(cui=cui_of(100 * (number + 1) + place))
            assert level_pb2.Level.Name(answer.answer.level) == f"LEVEL_{level}"
    for name, born in (
        ("DALIA EUGENIA VIDES XUTUC", (1985, 3, 4)),
        ("EULALIA RAMONA XUC POROJ", (1985, 1, 1)),
        ("DALIA EUGENIA VIDES XUTUC", (1900, 1, 1)),
        ("CARLOTA INES LUX MEJIA", (1885, 3, 4)),
    ):
        asked = value_pb2.PartialDate(year=born[0], month=born[1], day=born[2])
        both.person(name=value_pb2.PersonName(full=name), birth_date=asked)


@pytest.mark.parametrize("case", CASES)
def test_each_person_by_cui(asker: Asker, case: str) -> None:
    table, number = CASES[case], list(CASES).index(case)
    for place, level in enumerate(table.levels.split()):
        answer = asker.person(cui_of(100 * (number + 1) + place))
        assert level_pb2.Level.Name(answer.answer.level) == f"LEVEL_{level}", f"person {place}"
        assert [h.record.record_id for h in answer.answer.hits] == [case] * (level != "CLEAR")


def named(asker: Asker, name: str, born: tuple[int, int, int], sex: str = "UNSPECIFIED") -> checks.CheckPersonResponse:
    year, month, day = born
    request = checks.CheckPersonRequest(
        name=value_pb2.PersonName(full=name),
        birth_date=value_pb2.PartialDate(year=year, month=month, day=day),
        sex=f"SEX_{sex}",
    )
    return asker(request)  # type: ignore[no-any-return]


def level_of(answer: checks.CheckPersonResponse) -> str:
    return level_pb2.Level.Name(answer.answer.level).removeprefix("LEVEL_")


def test_asked_by_name_and_1_january_nobody_is_certain(asker: Asker) -> None:
    found = named(asker, "EULALIA RAMONA XUC POROJ", (1985, 1, 1))
    assert (level_of(found), found.person.name) == ("INSUFFICIENT", "EULALIA RAMONA XUC POROJ")
    assert level_of(asker.person(cui_of(NEW_YEAR))) == "CLEAR"
    assert level_of(named(asker, "BERTA LIDIA JOJ KELEX", (1985, 3, 4))) == "CLEAR"


def test_another_sex_rules_nobody_out_and_is_no_hit(asker: Asker) -> None:
    right, wrong = (named(asker, SEXES, (1985, 3, 4), sex) for sex in ("FEMALE", "MALE"))
    assert (level_of(right), level_of(wrong)) == ("HIT", "POSSIBLE")
    assert wrong.person.subject_id == right.person.subject_id == asker.person(cui_of(WANTED)).person.subject_id
    assert [(hit.record.record_id, hit.level) for hit in wrong.answer.hits] == [("sexes", level_pb2.LEVEL_POSSIBLE)]
    sexes = [c.agreement for c in wrong.answer.comparisons if c.criterion == level_pb2.CRITERION_SEX]
    assert sexes == [level_pb2.AGREEMENT_DISAGREES]
    assert level_of(named(asker, SEXES, (1985, 3, 5), "MALE")) == "POSSIBLE"


def test_another_sex_never_gives_a_clear(asker: Asker) -> None:
    right, wrong = (named(asker, "BERTA LIDIA JOJ KELEX", (1985, 3, 4), sex) for sex in ("FEMALE", "MALE"))
    assert (level_of(right), level_of(wrong)) == ("CLEAR", "POSSIBLE")
    assert level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE in wrong.answer.cautions


@pytest.mark.parametrize(
    ("born", "level"),
    [((1985, 3, 4), "HIT"), ((1985, 3, 6), "POSSIBLE"), ((1985, 8, 4), "POSSIBLE"), ((1935, 3, 4), "POSSIBLE"),
     ((1958, 3, 4), "POSSIBLE"), ((1936, 3, 4), "POSSIBLE"), ((1935, 3, 9), "POSSIBLE")],
)  # fmt: skip
def test_the_wanted_asked_by_name_and_a_date(asker: Asker, born: tuple[int, int, int], level: str) -> None:
    answer = named(asker, "CARLOTA INES LUX MEJIA", born)
    assert level_of(answer) == level
    assert [hit.record.record_id for hit in answer.answer.hits] == ["far"] * (level != "INSUFFICIENT")


def test_the_wanted_whose_date_on_file_is_a_filler(asker: Asker) -> None:
    """Asked by name and the true birth date, and cleared by them."""
    answer = named(asker, "DALIA EUGENIA VIDES XUTUC", (1985, 3, 4))
    assert (level_of(answer), [hit.record.record_id for hit in answer.answer.hits]) == ("POSSIBLE", ["filler"])
    found = cleared(asker, names=["DALIA EUGENIA VIDES XUTUC", "BERTA LIDIA JOJ KELEX"], birth_dates=[19850304] * 2)
    assert found == [("REVIEW", "NAME_MATCH"), ("NO_RECORD", "NAME_ONLY")]


def test_a_filler_asked_makes_nobody_certain(asker: Asker) -> None:
    """The first day of a program's calendar, sent where nobody filled the field in, and on file for the same reason."""
    assert level_of(named(asker, "DALIA EUGENIA VIDES XUTUC", (1900, 1, 1))) == "POSSIBLE"
    assert level_of(named(asker, "EVELIN JEANNETTE LANUZA MELGAR", (1900, 1, 1))) != "CLEAR"


def test_a_date_that_is_near_is_no_contradiction_beside_a_cui(asker: Asker) -> None:
    request = checks.CheckPersonRequest(cui=cui_of(FREE), birth_date=value_pb2.PartialDate(year=1985, month=3, day=5))
    assert level_of(asker(request)) == "CLEAR"
