"""The audit record of a call that was refused before the core saw it: who it seemed to be, and what it wanted.

What the server refuses for a reason of its own (overload, a drain, no generation yet) says nothing about anybody, and
has no record.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from core.access.caller import Caller
from core.audit.reader import Flag
from core.errors import AuditUnavailable
from ronda.v1 import context_pb2, error_pb2, register_service_pb2
from server.audit.methods import CALLED
from server.audit.writer import AuditWriter
from server.errors import Refusal
from server.logs import ERROR, log

# bytes of a refused request that are kept, sealed: a large one is refused for its size, not for what it asks
_ASKED_BYTES = 4096
_NOT_KNOWN = 0  # health, reflection, methods that there are not
WHOLE = 20  # refusals of one caller, reason and minute that have a record each
MINUTE_S = 60.0
_LOOK_S = 2.0
_CALLERS = 4096

_STATE_OF_THE_SERVER = frozenset(
    {
        error_pb2.ERROR_REASON_NO_GENERATION,
        error_pb2.ERROR_REASON_OVERLOADED,
        error_pb2.ERROR_REASON_DRAINING,
        error_pb2.ERROR_REASON_DEADLINE_EXCEEDED,
        error_pb2.ERROR_REASON_AUDIT_UNAVAILABLE,
    }
)


class RefusalRecords:
    """Writes the records of refused calls: a caller refused again and again cannot fill the audit disk.

    For each caller and reason the first WHOLE refusals of a minute have a record each. The rest are counted, and have
    one record together when the minute is over (Flag.SUMMED, their number as its sequence: docs/audit-format.md). While
    they continue, each further minute has that one record alone. Not thread-safe.
    """

    def __init__(self, audit: AuditWriter) -> None:
        self._audit = audit
        self._counted: dict[tuple[bytes, int], _Counted] = {}

    async def record(self, method: str, request: bytes, refusal: Refusal, caller: Caller | None, clock_ms: int) -> None:
        """Appends the record, or counts. One that cannot be written is logged: a refusal tells nothing."""
        if refusal.reason in _STATE_OF_THE_SERVER:
            return
        identity = caller.identity if caller is not None else refusal.identity
        if self._counts(identity, refusal.reason, time.monotonic()):
            return
        frame = _context_of(request)
        try:
            self._audit.log.append_record(
                clock_ms=clock_ms,
                method=CALLED.get(method, _NOT_KNOWN),
                purpose=max(0, min(frame.purpose, 255)),
                status=refusal.reason,
                identity=identity,
                case_number=frame.case_number.encode(),
                request_id=frame.request_id.encode(),
                asked=request[:_ASKED_BYTES],
            )
            if self._audit.waits:
                await self._audit.durable()
        except AuditUnavailable:
            log("refusal_not_recorded", level=ERROR, method=method)

    def _counts(self, identity: bytes, reason: int, now: float) -> bool:
        """Returns whether this refusal is only counted."""
        counted = self._counted.get((identity, reason))
        if counted is None:
            if len(self._counted) >= _CALLERS:  # more callers than anybody enrolled: counted by reason alone
                identity = b""
            counted = self._counted.setdefault((identity, reason), _Counted(now + MINUTE_S, WHOLE))
        if counted.whole > 0:
            counted.whole -= 1
            return False
        counted.more += 1
        return True

    def sum_up(self, clock_ms: int, *, all_of_them: bool = False) -> None:
        """Writes the records of minutes that are over; at the end of a worker, of those that run too."""
        now = time.monotonic()
        for key, counted in list(self._counted.items()):
            if counted.ends > now and not all_of_them:
                continue
            if not counted.more:
                del self._counted[key]
                continue
            identity, reason = key
            try:
                self._audit.log.append_record(
                    clock_ms=clock_ms,
                    status=reason,
                    flags=Flag.SUMMED,
                    identity=identity,
                    overlay_sequence=counted.more,
                )
            except AuditUnavailable:
                log("refusal_not_recorded", level=ERROR, refusals=counted.more)
                continue  # asked again: the number is not lost while the worker lives
            self._counted[key] = _Counted(now + MINUTE_S, 0)

    async def run(self) -> None:
        """Sums up while the worker serves."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.sum_up(time.time_ns() // 1_000_000)


@dataclass
class _Counted:
    """State of one caller and reason: end of the minute, records left, refusals without a record."""

    ends: float
    whole: int
    more: int = 0


def _context_of(request: bytes) -> context_pb2.RequestContext:
    """The request's context: field 1 of every request, read by the smallest message that has it."""
    try:
        return register_service_pb2.ListRegistersRequest.FromString(request).context
    except DecodeError:
        return context_pb2.RequestContext()
