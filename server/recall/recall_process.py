"""`python -m server.recall.recall_process`: finds the officers that a change of an alert concerns.

Reads its orders as one JSON line from standard input and ends when that input ends. A few times a second it reads the
new records of the audit log and looks at the published view. Workers ask it over a Unix socket, one JSON object a line
each way (server/recall/line.py).

A worker's answer from an older view may be recorded after the change was seen. So for some minutes each new look-up is
compared with the changes of these minutes.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sqlite3
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import CoreError
from core.files.replacement import replace_file
from server import logs
from server.audit.keys import HASH_KEY_FILE, HashKey, KeyFileError, kept_hash_keys
from server.audit.seals import SealsDamaged
from server.host.core_dumps import forbid_core_dumps
from server.host.descriptors import raise_descriptor_limit
from server.host.parent_pipe import parent_ended, read_orders
from server.host.socket_line import answer_lines
from server.logs import ERROR, INFO, log
from server.notifications import FOLDER as NOTIFICATIONS
from server.recall.looks import Found, Look, Looks, Wanted
from server.recall.notices import Notices
from server.recall.orders import DAY_MS, FOLDER, LINE_BYTES, MOST, MOST_AWAITED, Orders
from server.recall.store import AlertChange, RecallStore
from server.recall.views import Views

_TICK_S = 0.1
_LATE_MS = 120_000  # that a worker may go on answering from an older view
_SWEEP_S = 3600.0
_PRUNE_S = 10.0
_AGAIN_S = 1.0
_SHOWN_S = 1.0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Recent:
    """Changes, and what finds their look-ups."""

    def __init__(self, keys: Iterable[HashKey], changes: Iterable[AlertChange]) -> None:
        self.wanted = Wanted(keys)
        self.changes: list[AlertChange] = []
        self._of_place: list[list[AlertChange]] = []  # of each subject
        self._places: dict[bytes, int] = {}
        self.add(changes)

    def add(self, changes: Iterable[AlertChange]) -> None:
        """More of them."""
        for change in changes:
            place = self._places.setdefault(change.subject, len(self._of_place))
            if place == len(self._of_place):
                self._of_place.append([])
            self._of_place[place].append(change)
            self.changes.append(change)
            self.wanted.add(place, [change.subject, *change.asked_by])

    def concerned(
        self, found: Iterable[Found], since_ms: int, ledger_since_ms: int
    ) -> list[tuple[AlertChange, list[Found]]]:
        """The look-ups of each change that did not see it; changes without one are left out."""
        by_change: dict[int, tuple[AlertChange, list[Found]]] = {}
        for each in found:
            for change in self._of_place[each.subject]:
                if not each.is_recalled and not change.alert.is_discreet:
                    continue
                if each.look.time_ms > since_ms and not saw(each.look, change, ledger_since_ms):
                    by_change.setdefault(id(change), (change, []))[1].append(each)
        return list(by_change.values())


class Finder:
    """Views on one side, look-ups on the other. For one thread at a time."""

    def __init__(self, orders: Orders) -> None:
        """Raises sqlite3.Error, OSError."""
        self._audit, self._days_ms = orders.audit, orders.days * DAY_MS
        self._store = RecallStore(orders.data / FOLDER)
        self._views = Views(orders.data, self._store)
        self._notices = Notices(orders.data / NOTIFICATIONS, self._store)
        self._looks = Looks(orders.audit)
        self._keys: list[HashKey] = []
        self._keys_stamp: tuple[int, int] | None = None
        self._recent = _Recent((), self._store.recent(_LATE_MS))
        self._begun = False
        self._swept = self._pruned = self._shown = -math.inf

    def step(self) -> int:
        """One look at both sides; how many changes there were.

        Raises CoreError, OSError, sqlite3.Error, KeyFileError, SealsDamaged.
        """
        now_ms, now = _now_ms(), time.monotonic()
        since_ms = now_ms - self._days_ms
        keys_changed = self._read_keys(now_ms)
        self._looks.refresh(since_ms)
        if keys_changed or (self._recent.changes and now - self._pruned > _PRUNE_S):
            oldest_ms = now_ms - _LATE_MS if self._begun else 0
            kept = [change for change in self._recent.changes if change.changed_ms >= oldest_ms]
            self._recent, self._pruned = _Recent(self._keys, kept), now
        if self._recent.changes:
            # After a start everything is looked through: what a segment was appended while this was away.
            wanted = self._recent.wanted
            late = self._looks.appended(wanted) if self._begun else self._looks.all(wanted)
            for change, found in self._recent.concerned(late, since_ms, self._store.ledger_since_ms()):
                self._store.tell(change, found)
        self._begun = True
        count = self._take_view(since_ms)
        self._notices.write()
        if now - self._swept > _SWEEP_S:
            self._store.forget(now_ms)
            self._swept = now
        return count

    def show(self, status: Path) -> None:
        """Writes how far this is, once a second, for the metrics. Raises sqlite3.Error."""
        if time.monotonic() - self._shown < _SHOWN_S:
            return
        self._shown, now_ms = time.monotonic(), _now_ms()
        told = {
            "at_ms": now_ms,
            "sequence": self._store.place()[1],
            "waiting": self._store.unreceived(now_ms),
            "altered": self._looks.altered,
        }
        with suppress(OSError):
            replace_file(status, json.dumps(told).encode(), durable=False)

    def _take_view(self, since_ms: int) -> int:
        seen = self._views.look()
        if seen is None:
            return 0
        try:
            new = _Recent(self._keys, seen.changes)
            ledger_since_ms = seen.taken.anew_ms or self._store.ledger_since_ms()
            found = new.concerned(self._looks.all(new.wanted), since_ms, ledger_since_ms) if seen.changes else []
            of_change = {id(change): looks for change, looks in found}
            kept = self._store.take(seen.taken, [(each, of_change.get(id(each), [])) for each in seen.changes])
        except BaseException:
            self._views.again()
            raise
        self._views.done(seen)
        if seen.taken.anew_ms:
            self._recent = _Recent(self._keys, ())
        self._recent.add(kept)
        recalled = [change for change in kept if not change.alert.is_discreet]  # of the others no log says anything
        if recalled:
            look_ups = sum(len(looks) for change, looks in found if not change.alert.is_discreet)
            log("alerts_recalled", level=INFO, changes=len(recalled), look_ups=look_ups)
        return len(kept)

    def _read_keys(self, now_ms: int) -> bool:
        """Reads the hash keys; returns whether they changed."""
        try:
            status = (self._audit / HASH_KEY_FILE).stat()
        except FileNotFoundError:
            return False
        stamp = status.st_mtime_ns, status.st_size
        if stamp == self._keys_stamp:
            return False
        self._keys, self._keys_stamp = kept_hash_keys(self._audit, now_ms), stamp
        return True


def saw(look: Look, change: AlertChange, ledger_since_ms: int) -> bool:
    """Returns whether the answer's view had the change."""
    if look.time_ms < ledger_since_ms:  # its sequence is of another ledger
        return False
    if change.fed:
        return look.sequence >= change.sequence
    return look.time_ms > change.changed_ms and look.generation == change.base


class Answerer:
    """Answers the requests of workers. Belongs to the event loop's thread, with a connection of its own."""

    def __init__(self, store: RecallStore) -> None:
        self._store = store

    async def answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer to one line."""
        now_ms = _now_ms()
        try:
            match asked.pop("do"):
                case "waiting":
                    rows = self._store.waiting(asked["officer"], asked["after"], now_ms, MOST, asked["gateway"])
                    return {"rows": [_told_row(row) for row in rows]}
                case "awaited":
                    return {"officers": self._store.awaited(asked["gateway"], asked["after"], now_ms, MOST_AWAITED)}
                case "news":
                    newest, officers = self._store.news(asked["after"])
                    return {"newest": newest, "officers": officers}
                case "told":
                    self._store.told(asked["numbers"], now_ms)
                    return {}
                case _:  # "received"
                    count = self._store.received(asked["officer"], asked["ids"], now_ms, asked["gateway"])
                    return {"count": count}
        except sqlite3.Error as error:  # a full disk: nothing was promised
            log("recall_not_kept", level=ERROR, error=error)
            return {"fault": "not kept"}


def _told_row(row: Any) -> list[Any]:
    return [each.hex() if isinstance(each, bytes) else each for each in row]


async def _run(orders: Orders) -> None:
    answerer = Answerer(RecallStore(orders.data / FOLDER))
    finder = Finder(orders)
    server = await answer_lines(orders.socket, answerer.answered, line_bytes=LINE_BYTES, broken="recall_line_broken")
    failing = ""
    async with server:
        over = asyncio.create_task(parent_ended())
        while not over.done():
            pause = _TICK_S
            try:
                await asyncio.to_thread(finder.step)
                await asyncio.to_thread(finder.show, orders.status)
                failing = ""
            except (CoreError, OSError, sqlite3.Error, KeyFileError, SealsDamaged, ValueError) as error:
                if failing != repr(error):  # nothing is passed over: it is due yet
                    log("recall_stands", level=ERROR, error=error)
                failing, pause = repr(error), _AGAIN_S
            await asyncio.wait({over}, timeout=pause)


def main() -> int:
    """Works until its input ends; 1 when its table cannot be opened, which the log says."""
    forbid_core_dumps()
    os.umask(0o077)
    orders = Orders.model_validate_json(read_orders())
    raise_descriptor_limit()
    logs.set_up(orders.log_level, process="recall", pid=os.getpid())
    try:
        asyncio.run(_run(orders))
    except (sqlite3.Error, OSError) as error:
        log("recall_not_opened", level=ERROR, error=error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
