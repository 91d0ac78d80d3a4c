"""A CUI that stands in the name's cell means its bearer too (docs/answers.md section 4, "In the name's cell")."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared

BORN = "1980-05-17"
# case -> cell of the name ({0} the bearer's CUI, {1} whom it names, {2}, {3}: two groups of the CUI), whether the row
# states her birth date; level of the bearer, and of whom it names
CASES = {
    "somebody else's name": ("{1} DPI {0}", False, "POSSIBLE", "INSUFFICIENT"),
    "somebody else's name and birth date": ("{1} DPI {0}", True, "POSSIBLE", "HIT"),
    "before the name": ("CUI: {0} {1}", True, "POSSIBLE", "HIT"),
    "nobody's name": ("NN DPI {0}", False, "POSSIBLE", "CLEAR"),
    "nothing else": ("{0}", False, "POSSIBLE", "CLEAR"),
    "in groups": ("{1} D.P.I. No. {2} {3}", True, "POSSIBLE", "HIT"),
    "in groups, with hyphens": ("{1} ({2}-{3})", True, "POSSIBLE", "HIT"),
    "grown together": ("{1} DPI{0}", True, "POSSIBLE", "HIT"),
    "a telephone beside it": ("{1} TEL 5551-2345 DPI {0}", False, "POSSIBLE", "INSUFFICIENT"),
    "two numbers": ("{1} DPI {0} DPI {5}", False, "POSSIBLE", "INSUFFICIENT"),
    "a row of no known state": ("{1} DPI {0}", False, "POSSIBLE", "INSUFFICIENT"),
    "a wrong digit": ("{1} DPI 1{0}", False, "CLEAR", "INSUFFICIENT"),
    "a longer number": ("{1} EXPEDIENTE {0}7", False, "CLEAR", "INSUFFICIENT"),
    "digits beside it": ("{1} 7 {2} {3}", False, "CLEAR", "INSUFFICIENT"),
    "a letter in it": ("{1} C{0}", False, "CLEAR", "INSUFFICIENT"),
    "a telephone": ("{1} TEL 5551-2345", True, "CLEAR", "HIT"),
    "a NIT": ("{1} NIT 1234567-9", True, "CLEAR", "HIT"),
    "a year": ("{1} 1985", True, "CLEAR", "HIT"),
    "a CUI in its own cell": ("{1} DPI {0}", False, "CLEAR", "POSSIBLE"),
    "five numbers": ("{0} {4}", False, "CLEAR", "CLEAR"),
}
OTHERS = [cui_of(4_100_000 + n) for n in range(5)]
GIVEN = [
    "AMALIA",
    "BERTA",
    "CARLOTA",
    "DOMINGA",
    "ELVIRA",
    "FLORIDALMA",
    "GLORIA",
    "HERLINDA",
    "IRENE",
    "JOSEFINA",
    "KARINA",
]
GIVEN += ["LETICIA", "MAGDALENA", "NOEMI", "OFELIA", "PETRONA", "RUFINA", "SANTOS", "TELMA", "VICTORIA"]
SURNAMES = ["ABAC", "BATZIBAL", "CHIROY", "DUBON", "ESCALANTE", "FIGUEROA", "GALINDO", "HERRARTE", "IXCOY", "JUAREZ"]
SURNAMES += [
    "KESTLER",
    "LEMUS",
    "MAZARIEGOS",
    "NAJERA",
    "OROZCO",
    "PALENCIA",
    "QUIROA",
    "ROSALES",
    "SAGASTUME",
    "TARACENA",
]
NOBODY = cui_of(4_109_000)
FIRST = 4_101_000  # the bearers; a thousand on, whom the rows name


def number_of(case: str) -> int:
    return FIRST + list(CASES).index(case)


def named(case: str) -> str:
    place = list(CASES).index(case)
    return f"{GIVEN[place]} {SURNAMES[place]} {SURNAMES[place - 7]}"


def orders() -> SmallWorld:
    world = SmallWorld()
    for case, (cell, dated, *_) in CASES.items():
        number = number_of(case)
        cui = world.person(number, "PEDRO ANTONIO MORALES UMUL", "1971-02-03", CALLE=f"CALLE {number - FIRST}")
        world.person(number + 1000, named(case), BORN)
        name = cell.format(cui, named(case), cui[:4], cui[4:], " ".join(OTHERS[1:]), NOBODY)
        own = OTHERS[0] if case == "a CUI in its own cell" else ""
        state = "VIGNTE" if case == "a row of no known state" else "PENDIENTE"
        world.warrant(case, own, name, BORN if dated else "", state)
    return world


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    return EngineAndOracle(orders().write(tmp_path_factory.mktemp("in_the_name")))


@pytest.mark.parametrize("case", CASES)
def test_whom_a_number_in_the_name_means(both: EngineAndOracle, case: str) -> None:
    number = number_of(case)
    levels = [both.person(cui=cui_of(n)).answer.level for n in (number, number + 1000)]
    assert [level_pb2.Level.Name(level).removeprefix("LEVEL_") for level in levels] == list(CASES[case][2:])


def test_a_number_that_is_on_no_other_file(both: EngineAndOracle) -> None:
    """It is not on file, as before, and the order is found by its name."""
    assert both.person(cui=NOBODY).answer.level == level_pb2.LEVEL_POSSIBLE


@pytest.mark.parametrize("case", ["somebody else's name and birth date", "a telephone"])
def test_whom_the_name_names(both: EngineAndOracle, case: str) -> None:
    """By name as well, engine and oracle alike."""
    both.person(name={"full": named(case)}, birth_date={"year": 1980, "month": 5, "day": 17})


# cell of the name on a protected side -> whether it hides the bearer's address
SIDES = {
    "ROSA LUZ TZUNUN DPI {0}": True,
    "NN DPI {0}": True,
    "{0}": True,
    "ROSA LUZ TZUNUN 1{0}": False,
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = orders()
    for number, cell in enumerate(SIDES, 1):
        own = world.person(number, f"ELENA {'ABCDE'[number]}AC TOJ", BORN, CALLE=f"CALLE {number}")
        world.car(number, f"P-{number:03}BCD", [{"CUI": own}])
        world.report(f"O{number}", "VICTIMA", NOMBRE=cell.format(own))
    yield from world.serve(tmp_path_factory.mktemp("served"))


@pytest.mark.parametrize("cell", SIDES)
def test_a_protected_side_hides_whom_the_number_shows(asker: Asker, cell: str) -> None:
    number = list(SIDES).index(cell) + 1
    (owner,) = asker(checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")).vehicle.owners
    assert [a.street for a in owner.person.addresses] == ([] if SIDES[cell] else [f"CALLE {number}"])


def test_a_certificate_says_review(asker: Asker) -> None:
    bearers = [cui_of(number_of(case)) for case in ("nobody's name", "a year")]
    assert [result for result, _ in cleared(asker, cuis=bearers)] == ["REVIEW", "NO_RECORD"]
