"""Foreigners, border crossings and travel bans of a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nation import tables
from nation.days import NO_DAY, Days
from nation.heard import Heard
from nation.hearing import hear
from nation.justice import CANCELLED, PENDING, courts, draw_days
from nation.naming import given_names
from nation.people import Ints
from nation.vocabulary import surname_pool
from nation.world import World

_CROSSINGS_A_PERSON = 1.5
_BY_FOREIGNERS = 0.35  # of the crossings
_FOREIGNERS = 0.03  # of the persons on file
_BANS = 0.001
_FREQUENT = 0.02  # of the nationals: who crosses all the time


@dataclass
class Foreigners:
    """Columns, one entry a foreigner known by passport."""

    country: Ints  # row of data/countries.tsv
    number: list[str]
    given: Ints  # tokens, shape (n, 3)
    surnames: Ints  # tokens, shape (n, 2)
    sex: Ints
    birth: Days


@dataclass
class Crossings:
    """Columns, one entry a crossing. Exactly one of person and foreigner is not -1."""

    person: Ints
    foreigner: Ints
    day: Days
    second: Ints  # of the day
    entry: npt.NDArray[np.bool_]
    post: Ints  # row of data/border_posts.tsv
    country: Ints  # row of data/countries.tsv, for the airport
    by_passport: npt.NDArray[np.bool_]


@dataclass
class Ban:
    """A ban on leaving the country (arraigo)."""

    number: str
    case: str
    authority: str
    start: int
    end: int  # NO_DAY = open
    state: str
    person: Heard


def make_foreigners(world: World) -> Foreigners:
    """Foreigners outside the cast; passport numbers are unique within their country."""
    rng, plan = world.plan.random("foreigners"), world.plan
    n = max(20, round(plan.persons * _FOREIGNERS))
    country = rng.choice(len(tables.rows("countries")), n, p=tables.weights("countries")).astype(np.int32)
    sex = rng.integers(1, 3, n).astype(np.int32)
    community = np.zeros(n, dtype=np.int32)
    pool, weight = surname_pool(world.vocabulary, "")
    numbers = []
    for i, place in enumerate(country.tolist()):
        row = tables.rows("countries")[place]
        serial = (plan.index * 2_000 + i) * 7 + 3
        numbers.append(row["document_prefix"] + f"{serial:0{row['digits']}d}")
    return Foreigners(
        country=country,
        number=numbers,
        given=given_names(sex, community, world.vocabulary, rng),
        surnames=np.stack([pool[rng.choice(len(pool), n, p=weight)] for _ in range(2)], axis=1).astype(np.int32),
        sex=sex,
        birth=(plan.today - (18 + rng.gamma(3, 8, n)) * 365.25).astype(np.int32),
    )


def make_crossings(world: World, foreigners: Foreigners) -> Crossings:
    """Random crossings of ordinary persons and of all foreigners."""
    rng, today = world.plan.random("crossings"), world.plan.today
    n = round(world.plan.persons * _CROSSINGS_A_PERSON)
    foreign = rng.random(n) < _BY_FOREIGNERS
    travellers = world.people.ordinary(today, 1)
    travellers = travellers[world.papers.passport[travellers] | (rng.random(len(travellers)) < 0.15)]
    if not len(travellers):
        travellers = world.people.ordinary(today, 18)
    frequent = travellers[: max(1, int(len(travellers) * _FREQUENT))]
    often = rng.random(n) < 0.25
    person = np.where(
        often, frequent[rng.integers(0, len(frequent), n)], travellers[rng.integers(0, len(travellers), n)]
    )
    born = world.people.birth[person]
    day = today - 1 - (rng.random(n) ** 1.2 * 3_650).astype(np.int32)
    return Crossings(
        person=np.where(foreign, -1, person).astype(np.int32),
        foreigner=np.where(foreign, rng.integers(0, len(foreigners.number), n), -1).astype(np.int32),
        day=np.where(foreign, day, np.minimum(np.maximum(day, born + 30), today - 1)).astype(np.int32),
        second=rng.integers(0, 86_400, n).astype(np.int32),
        entry=rng.random(n) < 0.5,
        post=rng.choice(len(tables.rows("border_posts")), n, p=tables.weights("border_posts")).astype(np.int32),
        country=rng.choice(len(tables.rows("countries")), n, p=tables.weights("countries")).astype(np.int32),
        by_passport=world.papers.passport[person] & (rng.random(n) < 0.6),
    )


def make_bans(world: World) -> list[Ban]:
    """Random travel bans."""
    rng = world.plan.random("bans")
    count = max(2, round(world.plan.persons * _BANS))
    adults = world.people.ordinary(world.plan.today, 20, 80)
    heard = hear(world, adults[rng.integers(0, len(adults), count)], "bans heard", cui_rate=0.75, fault_rate=0.2)
    start = draw_days(world, count, 6, rng)
    court = rng.integers(0, len(courts()), count)
    draws = rng.random((count, 2))
    return [
        Ban(
            number=f"ARR-{world.plan.serial(i):010d}",
            case=f"{courts()[court[i]][0]}-{world.plan.serial(i):010d}",
            authority=courts()[court[i]][1],
            start=start[i],
            end=NO_DAY if draws[i, 0] < 0.6 else start[i] + 365 * 2,
            state=PENDING if draws[i, 1] < 0.6 else CANCELLED,
            person=heard[i],
        )
        for i in range(count)
    ]
