"""A child's standard input: its parent's orders in the first line, what the parent says later, and the parent's end."""

from __future__ import annotations

import asyncio
import os
import sys


def read_orders() -> bytes:
    """The first line, read byte by byte: a buffered reader would swallow what comes after it.

    Raises SystemExit when there is none, for it was started by hand.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit("this process is started by `ronda serve`, not by hand")
        line += byte
    return bytes(line)


async def later_lines() -> asyncio.StreamReader:
    """Returns a reader of the lines after the orders; its end is the parent's end."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def parent_ended() -> None:
    """Returns when the parent ends, or speaks to a child to which it has nothing more to say."""
    await (await later_lines()).read(1)
