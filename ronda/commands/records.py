"""`ronda records`: the records behind a count of an answer, page by page until there are no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail, message_json, print_renderables
from ronda.commands.question import (
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

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from ronda.v1.check_service_pb2 import CheckResponse

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
      ronda records P-323ZZB robos
      ronda records 2357111360101 "movimientos migratorios" --json
    """
    from clients.spanish import words as spanish
    from clients.spanish.records import sections_called
    from ronda.v1 import check_service_pb2 as contract
    from ronda.v1.section_pb2 import SECTION_VEHICLE_ALERT

    *query, word = asked
    if not query:
        fail("Indique por quién pregunta y la sección: ronda records CONSULTA SECCIÓN.", ExitStatus.CALLER, as_json)

    def ask(what: Any) -> Any:
        return call(server, identity, as_json, list, what)

    box = contract.CheckRequest(context=context(purpose, case, reason), query=" ".join(query))
    found = ask(lambda c: c.checks.Check(box, timeout=deadline))
    subject = found.WhichOneof("subject")
    plates = _plates(found)
    if subject is None and not plates:
        fail(_not_one(found), ExitStatus.CALLER, as_json)
    held = {total.section: total.total for total in getattr(found, subject).totals} if subject else {}
    listable = [*held, *([SECTION_VEHICLE_ALERT] if plates and SECTION_VEHICLE_ALERT not in held else [])]
    sections = [section for section in sections_called(word) if section in listable]
    if len(sections) != 1:
        names = ", ".join(
            f"{spanish.SECTIONS.get(section, '?')} {held.get(section, '')}".rstrip() for section in listable
        )
        what = "Hay varias secciones así" if sections else f"No hay registros en «{word}»"
        fail(f"{what}. En archivo: {names or 'nada'}.", ExitStatus.CALLER, as_json)
    section = sections[0]
    subjects = [getattr(found, subject).subject_id] if section in held else []
    subjects += plates if section == SECTION_VEHICLE_ALERT else []
    rows: list[Message] = []
    last: Any = None
    for subject_id in subjects:
        token, first = "", True
        while first or token:
            request = contract.ListRecordsRequest(
                context=context(purpose, case, reason),
                subject_id=subject_id,
                section=section,
                page_size=_PAGE,
                page_token=token,
            )
            page = ask(lambda c, request=request: c.checks.ListRecords(request, timeout=deadline))
            kind = page.WhichOneof("subject")
            rows += _rows(getattr(page, kind))
            token = page.next_page_token
            if last is None:
                last = page
            else:
                getattr(last, kind).MergeFrom(getattr(page, kind))
                last.total += page.total if first else 0
            first = False
    if as_json:
        last.ClearField("next_page_token")
        message_json(last)
        return
    from clients.officer_view.answer import registers_line
    from clients.officer_view.records import records_table

    table = records_table(section, rows, last.total, last.answer.answered_at)
    print_renderables(table, registers_line(last.answer))


def _not_one(found: CheckResponse) -> str:
    """Why no records are listed: nobody and nothing is on file as asked, or several are."""
    if found.candidates:
        return "La consulta no halla a uno solo: pregunte por CUI, documento o placa."
    from clients.officer_view.answer import meant_line, tried_line

    said = [tried_line(found.detected).plain if found.detected else "Nada consta con lo preguntado."]
    said += [meant_line(found)] if found.suggestions else []
    return "\n".join(said)


def _plates(found: CheckResponse) -> list[str]:
    """Ids of the plates themselves that an alert is about: it is theirs, and in no vehicle's count."""
    from ronda.v1.alert_pb2 import HIT_SUBJECT_KIND_PLATE

    alerts = [*found.answer.hits, *found.vehicle.closed_alerts]
    return list(dict.fromkeys(a.subject.subject_id for a in alerts if a.subject.kind == HIT_SUBJECT_KIND_PLATE))


def _rows(dossier: Message) -> list[Message]:
    """The records of a dossier that holds one section."""
    return [
        row
        for field, rows in dossier.ListFields()
        if field.is_repeated and field.message_type is not None and "record" in field.message_type.fields_by_name
        for row in rows
    ]
