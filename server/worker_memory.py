"""What a worker holds of memory for itself alone; generations and limits are mapped, and shared by all workers."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable
from pathlib import Path

_PAUSE_S = 1.0
_GIVEN_BACK_EVERY_S = 5.0
_KEPT = 16 << 20  # bytes beyond what was left the last time, or the least since
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


async def give_back() -> None:
    """Gives memory that this process freed back to the system, for ever.

    What a flood of connections or headers had gRPC allocate is freed to the C library, which keeps it all, for it lies
    between what lives on. A look at 300 MiB takes 50 ms, in a thread of its own; at what is not there, none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; another C library keeps less
    pid = os.getpid()
    least = private_bytes(pid)
    while trim is not None:
        await asyncio.sleep(_GIVEN_BACK_EVERY_S)
        held = private_bytes(pid)
        least = min(least, held)
        if held > least + _KEPT:
            await asyncio.to_thread(trim, 0)
            least = private_bytes(pid)  # what is left is held: a larger generation's is not sought again and again
