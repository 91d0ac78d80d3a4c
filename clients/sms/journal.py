"""The data that must survive the process: unanswered messages, unacknowledged replies, sessions, recent texts.

SQLite in WAL mode: all messages that came while the disk was busy are one transaction, one sync. Its rows are put
together on the loop, in memory; a thread does the commit, which waits for the disk. Data needed for each message (seen
texts, known senders) is held in memory. A message's text is sealed (AES-GCM) under a key in a file beside it, mode
0600; numbers are keyed hashes. Rows go when they are answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clients.client.whole_file import read_whole
from clients.sms.kept_file import JournalError, KeptFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_KEY_BYTES = 32
_STRANGERS_S = 30 * 86_400  # a stranger who was silent for so long is forgotten
# Between the beginnings of two writes: each costs as much as some ten messages. One that comes alone waits for nothing.
_APART_S = 0.01
_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    reference INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sealed BLOB NOT NULL);
DROP TABLE IF EXISTS seen;
CREATE TABLE IF NOT EXISTS seen_text (place INTEGER PRIMARY KEY, key BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS known (sender BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (sender BLOB PRIMARY KEY, until REAL NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stranger (
    sender BLOB PRIMARY KEY, messages INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """One message and, once there is one, its reply. No repr: it is personal data.

    at: Unix time of arrival. request_id: of the question to Ronda, the same after a restart: counted once. sender, ton,
    npi: as the SMSC gave them. address: the message's recipient, who answers. reply: "" = none yet.
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

    def __repr__(self) -> str:
        return f"Entry({self.reference})"


class KeptSession(NamedTuple):
    """The data to take up a sender's session after a restart. until: Unix time; pin: the keyed hash, in hex."""

    until: float
    secret: str
    pin: str


class _Seen(NamedTuple):
    """The time when a text was accepted (Unix time), and its place among all: rows stand in the order of time.

    With its key as order a row could stand anywhere, and each message would make the disk write a page of its own.
    """

    at: float
    place: int


@dataclass
class _Batch:
    """The rows of the next transaction. sessions: by key, None = over. strangers: messages, last time.

    seen: rows by place; forgotten: places; before: a time and a place; older rows go.
    """

    accepted: list[Entry] = field(default_factory=list)
    replied: dict[int, Entry] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    seen: dict[int, tuple[bytes, float]] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)
    known: list[bytes] = field(default_factory=list)
    sessions: dict[bytes, KeptSession | None] = field(default_factory=dict)
    strangers: Counter[bytes] = field(default_factory=Counter)
    last: float = 0.0
    before: tuple[float, int] = (0.0, 0)

    def with_later(self, later: _Batch) -> _Batch:
        """Returns this batch, which could not be written, with the later one."""
        return _Batch(
            self.accepted + later.accepted,
            {**self.replied, **later.replied},
            self.done + later.done,
            self.seen | later.seen,
            self.forgotten + later.forgotten,
            self.known + later.known,
            self.sessions | later.sessions,
            self.strangers + later.strangers,
            max(self.last, later.last),
            max(self.before, later.before),
        )


class Journal(KeptFile):
    """The files of one gateway in `directory`. Of one event loop. Raises JournalError, OSError."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key(directory / "queue.key")
        self._hash_key = hmac.digest(key, b"hashes", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"messages", "sha256"))
        self._batch = _Batch()
        self._given = self._kept = 0
        self._writing: asyncio.Task[None] | None = None
        self._unwritten = 0
        self._write_at = 0.0  # by the loop's clock
        self._hurry = asyncio.Event()
        self.on_written: Callable[[], None] = lambda: None
        """Called after each write."""
        super().__init__(directory / "queue.db", _SCHEMA, "locking_mode=EXCLUSIVE")
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        self._last = int(row[0]) if row else 0
        self._known = {bytes(sender) for (sender,) in self._database.execute("SELECT sender FROM known")}
        rows = self._database.execute("SELECT key, at, place FROM seen_text ORDER BY place").fetchall()
        self._seen: dict[bytes, _Seen] = {}
        self._place = 0
        for key, at, place in rows:
            self._see(bytes(key), _Seen(float(at), int(place)))

    def hash_of(self, *parts: str) -> bytes:
        """Returns a keyed hash, 16 bytes: without the key file it identifies nobody."""
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
        self._given += 1
        self._batch.accepted.append(entry)
        self._see(seen, _Seen(entry.at, self._place + 1))
        self._batch.seen[self._place] = (seen, entry.at)

    def was_seen(self, seen: bytes, since: float) -> bool:
        """Returns whether the same message was accepted since then (Unix time)."""
        found = self._seen.get(seen)
        return found is not None and found.at >= since

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
        found = self._seen.pop(seen, None)
        if found is not None and self._batch.seen.pop(found.place, None) is None:
            self._batch.forgotten.append(found.place)

    def is_known(self, sender: bytes) -> bool:
        """Returns whether that sender ever gave a right PIN."""
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
        """Returns the sessions of an earlier process, by the sender's keyed hash. Raises JournalError."""
        rows = self._database.execute("SELECT sender, sealed FROM session").fetchall()
        return {bytes(sender): KeptSession(*json.loads(self.opened(bytes(sealed), sender))) for sender, sealed in rows}

    def count_stranger(self, sender: bytes, at: float) -> None:
        """A message of somebody unknown: counted, and not kept."""
        self._given += 1
        self._batch.strangers[sender] += 1
        self._batch.last = at

    def drop_seen(self, before: float) -> None:
        """Forgets what was seen before that time."""
        for key in [key for key, _ in takewhile(lambda each: each[1].at < before, self._seen.items())]:
            del self._seen[key]
        oldest = next((found.place for found in self._seen.values()), self._place + 1)
        self._given += 1
        self._batch.before = (before, oldest)

    async def keep(self, *, hurry: bool = False) -> None:
        """Returns when all that was given until now is on disk. Raises sqlite3.Error: it is not, and stays to be.

        hurry: something stands still until then, and the write may begin at once.
        """
        wanted = self._given
        if hurry:
            self._hurry.set()
        while self._kept < wanted:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write_what_waits())
            await asyncio.shield(self._writing)  # who is cancelled meanwhile stops no write

    async def _write_what_waits(self) -> None:
        loop = asyncio.get_running_loop()
        if (pause := self._write_at - loop.time()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), pause)
        self._hurry.clear()
        self._write_at = loop.time() + _APART_S
        batch, self._batch, given = self._batch, _Batch(), self._given
        try:
            self._put(batch)
            await loop.run_in_executor(self._writer, self._commit, batch)
        except Exception:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            self._batch = batch.with_later(self._batch)
            raise
        self._kept = given
        self._unwritten -= len(batch.done)
        self.on_written()

    def left_over(self) -> list[Entry]:
        """Returns messages that an earlier process accepted and did not finish, oldest first. Raises JournalError."""
        rows = self._database.execute("SELECT reference, sealed FROM message ORDER BY reference").fetchall()
        return [self._open(int(reference), bytes(sealed)) for reference, sealed in rows]

    def _see(self, key: bytes, found: _Seen) -> None:
        """The newest stands last."""
        self._seen.pop(key, None)
        self._seen[key] = found
        self._place = found.place

    def _put(self, batch: _Batch) -> None:
        """Begins the transaction: pages in memory. Nothing else uses the database until `_commit` is over."""
        write = self._database.executemany
        self._database.execute("BEGIN IMMEDIATE")
        if batch.accepted:
            rows = [(each.reference, each.at, self._seal(each)) for each in batch.accepted]
            write("INSERT INTO message VALUES (?, ?, ?)", rows)
        if batch.replied:
            replied = [(self._seal(each), each.reference) for each in batch.replied.values()]
            write("UPDATE message SET sealed = ? WHERE reference = ?", replied)
        write("DELETE FROM message WHERE reference = ?", [(reference,) for reference in batch.done])
        seen = [(place, key, at) for place, (key, at) in batch.seen.items()]
        write("INSERT INTO seen_text VALUES (?, ?, ?)", seen)
        write("DELETE FROM seen_text WHERE place = ?", [(place,) for place in batch.forgotten])
        write("INSERT OR IGNORE INTO known VALUES (?)", [(sender,) for sender in batch.known])
        self._put_sessions(batch)
        self._count(batch)

    def _commit(self, batch: _Batch) -> None:
        """Onto the disk, and what is too old goes first: in the writer's thread."""
        before, place = batch.before
        if before:
            self._database.execute("DELETE FROM seen_text WHERE place < ?", (place,))
            self._database.execute("DELETE FROM stranger WHERE last < ?", (before - _STRANGERS_S,))
            self._database.execute("DELETE FROM session WHERE until < ?", (before,))
        self._database.execute("COMMIT")

    def _put_sessions(self, batch: _Batch) -> None:
        kept = [
            (sender, session.until, self.sealed(json.dumps(session).encode(), sender))
            for sender, session in batch.sessions.items()
            if session is not None
        ]
        self._database.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", kept)
        over = [(sender,) for sender, session in batch.sessions.items() if session is None]
        self._database.executemany("DELETE FROM session WHERE sender = ?", over)

    def _count(self, batch: _Batch) -> None:
        statement = "INSERT INTO stranger VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + ?, last = ?"
        rows = [(sender, times, batch.last, times, batch.last) for sender, times in batch.strangers.items()]
        self._database.executemany(statement, rows)

    def _seal(self, entry: Entry) -> bytes:
        values = tuple(entry)
        try:
            text = orjson.dumps(values)
        except orjson.JSONEncodeError:  # half a character, as an SMSC may send it
            text = json.dumps(values).encode()
        return self.sealed(text, str(entry.reference).encode())

    def _open(self, reference: int, sealed: bytes) -> Entry:
        return Entry(*json.loads(self.opened(sealed, str(reference).encode())))

    def sealed(self, text: bytes, whose: bytes) -> bytes:
        """Seals under the journal's key, bound to `whose`; for another file of this gateway too."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, text, whose)

    def opened(self, sealed: bytes, whose: bytes) -> bytes:
        """Returns the plain content of `sealed`. Raises JournalError."""
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
    key = read_whole(path)
    if len(key) != _KEY_BYTES:
        raise JournalError("queue.key: not 32 bytes")
    return key
