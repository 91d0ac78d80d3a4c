"""The audit record of a call that was refused before the core saw it: who it seemed to be, and what it wanted.

What the server refuses for a reason of its own (overload, a drain, no generation yet) says nothing about anybody, and
has no record.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError

from core.caller import METHOD_OF_CLEAR, Caller
from core.engine import METHODS
from core.errors import AuditUnavailable
from ronda.v1 import context_pb2, error_pb2, register_service_pb2
from server.audit.writer import AuditWriter
from server.errors import Refusal
from server.logs import ERROR, log

# bytes of a refused request that are kept, sealed: a large one is refused for its size, not for what it asks
_ASKED_BYTES = 4096

_STATE_OF_THE_SERVER = frozenset(
    {
        error_pb2.ERROR_REASON_NO_GENERATION,
        error_pb2.ERROR_REASON_OVERLOADED,
        error_pb2.ERROR_REASON_DRAINING,
        error_pb2.ERROR_REASON_DEADLINE_EXCEEDED,
        error_pb2.ERROR_REASON_AUDIT_UNAVAILABLE,
    }
)


async def record_refusal(
    audit: AuditWriter, method: str, request: bytes, refusal: Refusal, caller: Caller | None, clock_ms: int
) -> None:
    """Appends the record. One that cannot be written is logged: the refusal tells nothing, so it may leave."""
    if refusal.reason in _STATE_OF_THE_SERVER:
        return
    frame = _context_of(request)
    try:
        audit.log.append_record(
            clock_ms=clock_ms,
            method=METHODS.get(method, METHOD_OF_CLEAR),
            purpose=max(0, min(frame.purpose, 255)),
            status=refusal.reason,
            identity=caller.identity if caller is not None else refusal.identity,
            case_number=frame.case_number.encode(),
            request_id=frame.request_id.encode(),
            asked=request[:_ASKED_BYTES],
        )
        if audit.waits:
            await audit.durable()
    except AuditUnavailable:
        log("refusal_not_recorded", level=ERROR, method=method)


def _context_of(request: bytes) -> context_pb2.RequestContext:
    """The request's context: field 1 of every request, read by the smallest message that has it."""
    try:
        return register_service_pb2.ListRegistersRequest.FromString(request).context
    except DecodeError:
        return context_pb2.RequestContext()
