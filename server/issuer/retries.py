"""One exchange, however often it comes: a retry under its request id gets the same answer, and counts once.

A hash that began ends, and is counted, when its caller hangs up: nobody tries PINs for nothing by leaving early. What
no caller waits for any more is not begun. Retries that outlive this process are recognised by the store (tries.py).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from server.errors import Refusal, is_retryable
from server.issuer.awaiting import Awaited
from server.issuer.forms import field_invalid
from server.issuer.sessions import boot_clock

_LIFE_S = 600.0
_MOST = 8192  # answers that are kept, each about 1 KiB


@dataclass(frozen=True)
class _Answered:
    digest: bytes
    task: asyncio.Task[Message]
    awaited: Awaited
    ends: float


class Retries:
    """Answers of the last minutes, by certificate and request id. Of one event loop."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._answered: dict[tuple[str, str], _Answered] = {}
        self._running: set[asyncio.Task[Message]] = set()

    async def once(
        self,
        thumbprint: str,
        request_id: str,
        request: Message,
        work: Callable[[Awaited], Coroutine[Any, Any, Message]],
        seconds: float | None,
    ) -> Message:
        """Returns the answer of `work`, or of the work that this id began.

        seconds: until the caller's deadline, None = there is none. Raises as `work` does, Refusal for another request.
        """
        now = boot_clock()
        while self._answered and (len(self._answered) >= _MOST or next(iter(self._answered.values())).ends <= now):
            del self._answered[next(iter(self._answered))]
        name = type(request).__name__.encode()
        digest = hmac.digest(self._key, name + request.SerializeToString(deterministic=True), "sha256")
        key = (thumbprint, request_id)
        found = self._answered.get(key)
        if found is not None and found.digest != digest:
            raise field_invalid("request_id", "was used for another question")
        if found is None:
            awaited = Awaited()
            task = asyncio.create_task(work(awaited))
            found = self._answered[key] = _Answered(digest, task, awaited, now + _LIFE_S)
            self._running.add(task)
            task.add_done_callback(lambda ended: self._ended(key, ended))
        with found.awaited.by(seconds):
            return await asyncio.shield(found.task)

    def _ended(self, key: tuple[str, str], task: asyncio.Task[Message]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        kept = not task.cancelled() and (
            error is None or (isinstance(error, Refusal) and not is_retryable(error.reason))
        )
        held = self._answered.get(key)
        if not kept and held is not None and held.task is task:
            del self._answered[key]

    async def end(self) -> None:
        """Waits for what runs."""
        if self._running:
            await asyncio.wait(self._running)
