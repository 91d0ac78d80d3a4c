"""Bad input of any kind: a status with ErrorInfo and the field's name, nothing of it in logs or metrics, the same
workers alive afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator

import grpc
import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, level_pb2, section_pb2
from tests.kit.nation_kit import BuiltNation
from tests.server.requests import CLEAR_FIRST, CUI, CUI_WRONG_DEPARTMENT, CUI_WRONG_DIGIT, QUESTION
from tests.server.running_server import Failure, RunningServer, call, clear, failure

SECRET = "XITUMULQUEJ"
INVALID, EXHAUSTED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for every case: it has to live through all of them."""
    log = tmp_path_factory.mktemp("bad_input") / "server.log"
    running = RunningServer(small_nation.data, log, log_level="debug").wait_ready()
    workers = running.worker_pids()
    yield running
    with running.channel() as channel:  # one refusal at least, whichever cases this test worker was given
        assert failure(channel, "CheckService/CheckPerson", b"").reason == "QUESTION_EMPTY"
    assert running.worker_pids() == workers
    text = running.log_path.read_text(encoding="utf-8") + running.metrics()
    for secret in (SECRET, CUI, CUI_WRONG_DIGIT, CUI_WRONG_DEPARTMENT, "123BCD"):
        assert secret not in text
    assert running.events("internal_error") == []
    assert running.events("call_refused")
    assert running.stop() == 0


def _person(**fields: object) -> bytes:
    return checks.CheckPersonRequest(**fields).SerializeToString()  # type: ignore[arg-type]


def _sections(*numbers: int) -> bytes:
    context = context_pb2.RequestContext(sections=numbers)  # type: ignore[arg-type]
    return checks.CheckPersonRequest(context=context, cui=CUI).SerializeToString()


CASES = {
    "too few digits": ("CheckPerson", _person(cui="123"), "FIELD_INVALID", "cui"),
    "nothing asked": ("CheckPerson", b"", "QUESTION_EMPTY", None),
    "empty query": ("Check", checks.CheckRequest(query="").SerializeToString(), "QUESTION_EMPTY", None),
    "blank query": ("Check", checks.CheckRequest(query="  \t ").SerializeToString(), "QUESTION_EMPTY", None),
    "query and field": ("CheckPerson", _person(query=SECRET, cui=CUI), "QUESTION_AMBIGUOUS", None),
    "over-long query": ("Check", checks.CheckRequest(query=SECRET * 30).SerializeToString(), "FIELD_INVALID", "query"),
    "over-long name": ("CheckPerson", _person(name={"full": SECRET * 100}), "FIELD_INVALID", "name.full"),
    "no such day": (
        "CheckPerson",
        _person(cui=CUI, birth_date={"year": 1990, "month": 13, "day": 1}),
        "FIELD_INVALID",
        "birth_date",
    ),
    "unknown sex": ("CheckPerson", _person(cui=CUI) + b"\x58\x63", "FIELD_INVALID", "sex"),
    "unknown way": ("CheckPerson", _person(cui=CUI) + b"\x70\x63", "FIELD_INVALID", "subject_found"),
    "unknown purpose": (
        "CheckPerson",
        _person(cui=CUI) + b"\x0a\x02\x08\x63",
        "FIELD_INVALID",
        "context.purpose",
    ),
    "unknown section": ("CheckPerson", _sections(200), "FIELD_INVALID", "context.sections"),
    "invalid UTF-8": ("CheckPerson", b"\x12\x03\xff\xfe\x41", "MESSAGE_MALFORMED", "query"),
    "truncated": ("CheckPerson", QUESTION[:-3], "MESSAGE_MALFORMED", None),
    "wrong wire type": ("CheckPerson", b"\x18\x05", "MESSAGE_MALFORMED", "cui"),
    "endless varint": ("CheckPerson", b"\x08" + b"\xff" * 20, "MESSAGE_MALFORMED", None),
    "length beyond the end": ("CheckPerson", b"\x1a\xff\xff\xff\xff\x0f", "MESSAGE_MALFORMED", None),
    "plate that is none": (
        "CheckVehicle",
        checks.CheckVehicleRequest(plate="123BCD" * 3).SerializeToString(),
        "FIELD_INVALID",
        "plate",
    ),
    "foreign page token": (
        "SearchPersons",
        checks.SearchPersonsRequest(names=SECRET, page_token="abc").SerializeToString(),
        "PAGE_TOKEN_INVALID",
        None,
    ),
    "page too long": (
        "SearchPersons",
        checks.SearchPersonsRequest(names=SECRET, page_size=1000).SerializeToString(),
        "FIELD_INVALID",
        "page_size",
    ),
    "section not named": (
        "ListRecords",
        checks.ListRecordsRequest(subject_id="0" * 32).SerializeToString(),
        "FIELD_INVALID",
        "section",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_questions(server: RunningServer, case: str) -> None:
    method, request, reason, field = CASES[case]
    with server.channel() as channel:
        failed = failure(channel, f"CheckService/{method}", request)
        assert (failed.code, failed.reason) == (INVALID, reason)
        assert failed.metadata["retryable"] == "false"
        if field is not None:
            assert list(failed.fields) == [field]
            assert failed.fields[field]
        assert SECRET not in failed.text
        assert call(channel, "CheckService/CheckPerson", QUESTION)


@pytest.mark.parametrize("cui", [CUI_WRONG_DIGIT, CUI_WRONG_DEPARTMENT])
def test_a_cui_that_cannot_be_is_an_answer_that_says_so(server: RunningServer, cui: str) -> None:
    """docs/answers.md section 8: looked up as it stands; not on file, it is never less than POSSIBLE."""
    with server.channel() as channel:
        reply = call(channel, "CheckService/CheckPerson", _person(cui=cui))
    answer = checks.CheckPersonResponse.FromString(reply).answer
    assert answer.level == level_pb2.LEVEL_POSSIBLE
    assert "CUI_IMPOSSIBLE" in [note.code for note in answer.notes]


def test_unknown_subject(server: RunningServer) -> None:
    request = checks.ListRecordsRequest(subject_id="0" * 32, section=section_pb2.SECTION_WARRANT)
    with server.channel() as channel:
        failed = failure(channel, "CheckService/ListRecords", request.SerializeToString())
    assert (failed.code, failed.reason) == (grpc.StatusCode.NOT_FOUND, "SUBJECT_NOT_FOUND")


@pytest.mark.parametrize("method", ["CheckPerson", "SearchPersons", "ListRecords"])
def test_messages_that_are_too_large(server: RunningServer, method: str) -> None:
    with server.channel() as channel:
        for size in (16_384, 10_000_000):
            failed = failure(channel, f"CheckService/{method}", b"\x12" + b"\xff" * size)
            assert (failed.code, failed.reason) == (EXHAUSTED, "MESSAGE_TOO_LARGE")
            assert failed.metadata["limit_bytes"] == "16384"
        # what gRPC refuses by itself has no details
        assert failure(channel, f"CheckService/{method}", b"x" * (13 * MIB)).code is EXHAUSTED
        assert call(channel, "CheckService/CheckPerson", QUESTION)


def test_unknown_methods(server: RunningServer) -> None:
    with server.channel() as channel:
        for method in ("CheckService/Erase", "NoService/Check", "ClearanceService/Check"):
            failed = failure(channel, method, SECRET.encode())
            assert failed.code is grpc.StatusCode.UNIMPLEMENTED
            assert failed.reason == "METHOD_UNKNOWN"
            assert failed.fields
        with pytest.raises(grpc.RpcError) as caught:
            list(clear(channel, iter([b"x"]), "Erase"))
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


CLEAR_CASES = {
    "no message": ([], INVALID, "QUESTION_EMPTY", "standard"),
    "no standard": ([clearance.ClearRequest().SerializeToString()], INVALID, "FIELD_INVALID", "standard"),
    "no message at all": ([b"\xff\xff"], INVALID, "MESSAGE_MALFORMED", None),
    "unequal columns": (
        [CLEAR_FIRST, clearance.ClearRequest(row_ids=[1, 2], cuis=[CUI]).SerializeToString()],
        INVALID,
        "FIELD_INVALID",
        "cuis",
    ),
    "too many rows": (
        [CLEAR_FIRST, clearance.ClearRequest(row_ids=range(4001), cuis=[CUI] * 4001).SerializeToString()],
        INVALID,
        "FIELD_INVALID",
        "row_ids",
    ),
    "too many names": (
        [CLEAR_FIRST, clearance.ClearRequest(row_ids=range(1001), names=["ANA PAZ"] * 1001).SerializeToString()],
        INVALID,
        "FIELD_INVALID",
        "names",
    ),
    "too large": ([CLEAR_FIRST, b"\x32" + b"x" * (4 * MIB)], EXHAUSTED, "MESSAGE_TOO_LARGE", None),
}


@pytest.mark.parametrize("case", CLEAR_CASES)
def test_bad_streams(server: RunningServer, case: str) -> None:
    messages, code, reason, field = CLEAR_CASES[case]
    with server.channel() as channel:
        with pytest.raises(grpc.RpcError) as caught:
            list(clear(channel, iter(messages)))
        failed = Failure(caught.value)
        assert (failed.code, failed.reason) == (code, reason)
        if field is not None:
            assert list(failed.fields) == [field]


def test_an_invalid_row_costs_only_itself(server: RunningServer) -> None:
    batch = clearance.ClearRequest(row_ids=[5, 6, 7], cuis=[CUI, CUI_WRONG_DIGIT, CUI]).SerializeToString()
    with server.channel() as channel:
        answers = list(clear(channel, iter([CLEAR_FIRST, batch, batch])))
    assert len(answers) == 2
    for data in answers:
        response = clearance.ClearResponse.FromString(data)
        assert response.results[1] == clearance.CLEARANCE_RESULT_INVALID
        assert [(error.row_id, error.field) for error in response.row_errors] == [(6, "cuis")]


@pytest.mark.parametrize(
    "method", ["Check", "CheckPerson", "CheckVehicle", "SearchPersons", "SearchVehicles", "ListRecords"]
)
def test_hostile_bytes(server: RunningServer, method: str) -> None:
    chance = random.Random(method)
    whole = checks.CheckPersonRequest(
        cui=CUI, name={"full": SECRET}, birth_date={"year": 1990, "month": 2, "day": 3}
    ).SerializeToString()
    expected = {INVALID, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}
    with server.channel() as channel:
        for _ in range(300):
            request = bytearray(whole if chance.random() < 0.7 else chance.randbytes(chance.randrange(40)))
            for _ in range(chance.randrange(1, 4)):
                if request:
                    request[chance.randrange(len(request))] = chance.randrange(256)
            request = request[: chance.randrange(len(request) + 1)] if chance.random() < 0.3 else request
            try:
                call(channel, f"CheckService/{method}", bytes(request))
            except grpc.RpcError as error:
                failed = Failure(error)
                assert failed.code in expected
                assert failed.reason
                assert SECRET not in failed.text


def test_nothing_speaks_grpc(server: RunningServer) -> None:
    """Garbage on the socket, and a client that hangs up in the middle."""
    import socket

    host, port = server.address.rsplit(":", 1)
    for garbage in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500,
        b"",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(garbage)
    with server.channel() as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)
