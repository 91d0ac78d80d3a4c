"""Finds the header of a published file and the meaning of its columns: titles above it, other order, other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexer.mart.cells import fold

MOST_TITLE_ROWS = 30


class FileRefused(Exception):
    """A file without usable rows: the rule that it breaks, and the fault, without values."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule, self.detail = rule, detail


@dataclass
class Header:
    """row: its place, from 0; width: columns; places: field -> column; ignored: headers that no manifest names."""

    row: int
    width: int
    places: dict[str, int]
    ignored: list[str] = field(default_factory=list)


def find_header(
    rows: Sequence[Sequence[str]],
    columns: Mapping[str, Sequence[str]],
    required: Sequence[Sequence[Sequence[str]]],
) -> Header:
    """The header among a file's first rows: the one with most of the manifest's words. Raises FileRefused."""
    meaning = {fold(word): name for name, words in columns.items() for word in words}
    best: Header | None = None
    for number, row in enumerate(rows[:MOST_TITLE_ROWS]):
        found = _read_header(number, row, meaning)
        if best is None or len(found.places) > len(best.places):
            best = found
    if best is None or not best.places:
        raise FileRefused("header_missing", "no row has a header that the manifest names")
    for alternatives in required:
        if not any(all(name in best.places for name in names) for names in alternatives):
            wanted = " or ".join(" and ".join(names) for names in alternatives)
            raise FileRefused("column_missing", wanted)
    twice = _twice(rows[best.row], meaning)
    if twice:
        raise FileRefused("header_ambiguous", f"two columns mean {twice}")
    return best


def _read_header(number: int, row: Sequence[str], meaning: Mapping[str, str]) -> Header:
    places: dict[str, int] = {}
    ignored = []
    for place, text in enumerate(row):
        name = meaning.get(fold(text))
        if name is not None:
            places.setdefault(name, place)
        elif text.strip():
            ignored.append(text.strip())
    return Header(number, len(row), places, ignored)


def _twice(row: Sequence[str], meaning: Mapping[str, str]) -> str:
    seen: set[str] = set()
    for text in row:
        name = meaning.get(fold(text), "")
        if name and name in seen:
            return name
        seen.add(name)
    return ""
