"""Live changes, watched once for all screens of one session: sources of figures, registers, the server."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from clients.client.failures import CallFailure, NotSignedIn
from clients.console.board import today
from clients.console.checks import weeks_checks
from clients.console.telling import told
from ronda.v1.statistics_service_pb2 import CountingRule

if TYPE_CHECKING:
    from clients.console.board import SharedTables
    from clients.console.checks import WeeksChecks
    from clients.console.officer import Officer
    from clients.console.reading import SeenTable
    from clients.console.signal import Signal
    from ronda.v1.register_service_pb2 import Register
    from ronda.v1.statistics_service_pb2 import ListSourcesResponse, QueryRequest, StatisticsSource

FIGURES, STRIP, OVER = "cifras", "vivo", "fin"
"""Events of a screen: ask for the figures anew, the strip's new text, the session is over."""
_REGISTERS_S = 30.0
_HEALTH_S = 5.0
_PAUSE_S = 1.0
_REFUSED_S = 30.0  # each try is on record
_STRIP_S = 5.0
_PROVEN_S = 60.0
MOST_SCREENS = 20
"""Limit for one session."""


@dataclass
class Known:
    """The last received state. lost_since: start of the loss of figures; None = they are followed."""

    mart_id: str = ""
    sources: tuple[StatisticsSource, ...] = ()
    checks: WeeksChecks | None = None
    registers: tuple[Register, ...] = ()
    registers_why: str = ""
    serves: bool | None = None
    figures_why: str = ""
    lost_since: datetime | None = None


@dataclass
class Watching:
    """Follows what an officer may see while a screen looks at it."""

    officer: Officer
    signal: Signal
    shared: SharedTables
    known: Known = field(default_factory=Known)

    def __post_init__(self) -> None:
        self._proven_at = -math.inf  # when the officer last saw the sources, in the officer's own name
        self._proving = asyncio.Lock()
        self.signed_off = False
        self._version = 0  # of what the strip shows
        self._told = 0  # how often figures have changed
        self._changed = asyncio.Condition()
        self._screens = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def crowded(self) -> bool:
        """True if one more screen is too many: each costs the console some work every few seconds."""
        return self._screens >= MOST_SCREENS

    async def screen(self, mart_id: str) -> AsyncIterator[str]:
        """Events of one screen that shows figures of this mart, FIGURES, STRIP or OVER; without end but OVER."""
        if self.crowded:  # of many that came at once
            return
        self._screens += 1
        if not self._tasks:
            self.signal.join(self.officer)
            self._tasks = [asyncio.ensure_future(each) for each in (self._figures(), self._registers(), self._health())]
        shown: int | None = None
        try:
            while not self.signed_off:
                if self.known.mart_id:
                    shown = shown if shown is not None else self._told - (self.known.mart_id != mart_id)
                    if shown != self._told:
                        shown = self._told
                        yield FIGURES
                version = self._version
                yield STRIP
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_STRIP_S), self._changed:
                        await self._changed.wait_for(lambda seen=version: self._version != seen)  # type: ignore[misc]
            yield OVER
        finally:
            self._screens -= 1
            if not self._screens:
                self.stop()

    async def table(self, request: QueryRequest) -> SeenTable:
        """Returns a table shared by all officers with the same rights. Raises CallFailure.

        The server must have confirmed, within a minute, that this officer may see figures.
        """
        async with self._proving:
            if time.monotonic() - self._proven_at > _PROVEN_S:
                await self._prove()
        return await self.shared.of(await self.officer.grant()).table(self.officer, request)

    def stop(self) -> None:
        """Stops watching: no screen is left."""
        if self._tasks:
            self.signal.leave(self.officer)
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self.known = Known()

    async def _figures(self) -> None:
        seen = -1
        while True:
            self.known.lost_since = self.signal.lost_since
            if self.signal.version != seen:
                version = self.signal.version
                try:
                    await self._ask_sources()
                    await self._ask_checks()
                    seen = version
                except CallFailure as failure:
                    self._refused(failure)
                    await self._tell()
                    await asyncio.sleep(_PAUSE_S if failure.retryable else _REFUSED_S)
                    continue
            await self._tell()
            await self.signal.changed(seen, self.known.lost_since)

    async def _prove(self) -> ListSourcesResponse:
        answer: ListSourcesResponse = await self.officer.sources()
        packed = b"".join(source.SerializeToString(deterministic=True) for source in answer.sources)
        self.shared.of(await self.officer.grant()).heard(answer.mart_id, packed)
        self._proven_at = time.monotonic()
        return answer

    async def _ask_sources(self) -> None:
        answer, known = await self._prove(), self.known
        self._told += known.mart_id != answer.mart_id or known.sources != tuple(answer.sources)
        known.mart_id, known.sources, known.figures_why = answer.mart_id, tuple(answer.sources), ""

    async def _ask_checks(self) -> None:
        counted = any(
            source.rule == CountingRule.COUNTING_RULE_CHECK and source.last_delivery.year
            for source in self.known.sources
        )
        self.known.checks = None
        if counted:
            with contextlib.suppress(CallFailure):  # the figures are there: without this line the strip says less
                self.known.checks = await weeks_checks(self.table, today().year)

    def _refused(self, failure: CallFailure) -> None:
        self.known.figures_why = told(failure)
        self._proven_at = -math.inf
        self.signed_off = self.signed_off or _over(failure)

    async def _registers(self) -> None:
        while True:
            try:
                self.known.registers = tuple((await self.officer.registers()).registers)
                self.known.registers_why = ""
            except CallFailure as failure:
                self.known.registers_why = told(failure)
                self.signed_off = self.signed_off or _over(failure)
            await self._tell()
            await asyncio.sleep(_REGISTERS_S)

    async def _health(self) -> None:
        while True:
            serves = await self.officer.serves()
            if serves != self.known.serves:
                self.known.serves = serves
                await self._tell()
            await asyncio.sleep(_HEALTH_S)

    async def _tell(self) -> None:
        async with self._changed:
            self._version += 1
            self._changed.notify_all()


def _over(failure: CallFailure) -> bool:
    return isinstance(failure, NotSignedIn) and failure.reason in ("SESSION_OVER", "REVOKED")
