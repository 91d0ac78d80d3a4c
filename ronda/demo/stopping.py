"""Ctrl-C, SIGTERM and a closed terminal (SIGHUP): each ends the demo in order, and what it started with it."""

from __future__ import annotations

import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A request to end the demo. number: the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def stop_on_signals() -> None:
    """Makes the first such signal raise Stopped in the main thread; later ones change nothing: the demo is ending."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGHUP:  # the terminal is gone: what is still said goes nowhere, and fails nowhere
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
        raise Stopped(number)

    for number in _SIGNALS:
        signal.signal(number, stop)
