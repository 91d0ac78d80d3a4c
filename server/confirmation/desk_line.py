"""A worker's line to the writer process, and its look at what checks show."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.call.confirmations import Confirmations
from ronda.v1 import error_pb2
from server.calls.said_of_hits import FILE, FOLDER, read_said_of_hits
from server.confirmation.store import Row
from server.confirmation.writer_process import LINE_BYTES
from server.errors import Refusal
from server.logs import ERROR, log

_RETRY_AFTER_MS = 2000
_START_S = 10.0  # that the process may take to begin: the first request ever starts it
_ANSWER_S = 5.0
_LOOK_S = 0.2
_LINES = 16  # questions of a worker under way at once; the writer answers one after another, in well under 0.1 s each

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class DeskLine:
    """Some connections, one question at a time on each: who waits for one that is away holds up nobody else. Lives in
    the event loop's thread.
    """

    def __init__(self, data: Path, socket: Path) -> None:
        self._folder, self._socket = data / FOLDER, socket
        self._places = asyncio.Semaphore(_LINES)
        self._free: list[_Line] = []

    async def request(
        self, hit: dict[str, Any], who: dict[str, str], desks: list[str], wait_ms: int, request_id: str
    ) -> Row:
        """A confirmation that is on disk. Raises Refusal."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what the supervisor starts the process by
        question = {"hit": hit, "who": who, "desks": desks, "wait_ms": wait_ms, "request_id": request_id}
        answer = await self._ask({"do": "request", **question})
        return Row(**answer["row"])

    async def answer(
        self, confirmation_id: str, institution: str, officer: str, reason: int, request_id: str
    ) -> Row | None:
        """The same, answered; None where this institution was not asked. Raises Refusal."""
        found = await self._ask(
            {
                "do": "answer",
                "confirmation_id": confirmation_id,
                "institution": institution,
                "officer": officer,
                "reason": reason,
                "request_id": request_id,
            }
        )
        return Row(**found["row"]) if found["row"] else None

    async def get(self, confirmation_id: str) -> Row | None:
        """None where there is none. Raises Refusal."""
        found = await self._ask({"do": "get", "confirmation_id": confirmation_id})
        return Row(**found["row"]) if found["row"] else None

    async def pending(self, institution: str) -> tuple[list[Row], int]:
        """What waits for an institution, and how many. Raises Refusal."""
        found = await self._ask({"do": "pending", "institution": institution})
        return [Row(**row) for row in found["rows"]], found["total"]

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if not self._folder.exists() and question["do"] != "request":  # nobody ever asked anything
            return {"row": None, "rows": [], "total": 0}
        answer = await self._answered(question, time.monotonic() + _START_S)
        fault = answer.get("fault")
        if fault == "too many":
            rule = "too many confirmations wait already"
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, rule=rule, retry_after_ms=_RETRY_AFTER_MS)
        if fault == "asked herself":
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        if fault:
            raise _away()
        return answer

    async def _answered(self, question: dict[str, Any], until: float) -> dict[str, Any]:
        async with self._places:
            while True:
                line: _Line | None = self._free.pop() if self._free else None
                try:
                    if line is None:
                        line = await asyncio.open_unix_connection(self._socket, limit=LINE_BYTES)
                    answer = await _ask_once(line, question)
                except (OSError, TimeoutError, ValueError) as error:
                    _close(line)
                    while self._free:  # opened to the same process, which is gone or stands still
                        _close(self._free.pop())
                    if time.monotonic() > until:
                        log("confirmation_writer_away", level=ERROR, error=error)
                        raise _away() from None
                    await asyncio.sleep(_LOOK_S)
                except BaseException:  # cancelled: an answer may be on its way, and is nobody else's
                    _close(line)
                    raise
                else:
                    self._free.append(line)
                    return answer


async def _ask_once(line: _Line, question: dict[str, Any]) -> dict[str, Any]:
    reader, writer = line
    async with asyncio.timeout(_ANSWER_S):
        writer.write(json.dumps(question).encode() + b"\n")
        await writer.drain()
        text = await reader.readline()
    if not text.endswith(b"\n"):
        raise ConnectionResetError
    found: dict[str, Any] = json.loads(text)
    return found


def _close(line: _Line | None) -> None:
    if line is not None:
        line[1].close()


class ShownBoard:
    """Looks at the file of what checks show, and hands it to the engine when it changed."""

    def __init__(self, data: Path, on_change: Callable[[Confirmations], None]) -> None:
        self._data, self._on_change = data, on_change
        self._stamp: tuple[int, int] | None = None
        self._changed = asyncio.Event()

    async def watch(self) -> None:
        """For ever."""
        while True:
            try:
                self.look()
            except (OSError, ValueError) as error:  # what showed before goes on showing
                log("confirmations_not_read", level=ERROR, error=error)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Once; a worker does so before its first answer. Raises OSError, ValueError."""
        try:
            status = (self._data / FOLDER / FILE).stat()
        except FileNotFoundError:
            return
        stamp = status.st_ino, status.st_mtime_ns
        if stamp == self._stamp:
            return
        table = read_said_of_hits(self._data).table
        if table is not None:
            self._on_change(table)
        self._stamp = stamp
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, seconds: float) -> None:
        """Returns at the next change, or after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()


def _away() -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS)
