"""A server replaced by another, for tests."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import psutil

from tests.server.running_server import RunningServer, until


@contextlib.contextmanager
def handed_over(server: RunningServer) -> Iterator[int]:
    """SIGUSR2, and once another server has the place its process id; that one is stopped at the end."""
    server.process.send_signal(signal.SIGUSR2)
    until(lambda: server.events("took_over") and server.events("handed_over"), 60)
    successor = int(server.events("handed_over")[-1]["successor"])
    try:
        yield successor
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(successor, signal.SIGTERM)
        until(
            lambda: not psutil.pid_exists(successor) or psutil.Process(successor).status() == psutil.STATUS_ZOMBIE, 60
        )
