"""A cell as people and spreadsheets write it: a CUI, a name, a birth date. Only unambiguous cells are read.

The server has the last word on identifiers (docs/answers.md section 4, "As written"). This module undoes a
spreadsheet's changes, and refuses values that have lost digits.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import lru_cache

from clients.terminal.told_text import told

CUI_DIGITS = 13
LONGEST_CELL = 1_000  # characters of a cell that is asked by; a name on file has some 60

# Municipalities of each department, 1 to 22 (INE).
_MUNICIPALITIES = (17, 8, 16, 16, 14, 14, 19, 8, 24, 21, 9, 30, 33, 21, 8, 17, 14, 5, 11, 11, 7, 17)

_SCIENTIFIC = re.compile(r"([+-]?)(\d)(?:[.,](\d*))?[eE]\+?(\d{1,3})")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')  # how exports keep a spreadsheet from reading a number
_WHOLE = re.compile(r"(\d+)[.,]0+")
_FORMULA = ("=", "+", "@")
# A formula's cell without a result shows these, in English and in Spanish: #N/A, #¡REF!, #¿NOMBRE?
_ERROR = re.compile(r"#(?:N/[AD]|CALC!|SPILL!|[¡¿]?[A-ZÁÉÍÓÚ]+(?:/0)?[!?])|Err:\d{3}")
# Letters that were read in the wrong code page (CP850, Mac Roman, UTF-8 as CP1252), or lost as "?". A name that holds
# one is like nobody's, and would come out as without record.
_MISREAD = re.compile(
    "[\x80-\x9f‚ƒ„†‡‰‹›•™¡¢£¤¥¦§©«¬®±²³µ¶¹»¼½¾¿×÷]"
    "|Ã[\xad‘“”šºª]|(?<=[A-Za-zß-ÿ])[–—Ž](?=[a-zß-ÿ])"
    r"|(?<=[^\W\d_])\?"
)


class Unread(ValueError):
    """A cell that cannot be read; the text is the rule that it breaks."""


def plain(text: str) -> str:
    """A cell's text without what a spreadsheet puts around it. Raises Unread: formula, error, break, too long."""
    if len(text) > LONGEST_CELL:
        raise Unread("too long")
    text = text.strip(" \t\u00a0\ufeff")
    if text.startswith("'"):
        text = text[1:].strip()
    if found := _TEXT_FORMULA.fullmatch(text):
        return found[1].strip()
    if text.startswith(_FORMULA):
        raise Unread("formula")
    if _ERROR.fullmatch(text):
        raise Unread("spreadsheet error")
    if "\n" in text or "\r" in text:
        raise Unread("line break")
    return text


def read_name(text: str) -> str:
    """A name as the server is to read it. Raises Unread: as `plain`, or letters that were misread."""
    text = plain(text)
    if _MISREAD.search(text):
        raise Unread("misread letters")
    return text


def read_cui(text: str) -> str:
    """A CUI as the server is to read it. Raises Unread.

    2.34571E+12 has lost digits and is refused; with all its digits it is read, as is 2357111360101.0.
    """
    if len(text) == CUI_DIGITS and text.isdecimal():
        return text
    text = plain(text)
    if found := _SCIENTIFIC.fullmatch(text):
        sign, first, rest, power = found[1], found[2], found[3] or "", int(found[4])
        if sign == "-" or len(rest) != power:
            raise Unread("scientific notation")
        return first + rest
    if found := _WHOLE.fullmatch(text):
        return found[1]
    return text


def cui_problem(text: str) -> str:
    """The rule that 13 digits break, "" = none: what can be said without asking anybody."""
    digits = re.sub(r"[\s.-]", "", text)
    if len(digits) == CUI_DIGITS - 1:  # a lost leading zero
        digits = f"0{digits}"
    if not digits.isascii() or not digits.isdecimal():
        return "characters"
    if len(digits) != CUI_DIGITS:
        return "length"
    if sum(int(digit) * (place + 2) for place, digit in enumerate(digits[:8])) % 11 != int(digits[8]):
        return "checksum"
    department, municipality = int(digits[9:11]), int(digits[11:])
    if not 1 <= department <= len(_MUNICIPALITIES):
        return "department"
    return "" if 1 <= municipality <= _MUNICIPALITIES[department - 1] else "municipality"


@lru_cache(maxsize=65_536)
def read_birth(text: str) -> int:
    """A birth date as yyyymmdd; 0 = the cell is empty. dd/mm/yyyy, yyyy-mm-dd, yyyymmdd, with or without a time.

    Raises Unread: not a whole date, or a year of two digits.
    """
    text = plain(text)
    if not text:
        return 0
    text = re.split(r"[ T]", text, maxsplit=1)[0]
    if found := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text) or re.fullmatch(
        r"(\d{4})(\d\d)(\d\d)", text
    ):
        year, month, day = (int(part) for part in found.groups())
    elif found := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text):
        day, month, year = (int(part) for part in found.groups())
    else:
        short = re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", text)
        raise Unread("two-digit year" if short else "not a date")
    try:
        datetime.date(year, month, day)
    except ValueError:
        raise Unread("not a date") from None
    return year * 10_000 + month * 100 + day


def folded(text: str) -> str:
    """A header for comparing: capitals without accents, letters and digits alone."""
    marks = unicodedata.normalize("NFKD", text.upper())
    return "".join(letter for letter in marks if letter.isascii() and letter.isalnum())


def neutral(text: str) -> str:
    """A cell that no spreadsheet executes: one that begins like a formula gets an apostrophe before it.

    Source: OWASP, "CSV Injection": = + - @, tab and carriage return. Breaks become spaces: a row is one line.
    """
    plainly = told(re.sub(r"[\r\n\x00]+", " ", text))
    risky = text[:1] in ("\t", "\r", "\n") or plainly.lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{plainly}" if risky else plainly


def csv_cell(text: str) -> str:
    """A cell of the files that are written: neutral, quoted where it must be."""
    text = neutral(text)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in '",;\t') else text
