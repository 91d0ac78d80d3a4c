"""The outcome of one call, in a form in which two transports can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from clients.client.lane import TOLD_BY
from ronda.v1 import check_service_pb2 as checks

DETAILS = "grpc-status-details-bin"
_OWN = frozenset({DETAILS, TOLD_BY})  # TOLD_BY: grpcio's address tells of the lane, the lane need not
_ANSWERS: dict[str, Any] = {
    "Check": checks.CheckResponse,
    "CheckPerson": checks.CheckPersonResponse,
    "CheckVehicle": checks.CheckVehicleResponse,
}
Metadata = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Came:
    """Status, text, google.rpc details, metadata, and the response without what differs from call to call."""

    code: str
    text: str
    details: str
    reason: str  # of the ErrorInfo; "" where there is none
    initial: tuple[tuple[str, str | bytes], ...]
    trailing: tuple[tuple[str, str | bytes], ...]
    response: str | bytes


def differences(one: Came, other: Came) -> dict[str, tuple[object, object]]:
    """Field -> what each says, of the fields that differ."""
    pairs = {each.name: (getattr(one, each.name), getattr(other, each.name)) for each in fields(Came)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def ask(channel: grpc.Channel, path: str, request: bytes, metadata: Metadata = (), **options: Any) -> Came:
    """One call, as gRPC's own client makes it."""
    options.setdefault("timeout", 20)
    stub: Any = channel.unary_unary(path, None, None)
    call = stub.future(request, metadata=metadata, **options)
    error = call.exception()
    trailing = tuple((str(key), value) for key, value in call.trailing_metadata() or ())
    details, reason = told_by(dict(trailing).get(DETAILS, b""))
    return Came(
        code=call.code().name,
        text=call.details() or "",
        details=details,
        reason=reason,
        initial=tuple(sorted((str(key), value) for key, value in call.initial_metadata() or ())),
        trailing=tuple(sorted((key, value) for key, value in trailing if key not in _OWN)),
        response=timeless(path, call.result()) if error is None else b"",
    )


def told_by(packed: bytes | str) -> tuple[str, str]:
    """A google.rpc.Status as text with all its details, and the reason of its ErrorInfo; "" twice: none.

    Its map has no order (protobuf's own differs from process to process), and how long to wait is left out.
    """
    if not packed:
        return "", ""
    status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else packed.encode("latin-1"))
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    kinds = (error_details_pb2.BadRequest(), error_details_pb2.QuotaFailure())
    told = [str(status.code), status.message]
    for detail in status.details:
        if detail.Unpack(info):
            told.append(f"ErrorInfo {info.reason} {info.domain} {sorted(info.metadata.items())}")
        elif detail.Unpack(retry):
            told.append(f"RetryInfo {retry.retry_delay.ToNanoseconds() > 0}")
        else:
            told += [f"{kind.DESCRIPTOR.name} {kind}" for kind in kinds if detail.Unpack(kind)] or [str(detail)]
    return "\n".join(told), info.reason


def timeless(path: str, response: bytes) -> str | bytes:
    """The response as text, but for its id and its time; whatever is no answer as it is."""
    kind = _ANSWERS.get(path.rpartition("/")[2])
    if kind is None or not path.startswith("/ronda.v1."):
        return response
    try:
        answer = kind.FromString(response)
    except DecodeError:
        return response
    assert answer.answer.answer_id
    assert answer.answer.answered_at.seconds
    answer.answer.ClearField("answer_id")
    answer.answer.ClearField("answered_at")
    for candidate in answer.candidates:  # a handle says until which minute it stands
        assert bool(candidate.handle) == bool(candidate.cui_tail)
        candidate.ClearField("handle")
    return str(answer)
