"""`ronda confirm`: the desk of an institution that issued an alert says whether it holds."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.options import (
    HERE,
    PATIENCE_S,
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ServerOption,
)
from ronda.commands.output import message_json, print_renderables, ring
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ronda.v1.confirmation_service_pb2 import Confirmation

confirm = typer.Typer(
    help="Confirmación de alertas: lo que oficiales preguntan a su institución, y su respuesta.", no_args_is_help=True
)

_LOOK_S = 3.0


class ReasonWord(StrEnum):
    """Answers as a desk types them; the first confirms, the others deny."""

    IN_FORCE = "vigente"
    CANCELLED = "revocada"
    EXECUTED = "ejecutada"
    NOT_ON_FILE = "no-consta"
    OTHER_SUBJECT = "otro-sujeto"


IdArgument = Annotated[str, typer.Argument(metavar="CONFIRMACIÓN", help="Su identificador, de `ronda confirm list`.")]


@confirm.command("list")
def list_pending(
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Muestra lo que espera respuesta de su institución: primero lo urgente, luego lo más antiguo.

    \b
    Ejemplo:
      ronda confirm list --identity mesa
    """
    found = _pending(purpose, case, server, identity, deadline, as_json)
    if as_json:
        message_json(found)
        return
    _print_pending(found.confirmations, found.total)


@confirm.command("answer")
def answer(
    confirmation: IdArgument,
    reason: Annotated[
        ReasonWord,
        typer.Argument(metavar="RESPUESTA", help=f"Lo que responde su institución: {', '.join(ReasonWord)}."),
    ],
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Responde: «vigente» confirma; las demás desmienten, y se ve en la consulta de todos en menos de un segundo.

    \b
    Ejemplos:
      ronda confirm answer 0199f2aa-7b1c-7d3e-8f10-a1b2c3d4e5f6 vigente --identity mesa
      ronda confirm answer 0199f2aa-7b1c-7d3e-8f10-a1b2c3d4e5f6 revocada --identity mesa
    """
    from ronda.v1 import confirmation_service_pb2 as contract

    request = contract.AnswerConfirmationRequest(
        context=context(purpose, case),
        confirmation_id=confirmation,
        reason=contract.ConfirmationReason.Value(f"CONFIRMATION_REASON_{reason.name}"),  # type: ignore[arg-type]
    )
    said = call(
        server, identity, as_json, list, lambda c: c.confirmations.AnswerConfirmation(request, timeout=deadline)
    )
    if as_json:
        message_json(said)
        return
    print_renderables(f"{_record(said.confirmation)}: {said.confirmation.text}")


@confirm.command("watch")
def watch(
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    once: Annotated[bool, typer.Option("--once", help="Termina con la primera que llegue.", hidden=True)] = False,
) -> None:
    """Espera: muestra cada pregunta nueva en cuanto llega, con un timbre, hasta que se interrumpe (Ctrl-C).

    \b
    Ejemplo:
      ronda confirm watch --identity mesa
    """
    seen: dict[str, int] = {}
    while True:
        found = _pending(purpose, case, server, identity, deadline, False)
        new = [each for each in found.confirmations if seen.get(each.confirmation_id) != each.escalations]
        seen = {each.confirmation_id: each.escalations for each in found.confirmations}
        if new:
            ring()
            _print_pending(new, found.total)
            if once:
                return
        time.sleep(_LOOK_S)


def _pending(purpose: PurposeWord, case: str, server: str, identity: str, deadline: float, as_json: bool) -> Any:
    from ronda.v1 import confirmation_service_pb2 as contract

    request = contract.ListPendingConfirmationsRequest(context=context(purpose, case))
    return call(
        server, identity, as_json, list, lambda c: c.confirmations.ListPendingConfirmations(request, timeout=deadline)
    )


def _print_pending(rows: Sequence[Confirmation], total: int) -> None:
    from clients.spanish import words as spanish
    from clients.terminal.whole_table import WholeTable
    from ronda.v1 import confirmation_service_pb2 as contract

    table = WholeTable(
        f"Por responder: {total}", "confirmación", "plazo", "registro", "alerta", "sujeto", "pide", "pedida", "vence"
    )
    for each in rows:
        urgent = each.urgency == contract.CONFIRMATION_URGENCY_URGENT
        table.add(
            each.confirmation_id,
            "URGENTE" if urgent else "ordinaria",
            _record(each),
            spanish.ALERTS.get(each.kind, "?"),
            each.subject_id,
            each.requested_by,
            _hour(each.requested_at),
            _hour(each.due_at) if each.HasField("due_at") else "sin respuesta",
        )
    print_renderables(table)


def _record(confirmation: Confirmation) -> str:
    return f"{confirmation.record.register_id} {confirmation.record.record_id}"


def _hour(moment: Any) -> str:
    from ronda.commands.moments import when

    return when(moment.seconds * 1000)
