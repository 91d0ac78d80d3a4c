"""The linked records in the order of dossiers, with bounded memory.

Staged files are read once, in order, beside their links (both in order of place); rows are dealt into ranges of
entities, one temporary Arrow file a range; each range then fits in memory and is sorted by itself. A payload is thus
written once, and no general external sort of wide rows is needed.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from indexer.ahead import map_ahead
from indexer.linking_database import LinkingDatabase, StagedFile
from indexer.standard import LINK_FIELDS, LINKED_SCHEMA, STANDARD_SCHEMA

SENSITIVITY_MINOR = 3
DEAL_ROWS = 262_144  # rows dealt at a time
RANGE_ROWS = 262_144  # rows of a range, unless one subject has more
MOST_RANGES = 256  # open files at a time; more would make the pieces written to each too small to be worth a call
OUTPUT_ROWS = 65_536
_UNKNOWN_DAY = -(2**31)

# the links' file carries `minor` besides, which goes into `sensitivity`
_LINK_COLUMNS = ["place", "entity", "criterion", "level", "agrees", "disagrees", "owner_entity", "owner_level", "minor"]


def range_starts(database: LinkingDatabase, links: Path) -> np.ndarray:
    """First entities of the ranges, ascending, the first 0: about RANGE_ROWS links each."""
    blocks = database.connection.execute(
        f"SELECT entity // 64 AS block, count(*) AS n FROM read_parquet('{links}') GROUP BY block ORDER BY block"
    ).fetchnumpy()
    counts = np.asarray(blocks["n"], dtype=np.int64)
    if len(counts) == 0:
        return np.zeros(1, dtype=np.int64)
    target = max(RANGE_ROWS, int(counts.sum()) // MOST_RANGES + 1)
    before = np.cumsum(counts) - counts
    number = before // target
    first = np.flatnonzero(np.diff(number, prepend=-1))
    starts = np.asarray(blocks["block"], dtype=np.int64)[first] * 64
    starts[0] = 0
    return starts


class _LinkCursor:
    """Reads the links' file in step with the staged rows."""

    def __init__(self, path: Path) -> None:
        self._batches = pq.ParquetFile(path).iter_batches(OUTPUT_ROWS, columns=_LINK_COLUMNS)
        self._rest: pa.Table | None = None

    def below(self, place: int) -> pa.Table:
        """The links of the rows before `place` that were not yet taken."""
        taken = []
        while True:
            if self._rest is None:
                batch = next(self._batches, None)
                if batch is None:
                    break
                self._rest = pa.Table.from_batches([batch])
            cut = int(np.searchsorted(self._rest.column("place").to_numpy(), place))
            taken.append(self._rest.slice(0, cut))
            if cut < self._rest.num_rows:
                self._rest = self._rest.slice(cut)
                break
            self._rest = None
        if not taken:
            return pa.schema([]).empty_table()
        return pa.concat_tables(taken)


def _staged_tables(file: StagedFile, rows: int) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in pq.ParquetFile(file.path).iter_batches(OUTPUT_ROWS, columns=STANDARD_SCHEMA.names):
        held.append(batch)
        count += batch.num_rows
        if count >= rows:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if held:
        yield pa.Table.from_batches(held)


def deal_into_ranges(
    files: Sequence[StagedFile],
    links: Path,
    starts: np.ndarray,
    directory: Path,
    on_rows: Callable[[int], None] = lambda _: None,
) -> list[Path]:
    """Writes one Arrow file a range with the linked records in order of place; `on_rows` hears of rows as they pass."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"range-{number:04d}.arrow" for number in range(len(starts))]
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    sinks = [pa.OSFile(str(path), "wb") for path in paths]
    writers = [pa.ipc.new_stream(sink, LINKED_SCHEMA, options=options) for sink in sinks]
    try:
        pieces = _pieces(files, links)
        for wide, edges, rows in map_ahead(lambda piece: piece.deal(starts), pieces, threads=2, ahead=2):
            for at in np.flatnonzero(np.diff(edges)):
                for batch in wide.slice(edges[at], edges[at + 1] - edges[at]).to_batches():
                    writers[at].write_batch(batch)
            on_rows(rows)
    finally:
        for writer, sink in zip(writers, sinks, strict=True):
            writer.close()
            sink.close()
    return paths


def _pieces(files: Sequence[StagedFile], links: Path) -> Iterator[_Piece]:
    cursor, place = _LinkCursor(links), 0
    for file in files:
        for staged in _staged_tables(file, DEAL_ROWS):
            yield _Piece(staged, cursor.below(place + staged.num_rows), place, file.register)
            place += staged.num_rows


@dataclass(frozen=True)
class _Piece:
    """Staged rows from `place` on, and their links."""

    staged: pa.Table
    linked: pa.Table
    place: int
    register: int

    def deal(self, starts: np.ndarray) -> tuple[pa.Table, np.ndarray, int]:
        """Linked records grouped by range, in order of place within each; the groups' edges; staged rows."""
        if not self.linked.num_rows:
            return LINKED_SCHEMA.empty_table(), np.zeros(len(starts) + 1, dtype=np.int64), self.staged.num_rows
        number = np.searchsorted(starts, self.linked.column("entity").to_numpy(), side="right") - 1
        order = np.argsort(number, kind="stable")
        linked = self.linked.take(order)
        rows = linked.column("place").to_numpy() - self.place
        wide = _linked_table(self.staged.take(rows), linked, self.register).combine_chunks()
        return wide, np.searchsorted(number[order], np.arange(len(starts) + 1)), self.staged.num_rows


def _linked_table(staged: pa.Table, linked: pa.Table, register: int) -> pa.Table:
    """Staged rows and their links, side by side and equally long, as LINKED_SCHEMA."""
    columns: dict[str, Any] = {name: staged.column(name) for name in STANDARD_SCHEMA.names}
    columns["register"] = pa.repeat(pa.scalar(register, pa.uint8()), staged.num_rows)
    if pc.any(linked.column("minor")).as_py():
        minor = pa.scalar(SENSITIVITY_MINOR, pa.uint8())
        columns["sensitivity"] = pc.if_else(linked.column("minor"), minor, columns["sensitivity"])
    for field, name in zip(LINK_FIELDS, _LINK_COLUMNS[1:-1], strict=True):
        columns[field.name] = linked.column(name)
    arrays = [
        columns[f.name] if columns[f.name].type == f.type else columns[f.name].cast(f.type) for f in LINKED_SCHEMA
    ]
    return pa.table(arrays, schema=LINKED_SCHEMA)


def sorted_batches(ranges: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """All records by (entity, section, sort day newest first and unknown last, register, record id, version, row).

    Each range's file is removed once it has been read.
    """
    for ordered in map_ahead(_sorted_range, ranges, threads=1, ahead=2):
        yield from ordered.to_batches(OUTPUT_ROWS)


def _sorted_range(path: Path) -> pa.Table:
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
        table = reader.read_all()
    path.unlink()
    return table.take(dossier_order(table)).combine_chunks()


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
