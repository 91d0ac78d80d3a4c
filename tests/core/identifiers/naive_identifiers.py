"""Identifiers in plain Python, written from the rules: the twin of core.identifiers.api.

Kinds, the error and Plate are the core's.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator

from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError, Plate
from tests.core.free_text import naive_free_names
from tests.core.identifiers import naive_countries, naive_written
from tests.core.names.naive_names import fold, latin_letters, other_letters

__all__ = ["IdentifierError", "IdentifierKind", "Plate"]

_ORDENES = "A B C D E F G H I J K L M N Ñ O P Q R S T U"
_PLATE_TYPES = "P C A U M MT O MO CD CC CO MI TC TCE TRC T TE EXT DIS"
MUNICIPALITIES = [17, 8, 16, 16, 14, 14, 19, 8, 24, 21, 9, 30, 33, 21, 8, 17, 14, 5, 11, 11, 7, 17]
ORDENES = _ORDENES.split()
PLATE_TYPES = _PLATE_TYPES.split()
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_PATTERN = re.compile(f"[{VIN_LETTERS}0-9]{{17}}")
SPACES = "\t\n\v\f\r \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
DASHES = "-‐‑‒–—―\u2212"
NO_WIDTH = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
SEPARATORS = SPACES + DASHES + NO_WIDTH + ".,/_"


def refuse_unless(condition: object, rule: str) -> None:
    if not condition:
        raise IdentifierError(rule)


def upper(text: str) -> str:
    """ASCII letters only: ſ and ı are no letters of an identifier."""
    return "".join(c.upper() if c.isascii() else c for c in text)


def compact(text: str, signs: str = "") -> str:
    left = upper("".join(c for c in text if c not in SEPARATORS + signs))
    refuse_unless(re.fullmatch("[0-9A-Z]*", left), "characters")
    return left


ANY_SIGN = "".join(chr(c) for c in range(33, 127) if not chr(c).isalnum())


def cui_rule(digits: str) -> str | None:
    check = sum(int(d) * w for d, w in zip(digits, range(2, 10), strict=False)) % 11
    if str(check) != digits[8]:
        return "checksum"
    department, municipality = int(digits[9:11]), int(digits[11:13])
    if department not in range(1, 23):
        return "department"
    return None if municipality in range(1, MUNICIPALITIES[department - 1] + 1) else "municipality"


def cui(text: str) -> str:
    digits = compact(text)
    refuse_unless(digits.isdigit() or not digits, "characters")
    refuse_unless(len(digits) == 13, "length")
    rule = cui_rule(digits)
    if rule:
        raise IdentifierError(rule)
    return digits


def nit(text: str) -> str:
    padded = compact(text)
    if re.fullmatch("[0-9]{13}", padded) and cui_rule(padded) is None:
        return padded
    if len(padded) > 40 and len(re.findall("[A-Z]", padded)) <= 1:
        raise IdentifierError("length")
    refuse_unless(re.fullmatch("[0-9]*K?", padded), "characters")
    number = padded.lstrip("0")
    refuse_unless(2 <= len(number) <= 12, "length")
    check = -sum(int(d) * w for w, d in enumerate(reversed(number[:-1]), 2)) % 11
    refuse_unless(number[-1] == "0123456789K"[check], "checksum")
    return number


def telephone(text: str) -> str:
    given = "".join(c for c in text if c not in SEPARATORS + "()")
    abroad = given.startswith("+")
    digits = given.removeprefix("+")
    refuse_unless(re.fullmatch("[0-9]*", digits), "characters")
    if abroad:
        refuse_unless(len(digits) == 11 and digits.startswith("502"), "format")
    if len(digits) == 13 and not abroad:
        digits = digits.removeprefix("00502")
    if len(digits) == 11:
        digits = digits.removeprefix("502")
    refuse_unless(len(digits) == 8, "length")
    refuse_unless(re.fullmatch(r"[267][2-9][0-9]{6}|(?:[3-5][0-9]{2}|80[0-4])[0-9]{5}", digits), "format")
    return digits


def read_cedula(text: str) -> tuple[str, str, bool]:
    """Orden ("A-1"), registro ("" = missing or zero), and whether a separator stands between them."""
    spaced = re.sub(f"[{re.escape(SEPARATORS)}]+", " ", text)
    first = spaced.lstrip(" ")
    refuse_unless(first, "length")
    letter, rest = first[0], first[1:]
    if letter in "Nn" and rest.startswith("\u0303"):
        letter, rest = "Ñ", rest[1:]
    letter = "Ñ" if letter in "ñ¥&" else upper(letter)
    if letter not in ORDENES:
        raise IdentifierError("format" if letter in "0123456789" else "characters")
    refuse_unless(re.fullmatch("[0-9 ]*", rest), "characters")
    digits = rest.replace(" ", "")
    refuse_unless(len(digits) <= 12 and digits, "length")
    number = str(ORDENES.index(letter) + 1)
    if letter == "N" and digits.startswith("15"):
        letter, number = "Ñ", "15"
    orden = re.match(f"(0?){number}" if len(number) == 1 else number, digits)
    if not orden:
        raise IdentifierError("department")
    after = rest
    for _ in orden[0]:
        after = after.lstrip(" ")[1:]
    registro = after.replace(" ", "").lstrip("0")
    return f"{letter}-{number}", registro, after.startswith(" ")


def cedula(text: str) -> str:
    orden, registro, _ = read_cedula(text)
    refuse_unless(1 <= len(registro) <= 7, "length")
    return f"{orden} {registro}"


def cedula_orden(text: str) -> str:
    return read_cedula(text)[0]


def free(text: str, shortest: int, longest: int) -> str:
    number = compact(text, ANY_SIGN)
    refuse_unless(shortest <= len(number) <= longest, "length")
    refuse_unless(re.search("[0-9]", number), "format")
    return number


def country_code(text: str) -> str:
    if known := naive_countries.known(text):
        return known
    code = compact(text)
    refuse_unless(not re.search("[0-9]", code), "characters")
    refuse_unless(len(code) == 3, "length")
    return code


def document(country: str, number: str) -> str:
    code = country_code(country)
    beside = naive_countries.split(number)
    return code + ":" + canonical(IdentifierKind.DOCUMENT_NUMBER, beside[1] if beside and beside[0] == code else number)


def split_document(text: str) -> str:
    refuse_unless(text, "length")
    country, colon, number = text.partition(":")
    refuse_unless(colon, "format")
    return document(country, number)


def plate_characters(text: str) -> str:
    stripped = text.lstrip(SEPARATORS + ANY_SIGN.replace("*", ""))
    refuse_unless("*" not in text and "?" not in stripped, "characters")
    return compact(text, ANY_SIGN)


def plate(text: str, country: str = "GTM") -> Plate:
    try:
        return exact_plate(text, country)
    except IdentifierError as error:
        if country_code(country) != "GTM":
            raise
        rule = error.rule
    return naive_written.plate_as_written(text, rule)


def exact_plate(text: str, country: str = "GTM") -> Plate:
    code = country_code(country)
    characters = plate_characters(text)
    if code != "GTM":
        refuse_unless(3 <= len(characters) <= 10, "length")
        return Plate("", characters, code, False)
    refuse_unless(6 <= len(characters) <= 10, "length")
    types = "|".join(PLATE_TYPES)
    found = re.fullmatch(f"({types})?0{{0,2}}([0-9]{{3}}[A-Z]{{3}})", characters)
    found = found or re.fullmatch(f"({types})0{{0,2}}([0-9]{{6}})", characters)
    if not found:
        raise IdentifierError("format")
    return Plate(found[1] or "", found[2], code, bool(re.search("[AEIOU]", found[2])))


# As strictly written.
EXACT: dict[IdentifierKind, Callable[[str], str]] = {
    IdentifierKind.CUI: cui,
    IdentifierKind.NIT: nit,
    IdentifierKind.CEDULA: cedula,
    IdentifierKind.DOCUMENT: split_document,
    IdentifierKind.DOCUMENT_NUMBER: lambda text: free(text, 3, 20),
    IdentifierKind.LICENCE: lambda text: free(text, 3, 20),
    IdentifierKind.TELEPHONE: telephone,
    IdentifierKind.PLATE: lambda text: exact_plate(text).text,
    IdentifierKind.VIN: lambda text: free(text, 3, 25),
    IdentifierKind.CHASSIS_TAIL: lambda text: free(text, 6, 8),
    IdentifierKind.ENGINE: lambda text: free(text, 3, 25),
    IdentifierKind.ENGINE_TAIL: lambda text: free(text, 6, 8),
}


def canonical(kind: int, text: str) -> str:
    if kind not in EXACT:
        raise ValueError(f"kind {kind} has no canonical text")
    kind = IdentifierKind(kind)
    if kind is IdentifierKind.PLATE:
        return plate(text).text
    if kind is IdentifierKind.DOCUMENT:
        return EXACT[kind](text)
    return naive_written.read(kind, text, EXACT[kind])


def read_otherwise(kind: int, text: str) -> bool:
    kind = IdentifierKind(kind)
    if problem(kind, text) is not None or kind is IdentifierKind.DOCUMENT:
        return False
    try:
        return EXACT[kind](text) != canonical(kind, text)
    except IdentifierError:
        return True


def problem(kind: int, text: str) -> str | None:
    try:
        canonical(kind, text)
    except IdentifierError as error:
        return error.rule
    return None


def strict_cui_digits(text: str) -> str | None:
    try:
        digits = compact(text)
    except IdentifierError:
        return None
    return digits if re.fullmatch("[0-9]{13}", digits) else None


def cui_digits(text: str) -> tuple[str | None, bool]:
    digits = None if naive_written.of_spreadsheet(text) else strict_cui_digits(text)
    if digits is None:
        digits, _ = naive_written.cui_as_written(text)
    return digits, digits is not None and cui_rule(digits) is None


def vin(text: str) -> str | None:
    try:
        number = compact(text, ANY_SIGN)
    except IdentifierError:
        return None
    return number if VIN_PATTERN.fullmatch(number) else None


def is_vin(text: str) -> bool:
    return vin(text) is not None


def vin_check_digit_valid(text: str) -> bool:
    number = vin(text)
    if number is None:
        return False
    values = {letter: i for row in ("ABCDEFGH", "JKLMN") for i, letter in enumerate(row, 1)}
    values |= {"P": 7, "R": 9} | {letter: i for i, letter in enumerate("STUVWXYZ", 2)}
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    total = sum((int(c) if c.isdigit() else values[c]) * w for c, w in zip(number, weights, strict=True))
    return number[8] == "0123456789X"[total % 11]


def name_words(text: str) -> list[str]:
    """The words of a text as folding cuts them, without folding's bounds."""
    words = [""]
    for character in text:
        folded = fold(character)
        if not folded and fold(f"A{character}B") != "AB":
            words.append("")
        words[-1] += folded
    return [word for word in words if word]


def looks_like_name(text: str) -> bool:
    words = name_words(text)
    if words and re.fullmatch("(1[89]|20)[0-9]{2}", words[-1]):
        words = words[:-1]
    return bool(words) and not any(re.search("[0-9]", word) for word in words)


def is_name_of_another_script(text: str) -> bool:
    """Letters of it, and digits in a birth date alone."""
    if not any(other_letters(character) for character in text):
        return False
    return looks_like_name(text) or naive_free_names.is_dated_name(text)


def attempts(
    text: str, kinds: Iterable[IdentifierKind], read: Callable[[IdentifierKind, str], str]
) -> Iterator[tuple[IdentifierKind, str]]:
    for kind in kinds:
        with contextlib.suppress(IdentifierError):
            yield kind, read(kind, text)


def exactly(kind: IdentifierKind, text: str) -> str:
    return EXACT[kind](text)


def is_glued(text: str) -> bool:
    """Returns whether a word of five letters stands in the text, and nothing of seventeen characters in one piece."""
    words = [word for word in re.split(rb"[^A-Za-z0-9\x80-\xff]", text.encode("utf-8", "surrogatepass")) if word]
    if any(len(word) == 17 and re.search(rb"[0-9]", word) for word in words):
        return False
    return any(len(word) >= 5 and not re.search(rb"[0-9]", word) for word in words)


def detect_foreign(text: str, country: str) -> list[tuple[IdentifierKind, str]]:
    try:
        number = compact(text, ANY_SIGN)
    except IdentifierError:
        return []
    if not re.search("[0-9]", number):
        return []
    found = []
    if 3 <= len(number) <= 20:
        found.append((IdentifierKind.DOCUMENT, f"{country}:{number}"))
    with contextlib.suppress(IdentifierError):
        found.append((IdentifierKind.PLATE, exact_plate(text, country).text))
    return [*found, *([(IdentifierKind.VIN, number)] if VIN_PATTERN.fullmatch(number) and not is_glued(text) else [])]


def detect_national(text: str, with_document: bool) -> list[tuple[IdentifierKind, str]]:
    if naive_written.of_spreadsheet(text) and (found := written_kinds(text)):
        return found
    if strict_cui_digits(text):
        return list(attempts(text, [IdentifierKind.CUI], exactly))
    found = list(attempts(text, [IdentifierKind.NIT, IdentifierKind.TELEPHONE, IdentifierKind.PLATE], exactly))
    with contextlib.suppress(IdentifierError):
        if read_cedula(text)[2]:
            found.append((IdentifierKind.CEDULA, cedula(text)))
    try:
        number = compact(text, ANY_SIGN)
    except IdentifierError:
        number = ""
    if VIN_PATTERN.fullmatch(number) and re.search("[0-9]", number) and not is_glued(text):
        found.append((IdentifierKind.VIN, number))
    taken = {kind for kind, _ in found} & {IdentifierKind.CEDULA, IdentifierKind.PLATE, IdentifierKind.VIN}
    if with_document and not taken and re.search("[0-9]", number) and 3 <= len(number) <= 20:
        found.append((IdentifierKind.DOCUMENT, f"GTM:{number}"))
    if not found:
        found = written_kinds(text)
    nothing = not found
    if nothing:
        found, other = beside_words(text, with_document)
        if not other:
            return found
    old_plate = not nothing and re.fullmatch("[A-Z]+-[0-9]{6}", found[-1][1])
    if (nothing or (old_plate and len(found) == 1)) and re.search("[0-9]", number) and not is_glued(text):
        mixed = bool(re.search("[A-Z]", number))
        if 5 <= len(number) <= 20 if mixed else 6 <= len(number) <= 12:
            found.append((IdentifierKind.DOCUMENT_NUMBER, number))
        if mixed and 5 <= len(number) <= 15:
            found.append((IdentifierKind.LICENCE, number))
        if 6 <= len(number) <= 8:
            found.append((IdentifierKind.CHASSIS_TAIL, number))
        if 6 <= len(number) <= (20 if mixed else 8):
            found.append((IdentifierKind.ENGINE, number))
    return found


def beside_words(text: str, with_document: bool) -> tuple[list[tuple[IdentifierKind, str]], bool]:
    """The number without a country or the word for its kind; whether it may as well be another."""
    beside = naive_countries.split(text)
    if beside is not None:
        country, number, short = beside
        found = [(IdentifierKind.DOCUMENT, f"{country}:{number}")] if 3 <= len(number) <= 20 else []
        return found, short or not found
    said = naive_countries.labelled(text)
    if said is None:
        return [], True
    kind, rest = said
    found = detect_national(rest, with_document)
    document = kind is IdentifierKind.DOCUMENT_NUMBER
    enough = {kind, IdentifierKind.CUI} | ({IdentifierKind.DOCUMENT} if document else set())
    if not enough & {k for k, _ in found}:
        found += attempts(rest, [kind], exactly)
    return found, not found


def written_kinds(text: str) -> list[tuple[IdentifierKind, str]]:
    """Returns the kinds in a text that is strictly nothing."""
    kinds = IdentifierKind
    asked = [kinds.CUI] if problem(kinds.CUI, text) is None else [kinds.NIT, kinds.CEDULA, kinds.TELEPHONE, kinds.PLATE]
    found = list(attempts(text, asked, canonical))
    with contextlib.suppress(IdentifierError):
        number = compact(text, ANY_SIGN)
        found = [f for f in found if f[0] != kinds.PLATE or len(number) >= len(f[1].replace("?", "")) - 1]
    if kinds.CUI not in asked and problem(kinds.VIN, text) is None:
        number = canonical(kinds.VIN, text)
        if VIN_PATTERN.fullmatch(number) and not number.isalpha() and not is_glued(text):
            found.append((kinds.VIN, number))
    return found


def detect(text: str, country: str = "") -> list[tuple[IdentifierKind, str]]:
    code = country_code(country) if country else ""
    said = re.match("(?!(?i:CUI|DPI|NIT|VIN|TEL|CEL|CED|LIC|PAS):)([A-Za-z]{3}):(?=.)", text.lstrip(" "), re.DOTALL)
    if said:
        found = detect_foreign(text.lstrip(" ")[4:], upper(said[1]))
    elif code not in ("", "GTM"):
        found = detect_foreign(text, code)
    elif looks_like_name(text):
        found = []
    else:
        found = detect_national(text, bool(code))
        ruled = {
            IdentifierKind.CUI,
            IdentifierKind.NIT,
            IdentifierKind.CEDULA,
            IdentifierKind.TELEPHONE,
            IdentifierKind.PLATE,
        }
        if not ruled & {kind for kind, _ in found} and naive_free_names.is_dated_name(text):
            found = []
    has_letters = any(latin_letters(c) or ("A" <= upper(c) <= "Z") for c in text)
    has_letters = has_letters or is_name_of_another_script(text)
    if not found and has_letters:
        return [(IdentifierKind.NAME, fold(text))]
    return sorted(found)


def miscounted_cui(text: str) -> str | None:
    """The 12 or 14 digits of what may be a CUI that lost a digit or has one too many."""
    if naive_written.of_spreadsheet(text):
        return None
    try:
        digits = compact(text)
    except IdentifierError:
        return None
    return digits if digits.isdigit() and len(digits) in (12, 14) else None
