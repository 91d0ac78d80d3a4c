"""A drop directory: files of changes that appear in it are sent in the order of their names.

A file is put there whole, by renaming; names that begin with a dot are not looked at. What was sent goes to `done/`,
with the changes that the server refused beside it. A file that is none, or is cut, goes to `refused/` with the reason,
and nothing of it is sent. Changes of a register that the source may not feed, or with a number far off, go to
`refused/` too: their numbers are missing nowhere. While anything lies in `refused/`, or stays because of its name or
because it is no file, the source is not up to date.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from clients.feed.changes import ChangesUnreadable, FileChange, read_changes
from clients.feed.pushing import MISSING_NOWHERE, Tally
from clients.feed.refused_list import list_of
from clients.feed.resume_file import RESUME, resume_path

SUFFIXES = (".json", ".jsonl", ".csv")
DONE, REFUSED = "done", "refused"
_WHY = ".why"
_ISSUED = ".ronda-issued"

Read = Callable[[Path], Iterator[FileChange]]
"""The changes of a file, in their order. Raises ChangesUnreadable, OSError."""
Send = Callable[[Path], Tally]
"""Sends a file that can be read. Raises CallFailure."""


class Passed(NamedTuple):
    """The result of a file. why: "" or why nothing of it was sent; `tally` is empty then."""

    file: str
    tally: Tally
    why: str


class DropFolder:
    """One directory, for one process."""

    def __init__(self, directory: Path, read: Read = read_changes, pattern: str = "*") -> None:
        """Makes the folders beside. pattern: of the files' names, besides an ending of SUFFIXES where it is "*".

        Raises OSError.
        """
        self._directory, self._read, self._pattern = directory, read, pattern
        self._named: set[str] = set()
        for name in (DONE, REFUSED):
            (directory / name).mkdir(mode=0o700, exist_ok=True)

    @property
    def issued_file(self) -> Path:
        """The file of numbers that this directory's changes got (clients/feed/issued.py)."""
        return self._directory / _ISSUED

    @property
    def refused_file(self) -> Path:
        """The list of this directory's changes that the server refused (clients/feed/refused_list.py)."""
        return list_of(self._directory)

    def waiting(self) -> list[Path]:
        """Files that are there, by name. Raises OSError."""
        return sorted(path for path in self._lying() if self._is_named(path) and path.is_file())

    def strangers(self) -> list[tuple[str, str]]:
        """Returns name and reason of what is not taken, each once. Raises OSError."""
        new = [each for each in self._passed_over() if each[0] not in self._named]
        self._named.update(name for name, _ in new)
        return new

    def unsettled(self) -> list[str]:
        """Returns a line for each thing that lies there and is in no ledger. Raises OSError."""
        lying = sorted(path.name for path in (self._directory / REFUSED).iterdir() if path.suffix not in (_WHY, RESUME))
        return [
            *(
                f"{REFUSED}/{shown_name(name)} no está en el libro de cambios: entréguelo corregido, y quítelo de "
                f"{REFUSED}/"
                for name in lying
            ),
            *(f"{name} no se toma, {why}" for name, why in self._passed_over()),
        ]

    def _lying(self) -> list[Path]:
        """Returns all that may be a file of changes or was meant for one. Raises OSError."""
        own = (DONE, REFUSED)
        return [
            path
            for path in self._directory.iterdir()
            if path.name not in own and path.suffix != RESUME and not path.name.startswith(".")
        ]

    def _is_named(self, path: Path) -> bool:
        if self._pattern != "*":
            return fnmatchcase(path.name, self._pattern)
        return path.suffix.lower() in SUFFIXES

    def _passed_over(self) -> list[tuple[str, str]]:
        """Returns name and reason of each, by name: other directories alone lie there unmentioned."""
        found = []
        for path in sorted(self._lying()):
            if not self._is_named(path):
                if path.is_file():
                    found.append((shown_name(path.name), "por su nombre: cámbielo, o quítelo de la carpeta"))
            elif not path.is_file():  # a link to a mount that is away, a pipe, a directory
                found.append(
                    (shown_name(path.name), "porque no es un archivo: póngalo entero, o quítelo de la carpeta")
                )
        return found

    def take(self, file: Path, send: Send) -> Passed:
        """Sends one file and puts it away. Raises CallFailure: it stays and is sent again; OSError."""
        try:
            for _ in self._read(file):  # all of it, before anything is sent
                pass
            _ends_whole(file)
            tally = send(file)
        except ChangesUnreadable as error:
            lies = self._put_away(file, REFUSED)
            lies.with_name(f"{lies.name}{_WHY}").write_text(f"{error}\n", encoding="utf-8")
            return Passed(shown_name(file.name), Tally(), str(error))
        if tally.refused:
            lines = "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in tally.refused)
            where = REFUSED if any(each.reason in MISSING_NOWHERE for each in tally.refused) else DONE
            self._free(file, where, ".refused").write_text(lines, encoding="utf-8")
        self._put_away(file, DONE)
        return Passed(shown_name(file.name), tally, "")

    def _put_away(self, file: Path, where: str) -> Path:
        """Moves a file, and beside it the numbers of its changes, which are the same when both are put back."""
        lies = self._free(file, where)
        if resume_path(file).exists():
            resume_path(file).rename(resume_path(lies))
        return file.rename(lies)

    def _free(self, file: Path, where: str, ending: str = "") -> Path:
        """A name that nothing has there: an exporter may use one name each day, and nothing is written over."""
        found, number = self._directory / where / f"{file.name}{ending}", 1
        while found.exists():
            found, number = self._directory / where / f"{file.name}.{number}{ending}", number + 1
        return found


def shown_name(name: str) -> str:
    """Returns a file's name on one line: its author must not be able to forge lines of output."""
    return "".join(each if each.isprintable() else "\ufffd" for each in name)


def _ends_whole(file: Path) -> None:
    """A CSV that was cut may end within a cell that looks whole. Raises ChangesUnreadable."""
    if file.suffix.lower() != ".csv":
        return
    with file.open("rb") as data:
        data.seek(0, 2)
        data.seek(max(0, data.tell() - 1))
        if data.read(1) != b"\n":
            raise ChangesUnreadable(0, "la última línea no termina: el archivo está cortado")
