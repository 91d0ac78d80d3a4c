"""Reads an officer's message: a question, a PIN, the next part of an answer, or nothing of these.

Case, spaces and accents are free. A PIN is six to twelve digits, in a message of its own or before a question
(docs/sms-oficial.md). Other text is no question: a text of no known form is never looked up as a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

LONGEST = 200  # characters; the contract takes no longer query
_SHORTEST_NAME = 3  # letters
_MOST_DIGITS = 15  # of a CUI or licence typed with some too many; with a PIN glued to it there are 19 or more
_VIN = 17
_LONGEST_PLATE = 10


class Kind(Enum):
    """The kind of question, or of request."""

    CUI = auto()
    NAME = auto()
    PLATE = auto()
    VIN = auto()
    CHASSIS = auto()
    LICENCE = auto()
    CEDULA = auto()
    NIT = auto()
    MORE = auto()
    SIGN_IN = auto()
    CHANGE_PIN = auto()
    SIGN_OFF = auto()


@dataclass(frozen=True, repr=False)
class Message:
    """A text that was understood. It has no repr: what it holds is nobody else's.

    value: the identifier or name; of MORE the reference number or ""; of CHANGE_PIN the new PIN. born: of a name, a
    year or a date as typed. pin: as typed, "" = none.
    """

    kind: Kind
    value: str = ""
    born: str = ""
    pin: str = ""


_A_PLATE = r"(?:TCE|TRC|EXT|DIS|MT|MO|CD|CC|CO|MI|TC|TE|P|C|A|U|M|O|T)?0?\d{3}[A-Z]{3}"
_PLATE = re.compile(_A_PLATE, re.ASCII)
# Nearly every question: read at once, and as all the rest below would read it.
_PLAINLY = re.compile(rf"(?:P )?(\d{{13}})|V ({_A_PLATE})", re.ASCII)
# Among other words a plate is in one piece, for "A 200 MTS" is none; behind V its parts may stand apart.
_TYPES = r"(?:TCE|TRC|EXT|DIS|MT|MO|CD|CC|CO|MI|TC|TE|P|C|A|U|M|O|T)"
_GLUED = re.compile(rf"(?<![\w-])(?:{_TYPES}-?)?0?\d{{3}}-?[A-Z]{{3}}(?![\w-])", re.ASCII)
_SPACED = re.compile(rf"(?<![\w-])(?:{_TYPES}[ .-]?)?0?\d{{3}}[ .-]?[A-Z]{{3}}(?![\w-])", re.ASCII)
_CUI_AMONG = re.compile(r"(?<![\w-])(?:\d{13}|\d{4}[ .-]\d{5}[ .-]\d{4})(?![\w-])", re.ASCII)  # 4711 and a PIN are none
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)
_PIN = r"\d{6,12}"
_ALONE = re.compile(rf"(?:PIN|CLAVE)[\s:.]*({_PIN})", re.ASCII)
# Without a blank only before a letter or word that asks and has one: "123456V P123BCD".
_BEFORE = re.compile(
    rf"(?:(?:PIN|CLAVE)[\s:.]*)?({_PIN})(?:[\s,;:]+(?=\S)|(?=(?:[PVCLN]|PLACA|LICENCIA|CED)[\s.:]))", re.ASCII
)
# Words that officers write for the letters.
_WORD = re.compile(r"(PLACA|CHASIS|VIN|LICENCIA|NOMBRES?)[\s.:]+(?=\S)", re.ASCII)
# About a PIN, whatever else it is: never a question.
_ABOUT_A_PIN = re.compile(r"(?:PIN|CLAVE|CAMBI)", re.ASCII)
# A new PIN of too few digits is one too: the issuer says which rule it breaks.
_CHANGE = re.compile(rf"CAMBI(?:O|AR)(?:\s+(?:DE\s+)?(?:PIN|CLAVE))?[\s:]+({_PIN})\s+(\d{{1,12}})", re.ASCII)
_MORE = re.compile(r"MAS(?:\s*R?\s*(\d{1,9}))?", re.ASCII)
_OFF = re.compile(r"SALIR|FIN", re.ASCII)
_NAME = re.compile(
    r"N[\s.:]+(.+?)(?:[\s,]+(\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{1,2}-\d{1,2}))?", re.ASCII | re.IGNORECASE
)
_NIT = re.compile(r"(?:NIT[\s.:]*(\d{1,11}-?[\dK]))|(\d{1,11}-?K|\d{1,11}-\d)", re.ASCII)
_CEDULA = re.compile(r"CED(?:ULA)?[\s.:]*([A-UÑ¥&]\s*-?\s*\d{1,2}[\s-]+\d{1,8})", re.ASCII)
# As it is printed (0000 00000 0000), with its place apart, or in one piece: digits in other groups are other things.
_CUI = re.compile(r"(?:(?:P|CUI|DPI)[\s.:]*)?(\d{4}[\s.-]?\d{5}[\s.-]?\d{2}[\s.-]?\d{2})", re.ASCII)
_IS_CUI = re.compile(r"\d{13}", re.ASCII)
# Behind the letter something must part it from what follows, or a digit follow: "CASA 14" is no chassis.
_BETWEEN = re.compile(r"[\s.-]")
_KEYED = re.compile(r"([PVCL])(?:[\s.:-]+|(?=\d))([A-Z0-9][A-Z0-9\s.-]*)", re.ASCII)


def read_message(text: str) -> Message | None:
    """Returns the question of a text; None if it has no known form: never a reason to look anybody up."""
    if len(text) > LONGEST:
        return None
    typed = _without_accents(text)
    folded = typed.upper()
    if found := _PLAINLY.fullmatch(folded):
        return Message(Kind.CUI, found[1]) if found[1] else Message(Kind.PLATE, found[2])
    return _read(typed, folded)


def _read(typed: str, folded: str) -> Message | None:
    if found := _ALONE.fullmatch(folded):
        return Message(Kind.SIGN_IN, pin=found[1])
    if found := _CHANGE.fullmatch(folded):
        return Message(Kind.CHANGE_PIN, found[2], pin=found[1])
    # Digits before a question are its PIN first of all: read as a part of the question they would be looked up.
    found = _BEFORE.match(folded)
    rest = _question(typed[found.end() :], folded[found.end() :]) if found else None
    if found is not None and rest is not None:
        return Message(rest.kind, rest.value, rest.born, pin=found[1])
    return None if _ABOUT_A_PIN.match(folded) else _question(typed, folded)


def _without_accents(text: str) -> str:
    """Returns the text on one line, without accents or invisible characters; ñ stays, because Ñ-15 is not N-14."""
    if text.isascii() and text.isprintable():  # as nearly all are
        return " ".join(text.split())
    letters: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        if letter in "ñÑ":
            letters.append(letter)
            continue
        for part in unicodedata.normalize("NFKD", letter):
            category = unicodedata.category(part)
            if category in ("Cc", "Zl", "Zp"):
                letters.append(" ")
            elif category not in ("Mn", "Me", "Cf"):
                letters.append("-" if category == "Pd" else part)
    return " ".join("".join(letters).split())


def _question(typed: str, folded: str) -> Message | None:
    if found := _WORD.match(folded):
        letter = {"PLACA": "V", "CHASIS": "C", "VIN": "C", "LICENCIA": "L"}.get(found[1], "N")
        typed, folded = f"{letter} {typed[found.end() :]}", f"{letter} {folded[found.end() :]}"
    if found := _MORE.fullmatch(folded):
        return Message(Kind.MORE, found[1] or "")
    if _OFF.fullmatch(folded):
        return Message(Kind.SIGN_OFF)
    if found := _NIT.fullmatch(folded):
        return Message(Kind.NIT, found[1] or found[2])
    if (found := _CUI.fullmatch(folded)) and len(cui := _bare(found[1])) == 13:
        return Message(Kind.CUI, cui)
    bare = _bare(folded)
    for plate in (bare, bare.removeprefix("V")):
        if _PLATE.fullmatch(plate):
            return Message(Kind.PLATE, plate)
    if found := _CEDULA.fullmatch(folded):
        return Message(Kind.CEDULA, found[1])
    # Upper case may be longer than what was typed (ß), so the name is read from the typed text itself.
    if (found := _NAME.fullmatch(typed)) and _is_name(found[1]):
        return Message(Kind.NAME, found[1], found[2] or "")
    found = _KEYED.fullmatch(folded)
    if found is None or _holds_a_pin(found[2]):
        return _among_words(folded)
    if found[1] == "V" and (among := _among_words(folded)) is not None:
        return among  # "V 123BCD MIA" is no plate of nine characters
    return _keyed(found[1], _bare(found[2])) or _among_words(folded)


def _among_words(folded: str) -> Message | None:
    """Reads the one plate or CUI among words without digits, but a year ("P323ZZB toyota gris 2019").

    The reply shows what the vehicle looks like, or the person's name: the officer compares them.
    """
    plates = (_SPACED if folded.startswith("V ") else _GLUED).findall(folded)
    cuis = _CUI_AMONG.findall(folded)
    rest = re.sub("|".join(map(re.escape, [*plates, *cuis])) or "$", " ", folded)
    asked = {_bare(each) for each in (*plates, *cuis)}
    if len(asked) != 1 or any(each.isdigit() for each in _YEAR.sub(" ", rest, count=1)):
        return None
    return Message(Kind.CUI if cuis else Kind.PLATE, asked.pop())


def _holds_a_pin(value: str) -> bool:
    """Returns whether one of several groups of an identifier may be a PIN: such a text is not sent on."""
    groups = re.split(r"[\s.-]+", value)
    return len(groups) > 1 and any(re.fullmatch(_PIN, group, re.ASCII) for group in groups)


def _keyed(letter: str, value: str) -> Message | None:
    """Reads one of the letters P, V, C, L: the text behind it has a digit, so that no word is taken for a question."""
    if not any(each.isdigit() for each in value):
        return None
    if letter == "P":  # not the thirteen digits of a CUI: the server says what is wrong with it
        return Message(Kind.CUI, value) if value.isdigit() and 8 < len(value) <= _MOST_DIGITS else None
    if letter == "V":
        return Message(Kind.PLATE, value) if 4 <= len(value) <= _LONGEST_PLATE else None
    if letter == "C":
        kind = Kind.CHASSIS if len(value) <= 8 else Kind.VIN
        return Message(kind, value) if 6 <= len(value) <= 8 or len(value) == _VIN else None
    if _IS_CUI.fullmatch(value):  # a Guatemalan licence bears the CUI, and the register of licences not everybody
        return Message(Kind.CUI, value)
    return Message(Kind.LICENCE, value) if 4 <= len(value) <= _MOST_DIGITS else None


def _is_name(text: str) -> bool:
    return sum(letter.isalpha() for letter in text) >= _SHORTEST_NAME and not any(each.isdigit() for each in text)


def _bare(text: str) -> str:
    return _BETWEEN.sub("", text)
