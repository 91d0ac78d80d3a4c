"""Identifiers drawn at random from the whole of a generation, for questions with known answers.

Reads the dossiers' own bytes (core/generation/dossier.pxd) in plain Python, independently of the engine.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

from core.generation.store import Generation
from core.identifiers.api import problem

_HEADER = struct.Struct("<IIQ16sIBBBBHBBiiiHHHHIII20s")
_IDENTIFIER = struct.Struct("<BBBBIHBBiiI")
_ALERT_BYTES, _RECORD_BYTES, _OWNER_BYTES, _CLAIM_BYTES = 40, 24, 32, 40

ENTITY_PERSON, ENTITY_VEHICLE = 1, 4
KEY_CUI, KEY_PLATE, KEY_VIN = 1, 8, 9


def identifiers(dossier: bytes) -> tuple[int, list[tuple[int, str, int]]]:
    """(kind of entity, [(kind of key, canonical text, last valid day or -2147483648)]) of a dossier."""
    head = _HEADER.unpack_from(dossier)
    kind, n_alerts, n_owners, n_claims, n_identifiers, n_records = (
        head[5],
        head[15],
        head[16],
        head[17],
        head[18],
        head[19],
    )
    place = _HEADER.size + n_alerts * _ALERT_BYTES + n_records * _RECORD_BYTES
    place += n_owners * _OWNER_BYTES + n_claims * _CLAIM_BYTES
    found = []
    for _ in range(n_identifiers):
        entry = _IDENTIFIER.unpack_from(dossier, place)
        place += _IDENTIFIER.size
        found.append((entry[0], dossier[entry[4] : entry[4] + entry[5]].decode(), entry[9]))
    return kind, found


def draw(directory: Path, count: int, seed: int) -> tuple[list[str], list[str]]:
    """`count` CUIs and `count` present typed Guatemalan plates ("P-123BCD"), drawn evenly from the whole file."""
    chosen = random.Random(seed)
    generation = Generation.open(directory)
    cuis: list[str] = []
    plates: list[str] = []
    while len(cuis) < count or len(plates) < count:
        kind, found = identifiers(generation.dossier(chosen.randrange(generation.entities)))
        if kind == ENTITY_PERSON and len(cuis) < count:
            # once, though every register states it: a person asked again at once would be read from the cache;
            # a CUI on file that fails its check digit cannot be typed: asking it is refused
            stated = {text for key, text, _ in found if key == KEY_CUI and problem(KEY_CUI, text) is None}
            cuis += sorted(stated)[:1]
        elif kind == ENTITY_VEHICLE and len(plates) < count:
            for key, text, until in found:
                number, _, country = text.partition("|")
                if key == KEY_PLATE and country == "GTM" and not number.startswith("?") and until == -(2**31):
                    plates.append(number)
                    break
    return cuis[:count], plates[:count]
