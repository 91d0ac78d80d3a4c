"""`ronda alerts`: changes about persons and vehicles that the officer looked up in the last 30 days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import (
    HERE,
    CaseOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ServerOption,
)
from ronda.commands.output import fail, ring, say
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from clients.client.failures import CallFailure
    from ronda.v1.alert_service_pb2 import Recall

_IDS = 100  # of one receipt


def alerts(
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    once: Annotated[bool, typer.Option("--once", help="Termina con los primeros que lleguen.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Espera avisos de lo que usted ya consultó: orden nueva, o cancelada y no debe actuar; hasta Ctrl-C.

    \b
    Cada aviso se muestra una vez y se acusa de recibido; con --json, una línea cada uno.
    Ejemplo:
      ronda alerts --identity patrulla
    """

    def follow(connection: Connection) -> None:
        from clients.client.failures import CallFailure
        from clients.client.recalls import Recalls

        recalls = Recalls(
            connection.recalls, None, lambda: context(purpose, case), on_failure=lambda why: _broke(why, as_json)
        )
        try:
            for message in recalls:
                _show(message.recalls, as_json)
                ids = [each.recall_id for each in message.recalls]
                for start in range(0, len(ids), _IDS):
                    recalls.acknowledge(ids[start : start + _IDS])
                if once and ids:
                    recalls.close()
                    return
        except CallFailure as failure:
            if failure.reason == "METHOD_UNKNOWN":
                fail("Este servidor no avisa de cambios: pídalo a operaciones (recall_days).", ExitStatus.OURS, as_json)
            raise

    call(server, identity, as_json, list, follow)


def _show(recalls: Sequence[Recall], as_json: bool) -> None:
    from google.protobuf.json_format import MessageToDict

    from clients.terminal.told_text import told_json

    for recall in recalls:
        if as_json:
            fields: dict[str, Any] = MessageToDict(recall, preserving_proto_field_name=True)
            say(told_json(json.dumps(fields, ensure_ascii=False)))
        else:
            ring()
            say(recall.text)


def _broke(failure: CallFailure, as_json: bool) -> None:
    if not as_json:
        say(f"Sin conexión ({failure.status}): se intenta de nuevo; no se pierde ningún aviso.", err=True)
