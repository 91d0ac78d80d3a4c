"""Issued, reviewed and revoked certificates: SQLite, each change on disk before it is reported.

No names and no CUIs: persons and officers are stored as keyed hashes (directory.KeyedHashes). Reasons, which are free
text, are in the audit log alone, sealed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

DECISION_S = 30 * 86_400  # how long a decision lets a certificate be issued
_VERSION = 2
_BUSY_S = 20.0  # another process issues just now
_SCHEMA = """
CREATE TABLE certificate (
    number TEXT PRIMARY KEY,
    person BLOB NOT NULL,
    standard TEXT NOT NULL,
    issued_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    generation TEXT NOT NULL,
    answer_id TEXT NOT NULL,
    review TEXT UNIQUE REFERENCES review (number),
    sample INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_person ON certificate (person);
CREATE TABLE review (
    number TEXT PRIMARY KEY,
    person BLOB NOT NULL,
    standard TEXT NOT NULL,
    reason TEXT NOT NULL,
    records TEXT NOT NULL,
    opened_s INTEGER NOT NULL,
    opened_by BLOB NOT NULL,
    decided_s INTEGER,
    decided_by BLOB,
    approved INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE revocation (
    number TEXT PRIMARY KEY REFERENCES certificate (number),
    revoked_s INTEGER NOT NULL,
    revoked_by BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""


class Standing(IntEnum):
    """The standing of a number; the values are those of the contract's CertificateStatus."""

    VALID = 1
    EXPIRED = 2
    REVOKED = 3
    UNKNOWN = 4
    SAMPLE = 5


@dataclass(frozen=True)
class Issued:
    """A certificate. Times in seconds UTC; expires_s: the first at which it no longer holds. sha256: of its PDF.

    sample: it certifies nothing.
    """

    number: str
    person: bytes
    standard: str
    issued_s: int
    expires_s: int
    sha256: str
    generation: str
    answer_id: str
    review: str | None = None
    sample: bool = False


@dataclass(frozen=True)
class Review:
    """A case for a person to decide. records: digest of what the answer rests on. approved: None = not decided."""

    number: str
    person: bytes
    standard: str
    reason: str
    records: str
    opened_s: int
    opened_by: bytes
    decided_s: int | None = None
    approved: bool | None = None

    def holds(self, now_s: int) -> bool:
        """Returns whether a certificate may be issued now: approved, and the decision has not expired."""
        return bool(self.approved) and self.decided_s is not None and 0 <= now_s - self.decided_s < DECISION_S


class StoreUnusable(Exception):
    """The store cannot be opened, read or written; the text says which file."""


class NotDone(Exception):
    """The request to the store is not possible in the present state; nothing was changed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CertificateStore:
    """One connection. Several processes may have one each."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Makes the database where there is none, unless read_only. Raises StoreUnusable."""
        self._path = path
        try:
            if not read_only:
                path.touch(mode=0o600)
            mode = "ro" if read_only else "rw"
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            if not read_only:
                self._prepare()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise StoreUnusable(f"{path}: {_said(error)}") from None
        if version != _VERSION:
            raise StoreUnusable(f"{path}: is of another version ({version})")

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.execute("BEGIN IMMEDIATE")
        if self._database.execute("PRAGMA user_version").fetchone() == (0,):
            for statement in _SCHEMA.split(";"):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
        elif self._database.execute("PRAGMA user_version").fetchone() == (1,):
            self._database.execute("ALTER TABLE certificate ADD COLUMN sample INTEGER NOT NULL DEFAULT 0")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
        self._database.execute("COMMIT")

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block ends. Raises StoreUnusable, and NotDone for what the block raises."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self._path}: {_said(error)}") from None

    def _row(self, statement: str, *values: object) -> tuple[object, ...] | None:
        try:
            row: tuple[object, ...] | None = self._database.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self._path}: {_said(error)}") from None
        return row

    def issue(self, issued: Issued) -> None:
        """Raises StoreUnusable; NotDone when its review does not let it be issued, or was used before."""
        with self._changing() as database:
            if issued.review is not None:
                self._check_review(issued)
            values = (
                issued.number, issued.person, issued.standard, issued.issued_s, issued.expires_s, issued.sha256,
                issued.generation, issued.answer_id, issued.review, int(issued.sample),
            )  # fmt: skip
            database.execute("INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _check_review(self, issued: Issued) -> None:
        review = self.review(issued.review or "")
        if review is None or (review.person, review.standard) != (issued.person, issued.standard):
            raise NotDone("the review is of another person or standard")
        if not review.holds(issued.issued_s):
            raise NotDone("the review does not allow it")
        if self._row("SELECT 1 FROM certificate WHERE review = ?", issued.review) is not None:
            raise NotDone("a certificate was issued on this review before")

    def standing(self, number: str, now_s: int) -> Standing:
        """Returns the standing of a number as stored. Raises StoreUnusable."""
        row = self._row(
            "SELECT expires_s, revocation.number IS NOT NULL, sample FROM certificate "
            "LEFT JOIN revocation USING (number) WHERE certificate.number = ?",
            number,
        )
        if row is None:
            return Standing.UNKNOWN
        expires_s, revoked, sample = row
        if revoked:
            return Standing.REVOKED
        if now_s >= int(str(expires_s)):
            return Standing.EXPIRED
        return Standing.SAMPLE if sample else Standing.VALID

    def of_person(self, person: bytes) -> list[Issued]:
        """Returns the person's certificates, oldest first. Raises StoreUnusable."""
        try:
            rows = self._database.execute(
                "SELECT * FROM certificate WHERE person = ? ORDER BY issued_s, number", (person,)
            ).fetchall()
        except sqlite3.Error as error:
            raise StoreUnusable(f"{self._path}: {_said(error)}") from None
        return [_issued(row) for row in rows]

    def issued(self, number: str) -> Issued | None:
        """Raises StoreUnusable."""
        row = self._row("SELECT * FROM certificate WHERE number = ?", number)
        return _issued(row) if row is not None else None

    def open_review(self, review: Review) -> None:
        """Raises StoreUnusable."""
        with self._changing() as database:
            values = (
                review.number, review.person, review.standard, review.reason, review.records, review.opened_s,
                review.opened_by,
            )  # fmt: skip
            database.execute("INSERT INTO review VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)", values)

    def review(self, number: str) -> Review | None:
        """Raises StoreUnusable."""
        row = self._row(
            "SELECT number, person, standard, reason, records, opened_s, opened_by, decided_s, approved FROM review "
            "WHERE number = ?",
            number,
        )
        if row is None:
            return None
        *facts, approved = row
        review = Review(*facts)  # type: ignore[arg-type]
        return review if approved is None else replace(review, approved=bool(approved))

    def decide(self, number: str, approved: bool, by: bytes, now_s: int) -> None:
        """Raises StoreUnusable; NotDone for who opened it, for a case that is decided, or none."""
        with self._changing() as database:
            review = self.review(number)
            if review is None:
                raise NotDone("there is no such review")
            if review.approved is not None:
                raise NotDone("this review was decided before")
            if review.opened_by == by:
                raise NotDone("whoever opened the review cannot decide it: another person must")
            database.execute(
                "UPDATE review SET decided_s = ?, decided_by = ?, approved = ? WHERE number = ?",
                (now_s, by, int(approved), number),
            )

    def revoke(self, number: str, by: bytes, now_s: int) -> None:
        """Raises StoreUnusable; NotDone for a number that was not issued, or is revoked."""
        with self._changing() as database:
            if self.issued(number) is None:
                raise NotDone("no certificate has this number")
            if self._row("SELECT 1 FROM revocation WHERE number = ?", number) is not None:
                raise NotDone("this certificate was revoked before")
            database.execute("INSERT INTO revocation VALUES (?, ?, ?)", (number, now_s, by))

    def close(self) -> None:
        """Ends the connection."""
        self._database.close()


def _issued(row: tuple[object, ...]) -> Issued:
    *facts, sample = row
    return replace(Issued(*facts), sample=bool(sample))  # type: ignore[arg-type]


def _said(error: Exception) -> str:
    """Returns the SQLite error code, or the OS error text; never SQLite's message, which may hold a value of a row."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", None) or "cannot be used"
    return error.strerror or "cannot be used" if isinstance(error, OSError) else "cannot be used"
