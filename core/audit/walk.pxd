# The records of a segment, one behind the other. Every reader takes them from here: this is the one place that decides
# whether a record is as it was written, which its `check` says (core/audit/record.pxd).

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.audit.record cimport AgainBytes, QueryHead
from core.wire cimport Buffer

cdef enum:
    # Result at an offset.
    ENDED = 0
    RIGHT = 1
    TRUNCATED = -1               # the bytes end within it
    CHECK = -2                   # its bytes are not those that were written
    PLACE = -3                   # removed, repeated or moved
    FORM = -4                    # sizes or references that cannot be

cdef struct AuditRecord:
    const uint8_t* body
    uint32_t size
    uint8_t kind
    uint64_t place
    QueryHead head               # of RECORD_QUERY
    const uint8_t* entries       # n_entries x 32 bytes
    AgainBytes again             # with again_size

# The record at `offset` and the leaf hash of its body: RIGHT, ENDED, TRUNCATED, CHECK or FORM. Its place is not looked at.
# `size` is that of its body after CHECK and FORM too.
cdef int record_at(const uint8_t* data, uint64_t size, uint64_t offset, AuditRecord* record, uint8_t* leaf) noexcept nogil
# The next record from `offset` on that is as it was written, and `offset` moved to it: RIGHT or ENDED. Those that are not are
# passed over by their lengths; the offset of each (u64) goes into `altered`.
cdef int following(const uint8_t* data, uint64_t size, uint64_t* offset, AuditRecord* record, Buffer* altered) noexcept nogil
