"""Scans of several lines: which further lines belong to a scan, so that one document is one question.

A licence's PDF417 holds elements, three letters and a text each (AAMVA DL/ID Card Design Standard 2020, annex D).
"""

from __future__ import annotations

import re
from datetime import datetime

# Characters a line, and lines: ICAO 9303 TD1 (DPI and other cards), TD2, TD3 (passports).
_ZONES = {30: 3, 36: 2, 44: 2}
_FIRST = re.compile(r"[ACIPV][A-Z0-9<]+", re.ASCII)
_LINE = re.compile(r"[A-Z0-9<]+", re.ASCII)
# How the line with birth, sex and expiry begins: of a card and TD2 the second, of a passport behind number and country.
_BORN = r"[0-9<]{6}[0-9][MFX<][0-9]{6}"
_SECOND = {30: re.compile(_BORN, re.ASCII), 36: re.compile(r".{13}" + _BORN), 44: re.compile(r".{13}" + _BORN)}
# How the text of a licence's PDF417 begins (AAMVA); its further lines have no form of their own.
_LICENCE = re.compile(r"@|ANSI |AAMVA", re.ASCII)
LINE_END = "\N{RETURN SYMBOL}"  # in the box, between the lines of a licence's code: a name may hold spaces
LICENCE_MOST = 2000  # characters of such a code: a symbol holds 1,850
# The first element stands behind the header and the name of its part: "...0032DLDAQ123".
_ELEMENT = re.compile(
    r"(?:^|(?<=DL)|(?<=ID)|(?<=EN))(?P<name>DAQ|DCS|DAC|DAD|DAA|DAB|DBB|DCT|DCG|DBC)(?P<text>[^\n]*)", re.M
)
_ABSENT = {"NONE", "UNAVL", "UNK"}
# The first line of a DPI (TD1): a number of nine, its check digit or a filler, and fifteen of optional data.
_CARD = re.compile(r"IDGTM(?P<number>[A-Z0-9<]{9})(?P<rest>[A-Z0-9<]{1,16})", re.ASCII)
# Behind a filler the check digit of the whole number may follow.
_LAST_FOUR = re.compile(r"<+([0-9]{4})[0-9]?(?![0-9])|([0-9]{4})(?![0-9])")


def lacking_lines(text: str) -> int:
    """Returns the number of missing lines of a machine-readable zone; 0 for a whole one, and for other text."""
    lines = text.upper().split()
    if not lines or "<" not in lines[0] or not _FIRST.fullmatch(lines[0]):
        return 0
    length = len(lines[0])
    wanted = _ZONES.get(length, 0)
    if any(len(line) != length or not _LINE.fullmatch(line) for line in lines):
        return 0
    return max(0, wanted - len(lines))


def is_zone_so_far(text: str) -> bool:
    """Returns whether these are the lines of one document's zone, in order, the last ones perhaps to come."""
    lines = text.upper().split()
    if "<" not in lines[0] or not _FIRST.fullmatch(lines[0]) or not 0 < len(lines) <= _ZONES.get(len(lines[0]), 0):
        return False
    if any(len(line) != len(lines[0]) or not _LINE.fullmatch(line) for line in lines):
        return False
    return len(lines) == 1 or _SECOND[len(lines[0])].match(lines[1]) is not None


def is_licence_code(text: str) -> bool:
    """Returns whether a licence's code is being scanned: it goes on until the scanner has typed all of it."""
    return _LICENCE.match(text.lstrip()) is not None


def scanned_line(lines: list[str]) -> str:
    """The lines of one document as one question; "" where they are not the lines of one document."""
    if is_licence_code(lines[0]):
        return LINE_END.join(line.strip() for line in lines)
    joined = " ".join(line.strip() for line in lines)
    whole_zone = "<" in joined and lacking_lines(lines[0].strip()) == len(lines) - 1 and not lacking_lines(joined)
    return joined if whole_zone else ""


def licence_question(code: str) -> str:
    """Returns the holder's data of a licence's code, as an officer would type it; "" if it lacks name or birth.

    A Guatemalan licence's number is the CUI. Any other country's number is on no register, so its holder is looked up
    by name and date of birth.
    """
    found = {each["name"]: each["text"].strip() for each in _ELEMENT.finditer(code.replace(LINE_END, "\n"))}
    found = {name: text for name, text in found.items() if text and text.upper() not in _ABSENT}
    if found.get("DCG", "") == "GTM" and re.fullmatch(r"\d{13}", found.get("DAQ", ""), re.ASCII):
        return found["DAQ"]
    born = _birth_date(found.get("DBB", ""), found.get("DCG", ""))
    family, _, rest = found.get("DAA", "").partition(",")  # version 1: all names in one element
    family = found.get("DCS") or found.get("DAB") or family
    given = " ".join(filter(None, (found.get("DAC") or found.get("DCT"), found.get("DAD")))) or rest
    if not (family and given and born):
        return ""
    return f"{family}, {given.replace(',', ' ')} {born}"


def _birth_date(text: str, country: str) -> str:
    """MMDDCCYY in the United States, CCYYMMDD in Canada and elsewhere; as dd/mm/yyyy, "" where it is none."""
    forms = ("%m%d%Y", "%Y%m%d") if country in ("", "USA") else ("%Y%m%d", "%m%d%Y")
    for form in forms:
        try:
            return datetime.strptime(text, form).strftime("%d/%m/%Y")  # noqa: DTZ007 - a day, of no time zone
        except ValueError:
            continue
    return ""


def zone_cui(text: str) -> str:
    """Returns the CUI of a DPI's machine-readable zone (its three lines, or the first); "" for anything else.

    The CUI is the card's number (its last four digits behind the number's field and perhaps a check digit), or stands
    whole in the optional data behind another number.
    """
    found = _CARD.match(text.strip().upper())
    if found is None:
        return ""
    number, rest = found["number"], found["rest"]
    numbers = []
    if number.isdecimal():
        checked = rest[:1] == str(sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(number)) % 10)
        last = (_LAST_FOUR.match(rest, 1) if checked else None) or _LAST_FOUR.match(rest)
        numbers = [number + (last[1] or last[2])] if last is not None else []
    numbers += re.findall(r"(?=([0-9]{13}))", rest)
    cuis = {each for each in numbers if cui_agrees(each)}
    return cuis.pop() if len(cuis) == 1 else ""


def cui_agrees(digits: str) -> bool:
    """Returns whether the ninth digit is the check of the first eight (RENAP's modulus 11)."""
    rest = sum(int(digit) * (place + 2) for place, digit in enumerate(digits[:8])) % 11
    return rest == int(digits[8])
