"""A caller's call in the core: the grant, the limits, and the record that is written before the answer leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.access.caller import EVERY_METHOD, METHOD_OF_CLEAR, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.audit.log import AuditLog
from core.engine.entry import METHODS, Method
from core.errors import AuditUnavailable, GrantNeeded, LimitExceeded, QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, error_pb2
from server.audit.reading import AuditReader, AuditRecord
from server.audit.writer import AuditWriter, WriterOptions
from tests.kit.nation_kit import BuiltNation

TRAFFIC, INVESTIGATION = context_pb2.PURPOSE_TRAFFIC_STOP, context_pb2.PURPOSE_INVESTIGATION
IDENTITY = json.dumps({"device": "spiffe://pnc.gob.gt/patrol/7", "nip": "12345"}).encode()


class Log:
    """An audit log of its own, and what stands in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.auditor = X25519PrivateKey.generate()
        options = WriterOptions(directory, [self.auditor.public_key()], segment_bytes=1 << 20, reserve_bytes=0)
        self.writer = AuditWriter(options, "w0")

    @property
    def log(self) -> AuditLog:
        return self.writer.log

    def records(self) -> list[AuditRecord]:
        """Newest last."""
        self.writer.log.sync()
        return sorted(AuditReader(self.directory, self.auditor).newest(50), key=lambda record: record.offset)


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Log]:
    opened = Log(tmp_path / "audit")
    yield opened
    opened.writer.close()


def check(nation: BuiltNation, who: str = "wanted", purpose: int = TRAFFIC, **context: str) -> bytes:
    request = checks.CheckPersonRequest(cui=nation.cast["persons"][who])
    request.context.MergeFrom(context_pb2.RequestContext(purpose=purpose, **context))  # type: ignore[arg-type]
    return request.SerializeToString()


def ask(nation: BuiltNation, caller: Caller, request: bytes, log: AuditLog | None = None) -> checks.CheckPersonResponse:
    content = nation.engine.answer(Method.CHECK_PERSON, request, caller, nation.as_of_ms, log)
    return checks.CheckPersonResponse.FromString(content)


def officer(limits: Limits | None = None) -> Caller:
    return Caller(IDENTITY, device=b"device", officer=b"officer", limits=limits)


def test_policy_is_asked_once_for_each_purpose(small_nation: BuiltNation) -> None:
    caller = officer()
    with pytest.raises(GrantNeeded) as needed:
        ask(small_nation, caller, check(small_nation))
    assert needed.value.purpose == TRAFFIC
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD)
    caller.deny(INVESTIGATION)
    assert ask(small_nation, caller, check(small_nation)).answer.hits
    with pytest.raises(QuestionError) as refused:
        ask(small_nation, caller, check(small_nation, purpose=INVESTIGATION))
    assert refused.value.reason == error_pb2.ERROR_REASON_FORBIDDEN


def test_a_purpose_shows_what_its_grant_shows_and_no_other_method(small_nation: BuiltNation) -> None:
    caller = officer()
    caller.give(TRAFFIC, Grant({1: (1 << 64) - 1}), methods=1 << Method.CHECK_PERSON)
    assert not ask(small_nation, caller, check(small_nation, "discreet")).answer.hits
    search = checks.SearchPersonsRequest(names="GARCIA", context=context_pb2.RequestContext(purpose=TRAFFIC))
    with pytest.raises(QuestionError) as refused:
        small_nation.engine.answer(METHODS["SearchPersons"], search.SerializeToString(), caller, small_nation.as_of_ms)
    assert refused.value.reason == error_pb2.ERROR_REASON_FORBIDDEN


def test_a_case_number_where_policy_asks_for_one(small_nation: BuiltNation) -> None:
    caller = officer()
    caller.give(INVESTIGATION, Grant.everything(), methods=EVERY_METHOD, needs_case=True)
    with pytest.raises(QuestionError) as refused:
        ask(small_nation, caller, check(small_nation, purpose=INVESTIGATION))
    assert refused.value.field == "context.case_number"
    assert ask(small_nation, caller, check(small_nation, purpose=INVESTIGATION, case_number="MP001-2026-7")).answer.hits


def test_limits_end_in_a_refusal_with_a_time(small_nation: BuiltNation, tmp_path: Path) -> None:
    caller = officer(Limits(tmp_path / "limits"))
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD, officer=(3, 3600, 3))
    for _ in range(3):
        ask(small_nation, caller, check(small_nation))
    with pytest.raises(LimitExceeded) as refused:
        ask(small_nation, caller, check(small_nation))
    assert refused.value.limit == "officer"
    assert refused.value.retry_after_ms > 0


def test_break_glass_is_never_free(small_nation: BuiltNation, tmp_path: Path) -> None:
    """No look-up under another purpose, nor one with another reason, pays for it."""
    caller = officer(Limits(tmp_path / "limits"))
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD, officer=(99, 3600, 99))
    glass = int(context_pb2.PURPOSE_BREAK_GLASS)
    caller.give(glass, Grant.everything(), methods=EVERY_METHOD, break_glass=True, officer=(10, 3600, 10))
    answered = 0
    for number in range(30):
        ask(small_nation, caller, check(small_nation, request_id=f"r-{number}"))
        for reason in ("a life", "another"):
            try:
                ask(small_nation, caller, check(small_nation, purpose=glass, request_id=f"r-{number}", reason=reason))
                answered += 1
            except QuestionError as error:
                assert error.field == "context.request_id"
    assert answered == 0
    for number in range(30):
        try:
            ask(small_nation, caller, check(small_nation, purpose=glass, request_id=f"g-{number}", reason="a life"))
            answered += 1
        except LimitExceeded as error:
            assert error.limit == "officer"
    assert answered == 10


def test_limits_do_not_follow_a_clock_that_is_set(small_nation: BuiltNation, tmp_path: Path) -> None:
    """Set 14 minutes ahead and back: who asked meanwhile owes no 14 minutes; a day ahead makes nothing whole."""
    caller = officer(Limits(tmp_path / "limits"))
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD, officer=(3, 3600, 3))
    for ahead_min in (14, 0):
        clock_ms = small_nation.as_of_ms + ahead_min * 60_000
        small_nation.engine.answer(Method.CHECK_PERSON, check(small_nation), caller, clock_ms)
    later = small_nation.as_of_ms + 86_400_000
    small_nation.engine.answer(Method.CHECK_PERSON, check(small_nation), caller, later)
    with pytest.raises(LimitExceeded):
        small_nation.engine.answer(Method.CHECK_PERSON, check(small_nation), caller, later)


@pytest.mark.parametrize("blank", [" ", "\t \n", "\u00a0\u2003\u3000", "\u200b", "\u2800 "])
def test_a_reason_or_case_number_of_blanks_is_none(small_nation: BuiltNation, blank: str) -> None:
    caller = officer()
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD, needs_reason=True)
    caller.give(INVESTIGATION, Grant.everything(), methods=EVERY_METHOD, needs_case=True)
    for purpose, field in ((TRAFFIC, "reason"), (INVESTIGATION, "case_number")):
        with pytest.raises(QuestionError) as refused:
            ask(small_nation, caller, check(small_nation, purpose=purpose, **{field: blank}))
        assert refused.value.field == f"context.{field}"
        assert ask(small_nation, caller, check(small_nation, purpose=purpose, **{field: f"{blank}á"}))


def test_an_answer_has_its_record(small_nation: BuiltNation, audit: Log) -> None:
    """The record has caller, question and reason, and one entry for the subject shown."""
    caller = officer()
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD)
    request = check(small_nation, case_number="C-1", request_id="r-1")
    response = ask(small_nation, caller, request, audit.log)
    (record,) = audit.records()
    assert (record.method, record.purpose, record.status) == (Method.CHECK_PERSON, TRAFFIC, 0)
    assert record.identity == json.loads(IDENTITY)
    assert (record.case_number, record.request_id) == ("C-1", "r-1")
    assert record.answer_id.hex() == response.answer.answer_id.replace("-", "")
    assert record.generation == response.answer.generation_id
    assert [entry.level for entry in record.entries] == [response.answer.level]
    assert AuditReader(audit.directory, audit.auditor).question(record) == request


def test_a_refusal_has_its_record_and_nobody_is_in_it(small_nation: BuiltNation, audit: Log) -> None:
    caller = officer()
    caller.deny(INVESTIGATION)
    with pytest.raises(QuestionError):
        ask(small_nation, caller, check(small_nation, purpose=INVESTIGATION), audit.log)
    (record,) = audit.records()
    assert record.status == error_pb2.ERROR_REASON_FORBIDDEN
    assert record.entries == ()


def test_what_is_tried_again_has_no_record_yet(small_nation: BuiltNation, audit: Log) -> None:
    with pytest.raises(GrantNeeded):
        ask(small_nation, officer(), check(small_nation), audit.log)
    assert audit.records() == []


def test_no_answer_without_a_record(small_nation: BuiltNation, audit: Log) -> None:
    caller = officer()
    caller.give(TRAFFIC, Grant.everything(), methods=EVERY_METHOD)
    audit.log.stop()
    with pytest.raises(AuditUnavailable):
        ask(small_nation, caller, check(small_nation), audit.log)


def test_a_batch_is_one_record_with_an_entry_a_subject(small_nation: BuiltNation, audit: Log) -> None:
    caller = officer()
    caller.give(context_pb2.PURPOSE_CLEARANCE, Grant.everything(), methods=1 << METHOD_OF_CLEAR)
    people = [small_nation.cast["persons"][who] for who in ("clean", "wanted")]
    request = clearance.ClearRequest(
        context=context_pb2.RequestContext(purpose=context_pb2.PURPOSE_CLEARANCE, case_number="LOTE-1"),
        standard=clearance.CLEARANCE_STANDARD_WANTED,
        row_ids=[1, 2],
        cuis=people,
    ).SerializeToString()
    stream = small_nation.engine.clearance(request, caller, small_nation.as_of_ms, audit.log)
    stream.answer(request, small_nation.as_of_ms)
    (record,) = audit.records()
    assert (record.method, record.case_number) == (METHOD_OF_CLEAR, "LOTE-1")
    assert [entry.level for entry in record.entries] == [
        clearance.CLEARANCE_RESULT_NO_RECORD,
        clearance.CLEARANCE_RESULT_WITH_RECORD,
    ]


def test_a_retired_caller_ends_in_the_middle_of_a_stream(small_nation: BuiltNation, audit: Log) -> None:
    """Revoked: the next batch is not answered; a new caller, where policy gives one, goes on."""
    callers = []
    for _ in range(2):
        caller = officer()
        caller.give(0, Grant.everything(), methods=1 << METHOD_OF_CLEAR)
        callers.append(caller)
    first = clearance.ClearRequest(standard=clearance.CLEARANCE_STANDARD_WANTED).SerializeToString()
    batch = clearance.ClearRequest(row_ids=[1], cuis=[small_nation.cast["persons"]["clean"]]).SerializeToString()
    stream = small_nation.engine.clearance(first, callers[0], small_nation.as_of_ms, audit.log)
    stream.answer(batch, small_nation.as_of_ms)
    callers[0].retire()
    with pytest.raises(GrantNeeded):
        stream.answer(batch, small_nation.as_of_ms)
    stream.answer(batch, small_nation.as_of_ms, callers[1])
    assert len(audit.records()) == 2


def test_rows_are_what_a_batch_is_charged_for(small_nation: BuiltNation, tmp_path: Path) -> None:
    caller = officer(Limits(tmp_path / "limits"))
    caller.give(0, Grant.everything(), methods=1 << METHOD_OF_CLEAR, rows=(10, 3600, 10))
    cui = small_nation.cast["persons"]["clean"]
    batch = clearance.ClearRequest(
        standard=clearance.CLEARANCE_STANDARD_WANTED, row_ids=range(6), cuis=[cui] * 6
    ).SerializeToString()
    stream = small_nation.engine.clearance(batch, caller, small_nation.as_of_ms)
    stream.answer(batch, small_nation.as_of_ms)
    with pytest.raises(LimitExceeded) as refused:
        stream.answer(batch, small_nation.as_of_ms)
    assert refused.value.limit == "rows"
