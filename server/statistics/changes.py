"""Decides whether a figure has changed from the year before, beyond the chance variation of counts.

z = 2 (sqrt(now) - sqrt(before)), over its standard deviation: sqrt(2) for two Poisson counts (Anscombe 1948: 2 sqrt(n)
has a variance of about one), and more for small figures because of rounding to five. Beyond the limit of 3 lie some 0.3
% of cells that have not changed. Undivided, as in many handbooks, 3.4 % would. Weeks: server/statistics/charts.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ronda.v1.statistics_service_pb2 import ChangeState

LIMIT = 3.0
METHOD = (
    "Cambio contra un año antes: z = 2(√ahora − √antes) sobre su desviación típica; se afirma si |z| > 3: por azar, "
    "unas 3 de cada 1000 celdas probadas."
)
_ROUNDING = 4.0  # mean variance of a figure's rounding to a multiple of five


def score(now: int, before: int) -> float:
    """z of two figures, as they are shown, of periods of one length, in standard deviations."""
    mean = max((now + before) / 2, 1.0)
    return 2 * (math.sqrt(now) - math.sqrt(before)) / math.sqrt(2 * (1 + _ROUNDING / mean))


def state_of(z: float) -> ChangeState:
    """Returns the state for a score."""
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
    """Returns the most likely change of a Poisson series' mean; None if no split gains enough.

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
