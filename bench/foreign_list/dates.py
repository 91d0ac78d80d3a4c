"""Birth dates: of persons, on a list, and as an officer gives them."""

from __future__ import annotations

import datetime

from bench.foreign_list.draws import Draws

TODAY = datetime.date(2026, 11, 27)  # ages are counted from here, in every run
# How much of a birth date the list has.
ON_LIST = {"full": 70.0, "year": 18.0, "none": 12.0}
# What an officer gives besides the name.
GIVEN = {"none": 35.0, "exact": 25.0, "noisy": 40.0}
# The first is tried oftener than it comes about: it needs a day of 1 to 12.
NOISE = {
    "day_month_swapped": 25.0,
    "one_or_two_days": 14.0,
    "one_digit": 16.0,
    "digits_swapped": 12.0,
    "year_off": 16.0,
    "month_only": 10.0,
    "year_only": 10.0,
    "same_decade": 7.0,
    "unrelated": 3.0,
}
# Where births were not written down, papers say the first of January.
_NEW_YEAR = {
    "levantine": 0.04,
    "gulf": 0.06,
    "maghrebi": 0.05,
    "east_african": 0.2,
    "persian": 0.08,
    "pakistani": 0.12,
    "bengali": 0.2,
    "mayan": 0.01,
    "indian": 0.04,
}


def birth(draws: Draws, culture: str = "") -> datetime.date:
    """Returns the birth date of a person of 18 to 77, most between 25 and 50; January 1 oftener than chance for
    some."""
    age = 18 + (min(draws.below(60), draws.below(60)) + draws.below(60)) // 2
    day = TODAY - datetime.timedelta(days=age * 365 + draws.below(365))
    return day.replace(month=1, day=1) if draws.chance(_NEW_YEAR.get(culture, 0.003)) else day


def generation_apart(day: datetime.date, draws: Draws, older: bool) -> datetime.date:
    """A parent's or child's birth, 18 to 42 years away, between 1920 and 2010."""
    years = draws.between(18, 42)
    moved = day + datetime.timedelta(days=(-1 if older else 1) * (years * 365 + draws.below(365)))
    return min(max(moved, datetime.date(1920, 1, 1)), datetime.date(2010, 12, 28))


def near(day: datetime.date, draws: Draws) -> datetime.date:
    """A sibling's: one to twelve years away."""
    away = draws.between(300, 12 * 365)
    return day + datetime.timedelta(days=away if draws.chance(0.5) else -away)


def as_listed(day: datetime.date, how: str) -> str:
    """`YYYY-MM-DD`, `YYYY` or "": by a kind of ON_LIST."""
    return {"full": day.isoformat(), "year": f"{day.year:04d}", "none": ""}[how]


def noisy(day: datetime.date, draws: Draws) -> tuple[str, str]:
    """(the date as asked, the kind of NOISE that made it): `YYYY-MM-DD`, `YYYY-MM` or `YYYY`."""
    while True:
        kind = draws.weighted(NOISE)
        text = with_noise(day, kind, draws)
        if text is not None:
            return text, kind


def with_noise(day: datetime.date, kind: str, draws: Draws) -> str | None:
    """The date with that noise; None where it has none of it. What is also another, nearer kind is drawn again."""
    if kind == "month_only":
        return f"{day:%Y-%m}"
    if kind == "year_only":
        return f"{day.year:04d}"
    if kind == "day_month_swapped":
        return None if day.day > 12 or day.day == day.month else day.replace(month=day.day, day=day.month).isoformat()
    if kind == "one_or_two_days":
        return (day + datetime.timedelta(days=draws.pick((-2, -1, 1, 2)))).isoformat()
    if kind == "year_off":
        other = day.year + draws.pick((-1, 1))
        return None if (day.month, day.day) == (2, 29) else day.replace(year=other).isoformat()
    for _ in range(60):
        found = _drawn(day, kind, draws)
        if found is not None and grade(day, found) == kind:
            return found.isoformat()
    return None


def _drawn(day: datetime.date, kind: str, draws: Draws) -> datetime.date | None:
    digits = list(f"{day:%d%m%Y}")
    if kind == "one_digit":
        # The century is not mistaken: 19 and 20 are not typed digit by digit.
        place = draws.pick((0, 1, 2, 3, 6, 7))
        digits[place] = draws.pick([digit for digit in "0123456789" if digit != digits[place]])
    elif kind == "digits_swapped":
        place = draws.pick((0, 2, 6))
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
    elif kind == "same_decade":
        return _any_day(day.year - day.year % 10 + draws.below(10), draws)
    else:
        return _any_day(draws.between(1945, 2009), draws)
    text = "".join(digits)
    # A form takes no birth of the future, nor of a century ago.
    if not 1925 <= int(text[4:]) <= 2012:
        return None
    try:
        return datetime.date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


def _any_day(year: int, draws: Draws) -> datetime.date:
    return datetime.date(year, 1, 1) + datetime.timedelta(days=draws.below(365))


def grade(truth: datetime.date, asked: datetime.date) -> str:
    """The nearest kind that explains two different whole dates; "equal" for one and the same."""
    if truth == asked:
        return "equal"
    if abs((truth - asked).days) <= 2:
        return "one_or_two_days"
    if truth.year == asked.year and (truth.day, truth.month) == (asked.month, asked.day):
        return "day_month_swapped"
    if (truth.month, truth.day) == (asked.month, asked.day) and abs(truth.year - asked.year) == 1:
        return "year_off"
    one, other = f"{truth:%d%m%Y}", f"{asked:%d%m%Y}"
    differ = [n for n in range(8) if one[n] != other[n]]
    if len(differ) == 1:
        return "one_digit"
    if (
        len(differ) == 2
        and differ[1] == differ[0] + 1
        and one[differ[0]] == other[differ[1]]
        and one[differ[1]] == other[differ[0]]
    ):
        return "digits_swapped"
    return "same_decade" if truth.year // 10 == asked.year // 10 else "unrelated"
