"""A source's rows become standard records: the compiled encoder's output as Arrow tables, and what it refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.standardise.encoder import Encoder
from indexer.manifest.model import Manifest
from indexer.manifest.sources import Source
from indexer.readers.batch import Batch
from indexer.standard import STANDARD_SCHEMA
from indexer.standardise import letters as damaged_letters
from indexer.standardise.damaged import DamagedRow, damaged_row
from indexer.standardise.plan import compile_plan, name_columns, source_columns
from indexer.standardise.quarantine import Refused


class Standardiser:
    """One source's rows to standard records. Not thread-safe."""

    def __init__(self, manifest: Manifest, source: Source, ordinal: int) -> None:
        self.manifest, self.source, self.ordinal = manifest, source, ordinal
        self.columns = source_columns(manifest, source)
        self._sections = [record.section for record in manifest.record if record.source == source.name]
        self._encoder = Encoder(compile_plan(manifest, source, ordinal))
        self._damaged: list[DamagedRow] = []
        self._names = [self.columns.index(name) for name in name_columns(manifest, source)]
        self._letters: Counter[tuple[str, str]] = Counter()

    def add(self, batch: Batch) -> list[Refused]:
        """Encodes a batch; returns what was refused of it. Raises MemoryError."""
        refused = []
        for row in batch.bad:
            refused.append(Refused(row.row, self.source.name, "", "", row.rule))
            self._damaged += damaged_row(self.manifest, self.source, self.ordinal, row)
        if len(batch.rows):
            columns = [_buffers(column) for column in self._mended(batch.columns)]
            self._encoder.encode(columns, batch.rows, batch.undecodable)
            for number, record, field, rule in self._encoder.take_refusals():
                refused.append(Refused(number, self.source.name, self._sections[record], field, rule))
        return refused

    def line_of(self, cells: Mapping[str, str]) -> str | None:
        """Returns the line of a row's cells, as its records get it.

        None = the manifest names no `line`, or the cells do not have its column.
        """
        line = self.source.line
        if line is None or line not in cells:
            return None
        return self._encoder.cell(self.columns.index(line), cells[line]) or ""

    def _mended(self, columns: Sequence[pa.Array[Any]]) -> list[pa.Array[Any]]:
        """The columns, those of names with the letters that crossed code pages put back."""
        found = list(columns)
        for number in self._names:
            found[number], restored, lost = damaged_letters.mend_column(found[number])
            self._letters[self.columns[number], "letters_restored"] += restored
            self._letters[self.columns[number], "letters_lost"] += lost
        return found

    def take(self) -> pa.Table:
        """The standard records since the last call, in STANDARD_SCHEMA."""
        count, columns = self._encoder.take()
        arrays = [_array(field.type, count, *column) for field, column in zip(STANDARD_SCHEMA, columns, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=STANDARD_SCHEMA)
        if self._damaged:
            extra = pa.Table.from_pylist(
                [row.standard(place) for place, row in enumerate(self._damaged)], schema=STANDARD_SCHEMA
            )
            table = pa.concat_tables([table, extra])
            self._damaged = []
        return table

    def warnings(self) -> Counter[str]:
        """Values left out, identifiers read otherwise than strictly, letters of names put back or lost, and cells with
        control characters, so far.

        By "section.field.rule"; of a column's cells by "source.column.rule".
        """
        found = self._encoder.warnings().items()
        letters = {f"{self.source.name}.{column}.{rule}": n for (column, rule), n in self._letters.items() if n}
        return Counter({".".join((parts[0] or self.source.name, *parts[1:])): n for parts, n in found} | letters)

    def left_out(self) -> Counter[str]:
        """Rows so far of which `when` left out every record, by "source.column" of the first condition not held."""
        return Counter({f"{self.source.name}.{column}": n for column, n in self._encoder.left_out().items()})


def _buffers(column: Any) -> tuple[pa.Buffer, pa.Buffer, pa.Buffer | None, int]:
    valid, offsets, data = column.buffers()
    return offsets, data if data is not None else pa.py_buffer(b""), valid, column.offset


def _bitmap(bits: npt.NDArray[np.uint8]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())


def _array(kind: Any, count: int, valid: bytes | None, offsets: bytes | None, data: bytes, nulls: int) -> Any:
    """One column from the encoder's buffers, without a copy of its data."""
    if nulls == count:
        return pa.nulls(count, kind)
    bitmap = _bitmap(np.frombuffer(valid, np.uint8)) if valid is not None else None
    if offsets is not None:
        return pa.Array.from_buffers(kind, count, [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)], nulls)
    if pa.types.is_boolean(kind):
        return pa.Array.from_buffers(kind, count, [bitmap, _bitmap(np.frombuffer(data, np.uint8))], nulls)
    return pa.Array.from_buffers(kind, count, [bitmap, pa.py_buffer(data)], nulls)
