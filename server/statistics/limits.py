"""Control limits of a series of published figures: its level, its spread, and the signal of its sum.

A tabular CUSUM (Page 1954; limits by Brook and Evans 1972, server/statistics/run_length.py) in standard deviations of
the figure *as it leaves* (hidden under five, rounded to five: server/statistics/disclosure.py). The distribution of
such a figure about a Poisson mean is known exactly. So everything is computed from the table's figures, and reveals
nothing else. K and RUN were chosen by `./run bench-numbers`, which simulates both: false signals, and a doubling found.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from server.statistics.disclosure import BASE
from server.statistics.run_length import Numbers, limit_for, on_lattice

K = 0.9
"""Allowance: half the shift that is looked for, in standard deviations."""
RUN = 340.0
"""Mean periods until an unchanged series signals falsely, with known level and season; learning them costs up to half.
"""
LEAST_LEVEL = 5.0
"""Mean figure below which a series is not tested: most of its figures are hidden."""
HIDDEN_AS = 4
"""The value of a hidden figure in sums; it may be 0 to 8."""
_UNITS = 12  # of the chain, a standard deviation
_MOST_LIMIT = 12 * _UNITS
_GRID = 1.04
_LARGEST_MEAN = 400.0  # beyond it rounding to five is nothing beside sqrt(mean)


def shown_distribution(mean: float) -> tuple[Numbers, Numbers]:
    """(values, chances) of the figure that is shown of a Poisson count; hidden is HIDDEN_AS."""
    counts = np.arange(int(mean + 9 * math.sqrt(mean) + 12) // BASE * BASE + BASE)
    chances = np.exp(counts * math.log(mean) - mean - np.array([math.lgamma(n + 1) for n in counts.tolist()]))
    # Thresholds are 5 to 9 with the same chance, and the fraction above which it is rounded up is uniform.
    hidden = np.clip((2 * BASE - 1 - counts) / BASE, 0.0, 1.0)
    up = (counts % BASE) / BASE
    below = counts // BASE
    found = np.zeros(int(np.max(below)) + 2)
    np.add.at(found, below, chances * (1 - hidden) * (1 - up))
    np.add.at(found, below + 1, chances * (1 - hidden) * up)
    values: Numbers = np.arange(len(found), dtype=np.float64) * BASE
    values[0] = HIDDEN_AS  # nothing shown is 0
    found[0] += float((chances * hidden).sum())
    return values, np.asarray(found / found.sum(), dtype=np.float64)


@cache
def _grid() -> tuple[list[float], list[float], list[float]]:
    """Poisson means, and the mean and standard deviation of what is shown of them."""
    means = [3.0]
    while means[-1] < _LARGEST_MEAN:
        means.append(means[-1] * _GRID)
    levels, spreads = [], []
    for mean in means:
        values, chances = shown_distribution(mean)
        level = float((values * chances).sum())
        levels.append(level)
        spreads.append(math.sqrt(float(((values - level) ** 2 * chances).sum())))
    return means, levels, spreads


def spread_of(level: float) -> float:
    """Returns the standard deviation of a published figure with the mean `level`, if its count is Poisson."""
    _, levels, spreads = _grid()
    if level >= levels[-1]:
        return math.sqrt(level + 4.0)  # mean variance of rounding
    place = max(1, bisect_left(levels, level))
    share = max(0.0, (level - levels[place - 1]) / (levels[place] - levels[place - 1]))
    return spreads[place - 1] + share * (spreads[place] - spreads[place - 1])


def signal_at(level: float, *, rise: bool) -> float:
    """Height at which the sum signals, in standard deviations."""
    _, levels, _ = _grid()
    return _height(bisect_left(levels, level), rise)


@lru_cache(maxsize=1024)
def _height(place: int, rise: bool) -> float:
    means, levels, spreads = _grid()
    place = min(place, len(means) - 1)
    values, chances = shown_distribution(means[place])
    scores = (values - levels[place]) / spreads[place]
    steps, lowest = on_lattice(((scores if rise else -scores) - K) * _UNITS, chances)
    return limit_for(steps, lowest, 2 * RUN, _MOST_LIMIT) / _UNITS


@dataclass
class Sums:
    """The two sums of one series; they begin at 0, and again after a signal."""

    rise: float = 0.0
    fall: float = 0.0

    def limits(self, level: float, spread: float) -> tuple[float, float]:
        """(low, high): a figure at or beyond them signals, given what the periods before it brought."""
        return (
            level - spread * (K + signal_at(level, rise=False) - self.fall),
            level + spread * (K + signal_at(level, rise=True) - self.rise),
        )

    def add(self, figure: float, level: float, spread: float) -> int:
        """Takes a period's figure; 1 = it signals a rise, -1 = a fall, 0 = neither."""
        score = (figure - level) / spread
        self.rise, self.fall = max(0.0, self.rise + score - K), max(0.0, self.fall - score - K)
        if self.rise >= signal_at(level, rise=True):
            self.rise = self.fall = 0.0
            return 1
        if self.fall >= signal_at(level, rise=False):
            self.rise = self.fall = 0.0
            return -1
        return 0
