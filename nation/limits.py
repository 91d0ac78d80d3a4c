"""The smallest and largest nation, and its date; light, for callers that need only these."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

MIN_PERSONS, MAX_PERSONS = 1_000, 21_700_000


def today_in_guatemala() -> datetime.date:
    """The default as-of: the registers' extracts are of the evening before, so a new nation is fresh."""
    return datetime.datetime.now(ZoneInfo("America/Guatemala")).date()


def check_persons(persons: int) -> int:
    """`persons`; raises ValueError with the rule when no nation is so small or so large."""
    if not MIN_PERSONS <= persons <= MAX_PERSONS:
        raise ValueError(f"{persons:,} persons: the smallest nation has {MIN_PERSONS:,}, the largest {MAX_PERSONS:,}")
    return persons
