# Merkle trees as RFC 9162 section 2.1 hashes them (SHA-256).

from libc.stdint cimport uint8_t, uint64_t

from core.audit.crypto cimport HASH_BYTES

# The roots of the perfect subtrees that a tree of `size` leaves is made of: peaks[i] holds 2^i leaves and counts where
# bit i of `size` is set. All that is needed to append a leaf or to tell the root.
cdef struct Peaks:
    uint64_t size
    uint8_t peaks[64][HASH_BYTES]      # by bit of `size`

cdef void peaks_add(Peaks* tree, const uint8_t* leaf) noexcept nogil
cdef void peaks_root(const Peaks* tree, uint8_t* root) noexcept nogil

cdef class Tree:
    cdef Peaks tree
