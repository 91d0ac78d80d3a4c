"""`ronda records`: the records behind a count of an answer, page by page until there are no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import (
    HERE,
    PATIENCE_S,
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
)
from ronda.commands.output import fail, message_json, print_renderables
from ronda.commands.question import call, context

if TYPE_CHECKING:
    from ronda.v1.check_service_pb2 import CheckResponse


def records(
    asked: Annotated[
        list[str],
        typer.Argument(
            metavar="CONSULTA SECCIÓN", help="CUI, documento o placa, y la sección: vehículos, direcciones."
        ),
    ],
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: DeadlineOption = PATIENCE_S,
    as_json: JsonOption = False,
) -> None:
    """Muestra los registros detrás de un conteo de la respuesta ("vehículos 8"), todos.

    \b
    Ejemplos:
      ronda records 2357 11136 0101 vehículos
      ronda records P-323ZZB placas
      ronda records P-323ZZB robos
      ronda records 2357111360101 "movimientos migratorios" --json
    """
    from clients.client.record_lists import Listable, every_page
    from clients.spanish import words as spanish
    from clients.spanish.records import sections_called
    from ronda.v1 import check_service_pb2 as contract

    *query, word = asked
    if not query:
        fail("Indique por quién pregunta y la sección: ronda records CONSULTA SECCIÓN.", ExitStatus.CALLER, as_json)

    def ask(what: Any) -> Any:
        return call(server, identity, as_json, list, what)

    box = contract.CheckRequest(context=context(purpose, case, reason), query=" ".join(query))
    found = ask(lambda c: c.checks.Check(box, timeout=deadline))
    listable = Listable(found)
    if not listable:
        fail(_not_one(found), ExitStatus.CALLER, as_json)
    sections = [section for section in sections_called(word) if section in listable.sections]
    if len(sections) != 1:
        held = [(spanish.SECTIONS.get(each, "?"), listable.totals.get(each, "")) for each in listable.sections]
        names = ", ".join(f"{name} {total}".rstrip() for name, total in held)
        what = "Hay varias secciones así" if sections else f"No hay registros en «{word}»"
        fail(f"{what}. En archivo: {names or 'nada'}.", ExitStatus.CALLER, as_json)
    rows, whole = every_page(
        lambda request: ask(lambda c: c.checks.ListRecords(request, timeout=deadline)),
        lambda: context(purpose, case, reason),
        listable.subject_ids(sections[0]),
        sections[0],
    )
    if as_json:
        message_json(whole)
        return
    from clients.officer_view.answer import registers_line
    from clients.officer_view.records import records_table

    table = records_table(sections[0], rows, whole.total, whole.answer.answered_at)
    print_renderables(table, registers_line(whole.answer))


def _not_one(found: CheckResponse) -> str:
    """Returns why no records are listed: nothing on file fits the question, or several do."""
    if found.candidates:
        return "La consulta no halla a uno solo: pregunte por CUI, documento o placa."
    from clients.officer_view.answer import meant_line, tried_line

    said = [tried_line(found.detected, found.answer).plain if found.detected else "Nada consta con lo preguntado."]
    said += [meant_line(found)] if found.suggestions else []
    return "\n".join(said)
