"""Compares weekly figures with their own history: the expected figure of each week, its limits, its signal.

The level of a week is the mean of the LEVEL_PERIODS weeks that ended GUARD weeks before it, each over its season. The
season is learnt from the country's total in whole earlier years. If weeks spread wider than by chance, so do the limits
(a dispersion as in Farrington et al. 1996). Then server/statistics/limits.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from server.statistics.limits import HIDDEN_AS, LEAST_LEVEL, Sums, spread_of

LEVEL_PERIODS = 52
LEAST_PERIODS = 26  # of them that are whole
GUARD = 4  # a change that has just begun does not raise the level that it is held against
RUN_IN = 13  # weeks by which the sums begin before the first that is shown
HISTORY_WEEKS = LEVEL_PERIODS + GUARD + RUN_IN
_SEASON_HALF = 3  # weeks on either side that a season is smoothed over
_WEEKS = 53


@dataclass(frozen=True)
class Week:
    """A week's figure, None = hidden. whole: seven days long, COMPLETE, so that it may be tested and learnt from."""

    first: date
    figure: int | None
    whole: bool

    @property
    def value(self) -> float:
        """The number that it counts as."""
        return float(HIDDEN_AS if self.figure is None else self.figure)


@dataclass(frozen=True)
class Charted:
    """The expected figure and limits of a week. signal: 1 rise, -1 fall, 0 neither."""

    expected: float
    low: float
    high: float
    signal: int


@lru_cache(maxsize=4096)
def is_whole_week(first: date) -> bool:
    """Weeks that the turn of a year cuts are of fewer days."""
    return first.weekday() == 0 and (first + timedelta(6)).year == first.year


def season(country: Sequence[Week], before: int) -> list[float]:
    """Share of each week of the year (0 to 52) over its year's mean, of whole years before the year `before`."""
    ratios: list[list[float]] = [[] for _ in range(_WEEKS)]
    for year in {week.first.year for week in country if week.first.year < before}:
        weeks = [week for week in country if week.first.year == year and week.whole]
        mean = sum(week.value for week in weeks) / len(weeks) if weeks else 0.0
        if len(weeks) < _WEEKS - 8 or mean < LEAST_LEVEL:
            continue
        for week in weeks:
            ratios[_place(week.first)].append(week.value / mean)
    smooth = []
    for place in range(_WEEKS):
        near = [ratio for step in range(-_SEASON_HALF, _SEASON_HALF + 1) for ratio in ratios[(place + step) % _WEEKS]]
        smooth.append(sum(near) / len(near) if near else 1.0)
    return smooth


@lru_cache(maxsize=4096)
def _place(first: date) -> int:
    return min(first.timetuple().tm_yday // 7, _WEEKS - 1)


def chart(weeks: Sequence[Week], seasons: Sequence[float], shown_from: date) -> Mapping[date, Charted]:
    """First day -> what it was held against, of weeks from `shown_from` on that could be tested. weeks: in order."""
    shares = [seasons[_place(week.first)] for week in weeks]
    # Of the weeks before each place: how many are whole, their values over the season, and the squares of these.
    ratios = [week.value / share if week.whole else 0.0 for week, share in zip(weeks, shares, strict=True)]
    counts = list(accumulate((int(week.whole) for week in weeks), initial=0))
    totals = list(accumulate(ratios, initial=0.0))
    squares = list(accumulate((ratio * ratio for ratio in ratios), initial=0.0))
    begin = next((place for place, week in enumerate(weeks) if week.first >= shown_from), len(weeks))
    sums, found = Sums(), {}
    for place in range(max(0, begin - RUN_IN), len(weeks)):
        week = weeks[place]
        if not week.whole:
            continue
        first, after = max(0, place - GUARD - LEVEL_PERIODS), max(0, place - GUARD)
        learnt = counts[after] - counts[first]
        if learnt < LEAST_PERIODS:
            continue
        mean = (totals[after] - totals[first]) / learnt
        level = mean * shares[place]
        if mean < LEAST_LEVEL or level < LEAST_LEVEL:
            continue
        variance = (squares[after] - squares[first] - learnt * mean * mean) / (learnt - 1)
        spread = spread_of(level) * math.sqrt(_dispersion(variance / spread_of(mean) ** 2, learnt) * (1 + 1 / learnt))
        low, high = sums.limits(level, spread)
        signal = sums.add(week.value, level, spread)
        if place >= begin:
            found[week.first] = Charted(level, low, high, signal)
    return found


def _dispersion(found: float, weeks: int) -> float:
    """Variance over that of chance, where it is more than two standard errors above one; else one."""
    return found if found > 1 + 2 * math.sqrt(2 / (weeks - 1)) else 1.0
