"""Dates in another format than the register's, and validity of dates in part unknown, in plain Python."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from tests.core import naive_calendar

Date = tuple[int, int, int]
_MONTHS = "ENERO FEBRERO MARZO ABRIL MAYO JUNIO JULIO AGOSTO SEPTIEMBRE OCTUBRE NOVIEMBRE DICIEMBRE"
MONTHS = _MONTHS.split()
NAMES = {name: i for i, name in enumerate(MONTHS, 1)} | {name[:3]: i for i, name in enumerate(MONTHS, 1)}
NAMES |= {"SETIEMBRE": 9, "SET": 9}
ANY_DAY = 32767
NOTHING: Date = (0, 0, 0)


def exists(date: Date) -> bool:
    return (date[0] == 0 or 1000 <= date[0] <= 9999) and not naive_calendar.date_problem(*date)


def month_first(formats: Sequence[str]) -> bool:
    return any(re.fullmatch("mm.?dd.?yyyy", form) for form in formats)


def other_date(text: str, birth: bool, months_first: bool) -> Date | None:
    """The one reading of a date that no format fits; NOTHING for zeros; None when there is none."""
    if ":" in text:
        timed = re.fullmatch(r"(.*)[ T]\d+:[^:].*", text, re.ASCII | re.DOTALL)
        if timed is None or ":" in timed[1] or not re.search(r"[0-9]$", text) or text[-3] in "+-":
            return None
        text = timed[1]
    words = [w for w in re.findall("[0-9]+|[A-Za-z]+|[^0-9A-Za-z./ -]+", text) if w.upper() not in ("DE", "DEL")]
    if len(words) > 3:
        return None
    numbers = []
    for word in words:
        if not re.fullmatch("[0-9]{1,8}", word) and word.upper() not in NAMES:
            return None
        numbers.append((int(word), len(word)) if word.isdigit() else (NAMES[word.upper()], 0))
    found = _of_numbers(numbers, birth, months_first)
    return found if found is not None and exists(found) else None


def _of_numbers(numbers: list[tuple[int, int]], birth: bool, months_first: bool) -> Date | None:
    lengths = [digits for _, digits in numbers]
    values = [value for value, _ in numbers]
    if len(numbers) == 1:
        return _alone(values[0], lengths[0])
    if len(numbers) == 2:
        if lengths[1] == 4 and lengths[0] <= 2:
            return (values[1], values[0], 0)
        return (values[0], values[1], 0) if lengths[0] == 4 and 1 <= lengths[1] <= 2 else None
    if len(numbers) != 3 or lengths[0] == 0:
        return None
    if lengths[0] == 4 and lengths[1] <= 2 and 1 <= lengths[2] <= 2:
        return (values[0], values[1], values[2])
    if lengths[0] > 2 or lengths[1] > 2 or lengths[2] not in (2, 4):
        return None
    year = values[2]
    if lengths[2] == 2:
        year += 2000 if year <= (26 if birth else 69) else 1900
    day, month = values[:2]
    if lengths[1] == 0:
        return (year, month, day)
    if months_first:
        day, month = month, day
    return (year, month, day) if exists((year, month, day)) else (year, day, month)


def _alone(value: int, digits: int) -> Date | None:
    if digits == 4 and 1900 <= value <= 2099:
        return (value, 0, 0)
    if digits == 5 and dt.date(1910, 1, 1) <= (day := dt.date(1899, 12, 30) + dt.timedelta(value)) <= dt.date(
        2099, 12, 31
    ):
        return (day.year, day.month, day.day)
    if digits == 8:
        ways = [
            (value // 10000, value // 100 % 100, value % 100),
            (value % 10000, value // 10000 % 100, value // 1000000),
        ]
        good = [way for way in ways if 1900 <= way[0] <= 2099 and exists(way)]
        return good[0] if len(good) == 1 else None
    return None


def bounds(date: Date) -> tuple[int, int]:
    """First and last day that a date with a year may be."""
    year, month, day = date
    first = dt.date(year, month or 1, day or 1)
    if day:
        last = dt.date(year, month or 12, day)
    else:
        last = dt.date(year, 12, 31) if month in (0, 12) else dt.date(year, month + 1, 1) - dt.timedelta(1)
    epoch = dt.date(1970, 1, 1)
    return (first - epoch).days, (last - epoch).days


def validity(begins: Date | None, ends: Date | None) -> tuple[int | None, int | None, int, int]:
    """Earliest first and latest last day, and by how much each may be otherwise. None = it could not be read."""
    first = last = None
    first_span = last_span = 0
    if begins is None or (any(begins) and not begins[0]):
        first_span = ANY_DAY
    elif begins[0]:
        first, sure_from = bounds(begins)
        first_span = sure_from - first
    if ends is None or (any(ends) and not ends[0]):
        last_span = ANY_DAY
    elif ends[0]:
        sure_to, last = bounds(ends)
        last_span = last - sure_to
    if first is not None and last is not None and last < first:
        return last - last_span, first + first_span, ANY_DAY, ANY_DAY
    return first, last, first_span, last_span
