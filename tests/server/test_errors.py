"""Every reason of the contract has a row in the table, and its status carries what clients need."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2

from core.errors import DossierDamaged, GenerationDamaged, QuestionError
from ronda.v1 import error_pb2
from server.errors import STATUS, Refusal, is_our_fault, is_retryable, reason_name, refusal_of, status_of

REASONS = [number for number in error_pb2.ErrorReason.values() if number]


def test_the_table_has_every_reason() -> None:
    assert sorted(STATUS) == sorted(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_status_is_the_one_that_the_contract_comments(reason: int) -> None:
    code, status = status_of(Refusal(reason))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert status.code == code.value[0]
    assert (info.domain, info.reason) == ("ronda.v1", error_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_"))
    assert info.metadata["retryable"] == ("true" if is_retryable(reason) else "false")


def test_how_many_may_fit_is_in_the_metadata() -> None:
    broad = error_pb2.ERROR_REASON_QUERY_TOO_BROAD
    for count, expected in ((31000, "31000"), (0, "")):
        error = QuestionError(broad, "names", "too many persons may fit", count=count)
        _, status = status_of(refusal_of(error))
        info = error_details_pb2.ErrorInfo()
        assert status.details[0].Unpack(info)
        assert info.metadata.get("may_fit", "") == expected


def test_retryable_is_read_from_the_contract() -> None:
    assert is_retryable(error_pb2.ERROR_REASON_OVERLOADED)
    assert not is_retryable(error_pb2.ERROR_REASON_FIELD_INVALID)
    assert reason_name(99) == "UNSPECIFIED"


def test_who_is_at_fault() -> None:
    question = QuestionError(error_pb2.ERROR_REASON_FIELD_INVALID, "cui", "has 13 digits")
    refusal = refusal_of(question)
    code, status = status_of(refusal)
    bad = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert [(v.field, v.description) for v in bad.field_violations] == [("cui", "has 13 digits")]
    assert status.message == "cui: has 13 digits"
    assert not is_our_fault(question)
    for error, expected in (
        (DossierDamaged(7, "checksum"), grpc.StatusCode.DATA_LOSS),
        (GenerationDamaged("keys.mdb", "cut"), grpc.StatusCode.UNAVAILABLE),
        (ValueError("1234567890101"), grpc.StatusCode.INTERNAL),
        (QuestionError(99, "x", "y"), grpc.StatusCode.INTERNAL),
    ):
        assert is_our_fault(error)
        code, status = status_of(refusal_of(error))
        assert code is expected
        assert b"1234567890101" not in status.SerializeToString()
