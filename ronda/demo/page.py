"""The one page of `./run serve`: each step with its time, as run's own steps before it; plain lines off a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.spinner import Spinner

from clients.terminal.told_console import ToldConsole

_NAME_WIDTH = 28  # characters; run prints its steps alike


class Page:
    """Writes to standard error. verbose: the steps' own words go to the screen too, so no line moves there."""

    def __init__(self, *, verbose: bool) -> None:
        self.console = ToldConsole(stderr=True, highlight=False)
        self._moving = self.console.is_terminal and not verbose
        self._beginnings = verbose  # the steps' own words follow them; off a terminal each step is one line

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows that a step runs and, when it is done, what it took."""
        started = time.monotonic()
        if self._moving:
            with Live(Spinner("dots", text=name), console=self.console, transient=True):
                yield
        else:
            if self._beginnings:
                self.say(f"  {name} ...")
            yield
        self.say(f"  {name:<{_NAME_WIDTH}}{time.monotonic() - started:6.1f} s")

    def say(self, text: str) -> None:
        """Lines that stay, whole, to be pasted; rich markup."""
        self.console.print(text, soft_wrap=True)
