"""The validity of a certificate: six months by the calendar, to the end of the last day in Guatemala."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, timezone

MONTHS = 6
GUATEMALA = timezone(timedelta(hours=-6))  # no daylight saving time


def last_day(issued: datetime) -> date:
    """The same day six months later, or that month's last: issued on 31 August, valid until the end of February."""
    day = issued.astimezone(GUATEMALA).date()
    months = day.month - 1 + MONTHS
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def end_of(day: date) -> datetime:
    """The first instant after a day in Guatemala, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), GUATEMALA).astimezone(UTC)
