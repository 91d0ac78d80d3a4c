"""The widgets that show text: what steers a terminal never leaves them, whatever text is put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import widgets
from textual.strip import Strip

from clients.terminal.told_text import told

if TYPE_CHECKING:
    from textual.widget import Widget
else:
    Widget = object


class _Told(Widget):
    """Cleans each line as it is drawn; the line stays as wide as it was laid out."""

    def render_line(self, y: int) -> Strip:
        """A line of the widget, without what steers a terminal."""
        drawn = super().render_line(y)
        if not any(told(segment.text) != segment.text for segment in drawn):
            return drawn
        cleaned = Strip([Segment(told(s.text), s.style, s.control) for s in drawn])
        return cleaned.adjust_cell_length(drawn.cell_length)


class Static(_Told, widgets.Static):
    """A text that stays."""


class Input(_Told, widgets.Input):
    """A field for text that is typed or pasted."""

    only_keeps_letters = False
    """True if a letter changes only this field's text: no other field takes the focus by it."""


class OptionList(_Told, widgets.OptionList):
    """Lines to choose from."""
