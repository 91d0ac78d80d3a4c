"""Pages /consulta: a question, its answer, one of several chosen, and the records behind a count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from clients.client.failures import CallFailure
from clients.client.record_lists import Listable, rows_of
from clients.console.desk.asked import (
    PERSON_FIELDS,
    PURPOSES,
    VEHICLE_FIELDS,
    Asked,
    NotAsked,
    asked_of,
    chosen_of,
    question_of,
    records_of,
    why_of,
)
from clients.console.desk.confirming import URGENCIES, askable_hits
from clients.console.desk.kept import KeptAnswer
from clients.console.desk.marked import grid
from clients.console.desk.refused import said_of, status_of
from clients.console.desk.shown import shown
from clients.console.forms import hold_to_session, read_form
from clients.officer_view.records import records_table
from clients.spanish import words as spanish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from clients.console.front import Console
    from clients.console.sessions import Session


class Checking:
    """The desk of whoever is signed in. Everything is asked by POST: no address holds what was asked."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """The pages."""
        return [
            Route("/consulta", self.form, methods=["GET"]),
            Route("/consulta", self.check, methods=["POST"]),
            Route("/consulta/elegido", self.choose, methods=["POST"]),
            Route("/consulta/asientos", self.records, methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        """GET /consulta: an empty question, under the purpose that was asked for last."""
        session = self._console.session(request)
        return self._page(request, session, Asked(session.why, "", {}))

    async def check(self, request: Request) -> Response:
        """POST /consulta: a question and its answer."""
        session, form = await self._posted(request)
        asked = Asked(session.why, "", {})
        try:
            asked = asked_of(form)
            question = question_of(asked)
        except NotAsked as error:
            return self._page(request, session, asked, str(error), 422)
        session.why = asked.why
        return await self._answered(request, session, asked, question.method, question.request)

    async def choose(self, request: Request) -> Response:
        """POST /consulta/elegido: one of several candidates."""
        session, form = await self._posted(request)
        try:
            question = chosen_of(form)
        except NotAsked as error:
            return self._page(request, session, Asked(session.why, "", {}), str(error), 422)
        how = "comparado con su documento" if form.get("comparado") == "si" else "sin comparar su documento"
        asked = Asked(why_of(form), f"elegido de una lista, {how}", {})
        session.why = asked.why
        return await self._answered(request, session, asked, question.method, question.request, typed=False)

    async def records(self, request: Request) -> Response:
        """POST /consulta/asientos: a page of the records behind a count."""
        session, form = await self._posted(request)
        try:
            wanted = records_of(form)
        except NotAsked as error:
            return self._page(request, session, Asked(session.why, "", {}), str(error), 422)
        try:
            found = await session.officer.check("ListRecords", wanted)
        except CallFailure as failure:
            return self._page(request, session, Asked(session.why, "", {}), said_of(failure), status_of(failure))
        rows = rows_of(getattr(found, found.WhichOneof("subject")))
        section = spanish.SECTIONS.get(wanted.section, "asientos")
        table = grid(records_table(wanted.section, rows, found.total, found.answer.answered_at)) if rows else None
        return self._console.pages.page(
            request,
            "asientos.html",
            session=session,
            why=why_of(form),
            section=section,
            table=table,
            sent={"sujeto": wanted.subject_id, "seccion": str(wanted.section)},
            next_page=found.next_page_token,
        )

    async def _posted(self, request: Request) -> tuple[Session, dict[str, str]]:
        """The session and the form of one of its own pages. Raises NotEntered, HTTPException."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        return session, form

    async def _answered(
        self, request: Request, session: Session, asked: Asked, method: str, message: Any, *, typed: bool = True
    ) -> Response:
        try:
            response = await session.officer.check(method, message)
        except CallFailure as failure:
            return self._page(request, session, asked, said_of(failure), status_of(failure))
        session.kept.keep_answer(KeptAnswer(asked, response, typed))
        return self._page(
            request,
            session,
            asked,
            answer=shown(response, typed=typed),
            listed=Listable(response),
            hits=askable_hits(response.answer),
        )

    def _page(
        self,
        request: Request,
        session: Session,
        asked: Asked,
        said: str = "",
        status: int = 200,
        *,
        answer: Any = None,
        listed: Listable | None = None,
        hits: list[tuple[str, dict[str, str]]] | None = None,
    ) -> Response:
        return self._console.pages.page(
            request,
            "consulta.html",
            status,
            session=session,
            asked=asked,
            said=said,
            answer=answer,
            sections=list(_sections(listed)) if listed is not None else [],
            hits=hits or [],
            urgencies=URGENCIES,
            purposes=PURPOSES,
            person_fields=PERSON_FIELDS,
            vehicle_fields=VEHICLE_FIELDS,
        )


def _sections(listed: Listable) -> Iterator[tuple[str, int, str, int]]:
    """Yields name, number, subject and count of each section that holds records."""
    for section in listed.sections:
        for subject in listed.subject_ids(section):
            yield spanish.SECTIONS.get(section, "asientos"), section, subject, listed.totals.get(section, 0)
