"""Names and birth dates as clerks, code pages and spreadsheets hurt them. Kinds: docs/damage.md."""

from __future__ import annotations

import datetime

import numpy as np

from nation import days
from nation.damage_numbers import Slip
from nation.days import NO_DAY
from nation.heard import Heard
from nation.vocabulary import ACCENTED, PLAIN, misspellings, surname_pool
from nation.world import World
from nation.written_names import parent_names, right_names

_SURNAMES = ("first_surname", "second_surname")
_GIVEN = ("first_given", "second_given", "third_given")
_PET_NAMES = {"JOSE": "CHEPE", "FRANCISCO": "PACO", "MANUEL": "MEME", "GUADALUPE": "LUPE", "MERCEDES": "MECHE",
              "IGNACIO": "NACHO", "ENRIQUE": "QUIQUE", "CONCEPCION": "CONCHA", "ROSARIO": "CHAYO", "JESUS": "CHUS",
              "ALBERTO": "BETO", "ROBERTO": "BETO", "LUIS": "LUCHO", "ANTONIO": "TOÑO"}  # fmt: skip
_MONTHS = ["ENERO", "FEBRERO", "MARZO", "ABRIL", "MAYO", "JUNIO", "JULIO", "AGOSTO", "SEPTIEMBRE", "OCTUBRE",
           "NOVIEMBRE", "DICIEMBRE"]  # fmt: skip
_SERIAL_EPOCH = datetime.date(1899, 12, 30)  # day 0 of spreadsheets


def _accented(heard: Heard, world: World) -> tuple[str, str] | None:
    """(part, text) of a name part with a letter beyond ASCII."""
    names = right_names(world, np.array([heard.person], dtype=np.int32), ACCENTED).parts
    for part in (*_SURNAMES, *_GIVEN):
        text = names[part][0].as_py()
        if text and not text.isascii():
            return part, text
    return None


def _code_page(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    found = _accented(heard, world)
    if found is None:
        return False
    part, text = found
    way = int(rng.integers(0, 3))
    if way == 0:  # a DOS file read as Latin-1: MU¥OZ
        heard.parts[part] = text.encode("cp850").decode("latin-1")
    elif way == 1:  # the same in lower case: garc¡a
        heard.parts[part] = text.lower().encode("cp850").decode("latin-1")
    else:  # UTF-8 read as Latin-1
        heard.parts[part] = text.encode().decode("latin-1")
    # what no register's file may hold
    return all(c.isprintable() for c in heard.parts[part])


def _letter_lost(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    found = _accented(heard, world)
    part, text = found or ("first_surname", heard.part("first_surname"))
    place = next((i for i, c in enumerate(text) if not c.isascii()), len(text) // 2)
    heard.parts[part] = text[:place] + "&#?_"[int(rng.integers(0, 4))] + text[place + 1 :]
    return len(text) > 3


def _letter_blank(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    found = _accented(heard, world)
    if found is None:
        return False
    part, text = found
    place = next(i for i, c in enumerate(text) if not c.isascii())
    heard.parts[part] = text[:place] + (" " if rng.random() < 0.5 else "") + text[place + 1 :]
    return len(text) > 4


def _look_alike(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    text = heard.part("first_surname")
    heard.parts["first_surname"] = text.replace("O", "0").replace("I", "1")
    return heard.parts["first_surname"] != text


def _heard_so(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    ways = misspellings(heard.part("first_surname"))
    if ways:
        heard.parts["first_surname"] = ways[int(rng.integers(0, len(ways)))]
    return bool(ways)


def _wrong_letter(heard: Heard, parts: tuple[str, ...], rng: np.random.Generator) -> bool:
    for part in parts:
        text = heard.part(part)
        if len(text) < 5:
            return False
        place = int(rng.integers(1, len(text) - 1))
        letter = "AEIOLMNRST"[("AEIOLMNRST".find(text[place]) + 1 + int(rng.integers(0, 8))) % 10]
        heard.parts[part] = text[:place] + letter + text[place + 1 :]
    return True


def _one_each(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    whole = len(heard.parts)
    heard.parts = {part: heard.part(part) for part in ("first_given", "first_surname")}
    return whole > 2


def _initials(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    if not heard.part("second_given"):
        return False
    short = ("first_given", "second_given") if rng.random() < 0.5 else ("second_given", "second_surname")
    for part in short:
        if heard.part(part):
            heard.parts[part] = heard.part(part)[0] + "."
    return True


def _another_surname(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    pool, weight = surname_pool(world.vocabulary, "")
    other = world.vocabulary.words(pool[rng.choice(len(pool), 1, p=weight)], PLAIN)[0].as_py()
    changed = bool(heard.part("second_surname")) and other != heard.part("second_surname")
    heard.parts["second_surname"] = other
    return changed


def _married(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    done = heard.sex == 1 and _another_surname(heard, world, rng)
    heard.parts["second_surname"] = "DE " + heard.part("second_surname")
    return done


def _second_left_out(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    part = "second_given" if rng.random() < 0.5 else "second_surname"
    left = len(heard.parts)
    return bool(heard.parts.pop(part, "")) and left > 3


def _order(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    given = [heard.part(part) for part in _GIVEN if heard.part(part)]
    surnames = [heard.part(part) for part in _SURNAMES if heard.part(part)]
    heard.parts = {"first_given": " ".join(surnames), "first_surname": " ".join(given)}
    return len(given) + len(surnames) > 2


def _joined(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    if not heard.part("second_given"):
        return False
    heard.parts["first_given"] = heard.part("first_given") + heard.parts.pop("second_given")
    return True


def _cut(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    last = heard.part("second_surname")
    heard.parts["second_surname"] = last[:5]
    return len(last) > 6


def _doubled(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    heard.parts["second_given"] = f"{heard.part('first_given')} {heard.part('second_given')}".strip()
    return True


def _pet_name(heard: Heard, _world: World, _rng: np.random.Generator) -> bool:
    for part in ("first_given", "second_given"):
        if heard.part(part) in _PET_NAMES:
            heard.parts[part] = _PET_NAMES[heard.part(part)]
            return True
    return False


def _title(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    title = ["LIC. {}", "SR. {}", "{} (MENOR)", "{} (A) EL CHINO"][int(rng.integers(0, 4))]
    part = "first_given" if title.endswith("{}") else "second_surname"
    heard.parts[part] = title.format(heard.part(part))
    return bool(heard.part("second_surname"))


def _case(heard: Heard, world: World, _rng: np.random.Generator) -> bool:
    names = right_names(world, np.array([heard.person], dtype=np.int32), ACCENTED).parts
    heard.parts = {part: f" {names[part][0].as_py().lower()} " for part in heard.parts if names[part][0].as_py()}
    return True


def _other_sex(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
    heard.sex = 3 - heard.sex if rng.random() < 0.7 else 0
    return True


def _dated(forms: list[str]) -> Slip:
    def slip(heard: Heard, _world: World, rng: np.random.Generator) -> bool:
        born = days.date(heard.birth)
        month = _MONTHS[born.month - 1]
        form = forms[int(rng.integers(0, len(forms)))]
        heard.birth_written = form.format(
            d=born.day, m=born.month, y=born.year, short=born.year % 100, mon=month[:3], month=month.lower(),
            serial=(born - _SERIAL_EPOCH).days,
        )  # fmt: skip
        return True

    return slip


def _moved(heard: Heard, _world: World, rng: np.random.Generator, kind: str) -> bool:
    born = days.date(heard.birth)
    if kind == "date_swapped":
        if born.day > 12 or born.day == born.month:
            return False
        other = born.replace(month=born.day, day=born.month)
    elif kind == "date_year_off":
        other = born.replace(year=born.year + (1 if rng.random() < 0.5 else -1), day=min(born.day, 28))
        if born.day > 28:
            return False
    elif kind == "date_day_off":
        other = born + datetime.timedelta(days=int(rng.choice([-2, -1, 1, 2])))
    else:  # one digit of the year
        tens = (born.year // 10 % 10 + 1 + int(rng.integers(0, 8))) % 10
        other = born.replace(year=born.year // 100 * 100 + tens * 10 + born.year % 10, day=min(born.day, 28))
        if born.day > 28 or other.year == born.year or other.year > days.date(_world.plan.today).year - 15:
            return False
    heard.birth = days.number(other)
    return True


def _with_parents(heard: Heard, world: World) -> bool:
    one = np.array([heard.person], dtype=np.int32)
    heard.father = parent_names(world, one, mother=False)[0].as_py() or ""
    heard.mother = parent_names(world, one, mother=True)[0].as_py() or ""
    return bool(heard.mother)


def _filler(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    heard.birth_written = ["01/01/1900", "11/11/1111", "01/01/0001"][int(rng.integers(0, 3))]
    return _with_parents(heard, world)


def _of_the_order(heard: Heard, world: World, rng: np.random.Generator) -> bool:
    heard.birth = world.plan.today - int(rng.integers(30, 900))
    return _with_parents(heard, world)


# Slips to a row without a number: name, birth date and sex.
NAMES: dict[str, Slip] = {
    "name_code_page": _code_page,
    "name_letter_lost": _letter_lost,
    "name_letter_blank": _letter_blank,
    "name_look_alike": _look_alike,
    "name_heard": _heard_so,
    "name_letter_wrong": lambda heard, _world, rng: _wrong_letter(heard, ("first_surname",), rng),
    "name_letter_wrong_each": lambda heard, _world, rng: _wrong_letter(heard, _SURNAMES, rng),
    "name_one_each": _one_each,
    "name_initials": _initials,
    "name_other_second_surname": _another_surname,
    "name_second_left_out": _second_left_out,
    "name_married": _married,
    "name_order": _order,
    "name_joined": _joined,
    "name_cut": _cut,
    "name_doubled": _doubled,
    "name_nickname": _pet_name,
    "name_title": _title,
    "name_case": _case,
    "sex_wrong": _other_sex,
    "date_swapped": lambda heard, world, rng: _moved(heard, world, rng, "date_swapped"),
    "date_year_off": lambda heard, world, rng: _moved(heard, world, rng, "date_year_off"),
    "date_day_off": lambda heard, world, rng: _moved(heard, world, rng, "date_day_off"),
    "date_digit_wrong": lambda heard, world, rng: _moved(heard, world, rng, "date_digit_wrong"),
    "date_filler": _filler,
    "date_issue_for_birth": _of_the_order,
}
# As above, in a register with dates as texts.
WRITTEN_DATES: dict[str, Slip] = {
    "date_format": _dated(["{d:02d}-{m:02d}-{y}", "{y}-{m:02d}-{d:02d}", "{d} {mon} {y}", "{d} de {month} de {y}",
                           "{y}{m:02d}{d:02d}", "{y}-{m:02d}-{d:02d} 00:00:00", "{d}/{m}/{y}"]),
    "date_two_digit_year": _dated(["{d:02d}/{m:02d}/{short:02d}", "{d:02d}-{m:02d}-{short:02d}"]),
    "date_serial": _dated(["{serial}"]),
    "date_partial": _dated(["00/00/{y}", "00/{m:02d}/{y}", "{y}", "{m:02d}/{y}"]),
    "date_impossible": _dated(["31/02/{y}", "{d:02d}/13/{y}"]),
}  # fmt: skip


def without_number(heard: Heard) -> None:
    """Takes the number from a row that says all, and the department: what is left is name, birth date and sex."""
    heard.cui, heard.department, heard.age = "", 0, None
    if heard.birth == NO_DAY:
        raise ValueError("a row by name needs a birth date")
