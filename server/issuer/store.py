"""The issuer's database: officers, their numbers as keyed hashes, their hashed PINs and passwords, lock-outs.

SQLite, `synchronous=FULL`: an answered change is on disk. Each change moves a sequence on, which is also kept beside
the pepper (server/issuer/pepper.py). A restored copy is older than that, and nothing is answered from it.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.issuer import repeats
from server.issuer.forms import Kind
from server.issuer.hashing import SecretHash
from server.issuer.pepper import Newest, Pepper
from server.settings import SettingsError

_FORMAT = 1
_SCHEMA = """
CREATE TABLE meta (format INTEGER NOT NULL, database TEXT NOT NULL, sequence INTEGER NOT NULL) STRICT;
CREATE TABLE officer (
    id INTEGER PRIMARY KEY, nip TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, roles TEXT NOT NULL, -- JSON
    reference BLOB NOT NULL,    -- random, stands for her in gateways' logs
    epoch INTEGER NOT NULL,     -- sessions of an earlier one are over
    revoked_ms INTEGER
) STRICT;
CREATE TABLE telephone (
    hash BLOB PRIMARY KEY, pepper TEXT NOT NULL, officer INTEGER NOT NULL REFERENCES officer
) STRICT;
CREATE INDEX telephone_officer ON telephone (officer);
CREATE TABLE secret (
    officer INTEGER NOT NULL REFERENCES officer, kind TEXT NOT NULL, hash BLOB NOT NULL, salt BLOB NOT NULL,
    log_n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL, pepper TEXT NOT NULL,
    expires_ms INTEGER NOT NULL, provisional INTEGER NOT NULL, paid_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (officer, kind)
) STRICT;
CREATE TABLE lockout (
    scope TEXT NOT NULL, key BLOB NOT NULL, level REAL NOT NULL, rounds INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (scope, key)
) STRICT;
"""


@dataclass(frozen=True)
class Officer:
    """A row. epoch: raised by every act that ends the officer's sessions."""

    id: int
    nip: str
    unit: str
    roles: tuple[str, ...]
    reference: bytes
    epoch: int
    revoked: bool


@dataclass(frozen=True)
class Secret:
    """The officer's PIN or password. provisional: given by a clerk, to be changed; paid_ms: last refund of failures."""

    hash: SecretHash
    expires_ms: int
    provisional: bool
    paid_ms: int


def make_database(path: Path, pepper: Path) -> None:
    """A new one, and its newest sequence beside the pepper. Raises FileExistsError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    identity = secrets.token_hex(16)
    db = sqlite3.connect(path)
    try:
        db.executescript(_SCHEMA)
        db.execute("INSERT INTO meta VALUES (?, ?, 0)", (_FORMAT, identity))
        db.commit()
    finally:
        db.close()
    Newest(pepper, identity).move_to(0, back=True)


class Store:
    """An open database. Of one thread at a time."""

    def __init__(self, path: Path, pepper: Path, *, restored: bool = False) -> None:
        """Raises SettingsError: none, another format, rolled back (RolledBack); `restored`: a person accepts that."""
        if not path.is_file():
            raise SettingsError(f"{path}: no database; `ronda keys issuer init` makes one")
        try:
            self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            self.db.execute("PRAGMA foreign_keys = ON")
            for statement in repeats.SCHEMA.split(";"):  # a database of an earlier release lacks them
                self.db.execute(statement)
            form, identity, sequence = self.db.execute("SELECT format, database, sequence FROM meta").fetchone()
        except (sqlite3.Error, TypeError) as error:
            raise SettingsError(f"{path}: no issuer's database: {type(error).__name__}") from None
        if form != _FORMAT:
            raise SettingsError(f"{path}: format {form}, this program reads {_FORMAT}")
        self.revoked_elsewhere: Callable[[str], bool] = lambda _nip: False
        self._newest = Newest(pepper, identity)
        if restored:
            self._newest.move_to(sequence, back=True)
        self._newest.check(sequence)

    def close(self) -> None:
        """Ends it."""
        self.db.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction, on disk when it ends. Raises RolledBack, sqlite3.Error."""
        db = self.db
        db.execute("BEGIN IMMEDIATE")
        try:
            (sequence,) = db.execute("SELECT sequence FROM meta").fetchone()
            self._newest.check(sequence)
            yield db
            db.execute("UPDATE meta SET sequence = sequence + 1")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._newest.move_to(sequence + 1)

    def state(self) -> str:
        """Returns the database's identity and its newest sequence."""
        identity, sequence = self.db.execute("SELECT database, sequence FROM meta").fetchone()
        return f"{identity} {sequence}"

    def officer(self, identity: int) -> Officer | None:
        """Returns the officer of a row."""
        return self._officer("id = ?", identity)

    def by_nip(self, nip: str) -> Officer | None:
        """Returns the officer with this NIP."""
        return self._officer("nip = ?", nip)

    def by_telephone(self, hashes: list[bytes]) -> Officer | None:
        """Returns the officer with a number's keyed hash, under any key."""
        marks = ",".join("?" * len(hashes))
        found = self.db.execute(f"SELECT officer FROM telephone WHERE hash IN ({marks})", hashes).fetchone()  # noqa: S608
        return self.officer(found[0]) if found else None

    def _officer(self, where: str, value: int | str) -> Officer | None:
        found = self.db.execute(
            f"SELECT id, nip, unit, roles, reference, epoch, revoked_ms FROM officer WHERE {where}",  # noqa: S608
            (value,),
        ).fetchone()
        if found is None:
            return None
        identity, nip, unit, roles, reference, epoch, revoked_ms = found
        revoked = revoked_ms is not None or self.revoked_elsewhere(nip)
        return Officer(identity, nip, unit, tuple(json.loads(roles)), reference, epoch, revoked)

    def officers(self) -> list[Officer]:
        """All, by NIP."""
        ids = self.db.execute("SELECT id FROM officer ORDER BY nip").fetchall()
        return [each for (identity,) in ids if (each := self.officer(identity)) is not None]

    def secret(self, officer: int, kind: Kind) -> Secret | None:
        """Returns the officer's secret of this kind; None = none."""
        found = self.db.execute(
            "SELECT hash, salt, log_n, r, p, pepper, expires_ms, provisional, paid_ms FROM secret "
            "WHERE officer = ? AND kind = ?",
            (officer, kind.value),
        ).fetchone()
        return Secret(SecretHash(*found[:6]), found[6], bool(found[7]), found[8]) if found else None

    def put_secret(
        self,
        officer: int,
        kind: Kind,
        made: SecretHash,
        expires_ms: int,
        *,
        provisional: bool,
        former: SecretHash | None = None,
    ) -> None:
        """Stores a secret, within `change`. former: the secret that the officer changed; None = a clerk gives this
        one."""
        self.db.execute(
            "INSERT OR REPLACE INTO secret (officer, kind, hash, salt, log_n, r, p, pepper, expires_ms, provisional) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(officer, kind.value, made.hash, made.salt, made.log_n, made.r, made.p, made.pepper),
                *(expires_ms, int(provisional)),
            ),
        )

        repeats.put_former(self.db, officer, kind, former, time.time_ns() // 1_000_000)

    def renew_hash(self, officer: int, kind: Kind, old: SecretHash, made: SecretHash) -> None:
        """Stores the same secret under today's cost and key, within `change`, unless it was changed meanwhile."""
        self.db.execute(
            "UPDATE secret SET hash = ?, salt = ?, log_n = ?, r = ?, p = ?, pepper = ? "
            "WHERE officer = ? AND kind = ? AND hash = ?",
            (made.hash, made.salt, made.log_n, made.r, made.p, made.pepper, officer, kind.value, old.hash),
        )

    def put_telephone(self, officer: int, pepper: Pepper, hashes: list[bytes]) -> None:
        """Sets the officer's one number, within `change`: its hashes under all keys, newest first. Other holders lose
        it."""
        marks = ",".join("?" * len(hashes))
        self.db.execute(f"DELETE FROM telephone WHERE officer = ? OR hash IN ({marks})", (officer, *hashes))  # noqa: S608
        self.db.execute("INSERT INTO telephone VALUES (?, ?, ?)", (hashes[0], pepper.newest.id, officer))

    def end_sessions(self, officer: int) -> None:
        """Ends the officer's sessions, within `change`."""
        self.db.execute("UPDATE officer SET epoch = epoch + 1 WHERE id = ?", (officer,))

    def peppers_in_use(self) -> set[str]:
        """Ids of keys under which something is stored."""
        return {row[0] for row in self.db.execute("SELECT pepper FROM telephone UNION SELECT pepper FROM secret")}
