"""A drop directory: files of changes that appear in it are sent in the order of their names.

A file is put there whole, by renaming; names that begin with a dot are not looked at. What was sent goes to `done/`,
with the changes that the server refused beside it; a file that is none, or is cut, goes to `refused/` with the reason,
and nothing of it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from clients.feed.changes import ChangesUnreadable, FileChange, read_changes
from clients.feed.pushing import Tally
from clients.feed.resume_file import RESUME, resume_path

SUFFIXES = (".json", ".jsonl", ".csv")
DONE, REFUSED = "done", "refused"

Read = Callable[[Path], Iterator[FileChange]]
"""The changes of a file, in their order. Raises ChangesUnreadable, OSError."""
Send = Callable[[Path], Tally]
"""Sends a file that can be read. Raises CallFailure."""


class Passed(NamedTuple):
    """What became of a file. why: "" or why nothing of it was sent; `tally` is empty then."""

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
        for name in (DONE, REFUSED):
            (directory / name).mkdir(mode=0o700, exist_ok=True)

    def waiting(self) -> list[Path]:
        """Files that are there, by name. Raises OSError."""
        return sorted(
            path
            for path in self._directory.glob(self._pattern)
            if (self._pattern != "*" or path.suffix.lower() in SUFFIXES)
            and not path.name.startswith(".")
            and path.suffix != RESUME
            and path.is_file()
        )

    def take(self, file: Path, send: Send) -> Passed:
        """Sends one file and puts it away. Raises CallFailure: it stays and is sent again; OSError."""
        try:
            for _ in self._read(file):  # all of it, before anything is sent
                pass
            _ends_whole(file)
        except ChangesUnreadable as error:
            self._put_away(file, REFUSED)
            (self._directory / REFUSED / f"{file.name}.why").write_text(f"{error}\n", encoding="utf-8")
            return Passed(file.name, Tally(), str(error))
        tally = send(file)
        if tally.refused:
            lines = "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in tally.refused)
            (self._directory / DONE / f"{file.name}.refused").write_text(lines, encoding="utf-8")
        self._put_away(file, DONE)
        return Passed(file.name, tally, "")

    def _put_away(self, file: Path, where: str) -> None:
        resume_path(file).unlink(missing_ok=True)
        file.rename(self._directory / where / file.name)


def _ends_whole(file: Path) -> None:
    """A CSV that was cut may end within a cell that looks whole. Raises ChangesUnreadable."""
    if file.suffix.lower() != ".csv":
        return
    with file.open("rb") as data:
        data.seek(0, 2)
        data.seek(max(0, data.tell() - 1))
        if data.read(1) != b"\n":
            raise ChangesUnreadable(0, "la última línea no termina: el archivo está cortado")
