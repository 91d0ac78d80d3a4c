"""A SQLite file of one event loop: what must outlive the process is on disk before `keep` returns."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class JournalError(Exception):
    """A file cannot be opened: in use by another gateway, or its key is not the one it was sealed with."""


class KeptFile:
    """Opened in WAL mode; `_writer` is the thread that waits for the disk. Raises JournalError."""

    def __init__(self, path: Path, schema: str, *pragmas: str) -> None:
        self._writer = ThreadPoolExecutor(1, path.stem)
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=1, check_same_thread=False)
            for pragma in (*pragmas, "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(schema)
        except sqlite3.Error as error:
            raise JournalError(f"{path.name}: {error}") from None

    async def keep(self) -> None:
        """Returns when all that was given until now is on disk. Raises sqlite3.Error: it is not, and stays to be."""
        raise NotImplementedError

    async def close(self) -> None:
        """Writes what waits and closes the file. Raises sqlite3.Error."""
        try:
            await self.keep()
        finally:
            self._writer.shutdown()
            self._database.close()
