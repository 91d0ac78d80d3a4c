"""gRPC over HTTP/2 at a server: calls that are right, and each way of being wrong with its status."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from urllib.parse import unquote

import grpc
import pytest

from tests.lane.stub_process import FAST, Stub
from tests.lane.wire import CHECK_PERSON, HEALTH, WATCH, Wire, call_headers, changed, message


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with Stub(bytes=1800, max_request=4096, max_metadata=1024) as running:
        yield running


@pytest.fixture
def wire(stub: Stub) -> Iterator[Wire]:
    with Wire(stub.address) as connection:
        yield connection


def test_an_answer(wire: Wire) -> None:
    reply = wire.call(b"who")
    assert reply.headers == {":status": "200", "content-type": "application/grpc"}
    assert reply.messages == [b"x" * 1800]
    assert reply.trailers == {"grpc-status": "0"}


def test_grpcio_is_answered(stub: Stub) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{stub.port}") as channel:
        ask = channel.unary_unary(CHECK_PERSON, None, None)
        assert ask(b"who", timeout=10) == b"x" * 1800
        assert ask(b"size300000;", timeout=10) == b"x" * 300_000
        assert ask(b"size0;", timeout=10) == b""
        assert ask(b"park", timeout=10) == b"parked"
        assert ask(b"retry", timeout=10) == b"x" * 1800
        with pytest.raises(grpc.RpcError) as refused:
            ask(b"fail", timeout=10)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert refused.value.details() == "no está, 100 %"
    assert {item.key: item.value for item in refused.value.trailing_metadata() or ()} == {
        "grpc-status-details-bin": b"\x08\x05\x12\x04text",
        "ronda-reason": "TEST",
    }


def test_many_at_once_are_each_answered(wire: Wire) -> None:
    sizes = {wire.ask(f"size{size};".encode()): size for size in range(0, 40_000, 400)}
    for stream, size in sizes.items():
        reply = wire.reply(stream)
        assert (reply.status, len(reply.messages[0])) == (0, size)


def test_a_large_answer_waits_for_small_windows(stub: Stub) -> None:
    with Wire(stub.address) as wire:
        wire.reads = False
        stream = wire.ask(b"size200000;")
        reply = wire.replies[stream]
        wire.until(lambda: len(reply.body) == 65_535)  # HTTP/2's windows of the beginning
        assert not reply.ended
        wire.reads = True
        wire.h2.increment_flow_control_window(1 << 20)
        wire.h2.increment_flow_control_window(1 << 20, stream)
        wire.flush()
        assert len(wire.reply(stream).messages[0]) == 200_000
        assert reply.status == 0


def test_a_refusal_is_trailers_only(wire: Wire) -> None:
    reply = wire.call(b"fail")
    assert reply.trailers == {}
    assert reply.body == b""
    assert reply.headers[":status"] == "200"
    assert reply.status == 5
    assert reply.text == "no est%C3%A1, 100 %25"
    assert unquote(reply.text) == "no está, 100 %"
    details = reply.headers["grpc-status-details-bin"]
    assert "=" not in details
    assert base64.b64decode(details + "==") == b"\x08\x05\x12\x04text"
    assert reply.headers["ronda-reason"] == "TEST"


PERSON = call_headers()
WRONG = {
    "GET": (changed(PERSON, method="GET"), "405", 13),
    "no content-type": (changed(PERSON, content_type=None), "415", 3),
    "another content-type": (changed(PERSON, content_type="text/html"), "415", 3),
    "application/grpcx": (changed(PERSON, content_type="application/grpcx"), "415", 3),
    "application/grpc+json": (changed(PERSON, content_type="application/grpc+json"), "415", 3),
    "two content-types, the last one right": ([*PERSON[:4], ("content-type", "text/html"), *PERSON[4:]], "415", 3),
    "two content-types, the first one right": ([*PERSON, ("content-type", "text/html")], "415", 3),
    "no te": (changed(PERSON, te=None), "200", 2),
    "a time-out without unit": ([*PERSON, ("grpc-timeout", "100")], "200", 13),
    "a time-out of nine digits": ([*PERSON, ("grpc-timeout", "123456789m")], "200", 13),
    "a negative time-out": ([*PERSON, ("grpc-timeout", "-1S")], "200", 13),
    "a time-out in front of one that is none": (
        [*PERSON, ("grpc-timeout", "1S"), ("grpc-timeout", "x")],
        "200",
        13,
    ),
    "gzip": ([*PERSON, ("grpc-encoding", "gzip")], "200", 12),
    "gzip and identity": ([*PERSON, ("grpc-encoding", "gzip"), ("grpc-encoding", "identity")], "200", 12),
    "another path": (call_headers("/ronda.v1.CheckService/SearchPersons"), "200", 12),
    "no path at all": (call_headers("/"), "200", 12),
    "much metadata": ([*PERSON, ("x-much", "m" * 1100)], "200", 8),
    "much binary metadata": ([*PERSON, ("x-much-bin", "A" * 1400)], "200", 8),
    "much binary metadata of padding alone": ([*PERSON, ("x-much-bin", "=" * 1400)], "200", 8),
}


RIGHT = {
    "a content-type in capitals": changed(PERSON, content_type="Application/GRPC+Proto"),
    "a parameter": changed(PERSON, content_type="application/grpc;charset=utf-8"),
    "a parameter behind a space": changed(PERSON, content_type="application/grpc+proto ; a=b"),
    "content-type twice": [*PERSON, ("content-type", "application/grpc")],
    "te twice": [*PERSON, ("te", "trailers")],
    "te in capitals": changed(PERSON, te="Trailers"),
    "grpc-encoding twice": [*PERSON, ("grpc-encoding", "identity"), ("grpc-encoding", "identity")],
    "the last time-out of two": [*PERSON, ("grpc-timeout", "0n"), ("grpc-timeout", "99999999H")],
    "binary metadata of which base64 alone makes too much": [*PERSON, ("x-much-bin", "A" * 1200)],
    "the same with its padding": [*PERSON, ("x-much-bin", "A" * 1202 + "==")],
}


@pytest.mark.parametrize("name", RIGHT)
def test_headers_that_are_right(wire: Wire, name: str) -> None:
    assert wire.call(b"who", RIGHT[name]).status == 0


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("ended", [True, False], ids=["whole", "unended"])
def test_headers_that_are_wrong(wire: Wire, name: str, ended: bool) -> None:
    fields, http_status, status = WRONG[name]
    stream = wire.ask(b"who", fields, end=ended)
    reply = wire.reply(stream)
    assert (reply.headers[":status"], reply.status) == (http_status, status)
    assert reply.headers["content-type"] == "application/grpc"
    assert wire.call(b"who").status == 0  # the connection lives on
    if not ended:
        assert reply.reset in (None, 0)  # NO_ERROR: it may stop sending


LONG = "v" * 200
MALFORMED = {
    "no method": changed(PERSON, method=None),
    "no scheme": changed(PERSON, scheme=None),
    "no path": changed(PERSON, path=None),
    "two paths": [PERSON[2], *PERSON],
    "another pseudo-field": [(":protocol", "grpc"), *PERSON],
    "a pseudo-field behind others": [*PERSON[1:], PERSON[0]],
    "a path with a space": changed(PERSON, path="/a b"),
    "a name in capitals": [*PERSON, ("X-Name", "v")],
    "a name with a space": [*PERSON, ("x name", "v")],
    "a value with a line feed": [*PERSON, ("x-name", "a\nb")],
    "a long value with a null": [*PERSON, ("x-name", LONG + "\0")],
    "a token with a carriage return": [*PERSON, ("authorization", "Bearer \r" + LONG)],
    "connection": [*PERSON, ("connection", "close")],
    "te for something else": changed(PERSON, te="gzip"),
    "te for something more": changed(PERSON, te="trailers, gzip"),
    "te for something else, then as it must be": [*PERSON[:4], ("te", "gzip"), *PERSON[4:]],
    "transfer-encoding": [*PERSON, ("transfer-encoding", "chunked")],
    "a length that is not kept": [*PERSON, ("content-length", "9")],
    "a length that is none": [*PERSON, ("content-length", "eight")],
    "two lengths": [*PERSON, ("content-length", "8"), ("content-length", "8")],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_http_is_reset(wire: Wire, name: str) -> None:
    assert wire.call(b"who", [*PERSON, ("x-name", LONG)]).status == 0
    reply = wire.call(b"who", MALFORMED[name])
    assert (reply.reset, reply.status) == (1, -1)  # PROTOCOL_ERROR
    assert wire.call(b"who", [*PERSON, ("x-name", LONG), ("content-length", "8")]).status == 0


@pytest.mark.parametrize("trailers", [[(":path", "/")], [("X-Capital", "1")]])
def test_trailers_that_are_no_http_are_reset(wire: Wire, trailers: list[tuple[str, str]]) -> None:
    stream = wire.ask(raw=message(b"who"), end=False)
    wire.h2.send_headers(stream, trailers, end_stream=True)
    wire.flush()
    assert wire.reply(stream).reset == 1
    assert wire.call(b"who").status == 0


def test_what_is_not_taken_is_named(wire: Wire) -> None:
    assert wire.call(b"who", [*PERSON, ("grpc-encoding", "gzip")]).headers["grpc-accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "content_type", ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"]
)
def test_content_types_of_grpc(wire: Wire, content_type: str) -> None:
    fields = changed(PERSON, content_type=content_type)
    assert wire.call(b"who", [*fields, ("grpc-encoding", "identity")]).status == 0


MESSAGES = {
    "none": (b"", 0),
    "half a prefix": (b"\0\0\0", 13),
    "half a message": (message(b"who are you")[:-3], 13),
    "two": (message(b"who") * 2, 12),
    "one and a byte": (message(b"who") + b"\0", 12),
    "compressed": (message(b"who", 1), 13),
    "another flag": (message(b"who", 2), 13),
    "too large": (message(b"x" * 4097), 8),
    "four gigabytes": (b"\0\xff\xff\xff\xffwho", 8),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_that_are_wrong(wire: Wire, name: str) -> None:
    raw, status = MESSAGES[name]
    assert wire.call(raw=raw).status == status
    assert wire.call(b"x" * 4096).status == 0


def test_headers_that_end_the_stream_ask_with_an_empty_message(wire: Wire) -> None:
    assert wire.call(None).status == 0  # as grpcio hands it on: the engine says what is missing


def test_a_message_may_come_byte_by_byte(wire: Wire) -> None:
    content = message(b"size1000;" + b"." * 500)
    stream = wire.ask(raw=content[:1], end=False)
    for byte in content[1:]:
        wire.h2.send_data(stream, bytes([byte]), pad_length=3)
    wire.h2.send_headers(stream, [("x-trailer", "1")], end_stream=True)
    wire.flush()
    assert wire.reply(stream).messages == [b"x" * 1000]


@pytest.mark.parametrize("path", [CHECK_PERSON, HEALTH])
def test_a_deadline_that_has_passed(wire: Wire, path: str) -> None:
    assert wire.call(b"who", [*call_headers(path), ("grpc-timeout", "0n")]).status == 4


def test_a_parked_call_ends_at_its_deadline(wire: Wire) -> None:
    lost = wire.ask(b"lost", [*PERSON, ("grpc-timeout", "150m")])
    assert wire.call(b"who").status == 0  # others go on
    assert wire.reply(lost).status == 4


def test_parked_calls_may_be_reset(stub: Stub, wire: Wire) -> None:
    streams = [wire.ask(b"lost") for _ in range(20)]
    for stream in streams:
        wire.h2.reset_stream(stream)
    wire.flush()
    assert wire.call(b"who").status == 0


def test_health_and_who_watches_it(stub: Stub, wire: Wire) -> None:
    assert wire.call(b"", call_headers(HEALTH)).messages == [b"\x08\x01"]
    watch = wire.ask(b"", call_headers(WATCH))
    reply = wire.replies[watch]
    wire.until(lambda: len(reply.messages) == 1)
    stub.send(signal.SIGUSR1)
    wire.until(lambda: len(reply.messages) == 2)
    assert wire.call(b"", call_headers(HEALTH)).messages == [b"\x08\x02"]
    stub.send(signal.SIGUSR1)
    wire.until(lambda: len(reply.messages) == 3)
    assert reply.messages == [b"\x08\x01", b"\x08\x02", b"\x08\x01"]
    assert not reply.ended
    wire.h2.reset_stream(watch)
    wire.flush()
    assert wire.call(b"who").status == 0


def test_everything_is_counted() -> None:
    with Stub(max_request=100) as stub:
        with Wire(stub.address) as wire:
            wire.call(b"who")
            wire.call(b"x" * 101)
            wire.call(b"fail")
            wire.call(b"who", changed(PERSON, content_type=None))
            wire.ask(b"lost")
            wire.call(b"who")
        counters = stub.stop()
    expected = {
        **{"status_0": 2, "status_8": 1, "status_5": 1, "status_3": 1, "refused_message": 1, "refused_http": 1},
        **{"accepted": 1, "ended_by_peer": 1, "cancelled": 1, "gone": 1},
        **{"connections_now": 0, "streams_now": 0, "parked_now": 0, "bytes_held_now": 0},
    }
    assert {name: counters[name] for name in expected} == expected


def test_the_filter_of_system_calls_lets_a_lane_live() -> None:
    """The sanitizers want more of the system than the lane does: without them."""
    with Stub(FAST, filter=1, stall_ms=1500) as stub:
        with Wire(stub.address) as wire:
            assert wire.call(b"size300000;").status == 0
            assert wire.call(b"park").messages == [b"parked"]
            half = wire.ask(None, end=False)
            assert wire.reply(half).status == 4
        assert stub.stop()["status_0"] == 2
