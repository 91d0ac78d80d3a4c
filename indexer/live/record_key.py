"""The key of a record: which records a change replaces or closes (core/standard_record.toml, docs/feed.md).

Register, source of the manifest, id and line. All that one row gives stands under one key, whatever its sections and
sides, and is replaced together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

Place = tuple[int, int | None, str, str | None, int | None]
"""One record of a subject: register, source, id, line, part. Rows that one id shares without a line have one place."""
PLACE_COLUMNS = ("register", "source", "record_id", "record_line", "part")
_Said = TypeVar("_Said")


@dataclass(frozen=True)
class RecordKey:
    """Records of one id, as a change or a record names them."""

    register: int  # ordinal
    record_id: str
    source: int | None  # number of the manifest's source (Source.number); None = any
    line: str | None  # None = any

    def means(self, place: Place) -> bool:
        """Whether a record is one of them.

        A record of an earlier release states no source, and one of a manifest without `line` no line: each is meant.
        """
        register, source, record_id, line, _ = place
        return (
            (register, record_id) == (self.register, self.record_id)
            and (None in (self.source, source) or self.source == source)
            and (None in (self.line, line) or self.line == line)
        )


def places_of(rows: pa.Table) -> list[Place]:
    """The place of each record."""
    return list(zip(*(rows.column(name).to_pylist() for name in PLACE_COLUMNS), strict=True))


def keys_of(rows: pa.Table) -> set[RecordKey]:
    """The keys under which these records stand."""
    return {
        RecordKey(register, record_id, source, line) for register, source, record_id, line, _ in set(places_of(rows))
    }


def said_of_each(rows: pa.Table, said: Mapping[RecordKey, _Said]) -> list[_Said | None]:
    """Of each record what is said under a key that means it, the last of several; None = nothing."""
    by_id: dict[tuple[int, str], list[tuple[RecordKey, _Said]]] = {}
    for key, each in said.items():
        by_id.setdefault((key.register, key.record_id), []).append((key, each))
    found: list[_Said | None] = [None] * rows.num_rows
    heads = zip(rows.column("register").to_pylist(), rows.column("record_id").to_pylist(), strict=True)
    likely = [number for number, head in enumerate(heads) if head in by_id]
    for number, place in zip(likely, places_of(rows.take(pa.array(likely, pa.int64()))), strict=True):
        for key, each in by_id[place[0], place[2]]:
            if key.means(place):
                found[number] = each
    return found


def are_meant(rows: pa.Table, keys: Iterable[RecordKey]) -> np.ndarray[Any, Any]:
    """Of each record whether one of these keys means it."""
    found = said_of_each(rows, dict.fromkeys(keys, True))
    return np.fromiter((each is not None for each in found), dtype=bool, count=rows.num_rows)


def without_records(rows: pa.Table, keys: Collection[RecordKey]) -> tuple[pa.Table, pa.Table]:
    """(the others, those of the keys)."""
    meant = are_meant(rows, keys)
    if not meant.any():
        return rows, rows.slice(0, 0)
    return rows.take(np.flatnonzero(~meant)), rows.take(np.flatnonzero(meant))
