"""Page /confirmaciones: hits that this session asked an institution about, and those that wait for this institution."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.routing import Route

from clients.client.failures import CallFailure
from clients.console.desk.asked import PURPOSES, NotAsked, Why, field_of, why_of
from clients.console.desk.refused import said_of, status_of
from clients.console.forms import hold_to_session, read_form
from clients.officer_view.words import time_text
from clients.spanish import words as spanish
from ronda.v1 import confirmation_service_pb2 as contract
from ronda.v1.value_pb2 import RecordReference

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from clients.console.front import Console
    from clients.console.sessions import Session
    from ronda.v1.check_service_pb2 import Answer

ANSWERS = {
    "v": ("IN_FORCE", "Vigente"),
    "r": ("CANCELLED", "Revocada"),
    "e": ("EXECUTED", "Ejecutada"),
    "n": ("NOT_ON_FILE", "No consta"),
    "o": ("OTHER_SUBJECT", "Otro sujeto"),
}
"""Answers by key: reason in the contract, and its word. The first confirms, the others deny."""
URGENCIES = {"URGENT": "Urgente: está aquí, 10 minutos", "ROUTINE": "Ordinaria: una hora"}
_NO_DESK = "sin respuesta: ninguna mesa queda por preguntar"


@dataclass(frozen=True)
class Waiting:
    """One question of the queue, in words. escalations: number of desks that did not answer in time."""

    confirmation_id: str
    urgent: bool
    record: str
    kind: str
    subject_id: str
    requested_by: str
    requested_at: str
    due_at: str
    escalations: int


class Confirming:
    """The queue of the institution of whoever is signed in. Nothing is answered by GET."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[Route]:
        """The page."""
        return [
            Route("/confirmaciones", self.queue, methods=["GET"]),
            Route("/confirmaciones", self.begin, methods=["POST"]),
            Route("/confirmaciones/respuesta", self.answer, methods=["POST"]),
            Route("/confirmaciones/pedir", self.ask, methods=["POST"]),
        ]

    async def queue(self, request: Request) -> Response:
        """GET /confirmaciones: the queue under the purpose of the last question; htmx asks for it again and again.

        What the page asks for by itself keeps no idle session alive.
        """
        session = self._console.session(request, touch=not request.headers.get("hx-request"))
        return await self._queue(request, session, session.why)

    async def begin(self, request: Request) -> Response:
        """POST /confirmaciones: the queue under another purpose."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        try:
            why = why_of(form)
            why.context()
        except NotAsked as error:
            return self._page(request, session, session.why, said=str(error), status=422)
        session.why = why
        return await self._queue(request, session, why)

    async def answer(self, request: Request) -> Response:
        """POST /confirmaciones/respuesta: the institution's answer, then what still waits."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        try:
            why = why_of(form)
            wanted = _answer_of(form, why)
        except NotAsked as error:
            return await self._queue(request, session, session.why, said=str(error), status=422)
        try:
            done = await session.officer.confirmation("AnswerConfirmation", wanted)
        except CallFailure as failure:
            return await self._queue(request, session, why, said=said_of(failure), status=status_of(failure))
        stored = done.confirmation
        return await self._queue(request, session, why, stored=f"{_record(stored)}: {stored.text}")

    async def ask(self, request: Request) -> Response:
        """POST /confirmaciones/pedir: asks the issuing institution about a hit of an answer."""
        session = self._console.session(request)
        form = await read_form(request)
        hold_to_session(request, session, form)
        try:
            why = why_of(form)
            wanted = _question_of(form, why)
        except NotAsked as error:
            return await self._queue(request, session, session.why, said=str(error), status=422)
        session.why = why
        try:
            done = await session.officer.confirmation("RequestConfirmation", wanted)
        except CallFailure as failure:
            return await self._queue(request, session, why, said=said_of(failure), status=status_of(failure))
        session.kept.keep_confirmation(done.confirmation)
        return await self._queue(request, session, why)

    async def _asked(self, session: Session, why: Why) -> list[tuple[str, str]]:
        """Returns the record and the state of each question of this session, the newest first."""
        for kept in list(session.kept.confirmations.values()):
            if kept.HasField("answered_at"):
                continue
            wanted = contract.GetConfirmationRequest(context=why.context(), confirmation_id=kept.confirmation_id)
            with contextlib.suppress(CallFailure):  # its last known text, with its time, stays
                kept.CopyFrom((await session.officer.confirmation("GetConfirmation", wanted)).confirmation)
        kept_ones = reversed(session.kept.confirmations.values())
        return [(f"{_kind(each)} {_record(each)}", each.text or spanish.UNCONFIRMED) for each in kept_ones]

    async def _queue(
        self, request: Request, session: Session, why: Why, *, said: str = "", status: int = 200, stored: str = ""
    ) -> Response:
        if not why.purpose:
            return self._page(request, session, why, said=said, status=status)
        asked = await self._asked(session, why)
        wanted = contract.ListPendingConfirmationsRequest(context=why.context())
        try:
            found = await session.officer.confirmation("ListPendingConfirmations", wanted)
        except CallFailure as failure:
            # Who has no desk asks all the same: what was asked is shown.
            refused = failure.status == "PERMISSION_DENIED" and (asked or said)
            status = status if refused else status_of(failure)
            said = said if refused else said or said_of(failure)
            return self._page(request, session, why, asked=asked, said=said, status=status)
        rows = [_waiting(each) for each in found.confirmations]
        return self._page(
            request, session, why, asked=asked, rows=rows, total=found.total, said=said, status=status, stored=stored
        )

    def _page(
        self,
        request: Request,
        session: Session,
        why: Why,
        *,
        asked: list[tuple[str, str]] | None = None,
        rows: list[Waiting] | None = None,
        total: int = 0,
        said: str = "",
        status: int = 200,
        stored: str = "",
    ) -> Response:
        return self._console.pages.page(
            request,
            "confirmaciones.html",
            status,
            session=session,
            why=why,
            purposes=PURPOSES,
            asked=asked or [],
            rows=rows,
            total=total,
            said=said,
            stored=stored,
            answers=ANSWERS,
        )


def _answer_of(form: dict[str, str], why: Why) -> contract.AnswerConfirmationRequest:
    """Returns the request. Raises NotAsked."""
    reasons = {reason for reason, _ in ANSWERS.values()}
    reason, confirmation_id = form.get("respuesta", ""), field_of(form, "confirmacion", "confirmación")
    if reason not in reasons or not confirmation_id:
        raise NotAsked("Responda desde la lista.")
    return contract.AnswerConfirmationRequest(
        context=why.context(),
        confirmation_id=confirmation_id,
        reason=contract.ConfirmationReason.Value(f"CONFIRMATION_REASON_{reason}"),  # type: ignore[arg-type]
    )


def _question_of(form: dict[str, str], why: Why) -> contract.RequestConfirmationRequest:
    """Returns the request. Raises NotAsked."""
    names = ("registro", "asiento", "sujeto", "respuesta")
    register, record, subject, answer_id = (field_of(form, name, "la respuesta") for name in names)
    urgency = form.get("urgencia", "")
    if urgency not in URGENCIES or not register or not record or not subject:
        raise NotAsked("Pida la confirmación desde su respuesta.")
    return contract.RequestConfirmationRequest(
        context=why.context(),
        record=RecordReference(register_id=register, record_id=record),
        subject_id=subject,
        answer_id=answer_id,
        urgency=contract.ConfirmationUrgency.Value(f"CONFIRMATION_URGENCY_{urgency}"),  # type: ignore[arg-type]
    )


def askable_hits(answer: Answer) -> list[tuple[str, dict[str, str]]]:
    """Returns each hit that its institution can be asked about: its words, and what its form sends."""
    return [
        (
            f"{spanish.ALERTS.get(hit.kind, 'Alerta')} {hit.record.register_id} {hit.record.record_id}",
            {
                "registro": hit.record.register_id,
                "asiento": hit.record.record_id,
                "sujeto": hit.subject.subject_id,
                "respuesta": answer.answer_id,
            },
        )
        for hit in answer.hits
        if hit.subject.subject_id
    ]


def _kind(each: contract.Confirmation) -> str:
    return spanish.ALERTS.get(each.kind, "Alerta")


def _waiting(each: contract.Confirmation) -> Waiting:
    return Waiting(
        confirmation_id=each.confirmation_id,
        urgent=each.urgency == contract.CONFIRMATION_URGENCY_URGENT,
        record=_record(each),
        kind=_kind(each),
        subject_id=each.subject_id,
        requested_by=each.requested_by,
        requested_at=time_text(each.requested_at),
        due_at=time_text(each.due_at) if each.HasField("due_at") else _NO_DESK,
        escalations=each.escalations,
    )


def _record(each: contract.Confirmation) -> str:
    return f"{each.record.register_id} {each.record.record_id}"
