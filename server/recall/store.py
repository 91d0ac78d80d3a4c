"""The recall process's database: <data>/recall/recall.db, mode 0600; SQLite with a write-ahead log.

One transaction takes a view over: the alerts in force, the changes, the officers to notify. A kill at any moment leaves
the previous state, and the same is found again. A power cut may undo the last transactions, and the same notices are
sent again.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from server.recall.alerts import StandingAlert, What
from server.recall.looks import Found
from server.recall.notice_line import line_before
from server.recall.orders import DAY_MS, VALID_MS
from server.recall.speaking import Spoken

FILE = "recall.db"
_RECEIPTS_KEPT_MS = 30 * DAY_MS
_NOTICES_KEPT_MS = 31 * DAY_MS  # longer than any recall_days: what an alert that is issued anew would tell again
SCHEMA = """
CREATE TABLE IF NOT EXISTS place (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    base TEXT NOT NULL,                 -- generation that the last view lay over
    sequence INTEGER NOT NULL,          -- of the ledger, that it held to
    ledger TEXT NOT NULL DEFAULT ''     -- its id; '' = not known
) STRICT;
CREATE TABLE IF NOT EXISTS spoken (     -- the last word of each register: server.recall.speaking.Spoken
    register TEXT PRIMARY KEY,
    as_of_ms INTEGER NOT NULL,
    behind INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (     -- no row: the first one is followed yet
    one INTEGER PRIMARY KEY CHECK (one = 1),
    since_ms INTEGER NOT NULL           -- when the last one was put away: sequences of before are none of this one's
) STRICT;
CREATE TABLE IF NOT EXISTS standing (   -- subjects that a change touched since that base; the others are as it says
    subject BLOB PRIMARY KEY,
    alerts TEXT NOT NULL                -- JSON: StandingAlert.fields, pending ones
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    what INTEGER NOT NULL,              -- ronda.v1.RecallKind
    subject BLOB NOT NULL,
    register TEXT NOT NULL,
    record TEXT NOT NULL,
    kind INTEGER NOT NULL,              -- ronda.v1.AlertKind
    section INTEGER NOT NULL,
    base TEXT NOT NULL,
    sequence INTEGER NOT NULL,          -- of the ledger, in which it was seen
    fed INTEGER NOT NULL,               -- 0: another base brought it
    changed_ms INTEGER NOT NULL,
    discreet INTEGER NOT NULL DEFAULT 0 -- 1: told to its owner alone, by notices
) STRICT;
CREATE TABLE IF NOT EXISTS notice (     -- looks of which the owner of a discreet alert is told, each once
    subject BLOB NOT NULL,
    register TEXT NOT NULL,
    record TEXT NOT NULL,
    look TEXT NOT NULL,                 -- Look.key
    at_ms INTEGER NOT NULL,
    line TEXT,                          -- JSON, as it is written; NULL = it is
    PRIMARY KEY (subject, register, record, look)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notice_waits ON notice (at_ms) WHERE line IS NOT NULL;
CREATE TABLE IF NOT EXISTS recall (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL,
    look TEXT NOT NULL,                 -- Look.key
    officer TEXT NOT NULL,              -- institution/NIP
    gateway TEXT NOT NULL DEFAULT '',   -- that asked on her behalf, '' = none: Look.gateway
    doubt INTEGER NOT NULL DEFAULT 0,   -- Doubt
    answer_id BLOB NOT NULL,
    looked_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    over INTEGER NOT NULL DEFAULT 0,    -- 1: a later change of the same alert took its place
    told_ms INTEGER,                    -- when it left first
    received_ms INTEGER,
    UNIQUE (change, look)
) STRICT;
CREATE INDEX IF NOT EXISTS recall_officer ON recall (officer, number) WHERE received_ms IS NULL AND over = 0;
CREATE INDEX IF NOT EXISTS recall_gateway ON recall (gateway, number)
    WHERE received_ms IS NULL AND over = 0 AND gateway <> '';
CREATE INDEX IF NOT EXISTS recall_expires ON recall (expires_ms);
CREATE INDEX IF NOT EXISTS change_of ON change (subject, register, record);
CREATE INDEX IF NOT EXISTS change_time ON change (changed_ms);
"""
_ROWS = """
SELECT recall.number, recall.id, officer, answer_id, looked_ms, expires_ms, what, subject, register, record, kind,
    section, sequence, changed_ms,
    CASE WHEN substr(look, 1, length(officer) + 1) = officer || '/' THEN substr(look, length(officer) + 2) ELSE '' END,
    doubt
FROM recall JOIN change ON change.number = recall.change
WHERE officer = ? AND recall.number > ? AND received_ms IS NULL AND over = 0 AND expires_ms > ?
    AND (? = '' OR gateway = ?)
ORDER BY recall.number LIMIT ?
"""


class Doubt(IntEnum):
    """The reason for doubt that the look-up was about the subject."""

    NONE = 0
    CHOSEN = 1  # Look.is_chosen
    NAMED = 2  # found by name, or one of several: not Found.is_by_number


def _doubt_of(found: Found) -> Doubt:
    if found.look.is_chosen:
        return Doubt.CHOSEN
    return Doubt.NONE if found.is_by_number else Doubt.NAMED


class Row(NamedTuple):
    """A recall that waits for its officer."""

    number: int
    id: str
    officer: str
    answer_id: bytes
    looked_ms: int
    expires_ms: int
    what: int
    subject: bytes
    register: str
    record: str
    kind: int
    section: int
    sequence: int
    changed_ms: int
    request_id: str  # of the look-up; "" = none
    doubt: int  # Doubt


@dataclass(frozen=True)
class AlertChange:
    """A change that may need a notice.

    number: of its row, 0 = not kept yet. asked_by: kind and canonical text of a question for the subject; not kept.
    """

    what: What
    subject: bytes
    alert: StandingAlert
    base: str
    sequence: int
    fed: bool
    changed_ms: int
    number: int = 0
    asked_by: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Taken:
    """A view, as it is taken over. standing: of the subjects that it touched; None = as the base says.

    anew_ms: when it is the first of another ledger; 0 = it is not.
    """

    base: str
    sequence: int
    standing: dict[bytes, list[StandingAlert] | None]
    anew_ms: int = 0
    spoken: Mapping[str, Spoken] = field(default_factory=dict)
    ledger: str = ""  # id of the one that is followed; "" = not known


class RecallStore:
    """One connection, for one thread."""

    def __init__(self, folder: Path) -> None:
        """Raises sqlite3.Error, OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / FILE, isolation_level=None, timeout=10, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._add_columns()
        self._database.executescript(SCHEMA)

    def _add_columns(self) -> None:
        """Adds columns to tables of an earlier release, which had fewer."""
        for table, name, kind in (
            ("recall", "gateway", "TEXT NOT NULL DEFAULT ''"),
            ("recall", "doubt", "INTEGER NOT NULL DEFAULT 0"),
            ("change", "discreet", "INTEGER NOT NULL DEFAULT 0"),
            ("place", "ledger", "TEXT NOT NULL DEFAULT ''"),
        ):
            columns = {column for _, column, *_ in self._database.execute(f"PRAGMA table_info({table})")}
            if columns and name not in columns:
                self._database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    def close(self) -> None:
        """Lets the file go."""
        self._database.close()

    # ---- views ----

    def place(self) -> tuple[str, int]:
        """Base and sequence of the last view; ("", 0) = none yet."""
        found = self._database.execute("SELECT base, sequence FROM place").fetchone()
        return (str(found[0]), int(found[1])) if found else ("", 0)

    def ledger(self) -> str:
        """Id of the ledger of the last view; "" = not known."""
        found = self._database.execute("SELECT ledger FROM place").fetchone()
        return str(found[0]) if found else ""

    def spoken(self) -> dict[str, Spoken]:
        """The last word of each register."""
        rows = self._database.execute("SELECT register, as_of_ms, behind FROM spoken")
        return {str(register): Spoken(int(as_of_ms), bool(behind)) for register, as_of_ms, behind in rows}

    def ledger_since_ms(self) -> int:
        """Since when sequences are those of the ledger that is followed now."""
        found = self._database.execute("SELECT since_ms FROM ledger").fetchone()
        return int(found[0]) if found else 0

    def standing(self, subject: bytes) -> list[StandingAlert] | None:
        """Its pending alerts; None = as the base says."""
        found = self._database.execute("SELECT alerts FROM standing WHERE subject = ?", (subject,)).fetchone()
        return [StandingAlert.of_fields(fields) for fields in json.loads(found[0])] if found else None

    def touched(self) -> set[bytes]:
        """Returns subjects with a standing alert that differs from the base."""
        return {bytes(subject) for (subject,) in self._database.execute("SELECT subject FROM standing")}

    def take(self, taken: Taken, changes: Iterable[tuple[AlertChange, Collection[Found]]]) -> list[AlertChange]:
        """Takes a view over, all or nothing; the changes with their numbers. Raises sqlite3.Error."""
        kept = []
        with self._transaction():
            if taken.anew_ms:  # what waits of the ledger before is judged on any view
                self._database.execute("UPDATE change SET sequence = 0")
                self._database.execute("INSERT OR REPLACE INTO ledger VALUES (1, ?)", (taken.anew_ms,))
            for change, found in changes:
                numbered = self._put(change)
                self._tell(numbered, found)
                kept.append(numbered)
            for subject, alerts in taken.standing.items():
                if alerts is None:
                    self._database.execute("DELETE FROM standing WHERE subject = ?", (subject,))
                    continue
                text = json.dumps([each.fields() for each in alerts if each.pending])
                self._database.execute("INSERT OR REPLACE INTO standing VALUES (?, ?)", (subject, text))
            row = (taken.base, taken.sequence, taken.ledger)
            self._database.execute(
                "INSERT OR REPLACE INTO place (one, base, sequence, ledger) VALUES (1, ?, ?, ?)", row
            )
            rows = [(register, *last) for register, last in taken.spoken.items()]
            self._database.executemany("INSERT OR REPLACE INTO spoken VALUES (?, ?, ?)", rows)
        return kept

    def _put(self, change: AlertChange) -> AlertChange:
        register, record = change.alert.records[0]
        columns = (
            change.what, change.subject, register, record, change.alert.kind, change.alert.section, change.base,
            change.sequence, change.fed, change.changed_ms, change.alert.is_discreet,
        )  # fmt: skip
        # An earlier change of the same alert waits no more: the newest word is sent, and no other.
        self._database.execute(
            "UPDATE recall SET over = 1 WHERE received_ms IS NULL AND change IN "
            "(SELECT number FROM change WHERE subject = ? AND register = ? AND record = ?)",
            (change.subject, register, record),
        )
        made = self._database.execute(
            "INSERT INTO change (what, subject, register, record, kind, section, base, sequence, fed, changed_ms, "
            "discreet) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            columns,
        )
        return replace(change, number=int(made.lastrowid or 0))

    # ---- recalls ----

    def tell(self, change: AlertChange, found: Collection[Found]) -> None:
        """Look-ups that came after the change was kept, and did not see it. Raises sqlite3.Error."""
        with self._transaction():
            self._tell(change, found)

    def _tell(self, change: AlertChange, found: Collection[Found]) -> None:
        if change.alert.is_discreet:
            self._notice(change, found)
            return
        over = self._database.execute(
            "SELECT 1 FROM change AS later JOIN change AS this ON later.subject = this.subject "
            "AND later.register = this.register AND later.record = this.record AND later.number > this.number "
            "WHERE this.number = ? LIMIT 1",
            (change.number,),
        ).fetchone()
        rows = [
            (
                secrets.token_hex(16),
                change.number,
                look.key,
                look.officer,
                look.gateway,
                int(_doubt_of(each)),
                look.answer_id if any(look.answer_id) else b"",
                look.time_ms,
                change.changed_ms + VALID_MS,
                int(over is not None),
            )
            for each in found
            for look in (each.look,)
        ]
        self._database.executemany(
            "INSERT OR IGNORE INTO recall (id, change, look, officer, gateway, doubt, answer_id, looked_ms, "
            "expires_ms, over) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def _notice(self, change: AlertChange, found: Collection[Found]) -> None:
        """Stores notices for the owner of a discreet alert; none is ever a recall: officers get nothing."""
        now_ms = time.time_ns() // 1_000_000
        [(register, record), *_] = change.alert.records
        self._database.executemany(
            "INSERT OR IGNORE INTO notice VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    *(change.subject, register, record, each.look.key, now_ms),
                    json.dumps(line_before(change.subject, change.alert, each, now_ms)),
                )
                for each in found
            ],
        )

    def notices(self, most: int) -> list[tuple[Any, ...]]:
        """Returns the notices that are not written yet: subject, register, record, look, line."""
        return self._database.execute(
            "SELECT subject, register, record, look, line FROM notice WHERE line IS NOT NULL ORDER BY at_ms LIMIT ?",
            (most,),
        ).fetchall()

    def written(self, notices: Iterable[tuple[Any, ...]]) -> None:
        """They are on disk: what they said stands here no longer. Raises sqlite3.Error."""
        with self._transaction():
            self._database.executemany(
                "UPDATE notice SET line = NULL WHERE subject = ? AND register = ? AND record = ? AND look = ?", notices
            )

    def recent(self, late_ms: int) -> list[AlertChange]:
        """The newest changes, and those so long before them; of their alerts the record that stands for each."""
        rows = self._database.execute(
            "SELECT what, subject, register, record, kind, section, base, sequence, fed, changed_ms, number, discreet "
            "FROM change WHERE changed_ms >= (SELECT MAX(changed_ms) FROM change) - ? AND changed_ms >= ? "
            "ORDER BY number",
            (late_ms, self.ledger_since_ms()),
        )
        return [_change(row) for row in rows]

    def waiting(self, officer: str, after: int, now_ms: int, most: int, gateway: str = "") -> list[Row]:
        """Returns an officer's recalls that were not sent or not acknowledged, in the order in which they came.

        gateway: only recalls of look-ups through it for the officer; "" = of all.
        """
        found = self._database.execute(_ROWS, (officer, after, now_ms, gateway, gateway, most))
        return [Row(*row) for row in found]

    def awaited(self, gateway: str, after: int, now_ms: int, most: int) -> list[tuple[int, str]]:
        """Returns officers with a waiting recall after `after` from a gateway's look-ups, with each one's newest
        number."""
        rows = self._database.execute(
            "SELECT MAX(number) AS newest, officer FROM recall WHERE gateway = ? AND number > ? "
            "AND received_ms IS NULL AND over = 0 AND gateway <> '' AND expires_ms > ? "
            "GROUP BY officer ORDER BY newest LIMIT ?",
            (gateway, after, now_ms, most),
        )
        return [(int(newest), str(officer)) for newest, officer in rows]

    def unreceived(self, now_ms: int) -> int:
        """The number of recalls that wait for their officers' receipt. Raises sqlite3.Error."""
        count = "SELECT COUNT(*) FROM recall WHERE received_ms IS NULL AND over = 0 AND expires_ms > ?"
        return int(self._database.execute(count, (now_ms,)).fetchone()[0])

    def news(self, after: int) -> tuple[int, list[str]]:
        """The newest number, and the officers and gateways of those behind `after`; where that is negative, nobody."""
        newest = int(self._database.execute("SELECT COALESCE(MAX(number), 0) FROM recall").fetchone()[0])
        if after < 0 or after >= newest:
            return newest, []
        rows = self._database.execute("SELECT DISTINCT officer, gateway FROM recall WHERE number > ?", (after,))
        return newest, sorted({name for row in rows for name in row if name})

    def told(self, numbers: Sequence[int], now_ms: int) -> None:
        """They left for their officer's device. Raises sqlite3.Error."""
        with self._transaction():
            for number in numbers:
                self._database.execute(
                    "UPDATE recall SET told_ms = ? WHERE number = ? AND told_ms IS NULL", (now_ms, number)
                )

    def received(self, officer: str, ids: Sequence[str], now_ms: int, gateway: str = "") -> int:
        """The receipt of these; how many of them are this officer's, and that gateway's where one says so.

        Raises sqlite3.Error.
        """
        count = 0
        with self._transaction():
            for each in ids:
                count += self._database.execute(
                    "UPDATE recall SET received_ms = COALESCE(received_ms, ?) WHERE id = ? AND officer = ? "
                    "AND (? = '' OR gateway = ?)",
                    (now_ms, each, officer, gateway, gateway),
                ).rowcount
        return count

    def forget(self, now_ms: int) -> None:
        """Deletes rows that expired so long ago that no receipt is asked for. Raises sqlite3.Error."""
        with self._transaction():
            self._database.execute("DELETE FROM recall WHERE expires_ms < ?", (now_ms - _RECEIPTS_KEPT_MS,))
            self._database.execute("DELETE FROM notice WHERE line IS NULL AND at_ms < ?", (now_ms - _NOTICES_KEPT_MS,))
            self._database.execute("DELETE FROM change WHERE changed_ms < ?", (now_ms - VALID_MS - _RECEIPTS_KEPT_MS,))

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)


def _change(row: tuple[Any, ...]) -> AlertChange:
    """Returns the change of a row; its alert has only the record that represents it."""
    what, subject, register, record, kind, section, base, sequence, fed, changed_ms, number, discreet = row
    alert = StandingAlert(((register, record),), kind, section, not discreet, what == What.NEW, bool(discreet))
    return AlertChange(What(what), bytes(subject), alert, base, sequence, bool(fed), changed_ms, number)


class _Transaction:
    """All or nothing, and nobody writes between."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._database.execute("ROLLBACK" if kind is not None else "COMMIT")
