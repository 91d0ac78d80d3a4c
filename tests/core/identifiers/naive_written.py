"""Identifiers as clerks and spreadsheets write them, in plain Python, from docs/answers.md section 4."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from core.identifiers.kinds import IdentifierKind as Kind
from core.identifiers.types import IdentifierError, Plate
from tests.core.names.naive_names import fold

_CORE = Path(__file__).parents[3] / "core"
# The one table that is shared: data of the INE, not a rule.
PLACES = set(
    "".join(re.findall(r'"(\|.*)"', (_CORE / "identifiers" / "places.pxi").read_text("utf-8"))).strip("|").split("|")
)
_NUMBER = "NO NRO NUM NUMERO DE"
LABELS = {
    Kind.CUI: f"CUI DPI N DEL DOCUMENTO PERSONAL IDENTIFICACION CODIGO UNICO EXTENDIDO EXTENDIDA EN "
    f"GT GTM GUA GUATEMALA VENCIDO VIGENTE {_NUMBER}",
    Kind.NIT: f"NIT N IDENTIFICACION TRIBUTARIA {_NUMBER}",
    Kind.TELEPHONE: f"TEL TELEFONO TELEFONOS CEL CELULAR MOVIL CASA TRABAJO OFICINA N {_NUMBER}",
    Kind.CEDULA: f"CEDULA CED VECINDAD ORDEN REGISTRO REG Y {_NUMBER}",
    Kind.LICENCE: f"LICENCIA LIC CONDUCIR DPI CUI {_NUMBER}",
    Kind.DOCUMENT_NUMBER: f"PASAPORTE PASS PAS PASSPORT DOCUMENTO {_NUMBER}",
    Kind.VIN: f"VIN NIV CHASIS CHASSIS SERIE {_NUMBER}",
    Kind.ENGINE: f"MOTOR {_NUMBER}",
    Kind.PLATE: f"PLACA PLACAS VEHICULO CARRO AUTO AUTOMOVIL TIPO {_NUMBER}",
}
TYPE_WORDS = {
    "PARTICULAR": "P", "COMERCIAL": "C", "ALQUILER": "A", "URBANO": "U", "MOTO": "M", "MOTOCICLETA": "M",
    "MOTOTAXI": "MT",
    "OFICIAL": "O", "MOTO OFICIAL": "MO", "DIPLOMATICO": "CD", "CONSULAR": "CC", "MISION INTERNACIONAL": "MI",
    "REMOLQUE": "TC", "EXTRAURBANO": "TE", "EXTRANJERO": "EXT", "DISTRIBUIDOR": "DIS", "PARTICULARES": "P",
    "COMERCIALES": "C", "MOTOCICLETAS": "M",
}  # fmt: skip
FREE = (Kind.LICENCE, Kind.DOCUMENT_NUMBER, Kind.VIN, Kind.ENGINE)
DIGITS = str.maketrans("OIL", "011")
MISREAD = str.maketrans("ODQILZSGBA", "0001125684")
SIGNS = "ªº°«»·¡¿¨¯¸§\u200e\u200f\u2016\u2017\u3000"
SIGNS += "".join(map(chr, [*range(0x201C, 0x205F), *range(0x2066, 0x206A)]))
PLAIN = {0xFEE0 + code: code for code in range(0x21, 0x7F)} | {
    zero + digit: ord("0") + digit for zero in (0x660, 0x6F0) for digit in range(10)
}
_DOUBTS = "*?¡¿"
OWN_COUNTRY = ("GT", "GTM", "GUA", "GUATEMALA")

Read = Callable[[str], str]


class Unread(Exception):
    """The words cannot be read: a sign that no clerk writes, or longer than any identifier."""


def latin(character: str) -> str:
    """Its Latin letters or digits; of other scripts none, for no identifier is written in them."""
    return fold(f"A{character}")[1:]


def words_of(text: str) -> list[str]:
    from tests.core.identifiers.naive_identifiers import SEPARATORS

    spaced = ""
    text = text.translate(PLAIN)
    for i, character in enumerate(text):
        folded = "" if character in SIGNS else latin(character)
        if folded:
            spaced += folded.replace("Ñ", "N")
        elif character not in SIGNS and fold(f"A{character}B") == "AB":
            continue
        else:
            if character in _DOUBTS and spaced[-1:] not in ("", " ") and _goes_on(text[i:]):
                raise Unread
            if ord(character) >= 0x80 and character not in SIGNS + SEPARATORS:
                raise Unread
            spaced += " "
    words = spaced.split()
    if len(words) > 16 or sum(map(len, words)) > 80:
        raise Unread
    return words


def _goes_on(text: str) -> bool:
    """Returns whether a character of the number follows right behind the doubtful signs that the text begins with."""
    for character in text:
        if latin(character):
            return True
        if character not in _DOUBTS and (character in SIGNS or fold(f"A{character}B") != "AB"):
            return False
    return False


def doubtful(text: str, signs: str = _DOUBTS) -> bool:
    return any(sign in text.translate(PLAIN) for sign in signs)


def spreadsheet(text: str) -> str | None:
    """The digits of a spreadsheet's number; None when it is none. Raises IdentifierError for lost digits."""
    if not 3 <= len(text.encode()) <= 40:
        return None
    bare = text.strip(" '\"=()`")
    if re.fullmatch(r"[0-9]+[.,]0{1,2}", bare):
        return re.split("[.,]", bare)[0]
    found = re.fullmatch(r"([0-9]+)(?:([.,])([0-9]*))?[Ee]([+-]?)([0-9]{1,3})", bare)
    if found is None or not (found[2] or found[4]):
        return None
    whole, fraction = found[1], found[3] or ""
    if found[4] != "-" and len(whole) == 1 and int(found[5]) == len(fraction):
        return whole + fraction
    raise IdentifierError("format")


def without_labels(words: list[str], kind: Kind) -> list[str]:
    labels = LABELS[kind].split()
    left = []
    for word in words:
        if word in labels:
            continue
        grown = re.match("([A-Z]{3,})(?=[0-9])", word)
        left.append(word[len(grown[1]) :] if grown and grown[1] in labels else word)
    return left


def without_places(words: list[str], letters: int = 0) -> list[str]:
    """letters: in which the number ends."""
    for i, word in enumerate(words):
        grown = re.fullmatch(f"(.*[0-9][A-Z]{{{letters}}})([A-Z]{{4,}})", word)
        if grown and len(words) < 16:
            words = [*words[:i], grown[1], grown[2], *words[i + 1 :]]
            break
    first = len(words)
    while first and words[first - 1].isalpha():
        first -= 1
    if first == 0:
        return words
    for i in range(first + 1, len(words) + 1):
        if {" ".join(words[first:i]), " ".join(words[i:]) or "GUATEMALA"} <= PLACES:
            return words[:first]
    return words


def told(kind: Kind, text: str, between: str = "") -> tuple[str, list[str]]:
    """The text without what says nothing, and its words (none for a spreadsheet's number)."""
    digits = spreadsheet(text)
    if digits is not None:
        return digits, []
    if kind is Kind.NIT and doubtful(text, "?¿"):
        raise Unread
    words = words_of(text)
    if kind is Kind.CUI and words[:3] in ([*"DPI"], [*"CUI"]):
        words = words[3:]
    words = without_labels(words, kind)
    if kind not in (Kind.TELEPHONE, Kind.VIN, Kind.ENGINE):
        words = without_places(words)
    return between.join(words), words


def amount(text: str) -> str:
    """The digits of what a spreadsheet shows as an amount of quetzales, or with ,00; "" = it shows none."""
    bare = text.strip(" '\"=()`")
    found = re.fullmatch(r"([Qq] *)?([0-9]{1,3}(?:([.,])[0-9]{3})(?:\3[0-9]{3})*|[0-9]+)(?:([.,])00)?", bare)
    if found is None or not (found[1] or found[4]) or (found[3] is not None and found[3] == found[4]):
        return ""
    return re.sub("[.,]", "", found[2])


def cui_as_written(text: str) -> tuple[str | None, str | None]:
    """The 13 digits that are read, valid or not, and the rule that they, or the text, break."""
    from tests.core.identifiers.naive_identifiers import cui_rule

    sure = True
    shown = amount(text)
    if len(shown) in (12, 13) and cui_rule(shown.zfill(13)) is None:
        return shown.zfill(13), None
    try:
        number = spreadsheet(text)
        if number is None:
            joined, _ = told(Kind.CUI, text)
            number = joined.translate(MISREAD)
            sure = number == joined
            if not re.fullmatch("[0-9]*", number):
                return None, "characters"
    except IdentifierError as error:
        return None, error.rule
    except Unread:
        return None, "characters"
    if len(number) == 26 and spreadsheet(text) is None and number[:13] == number[13:]:
        number = number[:13]
    if 15 <= len(number) <= 20 and number[:-13].strip("0") == "":
        number, sure = number[-13:], False
    if len(number) == 12:
        if spreadsheet(text) is None and doubtful(text):
            return None, "characters"
        number = "0" + number
        return (number, None) if cui_rule(number) is None else (None, "length")
    if len(number) != 13:
        return None, "length"
    rule = cui_rule(number)
    return (number if sure or rule is None else None), rule


def may_hold_words(kind: Kind, text: str) -> bool:
    if kind not in FREE:
        return False
    if not re.fullmatch("[0-9A-Za-z]*", text):
        return True
    if kind is Kind.LICENCE:
        return len(text) == 12 or (len(text) == 13 and not text.isdigit())
    return kind is Kind.VIN and (len(text) > 17 or (len(text) == 17 and bool(re.search("[IOQioq]", text))))


def of_spreadsheet(text: str) -> bool:
    while len(text.encode()) > 3 and text[-1] in " '\"=()`":
        text = text[:-1]
    return len(text.encode()) > 3 and bool(re.search("[.,]0{1,2}$", text))


def read(kind: Kind, text: str, exact: Read) -> str:
    """The identifier as strictly read by `exact`, or as written. Raises IdentifierError."""
    if kind in FREE and may_hold_words(kind, text):
        found = _free(kind, text, exact)
        for _ in range(3):
            if not may_hold_words(kind, found):
                break
            found = _free(kind, found, exact)
        return found
    try:
        strict, rule = exact(text), ""
    except IdentifierError as error:
        strict, rule = "", error.rule
    if not rule and not of_spreadsheet(text):
        return strict
    if kind in FREE:
        return _free(kind, text, exact)
    try:
        return _as_written(kind, text, strict, rule, exact)
    except Unread:
        raise IdentifierError(rule or "format") from None


def _as_written(kind: Kind, text: str, strict: str, rule: str, exact: Read) -> str:
    if kind is Kind.CUI:
        number, broken = cui_as_written(text)
        if number is not None and broken is None:
            return number
        raise IdentifierError((broken if rule == "characters" else rule) or "length")
    if kind is Kind.NIT:
        number = _told_or(rule, kind, text)
        if strict:
            try:
                exact(number)
            except IdentifierError:
                return strict
            raise IdentifierError("format")
        return exact(number if spreadsheet(text) else number.translate(DIGITS))
    if kind is Kind.TELEPHONE:
        number = _told_or(rule, kind, text).translate(DIGITS)
        plus = spreadsheet(text) is None and "+" in re.split("[0-9A-Za-zÀ-ÿ]", text)[0]
        return exact("+" + number if plus else number)
    if kind is Kind.CEDULA:
        return _cedula(text, exact)
    if not rule:
        return strict
    raise IdentifierError(rule)


def _told_or(rule: str, kind: Kind, text: str) -> str:
    try:
        return told(kind, text)[0]
    except (Unread, IdentifierError):
        raise IdentifierError(rule or "format") from None


def _cedula(text: str, exact: Read) -> str:
    cut = re.sub("[.,]0{1,2}$", "", text) if len(text.encode()) > 3 else re.sub("[.,]0$", "", text)
    try:
        if doubtful(cut, "?¿"):
            raise Unread
        words = without_places(without_labels(words_of(cut), Kind.CEDULA))
    except Unread:
        return exact(cut)
    if not words:
        return exact(cut)
    joined = " ".join(words)
    joined = joined[0] + joined[1:].translate(DIGITS)
    if len(words) > 1 and len(words[0]) == 1:
        for digit, number, letter in (("0", "16", "O"), ("1", "9", "I"), ("1", "12", "L")):
            if joined.startswith(f"{digit} {number}"):
                joined = letter + joined[1:]
                break
    return exact(joined)


def _free(kind: Kind, text: str, exact: Read) -> str:
    if kind is Kind.LICENCE:
        number, broken = cui_as_written(text)
        if number is not None and broken is None:
            return number
    try:
        joined, words = told(kind, text)
    except Unread:
        return exact(text)
    if kind is Kind.LICENCE:
        i = 0
        while i + 1 < len(words):
            if words[i] == "TIPO" and words[i + 1] in "ABCME":
                del words[i : i + 2]
            else:
                i += 1
        if words:
            spaced = " ".join(words)
            tries = [spaced[:-2]] if len(words) > 1 and words[-1] in list("ABCME") else []
            tries += [spaced[2:]] if len(words) > 1 and words[0] in list("ABCME") else []
            for tried in [*tries, spaced]:
                number, broken = cui_as_written(tried)
                if number is not None and broken is None:
                    return number
            joined = spaced
    if kind is Kind.VIN:
        if words_and_year(words):
            raise IdentifierError("format")
        whole = as_vin(joined)
        if whole and not any(word.isalpha() and len(word) >= 4 for word in words):
            return whole
        numbers = [word for word in words if not word.isalpha()]
        if len({as_vin(number) for number in numbers}) == 1 and as_vin(numbers[0]):
            return as_vin(numbers[0])
    return exact(joined)


def words_and_year(words: list[str]) -> bool:
    """A make or line and a year; no number."""
    years = [word for word in words if re.fullmatch("(19|20)[0-9]{2}", word)]
    names = [word for word in words if word.isalpha()]
    return bool(years) and len(years) + len(names) == len(words) and any(len(word) >= 4 for word in names)


def as_vin(text: str) -> str:
    read = text.replace("I", "1").replace("O", "0").replace("Q", "0")
    return read if re.fullmatch("[A-HJ-NPR-Z0-9]{17}", read) else ""


def without_filler(number: str) -> str:
    """A number of a vehicle; "" where it is one character repeated."""
    return number if len(set(number)) > 1 else ""


# ---- plates ----


def plate_number(text: str, letters: dict[int, int]) -> Plate | None:
    from tests.core.identifiers.naive_identifiers import PLATE_TYPES

    found = re.fullmatch("(.{0,4})(...)([A-Z]{3})", text)
    if found is None:
        return None
    digits = found[2].translate(letters)
    head = re.fullmatch(f"({'|'.join(sorted(PLATE_TYPES, key=len, reverse=True))})?(0{{0,2}})", found[1])
    if head is None or head[2] == "":
        shorter = re.fullmatch(f"({'|'.join(PLATE_TYPES)})?O", found[1]) if len(found[1]) > 1 else None
        head = head or shorter
    if head is None or not re.fullmatch("[0-9]{3}", digits):
        return None
    if len(found[1]) == 1 and found[1] + found[2][0] in PLATE_TYPES and found[2][0].isalpha():
        return None  # "MO12BCD": M-012BCD, or MO-012BCD without its zero
    return Plate(head[1] or "", digits + found[3], "GTM", bool(re.search("[AEIOU]", found[3])))


def short_plate(text: str) -> Plate | None:
    from tests.core.identifiers.naive_identifiers import PLATE_TYPES

    found = re.fullmatch("([A-Z]*)([0-9]{1,2})([A-Z]{3})", text)
    if found is None or found[1] not in ("", *PLATE_TYPES) or found[1][-1:] in ("O", "I", "L"):
        return None
    number = found[2].zfill(3) + found[3]
    return Plate(found[1], number, "GTM", bool(re.search("[AEIOU]", found[3])))


def type_at(words: list[str], i: int) -> tuple[str, int]:
    """The type that the words from i are, and how many they are; 0 = none."""
    from tests.core.identifiers.naive_identifiers import PLATE_TYPES

    for many in (2, 1):
        found = TYPE_WORDS.get(" ".join(words[i : i + many])) if i + many <= len(words) else None
        if found:
            return found, many
    return (words[i], 1) if words[i] in PLATE_TYPES else ("", 0)


def plate_as_written(text: str, rule: str) -> Plate:
    try:
        words = without_labels(words_of(text), Kind.PLATE)
    except Unread:
        raise IdentifierError(rule) from None
    if len(words) > 1 and words[0] in OWN_COUNTRY:
        words = words[1:]
    if words[: len(words) // 2] == words[len(words) // 2 :]:
        words = words[: len(words) // 2]
    try:
        return _plate_of(words, rule, doubtful(text))
    except IdentifierError:
        return _plate_of(without_places(words, letters=3), rule, doubtful(text))


def _plate_of(words: list[str], rule: str, in_doubt: bool) -> Plate:
    types = []
    i = 0
    while i < len(words) and type_at(words, i)[1]:
        shown, many = type_at(words, i)
        types.append(shown)
        i += many
    for last in range(i + 1, min(len(words), i + 4) + 1):
        joined = "".join(words[i:last])
        old = re.fullmatch("[0-9]{6}", joined)
        found = Plate("", joined, "GTM", False) if old else plate_number(joined, DIGITS)
        twice = re.fullmatch(r"(.{1,3})(\1.{6})", joined)
        if found is None and twice:
            found = plate_number(twice[2], DIGITS)
        if found is None and not in_doubt:
            found = short_plate(joined)
        if found is None:
            continue
        types += [found.type] if found.type else []
        behind = last
        while behind < len(words):
            shown, many = type_at(words, behind)
            if not many:
                raise IdentifierError(rule)
            types.append(shown)
            behind += many
        if len(set(types)) > 1 or (old and not types):
            raise IdentifierError(rule)
        return found._replace(type=types[0] if types else "")
    raise IdentifierError(rule)
