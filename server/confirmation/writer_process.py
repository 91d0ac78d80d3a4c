"""`python -m server.confirmation.writer_process`: the one process that writes confirmations, a child of `ronda serve`.

Reads its orders as one JSON line from standard input and ends when that input ends. Workers ask it over a Unix socket,
one JSON object a line each way (server/confirmation/desk_line.py). Its clock escalates what is overdue, after a
restart too; after each change it writes what checks show (shown.py), and is answered only then.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sqlite3
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from core.files.replacement import replace_file
from ronda.v1.confirmation_service_pb2 import ConfirmationUrgency
from server import logs
from server.calls.said_of_hits import FOLDER
from server.confirmation.orders import Orders
from server.confirmation.shown import DAY_MS, shown_rows, write_shown
from server.confirmation.store import NONE_OPEN, AskedHerself, Row, Store, TooMany
from server.host.core_dumps import forbid_core_dumps
from server.host.parent_pipe import parent_ended, read_orders
from server.host.socket_line import answer_lines
from server.logs import ERROR, INFO, log

LINE_BYTES = 1 << 20
_TICK_S = 1.0
URGENCIES = {
    number: name.removeprefix("CONFIRMATION_URGENCY_") for name, number in ConfirmationUrgency.items() if number
}
_SWEEP_S = 60.0  # after which what shows is written anew without a change: some of it is over


class Writer:
    """Answers the workers, and looks at the clock. All in one thread: one transaction after another."""

    def __init__(self, orders: Orders) -> None:
        """Raises sqlite3.Error, OSError."""
        self._folder = orders.data / FOLDER
        self._store = Store(self._folder)
        self._shown_ms = orders.shown_s * 1000
        self._socket = orders.socket
        self._status = orders.status
        self._escalations = dict.fromkeys(URGENCIES, 0)
        self._told = -math.inf
        self._swept = -math.inf  # at once: what shows may be older than the table

    async def run(self) -> None:
        """Runs until standard input ends."""
        self._tick()
        server = await answer_lines(
            self._socket, self._answered, line_bytes=LINE_BYTES, broken="confirmation_line_broken"
        )
        async with server:
            over = asyncio.create_task(parent_ended())
            while not over.done():
                await asyncio.wait({over}, timeout=self._pause_s())
                self._tick()
        self._store.close()

    def _pause_s(self) -> float:
        due = self._store.next_due_ms()
        return _TICK_S if due is None else min(_TICK_S, max(0.01, due / 1000 - time.time()))

    def _tick(self) -> None:
        now_ms = time.time_ns() // 1_000_000
        escalated = self._store.escalate(now_ms)
        for row in escalated:
            self._escalations[row.urgency] += 1
        if escalated:
            log("confirmations_escalated", level=INFO, count=len(escalated))
        if escalated or time.monotonic() - self._swept >= _SWEEP_S:
            self._swept = time.monotonic()
            self._store.forget(now_ms)
            self._show(now_ms)
        self._tell(now_ms)

    def _tell(self, now_ms: int) -> None:
        """Writes the figures for the metrics, once a second."""
        if time.monotonic() - self._told < _TICK_S / 2:
            return
        self._told = time.monotonic()
        found = self._store.open_by_urgency(now_ms - DAY_MS)
        told = {
            name: {**found.get(number, NONE_OPEN)._asdict(), "escalations": self._escalations[number]}
            for number, name in URGENCIES.items()
        }
        with suppress(OSError):
            replace_file(self._status, json.dumps({"at_ms": now_ms, "urgencies": told}).encode(), durable=False)

    def _show(self, now_ms: int) -> None:
        rows = self._store.since(now_ms - max(self._shown_ms, DAY_MS))
        write_shown(self._folder, shown_rows(rows, now_ms, self._shown_ms))

    async def _answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        now_ms = time.time_ns() // 1_000_000
        try:
            match asked.pop("do"):
                case "request":
                    row: Row | None = self._store.request(**asked, now_ms=now_ms)
                    self._show(now_ms)
                case "answer":
                    row = self._store.answer(**asked, now_ms=now_ms)
                    self._show(now_ms)
                case "get":
                    row = self._store.get(**asked)
                case _:  # "pending"
                    rows, total = self._store.pending(**asked, since_ms=now_ms - DAY_MS)
                    return {"rows": [asdict(each) for each in rows], "total": total}
        except TooMany:
            return {"fault": "too many"}
        except AskedHerself:
            return {"fault": "asked herself"}
        except (sqlite3.Error, OSError) as error:  # a full disk: nothing was promised
            log("confirmation_not_kept", level=ERROR, error=error)
            return {"fault": "not kept"}
        return {"row": asdict(row) if row is not None else None}


def main() -> int:
    """Works until its input ends; 1 when the table cannot be opened, which the log says."""
    forbid_core_dumps()
    os.umask(0o077)
    orders = Orders.model_validate_json(read_orders())
    logs.set_up(orders.log_level, process="confirmation", pid=os.getpid())
    try:
        asyncio.run(_run(orders))
    except (sqlite3.Error, OSError) as error:
        log("confirmations_not_opened", level=ERROR, error=error)
        return 1
    return 0


async def _run(orders: Orders) -> None:
    await Writer(orders).run()


if __name__ == "__main__":
    sys.exit(main())
