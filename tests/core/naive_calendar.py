"""docs/answers.md sections 1 and 3 in plain Python, written from the text: the twin of core.calendar."""

from __future__ import annotations

from datetime import date, timedelta

AGREES, DISAGREES, UNKNOWN = 1, 2, 3
EPOCH = date(1970, 1, 1)

Date = tuple[int, int, int]


def date_problem(year: int, month: int, day: int) -> str | None:
    if (year != 0 and len(str(year)) != 4) or year < 0:
        return "year"
    if month not in range(13):
        return "month"
    if day == 0:
        return None
    possible = [m for m in range(1, 13) if month in (0, m)]
    for m in possible:
        try:
            date(year or 2000, m, day)
        except ValueError:
            continue
        return None
    return "day"


def is_whole(a: Date) -> bool:
    return all(a) and date_problem(*a) is None


def day_of(year: int, month: int, day: int) -> int:
    if not is_whole((year, month, day)):
        raise ValueError("no whole date of the calendar")
    return (date(year, month, day) - EPOCH).days


def date_of(day: int) -> Date:
    found = EPOCH + timedelta(days=day)
    return found.year, found.month, found.day


def compare_birth_dates(a: Date, b: Date) -> int:
    if not a[0] or not b[0] or min(a[0], b[0]) <= 1900:
        return UNKNOWN
    if a == b and all(a):
        return AGREES
    whole = all(a) and all(b) and noise(a, b)
    a, b = _without_new_years_day(a), _without_new_years_day(b)
    known = [(x, y) for x, y in zip(a, b, strict=True) if x and y]
    if all(x == y for x, y in known):
        return UNKNOWN
    if abs(a[0] - b[0]) == 1 and all(x == y for x, y in known[1:]):
        return UNKNOWN
    return UNKNOWN if whole else DISAGREES


def _without_new_years_day(a: Date) -> Date:
    """1 January says its year alone: registers write it where the day is not known."""
    return (a[0], 0, 0) if a[1:] == (1, 1) else a


def noise(a: Date, b: Date) -> str:
    """Returns how one whole date may have been written for another; "" = it can't."""
    if (a[0], a[2], a[1]) == b or (abs(a[0] - b[0]) == 1 and a[1:] == b[1:]):
        return "year or swap"
    if f"{a[0]:04d}"[2:] == f"{b[0]:04d}"[2:] and a[1:] == b[1:]:
        return "year or swap"
    if abs(day_of(*a) - day_of(*b)) <= 2:
        return "days"
    texts = [(f"{x:0{n}d}", f"{y:0{n}d}") for x, y, n in zip(a, b, (4, 2, 2), strict=True) if x != y]
    return "digit" if len(texts) == 1 and _one_slip(*texts[0]) else ""


def _one_slip(a: str, b: str) -> bool:
    """One digit is another, or two neighbours changed places."""
    swapped = (a[:i] + a[i + 1] + a[i] + a[i + 2 :] for i in range(len(a) - 1))
    return sum(x != y for x, y in zip(a, b, strict=True)) == 1 or b in swapped


def grade(a: Date, b: Date) -> str:
    """Returns how near two birth dates are (docs/names.md, "Persons")."""
    if not a[0] or not b[0]:
        return "none"
    decade = a[0] // 10 == b[0] // 10
    if all(a) and all(b):
        return _whole_grade(a, b, decade)
    if min(a[0], b[0]) <= 1900:
        return "none"
    fits = all(x == y for x, y in zip(a[1:], b[1:], strict=True) if x and y)
    if a[0] == b[0]:
        return ("month known" if a[1] and b[1] else "year known") if fits else "part differs"
    if fits and abs(a[0] - b[0]) == 1:
        return "year near"
    return "part decade" if decade else "part else"


def _whole_grade(a: Date, b: Date, decade: bool) -> str:
    century = a[1:] == b[1:] and a[0] % 100 == b[0] % 100
    if min(a[0], b[0]) <= 1900:
        return "century" if century and a != b else "none"
    if a == b:
        return "equal"
    if (a[0], a[2], a[1]) == b:
        return "swapped"
    if a[1:] == b[1:] and abs(a[0] - b[0]) == 1:
        return "year off"
    if century:
        return "century"
    if abs(day_of(*a) - day_of(*b)) <= 2:
        return "days"
    if noise(a, b) == "digit":
        [(x, y)] = [(f"{x:04d}", f"{y:04d}") for x, y in zip(a, b, strict=True) if x != y]
        return "digit" if sum(c != d for c, d in zip(x, y, strict=True)) == 1 else "digits swapped"
    if a[1:] == b[1:]:
        return "day alone"
    if a[0] == b[0]:
        return "year alone"
    return "decade" if decade else "else"


def age_on(birth_date: Date, today: int) -> int | None:
    if not is_whole(birth_date) or day_of(*birth_date) > today:
        return None
    year, month, day = date_of(today)
    return year - birth_date[0] - ((month, day) < birth_date[1:])


def guatemala_day(clock_ms: int) -> int:
    return (clock_ms // 1000 - 21600) // 86400
