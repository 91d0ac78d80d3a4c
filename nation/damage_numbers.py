"""Numbers of persons as clerks and spreadsheets hurt them. Kinds: docs/damage.md."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nation import days, tables
from nation.heard import Heard
from nation.papers import damaged_cedula
from nation.people import NOBODY
from nation.world import World

Slip = Callable[[Heard, World, np.random.Generator], bool]
"""Hurts a row that says all; False = it can't be done to this one (nothing is changed then)."""

_LOOK_ALIKE = {"0": "O", "1": "I", "5": "S", "8": "B"}


def _pick(rng: np.random.Generator, texts: list[str]) -> str:
    return texts[int(rng.integers(0, len(texts)))]


def _written(forms: list[str]) -> Slip:
    """The number in one of several forms: {n} whole, {a} {b} {c} its groups, {t} its thousands."""

    def slip(heard: Heard, world: World, rng: np.random.Generator) -> bool:
        n = heard.cui
        place = tables.departments()[int(n[9:11]) - 1].name.upper()
        heard.cui = _pick(rng, forms).format(n=n, a=n[:4], b=n[4:9], c=n[9:], t=f"{int(n):,}", place=place)
        return True

    return slip


def _look_alike(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    hurt = "".join(_LOOK_ALIKE.get(c, c) if place % 2 else c for place, c in enumerate(heard.cui))
    changed, heard.cui = hurt != heard.cui, hurt
    return changed


def _lost_zero(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    begins = heard.cui.startswith("0")
    heard.cui = heard.cui.lstrip("0")
    return begins


def _exponent(heard: Heard, *, cut: bool) -> bool:
    heard.cui = f"{heard.cui[0]}.{heard.cui[1:3] if cut else heard.cui[1:]}E+12"
    return heard.cui[0] != "0"


def _other_digit(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    place = int(rng.integers(0, 8))
    digit = (int(heard.cui[place]) + 1 + int(rng.integers(0, 8))) % 10
    heard.cui = f"{heard.cui[:place]}{digit}{heard.cui[place + 1 :]}"
    return True


def _swapped(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    for place in range(7):
        if heard.cui[place] != heard.cui[place + 1]:
            pair = heard.cui[place + 1] + heard.cui[place]
            heard.cui = heard.cui[:place] + pair + heard.cui[place + 2 :]
            return True
    return False


def _lost(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    place = int(rng.integers(1, 8))
    heard.cui = heard.cui[:place] + heard.cui[place + 1 :]
    return True


def _doubled(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    place = int(rng.integers(1, 8))
    heard.cui = heard.cui[:place] + heard.cui[place] + heard.cui[place:]
    return True


def _cui(world: World, person: int) -> str:
    return f"{int(world.papers.cui[person]):013d}"


def _stranger(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    adults = world.people.ordinary(world.plan.today, 18, 80)
    other = int(adults[rng.integers(0, len(adults))])
    names = world.people.surnames[[heard.person, other], 0]
    heard.cui = _cui(world, other)
    return other != heard.person and names[0] != names[1]


def _relative(heard: Heard, world: World, _rng: np.random.Generator) -> bool:
    mother, place = world.people.mother, heard.person
    if mother[place] == NOBODY:
        return False
    siblings = np.flatnonzero((mother == mother[place]) & world.people.alive())
    siblings = siblings[(siblings != place) & (world.people.given[siblings, 0] != world.people.given[place, 0])]
    if not len(siblings):
        return False
    heard.cui = _cui(world, int(siblings[0]))
    return True


def _nobody(heard: Heard, world: World, _rng: np.random.Generator) -> bool:
    heard.cui = free_cui(world, heard.cui)
    return True


def free_cui(world: World, near: str) -> str:
    """A CUI that holds its check digit and is nobody's in this block."""
    taken = set(world.papers.cui.tolist())
    serial = int(near[:8])
    while True:
        serial = (serial + 7_654_321) % 10**8
        check = sum(int(digit) * (place + 2) for place, digit in enumerate(f"{serial:08d}")) % 11
        number = f"{serial:08d}{check}{near[9:]}"
        if check != 10 and int(number) not in taken:
            return number


def _in_name(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    heard.parts["second_surname"] = f"{heard.part('second_surname')} DPI {heard.cui}".strip()
    heard.full = f"{heard.full} DPI {heard.cui}"
    heard.cui = ""
    return True


def _two(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    own = heard.cui
    done = _stranger(heard, world, rng)
    heard.cui = f"{own} / {heard.cui}"
    return done


def _cedula(heard: Heard, world: World, rng: np.random.Generator, *, wrong: bool) -> bool:
    number = int(world.papers.cedula[heard.person])
    if not number:
        return False
    order = tables.departments()[world.people.birth_department[heard.person] - 1].cedula_order
    if wrong:
        number += 10 * int(rng.integers(1, 9))
    forms = [f"{damaged_cedula(order, 1)} {number:08d}", f"{order.replace('-', '')} No. {number}",
             f"{damaged_cedula(order, 2)} {number}", f"{order} {number:,}".replace(",", ".")]  # fmt: skip
    heard.cedula = f"{order} {number}" if wrong else _pick(rng, forms)
    heard.cui = ""
    return True


def _birth_is_known(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    heard.cui = _pick(rng, ["0000000000000", "9999999999999", "NO PORTA", "S/N", "CF", "1111111111111"])
    return True


# Slips to a row that states the CUI beside name, birth date and sex.
WITH_CUI: dict[str, Slip] = {
    "cui_grouped": _written(["{a} {b} {c}", "{a}-{b}-{c}", "{t}", "{a}\u00a0{b}\u00a0{c}", " {n} "]),
    "cui_decimal": _written(["{n}.0", "{n}.00", "{n},00"]),
    "cui_apostrophe": _written(["'{n}", '="{n}"', '"{n}"']),
    "cui_word_before": _written(["DPI {n}", "CUI: {n}", "DPI No. {a} {b} {c}", "DPI:{n}"]),
    "cui_parentheses": _written(["({n})", "[{n}]"]),
    "cui_place_behind": _written(["{n} {place}", "{a} {b} {c}, {place}", "{n} EXTENDIDO EN {place}"]),
    "cui_look_alike": _look_alike,
    "cui_lost_zero": _lost_zero,
    "cui_exponent_whole": lambda heard, _world, _rng: _exponent(heard, cut=False),
    "cui_exponent_cut": lambda heard, _world, _rng: _exponent(heard, cut=True),
    "cui_digit_wrong": _other_digit,
    "cui_digits_swapped": _swapped,
    "cui_digit_lost": _lost,
    "cui_digit_doubled": _doubled,
    "cui_stranger": _stranger,
    "cui_relative": _relative,
    "cui_nobody": _nobody,
    "cui_in_other_field": _in_name,
    "cui_two": _two,
    "cui_filler": _birth_is_known,
}


def _shifted(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    """Every field stands in the next column, from the CUI on: the birth date's holds a surname."""
    parts = [heard.part(name) for name in ("first_given", "second_given", "first_surname", "second_surname")]
    heard.cedula, heard.cui, heard.birth_written = heard.cui, "", parts[3] or "N/A"
    heard.parts = dict(zip(("second_given", "first_surname", "second_surname"), parts, strict=False))
    return True


# These only the police's copy of warrants can write.
WITH_CEDULA: dict[str, Slip] = {
    "cedula_spelled": lambda heard, world, rng: _cedula(heard, world, rng, wrong=False),
    "cedula_digit_wrong": lambda heard, world, rng: _cedula(heard, world, rng, wrong=True),
    "row_shifted": _shifted,
}


def _passport(forms: list[str]) -> Slip:
    def slip(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
        n = heard.document
        heard.document = _pick(rng, forms).format(n=n, head=n[:1], tail=n[1:], lower=n.lower())
        return True

    return slip


def _without_country(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    heard.document_country = ""
    return True


def _passport_letters(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    hurt = heard.document[:1] + heard.document[1:].replace("0", "O").replace("1", "I")
    changed, heard.document = hurt != heard.document, hurt
    return changed


def _passport_wrong(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    last = (int(heard.document[-1]) + 1 + int(rng.integers(0, 8))) % 10
    heard.document = f"{heard.document[:-1]}{last}"
    return True


def _by_name(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    heard.document = heard.document_country = ""
    return True


# Slips to a row about a foreigner: passport, country, name, birth date and sex.
OF_FOREIGNERS: dict[str, Slip] = {
    "passport_spelled": _passport(["{head} {tail}", "{head}-{tail}", "{lower}", "PAS. {n}"]),
    "passport_no_country": _without_country,
    "passport_look_alike": _passport_letters,
    "passport_char_wrong": _passport_wrong,
    "foreigner": _by_name,
}


def issue_day_for_birth(heard: Heard, day: int) -> None:
    """The birth date's field holds the order's day."""
    heard.birth_written = days.date(day).strftime(days.SLASHED)
