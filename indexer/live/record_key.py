"""The key of a record: which records a change replaces or closes (core/standard_record.toml, docs/feed.md).

Register, source of the manifest, id and line. All that one row gives stands under one key, whatever its sections and
sides, and is replaced together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Place = tuple[int, int | None, str, str | None, int | None]
"""One record of a subject: register, source, id, line, part. Rows that one id shares without a line have one place."""
PLACE_COLUMNS = ("register", "source", "record_id", "record_line", "part")
_Said = TypeVar("_Said")


class RecordKey(NamedTuple):
    """Names the records of one id, as a change or a record does."""

    register: int  # ordinal
    record_id: str
    source: int | None  # number of the manifest's source (Source.number); None = any
    line: str | None  # None = any

    def means(self, place: Place) -> bool:
        """Returns whether a record stands under this key.

        Records of an earlier release have no source, and those of a manifest without `line` no line: both match.
        """
        register, source, record_id, line, _ = place
        return (
            (register, record_id) == (self.register, self.record_id)
            and (None in (self.source, source) or self.source == source)
            and (None in (self.line, line) or self.line == line)
        )


def places_of(rows: pa.Table) -> list[Place]:
    """Returns the place of each record."""
    return list(zip(*(rows.column(name).to_pylist() for name in PLACE_COLUMNS), strict=True))


def keys_of(rows: pa.Table) -> set[RecordKey]:
    """Returns the keys under which these records stand."""
    return {key_of_place(place) for place in set(places_of(rows))}


def key_of_place(place: Place) -> RecordKey:
    """Returns the key under which the record of a place stands."""
    register, source, record_id, line, _ = place
    return RecordKey(register, record_id, source, line)


def said_of_each(rows: pa.Table, said: Mapping[RecordKey, _Said]) -> list[_Said | None]:
    """Returns for each record what is said under its key, the last of several; None = nothing."""
    found: list[_Said | None] = [None] * rows.num_rows
    by_id: dict[tuple[int, str], list[tuple[RecordKey, _Said]]] = {}
    for key, each in said.items():
        by_id.setdefault((key.register, key.record_id), []).append((key, each))
    likely = _rows_with_ids(rows, {record_id for _, record_id in by_id})
    for number, place in zip(likely.tolist(), places_of(rows.select(list(PLACE_COLUMNS)).take(likely)), strict=True):
        for key, each in by_id.get((place[0], place[2]), ()):
            if key.means(place):
                found[number] = each
    return found


def _rows_with_ids(rows: pa.Table, ids: Collection[str]) -> np.ndarray[Any, Any]:
    if not ids or not rows.num_rows:
        return np.zeros(0, np.int64)
    has_id = pc.is_in(rows.column("record_id"), value_set=pa.array(list(ids), pa.string()))
    return np.flatnonzero(has_id.to_numpy())


def are_meant(rows: pa.Table, keys: Iterable[RecordKey]) -> np.ndarray[Any, Any]:
    """Returns for each record whether one of these keys means it."""
    found = said_of_each(rows, dict.fromkeys(keys, True))
    return np.fromiter((each is not None for each in found), dtype=bool, count=rows.num_rows)


def without_records(rows: pa.Table, keys: Collection[RecordKey]) -> tuple[pa.Table, pa.Table]:
    """Splits records into those that no key means, and those of the keys."""
    meant = are_meant(rows, keys)
    if not meant.any():
        return rows, rows.slice(0, 0)
    return rows.take(np.flatnonzero(~meant)), rows.take(np.flatnonzero(meant))
