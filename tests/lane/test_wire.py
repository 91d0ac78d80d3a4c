"""Calls as the wire has them: what gRPC over HTTP/2 and RFC 9113 say of each, and that both transports say the same."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from bench.attack.http2 import DATA, END_STREAM, HEADERS, RST_STREAM, WINDOW_UPDATE, frame
from tests.lane.bare import (
    FLOW_CONTROL_ERROR,
    Bare,
    Fields,
    Stream,
    bare,
    fields_of,
    prefixed,
)
from tests.lane.came import timeless, told_by
from tests.lane.laned import CHECK_PERSON, HEALTH, Laned
from tests.trust.trust_kit import Client, question

OK, CANCELLED, UNKNOWN, INVALID, DEADLINE, NOT_FOUND, DENIED, EXHAUSTED, UNIMPLEMENTED, INTERNAL = (
    *("0", "1", "2", "3", "4", "5", "7"),
    *("8", "12", "13"),
)
WHOLE = prefixed(question())


@dataclass(frozen=True)
class Row:
    """A call: what is changed of a good one. status: what grpc-status has to be; "" = there is none.

    alike: whether grpcio has to say it too; where not, its C core leaves open what the specification asks for.
    """

    status: str
    content: bytes | None = WHOLE
    more: Fields = ()
    without: str = ""
    path: str = CHECK_PERSON
    pseudo: tuple[tuple[str, str], ...] = ()
    http: str = "200"
    reason: str = ""
    alike: bool = True
    reset: bool = False  # the stream may be reset in the place of a status


ROWS: dict[str, Row] = {
    "a good one": Row(OK),
    "the subtype of its content is named": Row(OK, more=[("content-type", "application/grpc+proto")]),
    "no message at all": Row(DENIED, content=None, reason="FORBIDDEN"),
    "no message, and a frame of its absence": Row(DENIED, content=b"", reason="FORBIDDEN"),
    "an empty message": Row(DENIED, content=prefixed(b""), reason="FORBIDDEN"),
    "a method that there is not": Row(UNIMPLEMENTED, path="/ronda.v1.CheckService/Erase", reason="METHOD_UNKNOWN"),
    "a path without a method": Row(UNIMPLEMENTED, path="/x", reason="METHOD_UNKNOWN"),
    "a longest deadline": Row(OK, more=[("grpc-timeout", "99999999H")]),
    "a deadline in each unit": Row(OK, more=[("grpc-timeout", "20000m")]),
    "what was announced and not used": Row(OK, more=[("grpc-encoding", "identity")]),
    "what the client understands": Row(OK, more=[("grpc-accept-encoding", "gzip, deflate")]),
    "a user agent and a trace": Row(OK, more=[("user-agent", "x/1"), ("traceparent", "00-" + "a" * 32)]),
    "a binary header": Row(OK, more=[("x-some-bin", "AAECAw")]),
    "no authority": Row(OK, without=":authority", alike=False, reset=True),
    "another authority": Row(OK, pseudo=(("authority", "elsewhere.example"),)),
    "content of another kind": Row(INVALID, more=[("content-type", "application/json")], http="415", alike=False),
    "content of no kind": Row(INVALID, without="content-type", http="415", alike=False),
    "compressed, and nobody said how": Row(INTERNAL, content=prefixed(question(), 1), alike=False),
    "compressed in a way that nobody knows": Row(
        UNIMPLEMENTED, content=prefixed(question(), 1), more=[("grpc-encoding", "wolf")], alike=False
    ),
    "compressed": Row(
        UNIMPLEMENTED,
        content=prefixed(gzip.compress(question()), 1),
        more=[("grpc-encoding", "gzip")],
        alike=False,  # grpcio takes it
    ),
    "a flag that there is not": Row(INTERNAL, content=prefixed(question(), 2), alike=False),
    "a prefix that says more than comes": Row(
        INTERNAL, content=prefixed(question(), length=len(question()) + 1), alike=False, reset=True
    ),
    "a prefix cut short": Row(INTERNAL, content=WHOLE[:3], alike=False, reset=True),
    "a prefix that says less than comes": Row(
        UNIMPLEMENTED, content=prefixed(question(), length=len(question()) - 1), alike=False, reset=True
    ),
    "two messages": Row(UNIMPLEMENTED, content=WHOLE + WHOLE, alike=False, reset=True),
    "a message of 4 GiB, it says": Row(
        EXHAUSTED,
        content=prefixed(question(), length=0xFFFFFFFF),
        reason="MESSAGE_TOO_LARGE",
        alike=False,
        reset=True,
    ),
    "a message of 64 KiB and one": Row(
        EXHAUSTED, content=prefixed(b"\x12" + b"\xff" * 65_536), reason="MESSAGE_TOO_LARGE"
    ),
    "a message above what is taken": Row(EXHAUSTED, content=prefixed(b"\x12" * 16_385), reason="MESSAGE_TOO_LARGE"),
}


def details_of(stream: Stream) -> tuple[str, str]:
    """(reason, the whole google.rpc.Status as text) of a stream's trailers."""
    packed = stream["grpc-status-details-bin"]
    text, reason = told_by(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    return reason, text


def asked(connection: Bare, row: Row, metadata: Fields, stream: int = 1) -> Stream:
    fields = fields_of(row.path, [*row.more, *metadata], row.without, **dict(row.pseudo))
    connection.call(stream, fields, row.content)
    return connection.ended(stream)


@pytest.fixture(scope="module")
def officer(laned: Laned) -> Client:
    """Returns an officer who asks on the wire."""
    return laned.kit.patrol("patrol-70", "10070")


def _pairs(client: Client) -> list[tuple[str, str]]:
    return [(str(key), str(value)) for key, value in client.metadata]


@pytest.mark.parametrize("name", ROWS)
def test_a_call(laned: Laned, officer: Client, name: str) -> None:
    row, came = ROWS[name], {}
    for transport, address in laned.both.items():
        with bare(laned, officer, address) as connection:
            came[transport] = asked(connection, row, _pairs(officer))
            again = asked(connection, ROWS["a good one"], _pairs(officer), 3)  # the connection lives
            if transport == "lane":
                assert again["grpc-status"] == OK
    lane = came["lane"]
    if not (row.reset and lane.reset is not None):
        assert (lane[":status"], lane["grpc-status"]) == (row.http, row.status), (lane.fields, lane.reset)
        assert details_of(lane)[0] == row.reason
    if row.alike:
        assert _told(lane) == _told(came["grpcio"])


def _told(stream: Stream) -> tuple[object, ...]:
    message = stream.data[5:]
    response = timeless(CHECK_PERSON, message) if stream["grpc-status"] == OK else message
    names = tuple(sorted({name for name, _ in stream.fields} - {"ronda-lane", "grpc-accept-encoding", "grpc-message"}))
    shown = tuple(stream[name] for name in (":status", "content-type", "grpc-status", "grpc-message"))
    return shown, names, details_of(stream)[1], response, stream.blocks, stream.ended


@pytest.mark.parametrize("timeout", ["1n", "1u", "0S"])
def test_a_deadline_that_is_over_at_once(laned: Laned, officer: Client, timeout: str) -> None:
    """It may be answered by a server that is quicker than that; it never waits."""
    with bare(laned, officer) as connection:
        stream = asked(connection, Row(OK, more=[("grpc-timeout", timeout)]), _pairs(officer))
    assert stream["grpc-status"] in (OK, DEADLINE)


def test_half_a_call_has_its_deadline(laned: Laned, officer: Client) -> None:
    """Not that of others, `half_open_s`: both transports say that the time of this client is over."""
    for transport, address in laned.both.items():
        with bare(laned, officer, address) as connection:
            connection.call(1, fields_of(CHECK_PERSON, [("grpc-timeout", "300m"), *_pairs(officer)]), None, end=False)
            stream = connection.ended(1)
        assert stream["grpc-status"] == DEADLINE
        assert "eadline" in stream["grpc-message"], transport


@pytest.mark.parametrize("timeout", ["", "S", "1", "1x", "-1S", "123456789S", "1.5S", "0x1S", " 1S"])
def test_a_deadline_that_is_none(laned: Laned, officer: Client, timeout: str) -> None:
    """gRPC over HTTP/2: eight digits at most and a unit. None of it is taken for no deadline at all and waited upon."""
    with bare(laned, officer) as connection:
        stream = asked(connection, Row(OK, more=[("grpc-timeout", timeout)]), _pairs(officer))
        assert stream.over


def test_what_is_not_compressed_in_a_known_way_names_the_known_ones(laned: Laned, officer: Client) -> None:
    """So that a client can ask again (gRPC's compression.md)."""
    with bare(laned, officer) as connection:
        stream = asked(connection, ROWS["compressed in a way that nobody knows"], _pairs(officer))
    assert "identity" in stream["grpc-accept-encoding"]


BROKEN: dict[str, Callable[[list[tuple[str, str]]], list[tuple[str, str]]]] = {
    "GET": lambda fields: [(":method", "GET"), *fields[1:]],
    "a field in capitals": lambda fields: [*fields, ("X-Large", "a")],
    "a pseudo header after others": lambda fields: [*fields, (":path", "/x")],
    "a path twice": lambda fields: [(":path", "/x"), *fields],
    "no path": lambda fields: [each for each in fields if each[0] != ":path"],
    "no method": lambda fields: [each for each in fields if each[0] != ":method"],
    "no scheme": lambda fields: [each for each in fields if each[0] != ":scheme"],
    "a pseudo header of nobody": lambda fields: [(":colour", "red"), *fields],
    "a connection header": lambda fields: [*fields, ("connection", "close")],
    "te for something else": lambda fields: [each for each in fields if each[0] != "te"] + [("te", "gzip")],
    "a line break in a value": lambda fields: [*fields, ("x-line", "a\r\nb")],
    "a null byte in a value": lambda fields: [*fields, ("x-null", "a\0b")],
    "a response's status": lambda fields: [(":status", "200"), *fields],
}


@pytest.mark.parametrize("name", BROKEN)
def test_fields_that_make_no_request(laned: Laned, officer: Client, name: str) -> None:
    """Malformed (RFC 9113, 8.1.1): no answer, the stream or the connection ends."""
    before = [each.place for each in laned.newest(1)]
    with bare(laned, officer) as connection:
        connection.call(1, BROKEN[name](fields_of(CHECK_PERSON, _pairs(officer))), WHOLE)
        stream = connection.ended(1)
        assert stream.data == b""
        assert stream["grpc-status"] != OK
        assert stream.over or connection.goaway
    last = laned.newest(1)
    assert [each.place for each in last] == before or last[0].status


def test_a_request_in_single_bytes_and_padded(laned: Laned, officer: Client) -> None:
    fields = fields_of(CHECK_PERSON, _pairs(officer))
    with bare(laned, officer) as connection:
        connection.call(1, fields, None, end=False)
        for place in range(len(WHOLE)):
            connection.send(frame(DATA, END_STREAM if place == len(WHOLE) - 1 else 0, 1, WHOLE[place : place + 1]))
        assert connection.ended(1)["grpc-status"] == OK
        block = connection.block(fields)
        connection.send(frame(HEADERS, 0x8 | 4, 3, b"\x10" + block + bytes(16)))
        connection.send(frame(DATA, 0x8 | END_STREAM, 3, b"\x20" + WHOLE + bytes(32)))
        assert connection.ended(3)["grpc-status"] == OK


def test_headers_in_many_pieces(laned: Laned, officer: Client) -> None:
    fields = fields_of(CHECK_PERSON, _pairs(officer))
    with bare(laned, officer) as connection:
        block = connection.block(fields)
        pieces = [block[at : at + 200] for at in range(0, len(block), 200)]
        out = frame(HEADERS, 0, 1, pieces[0])
        for number, piece in enumerate(pieces[1:], 2):
            out += frame(9, 4 if number == len(pieces) else 0, 1, piece)
        connection.send(out + frame(DATA, END_STREAM, 1, WHOLE))
        assert connection.ended(1)["grpc-status"] == OK


def test_trailers_of_a_client(laned: Laned, officer: Client) -> None:
    """gRPC's clients send none; HTTP/2 lets them. They are no message and no pseudo header hides in them."""
    with bare(laned, officer) as connection:
        connection.call(1, fields_of(CHECK_PERSON, _pairs(officer)), WHOLE, end=False)
        connection.send(frame(HEADERS, 4 | END_STREAM, 1, connection.block([("x-checksum", "1")])))
        stream = connection.ended(1)
        assert stream["grpc-status"] == OK or stream.reset is not None
        connection.call(3, fields_of(CHECK_PERSON, _pairs(officer)), WHOLE, end=False)
        connection.send(frame(HEADERS, 4 | END_STREAM, 3, connection.block([(":path", "/x")])))
        stream = connection.ended(3)
        assert stream.reset is not None or connection.goaway


def test_a_second_token_in_the_trailers_is_none(laned: Laned, officer: Client) -> None:
    with bare(laned, officer) as connection:
        connection.call(1, fields_of(CHECK_PERSON), WHOLE, end=False)
        connection.send(frame(HEADERS, 4 | END_STREAM, 1, connection.block(_pairs(officer))))
        stream = connection.ended(1)
    assert details_of(stream)[0] == "TOKEN_MISSING" or stream.reset is not None


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\x1f"], ids=ascii)
def test_no_other_space_stands_before_a_token(laned: Laned, officer: Client, space: str) -> None:
    """Decoders differ about spaces: both take one alone."""
    ((_, bearer),) = officer.metadata
    scheme, token = bearer.split(" ")
    came = set()
    for address in laned.both.values():
        with bare(laned, officer, address) as connection:
            fields = fields_of(CHECK_PERSON, [("authorization", f"{scheme} {space}{token}")])
            connection.call(1, fields, WHOLE)
            stream = connection.ended(1)
            assert stream["grpc-status"] != OK
            came.add(details_of(stream)[0])
    assert came <= {"TOKEN_INVALID", ""}


def test_a_client_that_gives_up(laned: Laned, officer: Client) -> None:
    """A stream that is reset at once, or half way: the others go on."""
    fields = fields_of(CHECK_PERSON, _pairs(officer))
    with bare(laned, officer) as connection:
        for number in range(20):
            connection.call(4 * number + 1, fields, WHOLE if number % 2 else WHOLE[:9], end=bool(number % 2))
            connection.send(frame(RST_STREAM, 0, 4 * number + 1, (8).to_bytes(4)))
            connection.call(4 * number + 3, fields, WHOLE)
            assert connection.ended(4 * number + 3)["grpc-status"] == OK


def test_health_on_the_wire(laned: Laned, officer: Client) -> None:
    with bare(laned, officer) as connection:
        connection.call(1, fields_of(HEALTH), prefixed(b""))
        stream = connection.ended(1)
    assert (stream["grpc-status"], stream.data) == (OK, prefixed(b"\x08\x01"))


def test_answers_wait_for_the_window(laned: Laned, officer: Client) -> None:
    """A client that takes a byte at a time gets its answer byte by byte, and one without a window gets none."""
    fields = fields_of(CHECK_PERSON, _pairs(officer))
    small = frame(4, 0, 0, (4).to_bytes(2) + (0).to_bytes(4))
    with bare(laned, officer) as connection:
        connection.send(small)
        connection.call(1, fields, WHOLE)
        assert connection.hear(lambda: 1 in connection.streams)
        assert not connection.hear(lambda: bool(connection.streams[1].data), 0.5)
        came = connection.streams[1]
        while len(came.data) < 40:
            size = len(came.data) + 1
            connection.send(frame(WINDOW_UPDATE, 0, 1, (1).to_bytes(4)))
            connection.hear(partial(_has, came, size))
            assert len(came.data) == size
        connection.send(frame(WINDOW_UPDATE, 0, 1, (1 << 20).to_bytes(4)))
        stream = connection.ended(1)
        assert stream["grpc-status"] == OK
        timeless(CHECK_PERSON, stream.data[5:])


def _has(stream: Stream, size: int) -> bool:
    return len(stream.data) >= size


def test_more_than_the_window_allows_ends_the_connection(laned: Laned, officer: Client) -> None:
    with bare(laned, officer) as connection:
        connection.hear(lambda: bool(connection.settings))
        connection.call(1, fields_of(CHECK_PERSON, _pairs(officer)), None, end=False)
        window = connection.settings.get(4, 65_535)
        for _ in range(max(window, 65_535) // 16_384 + 400):
            connection.send(frame(DATA, 0, 1, bytes(16_384)))
        connection.hear(lambda: bool(connection.goaway) or connection.closed or connection.ended(1).over)
        stream = connection.streams.get(1, Stream())
        refused = stream.reset is not None or stream["grpc-status"] == EXHAUSTED
        assert refused or connection.closed or connection.error() == FLOW_CONTROL_ERROR
