"""A worker's line to the writer process, and its look at what checks show."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.call.confirmations import Confirmations
from ronda.v1 import error_pb2
from server.calls.said_of_hits import FILE, FOLDER, read_said_of_hits
from server.confirmation.store import Row
from server.confirmation.writer_process import LINE_BYTES
from server.errors import Refusal
from server.host.socket_line import Away, SocketLine
from server.logs import ERROR, log

_RETRY_AFTER_MS = 2000
_START_S = 10.0  # that the process may take to begin: the first request ever starts it
_ANSWER_S = 5.0
_LOOK_S = 0.2


class DeskLine:
    """A worker's line to the writer process. Lives in the event loop's thread."""

    def __init__(self, data: Path, socket: Path) -> None:
        self._folder = data / FOLDER
        self._line = SocketLine(
            socket, "confirmation writer", start_s=_START_S, answer_s=_ANSWER_S, line_bytes=LINE_BYTES
        )

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
        """Returns the confirmation; None = there is none. Raises Refusal."""
        found = await self._ask({"do": "get", "confirmation_id": confirmation_id})
        return Row(**found["row"]) if found["row"] else None

    async def pending(self, institution: str) -> tuple[list[Row], int]:
        """Returns the open confirmations of an institution, and their total. Raises Refusal."""
        found = await self._ask({"do": "pending", "institution": institution})
        return [Row(**row) for row in found["rows"]], found["total"]

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if not self._folder.exists() and question["do"] != "request":  # nobody ever asked anything
            return {"row": None, "rows": [], "total": 0}
        try:
            answer = await self._line.ask(question)
        except Away:
            raise _away() from None
        fault = answer.get("fault")
        if fault == "too many":
            rule = "too many confirmations wait already"
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, rule=rule, retry_after_ms=_RETRY_AFTER_MS)
        if fault == "asked herself":
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        if fault:
            raise _away()
        return answer


class ShownBoard:
    """Looks at the file of what checks show, and hands it to the engine when it changed."""

    def __init__(self, data: Path, on_change: Callable[[Confirmations], None]) -> None:
        self._data, self._on_change = data, on_change
        self._stamp: tuple[int, int] | None = None
        self._changed = asyncio.Event()

    async def watch(self) -> None:
        """Looks at the file for ever."""
        while True:
            try:
                self.look()
            except (OSError, ValueError) as error:  # what showed before goes on showing
                log("confirmations_not_read", level=ERROR, error=error)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Looks at the file once; a worker does so before its first answer. Raises OSError, ValueError."""
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
