"""The process that takes changes over, started as a server does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.feed.orders import Orders
from server.feed.settings import FeedSource


def writer(data: Path, *, note_expected: bool = False) -> subprocess.Popen[str]:
    """The process. note_expected: of Orders."""
    sources = {"oj-central": FeedSource(institution="oj", registers=("oj",), silent_s=3600)}
    orders = Orders(
        data=data, socket=data / "socket", status=data / "status", sources=sources, hold_ms=5000, future_s=60,
        log_level="INFO", note_expected=note_expected,
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "server.feed.writer_process"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(orders.model_dump_json() + "\n")
    process.stdin.flush()
    return process
