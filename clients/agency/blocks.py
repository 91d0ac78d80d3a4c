"""A CSV file in blocks of whole rows, so that memory stays flat and a run can continue at any block.

A block ends where a row ends: at a line feed with an even number of quotes before it since the block began. A row that
is longer than a block (or has a quote that never closes) is a block of its own, marked broken, and reading goes on
behind its first line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

BLOCK_BYTES = 512 * 1024  # some 20,000 rows of a CUI and a reference: 20 messages


class Block(NamedTuple):
    """start: its first byte's place in the file. end: the byte behind it. broken: the rule that its one row breaks."""

    start: int
    end: int
    data: bytes
    broken: str = ""


def read_blocks(file: BinaryIO, start: int, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Blocks from the byte `start`, where a row begins, to the file's end."""
    file.seek(start)
    held = b""
    while True:
        read = file.read(size - len(held)) if len(held) < size else b""
        held += read
        whole = _rows_end(held) if len(held) >= size else 0
        if len(held) < size:  # the end of the file
            if held:
                yield from _last(held, start)
            return
        if whole:
            yield Block(start, start + whole, held[:whole])
            held, start = held[whole:], start + whole
            continue
        line = held.find(b"\n") + 1
        if line:
            yield Block(start, start + line, b"", "row too long")
            held, start = held[line:], start + line
            continue
        held, behind = _behind_line(file, start + len(held), size)
        yield Block(start, behind, b"", "row too long")
        start = behind


def _last(held: bytes, start: int) -> Iterator[Block]:
    """Yields the rest of the file: a quote that never closes costs its own line only."""
    while held:
        whole = len(held) if held.count(b'"') % 2 == 0 else _rows_end(held)
        if not whole:
            whole = held.find(b"\n") + 1 or len(held)
            yield Block(start, start + whole, b"", "row too long")
        else:
            yield Block(start, start + whole, held[:whole])
        held, start = held[whole:], start + whole


def _rows_end(data: bytes) -> int:
    """The byte behind the last whole row; 0 = there is none."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    signs = np.frombuffer(data, np.uint8)
    inside = np.cumsum(signs == ord('"')) & 1
    ends = np.flatnonzero((signs == ord("\n")) & (inside == 0))
    return int(ends[-1]) + 1 if len(ends) else 0


def _behind_line(file: BinaryIO, at: int, size: int) -> tuple[bytes, int]:
    """Reads to the next line feed without keeping what stands before it; (what follows it, its place)."""
    while data := file.read(size):
        line = data.find(b"\n") + 1
        if line:
            return data[line:], at + line
        at += len(data)
    return b"", at


def count_rows(block: Block, delimiter: str) -> int:
    """Rows of a block, blank lines too."""
    if block.broken:
        return 1
    if b'"' not in block.data:
        return block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    text = block.data.decode("utf-8", "surrogateescape")
    return sum(1 for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
