"""Checks what the engine refuses, and that no bytes bring it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.entry import METHODS, Engine
from core.errors import GenerationNeeded, QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import error_pb2, register_service_pb2, section_pb2
from tests.core.engine.engine_kit import (
    ALL,
    CLEAN_CUI,
    CLOCK_MS,
    DEAD_CUI,
    SLIPPED_CUI,
    UNKNOWN_CUI,
    WANTED_CUI,
    ask,
    build_engine,
)
from tests.core.generation.generation_kit import subject_id

INVALID = error_pb2.ERROR_REASON_FIELD_INVALID
WANTED = clearance.CLEARANCE_STANDARD_WANTED
MALFORMED = error_pb2.ERROR_REASON_MESSAGE_MALFORMED


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return build_engine(Path(tmp_path_factory.mktemp("engine")))


def refusal(engine: Engine, method: str, request: bytes) -> tuple[int, str]:
    with pytest.raises(QuestionError) as error:
        engine.answer(METHODS[method], request, ALL, CLOCK_MS)
    assert WANTED_CUI not in str(error.value)
    return error.value.reason, error.value.field


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")),
        ({"query": " "}, (error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")),
        ({"query": "x", "cui": WANTED_CUI}, (error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS, "query")),
        ({"query": "---"}, (INVALID, "query")),
        ({"query": "n" * 201}, (INVALID, "query")),
        ({"cui": SLIPPED_CUI[2:]}, (INVALID, "cui")),
        ({"nit": "12345"}, (INVALID, "nit")),
        ({"document": {"country": "GTM"}}, (INVALID, "document.number")),
        ({"document": {"country": "G1M", "number": "A1234"}}, (INVALID, "document.country")),
        ({"name": {"full": "..."}}, (INVALID, "name")),
        ({"name": {"first_given": "ñ" * 201}}, (INVALID, "name.first_given")),
        ({"cui": WANTED_CUI, "birth_date": {"year": 1990, "month": 13}}, (INVALID, "birth_date")),
        ({"cui": WANTED_CUI, "sex": 7}, (INVALID, "sex")),
        ({"cui": WANTED_CUI, "context": {"purpose": 40}}, (INVALID, "context.purpose")),
        ({"cui": WANTED_CUI, "context": {"sections": [29]}}, (INVALID, "context.sections")),
        ({"cui": WANTED_CUI, "context": {"request_id": "r" * 65}}, (INVALID, "context.request_id")),
    ],
)
def test_each_rule_names_its_field(engine: Engine, fields: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(engine, "CheckPerson", checks.CheckPersonRequest(**fields).SerializeToString()) == expected


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (b"\x1a\x05\xff\xfe\x00\x00\x00", (MALFORMED, "cui")),  # not UTF-8
        (b"\x1a\x7f123", (MALFORMED, "")),  # cut
        (b"\x18\x01", (MALFORMED, "cui")),  # a number where a text should be
        (b"\x0a\x02\x0a\x7f", (MALFORMED, "context")),
        (b"\x1b", (MALFORMED, "")),  # a group
    ],
)
def test_bytes_that_are_no_message_are_malformed(
    engine: Engine, request_bytes: bytes, expected: tuple[int, str]
) -> None:
    assert refusal(engine, "CheckPerson", request_bytes) == expected


def test_unknown_fields_are_skipped(engine: Engine) -> None:
    request = checks.CheckPersonRequest(cui=CLEAN_CUI).SerializeToString() + b"\xfa\x3f\x03abc\xf0\x3f\x05"
    assert engine.answer(METHODS["CheckPerson"], request, ALL, CLOCK_MS)


SEEDS = [
    checks.CheckPersonRequest(cui=WANTED_CUI, nit="576937-K", name={"full": "Ana Tzul"}, birth_date={"year": 1985}),
    checks.CheckRequest(query="P-123BCD", country="GTM"),
    checks.SearchVehiclesRequest(plate_pattern="P-1?3*", make="toyota"),
    checks.SearchPersonsRequest(names="ana lucia", page_size=1),
    checks.ListRecordsRequest(subject_id=subject_id("entity 0").hex(), section=section_pb2.SECTION_WARRANT),
]


@st.composite
def damaged_requests(draw: Callable[..., Any]) -> bytes:
    """A real request with some bytes changed, or bytes alone."""
    if draw(st.booleans()):
        return bytes(draw(st.binary(max_size=120)))
    content = bytearray(draw(st.sampled_from(SEEDS)).SerializeToString())
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))])


@settings(max_examples=400, deadline=None)
@given(method=st.sampled_from(sorted(METHODS)), request=damaged_requests(), clock=st.integers(-(2**60), 2**60))
def test_hostile_bytes_are_answered_or_refused(engine: Engine, method: str, request: bytes, clock: int) -> None:
    for clock_ms in (CLOCK_MS, clock):
        try:
            response = engine.answer(METHODS[method], request, ALL, clock_ms)
        except QuestionError as error:
            assert error.reason
        else:
            if method not in ("ListRegisters", "GetGeneration"):
                assert getattr(checks, f"{method}Response").FromString(response).answer.answer_id


@settings(max_examples=200, deadline=None)
@given(batch=st.binary(max_size=200))
def test_hostile_batches_are_answered_or_refused(engine: Engine, batch: bytes) -> None:
    stream = engine.clearance(clearance.ClearRequest(standard=WANTED).SerializeToString(), ALL, CLOCK_MS)
    try:
        clearance.ClearResponse.FromString(stream.answer(batch, CLOCK_MS))
    except QuestionError as error:
        assert error.reason


class TestPages:
    def test_pages_join_to_the_whole_and_tokens_belong_to_one_list(self, engine: Engine) -> None:
        request = checks.SearchPersonsRequest(names="ana lucia tzul", page_size=1)
        first = ask(engine, "SearchPersons", request, checks.SearchPersonsResponse)
        assert (len(first.candidates), first.candidates_total) == (1, 2)
        request.page_token = first.next_page_token
        second = ask(engine, "SearchPersons", request, checks.SearchPersonsResponse)
        assert second.candidates[0].subject_id != first.candidates[0].subject_id
        assert not second.next_page_token
        request.names = "ana lucia"
        token_invalid = (error_pb2.ERROR_REASON_PAGE_TOKEN_INVALID, "page_token")
        assert refusal(engine, "SearchPersons", request.SerializeToString()) == token_invalid
        request.page_token = "AQ" + request.page_token[2:-1] + "_"
        assert refusal(engine, "SearchPersons", request.SerializeToString()) == token_invalid

    def test_a_subject_is_listed_by_its_id_and_hidden_from_who_sees_nothing(self, engine: Engine) -> None:
        request = checks.ListRecordsRequest(
            subject_id=subject_id("entity 0").hex(), section=section_pb2.SECTION_WARRANT
        )
        response = ask(engine, "ListRecords", request, checks.ListRecordsResponse)
        assert (response.total, len(response.person.warrants)) == (1, 1)
        request.subject_id = "0" * 32
        not_found = (error_pb2.ERROR_REASON_SUBJECT_NOT_FOUND, "subject_id")
        assert refusal(engine, "ListRecords", request.SerializeToString()) == not_found


class TestClearance:
    def clear(self, engine: Engine, **columns: Any) -> clearance.ClearResponse:
        request = clearance.ClearRequest(standard=WANTED, **columns).SerializeToString()
        stream = engine.clearance(request, ALL, CLOCK_MS)
        assert stream.first_has_rows
        return clearance.ClearResponse.FromString(stream.answer(request, CLOCK_MS))

    def test_one_of_each(self, engine: Engine) -> None:
        cuis = [WANTED_CUI, CLEAN_CUI, DEAD_CUI, UNKNOWN_CUI, SLIPPED_CUI, ""]
        response = self.clear(engine, row_ids=range(10, 16), cuis=cuis)
        assert list(response.results) == [
            clearance.CLEARANCE_RESULT_WITH_RECORD,
            clearance.CLEARANCE_RESULT_NO_RECORD,
            clearance.CLEARANCE_RESULT_REVIEW,
            clearance.CLEARANCE_RESULT_REVIEW,
            clearance.CLEARANCE_RESULT_INVALID,
            clearance.CLEARANCE_RESULT_INVALID,
        ]
        assert response.reasons[3] == clearance.CLEARANCE_REASON_NOT_FOUND
        assert [
            (r.record_id, place) for r, place in zip(response.references, response.reference_rows, strict=True)
        ] == [
            ("w0", 0),
        ]
        assert [(e.row_id, e.field) for e in response.row_errors] == [(14, "cuis"), (15, "")]
        assert list(response.row_ids) == list(range(10, 16))

    def test_a_name_never_certifies_a_record(self, engine: Engine) -> None:
        response = self.clear(engine, row_ids=[1, 2], names=["Juan Perez", "Nadie Alguno"], birth_dates=[19800517] * 2)
        assert list(response.reasons) == [clearance.CLEARANCE_REASON_NAME_MATCH, clearance.CLEARANCE_REASON_NAME_ONLY]

    def test_columns_of_unequal_length_are_refused(self, engine: Engine) -> None:
        with pytest.raises(QuestionError) as error:
            self.clear(engine, row_ids=[1, 2], cuis=[WANTED_CUI])
        assert (error.value.reason, error.value.field) == (INVALID, "cuis")

    def test_another_generation_is_named(self, engine: Engine) -> None:
        request = clearance.ClearRequest(standard=WANTED, generation_id="20200101T000000Z-00000000").SerializeToString()
        with pytest.raises(GenerationNeeded) as error:
            engine.clearance(request, ALL, CLOCK_MS)
        assert error.value.generation_id == "20200101T000000Z-00000000"


def test_registers_and_generation_speak_of_the_manifest(engine: Engine) -> None:
    registers = register_service_pb2.ListRegistersResponse.FromString(
        engine.answer(METHODS["ListRegisters"], b"", ALL, CLOCK_MS)
    )
    assert [r.status.register_id for r in registers.registers] == ["renap", "sat", "oj", "pnc"]
    generation = register_service_pb2.GetGenerationResponse.FromString(
        engine.answer(METHODS["GetGeneration"], b"", ALL, CLOCK_MS)
    )
    assert (generation.generation_id, generation.persons, generation.vehicles) == (engine.generation_id, 6, 3)
