"""Confirmations as checks show them: Spanish lines, messages, and the file that workers read them from.

<data>/confirmations/shown.json, written whole by the writer process after each change and renamed into place.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from core.files.replacement import replace_file
from ronda.v1 import alert_pb2, confirmation_service_pb2
from server.calls.said_of_hits import FILE
from server.confirmation.store import Row

DAY_MS = 86_400_000
NOTE = "CONFIRMATION"  # code of the hit's note, with the state's name behind it
_GUATEMALA = ZoneInfo("America/Guatemala")
_ALL_SUBJECTS = bytes(16)
_REASONS: dict[int, str] = {
    confirmation_service_pb2.CONFIRMATION_REASON_IN_FORCE: "vigente",
    confirmation_service_pb2.CONFIRMATION_REASON_CANCELLED: "revocada",
    confirmation_service_pb2.CONFIRMATION_REASON_EXECUTED: "ya ejecutada",
    confirmation_service_pb2.CONFIRMATION_REASON_NOT_ON_FILE: "no consta",
    confirmation_service_pb2.CONFIRMATION_REASON_OTHER_SUBJECT: "no es este sujeto",
}
# Denials of the record itself, whomever it is shown for.
_OF_THE_RECORD = (
    confirmation_service_pb2.CONFIRMATION_REASON_CANCELLED,
    confirmation_service_pb2.CONFIRMATION_REASON_EXECUTED,
    confirmation_service_pb2.CONFIRMATION_REASON_NOT_ON_FILE,
)
_CONFIRMED = alert_pb2.CONFIRMATION_STATE_CONFIRMED
_DENIED = alert_pb2.CONFIRMATION_STATE_DENIED
_UNANSWERED = alert_pb2.CONFIRMATION_STATE_UNANSWERED


def reason_code(reason: int) -> str:
    """The contract's name of a reason, without its prefix."""
    name = confirmation_service_pb2.ConfirmationReason.Name(reason)
    return name.removeprefix("CONFIRMATION_REASON_")


def line(row: Row) -> str:
    """Returns the line for the officer."""
    asked = f"{_desk(row.desks[row.desk])} {_moment(row.requested_ms)}"
    if row.state == _CONFIRMED:
        return f"confirmada por {_desk(row.answered_by)} {_moment(row.changed_ms)}"
    if row.state == _DENIED:
        return f"desmentida por {_desk(row.answered_by)} {_moment(row.changed_ms)}: {_REASONS[row.reason]}"
    if row.state == _UNANSWERED:
        silent = ", ".join(_desk(each) for each in row.desks[: max(1, row.escalations)] if each not in row.received)
        received = "".join(f"; recibido por {_desk(each)}" for each in row.received)
        return f"sin confirmar: verifique ({silent} no respondió{received}; consultado {_moment(row.requested_ms)})"
    return f"sin confirmar: verifique (consultado a {asked})"


def message(row: Row) -> confirmation_service_pb2.Confirmation:
    """The contract's message."""
    found = confirmation_service_pb2.Confirmation(
        confirmation_id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        subject_id=row.subject_id,
        answer_id=row.answer_id,
        urgency=row.urgency,  # type: ignore[arg-type]
        state=row.state,  # type: ignore[arg-type]
        desk=row.answered_by or row.desks[row.desk],
        escalations=row.escalations,
        requested_at=timestamp(row.requested_ms),
        requested_by=f"{row.institution}/{row.unit}" if row.unit else row.institution,
        text=line(row),
    )
    found.record.register_id, found.record.record_id, found.record.version = row.register_id, row.record_id, row.version
    if row.due_ms is not None:
        found.due_at.CopyFrom(timestamp(row.due_ms))
    if row.answered_ms is not None:
        found.answered_at.CopyFrom(timestamp(row.answered_ms))
        found.reason.code, found.reason.text = reason_code(row.reason), _REASONS[row.reason]
    return found


def shown_rows(rows: Iterable[Row], now_ms: int, denied_ms: int) -> dict[bytes, Row]:
    """Returns the row to show for each key of core.call.confirmations. rows: by the time of their change, oldest first.

    A denial stands until its desk takes it back or its time is over, even if the same is asked again. A denial of the
    record itself stands for every subject of the record, until a desk says that it is in force.
    """
    shown: dict[bytes, Row] = {}
    for row in rows:
        lasts_ms = denied_ms if row.state == _DENIED else DAY_MS
        if row.changed_ms + lasts_ms < now_ms and row.due_ms is None:
            continue
        record = row.register_id.encode() + b"\0" + row.record_id.encode()
        whole, own = _ALL_SUBJECTS + record, bytes.fromhex(row.subject_id) + record
        if row.state == _DENIED and row.reason in _OF_THE_RECORD:
            shown[whole] = row
            continue
        if row.state == _CONFIRMED:
            shown.pop(whole, None)
        before = shown.get(own)
        if row.state in (_CONFIRMED, _DENIED) or before is None or before.state != _DENIED:
            shown[own] = row
    return shown


def write_shown(folder: Path, shown: dict[bytes, Row]) -> None:
    """Raises OSError."""
    rows = [[base64.b64encode(key).decode(), row.state == _DENIED, _fields(row)] for key, row in shown.items()]
    replace_file(folder / FILE, json.dumps(rows).encode("ascii"))


def _fields(row: Row) -> str:
    """Fields of Hit that are added to the hit, for a JSON file."""
    text = line(row)
    answered = row.answered_ms is not None
    hit = alert_pb2.Hit()
    state = alert_pb2.ConfirmationState.Name(row.state)
    hit.notes.add(code=f"{NOTE}_{state.removeprefix('CONFIRMATION_STATE_')}", text=text)
    hit.confirmation.state = row.state  # type: ignore[assignment]
    hit.confirmation.confirmation_id = row.id
    hit.confirmation.institution = row.answered_by if answered else row.desks[row.desk]
    hit.confirmation.at.CopyFrom(timestamp(row.changed_ms))
    if answered:
        hit.confirmation.reason.code, hit.confirmation.reason.text = reason_code(row.reason), _REASONS[row.reason]
    hit.confirmation.text = text
    return base64.b64encode(hit.SerializeToString()).decode()


def timestamp(ms: int) -> Timestamp:
    """UTC milliseconds as the contract has them."""
    found = Timestamp()
    found.FromMilliseconds(ms)
    return found


def _desk(institution: str) -> str:
    return institution.upper()


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_GUATEMALA).strftime("%d/%m %H:%M")
