"""(hash, entity) pairs, collected in bounded memory and read back sorted."""

import os
import tempfile

from libc.errno cimport ENOMEM, errno
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset
from posix.types cimport off_t
from posix.unistd cimport pread, pwrite


cdef int _write_all(int descriptor, const void* data, size_t size, off_t offset) noexcept nogil:
    cdef const char* at = <const char*>data
    cdef ssize_t done
    while size:
        done = pwrite(descriptor, at, size, offset)
        if done <= 0:
            return -1
        at += done
        offset += done
        size -= <size_t>done
    return 0


cdef int _read_all(int descriptor, void* data, size_t size, off_t offset) noexcept nogil:
    cdef char* at = <char*>data
    cdef ssize_t done
    while size:
        done = pread(descriptor, at, size, offset)
        if done <= 0:
            return -1
        at += done
        offset += done
        size -= <size_t>done
    return 0


cdef Pair* _radix_sort(Pair* pairs, Pair* scratch, size_t count) noexcept nogil:
    """Stable sort by hash; returns whichever of the two buffers holds the outcome."""
    cdef size_t histogram[8][256]
    cdef size_t i, place, sum
    cdef int digit, value
    cdef Pair* other
    memset(histogram, 0, sizeof(histogram))
    for i in range(count):
        for digit in range(8):
            histogram[digit][(pairs[i].hash >> (8 * digit)) & 0xFF] += 1
    for digit in range(8):
        if histogram[digit][(pairs[0].hash >> (8 * digit)) & 0xFF] == count:
            continue  # all alike: the top digit always is
        sum = 0
        for value in range(256):
            place = histogram[digit][value]
            histogram[digit][value] = sum
            sum += place
        for i in range(count):
            value = (pairs[i].hash >> (8 * digit)) & 0xFF
            scratch[histogram[digit][value]] = pairs[i]
            histogram[digit][value] += 1
        other = pairs
        pairs = scratch
        scratch = other
    return pairs


cdef class Spill:
    def __cinit__(self, directory):
        self.descriptor = -1
        self.buffers = <Pair*>malloc(PARTITIONS * CHUNK_PAIRS * sizeof(Pair))
        if self.buffers == NULL:
            raise MemoryError
        memset(self.fill, 0, sizeof(self.fill))
        descriptor, path = tempfile.mkstemp(prefix="spill-", dir=directory)
        self.descriptor = descriptor
        os.unlink(path)

    def __dealloc__(self):
        self.close()

    def close(self):
        free(self.buffers)
        free(self.chunks)
        free(self.sorted)
        free(self.scratch)
        self.buffers = self.sorted = self.scratch = NULL
        self.chunks = NULL
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    cdef int _flush(self, int partition) noexcept nogil:
        cdef Chunk* grown
        cdef size_t capacity
        if self.n_chunks == self.chunks_capacity:
            capacity = self.chunks_capacity * 2 + 1024
            grown = <Chunk*>realloc(self.chunks, capacity * sizeof(Chunk))
            if grown == NULL:
                return -1
            self.chunks = grown
            self.chunks_capacity = capacity
        if _write_all(self.descriptor, self.buffers + <size_t>partition * CHUNK_PAIRS,
                      self.fill[partition] * sizeof(Pair), <off_t>(self.n_chunks * CHUNK_PAIRS * sizeof(Pair))) < 0:
            return -1
        self.chunks[self.n_chunks].partition = partition
        self.chunks[self.n_chunks].count = self.fill[partition]
        self.n_chunks += 1
        self.fill[partition] = 0
        return 0

    cdef int add(self, uint64_t hash, uint32_t entity) noexcept nogil:
        cdef int partition = <int>(hash >> 56)
        cdef Pair* pair = self.buffers + <size_t>partition * CHUNK_PAIRS + self.fill[partition]
        pair.hash = hash
        pair.entity = entity
        pair.reserved = 0
        self.pairs += 1
        self.fill[partition] += 1
        if self.fill[partition] == CHUNK_PAIRS:
            return self._flush(partition)
        return 0

    cdef int64_t load(self, int partition) noexcept nogil:
        cdef size_t total = self.fill[partition], at = 0, kept = 0, i
        cdef Pair* outcome
        for i in range(self.n_chunks):
            if self.chunks[i].partition == <uint32_t>partition:
                total += self.chunks[i].count
        if total == 0:
            return 0
        if total > self.sorted_capacity:
            free(self.sorted)
            free(self.scratch)
            self.sorted_capacity = 0
            self.sorted = <Pair*>malloc(total * sizeof(Pair))
            self.scratch = <Pair*>malloc(total * sizeof(Pair))
            if self.sorted == NULL or self.scratch == NULL:
                return -1
            self.sorted_capacity = total
        for i in range(self.n_chunks):
            if self.chunks[i].partition == <uint32_t>partition:
                if _read_all(self.descriptor, self.sorted + at, self.chunks[i].count * sizeof(Pair),
                             <off_t>(i * CHUNK_PAIRS * sizeof(Pair))) < 0:
                    return -1
                at += self.chunks[i].count
        memcpy(self.sorted + at, self.buffers + <size_t>partition * CHUNK_PAIRS, self.fill[partition] * sizeof(Pair))
        outcome = _radix_sort(self.sorted, self.scratch, total)
        if outcome != self.sorted:
            self.scratch = self.sorted
            self.sorted = outcome
        kept = 1
        for i in range(1, total):
            if outcome[i].hash != outcome[kept - 1].hash or outcome[i].entity != outcome[kept - 1].entity:
                outcome[kept] = outcome[i]
                kept += 1
        return <int64_t>kept

    def append(self, uint64_t hash, uint32_t entity):
        if self.descriptor < 0:
            raise ValueError("this spill is closed")
        if self.add(hash, entity) < 0:
            raise OSError(errno, os.strerror(errno))

    def sorted_pairs(self):
        cdef int64_t count, i
        if self.descriptor < 0:
            raise ValueError("this spill is closed")
        found = []
        for partition in range(PARTITIONS):
            count = self.load(partition)
            if count < 0:
                raise OSError(errno or ENOMEM, os.strerror(errno or ENOMEM))
            for i in range(count):
                found.append((self.sorted[i].hash, self.sorted[i].entity))
        return found
