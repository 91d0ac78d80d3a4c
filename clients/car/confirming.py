"""F9: asks the institution that issued an alert whether it holds, and follows it. Silence is never confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from clients.officer_view.styles import level_badge
from clients.spanish import words as spanish
from clients.terminal.told_message import told_message
from ronda.v1 import alert_pb2
from ronda.v1 import confirmation_service_pb2 as contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.client.connection import Connection
    from ronda.v1.context_pb2 import RequestContext

_CALL_SECONDS = 10.0
_WATCH_SECONDS = 3700.0  # longer than the longest clock of a desk
ANSWERED = (alert_pb2.CONFIRMATION_STATE_CONFIRMED, alert_pb2.CONFIRMATION_STATE_DENIED)


@dataclass(frozen=True)
class Askable:
    """One way of asking about one hit."""

    line: Text
    request: contract.RequestConfirmationRequest


def askable(response: Any) -> list[Askable]:
    """Each hit of an answer, urgent and routine; none for an off-line answer, nor of a list's entry: open it first."""
    found = []
    answer = response.answer
    for hit in (each for each in answer.hits if each.subject.subject_id):
        kind = spanish.ALERTS.get(hit.kind, "Alerta")
        said = f" {kind} {hit.record.register_id} {hit.record.record_id}"
        for urgency, words in (
            (contract.CONFIRMATION_URGENCY_URGENT, "URGENTE: la persona está aquí, 10 minutos"),
            (contract.CONFIRMATION_URGENCY_ROUTINE, "rutina: una hora"),
        ):
            request = contract.RequestConfirmationRequest(
                record=hit.record, subject_id=hit.subject.subject_id, answer_id=answer.answer_id, urgency=urgency
            )
            line = level_badge(hit.level).append_text(Text(f"{said} · {words}", style="not bold"))
            found.append(Askable(line, request))
    return found


def ask(
    connection: Connection, metadata: list[tuple[str, str]], context: RequestContext, chosen: Askable
) -> contract.Confirmation:
    """Asks the desk; it is on disk there when this returns. Raises grpc.RpcError."""
    request = contract.RequestConfirmationRequest()
    request.CopyFrom(chosen.request)
    request.context.CopyFrom(context)
    asked = connection.confirmations.RequestConfirmation(request, timeout=_CALL_SECONDS, metadata=metadata)
    confirmation: contract.Confirmation = told_message(asked.confirmation)
    return confirmation


def follow(
    connection: Connection,
    metadata: list[tuple[str, str]],
    context: RequestContext,
    confirmation_id: str,
    told: Callable[[contract.Confirmation], bool],
) -> None:
    """Tells each state until it is answered, the stream ends, or `told` is False. Raises grpc.RpcError."""
    request = contract.WatchConfirmationRequest(context=context, confirmation_id=confirmation_id)
    stream = connection.confirmations.WatchConfirmation(request, timeout=_WATCH_SECONDS, metadata=metadata)
    try:
        for part in stream:
            if not told(told_message(part.confirmation)) or part.confirmation.state in ANSWERED:
                return
    finally:
        stream.cancel()


def state_line(confirmation: contract.Confirmation) -> str:
    """Returns the officer's text for a confirmation; one without an answer is unconfirmed."""
    return confirmation.text or spanish.UNCONFIRMED
