"""Strangers who open connections and say nothing on them (SECURITY.md: descriptors)."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from types import TracebackType

from bench.attack.http2 import place_of

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER
_AT_ONCE = 100
_BEGUN_WITHIN_S = 60.0


class Stranger:
    """Holds as many bare TCP connections as he can: one that is closed he opens again, until the block ends."""

    def __init__(self, address: str, most: int) -> None:
        self.opened = 0
        self._at = place_of(address)
        self._most = most
        self._held: list[socket.socket] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self) -> Stranger:
        self._thread.start()
        began = time.monotonic()
        while self.opened < self._most:
            if time.monotonic() - began > _BEGUN_WITHIN_S:
                self._end.set()
                raise TimeoutError(f"{self.opened} connections opened in {_BEGUN_WITHIN_S:.0f} s")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        for connection in self._held:
            connection.close()

    def _hold(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(OSError):
                self._held.append(socket.create_connection(self._at, timeout=1))
                self._held[-1].setblocking(False)
            self.opened += 1
            if len(self._held) >= self._most:
                self._held = [connection for connection in self._held if not _is_closed(connection)]
                self._end.wait(0.01)


def _is_closed(connection: socket.socket) -> bool:
    try:
        closed = connection.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        closed = True
    if closed:
        connection.close()
    return closed


def reset_connections(address: str, count: int) -> None:
    """Opens connections and resets them, at whatever moment of the handshake. Raises OSError."""
    for _ in range(0, count, _AT_ONCE):
        connections = [socket.create_connection(place_of(address), timeout=10) for _ in range(_AT_ONCE)]
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()
