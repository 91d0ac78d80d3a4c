"""TCP ports that a test keeps: a server that is started again, or started late, finds its port as it left it.

The kernel gives any process that asks for "some port" one of its ephemeral range. A port of that range that a test
found free, or that its server has just left, may be another test's a moment later. These lie below that range.
"""

from __future__ import annotations

import fcntl
import random
import socket
import tempfile
from pathlib import Path
from typing import BinaryIO

_FIRST = 20_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_locks: list[BinaryIO] = []  # open, and so held, until this process ends


def free_port() -> int:
    """Returns a port of 127.0.0.1 that nobody listens on, and that no other test gets while this process lives."""
    end = int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    locks = Path(tempfile.gettempdir()) / "ronda-test-ports"
    locks.mkdir(exist_ok=True)
    for port in random.sample(range(_FIRST, end), end - _FIRST):
        lock = (locks / str(port)).open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _locks.append(lock)
        return port
    raise AssertionError(f"no port from {_FIRST} to {end} is free")


def free_address() -> str:
    """Returns "127.0.0.1:port", of a port that nobody else gets."""
    return f"127.0.0.1:{free_port()}"
