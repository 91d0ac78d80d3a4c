"""The data that must survive the process for notices to officers: each officer's telephone, and the sent notices.

`recalls.db` beside the journal, sealed under its key. An officer's row is of the telephone of their last PIN, as long
as the issuer's handle holds. Ids of recalls stand here from the SMSC's acknowledgement until Ronda has the receipt: a
sent notice is not sent again, after any kill.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from typing import TYPE_CHECKING, NamedTuple

from clients.sms.kept_file import JournalError, KeptFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from clients.sms.journal import Journal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS telephone (
    officer BLOB PRIMARY KEY, until REAL NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (recall TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_TOLD_S = 8 * 86_400  # no recall waits for so long


class Telephone(NamedTuple):
    """The telephone for an officer's notices. No repr: it is personal data.

    number: + and digits, as the issuer knows it; sender, ton, npi: as the SMSC gave it; address: the officer's
    recipient. handle: the issuer's, for a token that opens AlertService alone; until: Unix time.
    """

    nip: str
    number: str
    sender: str
    ton: int
    npi: int
    address: str
    handle: str
    until: float

    def __repr__(self) -> str:
        return "Telephone()"


class RecallBook(KeptFile):
    """The book of one gateway and one event loop. Raises JournalError."""

    def __init__(self, directory: Path, journal: Journal) -> None:
        self._journal = journal
        self._dirty: dict[str, Telephone | None] = {}
        self._dirty_told: dict[str, float] = {}
        self._keeping = asyncio.Lock()
        super().__init__(directory / "recalls.db", _SCHEMA)
        try:
            rows = self._database.execute("SELECT officer, sealed FROM telephone").fetchall()
            self._told = {str(recall) for (recall,) in self._database.execute("SELECT recall FROM told")}
        except sqlite3.Error as error:
            raise JournalError(f"recalls.db: {error}") from None
        found = (Telephone(*json.loads(journal.opened(bytes(sealed), bytes(officer)))) for officer, sealed in rows)
        self._of: dict[str, Telephone] = {each.nip: each for each in found}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, nip: str) -> Telephone | None:
        """Returns the officer's telephone for notices; None = none."""
        found = self._of.get(nip)
        return found if found is not None and found.until > time.time() else None

    def put(self, telephone: Telephone) -> None:
        """Puts a telephone in place of an earlier one; on disk after the next `keep`."""
        self._of[telephone.nip] = self._dirty[telephone.nip] = telephone

    def drop(self, telephone: Telephone) -> None:
        """The issuer takes its handle no more; on disk after the next `keep`."""
        if self._of.get(telephone.nip) == telephone:
            del self._of[telephone.nip]
            self._dirty[telephone.nip] = None

    def was_told(self, recall_id: str) -> bool:
        """Returns whether the SMSC took it, and Ronda may not have the receipt."""
        return recall_id in self._told

    def told(self, recall_id: str) -> None:
        """The SMSC took it; on disk after the next `keep`."""
        self._told.add(recall_id)
        self._dirty_told[recall_id] = time.time()

    async def keep(self) -> None:
        """Puts additions, removals and sent notices on disk; removes expired rows. Raises sqlite3.Error."""
        async with self._keeping:  # who comes meanwhile waits for what is under way
            if self._dirty or self._dirty_told:
                await self._keep()

    async def _keep(self) -> None:
        changed, self._dirty = self._dirty, {}
        told, self._dirty_told = self._dirty_told, {}
        rows, gone = [], []
        for nip, telephone in changed.items():
            officer = self._journal.hash_of("officer", nip)
            if telephone is None:
                gone.append((officer,))
            else:
                sealed = self._journal.sealed(json.dumps(telephone).encode(), officer)
                rows.append((officer, telephone.until, sealed))

        def write(database: sqlite3.Connection) -> None:
            database.executemany("INSERT OR REPLACE INTO telephone VALUES (?, ?, ?)", rows)
            database.executemany("DELETE FROM telephone WHERE officer = ?", gone)
            database.executemany("INSERT OR IGNORE INTO told VALUES (?, ?)", list(told.items()))
            database.execute("DELETE FROM telephone WHERE until < ?", (time.time(),))
            database.execute("DELETE FROM told WHERE at < ?", (time.time() - _TOLD_S,))

        try:
            await self._write(write)
        except sqlite3.Error:
            self._dirty, self._dirty_told = changed | self._dirty, told | self._dirty_told
            raise

    async def received(self, recall_ids: Iterable[str]) -> None:
        """Ronda has the receipt of these, and gives them no more. Raises sqlite3.Error."""
        ids = [(each,) for each in recall_ids]
        await self._write(lambda database: database.executemany("DELETE FROM told WHERE recall = ?", ids))
        self._told.difference_update(each for (each,) in ids)

    async def _write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """One transaction, in the writer's thread."""

        def all_or_nothing() -> None:
            with self._database:  # commits or rolls back
                self._database.execute("BEGIN IMMEDIATE")
                work(self._database)

        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writer, all_or_nothing))
