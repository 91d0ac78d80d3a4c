"""Texts that show an identifier without being one, in plain Python, from docs/answers.md section 4 ("Still shown")."""

from __future__ import annotations

import re

from core.identifiers.kinds import IdentifierKind as Kind
from core.identifiers.types import IdentifierError, Plate
from tests.core.identifiers.naive_written import (
    DIGITS,
    MISREAD,
    Unread,
    doubtful,
    plate_number,
    short_plate,
    spreadsheet,
    told,
    words_of,
)

SHOWN_MAX = 4


def looks_like_document(number: str) -> bool:
    """A document in the CUI's column: five to nine digits, up to three letters before or behind."""
    return bool(re.fullmatch("[A-Z]{0,3}[0-9]{5,9}|[0-9]{5,9}[A-Z]{0,3}", number))


def is_vin_elsewhere(number: str) -> bool:
    """A VIN in the plate's column: letters and digits, 17 of them."""
    from tests.core.identifiers.naive_identifiers import is_vin

    return is_vin(number) and not number.isdigit() and not number.isalpha()


def loose_number(text: str) -> str:
    """Returns what the CUI's cell shows that is none: 12 or 14 digits, or a NIT; "" = neither."""
    from tests.core.identifiers import naive_identifiers

    try:
        number = spreadsheet(text)
        if number is None:
            number = told(Kind.CUI, text)[0].translate(MISREAD)
    except (IdentifierError, Unread):
        number = ""
    if not re.fullmatch("[0-9]{12}|[0-9]{14}", number):
        try:
            number = naive_identifiers.canonical(Kind.NIT, text)
        except IdentifierError:
            number = ""
    return number if len(number) >= 5 and len(set(number)) > 1 else ""


def unchecked_nit(text: str) -> str:
    """Returns the number in a NIT's cell without a valid check: five to twelve digits, perhaps a K last; "" = none."""
    from tests.core.identifiers import naive_identifiers

    try:
        number = naive_identifiers.compact(text)
    except IdentifierError:
        return ""
    number = number.lstrip("0") if len(number) <= 40 else ""
    return number if re.fullmatch("[0-9]{4,11}[0-9K]", number) and len(set(number)) > 1 else ""


def shown_cuis(text: str) -> list[str]:
    from tests.core.identifiers.naive_identifiers import cui_rule

    try:
        words = words_of(text)
    except Unread:
        digits = re.sub("[*?¡¿ .-]", "", re.sub("^[^0-9]+|[^0-9]+$", "", text))
        return [digits] if re.fullmatch("[0-9]{13}", digits) and cui_rule(digits) is None else []
    found = []
    for run in re.findall("[0-9]+(?: [0-9]+)*(?![0-9A-Z])", " ".join(w if w.isdigit() else "X" for w in words)):
        found += [number for number in [*run.split(), run.replace(" ", "")] if len(number) == 13]
    valid = list(dict.fromkeys(number for number in found if cui_rule(number) is None))
    return valid if len(valid) <= SHOWN_MAX else []


def behind_a_sign(text: str) -> list[Plate]:
    """A type, a sign for a character that was lost, and a number: it stands for nothing or for a letter of the type."""
    found = re.fullmatch("[ '\"]*([A-Za-z]{1,3})( *[*?¿] *)([0-9A-Za-z]+)", text)
    if found is None or len(found[1]) + 1 + len(found[3]) > 10:
        return []
    head, number = found[1].upper(), found[3].upper()
    read = {kind: plate_number(kind + number, DIGITS) for kind in [head, *(head + c for c in map(chr, range(65, 91)))]}
    plates = [plate for kind, plate in read.items() if plate is not None and plate.type == kind]
    return plates if len(plates) <= SHOWN_MAX else []


def shown_plates(text: str) -> list[Plate]:
    try:
        words = words_of(text)
    except Unread:
        return behind_a_sign(text)
    spans = ["".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(len(words), i + 4) + 1)]
    whole = [plate for plate in (plate_number(span, MISREAD) for span in spans) if plate is not None]
    shown = whole or (
        [] if doubtful(text) else [plate for span in spans for plate in _shortened(span, alone=len(words) == 1)]
    )
    found: list[Plate] = []
    for plate in shown:
        alike = [i for i, other in enumerate(found) if other.number == plate.number]
        if any(plate.type in ("", found[i].type) for i in alike):
            continue
        untyped = next((i for i in alike if not found[i].type), None)
        if untyped is None:
            found.append(plate)
        else:
            found[untyped] = plate
    return found if len(found) <= SHOWN_MAX else []


def _shortened(text: str, *, alone: bool) -> list[Plate]:
    """Plates with their type that have lost zeros; both, where the type may end in the first digit."""
    from tests.core.identifiers.naive_identifiers import PLATE_TYPES

    ways = (re.fullmatch(f"({head})([OIL])([0-9OIL]{{1,2}})([A-Z]{{3}})", text) for head in ("[A-Z]", "[A-Z]{2}"))
    found = next((w for w in ways if w and {w[1], w[1] + w[2]} <= set(PLATE_TYPES)), None)
    if found is None or not (alone or re.search("[0-9]", found[3])):
        plate = short_plate(text)
        return [plate] if plate is not None and plate.type else []
    narrow, letter, digits, letters = found.groups()
    digits = digits.translate(DIGITS)
    vowel = bool(re.search("[AEIOU]", letters))
    first = (letter.translate(DIGITS) + digits).zfill(3)
    return [
        Plate(narrow, first + letters, "GTM", vowel),
        Plate(narrow + letter, digits.zfill(3) + letters, "GTM", vowel),
    ]
