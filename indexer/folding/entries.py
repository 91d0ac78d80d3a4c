"""The ledger, read out to a file that a database can look at: the changes of records, and how their registers stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from core.ledger.change import RECORD_KINDS, Change, payload_of
from core.ledger.noted import NotedPlace, digest_of
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
SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True)
class Entries:
    """The entries of one reading."""

    path: Path  # Parquet, the changes of records in order
    changes: int
    feeds: dict[str, Feed]  # by register id; nothing is refused yet
    place: NotedPlace  # of the last entry
    taken_ms: int  # when that was taken over, UTC


class Known(Protocol):
    """The known data of the first entries, without the ledger (indexer.folding.last_words)."""

    behind: Position

    def batches(self, ordinals: Mapping[str, int]) -> Iterable[pa.RecordBatch]:
        """Returns the changes that may still count, as SCHEMA has them."""

    def feeds(self) -> dict[str, Feed]:
        """Returns how the registers stood."""

    @property
    def last(self) -> tuple[NotedPlace, int]:
        """The last of these entries, and when it was taken over."""


def read_out(
    ledger: LedgerReader, ordinals: Mapping[str, int], path: Path, known: Known | None = None
) -> Entries | None:
    """Reads a ledger to its end, into a new file; None where it has no entry.

    ordinals: by register id. known: stands for the first entries. Raises LedgerDamaged, GenerationDamaged, OSError.
    """
    feeds, place = (known.feeds(), known.behind) if known is not None else ({}, START)
    before, size, changes, last = place, 0, 0, None
    with pq.ParquetWriter(path, SCHEMA, compression="lz4") as file:
        for batch in known.batches(ordinals) if known is not None else ():
            file.write_batch(batch)
            changes += batch.num_rows
        while True:
            found, after = ledger.read(place, _AT_ONCE)
            if not found:
                break
            for change in found:
                feeds.setdefault(change.register, Feed()).note(change)
            ours = [change for change in found if change.kind in RECORD_KINDS]
            file.write_batch(batch_of(ours, ordinals))
            before, size, changes, last, place = place, len(found), changes + len(ours), found[-1], after
    if last is not None:
        offset = _begins_at(ledger, before, size)
        noted = NotedPlace(ledger=ledger.ledger_id.hex(), sequence=last.sequence, offset=offset, digest=digest_of(last))
        return Entries(path, changes, feeds, noted, last.taken_ms)
    return Entries(path, changes, feeds, *known.last) if known is not None else None


def batch_of(changes: Sequence[Change], ordinals: Mapping[str, int]) -> pa.RecordBatch:
    """Returns changes as SCHEMA has them. ordinals: by register id."""
    columns: list[list[Any]] = [
        [ordinals.get(change.register, NO_REGISTER) for change in changes],
        [change.record_id for change in changes],
        [change.sequence for change in changes],
        [change.taken_ms for change in changes],
        [payload_of(change) for change in changes],
    ]
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _begins_at(ledger: LedgerReader, before: Position, size: int) -> int:
    """Returns where the last of `size` entries behind a place begins."""
    return ledger.read(before, size - 1)[1].offset if size > 1 else before.offset
