"""Data that no log, metric or error of a server may hold: the persons on file in a nation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from tests.kit.nation_kit import BuiltNation

_WORDS = re.compile(r"[0-9A-Za-zÁÉÍÓÚÑÜáéíóúñü-]+")


class PersonalData:
    """CUIs, NITs, passports, telephones, plates and whole names of a nation."""

    def __init__(self, nation: BuiltNation) -> None:
        persons = pq.read_table(nation.truth / "persons.parquet")
        self.words: set[str] = set()
        for column in ("cui", "nit", "passport", "telephone"):
            self.words |= {str(value) for value in persons[column].to_pylist() if value}
        self.words |= {vehicle["plate"] for vehicle in nation.cast["vehicles"].values()}
        # Numbers of seven digits and less are counts and times too.
        self.words = {word for word in self.words if len(word) > 7 or "-" in word}
        given, surnames = persons["first_given"].to_pylist(), persons["first_surname"].to_pylist()
        self.names = {f"{a} {b}".upper() for a, b in zip(given, surnames, strict=True) if a and b}

    def within(self, text: str) -> list[str]:
        """Those that stand in a text."""
        words = _WORDS.findall(text)
        found = self.words.intersection(words)
        pairs = {f"{a} {b}".upper() for a, b in itertools.pairwise(words)}
        return sorted(found | (self.names & pairs))


def log_files(directories: Iterable[Path]) -> Iterator[Path]:
    """Every log that a test's server wrote under these directories."""
    for directory in directories:
        yield from directory.rglob("*.log")
