"""Goes through a segment's records without the GIL: finds, lists, counts.

`data` and `end` are a segment's bytes and how far they are read. An altered record (its check does not hold) is
skipped, and its offset added to `altered`: the caller decides about it.
"""

from collections.abc import Collection
from typing import Any

from typing_extensions import Buffer

def index_rows(data: Buffer, end: int, altered: set[int]) -> tuple[bytes, bytes, bytes, bytes]:
    """Returns an index's rows of the records before offset `end`, in file order.

    Four columns: the first eight bytes of each keyed hash (u64: every subject shown, and the question), the offset of
    its record (u32); the identity of each question (u32) and the offset of its record (u32).
    """

def rows_digest(data: Buffer, end: int, seed: int, altered: set[int]) -> tuple[int, int, int, int]:
    """Returns number and digest of the rows of `index_rows`: of the hashes with offsets, of the identities with
    offsets.

    A digest is the sum of seeded hashes of the rows, so it does not depend on their order. With a seed chosen after the
    index was made, no other rows are likely to have it.
    """

def sorted_digest(keys: Buffer, offsets: Buffer, key_size: int, seed: int) -> tuple[int, int] | None:
    """Number and digest of an index's rows; None when the keys (of 4 or 8 bytes, u64 or u32) do not ascend.

    Raises ValueError when there are not as many keys as offsets.
    """

def find_hash(data: Buffer, start: int, end: int, wanted: bytes, altered: set[int]) -> list[int]:
    """Offsets of the records from offset `start` to `end` that show this keyed hash, or were asked it; reads all."""

def text_offsets(data: Buffer, end: int, altered: set[int]) -> list[tuple[int, int, int]]:
    """(place, what, offset) of the text records before offset `end`."""

def sound_end(data: Buffer, start: int, altered: set[int]) -> int:
    """Returns the end of the last intact record behind offset `start`; `start` if there is none.

    A damaged one behind it may still be being written: it is not in `altered`.
    """

def altered_places(data: Buffer, offsets: Collection[int]) -> list[int]:
    """The places in the segment, ascending, of those at these offsets that are not as they were written."""

# What numpy.dtype takes: the rows of `query_rows`, as far as anybody reads them.
QUESTION_ROW: Any  # method, flags, time_ms, identity, answer_id, offset
ENTRY_ROW: Any  # question (its number among the rows), subject, how

def query_rows(data: Buffer, end: int, altered: set[int]) -> tuple[bytes, bytes]:
    """Returns, for the report, a segment's rows before offset `end`: questions as QUESTION_ROW, entries as
    ENTRY_ROW."""

def recorded_rows(data: Buffer, end: int, altered: set[int]) -> tuple[int, int]:
    """Returns the number of questions before offset `end`, and of rows in the answered batches of Clear."""
