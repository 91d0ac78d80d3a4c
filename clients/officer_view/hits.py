"""Alerts: in force, with what to do, and those without effect, with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from clients import spanish
from clients.officer_view.styles import WARNING, level_badge
from clients.officer_view.words import as_of_text, words
from ronda.v1 import register_pb2

if TYPE_CHECKING:
    from ronda.v1 import alert_pb2

_INDENT = (0, 0, 0, 2)  # CSS order: left only


def hit_lines(hit: alert_pb2.Hit) -> Group:
    """One hit: kind, level, subject, offence, action, record, sources, as-of, what agrees and what does not."""
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    subject = spanish.SUBJECTS.get(hit.subject.kind, "")
    ordinal = f" {hit.subject.ordinal}" if hit.subject.ordinal else ""
    heading = Text.assemble(level_badge(hit.level), f" {kind} ({subject}{ordinal})")
    lines: list[Text] = []
    if hit.offence.text or hit.authority:
        lines.append(Text(" · ".join(part for part in (hit.offence.text, hit.authority) if part)))
    lines += [Text(f"Acción: {hit.action.text}", style="bold"), _reference(hit), _sources(hit), *_agreement(hit)]
    if hit.cautions:
        lines.append(Text(f"Precaución: {words(hit.cautions, spanish.CAUTIONS)}", style=WARNING))
    lines += [Text(f"Nota: {note.text}") for note in hit.notes]
    return Group(heading, *(Padding(line, _INDENT, expand=False) for line in lines))


def _reference(hit: alert_pb2.Hit) -> Text:
    text = Text(f"Referencia: {hit.record.register_id} {hit.record.record_id}")
    if issued := spanish.date_text(hit.issued):
        text.append(f" · emitida {issued}")
    if valid_to := spanish.date_text(hit.valid_to):
        text.append(f" · vence {valid_to}")
    return text


def _sources(hit: alert_pb2.Hit) -> Text:
    sources = ", ".join(
        f"{s.record.register_id} {s.record.record_id} ({spanish.STATES.get(s.state, 'estado desconocido')})"
        for s in hit.sources
    )
    text = Text(f"Fuentes: {sources} · {as_of_text(hit.source_as_of)}")
    if hit.source_state != register_pb2.REGISTER_STATE_FRESH:
        text.append(f" ({spanish.REGISTER_STATES.get(hit.source_state, 'estado desconocido')})", style=WARNING)
    return text


def _agreement(hit: alert_pb2.Hit) -> list[Text]:
    """What ties the record to its subject; how the question compares stands in the answer's head."""
    lines = []
    if hit.agrees:
        lines.append(Text(f"El registro le corresponde por: {words(hit.agrees, spanish.CRITERIA)}"))
    if hit.disagrees:
        lines.append(Text(f"El registro difiere en: {words(hit.disagrees, spanish.CRITERIA)}", style=WARNING))
    return lines


def closed_line(hit: alert_pb2.Hit) -> Text:
    """An alert that gives no colour, with the reason."""
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    notes = "; ".join(note.text for note in hit.notes)
    return Text(f"Sin efecto: {kind} {hit.record.register_id} {hit.record.record_id}: {notes}")
