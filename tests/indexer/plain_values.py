"""Values of a manifest in plain Python, from docs/manifests.md: cells, code maps, dates, numbers, conditions."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from indexer.manifest.model import Manifest
from indexer.manifest.sources import Source
from indexer.manifest.values import Condition, Flag, Value
from tests.core.standardise import naive_dates

CELL_MAX = 4096
INT_MAX = 2**31 - 1
SPACE = "[ \t\n\v\f\r\xa0]"
# What parts words as white space does, and what vanishes.
CONTROL = "[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029]"
HIDDEN = (
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

Date = tuple[int, int, int]
BAD = "bad"


class Unknown(NamedTuple):
    """A text that the code map lacks, as written."""

    text: str


class Row:
    """One row and how its source is read."""

    def __init__(self, manifest: Manifest, source: Source, cells: Mapping[str, str | None], number: int) -> None:
        self.manifest, self.source, self.number = manifest, source, number
        self.cells = {name: self._cell(text) for name, text in cells.items()}

    def _cell(self, text: str | None) -> str | None:
        if text is None:
            return None
        text = re.sub(f"^{SPACE}+|{SPACE}+$", "", text)
        if len(text.encode()) > CELL_MAX:
            return None
        text = re.sub(f"({SPACE}|{CONTROL})+", " ", re.sub(HIDDEN, "", text)).strip(" ")
        return None if text == "" or text in self.source.null_words else text

    def raw(self, value: Value) -> str | None:
        """Before the code map."""
        if value.const is not None:
            return value.const or None
        parts = [self.cells[name] for name in value.origin]
        found = [part for part in parts if part is not None]
        if not found:
            return None
        if len(value.origin) > 1 and sum(len(part.encode()) + len(value.join.encode()) for part in found) > CELL_MAX:
            return None
        return value.join.join(found)

    def coded(self, value: Value | None) -> str | Unknown | None:
        if value is None:
            return None
        raw = self.raw(value)
        if value.codes is None:
            return raw
        codes = self.manifest.codes[value.codes]
        for code, meant in codes.items():
            if same_word(code) == same_word(raw or ""):
                return meant or None
        return None if raw is None else Unknown(raw)

    def text(self, value: Value | None) -> str | None:
        """A code that its map lacks stays as written."""
        found = self.coded(value)
        return found.text if isinstance(found, Unknown) else found

    def date(self, value: Value | None, birth: bool = False) -> Date | str | None:
        found = self._date(value, birth)
        return None if birth and isinstance(found, tuple) and found[0] > LAST_BIRTH_YEAR else found

    def _date(self, value: Value | None, birth: bool) -> Date | str | None:
        text = self.text(value)
        if text is None:
            return None
        found = parse_date(text, self.source)
        if found != BAD:
            return found
        other = naive_dates.other_date(text, birth, naive_dates.month_first(self.source.date_formats))
        if other is None:
            return None if naive_dates.tells_no_date(text) else BAD
        return None if other == (0, 0, 0) or other in null_dates(self.source) else other

    def is_turned(self, value: Value | None) -> bool:
        """Returns whether only the other order than the source's gives the birth date."""
        text = self.text(value)
        months_first = naive_dates.month_first(self.source.date_formats)
        unread = text is not None and parse_date(text, self.source) == BAD
        return text is not None and unread and naive_dates.is_turned(text, True, months_first)

    def whole_number(self, value: Value | None) -> int | str | Unknown | None:
        found = self.coded(value)
        if not isinstance(found, str):
            return found
        if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", found):
            return BAD
        number = int(found.split(".")[0])
        return number if abs(number) <= INT_MAX else BAD

    def centavos(self, value: Value) -> int | str | Unknown | None:
        found = self.coded(value)
        if not isinstance(found, str):
            return found
        text = re.sub(r"^[Qq][ .]*", "", found)
        match = re.fullmatch(r"([+-]?)([0-9][0-9,]*)(?:\.([0-9]*))?", text)
        if match is None:
            return BAD
        whole = int(match[2].replace(",", ""))
        if whole > INT_MAX:
            return BAD
        amount = whole * 100 + int(((match[3] or "") + "00")[:2])
        return BAD if amount > INT_MAX else amount * (-1 if match[1] == "-" else 1)

    def holds(self, condition: Condition) -> bool:
        cell = self.cells[condition.column]
        if condition.present is not None:
            return (cell is not None) == condition.present
        if condition.in_ is not None:
            return cell is not None and same_word(cell) in map(same_word, condition.in_)
        assert condition.not_in is not None
        return cell is None or same_word(cell) not in map(same_word, condition.not_in)

    def untold(self, condition: Condition) -> bool:
        """A list that does not tell: the cell is null, or in neither list."""
        cell = self.cells[condition.column]
        if condition.in_ is None or cell is None:
            return condition.in_ is not None
        known = condition.in_ + (condition.others or ())
        return condition.others is not None and same_word(cell) not in map(same_word, known)

    def certificate_untold(self, flag: Flag) -> bool:
        """Returns whether the cell does not tell what a certificate may show."""
        if isinstance(flag, bool) or flag.in_ is None:
            return False
        listed, cell = {same_word(word) for word in flag.in_}, self.cells[flag.column]
        others = {same_word(word) for word in flag.others or ()}
        if flag.others is None:
            others = next((no for yes, no in (ANSWERS, ANSWERS[::-1]) if listed <= yes), set())
        return cell is None or same_word(cell) not in listed | others

    def flag(self, flag: Flag) -> bool:
        return flag if isinstance(flag, bool) else self.holds(flag)


LAST_BIRTH_YEAR = 2099
ANSWERS = ({"1", "S", "SI", "Y", "T", "TRUE", "V"}, {"0", "N", "NO", "F", "FALSE"})  # yes, no
ACCENTED, PLAIN = "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÒÓÔÕÖÙÚÛÜÝ", "AAAAAACEEEEIIIIOOOOOUUUUY"
SMALL = "abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
CAPITAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞY"


def same_word(text: str) -> str:
    """Returns what conditions take for one word: capitals without accents, Ñ kept."""
    return text.translate(str.maketrans(SMALL, CAPITAL)).translate(str.maketrans(ACCENTED, PLAIN))


def valid_partial(date: Date) -> bool:
    """Year 0 or four digits, month 0 to 12, day 0 to the month's last."""
    year, month, day = date
    if not (year == 0 or 1000 <= year <= 9999) or month > 12:
        return False
    if month == 0:
        return day <= 31
    last = (dt.date(year or 2000, month % 12 + 1, 1) - dt.timedelta(1)).day if month != 12 else 31
    if month == 2 and year:
        last = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return day <= last


def day_number(date: Date | str | None) -> int | None:
    """Days since 1970-01-01; None unless the date is whole."""
    if not isinstance(date, tuple) or not all(date):
        return None
    return (dt.date(*date) - dt.date(1970, 1, 1)).days


TIME = r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d{1,9})?)?(?P<z>Z|[+-]\d{2}(?::?\d{2})?)?"


def null_dates(source: Source) -> set[tuple[int, ...]]:
    return {tuple(int(p) for p in (t.split("/")[::-1] if "/" in t else t.split("-"))) for t in source.null_dates}


def parse_date(text: str, source: Source) -> Date | str | None:
    """(year, month, day) with 0 for unknown parts, None for a null date, BAD."""
    nothing = null_dates(source)
    for form in source.date_formats:
        digits = "[0-9]{1,2}" if re.search("[-/. ]", form) else "[0-9]{2}"
        pattern = re.escape(form).replace("yyyy", "(?P<Y>[0-9]{4})")
        pattern = pattern.replace("mm", f"(?P<M>{digits})").replace("dd", f"(?P<D>{digits})")
        match = re.fullmatch(f"{pattern}(?P<time>[ T]{TIME})?", text, re.ASCII)
        if match is None:
            continue
        found = match.groupdict()
        date = (int(found.get("Y") or 0), int(found.get("M") or 0), int(found.get("D") or 0))
        if match["time"]:
            if int(match["h"]) > 24 or int(match["m"]) > 59 or int(match["s"] or 0) > 60:
                continue
            if match["z"] and match["z"] != "Z":
                hours, minutes = int(match["z"][1:3]), int(match["z"][3:].lstrip(":") or 0)
                if hours > 23 or minutes > 59:
                    continue
            if (
                match["z"]
                and re.search("[1-9]", match["time"].split(match["z"])[0])
                and all(date)
                and valid_partial(date)
            ):
                date = _guatemalan(date, match)
        if date == (0, 0, 0) or date in nothing:
            return None
        if valid_partial(date):
            return date
    return BAD


def _guatemalan(date: Date, match: re.Match[str]) -> Date:
    minutes = int(match["h"]) * 60 + int(match["m"]) - 360
    zone = match["z"]
    if zone != "Z":
        offset = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
        minutes -= offset if zone[0] == "+" else -offset
    moved = dt.date(*date) + dt.timedelta(days=math.floor(minutes / 1440))
    return (moved.year, moved.month, moved.day)
