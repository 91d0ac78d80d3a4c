"""server/errors.py's table as the loop has it, and the refusals that are always the same."""

from __future__ import annotations

from core.lane.express import Ended, Refusals
from core.lane.statuses import StatusTable
from ronda.v1 import error_pb2
from server.calls.gate import RETRY_AFTER_MS
from server.errors import DOMAIN, STATUS, Refusal, is_retryable, reason_name, status_of


def status_table() -> StatusTable:
    """Every reason of the contract."""
    rows = {
        reason: (code.value[0], is_retryable(reason), reason_name(reason).encode(), text.encode())
        for reason, (code, text) in STATUS.items()
    }
    return StatusTable(rows, DOMAIN.encode())


def ended_by(refusal: Refusal) -> Ended:
    """Returns how a call with this refusal ends."""
    code, status = status_of(refusal)
    return Ended(code.value[0], status.message.encode(), status.SerializeToString())


def fixed_refusals() -> Refusals:
    """Returns the refusals that the loop makes itself, not the core."""
    return Refusals(
        overloaded=ended_by(Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=RETRY_AFTER_MS)),
        late=ended_by(Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)),
        malformed=ended_by(Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED)),
    )
