"""Whether a figure has changed: beyond what chance does to counts, or not.

z = 2 (sqrt(now) - sqrt(before)) has a standard deviation of about sqrt(2) for two Poisson counts of one mean: beyond
the limit of 3 lie some 3.4 % of tiles that have not changed, so that a table says how many it tested (docs/numbers.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ronda.v1.statistics_service_pb2 import ChangeState

LIMIT = 3.0


def score(now: int, before: int) -> float:
    """z of two counts of periods of one length."""
    return 2 * (math.sqrt(now) - math.sqrt(before))


def state_of(z: float) -> ChangeState:
    """What a score is called."""
    if abs(z) <= LIMIT:
        return ChangeState.CHANGE_STATE_NONE
    return ChangeState.CHANGE_STATE_RISE if z > 0 else ChangeState.CHANGE_STATE_FALL


class ChangePoint(NamedTuple):
    """The series has one mean before `place` and another from it on; gain: twice the log likelihood ratio."""

    place: int
    before: float
    after: float
    gain: float


def change_point(counts: Sequence[int], fewest: int = 4, gain: float = 16.0) -> ChangePoint | None:
    """Where a Poisson series most likely changed its mean, or None where no split gains enough.

    The likelihood ratio of two means against one, over every split that leaves `fewest` counts on each side. A gain of
    16 is exceeded by chance in about 2 % of series of 60 counts (simulated in tests/statistics/test_changes.py).
    """
    whole, best = sum(counts), None
    size, left = len(counts), 0
    for place in range(1, size):
        left += counts[place - 1]
        if place < fewest or size - place < fewest:
            continue
        found = 2 * (_likelihood(left, place) + _likelihood(whole - left, size - place) - _likelihood(whole, size))
        if best is None or found > best.gain:
            best = ChangePoint(place, left / place, (whole - left) / (size - place), found)
    return best if best is not None and best.gain >= gain else None


def _likelihood(total: int, size: int) -> float:
    """The part of a Poisson log likelihood that depends on the split."""
    return total * math.log(total / size) if total else 0.0
