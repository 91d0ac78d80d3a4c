"""What must outlive the process: messages not answered, replies not acknowledged, sessions, what was seen lately.

SQLite in WAL mode, written by a thread of its own: whatever came while the disk was busy is one transaction, one sync.
What is asked at each message (was this seen, who is known) is held in memory. What a message says is sealed (AES-GCM)
under a key in a file beside it, mode 0600; numbers are keyed hashes. Rows go when they are answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_KEY_BYTES = 32
_STRANGERS_S = 30 * 86_400  # a stranger who was silent for so long is forgotten
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    reference INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (sender BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (sender BLOB PRIMARY KEY, until REAL NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stranger (
    sender BLOB PRIMARY KEY, messages INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
"""


class JournalError(Exception):
    """The journal cannot be opened: in use by another gateway, or its key is not the one it was sealed with."""


@dataclass(frozen=True, repr=False)
class Entry:
    """One message and, once there is one, its reply. No repr: it is personal data.

    at: Unix time of arrival. request_id: of the question to Ronda, the same after a restart: counted once. sender, ton,
    npi: as the SMSC gave them. address: whom the message was for, who answers. reply: "" = none yet.
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


class KeptSession(NamedTuple):
    """What a sender's session is taken up with after a restart. until: Unix time; pin: the keyed hash, in hex."""

    until: float
    secret: str
    pin: str


_values = attrgetter(*(each.name for each in fields(Entry)))


@dataclass
class _Batch:
    """What the next transaction writes. seen, sessions: by key, None = forgotten. strangers: messages, last time."""

    accepted: dict[int, Entry] = field(default_factory=dict)
    replied: dict[int, Entry] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    seen: dict[bytes, float | None] = field(default_factory=dict)
    known: list[bytes] = field(default_factory=list)
    sessions: dict[bytes, KeptSession | None] = field(default_factory=dict)
    strangers: Counter[bytes] = field(default_factory=Counter)
    last: float = 0.0
    seen_before: float = 0.0

    def before(self, later: _Batch) -> _Batch:
        """This one, which could not be written, and what came since."""
        return _Batch(
            self.accepted | later.accepted,
            self.replied | later.replied,
            self.done + later.done,
            self.seen | later.seen,
            self.known + later.known,
            self.sessions | later.sessions,
            self.strangers + later.strangers,
            max(self.last, later.last),
            max(self.seen_before, later.seen_before),
        )


class Journal:
    """The files of one gateway in `directory`. Of one event loop. Raises JournalError, OSError."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key(directory / "queue.key")
        self._hash_key = hmac.digest(key, b"hashes", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"messages", "sha256"))
        self._batch = _Batch()
        self._given = self._kept = 0
        self._writing: asyncio.Task[None] | None = None
        self._writer = ThreadPoolExecutor(1, "journal")
        self._unwritten = 0
        self.on_written: Callable[[], None] = lambda: None
        """Called after each write."""
        try:
            self._database = sqlite3.connect(
                directory / "queue.db", isolation_level=None, timeout=1, check_same_thread=False
            )
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise JournalError(f"queue.db: {error}") from None
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        self._last = int(row[0]) if row else 0
        self._known = {bytes(sender) for (sender,) in self._database.execute("SELECT sender FROM known")}
        rows = self._database.execute("SELECT key, at FROM seen ORDER BY at")
        self._seen = {bytes(seen): float(at) for seen, at in rows}

    def hash_of(self, *parts: str) -> bytes:
        """A keyed hash, 16 bytes: without the key file nobody tells whose it is."""
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=16, key=self._hash_key).digest()

    def next_reference(self) -> int:
        """A number that no message had."""
        self._last += 1
        return self._last

    @property
    def unwritten(self) -> int:
        """Messages that are done, and not yet written as such: a kill would answer them again."""
        return self._unwritten

    def accept(self, entry: Entry, seen: bytes) -> None:
        """Takes a message; after the next `keep` it will be answered, also after a kill or a power cut."""
        self._batch.accepted[entry.reference] = entry
        self._see(seen, entry.at)

    def was_seen(self, seen: bytes, since: float) -> bool:
        """Whether the same message was accepted since then (Unix time)."""
        return self._seen.get(seen, -1.0) >= since

    def replied(self, entry: Entry) -> None:
        """Keeps an entry with its reply; written with what is next."""
        self._given += 1
        self._batch.replied[entry.reference] = entry

    def done(self, reference: int) -> None:
        """The reply was acknowledged, or is given up."""
        self._given += 1
        self._batch.replied.pop(reference, None)
        self._batch.done.append(reference)
        self._unwritten += 1

    def forget(self, seen: bytes) -> None:
        """The same text may be asked again, from now on."""
        self._given += 1
        self._seen.pop(seen, None)
        self._batch.seen[seen] = None

    def is_known(self, sender: bytes) -> bool:
        """Whether that sender ever gave a right PIN."""
        return sender in self._known

    def know(self, sender: bytes) -> None:
        """The sender gave a right PIN."""
        if sender not in self._known:
            self._given += 1
            self._known.add(sender)
            self._batch.known.append(sender)

    def keep_session(self, sender: bytes, session: KeptSession | None) -> None:
        """Keeps a sender's session, sealed; None = it is over."""
        self._given += 1
        self._batch.sessions[sender] = session

    def sessions(self) -> dict[bytes, KeptSession]:
        """Those that an earlier process had, by the sender's keyed hash. Raises JournalError."""
        rows = self._database.execute("SELECT sender, sealed FROM session").fetchall()
        return {bytes(sender): KeptSession(*json.loads(self._opened(bytes(sealed), sender))) for sender, sealed in rows}

    def count_stranger(self, sender: bytes, at: float) -> None:
        """A message of somebody unknown: counted, and not kept."""
        self._given += 1
        self._batch.strangers[sender] += 1
        self._batch.last = at

    def drop_seen(self, before: float) -> None:
        """Forgets what was seen before that time."""
        while self._seen and next(iter(self._seen.values())) < before:
            del self._seen[next(iter(self._seen))]
        self._given += 1
        self._batch.seen_before = before

    async def keep(self) -> None:
        """Returns when all that was given until now is on disk. Raises sqlite3.Error: it is not, and stays to be."""
        wanted = self._given
        while self._kept < wanted:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write_what_waits())
            await asyncio.shield(self._writing)  # who is cancelled meanwhile stops no write

    async def _write_what_waits(self) -> None:
        batch, self._batch, given = self._batch, _Batch(), self._given
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._write, batch)
        except sqlite3.Error:
            self._batch = batch.before(self._batch)
            raise
        self._kept = given
        self._unwritten -= len(batch.done)
        self.on_written()

    def left_over(self) -> list[Entry]:
        """What an earlier process accepted and did not finish, oldest first. Raises JournalError."""
        rows = self._database.execute("SELECT reference, sealed FROM message ORDER BY reference").fetchall()
        return [self._open(int(reference), bytes(sealed)) for reference, sealed in rows]

    async def close(self) -> None:
        """Writes what waits and closes the files. Raises sqlite3.Error."""
        try:
            await self.keep()
        finally:
            self._writer.shutdown()
            self._database.close()

    def _see(self, seen: bytes, at: float) -> None:
        self._given += 1
        self._seen.pop(seen, None)  # the newest stands last
        self._seen[seen] = at
        self._batch.seen[seen] = at

    def _write(self, batch: _Batch) -> None:
        """One transaction: in the writer's thread."""
        write = self._database.executemany
        self._database.execute("BEGIN IMMEDIATE")
        try:
            accepted = [(each.reference, each.at, self._seal(each)) for each in batch.accepted.values()]
            write("INSERT INTO message VALUES (?, ?, ?)", accepted)
            replied = [(self._seal(each), each.reference) for each in batch.replied.values()]
            write("UPDATE message SET sealed = ? WHERE reference = ?", replied)
            write("DELETE FROM message WHERE reference = ?", [(reference,) for reference in batch.done])
            seen = [(key, at) for key, at in batch.seen.items() if at is not None]
            write("INSERT OR REPLACE INTO seen VALUES (?, ?)", seen)
            write("DELETE FROM seen WHERE key = ?", [(key,) for key, at in batch.seen.items() if at is None])
            write("INSERT OR IGNORE INTO known VALUES (?)", [(sender,) for sender in batch.known])
            self._write_sessions(batch)
            self._count(batch)
            if batch.seen_before:
                self._database.execute("DELETE FROM seen WHERE at < ?", (batch.seen_before,))
                self._database.execute("DELETE FROM stranger WHERE last < ?", (batch.seen_before - _STRANGERS_S,))
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _write_sessions(self, batch: _Batch) -> None:
        kept = [
            (sender, session.until, self._sealed(json.dumps(session).encode(), sender))
            for sender, session in batch.sessions.items()
            if session is not None
        ]
        self._database.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", kept)
        over = [(sender,) for sender, session in batch.sessions.items() if session is None]
        self._database.executemany("DELETE FROM session WHERE sender = ?", over)
        if batch.seen_before:
            self._database.execute("DELETE FROM session WHERE until < ?", (batch.seen_before,))

    def _count(self, batch: _Batch) -> None:
        statement = "INSERT INTO stranger VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + ?, last = ?"
        rows = [(sender, times, batch.last, times, batch.last) for sender, times in batch.strangers.items()]
        self._database.executemany(statement, rows)

    def _seal(self, entry: Entry) -> bytes:
        return self._sealed(json.dumps(_values(entry)).encode(), str(entry.reference).encode())

    def _open(self, reference: int, sealed: bytes) -> Entry:
        return Entry(*json.loads(self._opened(sealed, str(reference).encode())))

    def _sealed(self, text: bytes, whose: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, text, whose)

    def _opened(self, sealed: bytes, whose: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], whose)
        except InvalidTag:
            raise JournalError("queue.key is not the key of queue.db") from None


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
