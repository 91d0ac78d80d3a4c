"""The ledger, read out to a file that a database can look at: every change of a record, and how its register stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.ledger.change import RECORD_KINDS, Change, payload_of
from core.ledger.reader import START, LedgerReader, Position
from indexer.live.fed_rows import NO_REGISTER
from indexer.live.feeds import Feed

_AT_ONCE = 20_000
_FIELDS: list[pa.Field[Any]] = [
    pa.field("register", pa.uint8(), nullable=False),  # ordinal; 255 = no manifest has it
    pa.field("record_id", pa.string(), nullable=False),
    pa.field("sequence", pa.uint64(), nullable=False),
    pa.field("taken_ms", pa.int64(), nullable=False),
    pa.field("payload", pa.binary(), nullable=False),  # as the ledger has it
]
_SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True)
class Entries:
    """The entries of one reading."""

    path: Path  # Parquet, the changes of records in order
    changes: int
    feeds: dict[str, Feed]  # by register id; nothing is refused yet
    last: Change
    offset: int  # where the last entry begins


def read_out(ledger: LedgerReader, ordinals: Mapping[str, int], path: Path) -> Entries | None:
    """Reads a ledger to its end, into a new file; None where it has no entry.

    ordinals: by register id. Raises LedgerDamaged, OSError.
    """
    feeds: dict[str, Feed] = {}
    place, before, size, changes, last = START, START, 0, 0, None
    with pq.ParquetWriter(path, _SCHEMA, compression="lz4") as file:
        while True:
            found, after = ledger.read(place, _AT_ONCE)
            if not found:
                break
            for change in found:
                feeds.setdefault(change.register, Feed()).note(change)
            ours = [change for change in found if change.kind in RECORD_KINDS]
            file.write_batch(_batch(ours, ordinals))
            before, size, changes, last, place = place, len(found), changes + len(ours), found[-1], after
    if last is None:
        return None
    return Entries(path, changes, feeds, last, _begins_at(ledger, before, size))


def _batch(changes: Sequence[Change], ordinals: Mapping[str, int]) -> pa.RecordBatch:
    columns: list[list[Any]] = [
        [ordinals.get(change.register, NO_REGISTER) for change in changes],
        [change.record_id for change in changes],
        [change.sequence for change in changes],
        [change.taken_ms for change in changes],
        [payload_of(change) for change in changes],
    ]
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA
    )


def _begins_at(ledger: LedgerReader, before: Position, size: int) -> int:
    """Returns where the last of `size` entries behind a place begins."""
    return ledger.read(before, size - 1)[1].offset if size > 1 else before.offset
