"""What was typed, as the hot list's keys have it (HotlistEntry.key)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ronda.v1.check_service_pb2 import (
    IDENTIFIER_KIND_CUI,
    IDENTIFIER_KIND_DOCUMENT,
    IDENTIFIER_KIND_NAME,
    IDENTIFIER_KIND_PLATE,
    IDENTIFIER_KIND_UNSPECIFIED,
    IDENTIFIER_KIND_VIN,
)

_TYPES = ["P", "C", "A", "U", "M", "MT", "O", "MO", "CD", "CC", "CO", "MI", "TC", "TCE", "TRC", "T", "TE", "EXT", "DIS"]
_PLATE = re.compile(rf"({'|'.join(sorted(_TYPES, key=len, reverse=True))})?0?(\d{{3}}[A-Z]{{3}})")
_VIN = re.compile(r"(?=.*\d)[A-HJ-NPR-Z0-9]{17}")
_DOCUMENT = re.compile(r"([A-Z]{3})[: ]+([A-Z0-9-]{4,20})")
_CUI_LENGTH = 13
_LONGEST = 200  # characters: OfflineLookUp.question


@dataclass(frozen=True)
class Asking:
    """Keys to look up, any of which may be listed; none = nothing that a list can be asked for. `text`: for the log."""

    kind: int
    keys: tuple[str, ...]
    text: str


def asking_of(words: str) -> Asking:
    """What the words ask a list. A plate without its type is each that it may be."""
    said = " ".join(words.upper().split())
    compact = re.sub(r"[\s.\-]", "", said)
    if len(compact) == _CUI_LENGTH and compact.isascii() and compact.isdecimal():
        return Asking(IDENTIFIER_KIND_CUI, (compact,), compact)
    if plate := _PLATE.fullmatch(compact):
        types = [plate[1], "?"] if plate[1] else [*_TYPES, "?"]
        keys = tuple(f"{each}-{plate[2]}|GTM" for each in types)
        return Asking(IDENTIFIER_KIND_PLATE, keys, keys[0] if plate[1] else keys[-1])
    if _VIN.fullmatch(compact):
        return Asking(IDENTIFIER_KIND_VIN, (compact,), compact)
    if document := _DOCUMENT.fullmatch(said):
        key = f"{document[1]}:{document[2].replace('-', '')}"
        return Asking(IDENTIFIER_KIND_DOCUMENT, (key,), key)
    lettered = compact.isalpha() and bool(compact)
    return Asking(IDENTIFIER_KIND_NAME if lettered else IDENTIFIER_KIND_UNSPECIFIED, (), words[:_LONGEST])
