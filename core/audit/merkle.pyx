# distutils: libraries = crypto
"""Merkle trees as RFC 9162 section 2.1 hashes them (see core/audit/merkle.pxd)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from core.audit.crypto cimport (
    HASH_BYTES, SHA256_CTX, SHA256_Final, SHA256_Init, leaf_hash as hash_leaf, node_hash as hash_node,
)


cdef void peaks_add(Peaks* tree, const uint8_t* leaf) noexcept nogil:
    cdef uint8_t carried[HASH_BYTES]
    cdef int level = 0
    memcpy(carried, leaf, HASH_BYTES)
    while (tree.size >> level) & 1:
        hash_node(tree.peaks[level], carried, carried)
        level += 1
    memcpy(tree.peaks[level], carried, HASH_BYTES)
    tree.size += 1


cdef void peaks_root(const Peaks* tree, uint8_t* root) noexcept nogil:
    cdef SHA256_CTX state
    cdef bint any = False
    cdef int level
    for level in range(64):
        if not (tree.size >> level) & 1:
            continue
        if any:
            hash_node(tree.peaks[level], root, root)
        else:
            memcpy(root, tree.peaks[level], HASH_BYTES)
            any = True
    if not any:
        SHA256_Init(&state)
        SHA256_Final(root, &state)


def leaf_hash(bytes record not None):
    cdef uint8_t digest[HASH_BYTES]
    hash_leaf(PyBytes_AS_STRING(record), PyBytes_GET_SIZE(record), digest)
    return PyBytes_FromStringAndSize(<char*>digest, HASH_BYTES)


def node_hash(bytes left not None, bytes right not None):
    cdef uint8_t digest[HASH_BYTES]
    if PyBytes_GET_SIZE(left) != HASH_BYTES or PyBytes_GET_SIZE(right) != HASH_BYTES:
        raise ValueError("a hash has 32 bytes")
    hash_node(<const uint8_t*>PyBytes_AS_STRING(left), <const uint8_t*>PyBytes_AS_STRING(right), digest)
    return PyBytes_FromStringAndSize(<char*>digest, HASH_BYTES)


def range_root(leaf_hashes, uint64_t start, uint64_t stop):
    cdef const uint8_t[::1] leaves = leaf_hashes
    cdef Peaks tree
    cdef uint8_t root[HASH_BYTES]
    cdef uint64_t place
    if not start <= stop <= <uint64_t>leaves.shape[0] // HASH_BYTES:
        raise ValueError("the range is not within the leaves")
    tree.size = 0
    with nogil:
        for place in range(start, stop):
            peaks_add(&tree, &leaves[place * HASH_BYTES])
        peaks_root(&tree, root)
    return PyBytes_FromStringAndSize(<char*>root, HASH_BYTES)


cdef class Tree:
    def __cinit__(self):
        self.tree.size = 0

    @property
    def size(self):
        return self.tree.size

    def append(self, bytes record not None):
        cdef uint8_t digest[HASH_BYTES]
        hash_leaf(PyBytes_AS_STRING(record), PyBytes_GET_SIZE(record), digest)
        peaks_add(&self.tree, digest)

    def append_hash(self, bytes leaf not None):
        if PyBytes_GET_SIZE(leaf) != HASH_BYTES:
            raise ValueError("a hash has 32 bytes")
        peaks_add(&self.tree, <const uint8_t*>PyBytes_AS_STRING(leaf))

    def root(self):
        cdef uint8_t root[HASH_BYTES]
        peaks_root(&self.tree, root)
        return PyBytes_FromStringAndSize(<char*>root, HASH_BYTES)

    def copy(self):
        cdef Tree other = Tree.__new__(Tree)
        other.tree = self.tree
        return other
