"""The content of one cell of a published file. Each distinct text of a column is read once, so this is plain Python.

A reader takes the text (None = empty) and returns its value, or raises Unreadable with the rule that it breaks.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from core.mart.vocabulary import NOWHERE, TOWN_UNKNOWN, age_band

NULL_WORDS = {"", "N A", "NA", "NULL", "SIN DATO", "SIN DATOS", "IGNORADO", "IGNORADA", "NO REGISTRADO", "S D"}
_SPREADSHEET_ZERO = datetime.date(1899, 12, 30)
_MOST_COUNT = 10_000_000  # of one row: over it, it is a total or a slip


class Unreadable(Exception):
    """A cell that says nothing: the rule it breaks, never its value."""


def fold(text: str) -> str:
    """Capitals without accents, one blank between words: how headers, offences and words are compared."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[A-Z0-9]+", plain.upper()))


def said(text: str | None) -> str | None:
    """The text, or None where it says that nothing is known."""
    if text is None:
        return None
    stripped = text.strip()
    return None if fold(stripped) in NULL_WORDS or stripped == "-1" else stripped


def whole_number(text: str) -> int | None:
    """An integer as people and spreadsheets write it: 1234, 1,234, 1234.0; None = it is none, or has over 15 digits."""
    found = re.fullmatch(r"(-?\d{1,3}(?:,\d{3}){1,4}|-?\d{1,15})(?:\.0{1,15})?", text.strip())
    return int(found[1].replace(",", "")) if found else None


def read_day(text: str | None) -> datetime.date:
    """A date: 2025-03-07, with a time or not; 07/03/2025; 45723 as spreadsheets count. Raises Unreadable."""
    words = said(text)
    if words is None:
        raise Unreadable("date_missing")
    try:
        if re.match(r"\d{4}-\d{2}-\d{2}(?!\d)", words):
            return datetime.date.fromisoformat(words[:10])
        if found := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?", words):
            return datetime.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        raise Unreadable("date_impossible") from None
    number = re.fullmatch(r"(\d{5})(?:\.\d+)?", words)
    if number and 20_000 < int(number[1]) < 80_000:  # 1954 to 2119
        return _SPREADSHEET_ZERO + datetime.timedelta(int(number[1]))
    raise Unreadable("date_unreadable")


def read_parts(year: str | None, month: str | None, day: str | None) -> datetime.date:
    """A date in columns of its own; without a day the first of its month. Raises Unreadable."""
    parts = [whole_number(part) if (part := said(each)) else None for each in (year, month, day)]
    if parts[0] is None or parts[1] is None:
        raise Unreadable("date_missing")
    try:
        return datetime.date(parts[0], parts[1], parts[2] or 1)
    except (ValueError, OverflowError):
        raise Unreadable("date_impossible") from None


def read_hour(text: str | None) -> int | None:
    """0 to 23: 14, 14:35, 14h, 0.6042 of a day. Raises Unreadable."""
    words = said(text)
    if words is None:
        return None
    if found := re.fullmatch(r"(\d{1,2})(?:[:hH]\d{0,2}(?::\d{2})?(?:\.\d+)?)?(?: ?horas?)?", words):
        if int(found[1]) < 24:
            return int(found[1])
    elif found := re.fullmatch(r"0?\.\d+", words):
        return int(float(words) * 24 + 1e-6)
    elif (number := whole_number(words)) is not None and 0 <= number < 24:
        return number
    raise Unreadable("hour_impossible")


def read_count(text: str | None) -> int:
    """Returns the number of events that a row stands for. Raises Unreadable."""
    words = said(text)
    if words and re.fullmatch(r"-?\d{1,3}\.000", words):  # a thousand, or one with three decimals
        raise Unreadable("count_ambiguous")
    number = whole_number(words) if words else None
    if number is None:
        raise Unreadable("count_unreadable")
    if number < 0:
        raise Unreadable("count_negative")
    if number > _MOST_COUNT:
        raise Unreadable("count_too_large")
    return number


def read_small(text: str | None, most: int = 999) -> int | None:
    """A small number: suspects, a zone. Raises Unreadable."""
    words = said(text)
    if words is None:
        return None
    number = whole_number(words)
    if number is None or not 0 <= number <= most:
        raise Unreadable("number_impossible")
    return number


def read_zone(text: str | None) -> int | None:
    """A zone of a town, 1 to 99; 0 = it has none. Raises Unreadable."""
    words = said(text)
    number = read_small(re.sub(r"(?i)^\s*zona\s*", "", words) if words else None, 99)
    return number or None


def read_age(text: str | None) -> str | None:
    """The band of an age in years; 999 and the like are unknown. Raises Unreadable."""
    words = said(text)
    if words is None:
        return None
    number = whole_number(words)
    if number in (99, 999, 9999):
        return None
    if number is None or not 0 <= number <= 120:
        raise Unreadable("age_impossible")
    return age_band(number)


@cache
def _code(text: str, digits: int) -> str | None:
    number = whole_number(text.strip())
    return None if number is None or number < 0 or len(str(number)) > digits else f"{number:0{digits}}"


class Places:
    """Reads municipalities: codes with and without their zeros, halves, names of departments."""

    def __init__(self, municipalities: Mapping[str, str], departments: Mapping[str, str]) -> None:
        """municipalities, departments: code -> name."""
        self._known = municipalities
        self._departments = {fold(name): code for code, name in departments.items()}
        self._codes = set(departments)

    def whole(self, text: str | None) -> str:
        """The four digits of 0101, 101, 101.0; without a value 0000. Raises Unreadable."""
        words = said(text)
        return self._checked(_code(words, 4)) if words else NOWHERE + TOWN_UNKNOWN

    def halves(self, department: str | None, town: str | None) -> str:
        """The same from department (code or name) and number of the town; a town's full code is taken too."""
        first, second = said(department), said(town)
        if first is None:
            return self.whole(second)
        code = self._departments.get(fold(first)) or _code(first, 2)
        if code not in self._codes:
            raise Unreadable("department_unknown")
        if second is None:
            return code + TOWN_UNKNOWN
        whole = _code(second, 4)
        if whole is not None and whole.startswith("00"):
            return self._checked(code + whole[2:])
        if whole is not None and whole[:2] != code:
            raise Unreadable("municipality_of_another_department")
        return self._checked(whole)

    def _checked(self, code: str | None) -> str:
        if code is None:
            raise Unreadable("municipality_unreadable")
        if code[2:] == TOWN_UNKNOWN and code[:2] in self._codes | {NOWHERE}:
            return code
        if code not in self._known:
            raise Unreadable("municipality_unknown")
        return code


def word_reader(words: Mapping[str, str]) -> Callable[[str | None], str | None]:
    """A reader of the texts that a manifest maps to codes."""
    known = {fold(text): code or None for text, code in words.items()}

    def read(text: str | None) -> str | None:
        found = said(text)
        if found is None:
            return None
        folded = fold(found)
        if folded not in known:
            raise Unreadable("value_unknown")
        return known[folded]

    return read


Reader = Callable[..., Any]
