"""Memory that a process freed goes back to the system, also what was in use when it was looked at the last time."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys

from server import worker_memory
from server.worker_memory import give_back, private_bytes

MIB = 1 << 20
PIECE, PIECES = 64 << 10, 3200  # below the size from which the C library maps each by itself
LOOKS_S = 0.05


async def _until(condition: str, bound: int) -> None:
    held = 0
    for _ in range(200):
        await asyncio.sleep(LOOKS_S)
        held = private_bytes(os.getpid())
        if (held > bound) == (condition == "above"):
            return
    raise AssertionError(f"{held >> 20} MiB, not {condition} {bound >> 20}")


async def _use_and_free() -> None:
    """As under a flood: looked at while all is in use, freed later, and something at the end lives on."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    worker_memory._GIVEN_BACK_EVERY_S = LOOKS_S
    giving = asyncio.create_task(give_back())
    await asyncio.sleep(10 * LOOKS_S)
    before = private_bytes(os.getpid())
    pieces = [library.malloc(PIECE) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE)
    await _until("above", before + PIECE * PIECES // 2)
    await asyncio.sleep(10 * LOOKS_S)
    for piece in pieces[:-1]:
        library.free(piece)
    await _until("below", before + 32 * MIB)
    giving.cancel()


def test_what_was_in_use_at_the_last_look() -> None:
    """In a process of its own: what another test freed would be given back too."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.test_given_back"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    asyncio.run(_use_and_free())
