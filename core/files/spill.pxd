# (hash, entity) pairs, collected in any amount within bounded memory and read back sorted.
#
# Pairs are parted by the top bits of the hash into PARTITIONS buffers; a full buffer is appended to one unlinked temporary file, so
# that nothing is left behind by a killed process. Reading back loads one partition at a time, sorts it (stable radix: pairs of one
# hash keep their order) and drops repeats. Memory: 8 MiB while collecting, twice the largest partition while reading.

from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    PARTITIONS = 256
    CHUNK_PAIRS = 2048           # of one partition's buffer, written at once

cdef packed struct Pair:
    uint64_t hash
    uint32_t entity
    uint32_t reserved

cdef struct Chunk:
    uint32_t partition
    uint32_t count               # pairs

cdef class Spill:
    cdef int descriptor
    cdef Pair* buffers           # PARTITIONS x CHUNK_PAIRS
    cdef uint32_t fill[256]
    cdef Chunk* chunks           # in file order, each at place x CHUNK_PAIRS
    cdef size_t n_chunks
    cdef size_t chunks_capacity
    cdef readonly uint64_t pairs  # added, repeats included
    cdef Pair* sorted            # the partition loaded last
    cdef Pair* scratch
    cdef size_t sorted_capacity
    # 0 = well, -1 = the disk or memory failed: errno says which (nogil callers stop and raise).
    cdef int add(self, uint64_t hash, uint32_t entity) noexcept nogil
    # Loads a partition into `sorted`; returns its pairs without repeats, -1 = failed (errno).
    cdef int64_t load(self, int partition) noexcept nogil
    cdef int _flush(self, int partition) noexcept nogil
