"""Confirmations on disk: <data>/confirmations/confirmations.db, of the one writer process.

SQLite with synchronous=FULL: what was answered to a caller is on disk. Times are UTC milliseconds of the wall clock, so
that a clock runs on while the server is down.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ronda.v1 import alert_pb2, confirmation_service_pb2

FILE = "confirmations.db"
OPEN_STATES = (alert_pb2.CONFIRMATION_STATE_REQUESTED, alert_pb2.CONFIRMATION_STATE_UNANSWERED)
_OPEN_MOST = 20_000  # that wait at once
_OPEN_OF_ONE = 20  # the same of one officer
_KEPT_MS = 90 * 86_400_000  # after that the audit log alone knows of it
_LISTED = 100
_LISTS = ("desks", "askers", "heard")  # in JSON

SCHEMA = """
CREATE TABLE IF NOT EXISTS confirmation (
    id TEXT PRIMARY KEY,
    register_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL,              -- ronda.v1.AlertKind
    subject_id TEXT NOT NULL,           -- 32 hexadecimal digits
    answer_id TEXT NOT NULL,
    urgency INTEGER NOT NULL,           -- ronda.v1.ConfirmationUrgency
    state INTEGER NOT NULL,             -- ronda.v1.ConfirmationState
    desks TEXT NOT NULL,                -- JSON: institutions in the order in which they are asked
    desk INTEGER NOT NULL,              -- place of the one that is asked now
    wait_ms INTEGER NOT NULL,           -- time of each desk
    requested_ms INTEGER NOT NULL,
    due_ms INTEGER,                     -- when the present desk's time is over; NULL = no desk is left, or answered
    answered_ms INTEGER,
    answered_by TEXT NOT NULL DEFAULT '',
    reason INTEGER NOT NULL DEFAULT 0,  -- ronda.v1.ConfirmationReason
    escalations INTEGER NOT NULL DEFAULT 0,
    institution TEXT NOT NULL,          -- that asked
    unit TEXT NOT NULL,
    officer TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS asker (
    confirmation_id TEXT NOT NULL,
    institution TEXT NOT NULL,
    officer TEXT NOT NULL,              -- institution/NIP
    request_id TEXT NOT NULL,           -- of the request; '' = none
    PRIMARY KEY (confirmation_id, officer, request_id)
) STRICT;
CREATE TABLE IF NOT EXISTS answer (
    number INTEGER PRIMARY KEY,         -- the order in which they came
    confirmation_id TEXT NOT NULL,
    institution TEXT NOT NULL,
    officer TEXT NOT NULL,
    request_id TEXT NOT NULL,
    reason INTEGER NOT NULL,
    answered_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS asker_request ON asker (officer, request_id);
CREATE INDEX IF NOT EXISTS answer_confirmation ON answer (confirmation_id);
CREATE INDEX IF NOT EXISTS confirmation_hit ON confirmation (register_id, record_id, subject_id);
CREATE INDEX IF NOT EXISTS confirmation_due ON confirmation (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS confirmation_state ON confirmation (state, requested_ms);
"""


_ROWS = """
SELECT confirmation.*,
    (SELECT json_group_array(json_array(asker.institution, asker.officer)) FROM asker WHERE confirmation_id = id)
        AS askers,
    (SELECT json_group_array(DISTINCT answer.institution) FROM answer WHERE confirmation_id = id) AS heard
FROM confirmation WHERE
"""


class AskedHerself(Exception):
    """An officer cannot answer their own request."""


class TooMany(Exception):
    """More wait than desks can ever answer, of all or of one officer."""


@dataclass(frozen=True)
class Row:
    """One confirmation, as its table has it."""

    id: str
    register_id: str
    record_id: str
    version: int
    kind: int
    subject_id: str
    answer_id: str
    urgency: int
    state: int
    desks: list[str]
    desk: int
    wait_ms: int
    requested_ms: int
    due_ms: int | None
    answered_ms: int | None
    answered_by: str
    reason: int
    escalations: int
    institution: str
    unit: str
    officer: str
    askers: list[list[str]]  # institution and officer, of everybody who asked or joined
    heard: list[str]  # desks that said anything; what the first one says is the answer

    @property
    def asked_desks(self) -> list[str]:
        """Institutions that were asked so far: any of them may say that it has the question."""
        return self.desks[: self.desk + 1]

    @property
    def asking(self) -> set[str]:
        """Institutions that asked."""
        return {self.institution, *(institution for institution, _ in self.askers)}

    def was_asked_by(self, officer: str) -> bool:
        """officer: institution/NIP."""
        return officer == self.officer or any(officer == each for _, each in self.askers)

    @property
    def received(self) -> list[str]:
        """Desks after the first that have the question in hand; they do not answer for the first."""
        return [desk for desk in self.asked_desks[1:] if desk in self.heard]

    @property
    def changed_ms(self) -> int:
        """Time of the present answer, or of the request."""
        return self.answered_ms or self.requested_ms


class Open(NamedTuple):
    """Open confirmations: how many wait, how many went past a silent desk, and when the oldest was asked."""

    waiting: int
    escalated: int
    oldest_ms: int


NONE_OPEN = Open(0, 0, 0)


class Store:
    """The table. For one process, and one thread of it."""

    def __init__(self, folder: Path) -> None:
        """Raises sqlite3.Error, when another process has it open too."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._base = sqlite3.connect(folder / FILE, timeout=0, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        self._base.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(SCHEMA)
        self._base.execute("BEGIN EXCLUSIVE")
        self._base.execute("COMMIT")

    def close(self) -> None:
        self._base.close()

    def request(
        self,
        hit: dict[str, Any],
        who: dict[str, str],
        desks: list[str],
        wait_ms: int,
        now_ms: int,
        request_id: str = "",
    ) -> Row:
        """The open confirmation of this hit, made unless there is one; one that waits longer than asked for is hurried.

        hit: the columns register_id to urgency. who: institution, unit, officer. The same request_id of the same
        officer once more finds what it made, whatever has become of it. Raises TooMany.
        """
        before = self._replayed(hit, who, request_id)
        if before is not None:
            return before
        with self._whole():
            row = self._asked(hit, who, desks, wait_ms, now_ms)
            self._base.execute(
                "INSERT OR IGNORE INTO asker VALUES (?, ?, ?, ?)",
                (row.id, who["institution"], who["officer"], request_id),
            )
        return self._certain(row.id)

    def _replayed(self, hit: dict[str, Any], who: dict[str, str], request_id: str) -> Row | None:
        if not request_id:
            return None
        rows = self._rows(
            "id IN (SELECT confirmation_id FROM asker WHERE officer = ? AND request_id = ?) "
            "AND register_id = ? AND record_id = ? AND subject_id = ? ORDER BY requested_ms DESC LIMIT 1",
            who["officer"],
            request_id,
            hit["register_id"],
            hit["record_id"],
            hit["subject_id"],
        )
        return rows[0] if rows else None

    def _asked(self, hit: dict[str, Any], who: dict[str, str], desks: list[str], wait_ms: int, now_ms: int) -> Row:
        found = self._rows(
            "register_id = ? AND record_id = ? AND subject_id = ? AND state IN (?, ?) ORDER BY requested_ms DESC",
            hit["register_id"],
            hit["record_id"],
            hit["subject_id"],
            *OPEN_STATES,
        )
        # One left by a silent last desk is over: asking again asks the first desk anew.
        for row in found:
            if row.due_ms is None:
                continue
            due = min(row.due_ms, now_ms + wait_ms)
            if due < row.due_ms or hit["urgency"] < row.urgency:
                urgency = min(hit["urgency"], row.urgency)
                wait = min(wait_ms, row.wait_ms)
                self._change("due_ms = ?, urgency = ?, wait_ms = ?", (due, urgency, wait), row.id)
            return self.get(row.id) or row
        self._check_room(who["officer"])
        new_id = _uuid7(now_ms)
        values = {
            "id": new_id,
            **hit,
            "state": alert_pb2.CONFIRMATION_STATE_REQUESTED,
            "desks": json.dumps(desks),
            "desk": 0,
            "wait_ms": wait_ms,
            "requested_ms": now_ms,
            "due_ms": now_ms + wait_ms,
            **who,
        }
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self._base.execute(f"INSERT INTO confirmation ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
        return self._certain(new_id)

    def _check_room(self, officer: str) -> None:
        """Raises TooMany if too many requests wait for a desk."""
        waiting = "SELECT count(*) FROM confirmation WHERE due_ms IS NOT NULL"
        if self._base.execute(waiting).fetchone()[0] >= _OPEN_MOST:
            raise TooMany
        if self._base.execute(f"{waiting} AND officer = ?", (officer,)).fetchone()[0] >= _OPEN_OF_ONE:
            raise TooMany

    def answer(
        self, confirmation_id: str, institution: str, officer: str, reason: int, now_ms: int, request_id: str = ""
    ) -> Row | None:
        """Stores the desk's answer; None if this institution was not asked. institution: "" = the first desk.

        Only the first desk, which owns the record, confirms and denies for everybody. The answer of a later one is
        kept, and shows as received. The same request_id of the same officer changes nothing: an old answer sent again
        does not replace a newer one. Raises AskedHerself.
        """
        row = self.get(confirmation_id)
        if row is None or (institution and institution not in row.asked_desks):
            return None
        if institution and row.was_asked_by(officer):
            raise AskedHerself
        known = "SELECT 1 FROM answer WHERE confirmation_id = ? AND officer = ? AND request_id = ?"
        if request_id and self._base.execute(known, (row.id, officer, request_id)).fetchone():
            return row
        by = institution or row.desks[0]
        with self._whole():
            self._base.execute(
                "INSERT INTO answer (confirmation_id, institution, officer, request_id, reason, answered_ms) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (row.id, by, officer, request_id, reason, now_ms),
            )
            if by == row.desks[0]:
                self._settle(row, by, reason, now_ms)
        return self.get(row.id)

    def _settle(self, row: Row, by: str, reason: int, now_ms: int) -> None:
        confirmed = reason == confirmation_service_pb2.CONFIRMATION_REASON_IN_FORCE
        state = alert_pb2.CONFIRMATION_STATE_CONFIRMED if confirmed else alert_pb2.CONFIRMATION_STATE_DENIED
        self._change(
            "state = ?, reason = ?, answered_ms = ?, answered_by = ?, due_ms = NULL",
            (state, reason, now_ms, by),
            row.id,
        )

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All of it, or nothing."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise

    def escalate(self, now_ms: int) -> list[Row]:
        """Moves each request with a silent desk to the next desk, once, however late. Returns them as they were."""
        due = self._rows("due_ms <= ? ORDER BY due_ms", now_ms)
        for row in due:
            last = row.desk + 1 >= len(row.desks)
            self._change(
                "state = ?, escalations = escalations + 1, desk = ?, due_ms = ?",
                (
                    alert_pb2.CONFIRMATION_STATE_UNANSWERED,
                    row.desk if last else row.desk + 1,
                    None if last else now_ms + row.wait_ms,
                ),
                row.id,
            )
        return due

    def next_due_ms(self) -> int | None:
        """Returns the time of the next deadline; None = none."""
        found = self._base.execute("SELECT min(due_ms) FROM confirmation").fetchone()[0]
        return int(found) if found is not None else None

    def get(self, confirmation_id: str) -> Row | None:
        """Returns the confirmation; None = there is none."""
        rows = self._rows("id = ?", confirmation_id)
        return rows[0] if rows else None

    def _certain(self, confirmation_id: str) -> Row:
        row = self.get(confirmation_id)
        assert row is not None
        return row

    def pending(self, institution: str, since_ms: int) -> tuple[list[Row], int]:
        """Returns an institution's open requests ("" = any) since then, urgent first, then oldest; and their total."""
        rows = self._rows(
            "state IN (?, ?) AND requested_ms >= ? ORDER BY urgency, requested_ms", *OPEN_STATES, since_ms
        )
        mine = [row for row in rows if not institution or institution in {*row.asked_desks} - {*row.heard}]
        return mine[:_LISTED], len(mine)

    def open_by_urgency(self, since_ms: int) -> dict[int, Open]:
        """Returns the open requests since then, by ronda.v1.ConfirmationUrgency."""
        found = self._base.execute(
            "SELECT urgency, count(*), sum(state = ?), min(requested_ms) FROM confirmation "
            "WHERE state IN (?, ?) AND requested_ms >= ? GROUP BY urgency",
            (alert_pb2.CONFIRMATION_STATE_UNANSWERED, *OPEN_STATES, since_ms),
        )
        return {urgency: Open(*rest) for urgency, *rest in found}

    def since(self, ms: int) -> list[Row]:
        """Every one that was asked or answered since then, by that time."""
        rows = self._rows("requested_ms >= ? OR answered_ms >= ?", ms, ms)
        return sorted(rows, key=lambda row: row.changed_ms)

    def forget(self, now_ms: int) -> None:
        """Removes what is old."""
        with self._whole():
            before = (now_ms - _KEPT_MS,)
            self._base.execute("DELETE FROM confirmation WHERE requested_ms < ? AND due_ms IS NULL", before)
            for table in ("asker", "answer"):
                orphans = "confirmation_id NOT IN (SELECT id FROM confirmation)"
                self._base.execute(f"DELETE FROM {table} WHERE {orphans}")  # noqa: S608

    def _change(self, what: str, values: tuple[Any, ...], confirmation_id: str) -> None:
        self._base.execute(f"UPDATE confirmation SET {what} WHERE id = ?", (*values, confirmation_id))  # noqa: S608

    def _rows(self, where: str, *values: Any) -> list[Row]:
        found = self._base.execute(f"{_ROWS} {where}", values)
        return [Row(**{**dict(row), **{name: json.loads(row[name]) for name in _LISTS}}) for row in found]


def _uuid7(now_ms: int) -> str:
    """UUID version 7 (RFC 9562): the time, then random bits."""
    raw = bytearray(now_ms.to_bytes(6, "big") + secrets.token_bytes(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
