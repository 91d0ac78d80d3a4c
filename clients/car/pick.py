"""A list to choose one line from, with the arrows and Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import ModalScreen
from textual.widgets.option_list import Option

from clients.car.told_widgets import OptionList, Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text
    from textual.app import ComposeResult
    from textual.binding import BindingType


class PickScreen(ModalScreen[int | None]):
    """Returns the number of the line chosen; None for none."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "none", "Volver")]

    def __init__(self, title: str, lines: Sequence[Text]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        yield Static(self._title, id="pick-title", markup=False)
        yield OptionList(*(Option(line) for line in self._lines), id="pick-list")
        yield Static("↑ ↓ elegir · Enter consultar · Esc volver", id="pick-keys", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_none(self) -> None:
        self.dismiss(None)
