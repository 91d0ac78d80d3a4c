"""A name as typed into one box, in plain Python, from docs/answers.md section 8: the twin of core.free_text.names."""

from __future__ import annotations

import re

from tests.core import naive_calendar

Date = tuple[int, int, int]
MONTHS = [
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"),
    *("agosto", "septiembre", "octubre", "noviembre", "diciembre", "setiembre"),
]
_BLANK = r"[ \t\n\v\f\r]"
_BEGINS = r"(?<=[ \t\n\v\f\r,;(])"
_OF = rf"(?:del?{_BLANK}+)?"
_PARTED = rf"(?:{_BLANK}|[./-])+"
_SIGN = rf"[./-]|{_BLANK}+"
_AGE = rf"(?P<age>[0-9]{{1,3}}){_PARTED}(?:a[ñÑ]os|an\u0303?os|anios)(?:{_BLANK}+del?{_BLANK}+edad)?"
_MONTH = rf"{_PARTED}{_OF}(?P<month>[a-z]{{3,}}){_PARTED}{_OF}"
_WRITTEN = rf"(?P<day>[0-9]{{1,2}}){_MONTH}(?P<year>[0-9]{{4}}|[0-9]{{2}})"
_BEFORE = rf"(?P<first>[0-9]{{1,4}})(?P<sign>{_SIGN})(?P<second>[0-9]{{1,2}})"
_NUMBERS = rf"{_BEFORE}(?P<again>{_SIGN})(?P<third>[0-9]{{1,4}})"
_MONTHS = ["(?P<of>[0-9]{1,2})[./-](?P<in>[0-9]{4})", "(?P<in>[0-9]{4})[./-](?P<of>[0-9]{1,2})"]
_FORMS = [
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in ("(?P<alone>[0-9]{4})", "(?P<joined>[0-9]{8}|[0-9]{6})", *_MONTHS, _AGE, _WRITTEN, _NUMBERS)
]
_LABEL = re.compile(
    rf"nombres?(?![^ \t\n\v\f\r:=])(?:{_BLANK}+(?:completo|y|apellidos?)(?![^ \t\n\v\f\r:=]))*{_BLANK}*[:=]?{_BLANK}*",
    re.IGNORECASE | re.ASCII,
)
_LABELS = "PASAPORTE PASSPORT PASS PAS DOCUMENTO LICENCIA LIC MOTOR CHASIS CHASSIS SERIE VIN NIV"
_KINDS = set(_LABELS.split())
_WHITE = " \t\n\v\f\r"


def free_name(text: str, this_year: int) -> tuple[str, Date]:
    """(names, birth date) of "N Chepe Ernandez Kej 14.3.85"; an age is that year of birth, this year less the age."""
    names = text.strip(_WHITE)
    label = _LABEL.match(names)
    if label and label.end() < len(names):
        names = names[label.end() :]
    if re.match(rf"[Nn]{_BLANK}", names) and len(re.findall(r"[^ \t\n\v\f\r]+", names)) >= 3:
        names = names[1:].lstrip(_WHITE)
    end = names.rstrip(_WHITE + ".,;)")
    for place in re.finditer(rf"{_BEGINS}[0-9]", end):
        date = _read(end[place.start() :], this_year)
        if date is not None:
            return end[: place.start()].rstrip(_WHITE + ",;("), date
    return names, (0, 0, 0)


def without_bare_age(text: str) -> str:
    """A name of two words or more without the two digits at its end that stand behind a comma: a guess of the age."""
    end = text.rstrip(_WHITE + ".,;)")
    found = re.fullmatch(rf"(.*?){_BLANK}*[,;|][^0-9A-Za-z\x80-\U0010ffff]*[1-9][0-9]", end, re.DOTALL)
    if found is None:
        return text
    label = _LABEL.match(found[1].lstrip(_WHITE))
    name = found[1].lstrip(_WHITE)[label.end() if label else 0 :]
    words = re.findall("[A-Za-z0-9\x80-\U0010ffff]+", name)
    return name if len(words) >= 2 and is_words_of_name(name) else text


def unread_digits(names: str, date: Date) -> bool:
    """Returns whether digits without a letter beside them are more than a number in a company's name."""
    groups = [word for word in re.findall("[A-Za-z0-9\x80-\U0010ffff]+", names) if re.fullmatch("[0-9]+", word)]
    return len(groups) > (0 if date[0] else 1) or any(len(group) > 4 for group in groups)


def is_dated_name(text: str) -> bool:
    """Words of a name, and a birth date or an age."""
    names, date = free_name(text, 2000)
    return bool(date[0]) and is_words_of_name(names)


def is_words_of_name(text: str) -> bool:
    """Words of letters, three letters or more, no digit, and at their head no word for a kind of number."""
    text = text.lstrip(_WHITE)
    letters = re.findall("[A-Za-z\x80-\U0010ffff]+", text)
    if letters and text.startswith(letters[0]) and letters[0].isascii() and letters[0].upper() in _KINDS:
        return False
    words = [len(word.encode()) for word in letters]
    return not re.search("[0-9]", text) and sum(n for n in words if n >= 2) >= 3


def _read(text: str, this_year: int) -> Date | None:
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    part = found.groupdict()
    if "alone" in part:
        return (int(part["alone"]), 0, 0) if 1800 <= int(part["alone"]) <= 2099 else None
    if digits := part.get("joined"):
        return _date(digits[:2], digits[2:4], digits[4:]) or (
            _date(digits[6:], digits[4:6], digits[:4]) if len(digits) == 8 else None
        )
    if "of" in part:
        year, month = int(part["in"]), int(part["of"])
        return (year, month, 0) if 1800 <= year <= 2099 and 1 <= month <= 12 else None
    if "age" in part:
        return (this_year - int(part["age"]), 0, 0) if 1 <= int(part["age"]) <= 130 else None
    if "month" in part:
        months = [i for i, name in enumerate(MONTHS) if name.startswith(part["month"].lower())]
        return _date(part["day"], str(months[0] % 12 + 1 if months[0] < 12 else 9), part["year"]) if months else None
    first, second, third = part["first"], part["second"], part["third"]
    blanks = not part["sign"].strip(_WHITE)
    if blanks != (not part["again"].strip(_WHITE)):
        return None
    if len(first) == 4:
        return _date(third, second, first) if len(third) <= 2 else None
    return _date(first, second, third) if not blanks or len(third) == 4 else None


def _date(day: str, month: str, year: str) -> Date | None:
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    whole = int(year) + (0 if len(year) == 4 else 2000 if int(year) <= 26 else 1900)
    date = (whole, int(month), int(day))
    if not 1800 <= whole <= 2099 or 0 in date or naive_calendar.date_problem(*date):
        return None
    return date
