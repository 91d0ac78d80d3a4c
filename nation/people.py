"""The persons of a block: birth, death, place, family ties. Names and identifiers are given afterwards."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nation import days, tables
from nation.block import BlockPlan
from nation.days import NO_DAY, YEAR, Days

Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

NOBODY = -1
FEMALE, MALE = 1, 2  # as ronda.v1.Sex
SINGLE, MARRIED, UNITED, DIVORCED, WIDOWED = range(5)

# Share of the living in each five-year band, 0-4 to 95-99: a plausible pyramid for Guatemala, median age 23.
_PYRAMID = [11.3, 11.1, 11.0, 10.9, 10.0, 8.9, 7.6, 6.4, 5.1, 4.0, 3.3, 2.8, 2.3, 1.9, 1.4, 1.0, 0.6, 0.3, 0.1, 0.05]
_DEAD_SHARE = 0.08  # of the persons on file
_COUPLED_SHARE = 0.78  # of adult women
_LONE_MOTHER_SHARE = 0.12  # of children
_OLDEST_MOTHER = 45
# Share of the persons born on a day to a mother who is on file by CUI, if she lives in the nation.
_PARENTS_ON_FILE = [
    (datetime.date(1955, 1, 1), 0.02),
    (datetime.date(1975, 1, 1), 0.35),
    (datetime.date(1995, 1, 1), 0.85),
    (datetime.date(2010, 1, 1), 0.94),
]
_YOUNGEST_PARENT = 15


def _zeros() -> Ints:
    return np.zeros(0, dtype=np.int32)


@dataclass
class People:
    """Columns of a block's persons, one entry a person. Name columns hold tokens of the vocabulary; 0 = none."""

    count: int
    sex: Ints
    birth: Days
    death: Days
    birth_department: Ints  # INE codes
    birth_municipality: Ints
    home_department: Ints
    home_municipality: Ints
    father: Ints  # places in the block; NOBODY = not on file
    mother: Ints
    spouse: Ints
    civil_status: Ints
    given: Ints = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int32))  # shape (count, 3)
    surnames: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int32))  # shape (count, 2)
    married: Ints = field(default_factory=_zeros)
    father_name: Ints = field(default_factory=lambda: np.zeros((0, 4), dtype=np.int32))  # two given, two surnames
    mother_name: Ints = field(default_factory=lambda: np.zeros((0, 4), dtype=np.int32))
    community: Ints = field(default_factory=_zeros)
    cast: int = 0  # the first so many persons are the cast

    def alive(self) -> Flags:
        """Marks persons without a death on file."""
        return np.asarray(self.death == NO_DAY)

    def age(self, today: int) -> Ints:
        """Whole years today, as if all were alive; within a day of the exact birthday."""
        return np.floor((today - self.birth) / YEAR).astype(np.int32)

    def ordinary(self, today: int, youngest: int = 0, oldest: int = 200) -> Ints:
        """Returns living persons outside the cast, of an age: the subjects of random events. Never empty."""
        age = self.age(today)
        fit = self.alive() & (age >= youngest) & (age <= oldest)
        fit[: self.cast] = False
        return np.flatnonzero(fit).astype(np.int32)


def make_people(plan: BlockPlan) -> People:
    """Persons with families. Deterministic in the plan."""
    rng = plan.random("people")
    n = plan.persons
    bands = rng.choice(len(_PYRAMID), n, p=tables.scaled(np.array(_PYRAMID)))
    age_days = ((bands * 5 + rng.random(n) * 5) * YEAR).astype(np.int32) + 1
    dead = rng.random(n) < _DEAD_SHARE
    lifetime = np.clip(rng.normal(68, 18, n), 0.1, 99)
    since = rng.random(n) ** 1.5 * 45  # years since death
    age_days = np.where(dead, ((lifetime + since) * YEAR).astype(np.int32) + 1, age_days)
    age_days = np.minimum(age_days, int(125 * YEAR))
    birth = (plan.today - age_days).astype(np.int32)
    death = np.where(dead, birth + (lifetime * YEAR).astype(np.int32), NO_DAY).astype(np.int32)
    departments = tables.departments()
    share = tables.scaled(np.array([float(d.population) for d in departments]))
    born_in = rng.choice(22, n, p=share).astype(np.int32) + 1
    moved = rng.random(n) < 0.18
    to_capital = np.where(rng.random(n) < 0.45, 1, rng.choice(22, n, p=share) + 1)
    lives_in = np.where(moved, to_capital, born_in).astype(np.int32)
    people = People(
        count=n,
        sex=np.where(rng.random(n) < 0.512, FEMALE, MALE).astype(np.int32),
        birth=birth,
        death=death,
        birth_department=born_in,
        birth_municipality=_municipalities(born_in, rng),
        home_department=lives_in,
        home_municipality=_municipalities(lives_in, rng),
        father=np.full(n, NOBODY, dtype=np.int32),
        mother=np.full(n, NOBODY, dtype=np.int32),
        spouse=np.full(n, NOBODY, dtype=np.int32),
        civil_status=np.full(n, SINGLE, dtype=np.int32),
    )
    for department in range(1, 23):
        _make_families(people, np.flatnonzero(born_in == department), plan.today, rng)
    _make_twins(people, rng)
    return people


def _municipalities(department: Ints, rng: np.random.Generator) -> Ints:
    """INE municipality numbers; the head town is the likeliest, later numbers less so."""
    sizes = np.array([0] + [len(d.municipalities) for d in tables.departments()])
    return (np.floor(sizes[department] * rng.random(len(department)) ** 1.8) + 1).astype(np.int32)


def _make_families(people: People, members: npt.NDArray[np.int64], today: int, rng: np.random.Generator) -> None:
    """Couples and children among the persons born in one department."""
    grown = (today - people.birth[members]) > 18 * YEAR
    women = members[grown & (people.sex[members] == FEMALE)]
    men = members[grown & (people.sex[members] == MALE)]
    women = women[np.argsort(people.birth[women], kind="stable")]
    men = men[np.argsort(people.birth[men], kind="stable")]
    if not len(women) or not len(men):
        return
    # Ranks by age are matched, so partners are of like age; each man is taken once.
    pairs = min(len(women), len(men))
    wives = women[(np.arange(pairs) * len(women)) // pairs]
    husbands = men[(np.arange(pairs) * len(men)) // pairs]
    kept = rng.random(pairs) < _COUPLED_SHARE
    wives, husbands = wives[kept], husbands[kept]
    if not len(wives):
        return
    _marry(people, wives, husbands, rng)
    _give_parents(people, members, wives, husbands, rng)


def _marry(people: People, wives: Ints, husbands: Ints, rng: np.random.Generator) -> None:
    kind = rng.choice(5, len(wives), p=[0.16, 0.45, 0.31, 0.08, 0.0]).astype(np.int32)
    bound = (kind == MARRIED) | (kind == UNITED)
    for one, other in ((wives, husbands), (husbands, wives)):
        people.civil_status[one] = kind
        people.spouse[one[bound]] = other[bound]
        left = (kind == MARRIED) & (people.death[other] != NO_DAY) & (people.death[one] == NO_DAY)
        people.civil_status[one[left]] = WIDOWED


def _give_parents(
    people: People, children: npt.NDArray[np.int64], wives: Ints, husbands: Ints, rng: np.random.Generator
) -> None:
    """Parents on file where a couple fits; the others' parents are known by name only."""
    born = people.birth[wives]  # ascending
    mother_age = np.clip(rng.normal(26, 6.2, len(children)), _YOUNGEST_PARENT + 0.5, _OLDEST_MOTHER - 0.5)
    wanted = people.birth[children] - mother_age * YEAR
    place = np.clip(np.searchsorted(born, wanted), 0, len(born) - 1)
    mother, father = wives[place], husbands[place]
    birth = people.birth[children]
    gap = birth - people.birth[mother]
    alive = (people.death[mother] == NO_DAY) | (people.death[mother] >= birth)
    fits = (gap >= _YOUNGEST_PARENT * YEAR) & (gap <= _OLDEST_MOTHER * YEAR) & alive
    # Old births are known from books that name the parents without numbers. Were all of them on file, a department's
    # surnames would all descend from the few who are oldest.
    share = np.interp(
        birth, [days.number(date) for date, _ in _PARENTS_ON_FILE], [part for _, part in _PARENTS_ON_FILE]
    )
    fits &= rng.random(len(children)) < share
    people.mother[children[fits]] = mother[fits]
    known = fits & (birth - people.birth[father] >= _YOUNGEST_PARENT * YEAR)
    known &= (people.death[father] == NO_DAY) | (people.death[father] >= birth - 280)
    known &= rng.random(len(children)) >= _LONE_MOTHER_SHARE
    people.father[children[known]] = father[known]


def _make_twins(people: People, rng: np.random.Generator) -> None:
    """About one child in sixty of a mother with several becomes the twin of its next sibling."""
    order = np.lexsort((people.birth, people.mother))
    older, younger = order[:-1], order[1:]
    same = (people.mother[older] == people.mother[younger]) & (people.mother[older] != NOBODY)
    same &= (people.father[older] == people.father[younger]) & (people.birth[younger] - people.birth[older] < 3 * YEAR)
    same &= (people.death[younger] == NO_DAY) & (rng.random(len(older)) < 0.03)
    people.birth[younger[same]] = people.birth[older[same]]
    people.birth_municipality[younger[same]] = people.birth_municipality[older[same]]
