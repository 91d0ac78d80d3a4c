"""Fixed-width lines, sliced column by column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from indexer.manifest.sources import FixedColumn, FixedWidthSource
from indexer.readers.batch import BadRow, Batch, Unreadable, require_columns
from indexer.readers.text_lines import blocks, decode, open_source, without_bom


def read_fixed_width(source: FixedWidthSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns. Raises Unreadable."""
    require_columns(columns, [column.name for column in source.columns])
    by_name = {column.name: column for column in source.columns}
    asked = [by_name[name] for name in columns]
    lengths = None if source.encoding == "utf-8" else _utf8_lengths(source.encoding)
    done = first = 0
    with open_source(path) as file:
        for number, (raw, last) in enumerate(blocks(file)):
            done += len(raw)
            block = (without_bom(raw, source.encoding) if number == 0 else raw).replace(b"\r\n", b"\n")
            cut = last and not block.endswith(b"\n")
            count = block.count(b"\n") + cut
            if lengths is not None and _all_whole(block, source.record_length):
                yield _sliced(source, block, asked, lengths, first, done)
            else:
                yield _line_by_line(source, block, asked, first, cut, done)
            first += count
    if done == 0:
        raise Unreadable("the file is empty")


def _utf8_lengths(encoding: str) -> npt.NDArray[np.int32]:
    """Bytes that each byte of a one-byte encoding takes in UTF-8; 0 = it stands for nothing."""
    return np.array([len(bytes([i]).decode(encoding, "ignore").encode()) for i in range(256)], np.int32)


def _all_whole(block: bytes, length: int) -> bool:
    if len(block) % (length + 1):
        return False
    lines = np.frombuffer(block, np.uint8).reshape(-1, length + 1)
    return bool((lines[:, length] == 10).all()) and block.count(b"\n") == len(lines)


def _sliced(
    source: FixedWidthSource,
    block: bytes,
    asked: list[FixedColumn],
    lengths: npt.NDArray[np.int32],
    first: int,
    done: int,
) -> Batch:
    lines = np.frombuffer(block, np.uint8).reshape(-1, source.record_length + 1)
    count = len(lines)
    undecodable = (lengths[lines[:, : source.record_length]] == 0).any(axis=1) if not lengths.all() else None
    if undecodable is not None and not undecodable.any():
        undecodable = None
    arrays = []
    for column in asked:
        cut = np.ascontiguousarray(lines[:, column.start - 1 : column.start - 1 + column.width])
        offsets = np.zeros(count + 1, np.int32)
        data = cut.tobytes()
        if data.isascii():
            np.multiply(np.arange(count + 1), column.width, out=offsets, casting="unsafe")
        else:
            widths = np.where(lengths == 0, 3, lengths)  # U+FFFD takes three bytes
            np.cumsum(widths[cut].sum(axis=1), out=offsets[1:])
            data = data.decode(source.encoding, "replace").encode()
        arrays.append(pa.StringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data)))
    rows = np.arange(first + 1, first + count + 1, dtype=np.int64)
    return Batch(arrays, rows, None if undecodable is None else undecodable.astype(np.uint8), [], done)


def _line_by_line(
    source: FixedWidthSource, block: bytes, asked: list[FixedColumn], first: int, cut: bool, done: int
) -> Batch:
    lines = block.split(b"\n")
    if not cut:
        lines.pop()
    kept: list[str] = []
    numbers, bad, damaged = [], [], []
    for number, raw in enumerate(lines, first + 1):
        line, broken = decode(raw, source.encoding)
        if not line.strip() and len(line) != source.record_length:
            continue
        if len(line) != source.record_length:
            if cut and number == first + len(lines):
                raise Unreadable("the last line is cut")
            bad.append(BadRow(number, "wrong_length", tuple(line.split())))
            continue
        if broken:
            damaged.append(len(kept))
        kept.append(line)
        numbers.append(number)
    arrays = [pa.array([line[c.start - 1 : c.start - 1 + c.width] for line in kept], pa.string()) for c in asked]
    undecodable = None
    if damaged:
        undecodable = np.zeros(len(kept), np.uint8)
        undecodable[damaged] = 1
    return Batch(arrays, np.array(numbers, np.int64), undecodable, bad, done)
