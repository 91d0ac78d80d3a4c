"""Ends the screen without a user: its terminal was closed, or the system asks it to end.

The session is signed off and the list's key forgotten first. Textual then restores the terminal, which may wait for
ever if there is none left: an alarm ends the process in any case.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from types import FrameType

_GRACE_SECONDS = 5
_SHELLS = 128  # what a shell adds to a signal's number


def end_on_signals(loop: AbstractEventLoop, end: Callable[[int], None]) -> None:
    """Calls `end`, once and in the loop, with the exit status that a shell has for it. From the main thread."""

    def ended(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        give_grace()
        loop.call_soon_threadsafe(end, _SHELLS + number)

    signal.signal(signal.SIGHUP, ended)  # also where whoever started us ignores it
    signal.signal(signal.SIGTERM, ended)


def give_grace() -> None:
    """Gives the process so many seconds from here on."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_GRACE_SECONDS)
