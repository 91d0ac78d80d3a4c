"""An off-line answer in layers: that it is off line and of when, what is listed, and that nothing is green."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from clients.car.layers import Layers
from clients.officer_view.words import GUATEMALA
from clients.spanish import words as spanish
from clients.terminal.told_message import told_message

if TYPE_CHECKING:
    from clients.car.offline.desk import Listed
    from ronda.v1.hotlist_service_pb2 import HotlistEntry

BY_RADIO = "confirme por radio"


def listed_layers(listed: Listed) -> Layers:
    """The layers of what the list says."""
    when = datetime.fromtimestamp(listed.data_as_of, GUATEMALA).strftime("%d/%m/%Y %H:%M")
    urgent = [Text(f"FUERA DE LÍNEA, datos al {when}", style="bold reverse")]
    missing = f"no consta en la lista de {when}: no es verde"
    meaning = f"POSIBLE: {BY_RADIO}" if listed.entries else missing
    for entry in map(told_message, listed.entries):
        urgent += _entry_lines(entry)
    if listed.left_out:
        urgent.append(Text(f"La lista no trae {listed.left_out} alertas que debería traer.", style="bold"))
    names = dict.fromkeys(entry.name or entry.description for entry in listed.entries)
    who = [Text(name, style="bold") for name in names if name]
    return Layers(level=listed.level, meaning=meaning, urgent=urgent, who=who)


def _entry_lines(entry: HotlistEntry) -> list[Text]:
    lines = [
        Text(f"PELIGRO: {spanish.CAUTIONS.get(flag, f'precaución {flag}')}", style="bold reverse")
        for flag in entry.cautions
    ]
    kind = spanish.ALERTS.get(entry.kind, "Alerta")
    possible = " (enlace posible)" if entry.record.possible else ""
    said = " · ".join(part for part in (f"{kind}{possible}", entry.authority, f"{BY_RADIO}") if part)
    lines.append(Text(said, style="bold"))
    lines.append(Text(f"Solo si se confirma: {entry.action.text}", style="bold"))
    lines.append(Text(f"Referencia: {entry.record.register_id} {entry.record.record_id}"))
    return lines
