"""The deliveries of each institution: the day and year of each file, and the events known on that day."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nation import days
from nation.incidents.happening import Happened, outage_days
from nation.incidents.kinds import OUTAGE_DEPARTMENT

_MONTHLY_YEARS = 2  # the newest: a file each month; older ones are delivered in January and revised in July


class Delivery(NamedTuple):
    """The file of one year, handed over on one day."""

    year: int
    day: datetime.date


def police_deliveries(as_of: datetime.date, first_year: int) -> list[Delivery]:
    """Returns the deliveries of the police, oldest first."""
    found = []
    for year in range(first_year, as_of.year + 1):
        if year > as_of.year - _MONTHLY_YEARS:
            days_of = [datetime.date(year + month // 12, month % 12 + 1, 5) for month in range(1, 13)]
            days_of += [as_of - datetime.timedelta(1)] if year == as_of.year else []
        else:
            days_of = [datetime.date(year + 1, 1, 15)]
        days_of.append(datetime.date(year + 1, 7, 15))
        found += [Delivery(year, day) for day in sorted(set(days_of)) if day < as_of]
    return found


def yearly_deliveries(as_of: datetime.date, first_year: int, month: int) -> list[Delivery]:
    """One a year, in a month of the next one; and what there is of the years that are not due yet."""
    found = []
    for year in range(first_year, as_of.year + 1):
        due = datetime.date(year + 1, month, 20)
        found.append(Delivery(year, due if due < as_of else as_of - datetime.timedelta(1)))
    return found


def known_to_police(happened: Happened, delivery: Delivery) -> npt.NDArray[np.int64]:
    """Rows of events of the year that the police's register held on the day before the delivery."""
    event = happened.event
    first, last = (days.number(datetime.date(delivery.year + plus, 1, 1)) for plus in (0, 1))
    until = days.number(delivery.day)
    begins, ends = outage_days(happened.as_of)
    lost = (event["municipality"] // 100 == OUTAGE_DEPARTMENT) & (event["day"] >= begins) & (event["day"] < ends)
    known = (event["day"] >= first) & (event["day"] < last) & (event["reported"] < until) & ~lost
    return np.flatnonzero(known)


def municipality_as_known(happened: Happened, rows: npt.NDArray[np.int64], day: datetime.date) -> npt.NDArray[np.int64]:
    """The municipality of these events as the register had it on a day: some are corrected later."""
    event = happened.event
    wrong = event["corrected"][rows] >= days.number(day)
    return np.where(wrong, event["wrong_municipality"][rows], event["municipality"][rows])
