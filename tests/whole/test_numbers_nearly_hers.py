"""A warrant by a number that is nearly that of one of three who bear its name (docs/answers.md, "Numbers weighed")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared
from tests.whole.test_numbers_weighed import canonical_nit

CLEAR, POSSIBLE = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
NUMBERS = (
    'nit = "NIT"\nlicence = "LICENCIA"\ncedula = "CEDULA"\ndocument_country = "PAIS"\ndocument_number = "PASAPORTE"\n'
)
COLUMNS = " NIT LICENCIA CEDULA PAIS PASAPORTE"
SURNAMES = ["GARCIA", "GOMEZ", "RAMIREZ", "MORALES", "CASTILLO", "JUAREZ", "ORTIZ", "RUANO", "ESTRADA"]


def held(number: int) -> dict[str, str]:
    """Returns what RENAP states beside the CUI."""
    return {
        "NIT": canonical_nit(f"{number * 7 % 10_000_000:07d}"),
        "LICENCIA": f"LC{number:08d}",
        "CEDULA": f"A-1 {number % 10_000_000}",
        "PAIS": "SLV",
        "PASAPORTE": f"A{number:08d}",
    }


def digit(text: str, at: int) -> str:
    return text[:at] + str((int(text[at]) + 4) % 10) + text[at + 1 :]


def exchanged(text: str, at: int) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


Numbers = Callable[[int], dict[str, str]]
# case -> cells of the warrant, of whom it means by number
SLIPS: dict[str, tuple[Numbers, bool]] = {
    "a licence's digit": (lambda n: {"LICENCIA": digit(held(n)["LICENCIA"], 7)}, True),
    "a licence's digits exchanged": (lambda n: {"LICENCIA": exchanged(held(n)["LICENCIA"], 8)}, True),
    "a licence that lost a digit": (lambda n: {"LICENCIA": held(n)["LICENCIA"][:-1]}, True),
    "a cedula's digit": (lambda n: {"CEDULA": "A-1 " + digit(held(n)["CEDULA"][4:], 3)}, True),
    "a passport's digit": (lambda n: {"PAIS": "SLV", "PASAPORTE": digit(held(n)["PASAPORTE"], 7)}, True),
    "a passport of another country": (lambda n: {"PAIS": "HND", "PASAPORTE": digit(held(n)["PASAPORTE"], 7)}, False),
    "two digits of the CUI": (lambda n: {"CUI": digit(digit(cui_of(n), 1), 6)}, True),
    "three digits of the CUI": (lambda n: {"CUI": digit(digit(digit(cui_of(n), 1), 4), 6)}, False),
}


def numbers_of(case: str) -> list[int]:
    first = 1_357_846 * (list(SLIPS).index(case) + 1)
    return [first, first + 137_000, first + 293_500]


def world() -> SmallWorld:
    found = SmallWorld()
    for case, (slip, _) in SLIPS.items():
        name = f"MARIA ELENA LOPEZ {SURNAMES[list(SLIPS).index(case)]}"
        for number in numbers_of(case):
            found.person(number, name, "1980-05-17", **held(number))
        row = {"ORDEN": case, "NOMBRE": name, "ESTADO": "PENDIENTE", "FECHA": "2020-05-05"}
        found.rows["oj"].append(row | slip(numbers_of(case)[0]))
    return found


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for register, name in (("renap", "RENAP"), ("oj", "OJ")):
            text = getattr(small_world, name)
            patched.setattr(small_world, name, text.replace('cui = "CUI"\n', 'cui = "CUI"\n' + NUMBERS, 1))
            patched.setitem(small_world.HEADERS, register, small_world.HEADERS[register] + COLUMNS)
        yield


@pytest.fixture(scope="module")
def asker(manifests: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("nearly"))


@pytest.mark.parametrize("case", SLIPS)
def test_of_three_who_bear_the_name_it_means_whose_number_is_near(asker: Asker, case: str) -> None:
    cuis = [cui_of(number) for number in numbers_of(case)]
    level = POSSIBLE if SLIPS[case][1] else CLEAR
    assert [asker.person(cui).answer.level for cui in cuis] == [level, CLEAR, CLEAR]
    assert cleared(asker, cuis=cuis[:1])[0][0] == ("REVIEW" if level == POSSIBLE else "NO_RECORD")


def test_the_oracle_says_the_same_of_each(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    for case in SLIPS:
        for number in numbers_of(case):
            both.person(cui=cui_of(number))
