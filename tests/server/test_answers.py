"""Through gRPC comes exactly what the engine answers."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from core.access.caller import Caller
from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError
from core.generation.store import Generation
from ronda.v1 import check_service_pb2, clearance_service_pb2, register_service_pb2
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.server.conftest import StartServer
from tests.server.requests import CUI
from tests.server.running_server import Failure, call, call_later, clear

SERVICE_OF = {"ListRegisters": "RegisterService", "GetGeneration": "RegisterService"}


def _response(method: str) -> Any:
    module = register_service_pb2 if method in SERVICE_OF else check_service_pb2
    return getattr(module, f"{method}Response")


def _timeless(method: str, data: bytes) -> Message:
    """The parsed response without what differs from call to call."""
    response: Any = _response(method).FromString(data)
    if method not in SERVICE_OF:
        response.answer.ClearField("answer_id")
        response.answer.ClearField("answered_at")
    return response  # type: ignore[no-any-return]


@pytest.mark.timeout(600)
def test_answers_are_the_engine_s(small_nation: BuiltNation, start_server: StartServer) -> None:
    server = start_server(data=small_nation.data, search_threads=3).wait_ready()
    engine = Engine(Generation.open(small_nation.generation_directory), (small_nation.data / "page.key").read_bytes())
    caller = Caller.of_development(b"{}")  # a page token is of who asks
    questions = [q for q in Drawer(small_nation.oracle, 11).questions(600) if q.method != "Clear"]
    asked = [(question.method, question.request.SerializeToString()) for question in questions]
    asked += [("ListRegisters", b""), ("GetGeneration", b"")]
    answered = 0
    with server.channel() as channel:
        for method, request in asked:
            path = f"{SERVICE_OF.get(method, 'CheckService')}/{method}"
            try:
                expected = engine.answer(METHODS[method], request, caller, time.time_ns() // 1_000_000)
            except QuestionError as error:
                with pytest.raises(grpc.RpcError) as caught:
                    call(channel, path, request)
                failed = Failure(caught.value)
                if error.field:
                    assert failed.fields == {error.field: error.rule}
                assert failed.reason
                continue
            assert _timeless(method, call(channel, path, request)) == _timeless(method, expected)
            answered += 1
    assert answered > 300


def test_clear_answers_each_batch_in_order(small_nation: BuiltNation, start_server: StartServer) -> None:
    server = start_server(data=small_nation.data).wait_ready()
    known = [claim.cui for claim in _persons(small_nation)][:50]
    sizes = [1, 1000, 3, 0, 250]
    messages = [
        clearance_service_pb2.ClearRequest(
            row_ids=range(size), cuis=[(known[row % 50] if row % 2 else CUI) for row in range(size)]
        )
        for size in sizes
    ]
    messages[0].standard = clearance_service_pb2.CLEARANCE_STANDARD_WANTED  # the first message carries rows, too
    clearance = small_nation.engine.clearance(
        messages[0].SerializeToString(), Grant.everything(), time.time_ns() // 1_000_000
    )
    with server.channel() as channel:
        answers = list(clear(channel, (message.SerializeToString() for message in messages)))
    assert len(answers) == len(messages)
    assert clearance_service_pb2.ClearResponse.FromString(answers[0]).sample, "the nation is invented"
    for message, data in zip(messages, answers, strict=True):
        expected = clearance_service_pb2.ClearResponse.FromString(
            clearance.answer(message.SerializeToString(), time.time_ns() // 1_000_000)
        )
        response = clearance_service_pb2.ClearResponse.FromString(data)
        for each in (expected, response):
            each.ClearField("answer_id")
            each.ClearField("answered_at")
            each.ClearField("sample")  # the server's word, not the engine's
        assert response == expected
        assert list(response.row_ids) == list(message.row_ids)


def _persons(nation: BuiltNation) -> list[Any]:
    """Candidates with a CUI, from a search that fits many."""
    found = []
    for surname in ("LOPEZ", "GARCIA", "PEREZ", "MORALES", "HERNANDEZ", "CAAL"):
        request = check_service_pb2.SearchPersonsRequest(names=surname, page_size=100).SerializeToString()
        data = nation.engine.answer(METHODS["SearchPersons"], request, Grant.everything(), time.time_ns() // 1_000_000)
        response = check_service_pb2.SearchPersonsResponse.FromString(data)
        found += [candidate for candidate in response.candidates if candidate.cui]
    assert len(found) >= 50
    return found


def test_a_page_token_keeps_its_generation(
    small_nation: BuiltNation, start_server: StartServer, published: Any
) -> None:
    first = published.publish()
    server = start_server(workers=1).wait_ready()
    request = check_service_pb2.SearchPersonsRequest(names="LOPEZ", page_size=1)
    with server.channel() as channel:

        def search() -> check_service_pb2.SearchPersonsResponse:
            data = call(channel, "CheckService/SearchPersons", request.SerializeToString())
            return check_service_pb2.SearchPersonsResponse.FromString(data)

        page = search()
        assert page.next_page_token
        published.publish()
        while search().answer.generation_id == first:
            time.sleep(0.05)
        request.page_token = page.next_page_token
        assert search().answer.generation_id == first


def test_deadlines(small_nation: BuiltNation, start_server: StartServer) -> None:
    server = start_server(data=small_nation.data, default_deadline_ms=1).wait_ready()
    request = check_service_pb2.SearchVehiclesRequest(plate_pattern="P*").SerializeToString()  # always in a thread
    with server.channel() as channel:
        with pytest.raises(grpc.RpcError) as caught:  # a millisecond, which some of so many calls at once need
            for future in [call_later(channel, "CheckService/SearchVehicles", request) for _ in range(60)]:
                future.result()
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        # a client's own deadline counts, not the default
        for future in [call_later(channel, "CheckService/SearchVehicles", request, timeout=60) for _ in range(60)]:
            assert future.result()
