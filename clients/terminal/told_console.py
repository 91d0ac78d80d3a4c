"""The console that everything for people goes through: what steers a terminal never reaches it, whatever is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from clients.terminal.told_text import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType


class ToldConsole(Console):
    """A rich console that cleans the text of each segment; its own control codes (a cursor, a bell) stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of a renderable, each text without what steers a terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(told(segment.text), segment.style)
