"""A warrant with a number in doubt: number and name together give the person meant (docs/answers.md section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ronda.v1 import level_pb2
from tests.core.identifiers.naive_identifiers import cui_rule
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
FIRST = 13_578_462
SURNAMES = ["PEREZ", "GARCIA", "HERNANDEZ", "GOMEZ", "RAMIREZ", "MORALES", "CASTILLO"]
# case -> whose is the number, one digit from hers, of an order without a name; the birth date there
NAMELESS = {
    "nobody's, her date": ("nobody's", "1977-11-23"),
    "a stranger's, her date": ("a stranger's", "1977-11-23"),
    "nobody's, no date": ("nobody's", ""),
    "nobody's, another date": ("nobody's", "1960-01-30"),
}
COMMON = "MARIA ELENA LOPEZ PEREZ"  # three bear it


def other_digit(cui: str) -> str:
    return cui[:6] + str((int(cui[6]) + 3) % 10) + cui[7:]


def exchanged(cui: str) -> str:
    place = next(at for at in range(8) if cui[at] != cui[at + 1])
    return cui[:place] + cui[place + 1] + cui[place] + cui[place + 2 :]


def other_place(cui: str) -> str:
    return cui[:9] + "1315"


def without_a_digit(cui: str) -> str:
    return cui[:6] + cui[7:]


def with_a_digit_twice(cui: str) -> str:
    return "DPI " + cui[:7] + cui[6:]


def lost_behind_a_zero() -> tuple[int, str]:
    """A number, and twelve of its CUI's digits that are a CUI with a zero before them."""
    for number in count(23_000_000):
        cui = cui_of(number)
        shown = next(
            (text for text in (cui[:at] + cui[at + 1 :] for at in range(1, 9)) if not cui_rule("0" + text)), ""
        )
        if shown:
            return number, shown
    raise AssertionError


def nit_of(cui: str) -> str:
    """Returns the NIT of the one with it in RENAP."""
    return canonical_nit(cui[:8])


def canonical_nit(digits: str) -> str:
    check = -sum(int(digit) * weight for weight, digit in enumerate(reversed(digits), 2)) % 11
    return f"{digits}-{'0123456789K'[check]}"


# case -> number on the warrant, of whom it is a slip of, the name written there, level of each who bears COMMON
SLIPS = {
    "a digit": (other_digit, COMMON),
    "two digits exchanged": (exchanged, COMMON),
    "another municipality": (other_place, COMMON),
    "a digit, one given name": (other_digit, "MARIA LOPEZ PEREZ"),
    "a digit lost": (without_a_digit, COMMON),
    "a digit twice": (with_a_digit_twice, COMMON),
    "her NIT": (nit_of, COMMON),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        with_parents = small_world.RENAP.replace(
            "sex = {", 'father_name = "PADRE"\nmother_name = "MADRE"\nnit = "NIT"\nsex = {'
        )
        patched.setattr(small_world, "RENAP", with_parents)
        patched.setitem(small_world.HEADERS, "renap", small_world.HEADERS["renap"] + " PADRE MADRE NIT")
        world = SmallWorld()
        for case, (slip, name) in enumerate(SLIPS.values()):
            numbers = [FIRST * (case + 1) + 137 * each for each in range(3)]
            of_case = [world.person(n, _named(COMMON, case), NIT=nit_of(cui_of(n))) for n in numbers]
            world.warrant(f"S{case}", slip(of_case[0]), _named(name, case))
        world.person(71_234, "ROSA XICARA SOC", NIT=nit_of(cui_of(71_234)))
        for slip in (other_digit, without_a_digit, with_a_digit_twice, nit_of):
            world.warrant(f"OTHER-{slip.__name__}", slip(cui_of(71_234)), "JUANA TZOC COLOP")
        world.person(81_001, "CARLOS RENE TUM AJU", "1950-01-01", SEXO="M")
        for number, father in ((81_002, "CARLOS RENE TUM AJU"), (81_003, "LUIS TUM BATZ"), (81_004, "JOSE TUM SAQUIC")):
            world.person(number, "MARIO RENE TUM LOPEZ", SEXO="M", PADRE=father)
        world.warrant("SON", cui_of(81_001), "MARIO RENE TUM LOPEZ")
        for number, (cell, born) in enumerate(NAMELESS.values(), 43_571_246):
            world.person(number, f"NORA IDALIA XUYA {SURNAMES[number % 7]}", "1977-11-23")
            cui = other_digit(cui_of(number))
            if cell == "a stranger's":
                world.rows["renap"].append(
                    {"ID": cui, "CUI": cui, "NOMBRE": "PEDRO ICAL CAAL", "NACIMIENTO": "1951-02-03", "SEXO": "M"}
                )
            world.warrant(f"NAMELESS{number}", cui, "", born)
        for each in range(3):
            world.person(lost_behind_a_zero()[0] + 137 * each, "NIDIA IXCHEL LOPEZ TAX")
        world.warrant("ZERO", lost_behind_a_zero()[1], "NIDIA IXCHEL LOPEZ TAX")
        yield from world.serve(tmp_path_factory.mktemp("weighed"))


def _named(name: str, case: int) -> str:
    """Each case has a surname of its own."""
    return name.replace("PEREZ", SURNAMES[case])


@pytest.mark.parametrize("case", SLIPS)
def test_a_number_one_slip_off_means_him_of_three_who_bear_the_name(asker: Asker, case: str) -> None:
    first = FIRST * (list(SLIPS).index(case) + 1)
    cuis = [cui_of(first + 137 * each) for each in range(3)]
    assert [asker.person(cui).answer.level for cui in cuis] == [POSSIBLE, CLEAR, CLEAR]
    assert cleared(asker, cuis=cuis[:1])[0][0] == "REVIEW"


def test_twelve_digits_that_are_nobodys_number_with_a_zero_before_them(asker: Asker) -> None:
    cuis = [cui_of(lost_behind_a_zero()[0] + 137 * each) for each in range(3)]
    assert [asker.person(cui).answer.level for cui in cuis] == [POSSIBLE, CLEAR, CLEAR]


def test_a_slip_under_another_name_means_nobody(asker: Asker) -> None:
    assert asker.person(cui_of(71_234)).answer.level == CLEAR


@pytest.mark.parametrize("case", NAMELESS)
def test_a_number_one_slip_off_and_her_birth_date_mean_her_without_a_name(asker: Asker, case: str) -> None:
    number = 43_571_246 + list(NAMELESS).index(case)
    level = POSSIBLE if case.endswith(", her date") else CLEAR
    assert asker.person(cui_of(number)).answer.level == level
    if NAMELESS[case][0] == "a stranger's":
        assert asker.person(other_digit(cui_of(number))).answer.level == POSSIBLE


def test_of_a_fathers_number_and_a_sons_name_both_are_meant(asker: Asker) -> None:
    levels = [asker.person(cui_of(number)).answer.level for number in range(81_001, 81_005)]
    assert levels == [POSSIBLE, POSSIBLE, CLEAR, CLEAR]
