"""A name as a scanner reads it from bad paper: letters taken for others, lost, joined, parted."""

from __future__ import annotations

import re

from bench.foreign_list.draws import Draws
from bench.names import tables
from bench.names.kinds import table

_WAYS = {"misread": 66.0, "lost": 10.0, "blank": 8.0, "joined": 6.0, "speck": 5.0, "doubled": 5.0}


def _places(text: str) -> list[int]:
    return [hit.start() for hit in re.finditer(r"\w", text)]


def _misread(text: str, draws: Draws) -> str | None:
    found = [(hit.start(), seen, taken) for seen, taken in tables.OCR for hit in re.finditer(re.escape(seen), text)]
    if not found:
        return None
    place, seen, taken = draws.pick(found)
    return text[:place] + taken + text[place + len(seen) :]


def _one(text: str, way: str, draws: Draws) -> str | None:
    place = draws.pick(_places(text))
    if way == "misread":
        return _misread(text, draws)
    if way == "lost":
        return text[:place] + text[place + 1 :]
    if way == "blank":
        inside = [hit.start() + 2 for hit in re.finditer(r"\w{5,}", text)]
        return f"{text[: (at := draws.pick(inside))]} {text[at:]}" if inside else None
    if way == "joined":
        return text.replace(" ", "", 1) if text.count(" ") > 1 else None
    if way == "speck":
        return text[:place] + draws.pick((".", ",", "'", "-")) + text[place:]
    return text[: place + 1] + text[place:]


def scanned(text: str, draws: Draws) -> str | None:
    """The name in capitals without accents, as a scan reads it; None where it came out the same."""
    plain = tables.plain(text)
    read = plain
    for _ in range(int(draws.weighted(table.weights("slips_a_scan")))):
        for _ in range(6):
            other = _one(read, draws.weighted(_WAYS), draws)
            if other is not None:
                read = other
                break
    return read if read != plain else None
