"""Linked records by row, as a build keeps them: some ten rows of sixty columns are faster to join than to cut out.

fixed   a row's numbers, the length of each text, and a mask of unknown numbers: one numpy record
texts   a row's texts, one behind another in the order of columns
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from indexer.standard import LINKED_SCHEMA

_ABSENT = 0xFFFFFFFF  # the length of a text that is null
# Columns that rows of releases before lack, newest first, and read as null: of bases until 1 December 2026.
_ADDED = ("loose_number",)


class Layout:
    """The places of the fields in a row of some columns."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.texts = [field for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
        self.numbers = [field for field in schema if field not in self.texts]
        self.nullable = [field.name for field in self.numbers if field.nullable]
        assert len(self.nullable) <= 64
        self.row: np.dtype[Any] = np.dtype(
            [
                ("text_end", "<u4"),  # of the texts of all rows up to this one, in bytes
                ("unknown", "<u8"),  # a bit each of `nullable`
                *((field.name, _kind(field)) for field in self.numbers),
                ("lengths", "<u4", (len(self.texts),)),
            ]
        )


def _kind(field: pa.Field[Any]) -> Any:
    return np.dtype(np.uint8) if pa.types.is_boolean(field.type) else np.dtype(field.type.to_pandas_dtype())


def layouts() -> dict[str, Layout]:
    """Returns the layouts that this release reads, by their columns as the pieces state them: first the one it
    writes."""
    found, schema = [LINKED_SCHEMA], LINKED_SCHEMA
    for name in _ADDED:
        schema = schema.remove(schema.get_field_index(name))
        found.append(schema)
    return {schema.to_string(): Layout(schema) for schema in found}


WRITTEN = Layout(LINKED_SCHEMA)


def packed(batch: pa.RecordBatch) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows as WRITTEN has them, and the bytes of their texts."""
    count = batch.num_rows
    rows = np.zeros(count, WRITTEN.row)
    for field in WRITTEN.numbers:
        column = batch.column(field.name)
        if pa.types.is_boolean(field.type):
            column = column.cast(pa.uint8())
        if column.null_count:
            bit = np.uint64(1 << WRITTEN.nullable.index(field.name))
            rows["unknown"] |= np.where(column.is_null().to_numpy(zero_copy_only=False), bit, np.uint64(0))
            column = column.fill_null(0)
        rows[field.name] = column.to_numpy(zero_copy_only=False)
    starts = np.zeros((count, len(WRITTEN.texts)), np.int64)
    lengths = np.zeros((count, len(WRITTEN.texts)), np.int64)
    held: list[np.ndarray[Any, Any]] = []
    before = 0
    for place, field in enumerate(WRITTEN.texts):
        column = batch.column(field.name)
        offsets, content = _text_buffers(column)
        starts[:, place] = offsets[:-1] + before
        lengths[:, place] = np.diff(offsets)
        absent = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else np.zeros(count, bool)
        lengths[absent, place] = 0
        rows["lengths"][:, place] = np.where(absent, _ABSENT, lengths[:, place])
        held.append(content)
        before += len(content)
    rows["text_end"] = np.cumsum(lengths.sum(axis=1))
    return rows, _gathered(np.concatenate(held), starts.ravel(), lengths.ravel())


def rows_in(content: Any, count: int, layout: Layout = WRITTEN) -> np.ndarray[Any, Any]:
    """The rows that a buffer begins with."""
    return np.frombuffer(content, layout.row, count)


def unpacked(content: Any, text: Any, layout: Layout = WRITTEN) -> pa.Table:
    """LINKED_SCHEMA of the rows in a buffer; text: theirs, one row's behind another's. `text_end` is not looked at."""
    rows, texts = np.frombuffer(content, layout.row), np.frombuffer(text, np.uint8)
    count = len(rows)
    columns: dict[str, Any] = {}
    unknown = rows["unknown"]
    for field in layout.numbers:
        absent = None
        if field.nullable:
            absent = unknown >> np.uint64(layout.nullable.index(field.name)) & np.uint64(1) != 0
        values = np.ascontiguousarray(rows[field.name])
        if pa.types.is_boolean(field.type):
            values = values != 0
        columns[field.name] = pa.array(values, field.type, mask=absent)
    stated = rows["lengths"]
    absent_texts = stated == _ABSENT
    lengths = np.where(absent_texts, 0, stated).astype(np.int64)
    starts = (np.cumsum(lengths.ravel()) - lengths.ravel()).reshape(lengths.shape)
    content = _gathered(texts, starts.T.ravel(), lengths.T.ravel())
    ends = np.cumsum(lengths.sum(axis=0))
    for place, field in enumerate(layout.texts):
        offsets = np.zeros(count + 1, np.int32)
        np.cumsum(lengths[:, place], out=offsets[1:])
        absent = absent_texts[:, place]
        valid = pa.py_buffer(np.packbits(~absent, bitorder="little").data) if absent.any() else None
        bytes_of = content[int(ends[place] - offsets[-1]) : int(ends[place])]
        buffers = [valid, pa.py_buffer(offsets.data), pa.py_buffer(bytes_of.data)]
        columns[field.name] = pa.Array.from_buffers(field.type, count, buffers)
    found = [columns[field.name] if field.name in columns else pa.nulls(count, field.type) for field in LINKED_SCHEMA]
    return pa.table(found, schema=LINKED_SCHEMA)


def _text_buffers(column: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Offsets, one more than rows, and the bytes that they point into."""
    _, offsets, content = column.buffers()
    places = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    held = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(0, np.uint8)
    return places - places[0], held[places[0] : places[-1]]


def _gathered(content: np.ndarray[Any, Any], starts: Any, lengths: Any) -> np.ndarray[Any, Any]:
    """Pieces of `content`, one behind another."""
    shift = starts - (np.cumsum(lengths) - lengths)
    return content[np.repeat(shift, lengths) + np.arange(int(lengths.sum()))]
