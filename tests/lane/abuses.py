"""Frames that HTTP/2 lets a device send besides calls, one connection each, by an attacker who reads the answers.

The floods of bench/attack read nothing, and begin again on other connections.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from bench.attack.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from tests.lane.bare import (
    COMPRESSION_ERROR,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    INTERNAL_ERROR,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    STREAM_CLOSED,
    Bare,
    fields_of,
)
from tests.lane.laned import CHECK_PERSON

_AT_ONCE = 200  # frames in one write


@dataclass(frozen=True)
class Abuse:
    """write: the frames of the n-th write. codes: with which of them the connection has to end; () = it may live."""

    write: Callable[[Bare, int], bytes]
    codes: tuple[int, ...]
    writes: int = 500


def _setting(number: int, value: int) -> bytes:
    return frame(SETTINGS, 0, 0, struct.pack(">HI", number, value))


def _headers(connection: Bare, stream: int, flags: int = END_HEADERS | END_STREAM) -> bytes:
    return frame(HEADERS, flags, stream, connection.block(fields_of(CHECK_PERSON)))


def _rapid_reset(connection: Bare, number: int) -> bytes:
    first = 2 * _AT_ONCE * number + 1
    return b"".join(
        _headers(connection, stream, END_HEADERS) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
        for stream in range(first, first + 2 * _AT_ONCE, 2)
    )


def _made_you_reset(connection: Bare, number: int) -> bytes:
    """CVE-2025-8671: frames for which the server has to reset the stream by itself."""
    first = 2 * _AT_ONCE * number + 1
    return b"".join(
        _headers(connection, stream) + frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0))
        for stream in range(first, first + 2 * _AT_ONCE, 2)
    )


def _continuations(connection: Bare, number: int) -> bytes:
    begin = b"" if number else frame(HEADERS, 0, 1, connection.block(fields_of(CHECK_PERSON)))
    return begin + frame(CONTINUATION, 0, 1, b"\x00\x01a" + b"\x7f\xa1\x05" + b"a" * 800) * 16


def _empty_continuations(connection: Bare, number: int) -> bytes:
    begin = b"" if number else frame(HEADERS, 0, 1, connection.block(fields_of(CHECK_PERSON)))
    return begin + frame(CONTINUATION, 0, 1) * _AT_ONCE


def _empty_data(connection: Bare, number: int) -> bytes:
    begin = b"" if number else _headers(connection, 1, END_HEADERS)
    return begin + frame(DATA, 0, 1) * _AT_ONCE


def _padding_alone(connection: Bare, number: int) -> bytes:
    begin = b"" if number else _headers(connection, 1, END_HEADERS)
    return begin + frame(DATA, 0x8, 1, b"\xff" + bytes(255)) * 50


def _table_bomb(connection: Bare, number: int) -> bytes:
    """One field of 4 KB is put into the table once, and then named by one byte, again and again."""
    fields = connection.block(fields_of(CHECK_PERSON))
    field = b"\x40\x01x\x7f\x80\x1e" + b"a" * (127 + 0xF00)
    return frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, fields + field + b"\xbe" * 12_000)


def _table_sizes(_connection: Bare, number: int) -> bytes:
    """The table is made larger than allowed."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, b"\x3f\xe1\xff\x7f")


def _no_index(_connection: Bare, number: int) -> bytes:
    return frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, b"\xff\xff\xff\xff\x0f")


def _strange_frames(_connection: Bare, _number: int) -> bytes:
    return frame(0xEE, 0xFF, 0, bytes(64)) * _AT_ONCE


def _priorities(_connection: Bare, number: int) -> bytes:
    first = 2 * _AT_ONCE * number + 1
    return b"".join(
        frame(PRIORITY, 0, stream, struct.pack(">IB", 0 if stream == 1 else stream - 2, 16))
        for stream in range(first, first + 2 * _AT_ONCE, 2)
    )


def _to_itself(_connection: Bare, _number: int) -> bytes:
    return frame(PRIORITY, 0, 1, struct.pack(">IB", 1, 16))


def _small_window_updates(connection: Bare, number: int) -> bytes:
    begin = b"" if number else _headers(connection, 1, END_HEADERS)
    return begin + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * _AT_ONCE


def _once(content: bytes, codes: tuple[int, ...]) -> Abuse:
    return Abuse(lambda _connection, _number: content, codes, writes=1)


ABUSES: dict[str, Abuse] = {
    "rapid reset": Abuse(_rapid_reset, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, INTERNAL_ERROR)),  # libnghttp2's own
    "resets that the server is made to send": Abuse(_made_you_reset, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)),
    "SETTINGS": Abuse(lambda *_: frame(SETTINGS, 0, 0) * _AT_ONCE, (ENHANCE_YOUR_CALM,)),
    "SETTINGS of many values": Abuse(
        lambda *_: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100) * 2000), (ENHANCE_YOUR_CALM,)
    ),
    "PING": Abuse(lambda *_: frame(PING, 0, 0, bytes(8)) * _AT_ONCE, (ENHANCE_YOUR_CALM,)),
    "CONTINUATION without an end": Abuse(_continuations, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, COMPRESSION_ERROR, 2)),
    "CONTINUATION of nothing": Abuse(_empty_continuations, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)),
    "DATA of nothing": Abuse(_empty_data, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)),
    "DATA of padding alone": Abuse(_padding_alone, ()),
    "a field named again and again": Abuse(_table_bomb, (), writes=40),
    "a table larger than allowed": Abuse(_table_sizes, (COMPRESSION_ERROR,), writes=1),
    "a field that is in no table": Abuse(_no_index, (COMPRESSION_ERROR,), writes=1),
    "frames that there are not": Abuse(_strange_frames, ()),
    "PRIORITY": Abuse(_priorities, ()),
    "a stream that depends on itself": Abuse(_to_itself, (), writes=1),
    "windows by single bytes": Abuse(_small_window_updates, ()),
    "a window above 2^31": _once(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF)) * 2, (FLOW_CONTROL_ERROR,)),
    "a window of nothing": _once(frame(WINDOW_UPDATE, 0, 0, bytes(4)), (PROTOCOL_ERROR,)),
    "an initial window above 2^31": _once(_setting(4, 0x80000000), (FLOW_CONTROL_ERROR,)),
    "frames shorter than HTTP/2 has them": _once(_setting(5, 100), (PROTOCOL_ERROR,)),
    "a push that is 2": _once(_setting(2, 2), (PROTOCOL_ERROR,)),
    "SETTINGS of a stream": _once(frame(SETTINGS, 0, 1), (PROTOCOL_ERROR,)),
    "SETTINGS cut short": _once(frame(SETTINGS, 0, 0, b"\0\3\0"), (FRAME_SIZE_ERROR,)),
    "a PING cut short": _once(frame(PING, 0, 0, b"\0"), (FRAME_SIZE_ERROR,)),
    "a PING of a stream": _once(frame(PING, 0, 1, bytes(8)), (PROTOCOL_ERROR,)),
    "DATA of the connection": _once(frame(DATA, 0, 0, b"a"), (PROTOCOL_ERROR,)),
    "DATA of a stream that was never begun": _once(frame(DATA, 0, 5, b"a"), (PROTOCOL_ERROR, STREAM_CLOSED)),
    "a reset of a stream that was never begun": _once(frame(RST_STREAM, 0, 5, bytes(4)), (PROTOCOL_ERROR,)),
    "HEADERS of the connection": _once(frame(HEADERS, 5, 0, b"\x82"), (PROTOCOL_ERROR,)),
    "HEADERS of a server's stream": _once(frame(HEADERS, 5, 2, b"\x82"), (PROTOCOL_ERROR,)),
    "CONTINUATION of nothing begun": _once(frame(CONTINUATION, 4, 1, b"\x82"), (PROTOCOL_ERROR,)),
    "padding longer than its frame": _once(frame(HEADERS, 0xD, 1, b"\xff\x82"), (PROTOCOL_ERROR,)),
    "a frame above what is taken": _once(frame(PING, 0, 0, bytes(17_000)), (FRAME_SIZE_ERROR,)),
    "a push of a client": _once(frame(PUSH_PROMISE, 4, 1, bytes(4) + b"\x82"), (PROTOCOL_ERROR,)),
    "a client that goes away": _once(frame(GOAWAY, 0, 0, bytes(8)), ()),
}


def carry_out(abuse: Abuse, connection: Bare) -> int:
    """Writes, reading between writes what came, until the server ended it; how often it wrote."""
    for number in range(abuse.writes):
        connection.send(abuse.write(connection, number))
        connection.look()
        if connection.closed or connection.goaway or connection.stuck:
            return number + 1
    return abuse.writes
