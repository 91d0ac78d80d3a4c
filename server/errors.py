"""The one place where an error becomes a gRPC status with google.rpc details.

| at fault | core raises | status |
|---|---|---|
| the caller | QuestionError(reason, field, rule) | its reason's row in `STATUS`; BadRequest where a field is named |
| our data | DossierDamaged | DATA_LOSS |
| our state | Refusal(NO_GENERATION, OVERLOADED, DRAINING...) | UNAVAILABLE, RESOURCE_EXHAUSTED, with RetryInfo |
| the caller | LimitExceeded(limit, retry_after_ms) | RESOURCE_EXHAUSTED, with QuotaFailure and RetryInfo |
| our state | AuditUnavailable | UNAVAILABLE, with RetryInfo |
| us | anything else | INTERNAL: the log holds the stack, the caller gets nothing of it |

gRPC answers three cases by itself, without details:
- a message over `max_transport_message_bytes`: RESOURCE_EXHAUSTED;
- more calls at once than a worker can hold: RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!";
- a deadline that passed while the answer was on its way: DEADLINE_EXCEEDED, made by the client.
"""

from __future__ import annotations

from typing import NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from core.errors import (
    AuditUnavailable,
    CoreError,
    DossierDamaged,
    GenerationDamaged,
    GenerationNeeded,
    LimitExceeded,
    QuestionError,
    TooManyPersons,
)
from ronda.v1 import error_pb2

DOMAIN = "ronda.v1"
DETAILS_KEY = "grpc-status-details-bin"
MAY_FIT = "may_fit"  # in the metadata of QUERY_TOO_BROAD
METHOD_UNKNOWN = error_pb2.ErrorReason.Name(error_pb2.ERROR_REASON_METHOD_UNKNOWN).removeprefix("ERROR_REASON_")

_AUDIT_RETRY_MS = 1000
_PREFIX = "ERROR_REASON_"
_CODES = grpc.StatusCode

# reason -> (status, text for the caller where no field and rule say it better)
STATUS: dict[int, tuple[grpc.StatusCode, str]] = {
    error_pb2.ERROR_REASON_FIELD_INVALID: (_CODES.INVALID_ARGUMENT, "a field breaks a rule"),
    error_pb2.ERROR_REASON_MESSAGE_MALFORMED: (_CODES.INVALID_ARGUMENT, "the bytes are not the message they should be"),
    error_pb2.ERROR_REASON_QUESTION_EMPTY: (_CODES.INVALID_ARGUMENT, "nothing was asked"),
    error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS: (_CODES.INVALID_ARGUMENT, "query and typed fields exclude each other"),
    error_pb2.ERROR_REASON_PAGE_TOKEN_INVALID: (_CODES.INVALID_ARGUMENT, "this page token was not made for this list"),
    error_pb2.ERROR_REASON_GENERATION_GONE: (_CODES.FAILED_PRECONDITION, "that generation is gone: start again"),
    error_pb2.ERROR_REASON_SUBJECT_NOT_FOUND: (_CODES.NOT_FOUND, "this generation does not hold that subject"),
    error_pb2.ERROR_REASON_FORBIDDEN: (_CODES.PERMISSION_DENIED, "the grant does not allow this call"),
    error_pb2.ERROR_REASON_NO_GENERATION: (_CODES.UNAVAILABLE, "no generation is published, or it is refused"),
    error_pb2.ERROR_REASON_OVERLOADED: (_CODES.RESOURCE_EXHAUSTED, "the server sheds load: come back later"),
    error_pb2.ERROR_REASON_DOSSIER_DAMAGED: (_CODES.DATA_LOSS, "a stored dossier is damaged; nothing is shown for it"),
    error_pb2.ERROR_REASON_DEADLINE_EXCEEDED: (_CODES.DEADLINE_EXCEEDED, "the deadline passed before the answer"),
    error_pb2.ERROR_REASON_INTERNAL: (_CODES.INTERNAL, "defect of the server; its log says more"),
    error_pb2.ERROR_REASON_DRAINING: (_CODES.UNAVAILABLE, "the server is draining: connect again"),
    error_pb2.ERROR_REASON_MESSAGE_TOO_LARGE: (_CODES.RESOURCE_EXHAUSTED, "the message is larger than the limit"),
    error_pb2.ERROR_REASON_QUERY_TOO_BROAD: (_CODES.INVALID_ARGUMENT, "the query is too broad: narrow it"),
    error_pb2.ERROR_REASON_METHOD_UNKNOWN: (_CODES.UNIMPLEMENTED, "this server has no such method"),
    error_pb2.ERROR_REASON_TLS_TOO_OLD: (_CODES.UNAUTHENTICATED, "TLS 1.3 is needed"),
    error_pb2.ERROR_REASON_CERTIFICATE_UNKNOWN: (_CODES.UNAUTHENTICATED, "no device is enrolled by that certificate"),
    error_pb2.ERROR_REASON_TOKEN_MISSING: (_CODES.UNAUTHENTICATED, "authorization: a Bearer token is needed"),
    error_pb2.ERROR_REASON_TOKEN_INVALID: (_CODES.UNAUTHENTICATED, "the token is not accepted"),
    error_pb2.ERROR_REASON_TOKEN_EXPIRED: (_CODES.UNAUTHENTICATED, "the token has expired"),
    error_pb2.ERROR_REASON_TOKEN_NOT_YET_VALID: (_CODES.UNAUTHENTICATED, "the token is not valid yet"),
    error_pb2.ERROR_REASON_TOKEN_NOT_BOUND: (_CODES.UNAUTHENTICATED, "the token is of another client certificate"),
    error_pb2.ERROR_REASON_DELEGATION_FORBIDDEN: (_CODES.PERMISSION_DENIED, "this certificate asks for itself alone"),
    error_pb2.ERROR_REASON_REVOKED: (_CODES.UNAUTHENTICATED, "revoked"),
    error_pb2.ERROR_REASON_LIMIT_EXCEEDED: (_CODES.RESOURCE_EXHAUSTED, "an allowance is spent: come back later"),
    error_pb2.ERROR_REASON_TOO_MANY_PERSONS: (
        _CODES.RESOURCE_EXHAUSTED,
        "too many different persons were shown: come back later",
    ),
    error_pb2.ERROR_REASON_HANDLE_INVALID: (_CODES.INVALID_ARGUMENT, "no handle of a list that stands: search again"),
    error_pb2.ERROR_REASON_METADATA_TOO_LARGE: (_CODES.RESOURCE_EXHAUSTED, "the metadata is larger than the limit"),
    error_pb2.ERROR_REASON_AUDIT_UNAVAILABLE: (_CODES.UNAVAILABLE, "no record can be written: no answer"),
    error_pb2.ERROR_REASON_SIGN_IN_REFUSED: (_CODES.UNAUTHENTICATED, "the sign-in is refused"),
    error_pb2.ERROR_REASON_SESSION_OVER: (_CODES.UNAUTHENTICATED, "the session is over: sign in again"),
    error_pb2.ERROR_REASON_PIN_EXPIRED: (_CODES.FAILED_PRECONDITION, "the PIN or password must be changed first"),
    error_pb2.ERROR_REASON_PART_UNAVAILABLE: (_CODES.UNAVAILABLE, "what answers this is not ready: come back later"),
    error_pb2.ERROR_REASON_CONFIRMATION_NOT_FOUND: (_CODES.NOT_FOUND, "no such hit or confirmation for this caller"),
    error_pb2.ERROR_REASON_FEED_SOURCE_UNKNOWN: (_CODES.PERMISSION_DENIED, "this institution has no such source"),
    error_pb2.ERROR_REASON_FEED_REGISTER_FOREIGN: (_CODES.PERMISSION_DENIED, "this source feeds no such register"),
    error_pb2.ERROR_REASON_FEED_SEQUENCE_REUSED: (_CODES.FAILED_PRECONDITION, "this sequence has another content"),
    error_pb2.ERROR_REASON_FEED_SEQUENCE_RESET: (_CODES.FAILED_PRECONDITION, "sequences never start anew"),
    error_pb2.ERROR_REASON_FEED_GAP_TOO_WIDE: (_CODES.FAILED_PRECONDITION, "send what is missing before it first"),
    error_pb2.ERROR_REASON_FEED_EVENT_IN_FUTURE: (_CODES.INVALID_ARGUMENT, "the event lies in the future"),
    error_pb2.ERROR_REASON_FEED_ROW_REFUSED: (_CODES.INVALID_ARGUMENT, "the row gives no record of its register"),
    error_pb2.ERROR_REASON_FEED_CHANGE_TOO_LARGE: (_CODES.RESOURCE_EXHAUSTED, "the change is larger than the limit"),
    error_pb2.ERROR_REASON_FEED_NOT_KEPT: (_CODES.UNAVAILABLE, "the ledger has no room: nothing was taken"),
    error_pb2.ERROR_REASON_FEED_LEDGER_DIFFERS: (_CODES.FAILED_PRECONDITION, "the ledger holds other changes"),
    error_pb2.ERROR_REASON_STATISTICS_UNAVAILABLE: (
        _CODES.UNAVAILABLE,
        "no mart is built, or it is refused",
    ),
}


class Refusal(Exception):
    """A call that the server itself refuses (the engine never saw it, or could not answer it).

    `retry_after_ms` becomes RetryInfo, `quota` (the limit that is spent) QuotaFailure, `metadata` goes into ErrorInfo;
    none holds personal data. `identity` is for the audit record alone.
    """

    def __init__(
        self,
        reason: int,
        *,
        field: str = "",
        rule: str = "",
        retry_after_ms: int | None = None,
        quota: str = "",
        metadata: dict[str, str] | None = None,
        identity: bytes = b"",
    ) -> None:
        super().__init__(reason_name(reason))
        self.reason = reason
        self.field = field
        self.rule = rule
        self.retry_after_ms = retry_after_ms
        self.quota = quota
        self.metadata = metadata or {}
        self.identity = identity


def reason_name(reason: int) -> str:
    """The contract's name of a reason without its prefix; UNSPECIFIED for a number that the contract lacks."""
    value = error_pb2.ErrorReason.DESCRIPTOR.values_by_number.get(reason)
    return value.name.removeprefix(_PREFIX) if value is not None else "UNSPECIFIED"


def is_retryable(reason: int) -> bool:
    """Returns whether the same request may succeed later unchanged, as the contract's option says."""
    value = error_pb2.ErrorReason.DESCRIPTOR.values_by_number.get(reason)
    return bool(value is not None and value.GetOptions().Extensions[error_pb2.retryable])  # type: ignore[index]


def refusal_of(error: BaseException) -> Refusal:
    """The refusal that a caller gets for `error`, by who is at fault."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, QuestionError):
        reason = error.reason if error.reason in STATUS else error_pb2.ERROR_REASON_INTERNAL
        return Refusal(
            reason, field=error.field, rule=error.rule, metadata={MAY_FIT: str(error.count)} if error.count else {}
        )
    if isinstance(error, GenerationNeeded):
        return Refusal(error_pb2.ERROR_REASON_GENERATION_GONE, field=error.field)
    if isinstance(error, LimitExceeded):
        spent = isinstance(error, TooManyPersons)
        reason = error_pb2.ERROR_REASON_TOO_MANY_PERSONS if spent else error_pb2.ERROR_REASON_LIMIT_EXCEEDED
        return Refusal(reason, quota=error.limit, retry_after_ms=error.retry_after_ms)
    if isinstance(error, AuditUnavailable):
        return Refusal(error_pb2.ERROR_REASON_AUDIT_UNAVAILABLE, retry_after_ms=_AUDIT_RETRY_MS)
    if isinstance(error, DossierDamaged):
        return Refusal(error_pb2.ERROR_REASON_DOSSIER_DAMAGED)
    if isinstance(error, GenerationDamaged):
        return Refusal(error_pb2.ERROR_REASON_NO_GENERATION, retry_after_ms=1000)
    return Refusal(error_pb2.ERROR_REASON_INTERNAL)


def is_our_fault(error: BaseException) -> bool:
    """Returns whether `error` is a defect or damage to be logged, not a caller's mistake or a planned refusal."""
    return not isinstance(error, Refusal | LimitExceeded | GenerationNeeded) and not (
        isinstance(error, QuestionError) and error.reason in STATUS
    )


def status_of(refusal: Refusal) -> tuple[grpc.StatusCode, status_pb2.Status]:
    """The gRPC status and the google.rpc.Status of a refusal."""
    code, text = STATUS[refusal.reason]
    if refusal.field or refusal.rule:
        text = f"{refusal.field}: {refusal.rule or text}" if refusal.field else refusal.rule
    metadata = {"retryable": "true" if is_retryable(refusal.reason) else "false", **refusal.metadata}
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=reason_name(refusal.reason), domain=DOMAIN, metadata=metadata)
    ]
    if refusal.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=refusal.field, description=refusal.rule or text)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if refusal.quota:
        spent = error_details_pb2.QuotaFailure.Violation(subject=refusal.quota, description=text)
        details.append(error_details_pb2.QuotaFailure(violations=[spent]))
    if refusal.retry_after_ms is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(refusal.retry_after_ms)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return code, _status(code, text, details)


def method_unknown_status() -> tuple[grpc.StatusCode, status_pb2.Status]:
    """UNIMPLEMENTED for a method that the contract lacks; no ErrorReason, for no version of Ronda ever had it."""
    info = error_details_pb2.ErrorInfo(reason=METHOD_UNKNOWN, domain=DOMAIN, metadata={"retryable": "false"})
    violation = error_details_pb2.BadRequest.FieldViolation(field=":path", description="no such method")
    details: list[Message] = [info, error_details_pb2.BadRequest(field_violations=[violation])]
    return _CODES.UNIMPLEMENTED, _status(_CODES.UNIMPLEMENTED, "no such method", details)


def _status(code: grpc.StatusCode, text: str, details: list[Message]) -> status_pb2.Status:
    packed = []
    for detail in details:
        any_detail = any_pb2.Any()
        any_detail.Pack(detail, deterministic=True)  # maps in order: core/lane writes the same bytes
        packed.append(any_detail)
    return status_pb2.Status(code=code.value[0], message=text, details=packed)


async def abort(
    context: grpc.aio.ServicerContext[bytes, bytes], code: grpc.StatusCode, status: status_pb2.Status
) -> NoReturn:
    """Ends the call with `status`, its details in the trailing metadata."""
    await context.abort(code, status.message, ((DETAILS_KEY, status.SerializeToString()),))


__all__ = [
    "DETAILS_KEY",
    "DOMAIN",
    "MAY_FIT",
    "STATUS",
    "CoreError",
    "Refusal",
    "abort",
    "is_our_fault",
    "is_retryable",
    "method_unknown_status",
    "reason_name",
    "refusal_of",
    "status_of",
]
