"""A record as plain JSON values: its codes by their names, what was asked opened on demand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from core.audit.reader import Entry, Flag, How
from ronda.v1 import context_pb2, error_pb2
from server.audit.issuer_acts import IssuerAct
from server.audit.looking import Tool
from server.audit.methods import METHODS, REQUESTS
from server.audit.reading import AuditReader, AuditRecord

_NAMES = {
    **{number: method.name for number, method in METHODS.items()},
    **{each.value: each.name for each in (*Tool, *IssuerAct)},
}
_WAYS: dict[int, str] = {each.value: each.name for each in How}


class SealBroken(Exception):
    """The seal of a question does not hold."""


def code_names(record: AuditRecord) -> dict[str, str]:
    """Names of `method`, `purpose` and `status` ("OK" = answered), as the contract and the tools have them."""
    purpose = context_pb2.Purpose.DESCRIPTOR.values_by_number.get(record.purpose)
    reason = error_pb2.ErrorReason.DESCRIPTOR.values_by_number.get(record.status)
    return {
        "method": _NAMES.get(record.method, str(record.method)),
        "purpose": purpose.name.removeprefix("PURPOSE_") if purpose is not None else str(record.purpose),
        "status": "OK" if not record.status else reason.name.removeprefix("ERROR_REASON_") if reason else "?",
    }


def ways(entries: Sequence[Entry]) -> list[str]:
    """Returns how a subject was shown, by the names of core.audit.reader.How; "" = in no known way."""
    return [_WAYS.get(entry.how, "") for entry in entries]


def asked(reader: AuditReader, record: AuditRecord) -> Any:
    """Returns the question: a message as JSON, a tool's arguments, anything else as hexadecimal; None = none.

    Raises SealBroken, KeyMissing.
    """
    opened = reader.question(record)
    if opened is None:
        raise SealBroken
    if not opened:
        return None
    try:
        if record.method >= min(Tool):
            return json.loads(opened)
        return MessageToDict(REQUESTS[record.method].FromString(opened), preserving_proto_field_name=True)
    except (KeyError, ValueError, DecodeError):
        return opened.hex()


def described(record: AuditRecord, zone: tzinfo) -> dict[str, Any]:
    """The record without what was asked; `time` is ISO 8601 in that zone."""
    return {
        "record": f"{record.segment}/{record.place}",
        "time": datetime.fromtimestamp(record.time_ms / 1000, zone).isoformat(timespec="seconds"),
        **code_names(record),
        "identity": record.identity,
        "case_number": record.case_number,
        "request_id": record.request_id,
        "generation": record.generation,
        "sequence": 0 if record.flags & Flag.SUMMED else record.overlay_sequence,
        "answer_id": record.answer_id.hex(),
        "latency_us": record.latency_us,
        "flags": record.flags,
        "stands_for": record.stands_for,
        "subjects_shown": len(record.entries),
    }
