"""Pages /consulta/expediente: an answer of this session as a printout, for the browser's print and as a PDF."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from clients.client.failures import CallFailure
from clients.client.record_lists import Listable, rows_of
from clients.console.desk.marked import grid
from clients.console.desk.paper import FontMissing, code_address, pdf_of
from clients.console.desk.printout import MOST_RECORDS, TITLE, Records, printout_of, utc_text
from clients.console.desk.refused import said_of, status_of
from clients.console.desk.shown import shown
from clients.console.forms import hold_to_session, read_form
from clients.officer_view.records import records_table
from clients.spanish import words as spanish
from ronda.v1 import check_service_pb2 as contract

if TYPE_CHECKING:
    from starlette.requests import Request

    from clients.console.desk.kept import KeptAnswer
    from clients.console.desk.printout import Printout
    from clients.console.front import Console
    from clients.console.sessions import Session

_PAGE = 100  # records of one call, the most that the contract allows
_AT_ONCE = 2  # PDFs that are drawn at one time: they share the processor with everybody's pages
_GONE = "Esa respuesta ya no está en esta sesión, que guarda las últimas: consulte de nuevo e imprima."
_CHANGED = "Estos asientos cambiaron desde la respuesta: consulte de nuevo para imprimirlos."
_DEMO = "DEMO: nación inventada"
_NO_FONT = "Faltan las letras del PDF en la consola (paquete fonts-dejavu-core): imprima con el navegador."


class Printing:
    """Prints only what this session was answered; records are asked for as the page does, and are on record."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawing = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """The pages."""
        return [
            Route("/consulta/expediente", self.printout, methods=["POST"]),
            Route("/consulta/expediente.pdf", self.pdf, methods=["POST"]),
        ]

    async def printout(self, request: Request) -> Response:
        """POST /consulta/expediente: the printout of an answer, `asientos` = with the records behind its counts."""
        session, form = await self._posted(request)
        kept = session.kept.answers.get(form.get("respuesta", ""))
        if kept is None:
            raise HTTPException(410, _GONE)
        try:
            records = await _records_of(session, kept) if form.get("asientos") == "si" else []
        except CallFailure as failure:
            raise HTTPException(status_of(failure), said_of(failure)) from None
        answer = shown(kept.response, typed=kept.typed)
        demo = _DEMO if self._console.settings.development else ""
        answered = utc_text(kept.response.answer.answered_at)
        made = printout_of(session.name, kept.asked, answer, answered, records, demo)
        session.kept.keep_printout(made)
        return self._console.pages.page(
            request,
            "expediente.html",
            session=session,
            title=TITLE,
            printout=made,
            code=code_address(made.code),
        )

    async def pdf(self, request: Request) -> Response:
        """POST /consulta/expediente.pdf: the printout that the page shows."""
        session, form = await self._posted(request)
        made = session.kept.printouts.get(form.get("respuesta", ""))
        if made is None:
            raise HTTPException(410, _GONE)
        return Response(
            await self._drawn(made),
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="ronda-{made.answer_id}.pdf"'},
        )

    async def _drawn(self, made: Printout) -> bytes:
        try:
            async with self._drawing:
                return await asyncio.to_thread(pdf_of, made)
        except FontMissing:
            raise HTTPException(503, _NO_FONT) from None

    async def _posted(self, request: Request) -> tuple[Session, dict[str, str]]:
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        return session, form


async def _records_of(session: Session, kept: KeptAnswer) -> list[Records]:
    """Returns the records behind the answer's counts, MOST_RECORDS in all. Raises CallFailure."""
    listed, found = Listable(kept.response), list[Records]()
    for section in listed.sections:
        for subject in listed.subject_ids(section):
            room = MOST_RECORDS - sum(each.printed for each in found)
            found.append(await _section(session, kept, section, subject, listed.totals.get(section, 0), room))
    return found


async def _section(session: Session, kept: KeptAnswer, section: int, subject: str, total: int, room: int) -> Records:
    name = spanish.SECTIONS.get(section, "asientos")  # type: ignore[call-overload]
    rows: list[Any] = []
    token, first = "", True
    while room > len(rows) and (first or token):
        page = await session.officer.check(
            "ListRecords",
            contract.ListRecordsRequest(
                context=kept.asked.why.context(),
                subject_id=subject,
                section=section,  # type: ignore[arg-type]
                page_size=min(_PAGE, room - len(rows)),
                page_token=token,
            ),
        )
        # Plates of an alert are in no count of the answer.
        total = total or page.total
        if page.total != total or page.answer.generation_id != kept.response.answer.generation_id:
            return Records(name, total, why_not=_CHANGED)
        rows += rows_of(getattr(page, page.WhichOneof("subject")))
        token, first = page.next_page_token, False
    table = grid(records_table(section, rows, total, kept.response.answer.answered_at)) if rows else None
    return Records(name, total, table)
