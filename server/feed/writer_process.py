"""`python -m server.feed.writer_process`: the one process that takes changes over, a child of `ronda serve`.

Reads its orders as one JSON line from standard input and ends when that input ends. Workers and the process of sources
ask it over a Unix socket, one JSON object a line each way (server/feed/line.py). What waits while the disk works goes
into the next write together. A ledger that cannot be opened, or of which nobody knows what is on disk, ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from core.errors import LedgerBusy, LedgerDamaged, LedgerFull
from core.files.replacement import replace_file
from core.ledger.change import change_with
from core.ledger.frames import BEAT, SNAPSHOT
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.writer import LedgerWriter
from server import logs
from server.feed.archiving import Archiving
from server.feed.orders import Orders
from server.feed.seen_ledger import NoteLost, lacking_feeds, note_ledger
from server.feed.skipping import Numbered
from server.feed.snapshot import EVERY, noted_place
from server.feed.taking import Message, Now, Rows, Taker, outcome_fields
from server.host.aside import step_aside
from server.host.core_dumps import forbid_core_dumps
from server.host.parent_pipe import parent_ended, read_orders
from server.host.socket_line import answer_lines
from server.logs import ERROR, WARNING, log

LINE_BYTES = 64 << 20  # of a question: a message of 4 MiB in JSON has up to six times as many
_TICK_S = 0.1
_STATUS_S = 1.0
_READ_AT_ONCE, _BETWEEN_READS_S = 500, 0.01  # entries; who sends meanwhile waits some 5 ms
_HOLDS_AFTER_S = 1.0  # so long the view has to show what a ledger reported late, for it could not be written

RowsMaker = Callable[[Orders], Rows]


@dataclass
class _Asked:
    message: Message
    answered: asyncio.Future[dict[str, Any]]


class FeedWriter:
    """Answers who asks, and looks at the clock. All in one thread: one write after another."""

    def __init__(self, orders: Orders, rows: Rows) -> None:
        """Raises LedgerBusy, LedgerDamaged, LedgerFull, OSError."""
        self._orders = orders
        folder = orders.data / FOLDER
        self._unread = noted_place(folder)  # what lies before it is read beside the work
        self._ledger = LedgerWriter(folder, self._unread)
        self._taker = Taker(
            self._ledger,
            orders.sources,
            hold_s=orders.hold_ms / 1000,
            future_s=orders.future_s,
            rows=rows,
            snapshots=folder,
        )
        for source, register in self._taker.doubt(self._doubtful(), _now()):
            log("feed_ledger_put_back", level=ERROR, source=source, register=register)
        for source, register in self._taker.give_up_strangers(_now()):
            log("feed_source_given_up", level=WARNING, source=source, register=register)
        self._archiving = Archiving(orders.data, self._ledger, self._taker)
        self._noted = 0  # sequence of the last entry that the note beside the ledger has
        self._queue: asyncio.Queue[_Asked] = asyncio.Queue()
        self._full = False
        self._holds_since: float | None = None  # steady seconds since which all that was due is in the ledger

    def _doubtful(self) -> Collection[tuple[str, str]]:
        try:
            return lacking_feeds(self._orders.data, note_expected=self._orders.note_expected)
        except NoteLost:
            log("feed_ledger_note_lost", level=ERROR)
            return self._taker.feeds

    async def run(self) -> None:
        """Runs until standard input ends. Raises LedgerDamaged, OSError."""
        server = await answer_lines(
            self._orders.socket, self._answered, line_bytes=LINE_BYTES, broken="feed_line_broken"
        )
        async with server, asyncio.TaskGroup() as tasks:
            works = [
                tasks.create_task(work)
                for work in (self._write(), self._tick(), self._show(), self._read_again(), self._archiving.run())
            ]
            await parent_ended()
            for work in works:
                work.cancel()
        with contextlib.suppress(OSError):  # the next start reads more
            self._note_place()  # or an older copy that is put back now would be taken for what was here
            self._taker.snapshot(every=1)
        self._ledger.close()

    async def _read_again(self) -> None:
        """Looks at what the start passed over. What does not hold ends this process, and the next one reads it all."""
        if self._unread is not None and self._ledger.has(self._unread):
            try:
                await _read_to(self._orders.data / FOLDER, self._unread.sequence)
            except LedgerDamaged:
                (self._orders.data / FOLDER / SNAPSHOT).unlink(missing_ok=True)
                raise

    async def _write(self) -> None:
        """One write after another, each of all that waits."""
        while True:
            waiting = [await self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            try:
                outcomes = self._taker.take([each.message for each in waiting], _now())
                answers = [
                    {
                        "outcomes": [outcome_fields(outcome) for outcome in found],
                        "positions": self._positions(each.message),
                    }
                    for each, found in zip(waiting, outcomes, strict=True)
                ]
                self._has_room(True)
            except LedgerFull:
                self._has_room(False)
                answers = [{"fault": "full"} for _ in waiting]
            for each, answer in zip(waiting, answers, strict=True):
                if not each.answered.done():
                    each.answered.set_result(answer)

    def _positions(self, message: Message) -> list[dict[str, Any]]:
        registers = sorted({change.register for change in message.changes})
        return self._taker.positions([message.source], registers)

    def _has_room(self, room: bool) -> None:
        if room == self._full:
            log("ledger_full" if not room else "ledger_has_room", level=ERROR if not room else WARNING)
        self._full = not room

    async def _tick(self) -> None:
        while True:
            now = _now()
            try:
                self._taker.look(now)
                self._holds_since = now.steady_s if self._holds_since is None else self._holds_since
            except LedgerFull:
                self._has_room(False)
                self._holds_since = None
            await asyncio.sleep(_TICK_S)

    async def _show(self) -> None:
        """Writes how the feed stands, for the metrics; and says that changes can be taken over, as long as they can.

        Without that word what was fed is STALE: nobody could take a cancellation, or tell that a source is silent. It
        comes back after what was due meanwhile (a silence, say) is in the ledger and in the view.
        """
        beat = self._orders.data / FOLDER / BEAT
        while True:
            with contextlib.suppress(OSError):
                if self._taker.has_room and self._told_in_time():
                    beat.touch(mode=0o600)
            told = {"positions": self._taker.positions(list(self._orders.sources)), "sequence": self._taker.sequence}
            with contextlib.suppress(OSError):
                self._note_place()
                self._taker.snapshot(every=EVERY)
                replace_file(self._orders.status, orjson.dumps(told), durable=False)
            await asyncio.sleep(_STATUS_S)

    def _note_place(self) -> None:
        """Notes beside the ledger how far it is. Raises OSError."""
        if self._noted != self._taker.sequence and (seen := self._taker.seen()) is not None:
            note_ledger(self._orders.data, seen)
            self._noted = seen.place.sequence

    def _told_in_time(self) -> bool:
        return self._holds_since is not None and time.monotonic() - self._holds_since >= _HOLDS_AFTER_S

    def _skipped(self, asked: dict[str, Any]) -> dict[str, Any]:
        numbered = Numbered(asked["source"], asked["register"], asked["sequence"], asked["record_id"])
        try:
            skipped = self._taker.skip(numbered, asked["officer"], _now())
        except LedgerFull:
            self._has_room(False)
            return {"fault": "full"}
        if skipped:
            log("feed_change_skipped", level=WARNING, source=numbered.source, register=numbered.register,
                sequence=numbered.sequence)  # fmt: skip
        return {"skipped": skipped}

    async def _answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["do"] == "positions":
            return {"positions": self._taker.positions(asked["sources"]), "sequence": self._taker.sequence}
        if asked["source"] not in self._orders.sources:
            return {"fault": "source"}
        if asked["do"] == "skip":
            return self._skipped(asked)
        if asked["do"] == "digests":
            return {"digests": self._taker.digests(asked["source"], asked["numbers"])}
        changes = [change_with(fields) for fields in asked["changes"]]
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Asked(Message(asked["source"], changes), answered))
        return await answered


async def _read_to(folder: Path, sequence: int) -> None:
    """Reads the log; `ronda doctor --deep` reads the archive too. Raises LedgerDamaged for an entry that does not hold,
    OSError.
    """
    with LedgerReader(folder) as ledger:
        place = ledger.first
        while place.sequence < sequence:
            place = ledger.seek(min(sequence, place.sequence + _READ_AT_ONCE), place)
            await asyncio.sleep(_BETWEEN_READS_S)


def _now() -> Now:
    return Now(time.time_ns() // 1_000_000, time.monotonic())


def main(make_rows: RowsMaker = lambda _orders: Rows()) -> int:
    """Works until its input ends; 1 when the ledger cannot be opened or written, which the log says."""
    forbid_core_dumps()
    os.umask(0o077)
    orders = Orders.model_validate_json(read_orders())
    logs.set_up(orders.log_level, process="feed", pid=os.getpid())
    step_aside()
    status = 0
    try:
        asyncio.run(_run(orders, make_rows))
    except* LedgerDamaged as damaged:
        log("ledger_damaged", level=ERROR, why=str(damaged.exceptions[0]))
        status = 1
    except* (LedgerBusy, LedgerFull, OSError) as failed:
        log("ledger_not_written", level=ERROR, error=failed.exceptions[0])
        status = 1
    return status


async def _run(orders: Orders, make_rows: RowsMaker) -> None:
    await FeedWriter(orders, make_rows(orders)).run()


if __name__ == "__main__":
    sys.exit(main())
