"""The lists that a worker hands out, with their steps as they come: looked at for all its streams together."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ronda.v1 import hotlist_service_pb2
from server.hotlist.entries import ListKey
from server.hotlist.folding import FoldedList, first_keys, folded, unfolded
from server.hotlist.list_file import ListFile, read_list
from server.hotlist.steps_file import Step, StepsFile, beat_ms, steps_path
from server.logs import ERROR, log

_LOOK_S = 0.2
_AHEAD_MS = 1000  # of what another process wrote a moment ago
_FRESH_S = 0.1  # a look at steps is good for so long, however many streams ask
_WOKEN_AT_ONCE = 32  # streams: two thousand in one turn of the loop would make every check late
_TURN_S = 0.005


@dataclass
class GivenList:
    """A list and the steps that are known of it."""

    file: ListFile
    steps: StepsFile
    registers: bytes  # as a list file's, by the newest step
    followed_ms: int = 0  # what was fed until then is in it; 0 = nobody knows
    _folded: tuple[int, FoldedList] | None = None  # and of how many steps
    _firsts: list[ListKey] = field(default_factory=list)  # identifiers that the list's blocks begin with
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def chain(self, number: int) -> bytes | None:
        """SHA-256 of that step, of the list for 0; None = there is no such step."""
        if not 0 <= number <= len(self.steps.steps):
            return None
        return self.steps.steps[number - 1].chain if number else self.file.sha256

    def after(self, number: int) -> list[Step]:
        """The steps behind that one."""
        return self.steps.steps[number:]

    def folded(self) -> FoldedList:
        """The list with every step that is known, as one. Raises OSError, for a list that was replaced too."""
        steps, registers = list(self.steps.steps), self.registers
        if not steps:
            return unfolded(self.file)
        with self._turn:
            if self._folded is None or self._folded[0] != len(steps):
                self._firsts = self._firsts or first_keys(self.file)
                self._folded = len(steps), folded(self.file, self._firsts, steps, registers)
            return self._folded[1]

    def read_on(self) -> None:
        """Raises OSError, ValueError."""
        followed_ms = not_ahead(self.file.made_ms, beat_ms(self.file.path))  # before what it speaks of
        fresh = self.steps.read_on()
        if fresh:
            step = hotlist_service_pb2.HotlistStep.FromString(fresh[-1].content)
            told = hotlist_service_pb2.HotlistHeader(registers=step.registers)
            if step.HasField("data_as_of"):
                told.data_as_of.CopyFrom(step.data_as_of)
            self.registers = told.SerializeToString()
        self.followed_ms = followed_ms


def not_ahead(*times_ms: int) -> int:
    """The latest that is not ahead of the clock: after the clock was set back nobody knows how old such a time is."""
    most = time.time_ns() // 1_000_000 + _AHEAD_MS
    return max((each for each in times_ms if each <= most), default=0)


class GivenLists:
    """State of one worker. Lives in the event loop's thread."""

    def __init__(self) -> None:
        self._known: dict[Path, GivenList] = {}
        self._looked: dict[Path, float] = {}
        self._waiting: dict[asyncio.Event, tuple[GivenList, int]] = {}
        self._watch: asyncio.Task[None] | None = None

    def look(self, path: Path) -> GivenList | None:
        """The list that lies there, with every step so far; None where there is none that can be read."""
        known, now = self._known.pop(path, None), time.monotonic()
        if known is not None and not known.file.is_replaced():
            if now - self._looked[path] < _FRESH_S:
                self._known[path] = known
                return known
            self._looked[path] = now
            with contextlib.suppress(OSError, ValueError):  # another takes its place
                known.read_on()
                self._known[path] = known
                return known
        try:
            file = read_list(path)
            if file is None:
                return None
            known = GivenList(file, StepsFile(steps_path(path), file.list_id), file.registers)
            known.read_on()
        except (OSError, ValueError, KeyError) as error:
            log("hotlist_not_read", level=ERROR, error=error)
            return None
        self._known = {name: each for name, each in self._known.items() if not each.file.is_replaced()} | {path: known}
        self._looked = {name: self._looked.get(name, now) for name in self._known}
        return known

    async def news(self, given: GivenList, number: int, seconds: float) -> None:
        """Waits until there are more steps of a list than that, or another in its place, and so long at most."""
        event = asyncio.Event()
        self._waiting[event] = given, number
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_for_news())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()
        finally:
            del self._waiting[event]

    async def _look_for_news(self) -> None:
        """Looks for news while any caller waits."""
        while self._waiting:
            found = {path: self.look(path) for path in {given.file.path for given, _ in self._waiting.values()}}
            news = [
                event
                for event, (given, number) in self._waiting.items()
                if found.get(given.file.path) is not given or len(given.steps.steps) > number
            ]
            for place, event in enumerate(news, 1):
                event.set()
                if not place % _WOKEN_AT_ONCE:
                    await asyncio.sleep(_TURN_S)
            await asyncio.sleep(_LOOK_S)
