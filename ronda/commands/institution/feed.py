"""`ronda feed`: an institution sends changes of its registers, and sees how its feed stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.feed_refused import refused, skip
from ronda.commands.institution.feed_running import ask_status, only_source
from ronda.commands.institution.feed_sources import folder, jetstream, outbox
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
    from collections.abc import Callable, Iterator

    from clients.client.connection import Connection
    from clients.feed.changes import FileChange
    from clients.feed.pushing import Tally

feed = typer.Typer(help="Cambios de los registros de su institución, en cuanto ocurren.", no_args_is_help=True)

_SHOWN = 20  # refused changes that are listed for people


@feed.command("push")
def push(
    file: Annotated[Path, typer.Argument(metavar="ARCHIVO", help="Cambios en JSON, JSON por líneas o CSV.")],
    source: Annotated[
        str, typer.Option(help="Fuente que envía, como la nombra el servidor; si su institución tiene una, esa.")
    ] = "",
    patience: Annotated[float, typer.Option(help="Segundos sin respuesta tras los que se detiene.", min=0)] = 30.0,
    again: Annotated[
        bool, typer.Option("--again", help="Lo envía como cambios nuevos, aunque ya se haya enviado.")
    ] = False,
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    as_json: JsonOption = False,
) -> None:
    """Envía un archivo de cambios; interrumpido, sigue donde iba: repetirlo no cambia nada.

    \b
    Ejemplos:
      ronda feed push examples/cancel.json
      ronda feed push examples/cancel.json --again
      ronda feed push cambios.csv --source oj-central --identity envios
    """
    from clients.feed.changes import ChangesUnreadable
    from clients.feed.issued import HistoriesDiffer

    def ask(connection: Connection) -> Tally:
        return _sent(connection, file, source, patience, lambda: context(purpose, case), as_json, again)

    try:
        tally = call(server, identity, as_json, list, ask)
    except ChangesUnreadable as error:
        fail(f"{file.name}: {error}", ExitStatus.CALLER, as_json)
    except HistoriesDiffer as differ:
        fail(f"{file.name}, línea {differ.line}: {differ.rule}.", ExitStatus.HISTORIES_DIFFER, as_json)
    except OSError as error:
        fail(f"No se puede leer {file}: {system_error_text(error)}.", ExitStatus.CALLER, as_json)
    if as_json:
        print_json(_tally_fields(tally))
    else:
        _print_tally(tally, file)
    if tally.refused:
        raise typer.Exit(ExitStatus.SOME_INVALID)


feed.command("folder")(folder)
feed.command("outbox")(outbox)
feed.command("jetstream")(jetstream)
feed.command("refused")(refused)
feed.command("skip")(skip)


@feed.command("status")
def status(
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Muestra hasta dónde se recibieron los cambios de su institución, qué falta y qué tan al día están.

    \b
    Ejemplo:
      ronda feed status --identity envios
    """
    found = call(server, identity, as_json, list, lambda c: ask_status(c, lambda: context(purpose, case), deadline))
    if as_json:
        message_json(found)
        return
    _print_positions(found.positions, found.server_time.ToMilliseconds())
    print_renderables(f"Entradas del libro de cambios: {found.ledger_sequence}")


def _sent(
    connection: Connection,
    file: Path,
    source: str,
    patience: float,
    frame: Callable[[], Any],
    as_json: bool,
    again: bool,
) -> Tally:
    """Raises ChangesUnreadable, OSError, CallFailure."""
    from clients.feed.changes import read_changes
    from clients.feed.sending import send_file

    for _ in read_changes(file):  # all of it, before anything is sent
        pass
    source = source or only_source(connection, frame, as_json)
    return send_file(
        connection.feed, frame, file, source, patience, shown=lambda each: _with_progress(each, as_json), again=again
    )


def _with_progress(changes: Iterator[FileChange], as_json: bool) -> Iterator[FileChange]:
    """Shows on a terminal how many changes were sent."""
    if as_json or not sys.stderr.isatty():
        yield from changes
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from clients.terminal.told_console import ToldConsole

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} cambios enviados"), TimeElapsedColumn())
    with Progress(*columns, console=ToldConsole(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        for change in changes:
            yield change
            progress.advance(task)


def _tally_fields(tally: Tally) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    return {
        "outcomes": dict(tally.outcomes),
        "refused": [
            {
                "line": each.line,
                "register": each.register,
                "sequence": each.sequence,
                "reason": each.reason,
                "field": each.field,
                "rule": each.rule,
            }
            for each in tally.refused
        ],
        "refused_more": tally.refused_more,
        "positions": [MessageToDict(each, preserving_proto_field_name=True) for each in tally.positions.values()],
        "resume_token": tally.token,
    }


_OUTCOMES = {
    "TAKEN": "recibidos y en vigor",
    "KNOWN": "ya se tenían, sin cambio",
    "HELD": "recibidos; esperan uno que falta antes",
    "OVERTAKEN": "recibidos; uno posterior del mismo registro ya está en vigor",
    "REFUSED": "rechazados",
}


def _print_tally(tally: Tally, file: Path) -> None:
    from clients.spanish import failures as spoken
    from clients.spanish import feed_rules
    from clients.terminal.whole_table import WholeTable

    for kind, words in _OUTCOMES.items():
        if count := tally.outcomes.get(kind, 0):
            print_renderables(f"{count} {words}")
    if not tally.outcomes:
        print_renderables("El archivo no tiene cambios.")
    if set(tally.outcomes) == {"KNOWN"}:
        print_renderables(f"Nada cambió. Si volvió a ocurrir: ronda feed push {file} --again")
    if tally.refused:
        title = f"Rechazados (los primeros {_SHOWN}):" if len(tally.refused) > _SHOWN else "Rechazados:"
        table = WholeTable(title, "línea", "registro", "número", "motivo", "campo", "regla", right=("línea", "número"))
        for each in tally.refused[:_SHOWN]:
            words = spoken.REASONS.get(each.reason, each.reason)
            told = feed_rules.field_text(each.field), feed_rules.rule_text(each.rule)
            table.add(str(each.line), each.register, str(each.sequence), words, *told)
        print_renderables(table)
    _print_unknown_columns(tally.positions.values())
    for position in tally.positions.values():
        if position.missing:
            print_renderables(f"{position.register_id}: faltan {_runs(position)}; mientras tanto no está al día.")
        if "RESTORED" in position.stale_reason:
            print_renderables(
                f"{position.register_id}: el servidor perdió cambios o repuso una copia. Envíe otra vez los archivos "
                "que siguieron, y un HEARTBEAT con el último número de la fuente; mientras tanto no está al día."
            )


def _print_positions(positions: Any, now_ms: int) -> None:
    from clients.spanish import feed_rules
    from clients.terminal.whole_table import WholeTable

    table = WholeTable(
        "Cambios recibidos",
        "fuente",
        "registro",
        "hasta",
        "faltan",
        "esperan",
        "estado",
        "último hecho",
        "última señal",
    )
    for each in positions:
        table.add(
            each.source,
            each.register_id,
            str(each.through),
            _runs(each),
            str(each.held) if each.held else "",
            _state(each),
            _ago(each, "last_event", now_ms),
            _ago(each, "last_sign", now_ms),
        )
    print_renderables(table)
    _print_unknown_columns(positions)
    for each in positions:
        if each.skipped:
            told = ", ".join(f"{one.sequence} ({one.record_id or 'sin id'})" for one in each.skipped)
            print_renderables(
                f"{each.source} {each.register_id}: saltados por dos personas, en ninguna respuesta; revise esos "
                f"registros: {told}"
            )
    for register, unread in {each.register_id: each.unread for each in positions}.items():
        if unread:
            told = "; ".join(f"{each.records} por {feed_rules.rule_text(each.rule)} ({each.rule})" for each in unread)
            print_renderables(
                f"{register}: cambios recibidos que no se pudieron aplicar: {told}. Envíelos de nuevo, corregidos."
            )
    for register, count in {each.register_id: each.naming_nothing for each in positions}.items():
        if count:
            print_renderables(
                f"{register}: cancelaciones que no nombran nada, y no cerraron nada: {count}. Compare el id, la fuente "
                "y la línea de lo que envió con los del registro."
            )


def _print_unknown_columns(positions: Any) -> None:
    for each in positions:
        if each.unknown_columns:
            told = ", ".join(f"{column.column} ({column.rows})" for column in each.unknown_columns)
            print_renderables(
                f"{each.source} {each.register_id}: columnas que el manifiesto no conoce, y nadie lee (filas): {told}"
            )


def _runs(position: Any) -> str:
    return ", ".join(f"{run.first}-{run.last}" if run.last > run.first else str(run.first) for run in position.missing)


_LACKS = {"GAP": "faltan cambios", "SILENT": "sin señal", "RESTORED": "repuesto de una copia"}
# Why answers show a register as not fresh, besides what its own sources lack.
_SHOWN_FOR = {
    "WRITER": "ronda live no aplica los cambios",
    "TAKING": "el servidor no recibe cambios",
    "VIEW": "los cambios aplicados no se pueden leer",
    "WAITING": "nadie aplica los cambios: falta ronda live",
    "EXTRACT": "su último extracto no se pudo leer",
    "AGE": "datos viejos",
    "AHEAD": "la fecha de sus datos es posterior a la hora del servidor",
    "CLOCK": "hora del servidor en duda",
    "ABSENT": "sin datos cargados",
}


def _state(position: Any) -> str:
    from ronda.v1.register_pb2 import RegisterState

    lacks = [_LACKS.get(each, each) for each in position.stale_reason.split()] if position.stale else []
    lacks += ["cambios sin aplicar"] if position.unread else []
    if position.shown not in (RegisterState.REGISTER_STATE_UNSPECIFIED, RegisterState.REGISTER_STATE_FRESH):
        reasons = position.shown_reason.split()
        lacks += [_SHOWN_FOR.get(each, each) for each in reasons if each != "FEED"]
        lacks = lacks or ["faltan cambios de otra fuente"]
    if lacks:
        return "NO AL DÍA: " + ", ".join(lacks)
    return "al día" if position.HasField("last_sign") else "sin envíos"


def _ago(position: Any, name: str, now_ms: int) -> str:
    if not position.HasField(name):
        return "nunca"
    seconds = max(0, now_ms - getattr(position, name).ToMilliseconds()) // 1000
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"hace {seconds // size} {unit}"
    return f"hace {seconds} s"
