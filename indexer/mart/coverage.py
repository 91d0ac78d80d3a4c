"""Measures how complete a source is: days that its register lost, and the deliveries until a week is all but whole.

An outage is a run of days without any record of a department, or of a municipality, that chance would leave empty once
in a million such runs: EXPECTED_IN_A_GAP or more were to be expected (Poisson, e^-14). The expectation comes from the
days on both sides of it, eight weeks or twice its length, less two standard deviations of those days. Days go on until
the last delivery, with any content: a register that is silent to the end has lost its last days. A run that begins
while reports still come in anyway, and lasts to the end, is none: its missing days are provisional.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.mart.vocabulary import TOWN_UNKNOWN

EXPECTED_IN_A_GAP = 14.0
_NEIGHBOUR_DAYS = 56
_FEWEST_NEIGHBOURS = 28  # days beside a run: fewer do not say what was to be expected
_COMPLETE = 0.95
_MATURE_DAYS = 270
_FEWEST = 30  # units of a municipality, for a figure of its own
FREQUENT = 6  # deliveries of a year: fewer tell nothing of how late reports come

Counts = npt.NDArray[np.int64]
_DAY = datetime.timedelta(1)


class Gap(NamedTuple):
    """Days [first_day, after_day) without any record, with `expected` records to be expected.

    place: a department or a municipality. share, country_share: its part of its department's events, and of the
    country's. 1 = all, because a department's gap counts as one of the country at any size.
    """

    place: str
    first_day: datetime.date
    after_day: datetime.date
    expected: float
    share: float = 1.0
    country_share: float = 1.0


def gaps_of_places(
    towns: Mapping[str, Counts], first_day: datetime.date, complete_before: Callable[[str], datetime.date]
) -> list[Gap]:
    """Returns the gaps of all departments, and of municipalities that lost other days than their department.

    towns: municipality -> its counts a day, all of one length. complete_before: returns for a place the day before
    which reports have all but come in.
    """
    departments: dict[str, Counts] = {}
    for town, counts in towns.items():
        departments[town[:2]] = departments.get(town[:2], np.zeros_like(counts)) + counts
    found: list[Gap] = []
    for department, counts in sorted(departments.items()):
        found += _told_by_silence(find_gaps(department, counts, first_day), len(counts), first_day, complete_before)
    of_departments = list(found)
    country = sum(int(counts.sum()) for counts in departments.values())
    for town, counts in sorted(towns.items()):
        if town.endswith(TOWN_UNKNOWN) or int(counts.sum()) < EXPECTED_IN_A_GAP:
            continue
        share = int(counts.sum()) / int(departments[town[:2]].sum())
        of_country = int(counts.sum()) / country
        own = _told_by_silence(find_gaps(town, counts, first_day), len(counts), first_day, complete_before)
        found += [
            gap._replace(share=round(share, 4), country_share=round(of_country, 4))
            for gap in own
            if not any(_within(gap, other) for other in of_departments)
        ]
    return found


def _told_by_silence(
    gaps: list[Gap], days: int, first_day: datetime.date, complete_before: Callable[[str], datetime.date]
) -> list[Gap]:
    """Returns the gaps without those to the end of all days that begin while reports still come in."""
    end = first_day + days * _DAY
    return [gap for gap in gaps if gap.after_day < end or gap.first_day < complete_before(gap.place)]


def _within(town: Gap, department: Gap) -> bool:
    """Returns whether its department lost most of a municipality's days."""
    common = min(town.after_day, department.after_day) - max(town.first_day, department.first_day)
    return town.place[:2] == department.place and 2 * common > town.after_day - town.first_day


def find_gaps(place: str, counts: Counts, first_day: datetime.date) -> list[Gap]:
    """Gaps of one place from its counts a day, beginning on first_day."""
    zero = np.concatenate(([0], (counts == 0).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(zero))
    start, end = edges[::2], edges[1::2]
    width = np.maximum(_NEIGHBOUR_DAYS, 2 * (end - start))
    before, after = np.maximum(0, start - width), np.minimum(len(counts), end + width)
    until = np.concatenate(([0], np.cumsum(counts)))
    seen = until[start] - until[before] + until[after] - until[end]
    around = (start - before) + (after - end)
    share = (end - start) / np.maximum(around, 1)
    enough = (seen - 2 * np.sqrt(seen)) * share >= EXPECTED_IN_A_GAP
    lost = np.flatnonzero(enough & (around >= _FEWEST_NEIGHBOURS))
    return [
        Gap(
            place,
            first_day + int(start[n]) * _DAY,
            first_day + int(end[n]) * _DAY,
            round(float(seen[n] * share[n]), 1),
        )
        for n in lost
    ]


class Known(NamedTuple):
    """Units of a municipality and week that became known with one delivery."""

    municipality: str
    week_end: datetime.date
    known_from: datetime.date
    n: int


def needed_deliveries(
    known: Sequence[Known], deliveries: Sequence[datetime.date], last: datetime.date
) -> dict[str, int]:
    """Municipality or department -> how many deliveries after a week's end until 95 % of it are known; "" = the whole
    source.

    Of weeks old enough that what is late has come. Empty where no week is. A share below 95 % counts where it is so by
    more than two standard deviations: of thirty units three late ones are chance.
    """
    by_place: dict[str, dict[int, int]] = {"": {}}
    ordered = sorted(deliveries)
    for each in known:
        if (last - each.week_end).days < _MATURE_DAYS:
            continue
        after = sum(each.week_end < day <= each.known_from for day in ordered)
        for place in (each.municipality, each.municipality[:2], ""):
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
