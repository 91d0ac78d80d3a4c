"""The linked records in the order of dossiers, with bounded memory.

Staged files are read once, in order, beside their links (both in order of place); rows are dealt into ranges of
entities, one temporary Arrow file a range; each range then fits in memory and is sorted by itself. A payload is thus
written once, and no general external sort of wide rows is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from indexer.build.ahead import map_ahead
from indexer.linking.database import StagedFile
from indexer.linking.links import Links
from indexer.standard import LINK_FIELDS, LINKED_SCHEMA, STANDARD_SCHEMA
from ronda.v1.section_pb2 import SENSITIVITY_MINOR

DEAL_ROWS = 262_144  # rows dealt at a time
RANGE_ROWS = 262_144  # rows of a range, unless one subject has more
MOST_RANGES = 256  # open files at a time; more would make the pieces written to each too small to be worth a call
OUTPUT_ROWS = 65_536
BLOCK = 64  # entities counted together
RAW_ROWS = 16_000_000  # up to here, 6 GB, ranges are not compressed: that would cost more than the disk
_UNKNOWN_DAY = -(2**31)

# what Links.between yields; `minor` goes into `sensitivity`
_LINK_COLUMNS = ["place", *(field.name.removeprefix("link_") for field in LINK_FIELDS), "minor"]


def range_starts(links: Links, entities: int) -> np.ndarray:
    """First entities of the ranges, ascending, the first 0: about RANGE_ROWS links each."""
    counts = np.zeros(entities // BLOCK + 1, dtype=np.int64)
    for chunk in links.chunks():
        counts += np.bincount(chunk.column("entity").to_numpy() // BLOCK, minlength=len(counts))
    target = max(RANGE_ROWS, int(counts.sum()) // MOST_RANGES + 1)
    number = (np.cumsum(counts) - counts) // target
    return np.flatnonzero(np.diff(number, prepend=-1)) * BLOCK


def count_links(links: Links) -> dict[tuple[int, int], int]:
    """(criterion, stored level) -> links."""
    counts = np.zeros(1 << 16, dtype=np.int64)
    for chunk in links.chunks():
        both = chunk.column("criterion").to_numpy().astype(np.int64) << 8 | chunk.column("level").to_numpy()
        counts += np.bincount(both, minlength=len(counts))
    return {(int(both) >> 8, int(both) & 255): int(counts[both]) for both in np.flatnonzero(counts)}


def _staged_batches(file: StagedFile) -> Iterator[pa.RecordBatch]:
    return pq.ParquetFile(file.path).iter_batches(DEAL_ROWS, columns=STANDARD_SCHEMA.names)


def deal_into_ranges(
    files: Sequence[StagedFile],
    links: Links,
    starts: np.ndarray,
    directory: Path,
    on_rows: Callable[[int], None] = lambda _: None,
) -> list[Path]:
    """Writes one Arrow file a range with the linked records in order of place; `on_rows` hears of rows as they pass."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"range-{number:04d}.arrow" for number in range(len(starts))]
    options = pa.ipc.IpcWriteOptions(compression="lz4" if links.rows > RAW_ROWS else None, use_threads=False)
    sinks = [pa.OSFile(str(path), "wb") for path in paths]
    writers = [pa.ipc.new_stream(sink, LINKED_SCHEMA, options=options) for sink in sinks]
    try:
        pieces = _pieces(files, links)
        for wide, edges, rows in map_ahead(lambda piece: piece.deal(starts), pieces, threads=2, ahead=2):
            for at in np.flatnonzero(np.diff(edges)).tolist():
                writers[at].write_batch(wide.slice(edges[at], edges[at + 1] - edges[at]))
            on_rows(rows)
    finally:
        for writer, sink in zip(writers, sinks, strict=True):
            writer.close()
            sink.close()
    return paths


def _pieces(files: Sequence[StagedFile], links: Links) -> Iterator[_Piece]:
    place = 0
    for file in files:
        for staged in _staged_batches(file):
            yield _Piece(staged, links, place, file.register)
            place += staged.num_rows


@dataclass(frozen=True)
class _Piece:
    """Staged rows from `place` on."""

    staged: pa.RecordBatch
    links: Links
    place: int
    register: int

    def deal(self, starts: np.ndarray) -> tuple[pa.RecordBatch, np.ndarray, int]:
        """Linked records grouped by range, in order of place within each; the groups' edges; staged rows."""
        linked = self.links.between(self.place, self.place + self.staged.num_rows).combine_chunks()
        number = np.searchsorted(starts, linked.column("entity").to_numpy(), side="right") - 1
        order = np.argsort(number, kind="stable")
        linked = linked.take(order)
        rows = linked.column("place").to_numpy() - self.place
        wide = _linked_batch(self.staged.take(rows), linked, self.register)
        return wide, np.searchsorted(number[order], np.arange(len(starts) + 1)), self.staged.num_rows


def _linked_batch(staged: pa.RecordBatch, linked: pa.Table, register: int) -> pa.RecordBatch:
    """Staged rows and their links, side by side and equally long, as LINKED_SCHEMA."""
    columns: dict[str, Any] = {name: staged.column(name) for name in STANDARD_SCHEMA.names}
    columns["register"] = pa.repeat(pa.scalar(register, pa.uint8()), staged.num_rows)
    if pc.any(linked.column("minor")).as_py():
        minor = pa.scalar(SENSITIVITY_MINOR, pa.uint8())
        hidden = linked.column("minor").combine_chunks()
        columns["sensitivity"] = pc.if_else(hidden, minor, columns["sensitivity"])
    for field, name in zip(LINK_FIELDS, _LINK_COLUMNS[1:-1], strict=True):
        columns[field.name] = linked.column(name).combine_chunks()
    arrays = [
        columns[f.name] if columns[f.name].type == f.type else columns[f.name].cast(f.type) for f in LINKED_SCHEMA
    ]
    return pa.record_batch(arrays, schema=LINKED_SCHEMA)


def sorted_batches(ranges: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """All records by (entity, section, sort day newest first and unknown last, register, record id, version, row).

    Each range's file is removed once it has been read.
    """
    for ordered in map_ahead(_sorted_range, ranges, threads=1, ahead=2):
        for start in range(0, ordered.num_rows, OUTPUT_ROWS):
            yield ordered.slice(start, OUTPUT_ROWS)


def _sorted_range(path: Path) -> pa.RecordBatch:
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
        table = reader.read_all().combine_chunks()
    path.unlink()
    whole = next(iter(table.to_batches()), None)
    if whole is None:
        return pa.record_batch([pa.array([], f.type) for f in LINKED_SCHEMA], schema=LINKED_SCHEMA)
    return whole.take(dossier_order(table))


def dossier_order(table: pa.Table) -> np.ndarray:
    """Row numbers of `table` in the order of dossiers. Rows alike in every key keep their order."""

    def numbers(name: str) -> np.ndarray:
        return table.column(name).to_numpy().astype(np.int64)

    days = table.column("sort_day").to_numpy()  # float, with NaN for unknown, when some are
    day = np.where(np.isnan(days), _UNKNOWN_DAY, days).astype(np.int64)
    first = numbers("entity") << 8 | numbers("section")
    second = (-day << 8) + numbers("register")  # the unknown day's negative is the greatest
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    alike = np.zeros(len(order), dtype=bool)
    if len(order) > 1:
        alike[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    tied = alike.copy()
    tied[:-1] |= alike[1:]
    where = np.flatnonzero(tied)
    if len(where):
        group = np.cumsum(~alike)[where]
        keys = table.select(["record_id", "version", "row"]).take(order[where])
        keys = keys.append_column("group", pa.array(group)).append_column("place", pa.array(order[where]))
        keys = keys.select(["group", "record_id", "version", "row", "place"])
        by: list[tuple[str, Literal["ascending", "descending"]]] = [(name, "ascending") for name in keys.column_names]
        order[where] = order[where][pc.sort_indices(keys, sort_keys=by).to_numpy()]
    return order
