"""Mean number of periods until a cumulative sum signals, by a Markov chain.

Brook and Evans (1972), "An approach to the probability distribution of cusum run length", Biometrika 59(3), 539-549;
for counts Lucas (1985), "Counted data CUSUM's", Technometrics 27(2), 129-144. A sum that moves on whole numbers is a
chain of as many states as its limit; its steps from 0 to the limit solve one linear system.
tests/statistics/test_run_length.py checks this against tables of Lucas, Lucas and Crosier (1982), and Hawkins (1993).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_SOLVED = 1e10  # periods: beyond it little is left of a double's digits


def average_run_length(chances: Numbers, lowest: int, limit: int, start: int = 0) -> float:
    """Mean periods until S = max(0, S + step) is `limit` or more. chances[i]: of a step of lowest + i.

    Infinite where no way leads there, or so seldom that the system cannot be solved in doubles.
    """
    places = np.arange(limit)
    steps = places[None, :] - places[:, None] - lowest
    inside = (steps >= 0) & (steps < len(chances))
    moves = np.where(inside, chances[np.clip(steps, 0, len(chances) - 1)], 0.0)
    # To 0 leads every step that would lead below it.
    summed, down = np.cumsum(chances), -places - lowest
    moves[:, 0] = np.where(down >= 0, summed[np.clip(down, 0, len(chances) - 1)], 0.0)
    try:
        mean = float(np.linalg.solve(np.eye(limit) - moves, np.ones(limit))[start])
    except np.linalg.LinAlgError:
        return math.inf
    return mean if 0 < mean < _SOLVED else math.inf


def limit_for(chances: Numbers, lowest: int, wanted: float, most: int) -> int:
    """The least limit of which the run is at least `wanted` periods long; `most` also where nothing leads upwards."""
    if math.isinf(average_run_length(chances, lowest, 1)):
        return most
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if average_run_length(chances, lowest, middle) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def on_lattice(values: Numbers, chances: Numbers) -> tuple[Numbers, int]:
    """(chances, lowest) of steps on whole numbers: each value is split between the two beside it, so the mean stays."""
    floor = np.floor(values)
    lowest = int(floor.min())
    steps = np.zeros(int(floor.max()) - lowest + 2)
    places = (floor - lowest).astype(np.int64)
    share = values - floor
    np.add.at(steps, places, chances * (1 - share))
    np.add.at(steps, places + 1, chances * share)
    return steps, lowest
