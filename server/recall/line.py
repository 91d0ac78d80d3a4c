"""A worker's line to the recall process, and its watch for officers with news."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.host.socket_line import Away, SocketLine
from server.recall.orders import LINE_BYTES, MOST
from server.recall.store import Row

_RETRY_AFTER_MS = 2000
_START_S = 10.0  # that the process may take to begin
_ANSWER_S = 5.0
_LOOK_S = 0.2
_BYTES = frozenset({"answer_id", "subject"})


class RecallLine:
    """The requests of a worker. Lives in the event loop's thread."""

    def __init__(self, socket: Path, days: int) -> None:
        """days: 0 = there is no such process."""
        self._line = SocketLine(socket, "recall", start_s=_START_S, answer_s=_ANSWER_S, line_bytes=LINE_BYTES)
        self._days = days

    def refuse_when_off(self) -> None:
        """Raises Refusal METHOD_UNKNOWN if recalls are off."""
        if not self._days:
            raise Refusal(error_pb2.ERROR_REASON_METHOD_UNKNOWN)

    async def waiting(self, officer: str, after: int, gateway: str) -> list[Row]:
        """Returns all recalls that wait for an officer after that number, as `RecallStore.waiting`. Raises Refusal."""
        found: list[Row] = []
        while True:
            answer = await self._ask({"do": "waiting", "officer": officer, "after": after, "gateway": gateway})
            found += [_row(each) for each in answer["rows"]]
            if len(answer["rows"]) < MOST:
                return found
            after = found[-1].number

    async def awaited(self, gateway: str, after: int) -> tuple[int, list[str]]:
        """Returns the officers with waiting recalls from a gateway's look-ups after that number, some at a time.

        Also returns the number to continue from. Raises Refusal.
        """
        answer = await self._ask({"do": "awaited", "gateway": gateway, "after": after})
        found = answer["officers"]
        return (int(found[-1][0]) if found else after), [str(officer) for _, officer in found]

    async def news(self, after: int) -> tuple[int, list[str]]:
        """Returns the newest number, and the officers and gateways of recalls after `after`; negative: the number
        alone.

        Raises Refusal.
        """
        answer = await self._ask({"do": "news", "after": after})
        return int(answer["newest"]), list(answer["officers"])

    async def told(self, numbers: Sequence[int]) -> None:
        """They left. Raises Refusal."""
        await self._ask({"do": "told", "numbers": list(numbers)})

    async def received(self, officer: str, ids: Sequence[str], gateway: str) -> int:
        """The officer's receipt, kept by then, as `RecallStore.received`. Raises Refusal."""
        answer = await self._ask({"do": "received", "officer": officer, "ids": list(ids), "gateway": gateway})
        return int(answer["count"])

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._line.ask(question)
        except Away:
            raise _away() from None
        if answer.get("fault"):
            raise _away()
        return answer


class RecallBoard:
    """Wakes the streams of officers with news."""

    def __init__(self, line: RecallLine) -> None:
        self._line = line
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._newest = -1

    async def watch(self) -> None:
        """Watches for ever; asks nothing while no stream waits."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._waiting:
                self._newest = -1
                continue
            with contextlib.suppress(Refusal):  # the process starts again; streams look by themselves too
                first = self._newest < 0
                self._newest, officers = await self._line.news(self._newest)
                for officer in self._waiting if first else officers:
                    for event in self._waiting.get(officer, ()):
                        event.set()

    @contextmanager
    def listening(self, officer: str) -> Iterator[asyncio.Event]:
        """An event that is set when there is news for this officer, or of this gateway's look-ups."""
        event = asyncio.Event()
        self._waiting.setdefault(officer, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[officer].discard(event)
            if not self._waiting[officer]:
                del self._waiting[officer]


def _row(values: Sequence[Any]) -> Row:
    return Row._make(
        bytes.fromhex(value) if name in _BYTES else value for name, value in zip(Row._fields, values, strict=True)
    )


def _away() -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS)
