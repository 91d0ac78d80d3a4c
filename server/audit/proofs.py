"""Inclusion and consistency proofs of RFC 9162 (sections 2.1.3 and 2.1.4): made from leaf hashes, and checked."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.merkle import node_hash, range_root

HASH_BYTES = 32


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_path(leaves: bytes, place: int, size: int) -> list[bytes]:
    """The audit path of leaf `place` in the tree over the first `size` leaves, nearest sibling first."""
    if not 0 <= place < size <= len(leaves) // HASH_BYTES:
        raise ValueError("no such leaf in a tree of this size")
    path = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if place < middle:
            path.append(range_root(leaves, middle, stop))
            stop = middle
        else:
            path.append(range_root(leaves, start, middle))
            start = middle
    return path[::-1]


def consistency_path(leaves: bytes, old: int, new: int) -> list[bytes]:
    """The proof that the tree over the first `old` leaves is the beginning of that over the first `new`."""
    if not 0 < old <= new <= len(leaves) // HASH_BYTES:
        raise ValueError("no such trees")
    path = []
    start, stop, whole = 0, new, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(range_root(leaves, middle, stop))
            stop = middle
        else:
            path.append(range_root(leaves, start, middle))
            start = middle
            whole = False
    if not whole:
        path.append(range_root(leaves, start, stop))
    return path[::-1]


def included(leaf: bytes, place: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Returns whether the path leads from the leaf hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= place < size:
        return False
    fn, sn, found = place, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            found = node_hash(found, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and found == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Returns whether the path shows that the new tree continues the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == old_root and sr == new_root
