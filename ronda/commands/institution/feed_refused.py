"""`ronda feed refused`, `skip`: changes that cannot be taken, and two persons who give one up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.feed_running import only_source, read_numbers
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
from ronda.commands.output import fail, message_json, print_json, print_renderables
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from clients.client.connection import Connection


def refused(
    state: Annotated[Path, typer.Argument(metavar="ESTADO", help="El archivo de --state, o la carpeta de cambios.")],
    as_json: JsonOption = False,
) -> None:
    """Muestra los cambios que el servidor rechazó y que siguen faltando, con su motivo; sin datos de las filas.

    \b
    Ejemplo:
      ronda feed refused /var/lib/ronda-feed/oj.state
    """
    from dataclasses import asdict

    from clients.feed.issued import SourceFailed
    from clients.feed.refused_list import list_of, read_refused
    from clients.officer_view.words import GUATEMALA
    from clients.spanish import failures as spoken
    from clients.spanish import feed_rules
    from clients.terminal.whole_table import WholeTable

    try:
        found = read_refused(list_of(state))
    except SourceFailed as failed:
        fail(f"{failed.rule}.", ExitStatus.CALLER, as_json)
    except OSError as error:
        fail(f"No se puede leer {error.filename}: {system_error_text(error)}.", ExitStatus.CALLER, as_json)
    if as_json:
        print_json({"refused": [asdict(each) for each in found]})
        return
    if not found:
        print_renderables("No hay cambios rechazados.")
        return
    table = WholeTable("Rechazados", "registro", "número", "id", "desde", "motivo", "campo", "regla", right=("número",))
    for each in found:
        since = f"{datetime.fromtimestamp(each.since, GUATEMALA):%d/%m/%Y %H:%M}"
        words = spoken.REASONS.get(each.reason, each.reason)
        told = feed_rules.field_text(each.field), feed_rules.rule_text(each.rule)
        table.add(each.register, str(each.sequence), each.record_id, since, words, *told)
    print_renderables(table)
    first = found[0]
    print_renderables(
        f"{len(found)} cambios faltaban cuando el programa corrió por última vez. "
        "Corríjalos en la fuente, o que dos personas los salten: "
        f"ronda feed skip {first.register}={first.sequence} --record {first.record_id or 'ID'}"
    )


def skip(
    number: Annotated[str, typer.Argument(metavar="REGISTRO=N", help="El número que falta, por ejemplo oj=12.")],
    record: Annotated[
        str, typer.Option(help="El id del registro que el cambio nombraba, como lo dice `ronda feed refused`.")
    ] = "",
    source: Annotated[str, typer.Option(help="Fuente; si su institución tiene una sola, esa.")] = "",
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Da por perdido un cambio que no se puede recibir: lo piden dos oficiales, el segundo antes de una hora.

    Lo que el cambio decía no está en ninguna respuesta.

    \b
    Ejemplo:
      ronda feed skip oj=12 --record OC-7 --identity jefe
    """
    from ronda.v1 import feed_service_pb2 as contract

    [(register, sequence)] = read_numbers([number], "REGISTRO=N")

    def ask(connection: Connection) -> Any:
        def frame() -> Any:
            return context(purpose, case)

        request = contract.SkipChangeRequest(
            context=frame(),
            source=source or only_source(connection, frame, as_json),
            register_id=register,
            sequence=sequence,
            record_id=record,
        )
        return connection.feed.SkipChange(request, timeout=deadline)

    found = call(server, identity, as_json, list, ask)
    if as_json:
        message_json(found)
    elif found.skipped:
        print_renderables(f"{number} se saltó: lo que decía ese cambio no está en ninguna respuesta.")
    else:
        print_renderables(f"Falta otra persona: que pida lo mismo, con su identidad, antes de una hora ({number}).")
