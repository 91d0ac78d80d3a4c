"""Turns typed text into the hot list's keys (HotlistEntry.key).

Reads fewer forms than the server's one box and never others. An uncertain text gives no key: "not listed" under a wrong
key would hide a listed subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clients.car.offline.countries import ALPHA_3, OF_DOCUMENT
from clients.car.scanned import cui_agrees, zone_cui
from ronda.v1.check_service_pb2 import (
    IDENTIFIER_KIND_CUI,
    IDENTIFIER_KIND_DOCUMENT,
    IDENTIFIER_KIND_NAME,
    IDENTIFIER_KIND_PLATE,
    IDENTIFIER_KIND_UNSPECIFIED,
    IDENTIFIER_KIND_VIN,
)

_TYPES = ["P", "C", "A", "U", "M", "MT", "O", "MO", "CD", "CC", "CO", "MI", "TC", "TCE", "TRC", "T", "TE", "EXT", "DIS"]
_ANY_TYPE = "|".join(sorted(_TYPES, key=len, reverse=True))
_PLATE = re.compile(rf"({_ANY_TYPE})?0?(\d{{3}}[A-Z]{{3}})")
_VIN = re.compile(r"(?=.*\d)[A-HJ-NPR-Z0-9]{17}")
_DOCUMENT = re.compile(r"([A-Z]{3})[: ]+([A-Z0-9-]{4,20})")
_CUI = re.compile(r"[0-9]{13}")
# The same numbers among other words ("P-323ZZB gris", "DPI 8750 31331 0502"). A plate's parts stand apart only behind
# its type, for "600 MTS" is none.
_AMONG_WORDS = (
    re.compile(r"(?<![\w.-])\d{4}[ .-]?\d{5}[ .-]?\d{4}(?![\w-])", re.ASCII),
    re.compile(rf"(?<![\w-])(?:(?:{_ANY_TYPE})[ .-]?0?\d{{3}}[ .-]?|0?\d{{3}}-?)[A-Z]{{3}}(?![\w-])", re.ASCII),
    re.compile(r"(?<![\w-])(?=\w*\d)[A-HJ-NPR-Z0-9]{17}(?![\w-])", re.ASCII),
)
# Kinds that a word names; any other kind beside it is not meant. The rest of them no list has.
_LABELS = {
    IDENTIFIER_KIND_CUI: {"DPI", "CUI", "LICENCIA", "LIC"},
    IDENTIFIER_KIND_PLATE: {"PLACA", "PLACAS", "PL"},
    IDENTIFIER_KIND_VIN: {"VIN", "CHASIS", "SERIE"},
    IDENTIFIER_KIND_UNSPECIFIED: {
        "PASAPORTE",
        "PAS",
        "PASS",
        "NIT",
        "MOTOR",
        "CEDULA",
        "CÉDULA",
        "CED",
        "TEL",
        "TELEFONO",
    },
}
_LONGEST = 200  # characters: OfflineLookUp.question


@dataclass(frozen=True)
class Asking:
    """Keys to look up, any of which may be listed; none = nothing that a list can be asked for. `text`: for the log."""

    kind: int
    keys: tuple[str, ...]
    text: str


def asking_of(words: str) -> Asking:
    """Returns the keys that the words ask a list for. A plate without its type is each that it may be."""
    said = " ".join(words.upper().split())
    asking = _scanned(said) or _whole(said) or _document(said) or _among_words(said)
    if asking is not None:
        return asking
    lettered = bool(said) and re.sub(r"[\s.\-]", "", said).isalpha()
    return Asking(IDENTIFIER_KIND_NAME if lettered else IDENTIFIER_KIND_UNSPECIFIED, (), words[:_LONGEST])


def is_of_vehicle(words: str) -> bool:
    """Returns whether the words ask a list about a vehicle."""
    return asking_of(words).kind in (IDENTIFIER_KIND_PLATE, IDENTIFIER_KIND_VIN)


def _scanned(said: str) -> Asking | None:
    cui = zone_cui(said)
    return Asking(IDENTIFIER_KIND_CUI, (cui,), cui) if cui else None


def _whole(said: str) -> Asking | None:
    """Reads a number that is all of the text."""
    compact = re.sub(r"[\s.\-]", "", said)
    if _CUI.fullmatch(compact):
        return Asking(IDENTIFIER_KIND_CUI, (compact,), compact)
    if plate := _PLATE.fullmatch(compact):
        types = [plate[1], "?"] if plate[1] else [*_TYPES, "?"]
        keys = tuple(f"{each}-{plate[2]}|GTM" for each in types)
        return Asking(IDENTIFIER_KIND_PLATE, keys, keys[0] if plate[1] else keys[-1])
    return Asking(IDENTIFIER_KIND_VIN, (compact,), compact) if _VIN.fullmatch(compact) else None


def _document(said: str) -> Asking | None:
    found = _DOCUMENT.fullmatch(said)
    country = OF_DOCUMENT.get(found[1], found[1]) if found else ""
    if found is None or country not in ALPHA_3 or not any(letter.isdecimal() for letter in found[2]):
        return None
    if (country == "GTM" and _whole(found[2]) is not None) or (_CUI.fullmatch(found[2]) and cui_agrees(found[2])):
        return None  # "GTM P-323ZZB", "DNI 2357111360101": a number of its own kind
    key = f"{country}:{found[2].replace('-', '')}"
    return Asking(IDENTIFIER_KIND_DOCUMENT, (key,), key)


def _among_words(said: str) -> Asking | None:
    """Reads the one number that stands among other words; None where there are several, or words that name another."""
    numbers = [number for form in _AMONG_WORDS for number in form.findall(said)]
    found = {asking.text: asking for asking in map(_whole, numbers) if asking is not None}
    if len(found) != 1:
        return None
    asking = next(iter(found.values()))
    words = set(re.findall(r"[^\W\d]+", said))
    named = {kind for kind, labels in _LABELS.items() if words & labels}
    return asking if named <= {asking.kind} else None
