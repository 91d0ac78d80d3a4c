"""What a worker holds of memory for itself alone; generations and limits are mapped, and shared by all workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

_PAUSE_S = 1.0
_LOOKS = 3  # above the bound in a row: a burst passes by itself


def private_bytes(pid: int) -> int:
    """RssAnon of a process; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon:"))


async def grown(pid: Callable[[], int], bound: int) -> int:
    """Returns once a process holds more than `bound` bytes, with how much that is; with bound 0 never."""
    above = 0
    while True:
        await asyncio.sleep(_PAUSE_S)
        held = private_bytes(pid()) if bound else 0
        above = above + 1 if held > bound else 0
        if bound and above >= _LOOKS:
            return held
