"""How complete a source is: days that its register lost, and how many deliveries a week needs to be all but whole.

An outage is a run of days without any record of a department where chance would have left one in a million such runs
empty: EXPECTED_IN_A_GAP or more were to be expected (Poisson, e^-14), by the days on both sides of it, eight weeks or
twice its length, less two standard deviations of what those days had.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EXPECTED_IN_A_GAP = 14.0
_NEIGHBOUR_DAYS = 56
_COMPLETE = 0.95
_MATURE_DAYS = 270
_FEWEST = 30  # units of a municipality, for a figure of its own
FREQUENT = 6  # deliveries of a year: fewer tell nothing of how late reports come


class Gap(NamedTuple):
    """Days [first_day, after_day) without any record, where `expected` were to be expected."""

    department: str
    first_day: datetime.date
    after_day: datetime.date
    expected: float


def find_gaps(department: str, counts: npt.NDArray[np.int64], first_day: datetime.date) -> list[Gap]:
    """Gaps of one department from its counts a day, beginning on first_day."""
    found = []
    for start, end in _zero_runs(counts):
        width = max(_NEIGHBOUR_DAYS, 2 * (end - start))
        around = np.concatenate((counts[max(0, start - width) : start], counts[end : end + width]))
        seen = int(around.sum())
        if not seen:
            continue
        share = (end - start) / len(around)
        if (seen - 2 * math.sqrt(seen)) * share >= EXPECTED_IN_A_GAP:
            day = datetime.timedelta(1)
            found.append(Gap(department, first_day + start * day, first_day + end * day, round(seen * share, 1)))
    return found


def _zero_runs(counts: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    zero = np.concatenate(([0], (counts == 0).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(zero))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


class Known(NamedTuple):
    """Units of a municipality and week that became known with one delivery."""

    municipality: str
    week_end: datetime.date
    known_from: datetime.date
    n: int


def needed_deliveries(
    known: Sequence[Known], deliveries: Sequence[datetime.date], last: datetime.date
) -> dict[str, int]:
    """Municipality -> how many deliveries after a week's end until 95 % of it are known; "" = the whole source.

    Of weeks old enough that what is late has come. Empty where no week is. A share below 95 % counts where it is so by
    more than two standard deviations: of thirty units three late ones are chance.
    """
    by_place: dict[str, dict[int, int]] = {"": {}}
    ordered = sorted(deliveries)
    for each in known:
        if (last - each.week_end).days < _MATURE_DAYS:
            continue
        after = sum(each.week_end < day <= each.known_from for day in ordered)
        for place in (each.municipality, ""):
            counts = by_place.setdefault(place, {})
            counts[after] = counts.get(after, 0) + each.n
    return {
        place: _needed(counts)
        for place, counts in by_place.items()
        if sum(counts.values()) >= (_FEWEST if place else 1)
    }


def _needed(counts: dict[int, int]) -> int:
    whole, so_far = sum(counts.values()), 0
    for after in sorted(counts):
        so_far += counts[after]
        if so_far >= _COMPLETE * whole - 2 * math.sqrt(_COMPLETE * (1 - _COMPLETE) * whole):
            return max(1, after)
    return max(counts)
