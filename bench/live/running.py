"""A server that is fed, with two workers, and `ronda live` beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.live.feeding import REGISTER, SOURCE
from bench.server_process import ServerProcess
from core.generation.view_file import BEAT, LIVE, VIEW, read_view
from ronda.demo.postgres_cluster import free_port


@dataclass
class Running:
    """The server, the writer beside it, and where they work."""

    server: ServerProcess
    feed: str  # "host:port" of those who feed
    writer: subprocess.Popen[bytes]
    data: Path
    home: Path

    @classmethod
    def start(cls, data: Path, generation_id: str, *, seen_s: float = 60.0, **more: str) -> Running:
        """Both, once the writer has published a view. seen_s: for which that is awaited at most; over a long ledger
        it takes longer. more: settings of the server, as variables.
        """
        feed = f"127.0.0.1:{free_port()}"
        settings = {
            **more,
            "RONDA_FEED_LISTEN": feed,
            "RONDA_LIVE_POLL_MS": "50",
            "RONDA_FEED_SOURCES": f'{{"{SOURCE}": {{"institution": "oj", "registers": ["{REGISTER}"]}}}}',
        }
        writer = _writer(data)
        server = ServerProcess.start(data, 2, data.parent / "server.log", settings)
        server.wait_ready()
        home = data / LIVE / generation_id
        until((home / VIEW).exists, seen_s)
        return cls(server, feed, writer, data, home)

    @property
    def sequence(self) -> int:
        """Returns the last entry of the ledger that the published view shows; 0 before the first view."""
        try:
            return read_view(self.home).sequence
        except FileNotFoundError:
            return 0

    def restart_writer(self) -> Callable[[], bool]:
        """Ends it as systemd does and starts the next one; returns whether that is at the ledger's end."""
        self.writer.send_signal(signal.SIGTERM)
        self.writer.wait(60)
        ended_ns = time.time_ns()
        self.writer = _writer(self.data)
        return lambda: (self.home / BEAT).stat().st_mtime_ns > ended_ns

    def stop(self) -> None:
        """Both."""
        self.server.stop()
        self.writer.kill()
        self.writer.wait(60)


def _writer(data: Path) -> subprocess.Popen[bytes]:
    with (data.parent / "live.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ronda.command", "live", "--data", str(data), "--every-ms", "20"], stderr=log
        )


def until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Polls; returns False when it did not become so."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
