"""google.rpc.Status as the lane writes it without Python: the bytes of server/errors.py, for every reason."""

from __future__ import annotations

import pytest

from core.errors import CoreError, LimitExceeded, QuestionError, TooManyPersons
from ronda.v1 import error_pb2
from server.errors import STATUS, refusal_of, status_of
from server.lane.statuses import status_table

# What Python has to log is left to it.
OURS = {
    error_pb2.ERROR_REASON_AUDIT_UNAVAILABLE,
    error_pb2.ERROR_REASON_DOSSIER_DAMAGED,
    error_pb2.ERROR_REASON_INTERNAL,
}
SPENT: dict[int, type[LimitExceeded]] = {
    error_pb2.ERROR_REASON_LIMIT_EXCEEDED: LimitExceeded,
    error_pb2.ERROR_REASON_TOO_MANY_PERSONS: TooManyPersons,
}
LONG = "a rule of more than a hundred and twenty-seven bytes " * 4


def of_python(error: CoreError) -> tuple[int, bytes, bytes]:
    code, status = status_of(refusal_of(error))
    return code.value[0], status.message.encode(), status.SerializeToString()


@pytest.mark.parametrize("reason", sorted(STATUS), ids=error_pb2.ErrorReason.Name)
@pytest.mark.parametrize(("field", "rule"), [("", ""), ("cui", ""), ("", "too many"), ("context.purpose", LONG)])
@pytest.mark.parametrize("count", [0, 1, 4_000_000_000])
def test_every_reason_has_the_bytes_of_python(reason: int, field: str, rule: str, count: int) -> None:
    written = status_table().status(reason, field=field.encode(), rule=rule.encode(), count=count)
    if reason in OURS:
        assert written is None
        return
    if reason in SPENT:
        assert written == of_python(SPENT[reason]("", 0))
        return
    said = f"{rule}: {count}" if count else rule  # as core/engine/entry.pyx raises it
    assert written == of_python(QuestionError(reason, field, said, count=count))


@pytest.mark.parametrize("limit", ["officer", "officer_day", "device", "hours", "neighbours", "misses", "repeats"])
@pytest.mark.parametrize("retry_after_ms", [0, 1, 999, 1000, 86_400_000, 4_294_967_295])
def test_a_spent_allowance_has_the_bytes_of_python(limit: str, retry_after_ms: int) -> None:
    written = status_table().status(
        error_pb2.ERROR_REASON_LIMIT_EXCEEDED, limit=limit.encode(), retry_after_ms=retry_after_ms
    )
    assert written == of_python(LimitExceeded(limit, retry_after_ms))


def test_too_many_persons_have_the_bytes_of_python() -> None:
    reason, limit = error_pb2.ERROR_REASON_TOO_MANY_PERSONS, "persons_day"
    written = status_table().status(reason, limit=limit.encode(), retry_after_ms=86_399_999)
    assert written == of_python(TooManyPersons(limit, 86_399_999))


def test_what_the_contract_lacks_is_left_to_python() -> None:
    assert status_table().status(0) is None
    assert status_table().status(63) is None
    assert status_table().status(1 << 20) is None
