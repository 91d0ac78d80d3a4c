"""The run length of a cumulative sum, against the tables that were published of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from server.statistics.run_length import Numbers, average_run_length, limit_for, on_lattice

_UNITS = 64  # of the chain, a standard deviation


def poisson_steps(mean: float, k: int, units: int, *, lower: bool = False) -> tuple[Numbers, int]:
    """Steps of units * count - k, or k - units * count."""
    counts = range(60)
    chances = [math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in counts]
    values = np.array([float(units * n - k) for n in counts])
    return on_lattice(-values if lower else values, np.array(chances))


def normal_steps(mean: float, k: float) -> tuple[Numbers, int]:
    """Steps of a normal score less k, in units, as Brook and Evans cut it."""
    edges = np.arange(-8 * _UNITS, 8 * _UNITS + 1) + 0.5
    below = np.array([0.5 * (1 + math.erf((edge / _UNITS - (mean - k)) / math.sqrt(2))) for edge in edges])
    return np.diff(below), int(edges[0] + 0.5)


@pytest.mark.parametrize(
    ("lower", "start", "published"),
    # Lucas 1985, tables 2 to 5, row h = 10, k = 0.25, column of the acceptable mean; start 20 = his head start.
    [(False, 0, 438), (False, 20, 333), (True, 0, 437), (True, 20, 318)],
)
def test_counts_run_as_long_as_lucas_says(lower: bool, start: int, published: int) -> None:
    steps, lowest = poisson_steps(0.25, 1, 4, lower=lower)
    assert round(average_run_length(steps, lowest, 40, start)) == published


@pytest.mark.parametrize(
    ("shift", "published"),
    # Lucas and Crosier 1982, table 1: two-sided, k = 0.5, h = 4, no head start.
    [(0.0, 168.0), (0.25, 74.2), (0.5, 26.6), (0.75, 13.3), (1.0, 8.38), (1.5, 4.75), (2.0, 3.34), (2.5, 2.62)],
)  # fmt: skip
def test_scores_run_as_long_as_lucas_and_crosier_say(shift: float, published: float) -> None:
    sides = [average_run_length(*normal_steps(sign * shift, 0.5), 4 * _UNITS) for sign in (1, -1)]
    assert 1 / sum(1 / side for side in sides) == pytest.approx(published, rel=0.012)


@pytest.mark.parametrize(
    ("k", "h"),
    # Hawkins 1993, "Cumulative sum control charting: an underutilized SPC tool": two-sided, 370 periods.
    [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)],
)
def test_limits_are_those_of_hawkins(k: float, h: float) -> None:
    found = limit_for(*normal_steps(0.0, k), 2 * 370, 12 * _UNITS) / _UNITS
    assert found == pytest.approx(h, abs=0.03)


def test_a_sum_without_a_way_back_runs_as_long_as_it_needs() -> None:
    assert average_run_length(np.array([0.0, 1.0]), 0, 7) == 7  # one a period
    assert average_run_length(np.array([0.5, 0.5]), 0, 3) == pytest.approx(6)
