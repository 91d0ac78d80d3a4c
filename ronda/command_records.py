"""`ronda records`: the records behind a count of an answer, page by page until there are no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.command_output import fail, message_json, print_renderables
from ronda.command_question import (
    CaseOption,
    DeadlineOption,
    IdentityOption,
    JsonOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
    call,
    context,
)
from ronda.exit_status import ExitStatus

if TYPE_CHECKING:
    from google.protobuf.message import Message

_PAGE = 100  # the most that the contract allows


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
    server: ServerOption = "127.0.0.1:50051",
    identity: IdentityOption = "",
    deadline: DeadlineOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Muestra los registros detrás de un conteo de la respuesta ("vehículos 8"), todos.

    \b
    Ejemplos:
      ronda records 2357 11136 0101 vehículos
      ronda records P-323ZZB placas
      ronda records 2357111360101 "movimientos migratorios" --json
    """
    from clients import spanish
    from clients.record_words import sections_called
    from ronda.v1 import check_service_pb2 as contract

    *query, word = asked
    if not query:
        fail("Indique por quién pregunta y la sección: ronda records CONSULTA SECCIÓN.", ExitStatus.CALLER, as_json)

    def ask(what: Any) -> Any:
        return call(server, identity, as_json, list, what)

    box = contract.CheckRequest(context=context(purpose, case, reason), query=" ".join(query))
    found = ask(lambda c: c.checks.Check(box, timeout=deadline))
    kind = found.WhichOneof("subject")
    if kind is None:
        fail("La consulta no halla a uno solo: pregunte por CUI, documento o placa.", ExitStatus.CALLER, as_json)
    subject = getattr(found, kind)
    held = {total.section: total.total for total in subject.totals}
    sections = [section for section in sections_called(word) if section in held]
    if len(sections) != 1:
        names = ", ".join(f"{spanish.SECTIONS.get(section, '?')} {total}" for section, total in held.items())
        what = "Hay varias secciones así" if sections else f"No hay registros en «{word}»"
        fail(f"{what}. En archivo: {names or 'nada'}.", ExitStatus.CALLER, as_json)
    rows: list[Message] = []
    token, last = "", None
    while last is None or token:
        request = contract.ListRecordsRequest(
            context=context(purpose, case, reason),
            subject_id=subject.subject_id,
            section=sections[0],
            page_size=_PAGE,
            page_token=token,
        )
        page = ask(lambda c, request=request: c.checks.ListRecords(request, timeout=deadline))
        rows += _rows(getattr(page, kind))
        token = page.next_page_token
        if last is None:
            last = page
        else:
            getattr(last, kind).MergeFrom(getattr(page, kind))
    if as_json:
        last.ClearField("next_page_token")
        message_json(last)
        return
    from clients.officer_view.answer import registers_line
    from clients.officer_view.records import records_table

    print_renderables(records_table(sections[0], rows, last.total), registers_line(last.answer))


def _rows(dossier: Message) -> list[Message]:
    """The records of a dossier that holds one section."""
    return [
        row
        for field, rows in dossier.ListFields()
        if field.is_repeated and field.message_type is not None and "record" in field.message_type.fields_by_name
        for row in rows
    ]
