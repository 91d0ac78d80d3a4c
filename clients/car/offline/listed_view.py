"""An off-line answer in layers: that it is off line and of when, what is listed, and that nothing is green."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from clients.car.layers import Layers, dangers_of
from clients.car.stop import Found
from clients.officer_view.words import GUATEMALA
from clients.spanish import words as spanish
from clients.terminal.told_message import told_message
from clients.terminal.told_text import told

if TYPE_CHECKING:
    from clients.car.offline.desk import Listed
    from ronda.v1.hotlist_service_pb2 import HotlistEntry

BY_RADIO = "confirme por radio"
CHOSEN = "elegido de una lista por nombre: compare el DPI"


def listed_layers(listed: Listed, found: Found = Found.GIVEN) -> Layers:
    """Returns the layers of the list's answer. found: how the officer found the person in the question."""
    when = datetime.fromtimestamp(listed.data_as_of, GUATEMALA).strftime("%d/%m/%Y %H:%M")
    urgent = [Text(f"FUERA DE LÍNEA, datos al {when}", style="bold reverse")]
    missing = f"no consta en la lista del {when}: no es verde"
    meaning = f"POSIBLE: {BY_RADIO}" if listed.entries else missing
    if found is Found.CHOSEN:
        urgent.append(Text(f"▸ {CHOSEN}", style="bold"))
    if listed.followed_at:
        urgent.append(Text(followed_text(listed)))
    for entry in map(told_message, listed.entries):
        urgent += _entry_lines(entry)
    if listed.left_out:
        urgent.append(Text(f"La lista no trae {listed.left_out} alertas que debería traer.", style="bold"))
    if listed.stale:
        names_of = ", ".join(told(name) for name in listed.stale)
        urgent.append(Text(f"Atrasado, puede faltar o sobrar una alerta: {names_of}", style="bold"))
    names = dict.fromkeys(entry.name or entry.description for entry in listed.entries)
    who = [Text(name, style="bold") for name in names if name]
    dangers = dangers_of(dict.fromkeys(flag for entry in listed.entries for flag in entry.cautions))
    return Layers(level=listed.level, meaning=meaning, dangers=dangers, urgent=urgent, who=who)


def followed_text(listed: Listed) -> str:
    """Returns the text for the age of the list: the time up to which it has changes."""
    when = datetime.fromtimestamp(listed.followed_at, GUATEMALA).strftime("%d/%m %H:%M")
    return f"Cambios recibidos hasta el {when}, {_ago(listed.age)}"


def _ago(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "hace menos de 1 min"
    return f"hace {minutes} min" if minutes < 120 else f"hace {minutes // 60} h"


def _entry_lines(entry: HotlistEntry) -> list[Text]:
    lines = [
        Text(f"▸ {spanish.CAUTIONS.get(flag, f'precaución {flag}')}", style="bold")
        for flag in entry.cautions
        if not dangers_of([flag])
    ]
    kind = spanish.ALERTS.get(entry.kind, "Alerta")
    possible = " (enlace posible)" if entry.record.possible else ""
    said = " · ".join(part for part in (f"{kind}{possible}", entry.authority, f"{BY_RADIO}") if part)
    lines.append(Text(said, style="bold"))
    lines.append(Text(f"Solo si se confirma: {entry.action.text}", style="bold"))
    lines.append(Text(f"Referencia: {entry.record.register_id} {entry.record.record_id}"))
    return lines
