"""Days and partial dates of the Guatemalan calendar (docs/answers.md sections 1 and 3).

A day is days since 1970-01-01. A partial date is (year, month, day) with 0 for each unknown part.
"""

from typing import Literal

def day_of(year: int, month: int, day: int) -> int:
    """Day number of a whole date. Raises ValueError when the date is not whole or does not exist."""

def date_of(day: int) -> tuple[int, int, int]:
    """(year, month, day) of a day number, proleptic Gregorian. Raises OverflowError beyond 32 bits."""

def date_problem(year: int, month: int, day: int) -> Literal["year", "month", "day"] | None:
    """Returns the first part of a partial date that breaks a rule; None when it is valid.

    Year 0 or 1000 to 9999, month 0 to 12, day 0 to the month's last (29 for February of an unknown year, 31 for an
    unknown month).
    """

def compare_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    """ronda.v1 Agreement of two valid birth dates (docs/answers.md section 3): 1 AGREES, 2 DISAGREES, 3 UNKNOWN."""

GRADES: tuple[str, ...]

def grade_of_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int]) -> str:
    """Returns how near two valid birth dates are, one of GRADES (docs/names.md, "Persons")."""

def age_on(birth_date: tuple[int, int, int], today: int) -> int | None:
    """Returns whole years from birth date to day `today`; None when the date is not whole or valid, or after today."""

def guatemala_day(clock_ms: int) -> int:
    """Today in Guatemala (UTC-6, no daylight saving) for a clock in UTC milliseconds.

    Raises OverflowError beyond 64 bits.
    """
