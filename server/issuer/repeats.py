"""Repeated requests that are recognised after a restart, in the database: nothing is counted twice.

A try is named by its caller, request id and subject. Its row is written with the charge, before the hash, and gets the
hash of the tried secret once that is known. A repetition pays first, like every try. It gets that back if its hash is
the row's: another secret under the same id pays. After a kill between charge and hash the charge of that time is the
repetition's own.

A changed PIN or password leaves the hash of the former one. A repeated request for the same change, by former and
present secret, gets the answer that it is done, under any request id: an officer without an answer sends the message
again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from server.issuer.forms import Kind
from server.issuer.hashing import SecretHash

TRY_KEPT_MS = 3_600_000
FORMER_KEPT_MS = 7 * 86_400_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS try (
    key BLOB PRIMARY KEY, hash BLOB, at_ms INTEGER NOT NULL -- hash: of the tried secret, NULL = it was not hashed yet
) STRICT;
CREATE TABLE IF NOT EXISTS former (
    officer INTEGER NOT NULL REFERENCES officer, kind TEXT NOT NULL, hash BLOB NOT NULL, salt BLOB NOT NULL,
    log_n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL, pepper TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (officer, kind)
) STRICT;
"""


@dataclass(frozen=True)
class Try:
    """An earlier try under the same request id. hash: None = the issuer ended before it was hashed."""

    hash: bytes | None


def find_try(db: sqlite3.Connection, keys: Sequence[bytes]) -> Try | None:
    """Returns the try of this request id, under any pepper key."""
    marks = ",".join("?" * len(keys))
    found = db.execute(f"SELECT hash FROM try WHERE key IN ({marks})", list(keys)).fetchone()  # noqa: S608
    return Try(found[0]) if found else None


def begin_try(db: sqlite3.Connection, key: bytes, now_ms: int) -> None:
    """Writes the row of a try that is charged and not hashed yet."""
    db.execute("INSERT OR IGNORE INTO try VALUES (?, NULL, ?)", (key, now_ms))


def keep_try(db: sqlite3.Connection, key: bytes, tried: bytes) -> None:
    """Keeps the hash of a wrong secret."""
    db.execute("UPDATE try SET hash = ? WHERE key = ? AND hash IS NULL", (tried, key))


def forget_try(db: sqlite3.Connection, key: bytes) -> None:
    """The secret was right: no charge is left of it."""
    db.execute("DELETE FROM try WHERE key = ?", (key,))


def put_former(db: sqlite3.Connection, officer: int, kind: Kind, former: SecretHash | None, now_ms: int) -> None:
    """Keeps what the officer's own new secret took the place of; None = a clerk gave it, and nothing repeats that."""
    db.execute("DELETE FROM former WHERE officer = ? AND kind = ?", (officer, kind.value))
    if former is not None:
        values = (former.hash, former.salt, former.log_n, former.r, former.p, former.pepper)
        db.execute("INSERT INTO former VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (officer, kind.value, *values, now_ms))


def former_of(db: sqlite3.Connection, officer: int, kind: Kind) -> SecretHash | None:
    """Returns what the officer's present secret took the place of."""
    columns = "hash, salt, log_n, r, p, pepper"
    where = "officer = ? AND kind = ?"
    found = db.execute(f"SELECT {columns} FROM former WHERE {where}", (officer, kind.value)).fetchone()  # noqa: S608
    return SecretHash(*found) if found else None


def forget_old(db: sqlite3.Connection, now_ms: int) -> None:
    """Drops tries of an hour ago and secrets that were changed a week ago."""
    db.execute("DELETE FROM try WHERE at_ms < ?", (now_ms - TRY_KEPT_MS,))
    db.execute("DELETE FROM former WHERE at_ms < ?", (now_ms - FORMER_KEPT_MS,))
