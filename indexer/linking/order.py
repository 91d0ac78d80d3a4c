"""The linked records in the order of dossiers, with bounded memory.

Staged files are read once, in order, beside their links (both in order of place). Rows are dealt into ranges of
entities, one temporary Arrow file a range; each range then fits in memory and is sorted by itself. So a payload is
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

from core.assembly.assembler import Ordered
from indexer.build.ahead import map_ahead
from indexer.linking.database import StagedFile
from indexer.linking.links import Links
from indexer.standard import LINK_FIELDS, LINKED_SCHEMA, STANDARD_SCHEMA
from ronda.v1.section_pb2 import SENSITIVITY_MINOR

DEAL_ROWS = 65_536  # rows dealt at a time: more take memory that the system has to clear each time
RANGE_ROWS = 131_072  # rows of a range, unless one subject has more
MOST_RANGES = 256  # open files at a time; more would make the pieces written to each too small to be worth a call
BLOCK = 64  # entities counted together
_STREAM = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # a fifth of the bytes
_UNKNOWN_DAY = -(2**31)

# The key of a record, then which of its rows and sides.
_TIED = ["record_id", "source", "record_line", "version", "row", "part"]
_ORDER_COLUMNS = ["entity", "section", "sort_day", "register", *_TIED]
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
    *,
    threads: int = 2,
) -> list[Path]:
    """Writes one Arrow file a range with the linked records in order of place; `on_rows` hears of rows as they pass."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"range-{number:04d}.arrow" for number in range(len(starts))]
    sinks = [path.open("wb") for path in paths]
    try:
        pieces = _pieces(files, links)
        for dealt, rows in map_ahead(lambda piece: piece.deal(starts), pieces, threads=threads, ahead=threads):
            for number, stream in dealt:
                sinks[number].write(stream)
            on_rows(rows)
    finally:
        for sink in sinks:
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

    def deal(self, starts: np.ndarray) -> tuple[list[tuple[int, pa.Buffer]], int]:
        """Linked records by range, in order of place within each, as Arrow streams; staged rows."""
        linked = self.links.between(self.place, self.place + self.staged.num_rows).combine_chunks()
        number = np.searchsorted(starts, linked.column("entity").to_numpy(), side="right") - 1
        order = np.argsort(number, kind="stable")
        linked = linked.take(order)
        rows = linked.column("place").to_numpy() - self.place
        wide = linked_batch(self.staged, rows, linked, self.register)
        edges = np.searchsorted(number[order], np.arange(len(starts) + 1))
        return [
            (at, _stream_of(wide.slice(edges[at], edges[at + 1] - edges[at])))
            for at in np.flatnonzero(np.diff(edges)).tolist()
        ], self.staged.num_rows


def _stream_of(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_STREAM) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _taken(column: Any, rows: np.ndarray) -> Any:
    """Rows of a column; of most kinds of record most columns say nothing."""
    return pa.nulls(len(rows), column.type) if column.null_count == len(column) else column.take(rows)


def linked_batch(staged: pa.RecordBatch, rows: np.ndarray, linked: pa.Table, register: int) -> pa.RecordBatch:
    """The staged rows of that many links, beside them, as LINKED_SCHEMA."""
    at = pa.array(rows)
    columns: dict[str, Any] = {
        name: _taken(staged.column(name), at) for name in STANDARD_SCHEMA.names if name != "register"
    }
    columns["register"] = pa.repeat(pa.scalar(register, pa.uint8()), len(rows))
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


def sorted_ranges(ranges: Sequence[Path], *, ahead: int = 1) -> Iterator[Ordered]:
    """All records by (entity, section, sort day newest first and unknown last, register, record id, version, row).

    `ahead`: ranges read and ordered in threads while the caller works on one; 0 = none.
    """
    yield from (
        ordered for ordered in map_ahead(_sorted_range, ranges, threads=ahead, ahead=ahead + 1) if ordered.batches
    )


def _sorted_range(path: Path) -> Ordered:
    """A range's rows stay as they were dealt; the order alone is worked out."""
    batches = tuple(_dealt(path))
    if not batches:
        return Ordered((), np.zeros(0, dtype=np.int64))
    places = np.concatenate([np.int64(n << 32) + np.arange(batch.num_rows) for n, batch in enumerate(batches)])
    keys = pa.Table.from_batches([batch.select(_ORDER_COLUMNS) for batch in batches]).combine_chunks()
    return Ordered(batches, places[dossier_order(keys)])


def _dealt(path: Path) -> Iterator[pa.RecordBatch]:
    """The pieces of a range's file, each an Arrow stream."""
    with pa.memory_map(str(path), "rb") as source:
        while source.tell() < source.size():
            with pa.ipc.open_stream(source) as reader:
                yield from reader


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
        keys = table.select(_TIED).take(order[where])
        nulls: list[tuple[str, Any]] = [("source", 0), ("record_line", ""), ("part", 0)]
        for name, nothing in nulls:
            at = keys.column_names.index(name)
            keys = keys.set_column(at, name, keys.column(name).fill_null(nothing))
        keys = keys.append_column("group", pa.array(group)).append_column("place", pa.array(order[where]))
        keys = keys.select(["group", *_TIED, "place"])
        by: list[tuple[str, Literal["ascending", "descending"]]] = [(name, "ascending") for name in keys.column_names]
        order[where] = order[where][pc.sort_indices(keys, sort_keys=by).to_numpy()]
    return order
