"""A notice that figures changed, received once for a whole console: one stream a screen would use up a device's calls.

One of the watching officers holds the stream; its content is given to no other. The others get only the fact that
something changed, and ask for the content themselves (clients/console/watching.py).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clients.client.failures import CallFailure

if TYPE_CHECKING:
    from clients.console.officer import Officer

_PAUSE_S = 1.0
_REFUSED_S = 30.0  # each try is on record


class Signal:
    """`version` grows with each change. lost_since: since when nothing is heard; None = the stream is there."""

    def __init__(self) -> None:
        self.version = 0
        self.lost_since: datetime | None = None
        self._changed = asyncio.Condition()
        self._officers: list[Officer] = []
        self._task: asyncio.Task[None] | None = None

    def join(self, officer: Officer) -> None:
        """An officer looks."""
        self._officers.append(officer)
        if self._task is None:
            self._task = asyncio.ensure_future(self._follow())

    def leave(self, officer: Officer) -> None:
        """Removes an officer who no longer watches; another one takes up the stream if this one held it."""
        holds = bool(self._officers) and self._officers[0] is officer
        self._officers.remove(officer)
        if self._task is not None and (holds or not self._officers):
            self._task.cancel()
            self._task = asyncio.ensure_future(self._follow()) if self._officers else None

    async def changed(self, since: int, lost: datetime | None) -> None:
        """Waits until there is another version, or the stream was lost or found since."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.version != since or self.lost_since != lost)

    async def _follow(self) -> None:
        while True:
            officer, pause = self._officers[0], _PAUSE_S
            try:
                async for _ in officer.watch():
                    await self._tell(heard=True)
            except CallFailure as failure:
                if len(self._officers) > 1:  # another may be allowed to
                    self._officers.append(self._officers.pop(0))
                elif not failure.retryable:
                    pause = _REFUSED_S
                await self._tell(heard=False)
            await asyncio.sleep(pause)

    async def _tell(self, *, heard: bool) -> None:
        async with self._changed:
            self.version += heard
            self.lost_since = None if heard else self.lost_since or datetime.now(UTC)
            self._changed.notify_all()
