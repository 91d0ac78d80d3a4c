"""Merkle trees as RFC 9162 section 2.1 hashes them (SHA-256): appending, roots, roots of parts."""

from typing_extensions import Buffer, disjoint_base

def leaf_hash(record: bytes) -> bytes:
    """SHA-256 of 0x00 and the record, 32 bytes."""

def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and two hashes of 32 bytes. Raises ValueError for another length."""

def range_root(leaf_hashes: Buffer, start: int, stop: int) -> bytes:
    """Root of the tree over leaves start to stop - 1; `leaf_hashes` holds 32 bytes a leaf.

    Raises ValueError when the range is not within it. Works without the GIL.
    """

@disjoint_base
class Tree:
    """A growing tree of which only the peaks are kept (at most 64 hashes)."""

    @property
    def size(self) -> int:
        """Leaves so far."""

    def append(self, record: bytes) -> None:
        """Adds a leaf by its bytes."""

    def append_hash(self, leaf: bytes) -> None:
        """Adds a leaf by its hash. Raises ValueError unless it has 32 bytes."""

    def root(self) -> bytes:
        """Root over the leaves so far; SHA-256 of nothing for none."""

    def copy(self) -> Tree:
        """A tree of its own with the same leaves."""
