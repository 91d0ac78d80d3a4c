"""Bytes of real clients as seeds: connections of the `h2` library, with the byte before them that chooses how (see
session_target.c)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.settings
import hpack

PATHS = (
    "/ronda.v1.CheckService/Check",
    "/ronda.v1.CheckService/CheckPerson",
    "/ronda.v1.CheckService/CheckVehicle",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/ronda.v1.CheckService/SearchPersons",
)


def message(content: bytes, flag: int = 0) -> bytes:
    """A gRPC message with its prefix."""
    return struct.pack(">BI", flag, len(content)) + content


def headers(path: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", path),
        (":authority", "ronda"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("authorization", "Bearer " + "t" * 300),
        ("grpc-accept-encoding", "identity, deflate, gzip"),
        *more,
    ]


def client() -> h2.connection.H2Connection:
    config = h2.config.H2Configuration(client_side=True, validate_outbound_headers=False)
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    return connection


def calls() -> bytes:
    """Every path, bodies of each kind that the stub knows, several at once."""
    connection = client()
    for number, path in enumerate(PATHS * 2):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, headers(path, ("grpc-timeout", f"{number}00m")))
        connection.send_data(stream, message(bytes([number * 3 % 256]) * (number * 7)), end_stream=True)
    return connection.data_to_send()


def odd_calls() -> bytes:
    """Padding, pieces, resets, pings, trailers, windows, two tokens, what is no gRPC."""
    connection = client()
    connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 100})
    connection.ping(b"12345678")
    for fields in (
        headers(PATHS[1], ("authorization", "second"), ("x-long", "v" * 2000)),
        headers(PATHS[1], ("grpc-encoding", "gzip")),
        headers(PATHS[1], ("grpc-timeout", "many")),
        [*headers(PATHS[1])[:4], ("content-type", "text/html")],
        [(":method", "GET"), *headers(PATHS[1])[1:]],
    ):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, fields)
        content = message(b"\x20" * 200)
        connection.send_data(stream, content[:3], pad_length=9)
        connection.send_data(stream, content[3:])
        connection.send_headers(stream, [("x-trailer", "1")], end_stream=True)
    for content in (
        b"",
        message(b"ab")[:4],
        message(b"ab") * 2,
        message(b"ab", 1),
        message(b"ab", 7),
        b"\0\xff\xff\xff\xff",
    ):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, headers(PATHS[2]))
        connection.send_data(stream, content, end_stream=True)
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, headers(PATHS[0]))
    connection.send_data(stream, message(b"\x02parked"), end_stream=True)
    connection.reset_stream(stream)
    connection.increment_flow_control_window(100_000)
    connection.close_connection()
    return connection.data_to_send()


def large_answers() -> bytes:
    """More than the client's windows take."""
    connection = client()
    for _ in range(12):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, headers(PATHS[1]))
        connection.send_data(stream, message(b"\xfc"), end_stream=True)
    return connection.data_to_send() + b"\0\0\4\x08\0\0\0\0\0\0\x7f\0\0" * 3


def large_calls() -> bytes:
    """Messages and metadata up to their limits and above them, watches that end in a refusal."""
    connection = client()
    for size in (257, 600, 3000, 4096, 4097):
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, headers(PATHS[1], ("x-metadata", "m" * (size // 4))))
        connection.send_data(stream, message(b"\x20" * size), end_stream=True)
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, headers(PATHS[4]))
    connection.send_data(stream, message(b"\x10"), end_stream=True)
    return connection.data_to_send()


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def floods() -> Iterator[bytes]:
    """Control frames without end, a table entry meant again and again, more fields than are taken."""
    begun = client().data_to_send()
    block = hpack.Encoder().encode(headers(PATHS[1]))
    yield begun + frame(8, 0, 0, b"\0\0\0\1") * 1100
    yield begun + frame(6, 0, 0, b"12345678") * 900
    yield begun + frame(1, 4, 1, block + b"\x40\x01x\x7f\xbd\x1d" + b"b" * 3900 + b"\xbe" * 100)
    yield begun + frame(1, 4, 1, block + b"\x90" * 300)
    yield begun + b"".join(
        frame(1, 4, stream, block) + frame(3, 0, stream, b"\0\0\0\x08") for stream in range(1, 61, 2)
    )


def session_seeds() -> Iterator[bytes]:
    """Each connection in each way of giving it."""
    for connection in (calls(), odd_calls(), large_answers(), large_calls(), *floods()):
        for mode in (0, 2, 4 | 64, 8 | 64, 16, 32 | 4, 2 | 8 | 16 | 64):
            yield bytes([mode]) + connection
        yield b"\x01" + connection[33:]
        for every in (20, 60, 200):  # in the place of the preface's first byte
            yield b"\x81" + bytes([every]) + connection[33:]


def text_seeds() -> Iterator[bytes]:
    for text in ("no está: 100 %", "a" * 50, "\u20ac\U0001f600", "100m", "99999999H", "0n"):
        yield b"\xff\xff" + text.encode()
        yield b"\x01\x00" + text.encode()


def tables_seeds() -> Iterator[bytes]:
    yield bytes(range(256)) * 4
    yield b"\x05\x0a\x06\x3f\x3f\xff\x3f\xff" * 20


SEEDS = {"session": session_seeds, "text": text_seeds, "tables": tables_seeds}
