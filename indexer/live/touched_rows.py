"""The linked records of the subjects that a change touched: small tables in memory, larger ones as mapped files.

Each tick puts a table. A hundred thousand subjects have 300 MB of records. They are read again only if one of them is
touched anew, or a level is written: so files stay in the page cache, outside the writer's own memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

_ON_DISK_BYTES = 1 << 20  # from which on a table is a file
_MOST_TABLES = 256  # then the least of them become one
# Of these at most, together: some 6 MB, of which a merge holds several copies. With more touched subjects twice a
# table's share of them, so that half of the tables at least are below it and are merged.
_MERGED_SUBJECTS = 2_000
_COUNT_BITS, _FIRST_BITS = 24, 24  # of a place: its rows and the first of them; the rest is the table's number


@dataclass
class _Table:
    rows: pa.Table
    file: Path | None  # None = in memory
    subjects: int  # with rows that still count


class TouchedRows:
    """Linked records by subject id. For a subject that is put again the last rows count. Not thread-safe."""

    def __init__(self, schema: pa.Schema, directory: Path) -> None:
        """schema: with `subject_id`. directory: for files, which are this object's alone."""
        self._schema = schema
        self._directory = directory
        self._tables: dict[int, _Table] = {}
        self._places: dict[bytes, int] = {}  # table, first row and count, packed: a million of them are kept
        self._next = 0

    def __contains__(self, subject_id: bytes) -> bool:
        return subject_id in self._places

    def let_go(self, subject_ids: Iterable[bytes]) -> None:
        """Drops the rows of these subjects."""
        for subject_id in subject_ids:
            place = self._places.pop(subject_id, None)
            if place is not None:
                self._let_go(place >> (_COUNT_BITS + _FIRST_BITS))

    def put(self, rows: pa.Table) -> None:
        """All rows of each subject that is among them. Raises OSError."""
        if rows.num_rows:
            self._put(rows)
        if len(self._tables) > _MOST_TABLES:
            self._merge()

    def rows_of(self, subject_ids: Iterable[bytes], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of these, of each one behind another; of others none. columns: None = all."""
        by_table: dict[int, list[int]] = {}
        for subject_id in subject_ids:
            place = self._places.get(subject_id)
            if place is not None:
                by_table.setdefault(place >> (_COUNT_BITS + _FIRST_BITS), []).append(place)
        names = self._schema.names if columns is None else list(columns)
        found = [self._schema.empty_table().select(names)]
        for number, places in sorted(by_table.items()):
            runs = [range(first, first + count) for first, count in sorted(map(_unpacked, places))]
            taken = np.concatenate([np.arange(run.start, run.stop) for run in runs])
            found.append(self._tables[number].rows.select(names).take(pa.array(taken)))
        return pa.concat_tables(found)

    def _put(self, rows: pa.Table) -> None:
        by_subject: dict[bytes, list[int]] = {}
        subject_ids: list[Any] = rows.column("subject_id").to_pylist()
        for row, subject_id in enumerate(subject_ids):
            by_subject.setdefault(subject_id, []).append(row)
        order = np.fromiter((row for found in by_subject.values() for row in found), np.int64, rows.num_rows)
        number, self._next = self._next, self._next + 1
        self._tables[number] = self._kept(rows.take(order).combine_chunks(), number, len(by_subject))
        first = 0
        for subject_id, found in by_subject.items():
            self._places[subject_id] = ((number << _FIRST_BITS) + first << _COUNT_BITS) + len(found)
            first += len(found)

    def _kept(self, rows: pa.Table, number: int, subjects: int) -> _Table:
        if rows.nbytes < _ON_DISK_BYTES:
            return _Table(rows, None, subjects)
        file = self._directory / f"touched-{number}.arrow"
        with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, rows.schema) as writer:
            writer.write_table(rows)
        mapped = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
        return _Table(mapped, file, subjects)

    def _let_go(self, number: int) -> None:
        table = self._tables[number]
        table.subjects -= 1
        if not table.subjects:
            self._remove(number)

    def _remove(self, number: int) -> None:
        table = self._tables.pop(number)
        if table.file is not None:
            table.file.unlink(missing_ok=True)

    def _merge(self) -> None:
        """Merges the tables with the fewest subjects into one."""
        least: set[int] = set()
        together = 0
        most = max(_MERGED_SUBJECTS, 2 * len(self._places) // _MOST_TABLES)
        for number in sorted(self._tables, key=lambda number: self._tables[number].subjects):
            together += self._tables[number].subjects
            if together > most and len(least) > 1:
                break
            least.add(number)
        shift = _COUNT_BITS + _FIRST_BITS
        whose = [subject_id for subject_id, place in self._places.items() if place >> shift in least]
        rows = self.rows_of(whose)
        for number in least:
            self._remove(number)
        self._put(rows)


def _unpacked(place: int) -> tuple[int, int]:
    """First row and count."""
    return place >> _COUNT_BITS & (1 << _FIRST_BITS) - 1, place & (1 << _COUNT_BITS) - 1
