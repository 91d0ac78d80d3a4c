"""`ronda bench`: latency objectives of a file, held against a running server."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import (
    HERE,
    CaseOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
)
from ronda.commands.output import fail, print_json, print_renderables
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from ronda.objectives.verdict import Verdict
    from ronda.v1.context_pb2 import RequestContext

TargetsOption = Annotated[
    Path, typer.Option("--targets", metavar="ARCHIVO", help="Objetivos, en TOML: docs/objectives.md.")
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="ARCHIVO", help="Escribe el informe ahí: .md o .html, para la solicitud de cambio."
    ),
]


def bench(
    targets: TargetsOption,
    report: ReportOption = None,
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    as_json: JsonOption = False,
) -> None:
    """Mide si el servidor cumple los objetivos de latencia de un archivo: estado 0 si todos, 6 si alguno no.

    Cada pregunta es una consulta real: gasta su cuota y queda en la auditoría. Pregunte por personas de prueba.

    \b
    Ejemplo:
      ronda bench --targets examples/objectives.toml --report informe.md
    """
    from ronda.objectives import asking
    from ronda.objectives.report import SUFFIXES, Circumstances, headings, table_rows, to_json, write_report
    from ronda.objectives.targets import TargetsError, read_questions, read_targets
    from ronda.objectives.verdict import judge

    if report is not None and report.suffix not in SUFFIXES:
        raise typer.BadParameter(f"escriba un nombre que termine en {' o '.join(SUFFIXES)}", param_hint="--report")
    try:
        wanted = read_targets(targets)
        questions = [read_questions(target, targets.parent) for target in wanted]
    except TargetsError as error:
        fail(str(error), ExitStatus.CALLER, as_json)

    def ask(connection: Connection) -> list[Verdict]:
        def frame() -> RequestContext:
            framed: RequestContext = context(purpose, case, reason)
            return framed

        verdicts = []
        for target, asked in zip(wanted, questions, strict=True):
            asking.ask_once(connection, target, asked[0], frame)
            verdicts.append(judge(target, asking.ask(connection, target, asked, frame)))
        return verdicts

    at = datetime.datetime.now(datetime.UTC)
    verdicts = call(server, identity, as_json, list, ask)
    of = Circumstances(server, bool(identity), targets, at)
    if report is not None:
        try:
            write_report(report, of, verdicts)
        except OSError as error:
            fail(f"{report}: {system_error_text(error)}", ExitStatus.CALLER, as_json)
    if as_json:
        print_json(to_json(of, verdicts))
    else:
        from clients.terminal.whole_table import WholeTable

        table = WholeTable("Objectives", *headings(), right=("limit", "measured"))
        for row in table_rows(verdicts):
            table.add(*row)
        print_renderables(table)
    if not all(verdict.met for verdict in verdicts):
        raise typer.Exit(int(ExitStatus.NOT_MET))
