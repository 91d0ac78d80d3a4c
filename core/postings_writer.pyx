"""names.bin, the writer (see core/postings.pxd for the bytes)."""

import os

from libc.errno cimport ENOMEM, errno
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.output cimport OutputFile
from core.output import write_trailer
from core.postings cimport POSTING_BLOCK, SkipEntry, TokenEntry
from core.spill cimport PARTITIONS, Pair, Spill
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reserve, buffer_reset, put_raw, put_varint
from core.xxhash cimport XXH3_64bits


cdef void _write_list(const Pair* pairs, uint32_t count, OutputFile file, Buffer* table, Buffer* skips, Buffer* blocks) noexcept nogil:
    """Appends one token's list to the file and its TokenEntry to `table`; `skips` and `blocks` are scratch."""
    cdef TokenEntry token
    cdef SkipEntry skip
    cdef uint32_t i, previous = 0
    buffer_reset(skips)
    buffer_reset(blocks)
    for i in range(count):
        if i % POSTING_BLOCK == 0:
            if i:
                skip.checksum = <uint32_t>XXH3_64bits(blocks.data + skip.offset, blocks.size - skip.offset)
                put_raw(skips, &skip, sizeof(skip))
            skip.first = pairs[i].entity
            skip.offset = <uint32_t>blocks.size
            previous = 0
        put_varint(blocks, pairs[i].entity - previous)
        previous = pairs[i].entity
    skip.checksum = <uint32_t>XXH3_64bits(blocks.data + skip.offset, blocks.size - skip.offset)
    put_raw(skips, &skip, sizeof(skip))
    token.hash = pairs[0].hash
    token.count = count
    if count > POSTING_BLOCK:
        file.align(4)
        token.offset = file.position()
        token.checksum = XXH3_64bits(skips.data, skips.size)
        file.put(skips.data, skips.size)
        token.length = <uint32_t>(skips.size + blocks.size)
    else:
        token.offset = file.position()
        token.checksum = XXH3_64bits(blocks.data, blocks.size)
        token.length = <uint32_t>blocks.size
    file.put(blocks.data, blocks.size)
    put_raw(table, &token, sizeof(token))


cdef void _write_partition(const Pair* pairs, int64_t count, OutputFile file, Buffer* table, Buffer* skips,
                           Buffer* blocks) noexcept nogil:
    cdef int64_t at = 0, end
    while at < count:
        end = at + 1
        while end < count and pairs[end].hash == pairs[at].hash:
            end += 1
        _write_list(pairs + at, <uint32_t>(end - at), file, table, skips, blocks)
        at = end


def write_names(OutputFile file not None, Spill pairs not None):
    cdef Buffer table, skips, blocks
    cdef int partition
    cdef int64_t count, total = 0
    buffer_init(&table)
    buffer_init(&skips)
    buffer_init(&blocks)
    try:
        for partition in range(PARTITIONS):
            with nogil:
                count = pairs.load(partition)
                if count > 0:
                    _write_partition(pairs.sorted, count, file, &table, &skips, &blocks)
            if count < 0:
                raise OSError(errno or ENOMEM, os.strerror(errno or ENOMEM))
            total += count
            file.flush()
        if table.failed or skips.failed or blocks.failed:
            raise MemoryError
        file.align(8)
        offset = file.position()
        file.put(table.data, table.size)
        tokens = table.size // sizeof(TokenEntry)
        write_trailer(file, b"RNDNAMES", offset, tokens, XXH3_64bits(table.data, table.size))
        file.flush()
        return tokens, total
    finally:
        buffer_free(&table)
        buffer_free(&skips)
        buffer_free(&blocks)
