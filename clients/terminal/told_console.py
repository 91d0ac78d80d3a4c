"""The console that everything for people goes through: what steers a terminal never reaches it, whatever is printed."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleDimensions
from rich.segment import Segment

from clients.terminal.told_text import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType


_CUT = 128 + signal.SIGPIPE


class ToldConsole(Console):
    """A rich console that cleans the text of each segment; its own control codes (a cursor, a bell) stay.

    Of a dumb terminal (TERM=dumb) rich assumes 80 columns; here it has those that it says.
    """

    def __init__(self, *, width: int | None = None, **given: Any) -> None:
        super().__init__(width=width, **given)
        if width is None and self.is_dumb_terminal:
            with suppress(OSError, ValueError):  # a file without a descriptor
                columns, lines = os.get_terminal_size(self.file.fileno())
                if columns and lines:
                    self.size = ConsoleDimensions(columns, lines)

    def on_broken_pipe(self) -> None:
        """Ends as a shell's command that a closed pipe ends; rich would say 1, which is a failure of ours."""
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(_CUT) from None

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of a renderable, each text without what steers a terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(told(segment.text), segment.style)
