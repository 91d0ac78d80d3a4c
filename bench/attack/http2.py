"""HTTP/2 as an attacker writes it: bare frames (RFC 9113) on a TLS connection that shows a device's certificate."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Sequence
from pathlib import Path

import hpack

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW = 4  # id of the setting
LONGEST = 16_384  # bytes of a frame, unless the other end allows more
CANCEL = struct.pack(">I", 8)  # code of a RST_STREAM
CHECK_PERSON = "/ronda.v1.CheckService/CheckPerson"
CLEAR = "/ronda.v1.ClearanceService/Clear"
_WAIT_S = 5


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)


def headers(path: str, more: Sequence[tuple[str, str]] = ()) -> bytes:
    """The header block that begins a gRPC call, for any stream of any connection: it leans on no earlier block."""
    fields = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "localhost")]
    fields += [("content-type", "application/grpc"), ("te", "trailers"), *more]
    return bytes(hpack.Encoder().encode(fields, huffman=False))


def place_of(address: str) -> tuple[str, int]:
    """Host and port of "host:port"; by number where the name is this machine's, for its server listens on one."""
    host, _, port = address.rpartition(":")
    return "127.0.0.1" if host == "localhost" else host, int(port)


def connect(address: str, certificate: Path) -> ssl.SSLSocket:
    """A TLS connection that speaks h2. certificate: PEM, with its key. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(certificate)
    plain = socket.create_connection(place_of(address), timeout=_WAIT_S)
    try:
        return context.wrap_socket(plain)
    except OSError:
        plain.close()
        raise


def received(connection: ssl.SSLSocket) -> bytes:
    """Returns the received bytes, without waiting. Raises OSError when the other end ended the connection.

    Called between writes, never beside them: OpenSSL lets one thread at a time use a connection.
    """
    data = bytearray()
    connection.setblocking(False)
    try:
        while more := connection.recv(1 << 16):
            data += more
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        connection.settimeout(_WAIT_S)
        return bytes(data)
    raise ConnectionResetError
