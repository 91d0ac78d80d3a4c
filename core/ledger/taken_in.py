"""The ledger entries that the kept generations include. Entries that all of them hold are read for replay alone.

A generation that `ronda live` may be laid over (it keeps its records) states the last entry of its build. It also keeps
the last words of all entries up to there for the next build (indexer.folding.words).
"""

from __future__ import annotations

from pathlib import Path

import orjson
from pydantic import ValidationError

from core.files.regular_file import read_file
from core.ledger.noted import NotedPlace

GENERATIONS = "generations"  # in the data directory
KEPT_PIECES = "kept_pieces.arrow"
STATE, WORDS = "fed_state.json", "fed_words.parquet"


class KeptGenerations:
    """The kept generations of a data directory. A generation never changes, so each is read once."""

    def __init__(self, data: Path) -> None:
        self._directory = data / GENERATIONS
        self._places: dict[str, NotedPlace | None] = {}

    def places(self) -> list[NotedPlace]:
        """The last entry that each took in; none where one of them may begin before any. Raises OSError."""
        try:
            names = [entry.name for entry in self._directory.iterdir() if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        followed = [name for name in names if (self._directory / name / KEPT_PIECES).exists()]
        self._places = {name: self._places.get(name) or _taken_in(self._directory / name) for name in followed}
        places = [place for place in self._places.values() if place is not None]
        return places if len(places) == len(followed) else []


def _taken_in(directory: Path) -> NotedPlace | None:
    """The last entry that a generation took in; None where it states none, or keeps no last words."""
    if not (directory / WORDS).exists():
        return None
    try:
        stated = orjson.loads(read_file(directory / STATE))
        return NotedPlace(**{name: stated[name] for name in NotedPlace.model_fields})
    except (FileNotFoundError, ValueError, KeyError, TypeError, ValidationError):
        return None
