"""Arrow columns of any type as text columns, for Parquet and PostgreSQL."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from indexer.readers.batch import Batch, Unreadable

GUATEMALA = "America/Guatemala"


def text_batch(batch: pa.RecordBatch, columns: list[str], first: int, done: int) -> Batch:
    """The asked columns as text. Raises Unreadable for a type that has no text form."""
    arrays = []
    undecodable: npt.NDArray[np.uint8] | None = None
    for name in columns:
        array, broken = _text_array(batch.column(name), name)
        arrays.append(array)
        if broken is not None:
            undecodable = broken if undecodable is None else undecodable | broken
    rows = np.arange(first + 1, first + batch.num_rows + 1, dtype=np.int64)
    return Batch(arrays, rows, undecodable, [], done)


def _text_array(array: Any, name: str) -> tuple[Any, npt.NDArray[np.uint8] | None]:
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            array = pc.local_timestamp(array.cast(pa.timestamp(kind.unit, GUATEMALA)))
        return array.cast(pa.timestamp("s"), safe=False).cast(pa.string()), None
    if pa.types.is_floating(kind):
        return pa.array([_number(value) for value in array.to_pylist()], pa.string()), None
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind):
        return _checked(array.cast(pa.binary()))
    try:
        return array.cast(pa.string()), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Unreadable(f"column {name!r} of type {kind} has no text form") from error


def _number(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _checked(array: Any) -> tuple[Any, npt.NDArray[np.uint8] | None]:
    """Returns an array as strings; bytes that are no UTF-8 become U+FFFD and their rows are marked."""
    try:
        return array.cast(pa.string()), None
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    broken = np.zeros(len(array), np.uint8)
    for i, value in enumerate(array.to_pylist()):
        if value is None:
            texts.append(None)
            continue
        try:
            texts.append(value.decode())
        except UnicodeDecodeError:
            texts.append(value.decode(errors="replace"))
            broken[i] = 1
    return pa.array(texts, pa.string()), broken
