"""Memory that a process freed goes back to the system, also what was in use when it was looked at the last time."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.host import memory as worker_memory
from server.host.memory import Growth, give_back, private_bytes

MIB = 1 << 20
PIECE, PIECES = 64 << 10, 3200  # below the size from which the C library maps each by itself
LOOKS_S = 0.05
LIBRARY = ctypes.CDLL(None)
LIBRARY.malloc.restype = ctypes.c_void_p
LIBRARY.free.argtypes = [ctypes.c_void_p]


def _used(pieces: int) -> list[int]:
    found = [int(LIBRARY.malloc(PIECE)) for _ in range(pieces)]
    for piece in found:
        ctypes.memset(piece, 1, PIECE)
    return found


def _free(pieces: list[int]) -> None:
    """All but the last, which lives on: before it nothing is given back by itself."""
    while len(pieces) > 1:
        LIBRARY.free(pieces.pop(0))


async def _until(condition: str, bound: int) -> None:
    held = 0
    for _ in range(200):
        await asyncio.sleep(LOOKS_S)
        held = private_bytes(os.getpid())
        if (held > bound) == (condition == "above"):
            return
    raise AssertionError(f"{held >> 20} MiB, not {condition} {bound >> 20}")


async def _freed_later(pieces: list[int]) -> None:
    """As under a flood that ends: looked at while all is in use."""
    await asyncio.sleep(10 * LOOKS_S)
    _free(pieces)


async def _freed_meanwhile(pieces: list[int]) -> None:
    """As under a flood that goes on: freed while the first trim looks, and taken for what can not be given back."""
    trim = worker_memory._trim

    def busy(malloc_trim: Callable[[int], int]) -> None:
        trim(malloc_trim)
        _free(pieces)

    worker_memory._trim = busy
    _free(_used(400))
    while len(pieces) > 1:
        await asyncio.sleep(LOOKS_S)


async def _use_and_free(how: str) -> None:
    worker_memory._GIVEN_BACK_EVERY_S, worker_memory._AGAIN_S = LOOKS_S, 10 * LOOKS_S
    giving = asyncio.create_task(give_back())
    await asyncio.sleep(10 * LOOKS_S)
    before = private_bytes(os.getpid())
    pieces = _used(PIECES)
    await _until("above", before + PIECE * PIECES // 2)
    await {"later": _freed_later, "meanwhile": _freed_meanwhile}[how](pieces)
    await _until("below", before + 32 * MIB)
    giving.cancel()


@pytest.mark.parametrize("how", ["later", "meanwhile"])
def test_what_is_freed_goes_back(how: str) -> None:
    """In a process of its own: what another test freed would be given back too."""
    command = [sys.executable, "-m", "tests.server.test_given_back", how]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _looks(growth: Growth, *spans: tuple[int, int, int]) -> list[int]:
    """Seconds at which it is too much. spans: seconds, and MiB at their begin and end."""
    found, now = [], 0
    for seconds, first, last in spans:
        for step in range(seconds):
            if growth.too_much((first + (last - first) * step // seconds) * MIB, 1000.0 + now):
                found.append(now)
            now += 1
    return found


def test_what_a_flood_left_is_too_much_once_the_worker_rests() -> None:
    served = (130, 45, 45)
    assert not _looks(Growth(1024 * MIB), served, (30, 45, 180), (40, 60, 60)), "15 MiB are kept"
    assert not _looks(Growth(1024 * MIB), served, (300, 45, 145), (600, 145, 145)), "it gave nothing back: no flood"
    assert _looks(Growth(1024 * MIB), served, (30, 45, 180), (40, 90, 90))[0] in range(170, 180)
    assert not _looks(Growth(1024 * MIB), served, *[(5, 45, 180), (5, 90, 120)] * 20), "the flood goes on"
    assert _looks(Growth(1024 * MIB), (20, 45, 45), (10, 45, 180), (200, 90, 90))[0] in range(115, 125), "not so soon"
    assert not _looks(Growth(0), served, (30, 45, 180), (40, 90, 90))


def test_a_bound_is_too_much_at_once() -> None:
    assert _looks(Growth(100 * MIB), (5, 45, 45), (10, 101, 101))[0] == 7
    assert not _looks(Growth(100 * MIB), (5, 45, 45), (2, 101, 101), (5, 99, 99), (2, 101, 101), (5, 45, 45))


_ARENAS = """
import ctypes, re, sys, threading
from pathlib import Path
from server.host.memory import allocate_compactly
library = ctypes.CDLL(None)
library.malloc.restype = library.fopen.restype = ctypes.c_void_p
library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
library.fclose.argtypes = [ctypes.c_void_p]
if sys.argv[1] == "compactly":
    allocate_compactly()
begun = threading.Barrier(13)
def use():
    library.malloc(1000)
    begun.wait(30)
threads = [threading.Thread(target=use) for _ in range(12)]
for thread in threads:
    thread.start()
begun.wait(30)
for thread in threads:
    thread.join()
report = Path(sys.argv[2])
file = library.fopen(bytes(report), b"w")
library.malloc_info(0, file)
library.fclose(file)
print(len(re.findall("<heap nr=", report.read_text())))
"""


def test_threads_share_two_arenas(tmp_path: Path) -> None:
    """One for each would keep what a flood left in it, here and there."""

    def arenas(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _ARENAS, how, str(tmp_path / how)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert arenas("compactly") <= 2 < arenas("as glibc would")


if __name__ == "__main__":
    asyncio.run(_use_and_free(sys.argv[1]))
