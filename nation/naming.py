"""Names of a block's persons: given names by sex and community, surnames inherited from father and mother."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nation import tables
from nation.block import BlockPlan
from nation.days import YEAR
from nation.people import FEMALE, MARRIED, NOBODY, WIDOWED, Ints, People
from nation.vocabulary import NONE, Vocabulary, given_pool, small_pool, surname_pool

_MAYAN_SURNAME = 0.75  # of surnames in a Mayan community
_MAYAN_GIVEN = 0.04
_ONE_SURNAME = 0.05
# Families of Arabic, Chinese and German origin, by the first surname; a third of their given names are of that origin.
_IMMIGRANT = 0.004
# Parents are at least 15 years older, so whoever is born in one period of 14 has parents in an earlier one.
_PERIOD = int(14 * YEAR)


def name_people(people: People, vocabulary: Vocabulary, plan: BlockPlan) -> None:
    """Fills every name column of `people`."""
    rng = plan.random("names")
    people.community = _communities(people.birth_department, rng)
    people.given = given_names(people.sex, people.community, vocabulary, rng)
    own = _surnames(people.community, vocabulary, rng)
    maternal = _surnames(people.community, vocabulary, rng)
    people.surnames = np.stack([own, maternal], axis=1)
    people.surnames[rng.random(people.count) < _ONE_SURNAME, 1] = NONE
    _name_immigrants(people, vocabulary, plan.random("immigrants"))
    _inherit(people, rng)
    _name_absent_parents(people, vocabulary, rng)
    people.married = np.zeros(people.count, dtype=np.int32)
    was = (people.civil_status == MARRIED) | (people.civil_status == WIDOWED)
    takes = (people.sex == FEMALE) & was & (people.spouse != NOBODY) & (rng.random(people.count) < 0.45)
    people.married[takes] = people.surnames[people.spouse[takes], 0]


def community_names() -> list[str]:
    """Names of the Mayan communities; number i + 1 in `People.community` is the i-th, 0 is none."""
    return sorted({name for d in tables.departments() for name, _ in d.communities})


def _communities(department: Ints, rng: np.random.Generator) -> Ints:
    names = community_names()
    shares = np.zeros((23, len(names) + 1))
    for d in tables.departments():
        for name, share in d.communities:
            shares[d.ine, names.index(name) + 1] = share
        shares[d.ine, 0] = 1 - shares[d.ine].sum()
    shares[1, 0], shares[1, names.index("kaqchikel") + 1] = 0.9, 0.1  # the capital draws from the highlands
    steps = np.cumsum(shares, axis=1)
    drawn = (rng.random(len(department))[:, None] > steps[department]).sum(axis=1)
    return np.asarray(drawn.clip(0, len(names)).astype(np.int32))


def _name_immigrants(people: People, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
    """Gives a few persons a surname, and some a given name, of the table `names_immigrant`."""
    rows = tables.rows("names_immigrant")
    origins = sorted({row["origin"] for row in rows})
    origin = np.where(rng.random(people.count) < _IMMIGRANT, rng.integers(0, len(origins), people.count), -1)
    own_given, both_surnames = rng.random(people.count) < 1 / 3, rng.random(people.count) < 0.3
    for number, name in enumerate(origins):
        pools = {
            kind: vocabulary.numbers([row["name"] for row in rows if (row["origin"], row["kind"]) == (name, kind)])
            for kind in ("surname", "F", "M")
        }
        there = np.flatnonzero(origin == number)
        people.surnames[there, 0] = rng.choice(pools["surname"], len(there))
        both = there[both_surnames[there] & (people.surnames[there, 1] != NONE)]
        people.surnames[both, 1] = rng.choice(pools["surname"], len(both))
        named = there[own_given[there]]
        female = people.sex[named] == FEMALE
        people.given[named, 0] = np.where(
            female, rng.choice(pools["F"], len(named)), rng.choice(pools["M"], len(named))
        )


def _surnames(community: Ints, vocabulary: Vocabulary, rng: np.random.Generator) -> Ints:
    pool, weight = surname_pool(vocabulary, "")
    drawn = pool[rng.choice(len(pool), len(community), p=weight)]
    mayan = rng.random(len(community)) < _MAYAN_SURNAME
    for number, name in enumerate(community_names(), 1):
        there = np.flatnonzero(mayan & (community == number))
        pool, weight = surname_pool(vocabulary, name)
        drawn[there] = pool[rng.choice(len(pool), len(there), p=weight)]
    return drawn


def given_names(sex: Ints, community: Ints, vocabulary: Vocabulary, rng: np.random.Generator) -> Ints:
    """One to three given names, shape (n, 3)."""
    n = len(sex)
    given = np.zeros((n, 3), dtype=np.int32)
    for female in (True, False):
        there = np.flatnonzero((sex == FEMALE) == female)
        pool, weight = given_pool(vocabulary, female)
        m = len(there)
        first = pool[rng.choice(len(pool), m, p=weight)]
        mayan = small_pool(vocabulary, "given_mayan", female)
        rare = (rng.random(m) < _MAYAN_GIVEN) & (community[there] > 0)
        first = np.where(rare, mayan[rng.integers(0, len(mayan), m)], first)
        second = pool[rng.choice(len(pool), m, p=weight)]
        devout = small_pool(vocabulary, "given_second", female)
        second = np.where(rng.random(m) < 0.04, devout[rng.integers(0, len(devout), m)], second)
        second = np.where((rng.random(m) < 0.78) & (second != first), second, NONE)
        third = pool[rng.choice(len(pool), m, p=weight)]
        third = np.where((rng.random(m) < 0.03) & (second != NONE) & (third != first), third, NONE)
        given[there] = np.stack([first, second, third], axis=1)
    return given


def _inherit(people: People, rng: np.random.Generator) -> None:
    """Gives the first surnames of father and mother; without a father, those of the mother."""
    alone_single = rng.random(people.count) < 0.5
    period = people.birth // _PERIOD
    for number in range(int(np.min(period)), int(np.max(period)) + 1):
        born = np.flatnonzero((period == number) & (people.mother != NOBODY))
        mother, father = people.mother[born], people.father[born]
        both = father != NOBODY
        single = people.surnames[born, 1] == NONE
        hers = people.surnames[mother]
        people.surnames[born, 0] = np.where(both, people.surnames[father, 0], hers[:, 0])
        alone = np.where(alone_single[born], NONE, hers[:, 1])
        people.surnames[born, 1] = np.where(single, NONE, np.where(both, hers[:, 0], alone))


def _name_absent_parents(people: People, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
    """Names of both parents: those on file as on file, the others invented to fit the child's surnames."""
    n = people.count
    for parent, sex, surname in ((people.father, 2, 0), (people.mother, FEMALE, 1)):
        given = given_names(np.full(n, sex, dtype=np.int32), people.community, vocabulary, rng)
        others = _surnames(people.community, vocabulary, rng)
        name = np.stack([given[:, 0], given[:, 1], people.surnames[:, surname], others], axis=1)
        on_file: npt.NDArray[np.bool_] = parent != NOBODY
        name[on_file, :2] = people.given[parent[on_file], :2]
        name[on_file, 2:] = people.surnames[parent[on_file]]
        if surname == 0:  # a child without a known father has a mother on file or one surname
            name[(people.mother != NOBODY) & ~on_file] = NONE
        else:
            name[~on_file & (people.surnames[:, 1] == NONE), 2] = others[~on_file & (people.surnames[:, 1] == NONE)]
        if surname == 0:
            people.father_name = name.astype(np.int32)
        else:
            people.mother_name = name.astype(np.int32)
