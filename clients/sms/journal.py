"""What must outlive the process: messages accepted and not answered, replies not acknowledged, what was seen lately.

SQLite in WAL mode, one transaction a message before its deliver_sm is acknowledged. Not synchronous to the disk: a
kill loses nothing, a power cut may lose the last moments, whose senders then get no answer. What a message says is
sealed (AES-GCM) under a key in a file beside it, mode 0600; numbers are keyed hashes. Rows go when they are answered.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEY_BYTES = 32
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    reference INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (sender BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stranger (
    sender BLOB PRIMARY KEY, messages INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
"""


class JournalError(Exception):
    """The journal cannot be opened: in use by another gateway, or its key is not the one it was sealed with."""


@dataclass(frozen=True, repr=False)
class Entry:
    """One message and, once there is one, its reply. No repr: it is personal data.

    at: Unix time of arrival. request_id: of the question to Ronda, the same after a restart: counted once. sender, ton,
    npi: as the SMSC gave them. address: whom the message was for, who answers. reply: "" = none yet. session: sealed
    as all of it, so that what was accepted within a session is answered after a restart.
    """

    reference: int
    at: float
    request_id: str
    sender: str
    ton: int
    npi: int
    address: str
    text: str
    reply: str = ""
    session: str = ""


class Journal:
    """The files of one gateway in `directory`. Raises JournalError, OSError."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key(directory / "queue.key")
        self._hash_key = hmac.digest(key, b"hashes", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"messages", "sha256"))
        self._later: list[tuple[str, tuple[object, ...]]] = []
        self.unwritten = 0
        """Messages that are done, and not yet written as such: a kill would answer them again."""
        try:
            self._database = sqlite3.connect(directory / "queue.db", isolation_level=None, timeout=1)
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise JournalError(f"queue.db: {error}") from None
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        self._last = int(row[0]) if row else 0
        self._known = {bytes(sender) for (sender,) in self._database.execute("SELECT sender FROM known")}

    def hash_of(self, *parts: str) -> bytes:
        """A keyed hash, 16 bytes: without the key file nobody tells whose it is."""
        return hmac.digest(self._hash_key, "\0".join(parts).encode(), hashlib.sha256)[:16]

    def next_reference(self) -> int:
        """A number that no message had."""
        self._last += 1
        return self._last

    def accept(self, entry: Entry, seen: bytes) -> None:
        """Keeps a message; when this returns it will be answered, also after a kill."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO message VALUES (?, ?, ?)", (entry.reference, entry.at, self._seal(entry))
            )
            self._database.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (seen, entry.at))

    def was_seen(self, seen: bytes, since: float) -> bool:
        """Whether the same message was accepted since then (Unix time)."""
        return (
            self._database.execute("SELECT 1 FROM seen WHERE key = ? AND at >= ?", (seen, since)).fetchone() is not None
        )

    def replied(self, entry: Entry) -> None:
        """Keeps an entry with its reply; written with the next message, or by `flush`."""
        self._later.append(("UPDATE message SET sealed = ? WHERE reference = ?", (self._seal(entry), entry.reference)))

    def done(self, reference: int) -> None:
        """The reply was acknowledged, or is given up."""
        self._later.append(("DELETE FROM message WHERE reference = ?", (reference,)))
        self.unwritten += 1

    def forget(self, seen: bytes) -> None:
        """The same text may be asked again, from now on."""
        self._database.execute("DELETE FROM seen WHERE key = ?", (seen,))

    def is_known(self, sender: bytes) -> bool:
        """Whether that sender ever gave a right PIN."""
        return sender in self._known

    def know(self, sender: bytes) -> None:
        """The sender gave a right PIN."""
        if sender not in self._known:
            self._known.add(sender)
            self._later.append(("INSERT OR IGNORE INTO known VALUES (?)", (sender,)))

    def count_stranger(self, sender: bytes, at: float) -> None:
        """A message of somebody unknown: counted, and not kept."""
        statement = "INSERT INTO stranger VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET messages = messages + 1, last = ?"
        self._later.append((statement, (sender, at, at)))

    def flush(self, seen_before: float = 0.0) -> None:
        """Writes what waits, and drops what was seen before that time."""
        if self._later or seen_before:
            with self._transaction():
                self._database.execute("DELETE FROM seen WHERE at < ?", (seen_before,))

    def left_over(self) -> list[Entry]:
        """What an earlier process accepted and did not finish, oldest first. Raises JournalError."""
        rows = self._database.execute("SELECT reference, sealed FROM message ORDER BY reference").fetchall()
        return [self._open(int(reference), bytes(sealed)) for reference, sealed in rows]

    def close(self) -> None:
        """Writes what waits and closes the files."""
        self.flush()
        self._database.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        later, self._later = self._later, []
        unwritten, self.unwritten = self.unwritten, 0
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in later:
                self._database.execute(statement, values)
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            self._later = later + self._later
            self.unwritten += unwritten
            raise
        self._database.execute("COMMIT")

    def _seal(self, entry: Entry) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, json.dumps(asdict(entry)).encode(), str(entry.reference).encode())

    def _open(self, reference: int, sealed: bytes) -> Entry:
        try:
            text = self._cipher.decrypt(sealed[:12], sealed[12:], str(reference).encode())
        except InvalidTag:
            raise JournalError("queue.key is not the key of queue.db") from None
        return Entry(**json.loads(text))


def _key(path: Path) -> bytes:
    """The key in the file, made at the first start."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
            os.fsync(descriptor)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise JournalError("queue.key: not 32 bytes")
    return key
