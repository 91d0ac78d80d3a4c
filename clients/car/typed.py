"""Keys and pastes in one queue: each takes its whole effect before the next one is looked at.

A scanner types a line and Enter within a millisecond. Textual hands each key to the widget that has the focus at that
moment, and runs a key's action later than the letters behind it: such bursts were reordered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.events import Callback, Key, Paste

from clients.car.told_widgets import Input

if TYPE_CHECKING:
    from textual.app import App
    from textual.message_pump import MessagePump

_MOST = 8_192  # keys and pastes that wait; a scan has some hundred
_LEAST_ROUNDS, _MOST_ROUNDS = 2, 12
_LOOK_SECONDS = 0.01
_AT_ONCE = ("f10", "ctrl+l", "ctrl+q", "ctrl+c")  # lock and leave wait for nothing, and drop what waits
_GIVE_UP = "escape"  # of what runs: at once too


@runtime_checkable
class Waiting(Protocol):
    """A screen with work that keys may have to wait for."""

    @property
    def is_busy(self) -> bool:
        """Returns whether a question or a sign-in runs."""
        ...

    def takes_while_busy(self, event: Key | Paste) -> bool:
        """Returns whether this key is taken all the same."""
        ...


class Typed:
    """The queue of one application. Call `add` from its `on_event`; `is_due` is true for the event at its turn."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._due: Key | Paste | None = None
        self._taken_at: float | None = None  # when the key was typed that was taken last
        self._last = ""  # key that was added last
        self._task: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        """Returns whether everything that was typed has had its effect."""
        return self._due is None and not self._waiting

    @property
    def waits(self) -> bool:
        """Returns whether anything was typed behind what is being taken."""
        return bool(self._waiting)

    def goes_on_within(self, seconds: float) -> bool:
        """Returns whether the next key came so soon after the one that is taken now; True while there is none."""
        if self._due is None or not self._waiting:
            return True
        return self._waiting[0].time - self._due.time <= seconds

    def comes_within(self, event: Key | Paste, seconds: float) -> bool:
        """Returns whether this event came so soon after the one taken last, however long that one took."""
        return self._taken_at is None or event.time - self._taken_at <= seconds

    def is_due(self, event: Key | Paste) -> bool:
        """Returns whether it is this event's turn."""
        return event is self._due

    def add(self, event: Key | Paste) -> bool:
        """Puts an event at the end; False where too many wait: all of them are dropped then, no half of a question."""
        key = event.key if isinstance(event, Key) else ""
        last, self._last = self._last, key
        if key == "ctrl+j":  # a line feed: the terminal's or the scanner's Enter, or the end of CR LF
            if last == "enter":
                return True
            event = Key("enter", "\r")
            key = "enter"
        if key == "enter" and self._ends_with_enter:
            return True  # one that is held down asks once
        if key in _AT_ONCE or (key == _GIVE_UP and self._screen_is_busy):
            self._waiting.clear()
        if len(self._waiting) >= _MOST:
            self._waiting.clear()
            return False
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._take_all())
        return True

    @property
    def _ends_with_enter(self) -> bool:
        newest = self._waiting[-1] if self._waiting else None
        return isinstance(newest, Key) and newest.key == "enter"

    def drop(self) -> bool:
        """Forgets what waits; whether anything did."""
        found = bool(self._waiting)
        self._waiting.clear()
        return found

    async def end(self) -> None:
        """Takes nothing any more."""
        self._waiting.clear()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    @property
    def _screen_is_busy(self) -> bool:
        screen = self._app.screen
        return isinstance(screen, Waiting) and screen.is_busy

    def _may_be_taken(self, event: Key | Paste) -> bool:
        screen = self._app.screen
        if not isinstance(screen, Waiting) or not screen.is_busy or screen.takes_while_busy(event):
            return True
        return isinstance(event, Key) and (event.key in _AT_ONCE or event.key == _GIVE_UP)

    async def _take_all(self) -> None:
        await self._settle()  # a screen that was just opened has its focus
        while self._waiting:
            if not self._may_be_taken(self._waiting[0]):
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            self._due = self._waiting.popleft()
            self._taken_at = self._due.time
            try:
                await self._deliver(self._due)
            finally:
                self._due = None

    async def _deliver(self, event: Key | Paste) -> None:
        """Hands an event over, and waits for its whole effect: of a letter of a question, until the box has it."""
        focused = self._app.focused
        self._app.post_message(event)
        if isinstance(focused, Input) and focused.only_keeps_letters and isinstance(event, Key) and event.is_printable:
            await _pass_through(self._app)
            await _pass_through(focused)
        else:
            await self._settle()

    async def _settle(self) -> None:
        """Waits until the messages that a key caused were handled, on the screen that they lead to."""
        before: object = None
        for number in range(_MOST_ROUNDS):
            focused = self._app.focused
            start = focused or self._app.screen
            for pump in (self._app, *start.ancestors_with_self):
                await _pass_through(pump)
            now = (self._app.screen, self._app.focused)
            if number >= _LEAST_ROUNDS and now == before:
                return
            before = now


async def _pass_through(pump: MessagePump) -> None:
    """Waits until a message pump has handled what it was sent so far, or ends."""
    passed = asyncio.Event()

    async def tell() -> None:
        passed.set()

    if not pump.post_message(Callback(callback=tell)):
        return
    while not passed.is_set() and pump.is_running:
        try:
            await asyncio.wait_for(passed.wait(), _LOOK_SECONDS)
        except TimeoutError:
            continue
