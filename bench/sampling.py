"""Identifiers drawn at random from the whole of a generation, for questions with known answers."""

from __future__ import annotations

import random
from pathlib import Path

from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.api import problem
from core.identifiers.kinds import IdentifierKind


def draw(directory: Path, count: int, seed: int) -> tuple[list[str], list[str]]:
    """`count` CUIs and `count` present typed Guatemalan plates ("P-123BCD"), drawn evenly from the whole file."""
    chosen = random.Random(seed)
    generation = Generation.open(directory)
    cuis: list[str] = []
    plates: list[str] = []
    while len(cuis) < count or len(plates) < count:
        dossier = DossierReader(generation.dossier(chosen.randrange(generation.entities)))
        if dossier.kind == EntityKind.PERSON and len(cuis) < count:
            # once, though every register states it: a person asked again at once would be read from the cache;
            # a CUI on file that fails its check digit cannot be typed: asking it is refused
            texts = {held.text for held in dossier.identifiers() if held.kind == IdentifierKind.CUI}
            cuis += sorted(text for text in texts if problem(IdentifierKind.CUI, text) is None)[:1]
        elif dossier.kind == EntityKind.VEHICLE and len(plates) < count:
            for held in dossier.identifiers():
                number, _, country = held.text.partition("|")
                present = held.kind == IdentifierKind.PLATE and held.valid_to is None
                if present and country == "GTM" and not number.startswith("?"):
                    plates.append(number)
                    break
    return cuis[:count], plates[:count]
