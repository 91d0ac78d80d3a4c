"""The numbers that a stream's messages got, on disk before they are sent: a number belongs to its message for ever."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from clients.feed.issued import SourceFailed

SUFFIX = ".numbers"
_TABLE = """CREATE TABLE IF NOT EXISTS numbers (
    place INTEGER NOT NULL, part INTEGER NOT NULL, register TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (place, part, register)) WITHOUT ROWID"""
_INDEX = "CREATE UNIQUE INDEX IF NOT EXISTS by_number ON numbers (register, number)"


class Part(NamedTuple):
    """One change of a message: an update of a record's id has two."""

    place: int
    part: int
    register: str


class NumberFile:
    """A file of SQLite beside the state. For one process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def give(self, parts: Sequence[Part], last: Mapping[str, int]) -> list[int]:
        """Returns the number of each part: the one that it has, else the next of its register, on disk by now.

        last: number of a register below which none is given. Raises SourceFailed.
        """
        if not parts:
            return []
        with self._open() as file, file:
            newest = {name: max(number, last.get(name, 0)) for name, number in _newest(file)}
            found = []
            for part in parts:
                known = file.execute(
                    "SELECT number FROM numbers WHERE place = ? AND part = ? AND register = ?", part
                ).fetchone()
                if known is None:
                    newest[part.register] = newest.get(part.register, last.get(part.register, 0)) + 1
                    known = (newest[part.register],)
                    file.execute("INSERT INTO numbers VALUES (?, ?, ?, ?)", (*part, *known))
                found.append(int(known[0]))
        return found

    def newest(self) -> dict[str, int]:
        """Returns the last number that was given, by register. Raises SourceFailed."""
        with self._open() as file:
            return dict(_newest(file))

    def parts_of(self, register: str, numbers: Iterable[int]) -> dict[Part, int]:
        """Returns the parts that have these numbers; others were forgotten, or never given. Raises SourceFailed."""
        found = {}
        with self._open() as file:
            for number in numbers:
                query = "SELECT place, part FROM numbers WHERE register = ? AND number = ?"
                for place, part in file.execute(query, (register, number)):
                    found[Part(place, part, register)] = number
        return found

    def forget_above(self, last: Mapping[str, int]) -> None:
        """Takes back numbers above these, which no server took from here. Raises SourceFailed."""
        with self._open() as file, file:
            for register, number in last.items():
                file.execute("DELETE FROM numbers WHERE register = ? AND number > ?", (register, number))

    def forget_before(self, place: int) -> None:
        """Forgets messages that the stream has no more. Raises SourceFailed."""
        with self._open() as file, file:
            file.execute("DELETE FROM numbers WHERE place < ?", (place,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            file = sqlite3.connect(self._path)
            try:
                file.execute("PRAGMA synchronous = FULL")
                file.execute(_TABLE)
                file.execute(_INDEX)
                yield file
            finally:
                file.close()
        except sqlite3.OperationalError as error:  # a full disk, a lock: another try may succeed
            raise SourceFailed(f"no se puede usar {self._path.name} ({error.sqlite_errorname})", passes=True) from None
        except sqlite3.DatabaseError:
            raise SourceFailed(f"{self._path.name} está dañado: recupérelo de una copia", passes=False) from None


def _newest(file: sqlite3.Connection) -> list[tuple[str, int]]:
    return [
        (str(name), int(number))
        for name, number in file.execute("SELECT register, MAX(number) FROM numbers GROUP BY 1")
    ]
