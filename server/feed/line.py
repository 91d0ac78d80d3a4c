"""The requests of a worker, or of the process of sources, to the process that writes the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.ledger.change import Change, fields_of
from ronda.v1 import error_pb2
from server.errors import Refusal
from server.feed.sequences import Outcome
from server.feed.skipping import Numbered
from server.feed.taking import outcome_with
from server.feed.writer_process import LINE_BYTES
from server.host.socket_line import Away, SocketLine

_RETRY_AFTER_MS = 2000
_START_S = 10.0  # that the process may take to begin
_ANSWER_S = 30.0  # a disk may be slow; a change taken without an answer is known when it is sent again


@dataclass(frozen=True)
class Position:
    """Position of one source's changes of one register; times in UTC milliseconds, 0 = never."""

    source: str
    register: str
    through: int
    digest: str  # of the changes up to `through`, 16 hex digits
    newest: int  # the last that came, or that a heartbeat named
    missing: Sequence[Sequence[int]]
    held: int
    stale: str
    event_ms: int
    sign_ms: int
    skipped: Sequence[tuple[int, str]]  # numbers that two officers gave up, and the record
    unknown_columns: Mapping[str, int]  # rows by column


class FeedLine:
    """The writer. Lives in the event loop's thread."""

    def __init__(self, socket: Path) -> None:
        self._line = SocketLine(socket, "feed writer", start_s=_START_S, answer_s=_ANSWER_S, line_bytes=LINE_BYTES)

    async def push(self, source: str, changes: Sequence[Change]) -> tuple[list[Outcome], list[Position]]:
        """Returns the outcome of each change, now on disk, and the positions of their registers. Raises Refusal."""
        answer = await self._ask({"do": "push", "source": source, "changes": [fields_of(each) for each in changes]})
        return [outcome_with(each) for each in answer["outcomes"]], _positions(answer)

    async def positions(self, sources: Sequence[str]) -> tuple[list[Position], int]:
        """Returns the position of every register of these sources, and the ledger's last sequence. Raises Refusal."""
        answer = await self._ask({"do": "positions", "sources": list(sources)})
        return _positions(answer), int(answer["sequence"])

    async def skip(self, numbered: Numbered, officer: str) -> bool | None:
        """Returns whether the number is given up by now; None = it is not missing. Raises Refusal."""
        fields = {"do": "skip", "officer": officer, **numbered._asdict()}
        found: bool | None = (await self._ask(fields))["skipped"]
        return found

    async def digests(self, source: str, numbers: Mapping[str, int]) -> dict[str, str]:
        """Returns by register the digest of the changes up to a number; "" = past a gap, or unknown. Raises Refusal."""
        answer = await self._ask({"do": "digests", "source": source, "numbers": dict(numbers)})
        found: dict[str, str] = answer["digests"]
        return found

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._line.ask(question)
        except Away:
            raise Refusal(error_pb2.ERROR_REASON_PART_UNAVAILABLE, retry_after_ms=_RETRY_AFTER_MS) from None
        if answer.get("fault") == "full":
            raise Refusal(error_pb2.ERROR_REASON_FEED_NOT_KEPT, retry_after_ms=_RETRY_AFTER_MS)
        if answer.get("fault"):
            raise Refusal(error_pb2.ERROR_REASON_FEED_SOURCE_UNKNOWN, field="source")
        return answer


def _positions(answer: dict[str, Any]) -> list[Position]:
    return [Position(**each) for each in answer["positions"]]
