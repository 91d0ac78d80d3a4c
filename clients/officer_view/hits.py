"""Alerts: in force, with what to do, and those without effect, with why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from clients.officer_view.styles import WARNING, level_badge
from clients.officer_view.words import as_of_text, words
from clients.spanish import words as spanish
from ronda.v1 import alert_pb2, level_pb2, register_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.timestamp_pb2 import Timestamp

_INDENT = (0, 0, 0, 2)  # CSS order: left only
_HARMLESS = ("CONSULT", "OBSERVE")  # actions that touch nobody
_OF_WHO_IS_SEIZED = ("ARREST", "RECAPTURE")  # their texts begin with a verb and take an object
_OF_VEHICLES = (
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE,
    alert_pb2.ALERT_KIND_STOLEN_PLATE,
    alert_pb2.ALERT_KIND_STOLEN_ENGINE,
)


def hit_lines(hit: alert_pb2.Hit, as_of: Mapping[str, Timestamp] | None = None, before_acting: str = "") -> Group:
    """One hit: kind, level, subject, offence, action, record, sources, as-of, what agrees and what does not.

    What its institution said of it is among its notes; that it was not asked is said here. as_of: of when each
    register's data are, by its id; sources of other times say their own. before_acting: what comes before the action of
    a hit about the person asked about.
    """
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    subject = spanish.SUBJECTS.get(hit.subject.kind, "")
    ordinal = f" {hit.subject.ordinal}" if hit.subject.ordinal else ""
    heading = Text.assemble(level_badge(hit.level), f" {kind} ({subject}{ordinal})")
    lines: list[Text] = []
    if hit.offence.text or hit.authority:
        lines.append(Text(" · ".join(part for part in (hit.offence.text, hit.authority) if part)))
    lines += [action_text(hit, before_acting), _reference(hit), _sources(hit, as_of or {}), *_agreement(hit)]
    if hit.cautions:
        lines.append(Text(f"Precaución: {words(hit.cautions, spanish.CAUTIONS)}", style=WARNING))
    lines += [Text(f"Nota: {note.text}") for note in hit.notes]
    if not hit.confirmation.text and hit.action.code not in _HARMLESS:
        lines.append(Text(f"Nota: {spanish.UNCONFIRMED}"))
    return Group(heading, *(Padding(line, _INDENT, expand=False) for line in lines))


def owners_action(hit: alert_pb2.Hit) -> str:
    """Returns the action for a vehicle's owner, who need not be the driver."""
    what, colon, how = hit.action.text.partition(":")
    if hit.action.code in _OF_WHO_IS_SEIZED:
        return f"{what} al propietario si es quien conduce{colon}{how}"
    return f"si el propietario es quien conduce: {hit.action.text[:1].lower()}{hit.action.text[1:]}"


def action_text(hit: alert_pb2.Hit, before_acting: str, *, of_owner: bool = False) -> Text:
    """Returns the action; for a merely possible hit, to confirm the subject first: a namesake is not arrested.

    of_owner: the answer is about a person who was looked up as a vehicle's owner.
    """
    action, first, condition = hit.action.text, "", ""
    owners = of_owner or hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_OWNER
    if owners and action and hit.action.code not in _HARMLESS:
        action = owners_action(hit)
    if hit.action.code in _HARMLESS:
        return Text(f"Acción: {action}", style="bold")
    if before_acting and hit.subject.kind == alert_pb2.HIT_SUBJECT_KIND_PERSON:
        first, condition = before_acting, "Solo si es la persona buscada"
    elif hit.level == level_pb2.LEVEL_POSSIBLE:
        what = "placa y VIN" if hit.kind in _OF_VEHICLES else "la identidad (DPI)"
        first, condition = f"confirme primero {what}", "Solo si se confirma"
    if first:
        action = f"{first}. {condition}: {action[:1].lower()}{action[1:]}"
    return Text(f"Acción: {action}", style="bold")


def _reference(hit: alert_pb2.Hit) -> Text:
    text = Text(f"Referencia: {hit.record.register_id} {hit.record.record_id}")
    if issued := spanish.date_text(hit.issued):
        text.append(f" · emitida {issued}")
    if valid_to := spanish.date_text(hit.valid_to):
        text.append(f" · vence {valid_to}")
    return text


def _sources(hit: alert_pb2.Hit, as_of: Mapping[str, Timestamp]) -> Text:
    said = []
    for source in hit.sources:
        state = spanish.STATES.get(source.state, "estado desconocido")
        own = as_of.get(source.record.register_id, hit.source_as_of)
        when = "" if own == hit.source_as_of else f", {as_of_text(own)}"
        said.append(f"{source.record.register_id} {source.record.record_id} ({state}{when})")
    sources = ", ".join(said)
    text = Text(f"Fuentes: {sources} · {as_of_text(hit.source_as_of)}")
    if hit.source_state != register_pb2.REGISTER_STATE_FRESH:
        text.append(f" ({spanish.REGISTER_STATES.get(hit.source_state, 'estado desconocido')})", style=WARNING)
    return text


def _agreement(hit: alert_pb2.Hit) -> list[Text]:
    """Returns the links of the record to its subject; the comparison with the question stands in the answer's head."""
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
