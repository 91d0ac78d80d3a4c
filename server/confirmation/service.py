"""ConfirmationService, answered by each worker: what it is asked goes to the one writer process."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from core.audit.reader import How, entry_bytes
from core.errors import CoreError
from core.generation.reader import DossierReader
from core.identifiers.kinds import SUBJECT_KEY
from ronda.v1 import alert_pb2, confirmation_service_pb2, error_pb2, section_pb2
from server.calls.own_methods import Asked
from server.confirmation.desk_line import DeskLine, ShownBoard
from server.confirmation.settings import ANY_REGISTER
from server.confirmation.shown import message
from server.confirmation.store import OPEN_STATES, Row
from server.errors import Refusal

WATCH_S = 900.0  # one watch; its client watches again
_LOOK_S = 5.0
_SUBJECT = re.compile(r"\A[0-9a-f]{32}\Z")
_ID = re.compile(r"\A[0-9a-f-]{36}\Z")
_RECORD_CHARACTERS = 200


class ConfirmationMethods:
    """Answers each method of ConfirmationService."""

    def __init__(
        self,
        desk_line: DeskLine,
        board: ShownBoard,
        desks: Mapping[str, Sequence[str]],
        waits_ms: Mapping[int, int],
    ) -> None:
        """waits_ms: time of each desk, by ConfirmationUrgency."""
        self._line, self._board, self._desks, self._waits_ms = desk_line, board, desks, waits_ms

    async def request(self, asked: Asked) -> confirmation_service_pb2.RequestConfirmationResponse:
        """Asks the desk about a hit that this caller may see."""
        request = asked.request
        if request.urgency not in self._waits_ms:
            raise _invalid("urgency", "URGENT or ROUTINE")
        if not _SUBJECT.match(request.subject_id):
            raise _invalid("subject_id", "32 hexadecimal digits")
        if request.answer_id and not _ID.match(request.answer_id):
            raise _invalid("answer_id", "a UUID, as an answer has it")
        record = request.record
        if not record.register_id or not record.record_id or len(record.record_id) > _RECORD_CHARACTERS:
            raise _invalid("record", "register_id and record_id, as the hit has them")
        kind = _kind_of_hit(asked)
        who = asked.who
        asked.shown += entry_bytes(bytes.fromhex(request.subject_id), How.ASKED)
        change = self._line.request(
            {
                "register_id": record.register_id,
                "record_id": record.record_id,
                "version": record.version,
                "kind": kind,
                "subject_id": request.subject_id,
                "answer_id": request.answer_id,
                "urgency": request.urgency,
            },
            {
                "institution": asked.institution,
                "unit": str(who.get("unit", "")),
                "officer": asked.officer,
            },
            list(self._desks.get(record.register_id) or self._desks[ANY_REGISTER]),
            self._waits_ms[request.urgency],
            asked.entered.request_id.decode(),
        )
        row = await asked.in_effect(change)
        return confirmation_service_pb2.RequestConfirmationResponse(confirmation=message(row))

    async def get(self, asked: Asked) -> confirmation_service_pb2.GetConfirmationResponse:
        """One, for those who asked or were asked."""
        row = await self._seen(asked)
        return confirmation_service_pb2.GetConfirmationResponse(confirmation=_message(asked, row, How.LISTED))

    async def watch(self, asked: Asked) -> AsyncIterator[confirmation_service_pb2.WatchConfirmationResponse]:
        """The same, at each change until it is answered."""
        before: Row | None = None
        until = time.monotonic() + WATCH_S
        while time.monotonic() < until:
            asked.still_permitted()
            row = await self._seen(asked)
            if row != before:
                shown = _message(asked, row, How.LISTED)
                yield confirmation_service_pb2.WatchConfirmationResponse(confirmation=shown)
            if row.state not in OPEN_STATES:
                return
            before = row
            await self._board.changed(_LOOK_S)

    async def pending(self, asked: Asked) -> confirmation_service_pb2.ListPendingConfirmationsResponse:
        """Returns the open confirmations of the caller's institution."""
        rows, total = await self._line.pending(asked.institution)
        shown = [_message(asked, row, How.LISTED) for row in rows]
        return confirmation_service_pb2.ListPendingConfirmationsResponse(confirmations=shown, total=total)

    async def answer(self, asked: Asked) -> confirmation_service_pb2.AnswerConfirmationResponse:
        """The desk's word."""
        request = asked.request
        reasons = confirmation_service_pb2.ConfirmationReason.values()
        if request.reason == confirmation_service_pb2.CONFIRMATION_REASON_UNSPECIFIED or request.reason not in reasons:
            raise _invalid("reason", "why it is confirmed or denied")
        confirmation_id = _confirmation_id(asked)
        before = await self._line.get(confirmation_id)
        if before is None or not (asked.development or asked.institution in before.asked_desks):
            raise _not_found()
        asked.shown += entry_bytes(bytes.fromhex(before.subject_id), How.LISTED)
        request_id = asked.entered.request_id.decode()
        row = await asked.in_effect(
            self._line.answer(confirmation_id, asked.institution, asked.officer, request.reason, request_id)
        )
        if row is None:
            raise _not_found()
        return confirmation_service_pb2.AnswerConfirmationResponse(confirmation=message(row))

    async def _seen(self, asked: Asked) -> Row:
        row = await self._line.get(_confirmation_id(asked))
        if row is None or not (asked.development or asked.institution in {*row.asking, *row.asked_desks}):
            raise _not_found()
        return row


def _confirmation_id(asked: Asked) -> str:
    text = str(asked.request.confirmation_id)
    if not _ID.match(text):
        raise _invalid("confirmation_id", "a UUID, as the server gave it")
    return text


def _kind_of_hit(asked: Asked) -> int:
    """Kind of the pending alert asked about. Raises Refusal where there is none that this caller may see.

    Of alerts of sensitivity OPEN alone: a question is read by desks of several institutions.
    """
    engine = asked.service.keeper.engine
    if engine is None:
        raise asked.service.keeper.no_generation()
    asked.generation = engine.generation_id
    subject_id = bytes.fromhex(asked.request.subject_id)
    wanted = asked.request.record.register_id, asked.request.record.record_id
    generation, grant = engine.generation, asked.entered.grant
    try:
        found = [DossierReader(generation.dossier(entity)) for entity in generation.lookup(SUBJECT_KEY, subject_id)]
    except CoreError:
        raise Refusal(error_pb2.ERROR_REASON_DOSSIER_DAMAGED) from None
    for alert in (alert for each in found if each.subject_id == subject_id for alert in each.alerts()):
        if alert.state != alert_pb2.ALERT_STATE_PENDING or alert.sensitivity > section_pb2.SENSITIVITY_OPEN:
            continue
        if not grant.mask(section_pb2.SENSITIVITY_OPEN) >> alert.section & 1:
            continue
        hit = alert_pb2.Hit.FromString(alert.hit)
        if (hit.record.register_id, hit.record.record_id) == wanted:
            return hit.kind
    raise _not_found()


def _message(asked: Asked, row: Row, how: How) -> confirmation_service_pb2.Confirmation:
    """Returns the contract's message; adds the subject to the audit record."""
    asked.shown += entry_bytes(bytes.fromhex(row.subject_id), how)
    return message(row)


def _invalid(field: str, rule: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=field, rule=rule)


def _not_found() -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_CONFIRMATION_NOT_FOUND)
