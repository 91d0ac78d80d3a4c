"""Failures and locks, in the database: they survive a restart, and unknown numbers are treated like known ones.

A failure is charged before the PIN is tried, and given back if it was right: a caller that hangs up, kills the issuer
or tries many at once pays all the same. For a number, NIP or device every failure counts. For a gateway, and in all,
only those of officers on file count: strangers who send unknown numbers lock out only themselves. A device is never
locked, because a console is one device for every user of its page. Its sign-ins wait for seconds instead. A right PIN
pays back a little more than its charge, once a session's time for each officer, so that honest slips of thousands lock
nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from ronda.v1 import error_pb2
from server.errors import Refusal

DAY_S = 86_400
HOUR_S = 3600
PAID_BACK = 0.25  # of a failure, by a right PIN


@dataclass(frozen=True)
class Rule:
    """The limit of a scope: it locks at `burst` failures that have not leaked away; `burst` leak in `leak_s`.

    slows: the lock refuses nobody; a sign-in waits until it is over.
    """

    scope: str
    burst: int
    leak_s: int
    first_s: int
    longest_s: int
    slows: bool = False


@dataclass(frozen=True)
class Account:
    """One counter: the rule and its owner (a keyed hash, or "" for all)."""

    rule: Rule
    key: bytes


@dataclass(frozen=True)
class Charge:
    """A failure that was counted; `until_ms` of the lock that it brought (0 = none), `taken` off the level by it."""

    account: Account
    until_ms: int
    taken: float


@dataclass
class _Row:
    level: float
    rounds: int
    until_ms: int


def check_locks(db: sqlite3.Connection, accounts: Sequence[Account], now_ms: int) -> None:
    """Raises Refusal LIMIT_EXCEEDED, with the scope and the time left, where one of them is locked."""
    left = 0
    scope = ""
    for account in accounts:
        rest = 0 if account.rule.slows else _rest_ms(db, account, now_ms)
        if rest > left:
            left, scope = rest, account.rule.scope
    if left > 0:
        raise Refusal(error_pb2.ERROR_REASON_LIMIT_EXCEEDED, quota=scope, retry_after_ms=left)


def pause_ms(db: sqlite3.Connection, accounts: Sequence[Account], now_ms: int) -> int:
    """Returns how long a sign-in waits, for the accounts that slow; 0 = it need not."""
    return max((_rest_ms(db, account, now_ms) for account in accounts if account.rule.slows), default=0)


def _rest_ms(db: sqlite3.Connection, account: Account, now_ms: int) -> int:
    """Returns what is left of the account's lock; a clock that was set back adds nothing."""
    return max(0, min(_read(db, account, now_ms).until_ms - now_ms, account.rule.longest_s * 1000))


def charge(db: sqlite3.Connection, account: Account, now_ms: int) -> Charge:
    """Counts a failure; where the bound is reached, a lock begins, twice as long as the last."""
    row = _read(db, account, now_ms)
    rule = account.rule
    row.level += 1
    taken = 0.0
    locks = row.level > rule.burst - 0.5  # what leaked between two tries of one guesser gives him no third
    if locks:
        row.rounds += 1
        row.until_ms = now_ms + min(rule.first_s << min(row.rounds - 1, 20), rule.longest_s) * 1000
        taken = row.level - (rule.burst - 1)
        row.level -= taken  # one more after it locks again
    _write(db, account, row, now_ms)
    return Charge(account, row.until_ms if locks else 0, taken)


def give_back(db: sqlite3.Connection, made: Charge, now_ms: int, *, pays: float = 0.0) -> None:
    """Gives a charge back: it was no failure; `pays`: the part of another failure that it pays for."""
    row = _read(db, made.account, now_ms)
    if made.until_ms and row.until_ms == made.until_ms:
        row.until_ms = 0
        row.rounds = max(0, row.rounds - 1)
        row.level += made.taken
    row.level = max(0.0, row.level - 1 - pays)
    _write(db, made.account, row, now_ms)


def forget(db: sqlite3.Connection, account: Account) -> None:
    """Begins anew: the PIN was right, or a clerk unlocks."""
    db.execute("DELETE FROM lockout WHERE scope = ? AND key = ?", (account.rule.scope, account.key))


def forget_old(db: sqlite3.Connection, now_ms: int) -> int:
    """Drops failures that leaked away (a day without a lock), and locks of a week ago; how many."""
    day_ms = DAY_S * 1000
    return db.execute(
        "DELETE FROM lockout WHERE until_ms < ? AND (changed_ms < ? OR (rounds = 0 AND changed_ms < ?))",
        (now_ms, now_ms - 7 * day_ms, now_ms - day_ms),
    ).rowcount


def _read(db: sqlite3.Connection, account: Account, now_ms: int) -> _Row:
    found = db.execute(
        "SELECT level, rounds, changed_ms, until_ms FROM lockout WHERE scope = ? AND key = ?",
        (account.rule.scope, account.key),
    ).fetchone()
    if found is None:
        return _Row(0.0, 0, 0)
    level, rounds, changed_ms, until_ms = found
    quiet_s = max(0, now_ms - max(changed_ms, until_ms)) / 1000
    leaked = quiet_s * account.rule.burst / account.rule.leak_s
    return _Row(max(0.0, level - leaked), max(0, rounds - int(quiet_s / account.rule.leak_s)), until_ms)


def _write(db: sqlite3.Connection, account: Account, row: _Row, now_ms: int) -> None:
    db.execute(
        "INSERT INTO lockout (scope, key, level, rounds, changed_ms, until_ms) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (scope, key) DO UPDATE SET level = excluded.level, rounds = excluded.rounds, "
        "changed_ms = excluded.changed_ms, until_ms = excluded.until_ms",
        (account.rule.scope, account.key, row.level, row.rounds, now_ms, row.until_ms),
    )
