"""The part of an answer that an officer acts on: level, action, cautions. For a screen that holds no whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from clients.officer_view.deceased import before_acting, note_text
from clients.officer_view.hits import action_text
from clients.officer_view.styles import WARNING, level_badge, level_headline
from clients.officer_view.words import words
from clients.spanish import words as spanish

if TYPE_CHECKING:
    from ronda.v1 import alert_pb2, check_service_pb2


def verdict_lines(answer: check_service_pb2.Answer) -> list[Text]:
    """Returns lines by their weight: the level, the first alert, cautions, other alerts, notes."""
    first = before_acting(answer)
    alerts = [_alert_line(hit, first) for hit in answer.hits]
    cautions = dict.fromkeys([*answer.cautions, *(caution for hit in answer.hits for caution in hit.cautions)])
    lines = [level_headline(answer.level), *alerts[:1]]
    if cautions:
        lines.append(Text(f"Precaución: {words(list(cautions), spanish.CAUTIONS)}", style=WARNING))
    noted = [Text(f"Nota: {note_text(note, answer)}", style=WARNING) for note in answer.notes]
    return [*lines, *alerts[1:], *noted]


def _alert_line(hit: alert_pb2.Hit, before: str) -> Text:
    """One alert: its level, kind and action."""
    kind = spanish.ALERTS.get(hit.kind, "Alerta")
    subject = spanish.SUBJECTS.get(hit.subject.kind, "")
    return Text.assemble(level_badge(hit.level), f" {kind} ({subject}). ", action_text(hit, before))
