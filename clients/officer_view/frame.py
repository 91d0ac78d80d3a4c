"""A frame around what belongs together: on a terminal only, a pipe gets the lines alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.panel import Panel

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


class Framed:
    """Parts in a frame as wide as the terminal."""

    def __init__(self, *parts: RenderableType) -> None:
        self.parts = parts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        group = Group(*self.parts)
        yield Panel(group) if console.is_terminal else group
