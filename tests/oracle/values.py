"""Values of a manifest read from one row: null words, code maps, dates, numbers (docs/manifests.md, `Values`)."""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.core import naive_calendar
from tests.core.standardise import naive_dates
from tests.oracle.record import Birth

NO_DATE: Birth = (0, 0, 0)
LAST_BIRTH_YEAR = 2099  # later ones are fillers (docs/manifests.md, "Dates")
_KEPT = 1 << 17  # texts whose reading is kept: registers say the same words over and over
TRUE_WORDS = {"1", "S", "SI", "Y", "T", "TRUE", "V"}
FALSE_WORDS = {"0", "N", "NO", "F", "FALSE"}


class RefusedError(Exception):
    """A record is refused."""

    def __init__(self, rule: str, field: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.field = field


# Control characters, which part words, and characters without width and of direction, which vanish.
_STEERING = re.compile(
    "([\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029])|[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


@dataclass
class RowValues:
    """Reads values of one row as the manifest says."""

    cells: dict[str, str]
    source: dict[str, Any]
    codes: dict[str, dict[str, Any]]

    def cell(self, column: str) -> str:
        """Trimmed; "" = null."""
        text = _STEERING.sub(lambda found: " " if found[1] else "", self.cells.get(column, "")).strip()
        return "" if text in self.source.get("null_words", ()) else text

    def raw(self, spec: Any, field: str, strict: bool = False) -> tuple[Any, bool]:
        """(value, whether a code map gave it); None = null. `spec`: a column name or a value table."""
        if isinstance(spec, str):
            spec = {"column": spec}
        if "const" in spec:
            const = spec["const"]
            return ("true" if const else "false") if isinstance(const, bool) else str(const), False
        columns = spec.get("columns") or [spec["column"]]
        text = spec.get("join", " ").join(c for c in map(self.cell, columns) if c)
        if not text:
            meant = self.codes[spec["codes"]].get("") if "codes" in spec else None
            return meant, meant is not None
        if "codes" in spec:
            for code, meant in self.codes[spec["codes"]].items():
                if _any_case(code) == _any_case(text):
                    return meant, True
            if strict or spec.get("strict"):
                raise RefusedError("unknown_code", field)
            return text, False
        return text, False

    def text(self, spec: Any, field: str = "") -> str:
        value, _ = self.raw(spec, field) if spec is not None else (None, False)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return " ".join(str(value).split())

    def date(self, spec: Any, birth: bool = False) -> Birth | None:
        """Its parts; NO_DATE when null; None when it does not parse."""
        value, _ = self.raw(spec, "") if spec is not None else (None, False)
        if value is None:
            return NO_DATE
        text = str(value).strip()
        found = parse_date(text, self.source)
        if found is None:
            formats = self.source.get("date_formats", ())
            found = naive_dates.other_date(text, birth, naive_dates.month_first(formats))
        if found is None and naive_dates.tells_no_date(text):
            return NO_DATE
        if birth and found is not None and found[0] > LAST_BIRTH_YEAR:
            return NO_DATE
        return NO_DATE if found in _null_dates(tuple(self.source.get("null_dates", ()))) else found

    def is_turned(self, spec: Any) -> bool:
        """Returns whether only the other order than the source's gives the birth date."""
        value, _ = self.raw(spec, "") if spec is not None else (None, False)
        months_first = naive_dates.month_first(self.source.get("date_formats", ()))
        text = "" if value is None else str(value).strip()
        unread = bool(text) and parse_date(text, self.source) is None
        return unread and naive_dates.is_turned(text, True, months_first)

    def day(self, spec: Any) -> int | None:
        return whole_day(self.date(spec) or NO_DATE)

    def number(self, spec: Any, centavos: bool = False) -> int | None:
        value, coded = self.raw(spec, "") if spec is not None else (None, False)
        if value is None or isinstance(value, bool):
            return None
        if not coded and isinstance(spec, dict) and "codes" in spec:
            return None
        text = re.sub(r"^Q\.?\s*", "", str(value).strip(), flags=re.IGNORECASE) if centavos else str(value).strip()
        text = text.replace(",", "")
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
            return None
        amount = float(text)
        if centavos and (isinstance(spec, str) or spec.get("unit", "quetzales") == "quetzales"):
            amount = round(amount * 100)
        return int(amount) if -(2**31) <= int(amount) < 2**31 else None

    def boolean(self, spec: Any) -> bool | None:
        if spec is None:
            return None
        value, coded = self.raw(spec, "")
        if isinstance(value, bool) or value is None:
            return value
        if not coded and isinstance(spec, dict) and "codes" in spec:
            return None
        word = _any_case(str(value).strip())
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None

    def enumerated(self, spec: Any, enum: Any, prefix: str, strict: str = "") -> int:
        """Number of an enum value; 0 when null or unknown. strict: the field that refuses the unknown; "" = none."""
        if spec is None:
            return 0
        if strict and isinstance(spec, str):
            spec = {"const": spec}
        value, coded = self.raw(spec, strict, bool(strict))
        if value is None:
            if strict:
                raise RefusedError("unknown_code", strict)
            return 0
        if not coded and isinstance(spec, dict) and "codes" in spec:
            return 0
        name = _any_case(str(value).strip())
        name = name if name.startswith(prefix) else prefix + name
        if name in enum.keys():  # noqa: SIM118 (an enum wrapper, no dict)
            return int(enum.Value(name))
        if strict:
            raise RefusedError("unknown_code", strict)
        return 0

    def holds(self, condition: dict[str, Any]) -> bool:
        text = self.cell(condition["column"])
        if "in" in condition:
            return bool(text) and _any_case(str(text)) in [_any_case(_cell_text(v)) for v in condition["in"]]
        if "not_in" in condition:
            listed = [_any_case(_cell_text(v)) for v in condition["not_in"]]
            return _any_case(str(text)) not in listed if text else True
        return bool(bool(text) == condition["present"])

    def untold(self, condition: dict[str, Any]) -> bool:
        """Returns whether a list does not tell: a null cell, or a text that neither it nor the others hold."""
        if "in" not in condition:
            return False
        text = self.cell(condition["column"])
        if not text or "others" not in condition:
            return not text
        return _any_case(text) not in [_any_case(_cell_text(v)) for v in (*condition["in"], *condition["others"])]

    def certificate_untold(self, flag: bool | dict[str, Any]) -> bool:
        """Returns whether the cell is in neither list; the others are the other answer unless named."""
        if isinstance(flag, bool) or "in" not in flag:
            return False
        listed = {_any_case(_cell_text(word)) for word in flag["in"]}
        others = {_any_case(_cell_text(word)) for word in flag.get("others", ())}
        if "others" not in flag and listed <= set(TRUE_WORDS):
            others = set(FALSE_WORDS)
        elif "others" not in flag and listed <= set(FALSE_WORDS):
            others = set(TRUE_WORDS)
        return _any_case(self.cell(flag["column"]) or "") not in listed | others

    def flag(self, flag: bool | dict[str, Any]) -> bool:
        return flag if isinstance(flag, bool) else self.holds(flag)


@lru_cache(_KEPT)
def _any_case(text: str) -> str:
    """Capitals without accents where the letter is one of Latin-1's; Ñ is kept."""
    found = ""
    for letter in text:
        plain = unicodedata.decomposition(letter).split(" ")[0] if letter not in "Ññ" and letter <= "\xff" else ""
        base = chr(int(plain, 16)) if plain and not plain.startswith("<") else letter
        found += base.upper() if base <= "\xff" and base not in "ßµ" else base
    return found


def _cell_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def whole_day(date: Birth) -> int | None:
    return naive_calendar.day_of(*date) if all(date) else None


def parse_date(text: str, source: dict[str, Any]) -> Birth | None:
    formats, null_dates = source.get("date_formats", ("yyyy-mm-dd",)), source.get("null_dates", ())
    return _parsed(text, tuple(formats), tuple(null_dates))


@lru_cache(_KEPT)
def _parsed(text: str, formats: tuple[str, ...], null_dates: tuple[str, ...]) -> Birth | None:
    for form in formats:
        two = r"(?P<{}>\d{{2}})" if not re.search(r"[-/. ]", form) else r"(?P<{}>\d{{1,2}})"
        pattern = re.escape(form).replace("yyyy", r"(?P<y>\d{4})")
        pattern = pattern.replace("mm", two.format("m")).replace("dd", two.format("d"))
        match = re.fullmatch(pattern + r"(?P<time>[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?", text)
        if match is None:
            continue
        groups = match.groupdict()
        date = (int(groups.get("y") or 0), int(groups.get("m") or 0), int(groups.get("d") or 0))
        if (date[0] and not 1000 <= date[0] <= 9999) or naive_calendar.date_problem(*date):
            continue
        if all(date) and re.search(r"(Z|[+-]\d{2}:?\d{2})$", _clock_of(groups["time"] or "")):
            moment = datetime.datetime.fromisoformat(
                "{:04}-{:02}-{:02}".format(*date) + groups["time"].replace(" ", "T")
            )
            local = moment.astimezone(datetime.timezone(datetime.timedelta(hours=-6)))
            date = (local.year, local.month, local.day)
        return NO_DATE if date in _null_dates(null_dates) else date
    return NO_DATE if text in null_dates else None


def _clock_of(time: str) -> str:
    """The time and its zone; "" at midnight, which is how programs write a mere date."""
    return "" if re.match(r".[0:.]+(Z|[+-]|$)", time) else time


@lru_cache(_KEPT)
def _null_dates(texts: tuple[str, ...]) -> frozenset[Birth]:
    found = set()
    for text in texts:
        parts = [int(p) for p in re.split(r"[-/]", text)]
        year, month, day = parts if "-" in text else reversed(parts)
        found.add((year, month, day))
    return frozenset(found)
