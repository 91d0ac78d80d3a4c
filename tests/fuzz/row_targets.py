"""Rows of a register, whole, as the encoder of the core gets them from a reader."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

from core.standardise.encoder import Encoder
from indexer.manifest.loading import load_manifest, load_manifests
from indexer.standardise.plan import compile_plan, source_columns
from tests.indexer.cells import CELLS, LIKELY

ROOT = Path(__file__).parents[2]
CELL, ROW = b"\x1f", b"\x1e"
ROWS_MAX = 8
_MANIFESTS = [load_manifest(ROOT / "tests/indexer/every_key.toml"), *load_manifests(ROOT / "indexer/registers")]
SOURCES = [(manifest, source) for manifest in _MANIFESTS for source in manifest.source]
PLANS = [(len(source_columns(m, s)), compile_plan(m, s, 3)) for m, s in SOURCES]


def rows(data: bytes) -> None:
    """First byte: a source of a register; the rest: rows of cells, an empty one null. A row too short is filled up."""
    width, plan = PLANS[data[0] % len(PLANS) if data else 0]
    text = data[1:].decode("utf-8", "replace").encode()  # a reader yields UTF-8, or marks the row undecodable
    table = [(row.split(CELL) + [b""] * width)[:width] for row in text.split(ROW)[:ROWS_MAX]]
    encoder = Encoder(plan)
    numbers = array("q", range(1, len(table) + 1))
    undecodable = bytes("\ufffd".encode() in b"".join(row) for row in table)
    encoder.encode([_column(column) for column in zip(*table, strict=True)], numbers, undecodable)
    refused = encoder.take_refusals()
    count, columns = encoder.take()
    assert count >= 0
    assert all(1 <= row <= len(table) for row, *_ in refused)
    assert all(nulls <= count for *_, nulls in columns)
    assert all(number > 0 for number in encoder.warnings().values())


def _column(cells: tuple[bytes, ...]) -> tuple[bytes, bytes, bytes, int]:
    """Arrow's offsets, data and validity, in memory that ends where they do."""
    ends = [0]
    for cell in cells:
        ends.append(ends[-1] + len(cell))
    valid = sum(1 << number for number, cell in enumerate(cells) if cell)
    return struct.pack(f"<{len(ends)}i", *ends), b"".join(cells), struct.pack("<B", valid), 0


def rows_seeds() -> list[bytes]:
    """Every cell that tests know in every column of every_key.toml, and in each register's."""
    known = [(cell or "").encode() for cell in CELLS]
    likely = [[cell.encode() for cell in LIKELY[name]] for name in sorted(LIKELY)]
    found = []
    for turn in range(len(known)):
        row = [known[turn] if turn % len(likely) == place else options[0] for place, options in enumerate(likely)]
        found.append(b"\0" + CELL.join(row))
    for number, (width, _) in enumerate(PLANS):
        for turn in range(0, len(known), width):
            found.append(bytes([number]) + CELL.join((known + known)[turn : turn + width]))
    return [seed for seed in found if len(seed) < 12_000]
