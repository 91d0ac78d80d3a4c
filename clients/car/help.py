"""The officer's card on the screen: levels and keys. docs/tarjeta.md has it on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from clients.car.told_widgets import Static
from clients.officer_view.styles import level_headline
from ronda.v1 import level_pb2

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

LEVELS = (
    (level_pb2.LEVEL_HIT, "Actúe según la acción; pida confirmación (F9)."),
    (level_pb2.LEVEL_POSSIBLE, "No detenga todavía: confirme DPI, placa y VIN."),
    (level_pb2.LEVEL_INCOMPLETE, "Falta un registro: no es un visto bueno."),
    (level_pb2.LEVEL_INSUFFICIENT, "Dé otro dato: DPI, fecha de nacimiento, letra de la placa."),
    (level_pb2.LEVEL_CLEAR, "Sin alertas en todos los registros."),
)
KEYS = (
    ("Enter", "consultar lo escrito"),
    ("Esc", "cancelar la consulta, o borrar el cuadro"),
    ("F1", "esta ayuda"),
    ("F2", "nueva consulta: borra todo"),
    ("F3", "el dueño del vehículo, sin escribir de nuevo"),
    ("F4", "el conductor: escriba su DPI; se compara con el dueño"),
    ("F5", "volver al vehículo"),
    ("F6", "las últimas 20 consultas"),
    ("F7", "elegir entre varios que coinciden"),
    ("F8", "noche o día"),
    ("F9", "pedir confirmación de la alerta"),
    ("F10", "bloquear"),
    ("F11 Ctrl+O", "ya comparé el DPI de quien elegí de una lista"),
    ("F12", "leído: avisos de lo que usted consultó"),
    ("Tab", "página siguiente del expediente (Mayús+Tab: anterior)"),
    ("RePág AvPág", "subir y bajar"),
    ("Ctrl+Q", "salir"),
)


class HelpScreen(ModalScreen[None]):
    """Closed by Esc, Enter or F1."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,f1,enter", "close", "Volver")]

    def compose(self) -> ComposeResult:
        lines: list[Text] = []
        for level, what in LEVELS:
            lines.append(level_headline(level).append_text(Text(f"  {what}", style="not bold")))
        lines.append(Text("SIN RESPUESTA no es verde: repita."))
        lines += [Text.assemble((f"{key:>12}  ", "bold"), what) for key, what in KEYS]
        with VerticalScroll():
            yield Static(Group(*lines))

    def action_close(self) -> None:
        self.dismiss()
