"""Reads segments of the audit log: checks every record, hashes them to a tree, finds and lists without the GIL.

The bytes are docs/audit-format.md. `data` is a segment's file, mapped or read: whole, or as far as it reaches yet.
"""

from typing_extensions import Buffer, disjoint_base

@disjoint_base
class SegmentReader:
    """Walks one segment from its start, and goes on where it stopped when the file has grown."""

    def __new__(cls, keep_leaves: bool = False) -> SegmentReader:
        """keep_leaves: whether `leaves` is filled."""

    def walk(self, data: Buffer, stop: int = ...) -> bool:
        """Walks on to the segment's end, or until `stop` records are behind; False where a record is wrong: `problem`.

        A place that was wrong is tried again by the next call.
        """

    @property
    def records(self) -> int:
        """Records behind, all of them right: also the place of the next one."""

    @property
    def offset(self) -> int:
        """Where the next record starts, or would."""

    @property
    def problem(self) -> str:
        """What is wrong with the record at `offset`; empty = nothing.

        "truncated" (the file ends within it), "check" (its bytes are not those that were written), "place" (removed,
        repeated or moved), "form" (sizes or references that cannot be).
        """

    @property
    def leaves(self) -> bytes:
        """Leaf hashes of the records behind, 32 bytes each."""

    def root(self) -> bytes:
        """Root of the tree over the records behind."""

def index_rows(data: Buffer, end: int) -> tuple[bytes, bytes, bytes, bytes]:
    """What an index holds of the records before offset `end`, in file order.

    Returns the first eight bytes of each keyed hash (u64: every subject shown, and what was asked), the offset of its
    record (u32); the identity of each question (u32) and the offset of its record (u32).
    """

def rows_digest(data: Buffer, end: int, seed: int) -> tuple[int, int, int, int]:
    """Number and digest of what `index_rows` gives: of the hashes with their offsets, of the identities with theirs.

    A digest is the sum of seeded hashes of the rows, so that it does not depend on their order; with a seed that nobody
    knew when an index was made, no other rows are likely to have it.
    """

def sorted_digest(keys: Buffer, offsets: Buffer, key_size: int, seed: int) -> tuple[int, int] | None:
    """Number and digest of an index's rows; None when the keys (of 4 or 8 bytes, u64 or u32) do not ascend.

    Raises ValueError when there are not as many keys as offsets.
    """

def find_hash(data: Buffer, start: int, end: int, wanted: bytes) -> list[int]:
    """Offsets of the records from offset `start` to `end` that show this keyed hash, or were asked it; reads all."""

def text_offsets(data: Buffer, end: int) -> list[tuple[int, int, int]]:
    """(place, what, offset) of the text records before offset `end`."""

def query_rows(data: Buffer, end: int) -> tuple[bytes, bytes]:
    """For the report, of a segment before offset `end`.

    Of each question 96 bytes (its head, 88, and its offset, u64), of each entry 40 (the number of its question among
    these, u64, and the entry's 32 bytes).
    """
