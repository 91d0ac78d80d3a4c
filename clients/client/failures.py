"""The reasons for a call without answer, as exceptions: one class for each thing that a program can do about it.

None holds the question: no field's value, no request, no gRPC call object. A server that is no Ronda may repeat the
question in its error; such texts are left out (`failure_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Statuses that are worth another attempt where the server named no reason. CANCELLED is what calls get that a stopping
# worker holds and has not answered; what the client itself cancels does not come here.
RETRYABLE_STATUSES = ("UNAVAILABLE", "CANCELLED")

LEFT_OUT = "(left out: it repeats the question)"
_LEAST_REPEATED = 3  # characters: less is in every text


@dataclass(frozen=True)
class FieldViolation:
    """One field that breaks a rule, as the server names them."""

    field: str
    rule: str


class CallFailure(Exception):
    """A call that got no answer.

    status: gRPC status name, for example "INVALID_ARGUMENT".
    reason: ErrorReason name without prefix, "" where the server sent none.
    retry_after_seconds: None where the server named no time.
    """

    def __init__(
        self,
        status: str,
        message: str,
        reason: str = "",
        violations: Iterable[FieldViolation] = (),
        retry_after_seconds: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.reason = reason
        self.violations = tuple(violations)
        self.retry_after_seconds = retry_after_seconds
        self.metadata = dict(metadata or {})
        super().__init__(status, message, reason, self.violations, retry_after_seconds, self.metadata)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}" if self.reason else f"{self.status}: {self.message}"

    @property
    def retryable(self) -> bool:
        """Returns whether the same request may succeed later unchanged: by the server's statement, else by the
        status."""
        word = self.metadata.get("retryable")
        return word == "true" if word is not None else not self.reason and self.status in RETRYABLE_STATUSES


class QuestionRefused(CallFailure):
    """The question breaks a rule: `violations` name fields and rules. Ask otherwise."""


class NotSignedIn(CallFailure):
    """The token or the device is not accepted: sign in anew, or have the device enrolled."""


class NotAllowed(CallFailure):
    """Policy does not permit this purpose or method to this caller."""


class Busy(CallFailure):
    """An allowance is spent, or the server sheds load: come back after `retry_after_seconds`."""


class Unavailable(CallFailure):
    """The server is not reached, not trusted, or starting: the client's `diagnose` finds which."""


class TooLate(CallFailure):
    """The deadline passed before an answer came. It says nothing about who was asked for."""


class OutcomeUnknown(CallFailure):
    """A change was sent and no answer came: it may have been carried out. Repeated unchanged it counts once."""


class Gone(CallFailure):
    """The subject, the page or the generation is no longer there: ask anew."""


class HalfAnAnswer(CallFailure):
    """The answer is not the one that the contract promises: cut, empty, or another program's."""


class Fault(CallFailure):
    """A defect, the server's or this client's, or damaged data: nothing to do but tell its operators."""


_BY_STATUS: dict[str, type[CallFailure]] = {
    "INVALID_ARGUMENT": QuestionRefused,
    "UNAUTHENTICATED": NotSignedIn,
    "PERMISSION_DENIED": NotAllowed,
    "RESOURCE_EXHAUSTED": Busy,
    "UNAVAILABLE": Unavailable,
    "CANCELLED": Unavailable,
    "DEADLINE_EXCEEDED": TooLate,
    "FAILED_PRECONDITION": Gone,
    "NOT_FOUND": Gone,
}


def read_failure(error: Any) -> CallFailure:
    """Turns a gRPC error (grpc.RpcError of either kind) with google.rpc details into a CallFailure of its kind."""
    if not hasattr(error, "trailing_metadata"):  # grpc.Call and grpc.aio's error have it, and nothing else in common
        return Fault("UNKNOWN", "the call failed in a way that gRPC does not name")
    reason = ""
    violations: list[FieldViolation] = []
    retry_after: float | None = None
    metadata: dict[str, str] = {}
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details do not belong to the status: show the plain status
        status = None
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            violations += [FieldViolation(v.field, v.description) for v in bad.field_violations]
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    name = error.code().name
    message = error.details() or ""
    kind = _BY_STATUS.get(name, Fault)
    if not reason and (name == "UNIMPLEMENTED" or "deserializing" in message):
        kind = HalfAnAnswer
    return kind(name, message, reason, violations, retry_after, metadata)


def failure_of(error: Any, request: Message | None) -> CallFailure:
    """`read_failure`, without any text that repeats a text of `request`."""
    failure = read_failure(error)
    asked = {text.casefold() for text in _texts(request) if len(text) >= _LEAST_REPEATED} if request else set()

    def told(text: str) -> str:
        return LEFT_OUT if any(word in text.casefold() for word in asked) else text

    return type(failure)(
        failure.status,
        told(failure.message),
        told(failure.reason),
        [FieldViolation(told(v.field), told(v.rule)) for v in failure.violations],
        failure.retry_after_seconds,
        {key: told(value) for key, value in failure.metadata.items()},
    )


def _texts(message: Any) -> Iterable[str]:
    """Every text in a message, however deep; of the frame those that a person typed."""
    for field, value in message.ListFields():
        for one in [value] if isinstance(value, str | bytes | int | float | Message) else value:
            if isinstance(one, str):
                if field.name != "request_id":
                    yield one
            elif isinstance(one, Message):
                yield from _texts(one)
