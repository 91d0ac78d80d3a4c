"""A box of one line that tells what it did not take: a paste of several lines, and whatever is too long for it."""

from __future__ import annotations

from textual.events import Paste
from textual.message import Message

from clients.car.scanned import scanned_line
from clients.car.told_widgets import Input


class OneLine(Input):
    """Takes the first line of a paste that is not blank, whole or not at all: half a question asks about another."""

    class NotTaken(Message):
        """said: in Spanish, until something is typed. changes: whether the box changes by the rest of that paste."""

        def __init__(self, said: str, *, changes: bool) -> None:
            super().__init__()
            self.said = said
            self.changes = changes

    refused = ""
    """The reason why typed or pasted text was not taken, until the text changes: the rest must not be asked."""

    def make_room(self, text: str) -> None:
        """Called before a text stands in the box: how long it may be can depend on what it is."""

    def watch_value(self) -> None:
        """Ends a refusal at any change of the text."""
        self.refused = ""

    def on_paste(self, event: Paste) -> None:
        """Replaces Input's own, which drops text silently."""
        event.prevent_default()
        event.stop()
        lines = [line for line in event.text.splitlines() if line.strip()]
        if not lines:
            return
        line, selected = scanned_line(lines), self.selection
        several = len(lines) > 1 and not line
        line = line or lines[0]
        start, end = min(selected), max(selected)
        self.make_room(line if end - start == len(self.value) else self.value)
        if self.max_length and len(self.value) - (end - start) + len(line) > self.max_length:
            self.app.bell()
            self._refuse(f"{len(line)} caracteres no caben (máximo {self.max_length}): no se pegó nada")
            return
        if several:
            self._tell(f"Se pegaron {len(lines)} renglones: sólo queda el primero", changes=True)
        self.replace(line, start, end)

    def restricted(self) -> None:
        """Refuses text beyond the box's length."""
        super().restricted()
        self._refuse(f"Caben {self.max_length} caracteres: lo demás no se escribió")

    def _refuse(self, said: str) -> None:
        self.refused = said
        self._tell(said)

    def _tell(self, said: str, *, changes: bool = False) -> None:
        self.post_message(self.NotTaken(said, changes=changes))
