"""Likely readings of an identifier that finds nobody (docs/answers.md section 13)."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ronda.v1 import level_pb2
from tests.core.identifiers import naive_identifiers, naive_slips
from tests.core.identifiers.naive_identifiers import IdentifierError, IdentifierKind
from tests.oracle.asked import Identifier
from tests.oracle.finding import persons_with
from tests.oracle.finding_vehicles import bearings
from tests.oracle.record import PLATE

if TYPE_CHECKING:
    from tests.oracle.view import View

AT_MOST = 5
KINDS = {"cui": IdentifierKind.CUI, "nit": IdentifierKind.NIT, "vin": IdentifierKind.VIN}


def suggestions(view: View, asked: Iterable[Identifier]) -> tuple[list[str], int]:
    """Returns those of the first identifier that has any, and how many of them are on file."""
    for one in asked:
        if one.kind == "plate":
            found = plates(view, one)[:AT_MOST]
            on_file = len(found)
        else:
            found, on_file = slips(view, one) if one.kind in KINDS else ([], 0)
        if found:
            return found, on_file
    return [], 0


def slips(view: View, asked: Identifier) -> tuple[list[str], int]:
    near = naive_slips.suggest(KINDS[asked.kind], asked.value)
    held = [text for text in near if on_file(view, Identifier(asked.kind, asked.criterion, text))][:AT_MOST]
    others = [text for text in near if text not in held] if asked.impossible else []
    return (held + others)[:AT_MOST], len(held)


def lost_digit(view: View, query: str, tried: Iterable[str]) -> list[str] | None:
    """Returns the CUIs on file that 12 digits may be that fit no CUI. None: it is not such a text."""
    digits = naive_identifiers.miscounted_cui(query)
    if digits is None or len(digits) != 12 or "cui" in tried:
        return None
    found, held = slips(view, Identifier("cui", level_pb2.CRITERION_CUI, digits))
    return found[:held]


def on_file(view: View, asked: Identifier) -> bool:
    if asked.kind == "vin":
        vehicles = view.oracle.vehicles_carrying(asked)
        return any(asked.is_of(link.record) for v in vehicles if v.about != PLATE for link in view.links(v))
    return bool(persons_with(view, asked))


def plates(view: View, asked: Identifier) -> list[str]:
    kind, number, country = asked.value
    if country != "GTM":
        return []
    found = plates_of_number(view, asked, number, "")
    for other in numbers(kind, number):
        found += plates_of_number(view, asked, other, kind)
    return list(dict.fromkeys(found))


def numbers(kind: str, number: str) -> Iterator[str]:
    """Numbers that may have been meant, the likeliest slips first."""
    for i in range(5):
        if number[i] != number[i + 1]:
            yield number[:i] + number[i + 1] + number[i] + number[i + 2 :]
    misread = [text[-6:] for text in naive_slips.plate_misreads(f"{kind}-{number}" if kind else number)]
    differing = {other: sum(a != b for a, b in zip(other, number, strict=True)) for other in misread}
    yield from (other for other in misread if differing[other] == 1)
    for i in range(6):
        for character in string.digits if number[i].isdigit() else string.ascii_uppercase:
            if character != number[i]:
                yield number[:i] + character + number[i + 1 :]
    yield from (other for other in misread if differing[other] == 2)


def plates_of_number(view: View, asked: Identifier, number: str, kind: str) -> list[str]:
    """On file with this number and type ("" = any), by text; bytewise, as letters and digits are ASCII."""
    texts = set()
    for vehicle in view.oracle.vehicles_carrying(Identifier("plate", asked.criterion, ("", number, "GTM"))):
        if vehicle.about == PLATE:
            records = [link.record for link in view.links(vehicle)]
            borne = {(r.plate_type, r.plate, r.plate_country) for r in records if r.plate}
        else:
            borne = {(b.type, b.number, b.country) for b in bearings(view, vehicle)}
        for its_type, its_number, country in borne:
            if (its_number, country) == (number, "GTM") and (not kind or its_type in ("", kind)):
                texts.add(f"{its_type}-{number}" if its_type else number)
    return sorted(texts)


def misformed_plates(view: View, text: str) -> list[str] | None:
    """Returns the plates that a text may be that looks like a plate and is none. None: it does not look like one."""
    typed = text.upper() if text.isascii() else text
    typed = typed.replace(" ", "").replace("-", "")
    miscounted, misplaced = _miscounted_plates(view, typed), _misplaced_plates(view, typed)
    if miscounted is None and misplaced is None:
        return None
    return list(dict.fromkeys([*(miscounted or []), *(misplaced or [])]))[:AT_MOST]


def _miscounted_plates(view: View, typed: str) -> list[str] | None:
    shape = re.fullmatch("([A-Z]{0,3})([0-9]{2,4})([A-Z]{2,4})", typed)
    if not shape or (len(shape[2]), len(shape[3])) not in ((2, 3), (3, 2), (4, 3), (3, 4)):
        return None
    kind, digits, letters = shape.groups()
    if len(digits) != 3:
        change = naive_slips.one_more(digits, string.digits) if len(digits) == 2 else naive_slips.one_less(digits)
        numbers = [each + letters for each in change]
    else:
        change = (
            naive_slips.one_more(letters, string.ascii_uppercase)
            if len(letters) == 2
            else naive_slips.one_less(letters)
        )
        numbers = [digits + each for each in change]
    asked = _asked_plate(kind, "000BBB")
    return [plate for number in numbers for plate in plates_of_number(view, asked, number, asked.value[0])]


def _asked_plate(kind: str, number: str) -> Identifier:
    """With the type that the letters are, if they are one."""
    try:
        kind = naive_identifiers.plate(f"{kind}000BBB").type if kind else ""
    except IdentifierError:
        kind = ""
    return Identifier("plate", level_pb2.CRITERION_PLATE, (kind, number, "GTM"))


def _misplaced_plates(view: View, typed: str) -> list[str] | None:
    shape = re.fullmatch("([A-Z]{0,3})([A-Z0-9]{6})", typed)
    if not shape or not 2 <= sum(c.isdigit() for c in shape[2]) <= 4:
        return None
    asked = _asked_plate(*shape.groups())
    kind, number, _ = asked.value
    found = plates_of_number(view, asked, number, "") if _is_plate(number) else []
    for i in range(5):
        swapped = number[:i] + number[i + 1] + number[i] + number[i + 2 :]
        if swapped != number and _is_plate(swapped):
            found += plates_of_number(view, asked, swapped, kind)
    misplaced = [i for i, c in enumerate(number) if c.isdigit() != (i < 3)]
    if len(misplaced) == 1:
        (i,) = misplaced
        for c in string.digits if i < 3 else string.ascii_uppercase:
            found += plates_of_number(view, asked, number[:i] + c + number[i + 1 :], kind)
    return found


def _is_plate(number: str) -> bool:
    return bool(re.fullmatch("[0-9]{3}[A-Z]{3}", number))
