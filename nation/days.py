"""Days as numbers (days since 1970-01-01) and their texts, a whole column at a time."""

from __future__ import annotations

import datetime
from functools import cache

import numpy as np
import numpy.typing as npt

from nation.columns import DATE, Column, array

Days = npt.NDArray[np.int32]

NO_DAY = -(2**31)  # unknown, in day columns
YEAR = 365.25
_FIRST = datetime.date(1890, 1, 1)
_LAST = datetime.date(2075, 12, 31)
EPOCH = datetime.date(1970, 1, 1)
_OFFSET = (_FIRST - EPOCH).days

ISO = "%Y-%m-%d"
SLASHED = "%d/%m/%Y"
COMPACT = "%d%m%Y"
YEAR_FIRST = "%Y%m%d"


def number(day: datetime.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def date(day: int) -> datetime.date:
    """The date of a day number."""
    return EPOCH + datetime.timedelta(days=int(day))


def text(day: int, form: str) -> str | None:
    """One day as text; None = unknown."""
    return None if day == NO_DAY else date(day).strftime(form)


@cache
def _texts(form: str) -> Column:
    count = (_LAST - _FIRST).days + 1
    return array([(_FIRST + datetime.timedelta(days=i)).strftime(form) for i in range(count)])


def texts(days: Days, form: str) -> Column:
    """A column of days as text, null where unknown. Days lie in 1890 to 2075."""
    return _texts(form).take(array(days.astype(np.int64) - _OFFSET, mask=days == NO_DAY))


def dates(days: Days) -> Column:
    """A column of days as date32, null where unknown."""
    return array(days, mask=days == NO_DAY).cast(DATE)


@cache
def _years() -> npt.NDArray[np.int32]:
    every = np.arange(_OFFSET, _OFFSET + (_LAST - _FIRST).days + 1).astype("datetime64[D]")
    return (every.astype("datetime64[Y]").astype(np.int32) + 1970).astype(np.int32)


def years(days: Days) -> npt.NDArray[np.int32]:
    """Calendar years of known days."""
    return _years()[days - _OFFSET]
