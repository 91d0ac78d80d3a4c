"""`ronda feed folder`, `outbox`, `jetstream`: programs that send an institution's changes as they happen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, say
from ronda.commands.question import (
    HERE,
    CaseOption,
    IdentityOption,
    PurposeOption,
    PurposeWord,
    ServerOption,
    call,
    context,
)

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from clients.feed.folder import Passed
    from clients.feed.pushing import Tally

SourceOption = Annotated[str, typer.Option(help="Fuente que envía; si su institución tiene una sola, esa.")]
HeartbeatOption = Annotated[
    float,
    typer.Option("--heartbeat", help="Segundos entre señales de vida mientras no hay cambios; 0 = ninguna.", min=0),
]
PollOption = Annotated[float, typer.Option("--poll", help="Segundos entre una mirada y la siguiente.", min=0.05)]
PatienceOption = Annotated[float, typer.Option(help="Segundos sin respuesta tras los que se empieza de nuevo.", min=0)]
OnceOption = Annotated[bool, typer.Option("--once", help="Envía lo que hay ahora y termina.")]


def folder(
    directory: Annotated[Path, typer.Argument(metavar="CARPETA", help="Donde aparecen los archivos de cambios.")],
    register: Annotated[
        str, typer.Option(help="Los archivos son filas de este registro, en el formato de su manifiesto.")
    ] = "",
    rows_of: Annotated[str, typer.Option(help="Con --register: cuál de sus [[source]], si tiene varias.")] = "",
    manifests: Annotated[
        Path | None, typer.Option(help="Con --register: carpeta de manifiestos; si no, los de Ronda.")
    ] = None,
    source: SourceOption = "",
    heartbeat: HeartbeatOption = 20.0,
    poll: PollOption = 1.0,
    patience: PatienceOption = 30.0,
    once: OnceOption = False,
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
) -> None:
    """Envía los archivos de cambios que aparecen en una carpeta, por orden de nombre; quedan en done/ o refused/.

    \b
    Ejemplo:
      ronda feed folder /srv/cambios --identity envios
      ronda feed folder /srv/ordenes --register oj --rows-of ordenes --identity envios
    """
    from clients.feed.changes import read_changes
    from clients.feed.folder import DropFolder, Read
    from clients.feed.sending import FolderWork

    read: Read = read_changes
    pattern = "*"
    if register:
        from ronda.feed.manifest_files import ManifestFiles, NoSuchSource

        try:
            files_of = ManifestFiles(manifests, register, rows_of)
        except NoSuchSource as error:
            fail(str(error), ExitStatus.CALLER, False)
        read, pattern = files_of.read, files_of.pattern

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> _Work:
        files = FolderWork(DropFolder(directory, read, pattern), connection.feed, frame, name, patience, read)
        return _Work(lambda: files.step(_say_passed), files.issued)

    _run(work, source, heartbeat, poll, once, lambda: context(purpose, case), server, identity)


def outbox(
    dsn: Annotated[str, typer.Option(help="Base PostgreSQL, sin contraseña: passfile=/ruta (libpq).")],
    state: Annotated[Path, typer.Option(help="Archivo que guarda hasta dónde se tomó; no lo comparta ni lo borre.")],
    table: Annotated[str, typer.Option(help="Tabla de la bandeja de salida.")] = "ronda_outbox",
    source: SourceOption = "",
    heartbeat: HeartbeatOption = 20.0,
    poll: PollOption = 0.1,
    patience: PatienceOption = 30.0,
    once: OnceOption = False,
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
) -> None:
    """Envía lo que su base deja en una tabla de salida, en el orden en que sus transacciones terminan.

    \b
    Ejemplo:
      ronda feed outbox --dsn "host=bd dbname=oj passfile=/etc/ronda/oj.pass" --state /var/lib/ronda/oj.state
    """
    import re

    from clients.feed.outbox import Outbox, OutboxWork

    if re.search(r"password\s*=|//[^/@]*:[^/@]*@", dsn, re.IGNORECASE):
        fail("La contraseña no va en --dsn: indique un archivo, passfile=/ruta (libpq).", ExitStatus.CALLER, False)

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> _Work:
        rows = OutboxWork(Outbox(dsn, table), state, connection.feed, frame, name, patience, _say_notice)

        def step() -> bool:
            tally = rows.step()
            if tally is not None:
                _say_tally(tally)
            elif rows.held_up:  # no heartbeat: it would say that nothing is there
                time.sleep(poll)
            return tally is not None or rows.held_up

        return _Work(step, rows.issued, rows.seen)

    _run(work, source, heartbeat, poll, once, lambda: context(purpose, case), server, identity)


def ask_status(connection: Connection, frame: Callable[[], Any], deadline: float) -> Any:
    """How the feed of the caller's institution stands. Raises grpc.RpcError."""
    from ronda.v1 import feed_service_pb2 as contract

    return connection.feed.Status(contract.StatusRequest(context=frame()), timeout=deadline)


def only_source(connection: Connection, frame: Callable[[], Any], as_json: bool) -> str:
    """The one source of the caller's institution; else the command ends and says which there are."""
    names = sorted({str(each.source) for each in ask_status(connection, frame, 10.0).positions})
    if not names:
        text = "Este servidor no tiene una fuente de cambios para su institución: pídala a operaciones (feed_sources)."
        fail(text, ExitStatus.FORBIDDEN, as_json)
    if len(names) > 1:
        fail(f"Su institución tiene varias fuentes: indique --source ({', '.join(names)}).", ExitStatus.CALLER, as_json)
    return names[0]


def jetstream(
    servers: Annotated[str, typer.Option(help="Servidores de NATS, separados por comas.")],
    stream: Annotated[str, typer.Option(help="Nombre del stream de JetStream.")],
    subject: Annotated[str, typer.Option(help="Asunto de los cambios.")],
    state: Annotated[Path, typer.Option(help="Archivo que guarda lo que el servidor respondió; no lo borre.")],
    durable: Annotated[str, typer.Option(help="Nombre del consumidor, que recuerda hasta dónde se tomó.")] = "ronda",
    credentials: Annotated[str, typer.Option(help="Archivo de credenciales de NATS.")] = "",
    source: SourceOption = "",
    heartbeat: HeartbeatOption = 20.0,
    poll: PollOption = 0.2,
    patience: PatienceOption = 30.0,
    once: OnceOption = False,
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
) -> None:
    """Envía los cambios que llegan a un stream de NATS JetStream; cada mensaje es un cambio con su número.

    \b
    Ejemplo:
      ronda feed jetstream --servers nats://bus:4222 --stream OJ --subject oj.cambios --state oj.state
    """
    from clients.feed.jetstream import JetStreamSource, JetStreamWork

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> _Work:
        messages = JetStreamWork(
            JetStreamSource(servers, stream, subject, durable, credentials),
            connection.feed,
            frame,
            name,
            patience,
            wait_s=max(poll, 0.1),
            told=_say_notice,
            state_file=state,
        )

        def step() -> bool:
            tally = messages.step()
            if tally is not None:
                _say_tally(tally)
            return tally is not None

        return _Work(step, messages.issued, messages.seen)

    _run(work, source, heartbeat, 0.0, once, lambda: context(purpose, case), server, identity)


class _Work(NamedTuple):
    """One program's work."""

    step: Callable[[], bool]  # sends what is there; whether there was anything
    issued: Callable[[], Mapping[str, int] | None]  # last number by register; None = something waits
    seen: Callable[[Mapping[str, Any]], None] = lambda _positions: None  # hears how far the server is


def _say_notice(line: str) -> None:
    say(f"Aviso: {line}", err=True)


def _run(
    work: Callable[[Connection, Callable[[], Any], str], _Work],
    source: str,
    heartbeat: float,
    poll: float,
    once: bool,
    frame: Callable[[], Any],
    server: str,
    identity: str,
) -> None:
    from clients.feed.issued import SourceFailed
    from clients.feed.sending import Heartbeats, keep_on

    def run(connection: Connection) -> None:
        name = source or only_source(connection, frame, False)
        sending = work(connection, frame, name)
        if once:
            while sending.step():
                pass
            return
        beats = None
        if heartbeat:
            beats = Heartbeats(connection.feed, frame, name, heartbeat, sending.issued, sending.seen)
        keep_on(sending.step, beats, poll, _say_notice)

    try:
        call(server, identity, False, list, run)
    except SourceFailed as failed:
        text = f"{failed.rule[:1].upper()}{failed.rule[1:]}."
        fail(text, ExitStatus.OURS if failed.passes else ExitStatus.CALLER, False)
    except OSError as error:
        fail(f"No se puede usar {error.filename}: {error.strerror}.", ExitStatus.CALLER, False)


def _say_passed(passed: Passed) -> None:
    if passed.why:
        say(f"{passed.file}: no se envió nada: {passed.why}", err=True)
    else:
        _say_tally(passed.tally, f"{passed.file}: ")


def _say_tally(tally: Tally, head: str = "") -> None:
    from clients.spanish import failures as spoken
    from clients.spanish import feed_rules

    refused = tally.outcomes.get("REFUSED", 0)
    taken = tally.outcomes.total() - refused
    say(f"{head}{taken} cambios recibidos" + (f", {refused} rechazados" if refused else ""), err=bool(refused))
    for each in tally.refused[:20]:
        said = [spoken.REASONS.get(each.reason, each.reason)]
        if each.field or each.rule:
            said.append(f"{feed_rules.field_text(each.field)}: {feed_rules.rule_text(each.rule)}".strip(": "))
        say(f"  {each.register} {each.sequence}: {' '.join(said)}", err=True)
