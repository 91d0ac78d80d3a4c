"""`ronda feed folder`, `outbox`, `jetstream`: programs that send an institution's changes as they happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.feed_running import Work, read_numbers, run, say_notice
from ronda.commands.options import HERE, CaseOption, IdentityOption, PurposeOption, PurposeWord, ServerOption
from ronda.commands.output import fail, say
from ronda.commands.question import context

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from clients.feed.debezium import DebeziumEvents
    from clients.feed.folder import Passed
    from clients.feed.pushing import Tally

SourceOption = Annotated[str, typer.Option(help="Fuente que envía; si su institución tiene una sola, esa.")]
HeartbeatOption = Annotated[
    float,
    typer.Option("--heartbeat", help="Segundos entre señales de vida mientras no hay cambios; 0 = ninguna.", min=0),
]
PollOption = Annotated[float, typer.Option("--poll", help="Segundos entre una mirada y la siguiente.", min=0.05)]
PatienceOption = Annotated[float, typer.Option(help="Segundos sin respuesta tras los que se empieza de nuevo.", min=0)]
FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="REGISTRO=N",
        help="Sigue numerando desde N, el que sigue al último del servidor, si la fuente se repuso de una copia.",
    ),
]
DebeziumOption = Annotated[
    Path | None,
    typer.Option(
        "--debezium", metavar="TABLAS", help="Son eventos de Debezium; este archivo dice qué tabla es qué registro."
    ),
]
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
    debezium: DebeziumOption = None,
    source: SourceOption = "",
    heartbeat: HeartbeatOption = 20.0,
    poll: PollOption = 1.0,
    patience: PatienceOption = 30.0,
    once: OnceOption = False,
    begin: FromOption = None,
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
      ronda feed folder /srv/eventos --debezium tablas.toml --identity envios
    """
    from clients.feed.changes import read_changes
    from clients.feed.folder import DropFolder, Read
    from clients.feed.sending import FolderWork

    read: Read = read_changes
    pattern = "*"
    if register and debezium is not None:
        fail("--register y --debezium no van juntos.", ExitStatus.CALLER, False)
    if register:
        try:
            from ronda.feed.manifest_files import ManifestFiles, NoSuchSource
        except ImportError:  # the client's wheel has no manifests
            fail("--register necesita el programa del servidor (ronda), con sus manifiestos.", ExitStatus.CALLER, False)
        try:
            files_of = ManifestFiles(manifests, register, rows_of)
        except NoSuchSource as error:
            fail(str(error), ExitStatus.CALLER, False)
        read, pattern = files_of.read, files_of.pattern
    elif debezium is not None:
        read = _events_of(debezium).read

    begins = dict(read_numbers(begin, "--from"))

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> Work:
        drop = DropFolder(directory, read, pattern)
        files = FolderWork(drop, connection.feed, frame, name, patience, read, begins)
        return Work(lambda: files.step(_say_passed), files.issued, files.seen, files.unsettled)

    run(work, source, heartbeat, poll, once, lambda: context(purpose, case), server, identity)


def outbox(
    dsn: Annotated[str, typer.Option(help="Base PostgreSQL, sin contraseña: passfile=/ruta (libpq).")],
    state: Annotated[Path, typer.Option(help="Archivo que guarda hasta dónde se tomó; no lo comparta ni lo borre.")],
    table: Annotated[str, typer.Option(help="Tabla de la bandeja de salida.")] = "ronda_outbox",
    source: SourceOption = "",
    heartbeat: HeartbeatOption = 20.0,
    poll: PollOption = 0.1,
    patience: PatienceOption = 30.0,
    once: OnceOption = False,
    begin: FromOption = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGISTRO=N", help="Fila de un registro que la fuente no tiene: da por atendido su número."
        ),
    ] = None,
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

    from clients.feed.outbox import Outbox
    from clients.feed.outbox_work import OutboxWork

    if re.search(r"password\s*=|//[^/@]*:[^/@]*@", dsn, re.IGNORECASE):
        fail("La contraseña no va en --dsn: indique un archivo, passfile=/ruta (libpq).", ExitStatus.CALLER, False)

    begins = dict(read_numbers(begin, "--from"))
    settled = read_numbers(skip, "--skip")

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> Work:
        rows = OutboxWork(
            Outbox(dsn, table), state, connection.feed, frame, name, patience, say_notice, begins, settled
        )

        def step() -> bool:
            tally = rows.step()
            if tally is not None:
                _say_tally(tally)
            elif rows.held_up:  # no heartbeat: it would say that nothing is there
                time.sleep(poll)
            return tally is not None or rows.held_up

        return Work(step, rows.issued, rows.seen, rows.unsettled)

    run(work, source, heartbeat, poll, once, lambda: context(purpose, case), server, identity)


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
    begin: FromOption = None,
    skip: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Mensaje del stream que no se envía: lo da por atendido."),
    ] = None,
    number: Annotated[
        bool, typer.Option("--number", help="Los mensajes no traen número: se numeran por su orden en el stream.")
    ] = False,
    debezium: DebeziumOption = None,
    new_stream: Annotated[
        bool, typer.Option("--new-stream", help="El stream se hizo o se repuso de nuevo, y lo que faltaba se publicó.")
    ] = False,
    purpose: PurposeOption = PurposeWord.WARRANT_SERVICE,
    case: CaseOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
) -> None:
    """Envía los cambios que llegan a un stream de NATS JetStream; cada mensaje es un cambio, con su número o sin él.

    \b
    Ejemplo:
      ronda feed jetstream --servers nats://bus:4222 --stream OJ --subject oj.cambios --state oj.state
      ronda feed jetstream --servers nats://bus:4222 --stream OJ --subject "oj.>" --debezium oj.toml --state oj.state
    """
    from clients.feed.jetstream import JetStreamSource, read_unnumbered
    from clients.feed.jetstream_work import JetStreamWork
    from clients.feed.stream_numbering import StreamNumbering

    read = read_unnumbered if debezium is None else _events_of(debezium).changes
    program = partial(StreamNumbering, read=read) if number or debezium is not None else JetStreamWork
    begins = dict(read_numbers(begin, "--from"))

    def work(connection: Connection, frame: Callable[[], Any], name: str) -> Work:
        bus = JetStreamSource(servers, stream, subject, durable, credentials)
        messages = program(
            bus,
            stub=connection.feed,
            frame=frame,
            source=name,
            patience_s=patience,
            wait_s=max(poll, 0.1),
            told=say_notice,
            state_file=state,
            begins=begins,
            skipped=skip or (),
            new_stream=new_stream,
        )

        def step() -> bool:
            tally = messages.step()
            if tally is not None:
                _say_tally(tally)
            return tally is not None

        return Work(step, messages.issued, messages.seen, messages.unsettled, bus.end)

    run(work, source, heartbeat, 0.0, once, lambda: context(purpose, case), server, identity)


def _events_of(file: Path) -> DebeziumEvents:
    """Reads the file of tables; one that is none ends the command."""
    from clients.feed.debezium import DebeziumEvents
    from clients.feed.debezium_tables import TablesInvalid, read_tables

    try:
        return DebeziumEvents(read_tables(file))
    except TablesInvalid as error:
        fail(f"{error}.", ExitStatus.CALLER, False)
    except OSError as error:
        fail(f"No se puede leer {file}: {system_error_text(error)}.", ExitStatus.CALLER, False)


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
