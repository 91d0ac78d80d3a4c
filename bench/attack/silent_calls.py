"""Calls that are begun, and then nothing comes (SECURITY.md: places)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from ssl import SSLSocket

from bench.attack.http2 import END_HEADERS, HEADERS, PREFACE, connect, frame, headers

_HELD_S = 6.0  # a second longer than `half_open_s`, after which the server ends each


def hold_silent_calls(
    address: str,
    certificate: Path,
    path: str,
    metadata: Sequence[tuple[str, str]],
    connections: int,
    streams: int,
    ends: float,
) -> int:
    """Begins `streams` calls of `path` on each of so many connections, and again once the server ended them.

    Until `ends` (monotonic seconds); returns how many calls were begun.
    """
    block = headers(path, metadata)
    calls = PREFACE + b"".join(frame(HEADERS, END_HEADERS, 2 * stream + 1, block) for stream in range(streams))
    begun = 0
    while time.monotonic() < ends:
        held: list[SSLSocket] = []
        for _ in range(connections):
            if time.monotonic() >= ends:
                break
            with suppress(OSError):
                held.append(connect(address, certificate))
                held[-1].sendall(calls)
                begun += streams
        time.sleep(max(0.0, min(_HELD_S, ends - time.monotonic())))
        for connection in held:
            connection.close()
    return begun
