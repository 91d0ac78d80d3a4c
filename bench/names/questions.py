"""Questions with known answers: who is meant, what was done to the name and to the birth date, what is asked."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, replace

from bench.names.noise import Name, kinds
from bench.names.population import Population
from bench.names.tables import plain
from nation import cast_people

Birth = tuple[int, int, int]  # year, month, day; 0 = not stated

# Years that a same name's other bearer differs by: beyond what counts as noise.
_OTHER_YEARS = range(3, 25)
_ATTEMPTS = 2_000


@dataclass(frozen=True)
class Question:
    """One question. truth: place in the population; -1 = a stranger without data on file."""

    kind: str
    truth: int
    asked: Name
    length: int  # words of the truth's name that count
    birth: Birth | None = None
    birth_kind: str = ""
    sex: int = 0

    @property
    def text(self) -> str:
        """The name as it is asked."""
        return self.asked.asked()


BIRTH_KINDS = ("exact", "swapped", "year off by one", "month only")


def blur(birth: Birth, kind: str, rng: random.Random) -> Birth | None:
    """A birth date with known noise; None when the kind does not fit it (the 15th has no month to swap with)."""
    year, month, day = birth
    if kind == "exact":
        return birth
    if kind == "swapped":
        return (year, day, month) if day <= 12 and day != month else None
    if kind == "year off by one":
        other = year + rng.choice((-1, 1))
        return (other, month, day) if (month, day) != (2, 29) else None
    return (year, month, 0)


def other_birth(birth: Birth, rng: random.Random) -> Birth:
    """A birth date that is another person's: years away, another day."""
    start = datetime.date(birth[0] + rng.choice((-1, 1)) * rng.choice(_OTHER_YEARS), 1, 1)
    drawn = start + datetime.timedelta(days=rng.randrange(365))
    return (drawn.year, drawn.month, drawn.day)


def ask(
    population: Population, kind: str, count: int, rng: random.Random, *, held_back: bool = True, length: int = 0
) -> list[Question]:
    """`count` questions of one kind about different persons; fewer when they run out.

    length: only names of so many words; 0 = any.
    """
    noise = kinds(population.draw_surname)[kind]
    found: list[Question] = []
    seen: set[int] = set()
    tries = 0
    for place in population.draw(rng, held_back):
        tries += 1
        if len(found) == count or tries > count * _ATTEMPTS:
            break
        if place in seen:
            continue
        name = population.name(place)
        size = name.length()
        if length and size != length:
            continue
        asked = noise(name, rng)
        if asked is not None and asked.asked() != (name.asked() if kind != "exact" else ""):
            seen.add(place)
            found.append(Question(kind, place, asked, size, sex=int(population.sex[place])))
    return found


def with_birth(questions: list[Question], population: Population, rng: random.Random, kind: str) -> list[Question]:
    """The same questions with the truth's birth date in a state; those that it does not fit are left out."""
    found = []
    for question in questions:
        blurred = blur(population.birth(question.truth), kind, rng)
        if blurred is not None:
            found.append(replace(question, birth=blurred, birth_kind=kind))
    return found


def brothers(population: Population, count: int, rng: random.Random, *, held_back: bool = True) -> list[Question]:
    """Strangers with the surnames of somebody on file, born about then, with other given names."""
    found: list[Question] = []
    for place in population.draw(rng, held_back):
        if len(found) == count:
            break
        name, sex = population.name(place), int(population.sex[place])
        if len(name.surnames) < 2:
            continue
        given = population.draw_given(rng, sex)
        if set(given) & set(name.given):
            continue
        year = int(population.year[place]) + rng.choice((-6, -5, -4, -3, -2, 2, 3, 4, 5, 6))
        birth = (year, rng.randint(1, 12), rng.randint(1, 28))
        asked = Name(given, name.surnames, female=name.female)
        found.append(Question("brother", -1, asked, asked.length(), birth, "exact", sex))
    return found


def namesakes(population: Population, count: int, rng: random.Random, *, held_back: bool = True) -> list[Question]:
    """Strangers with the very name of somebody on file, the commoner the likelier, born in other years."""
    found: list[Question] = []
    for place in population.draw(rng, held_back):
        if len(found) == count:
            break
        # A stranger bears a common name oftener than a rare one.
        size = int(population.group_size[population.group[place]])
        if rng.random() > size / 4:
            continue
        birth = population.birth(place)
        name = population.name(place)
        asked = Name(name.given, name.surnames, female=name.female)
        found.append(
            Question(
                "namesake", -1, asked, asked.length(), other_birth(birth, rng), "exact", int(population.sex[place])
            )
        )
    return found


def strangers(others: Population, count: int, rng: random.Random, *, held_back: bool = True) -> list[Question]:
    """Returns persons of another nation, asked rightly: any alert is for another person.

    The cast of special cases is the same in every nation, so it is no stranger anywhere.
    """
    cast = {plain(surname) for part in cast_people.every_part() for surname in part.surnames}
    found: list[Question] = []
    for place in others.draw(rng, held_back):
        if len(found) == count:
            break
        name = others.name(place)
        if cast & set(name.surnames):
            continue
        asked = Name(name.given, name.surnames, female=name.female)
        birth = others.birth(place)
        found.append(Question("stranger", -1, asked, asked.length(), birth, "exact", int(others.sex[place])))
    return found
