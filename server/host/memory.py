"""A worker's private memory; generations and limits are mapped, and shared by all workers."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path

_PAUSE_S = 1.0
_GIVEN_BACK_EVERY_S = 5.0
_AGAIN_S = 20.0  # until it is tried again to come down to the least that ever was
_KEPT = 4 << 20  # bytes of freed memory that may stay, beyond what the last trim left
_LOOKS = 3  # above the bound in a row: a burst passes by itself
# What a flood leaves behind, seconds and bytes. A start is over after the first; the second is the time that a worker
# serves at least before it is replaced for this, so that floods replace it no more often; the third is rest.
_STARTED_S, _SERVED_S, _REST_S = 15.0, 120.0, 15.0
_STEADY, _FELL, _STAYED = 4 << 20, 32 << 20, 24 << 20
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
_ARENAS = 2  # a machine's smallest number of cores: threads wait for each other's allocations no more than for a core
_MAPPED_FROM = 128 << 10  # bytes: glibc's own first value, which it raises to 32 MiB by what is freed unless it is set


class _Allocated(ctypes.Structure):
    """glibc's struct mallinfo2, of all arenas: bytes in use are `uordblks`, and `hblkhd` in mappings of their own."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    )


def private_bytes(pid: int) -> int:
    """RssAnon of a process; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon:"))


class Growth:
    """Decides whether a worker holds too much memory, from a measurement each second.

    Two cases count. One: more than a bound. Two: at rest after a flood that took over 32 MiB and gave them back, 24 MiB
    more than when it was new. Those bytes lie between live allocations, and only a new process gives them back. The
    next flood adds to them: 8 to 12 MiB a round of all attacks (`./run bench-attack`). Slow growth, as callers are met,
    is no flood: it gives nothing back.
    """

    def __init__(self, bound: int) -> None:
        """bound: bytes; 0 = nothing is too much."""
        self._bound = bound
        self._above = 0
        self._new = 1 << 62  # least ever held since it has started
        self._most = 0
        self._begun = -1.0
        self._level, self._since = 0, 0.0  # at rest: within _STEADY of that, since then

    def too_much(self, held: int, now: float) -> bool:
        """held: bytes now; now: monotonic seconds."""
        if not self._bound or not held:
            return False
        if self._begun < 0:
            self._begun = now
        if now - self._begun < _STARTED_S:
            return self._beyond_bound(held)
        self._new, self._most = min(self._new, held), max(self._most, held)
        if abs(held - self._level) > _STEADY:
            self._level, self._since = held, now
        left_by_a_flood = self._most - held >= _FELL and held - self._new >= _STAYED
        rests = now - self._since >= _REST_S and now - self._begun >= _SERVED_S
        return self._beyond_bound(held) or (left_by_a_flood and rests)

    def _beyond_bound(self, held: int) -> bool:
        self._above = self._above + 1 if held > self._bound else 0
        return self._above >= _LOOKS


async def grown(pid: Callable[[], int], bound: int) -> int:
    """Returns once a process holds too much (`Growth`), with how much that is; with bound 0 never."""
    growth = Growth(bound)
    while True:
        await asyncio.sleep(_PAUSE_S)
        held = private_bytes(pid()) if bound else 0
        if growth.too_much(held, time.monotonic()):
            return held


def allocate_compactly() -> None:
    """Limits the C library to two arenas for all threads, and maps large blocks by themselves. Call it before threads.

    By default each of gRPC's threads gets an arena. After floods each holds 12 to 25 MiB, with a few live allocations
    that cannot move. Measured after nine rounds of attacks: 300 MiB a worker, 95 of them in use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    mallopt(_M_ARENA_MAX, _ARENAS)
    mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM)


async def give_back() -> None:
    """Gives memory that this process freed back to the system, for ever.

    After a flood of connections or headers, the C library keeps the freed memory, because it lies between live
    allocations. A trim over 300 MiB takes 50 ms, in a thread of its own; with nothing to trim, no time. So the bytes
    held beyond those in use decide. A larger generation does not cause repeated trims, but memory freed since the last
    trim does. Under a flood much is freed during a trim and is taken for memory that cannot be given back: so the trim
    is tried again after `_AGAIN_S`.
    """
    library = ctypes.CDLL(None)
    trim, allocated = (getattr(library, name, None) for name in ("malloc_trim", "mallinfo2"))
    if trim is None or allocated is None:  # another C library than glibc of 2.33 or later, which keeps less
        return
    allocated.restype = _Allocated

    def freed() -> int:
        """Bytes held that nothing uses, with what is not the C library's."""
        of: _Allocated = allocated()
        return private_bytes(os.getpid()) - int(of.uordblks) - int(of.hblkhd)

    left = least = await asyncio.to_thread(freed)
    trimmed_at = time.monotonic()
    while True:
        await asyncio.sleep(_GIVEN_BACK_EVERY_S)
        beyond = await asyncio.to_thread(freed)
        left, least = min(left, beyond), min(least, beyond)
        again = time.monotonic() - trimmed_at >= _AGAIN_S
        if beyond > (least if again else left) + _KEPT:
            await asyncio.to_thread(_trim, trim)
            left = await asyncio.to_thread(freed)
            trimmed_at = time.monotonic()


def _trim(malloc_trim: Callable[[int], int]) -> None:
    malloc_trim(0)
