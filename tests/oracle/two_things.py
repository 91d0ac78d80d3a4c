"""Two things asked in one text (docs/answers.md section 8, "One box")."""

from __future__ import annotations

import re

from tests.core.free_text import naive_free_names
from tests.core.identifiers import naive_identifiers
from tests.core.identifiers.naive_identifiers import IdentifierKind

FREE = {
    IdentifierKind.DOCUMENT_NUMBER,
    IdentifierKind.LICENCE,
    IdentifierKind.CHASSIS_TAIL,
    IdentifierKind.ENGINE,
    IdentifierKind.NAME,
}


def holds_two_things(text: str, detected: list[tuple[IdentifierKind, str]]) -> bool:
    if any(kind not in FREE for kind, _ in detected):
        return False
    cuts = [(text[: cut.start()], text[cut.end() :]) for cut in re.finditer("[ \t\n\v\f\r,;]", text) if cut.start()]
    return any(_two(*cut) for cut in cuts)


def _two(left: str, right: str) -> bool:
    if _thing(left) and _thing(right):
        return True
    words = naive_free_names.is_words_of_name
    return (_named(left) and words(right)) or (_named(right) and words(left))


def _read(kind: IdentifierKind, text: str) -> str:
    return naive_identifiers.canonical(kind, text) if naive_identifiers.problem(kind, text) is None else ""


def _named(text: str) -> bool:
    """A CUI, or a plate with its type, not of before 2004."""
    if _read(IdentifierKind.CUI, text):
        return True
    return bool(re.fullmatch("[A-Z]+-[0-9]{3}[A-Z]{3}", _read(IdentifierKind.PLATE, text)))


def _thing(text: str) -> bool:
    if _named(text) or _read(IdentifierKind.PLATE, text):
        return True
    return naive_identifiers.is_vin(text) and bool(re.search("[0-9]", text))
