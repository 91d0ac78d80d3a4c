"""The true events and victims, a column each, before any institution wrote them down."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nation import days
from nation.incidents.kinds import (
    CHANGE_DAYS_AGO,
    CHANGE_DEPARTMENT,
    EXTORTION,
    KINDS,
    LATE_MEAN_DAYS,
    LATE_MUNICIPALITY,
    MECHANISMS,
    OUTAGE_DAYS,
    OUTAGE_DAYS_AGO,
    OUTAGE_DEPARTMENT,
    RELATION_SHARES,
    RELATIONS,
    YEARS,
)
from nation.tables import departments

Numbers = npt.NDArray[np.int64]
_SEASON = 0.15  # December over June
_WEEKEND = 1.25
_TREND = -0.03  # a year
_LATE_SHARE = 0.03  # of the reports of other municipalities
_CORRECTED = 0.01  # of events: the municipality was wrong at first


@dataclass
class Happened:
    """Columns of events, by day, and of victims (`event` = row of events). Days are numbers since 1970-01-01."""

    as_of: int
    first: int
    event: dict[str, Numbers]
    victim: dict[str, Numbers]

    @property
    def events(self) -> int:
        """The number of events."""
        return len(self.event["day"])

    def truth(self) -> dict[str, Any]:
        """Returns the results that a statistician should find, and those that they should not."""
        return {
            "as_of": days.date(self.as_of).isoformat(),
            "first_day": days.date(self.first).isoformat(),
            "change_point": {
                "offence": KINDS[EXTORTION].text,
                "department": f"{CHANGE_DEPARTMENT:02}",
                "day": days.date(self.as_of - CHANGE_DAYS_AGO).isoformat(),
                "factor": 2,
            },
            "late_municipality": "{:02}{:02}".format(*LATE_MUNICIPALITY),
            "outage": {
                "source": "pnc",
                "department": f"{OUTAGE_DEPARTMENT:02}",
                "first_day": days.date(outage_days(self.as_of)[0]).isoformat(),
                "days": OUTAGE_DAYS,
            },
        }


def outage_days(as_of: int) -> tuple[int, int]:
    """First day of the outage, and the day after its last."""
    return as_of - OUTAGE_DAYS_AGO, as_of - OUTAGE_DAYS_AGO + OUTAGE_DAYS


def happen(as_of: datetime.date, seed: int, scale: float) -> Happened:
    """Returns all events from January 1 nine years before `as_of`'s year up to the day before `as_of`. scale: of all
    counts."""
    rng = np.random.default_rng([seed, 17])
    end = days.number(as_of)
    first = days.number(datetime.date(as_of.year - YEARS + 1, 1, 1))
    span = np.arange(first, end)
    pieces = [_of_kind(rng, number, span, end, scale) for number in range(len(KINDS))]
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    order = np.lexsort((columns["kind"], columns["municipality"], columns["day"]))
    event = {name: column[order] for name, column in columns.items()}
    count = len(order)
    event["hour"] = (rng.normal(19, 5, count).astype(np.int64)) % 24
    event["zone"] = np.where(event["municipality"] == 101, rng.integers(1, 26, count), 0)
    # One event in 25 has a second, lesser offence: threats, or an illegal weapon.
    second = np.where(rng.random(count) < 0.5, _number_of("AMENAZAS"), _number_of("PORTACIÓN ILEGAL DE ARMAS DE FUEGO"))
    event["second"] = np.where((rng.random(count) < 0.04) & (second != event["kind"]), second, -1)
    event["suspects"] = rng.choice(5, count, p=(0.25, 0.45, 0.18, 0.08, 0.04))
    event["mechanism"] = _mechanisms(rng, event["kind"])
    event["reported"] = event["day"] + _delays(rng, event["municipality"])
    corrected = rng.random(count) < _CORRECTED
    event["corrected"] = np.where(corrected, event["reported"] + rng.integers(20, 120, count), 0)
    event["wrong_municipality"] = np.where(corrected, (event["municipality"] // 100) * 100 + 1, event["municipality"])
    return Happened(end, first, event, _victims(rng, event))


def _number_of(text: str) -> int:
    return next(number for number, kind in enumerate(KINDS) if kind.text == text)


def _shares() -> tuple[Numbers, npt.NDArray[np.float64]]:
    """Municipality codes and their share of what happens: by population, a head town three times its neighbours."""
    rng = np.random.default_rng(340)
    population = {department.ine: department.population for department in departments()}
    towns = {department.ine: len(department.municipalities) for department in departments()}
    codes: list[int] = []
    shares: list[float] = []
    for department in sorted(population):
        own = [department * 100 + number for number in range(1, towns[department] + 1)]
        weights = rng.gamma(2.0, 1.0, len(own)) + 0.2
        weights[own.index(department * 100 + 1)] += 3.0 * weights.mean() * len(own) / 6
        if LATE_MUNICIPALITY[0] == department:
            weights[own.index(department * 100 + LATE_MUNICIPALITY[1])] += 2 * weights.mean()
        codes += own
        shares += list(weights / weights.sum() * population[department] * rng.uniform(0.6, 1.4))
    whole = np.array(shares)
    return np.array(codes, dtype=np.int64), whole / whole.sum()


def _of_kind(rng: np.random.Generator, number: int, span: Numbers, end: int, scale: float) -> dict[str, Numbers]:
    codes, shares = _shares()
    week_day = (span + 3) % 7  # 1970-01-01 was a Thursday; 0 = Monday
    rate = KINDS[number].yearly * scale / 365.25
    season = 1 + _SEASON * np.cos(2 * np.pi * ((span % 365.25) - 350) / 365.25)
    daily = rate * season * np.where(week_day >= 5, _WEEKEND, 1.0) * (1 + _TREND * (span - span[0]) / 365.25)
    counts = rng.poisson(daily)
    day = np.repeat(span, counts)
    municipality = rng.choice(codes, len(day), p=shares)
    if number == EXTORTION:
        since = span[span >= end - CHANGE_DAYS_AGO]
        there = codes // 100 == CHANGE_DEPARTMENT
        more = np.repeat(since, rng.poisson(daily[-len(since) :] * shares[there].sum()))
        chosen = rng.choice(codes[there], len(more), p=shares[there] / shares[there].sum())
        day, municipality = np.concatenate((day, more)), np.concatenate((municipality, chosen))
    return {"day": day, "municipality": municipality, "kind": np.full(len(day), number, dtype=np.int64)}


def _mechanisms(rng: np.random.Generator, kinds: Numbers) -> Numbers:
    limits = np.cumsum(np.array([kind.mechanisms for kind in KINDS]), axis=1)
    drawn = rng.random(len(kinds))
    found = (drawn[:, None] >= limits[kinds]).sum(axis=1)
    return np.asarray(np.minimum(found, len(MECHANISMS) - 1), dtype=np.int64)


def _delays(rng: np.random.Generator, municipality: Numbers) -> Numbers:
    """Days from the event to its report."""
    count = len(municipality)
    few = np.where(rng.random(count) < _LATE_SHARE, rng.integers(2, 60, count), rng.integers(0, 2, count))
    late = municipality == LATE_MUNICIPALITY[0] * 100 + LATE_MUNICIPALITY[1]
    return np.where(late, 10 + rng.exponential(LATE_MEAN_DAYS, count).astype(np.int64), few)


def _victims(rng: np.random.Generator, event: dict[str, Numbers]) -> dict[str, Numbers]:
    kinds = event["kind"]
    has = rng.random(len(kinds)) < np.array([kind.victims for kind in KINDS])[kinds]
    how_many = np.where(has, rng.choice((1, 2, 3), len(kinds), p=(0.93, 0.05, 0.02)), 0)
    of = np.repeat(np.arange(len(kinds)), how_many)
    count = len(of)
    female = rng.random(count) < np.array([kind.female for kind in KINDS])[kinds[of]]
    return {
        "event": of,
        "ordinal": np.arange(count) - np.repeat(np.cumsum(how_many) - how_many, how_many) + 1,
        "female": female.astype(np.int64),
        "age": np.clip(rng.gamma(5.0, 6.2, count), 0, 95).astype(np.int64),
        "age_known": (rng.random(count) > 0.04).astype(np.int64),
        "relation": rng.choice(len(RELATIONS), count, p=RELATION_SHARES),
        # Some die in hospital days later: the police never hear of it, the morgue does.
        "hospital": (rng.random(count) < 0.08).astype(np.int64),
        "no_autopsy": (rng.random(count) < 0.03).astype(np.int64),
        "registered_after": rng.choice((3, 10, 40, 120), count, p=(0.6, 0.25, 0.1, 0.05)),
    }
