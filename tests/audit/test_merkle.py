"""Trees and proofs against RFC 9162's plain definition and pymerkle."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from core.audit.merkle import Tree, leaf_hash, node_hash, range_root
from server.audit.proofs import consistency_path, consistent, included, inclusion_path


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=80), max_size=40))
@settings(max_examples=60, deadline=None)
def test_roots_are_those_of_the_definition_and_of_pymerkle(leaves: list[bytes]) -> None:
    tree, theirs = Tree(), InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append(leaf)
        theirs.append_entry(leaf)
    hashes = b"".join(leaf_hash(leaf) for leaf in leaves)
    assert tree.size == len(leaves)
    assert tree.root() == range_root(hashes, 0, len(leaves)) == naive_root(leaves)
    if leaves:
        assert tree.root() == theirs.get_root()


@given(st.integers(1, 70), st.data())
@settings(max_examples=100, deadline=None)
def test_proofs_hold_and_no_other_does(size: int, data: st.DataObject) -> None:
    leaves = [place.to_bytes(2, "big") for place in range(size)]
    hashes = b"".join(leaf_hash(leaf) for leaf in leaves)
    place = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root, old_root = naive_root(leaves), naive_root(leaves[:old])
    path = inclusion_path(hashes, place, size)
    assert included(leaf_hash(leaves[place]), place, size, path, root)
    assert not included(leaf_hash(b"other"), place, size, path, root)
    assert not included(leaf_hash(leaves[place]), place, size, [*path, root], root)
    assert size == 1 or not included(leaf_hash(leaves[place]), (place + 1) % size, size, path, root)
    theirs = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        theirs.append_entry(leaf)
    mentioned = theirs.prove_inclusion(place + 1, size).serialize()["path"][1:]  # without the leaf itself
    assert sorted(mentioned) == sorted(each.hex() for each in path)
    steps = consistency_path(hashes, old, size)
    assert consistent(old, old_root, size, root, steps)
    assert not consistent(old, node_hash(root, root), size, root, steps)
    assert old == size or not consistent(old, root, size, old_root, steps)


def test_no_proof_of_what_is_not_there() -> None:
    hashes = leaf_hash(b"a") + leaf_hash(b"b")
    for place, size in ((2, 2), (0, 3), (-1, 2)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_path(hashes, place, size)
    with pytest.raises(ValueError, match="no such trees"):
        consistency_path(hashes, 0, 2)
    with pytest.raises(ValueError, match="not within"):
        range_root(hashes, 1, 3)
    with pytest.raises(ValueError, match="32 bytes"):
        Tree().append_hash(b"short")
    assert not consistent(0, b"", 2, range_root(hashes, 0, 2), [])
