"""Control limits on simulated series: how often chance alone signals, and how soon a doubling is found.

Each series is Poisson counts with the season of a year, hidden and rounded as they would leave, and charted by the
server's own code. The level and season are learnt from the figures shown, as there.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np

from bench.bars import Bar
from server.statistics.charts import Charted, Week, chart, is_whole_week, season
from server.statistics.disclosure import BASE

MEANS = (6, 8, 12, 20, 50, 150, 500)
FOUND_WITHIN = 5  # weeks from the doubling on
_SEASON = 0.15
_COUNTRY_MEAN = 1000  # a week
_FIRST, _SHOWN_FROM = date(2021, 1, 4), date(2023, 1, 2)
_WEEKS = 156
_DOUBLES_AT = 120  # the week of the series from which on its mean is twice what it was

FALSE_SIGNALS = Bar("false signals a tile and week, worst mean", 0.5, "%")
POWER = Bar(f"a doubling at mean 8 found within {FOUND_WITHIN} weeks", 80, "%", at_most=False)


def simulate(series: int, seed: int = 17) -> tuple[dict[int, float], float, float]:
    """(false signals a tested week by mean, a doubling at mean 8 found in its first week, within FOUND_WITHIN)."""
    rng = np.random.default_rng(seed)
    false = {mean: _false_signals(rng, mean, series) for mean in MEANS}
    found = [_found_after(rng, 8.0) for _ in range(series)]
    return false, sum(weeks <= 1 for weeks in found) / series, sum(weeks <= FOUND_WITHIN for weeks in found) / series


def _false_signals(rng: np.random.Generator, mean: int, series: int) -> float:
    signals = tested = 0
    for _ in range(series):
        charted = _charted(rng, np.full(_WEEKS, float(mean)))
        signals += sum(each.signal != 0 for each in charted.values())
        tested += len(charted)
    return signals / tested if tested else 0.0


def _found_after(rng: np.random.Generator, mean: float) -> float:
    """Weeks until a rise is called, counted from the doubling; infinite where none is in the weeks that follow."""
    means = np.where(np.arange(_WEEKS) < _DOUBLES_AT, mean, 2 * mean)
    since = _FIRST + timedelta(7 * _DOUBLES_AT)
    rises = [first for first, each in _charted(rng, means).items() if each.signal > 0 and first >= since]
    return (min(rises) - since).days / 7 + 1 if rises else math.inf


def _charted(rng: np.random.Generator, means: np.ndarray) -> dict[date, Charted]:
    firsts = [_FIRST + timedelta(7 * week) for week in range(_WEEKS)]
    shape = 1 + _SEASON * np.cos(2 * np.pi * (np.array([first.timetuple().tm_yday for first in firsts]) - 350) / 365.25)
    country = _shown(rng, rng.poisson(_COUNTRY_MEAN * shape), firsts)
    weeks = _shown(rng, rng.poisson(means * shape), firsts)
    return dict(chart(weeks, season(country, _SHOWN_FROM.year), _SHOWN_FROM))


def _shown(rng: np.random.Generator, counts: np.ndarray, firsts: list[date]) -> list[Week]:
    """As server/statistics/disclosure.py shows them, with thresholds and fractions drawn instead of kept."""
    thresholds = rng.integers(BASE, 2 * BASE, len(counts))
    up = rng.random(len(counts)) < (counts % BASE) / BASE
    shown = counts - counts % BASE + np.where(up, BASE, 0)
    return [
        Week(first, int(figure) if count >= threshold else None, is_whole_week(first))
        for first, figure, count, threshold in zip(firsts, shown, counts, thresholds, strict=True)
    ]
