"""Slips of typing in plain Python: what may have been meant by an identifier that finds nobody."""

from __future__ import annotations

import itertools
import re

from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError
from tests.core.identifiers.naive_identifiers import (
    ANY_SIGN,
    PLATE_TYPES,
    VIN_LETTERS,
    attempts,
    compact,
    cui_rule,
    exactly,
    plate_characters,
    vin_check_digit_valid,
)

_LOOK_ALIKE = "0O 0D 0Q OD OQ DQ 1I 1L IL 2Z 5S 6G 8B 4A VY UV 17 38 56 06 08"
_KEYBOARD = "12 23 34 45 56 67 78 89 90 14 25 36 47 58 69 10 20 MN AS SD DF FG GH HJ JK KL"
MISREADS = ["0ODQ", "1IL", "2Z", "5S", "6G", "8B", "4A", "VY"]
NEAR = {frozenset(pair) for pair in _LOOK_ALIKE.split() + _KEYBOARD.split()}


def one_more(text: str, characters: str) -> list[str]:
    """Each text with one character more, once; those where it repeats its neighbour first, then by place."""
    longer = [(text[:i] + c + text[i:], c != text[i : i + 1]) for i in range(len(text) + 1) for c in characters]
    return _each_once(longer, [c == text[i - 1 : i] for i in range(len(text) + 1) for c in characters])


def one_less(text: str) -> list[str]:
    """Each text with one character less, once; those where it repeated its neighbour first, then by place."""
    shorter = [(text[:i] + text[i + 1 :], text[i] != text[i + 1 : i + 2]) for i in range(len(text))]
    return _each_once(shorter, [text[i - 1 : i] == text[i] for i in range(len(text))])


def _each_once(found: list[tuple[str, bool]], seen: list[bool]) -> list[str]:
    kept = [one for one, again in zip(found, seen, strict=True) if not again]
    return [text for text, _ in sorted(kept, key=lambda one: one[1])]


def _lost(digits: str) -> list[str]:
    return [s for s in one_more(digits, "0123456789") if cui_rule(s) is None]


def suggest(kind: int, text: str) -> list[str]:
    try:
        typed = compact(text, ANY_SIGN)
    except IdentifierError:
        return []
    kind = IdentifierKind.CUI if kind == IdentifierKind.NIT and len(typed) == 13 else kind
    if kind == IdentifierKind.CUI and typed.isdigit() and len(typed) in (12, 14):
        return _lost(typed) if len(typed) == 12 else [s for s in one_less(typed) if cui_rule(s) is None]
    alphabet = {
        IdentifierKind.CUI: "0123456789",
        IdentifierKind.NIT: "0123456789K",
        IdentifierKind.VIN: "0123456789" + VIN_LETTERS,
    }.get(IdentifierKind(kind), "")
    swapped = [typed[:i] + typed[i + 1] + typed[i] + typed[i + 2 :] for i in range(len(typed) - 1)]
    changed = [(c, i) for i in range(len(typed)) for c in alphabet if c != typed[i]]
    changed.sort(key=lambda slip: frozenset((slip[0], typed[slip[1]])) not in NEAR)
    slips = [s for s in swapped if s != typed] + [typed[:i] + c + typed[i + 1 :] for c, i in changed]
    if kind == IdentifierKind.VIN:
        return [s for s in slips if len(s) == 17 and vin_check_digit_valid(s)][:96]
    if kind not in (IdentifierKind.CUI, IdentifierKind.NIT):
        return []
    valid = [s for s in slips if [s] == [text for _, text in attempts(s, [IdentifierKind(kind)], exactly)]]
    found = [s for s in valid if (len(s) == 13) == (kind == IdentifierKind.CUI)]
    if kind == IdentifierKind.CUI and typed.isdigit() and len(typed) == 13 and typed[0] == "0":
        found += _lost(typed[1:])
    return list(dict.fromkeys(found))[:96]


def plate_misreads(text: str) -> list[str]:
    try:
        characters = plate_characters(text)
    except IdentifierError:
        return []
    head, number = characters[:-6], characters[-6:]
    kind = re.sub("0{1,2}$", "", head)
    if len(number) < 6 or kind not in ["", *PLATE_TYPES]:
        return []
    shown = kind or "?"
    choices = [[c for group in MISREADS if now in group for c in group] or [now] for now in number]
    found = []
    readings = [dict.fromkeys([now, *others]) for now, others in zip(number, choices, strict=True)]
    for misread in itertools.product(*readings):
        places = [i for i in range(6) if misread[i] != number[i]]
        if len(places) in (1, 2) and re.fullmatch("[0-9]{3}[A-Z]{3}", "".join(misread)):
            order = [others.index(c) for c, others in zip(misread, choices, strict=True)]
            found.append((len(places), places, [order[i] for i in places], "".join(misread)))
    return [f"{shown}-{number}" for *_, number in sorted(found)][:48]
