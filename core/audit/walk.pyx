# distutils: libraries = crypto

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from core.audit.crypto cimport leaf_hash
from core.audit.record cimport (
    FRAME_BYTES, RECORD_HEADER, RECORD_QUERY, RECORD_TEXT, AgainBytes, EntryBytes, QueryHead, TextHead,
)
from core.wire cimport Buffer, put_raw


cdef int _formed(const uint8_t* data, uint64_t size, uint64_t offset, AuditRecord* record) noexcept nogil:
    """The record at `offset`, its form checked and not its hash: RIGHT, ENDED, TRUNCATED or FORM."""
    cdef uint32_t length
    cdef uint64_t left
    if offset == size:
        return ENDED
    if size - offset < 4:
        return TRUNCATED
    memcpy(&length, data + offset, 4)
    if length == 0:
        return ENDED
    if size - offset < FRAME_BYTES or size - offset - FRAME_BYTES < length:
        return TRUNCATED
    record.size = length
    if length < sizeof(TextHead):
        return FORM
    record.body = data + offset + FRAME_BYTES
    record.kind = record.body[0]
    memcpy(&record.place, record.body + 8, 8)
    if record.kind != RECORD_QUERY:
        return RIGHT if record.kind == RECORD_HEADER or record.kind == RECORD_TEXT else FORM
    if length < sizeof(QueryHead):
        return FORM
    memcpy(&record.head, record.body, sizeof(QueryHead))
    record.entries = record.body + sizeof(QueryHead)
    left = length - sizeof(QueryHead)
    if (left != <uint64_t>record.head.n_entries * sizeof(EntryBytes) + record.head.case_number_size
            + record.head.request_id_size + record.head.again_size + record.head.sealed_size):
        return FORM
    if record.head.again_size:
        if record.head.again_size < sizeof(AgainBytes):
            return FORM
        memcpy(&record.again, record.body + length - record.head.sealed_size - record.head.again_size,
               sizeof(AgainBytes))
        if record.again.asker >= record.place or record.again.fed >= record.place:
            return FORM
    if record.head.identity >= record.place or record.head.generation >= record.place:
        return FORM
    return RIGHT


cdef int record_at(const uint8_t* data, uint64_t size, uint64_t offset, AuditRecord* record,
                   uint8_t* leaf) noexcept nogil:
    cdef int status
    record.body = NULL
    status = _formed(data, size, offset, record)
    if record.body != NULL:
        leaf_hash(record.body, record.size, leaf)
        if memcmp(leaf, data + offset + 4, 4) != 0:
            return CHECK         # rather than what nonsense its bytes spell
    return status


cdef int following(const uint8_t* data, uint64_t size, uint64_t* offset, AuditRecord* record,
                   Buffer* altered) noexcept nogil:
    cdef uint8_t leaf[32]
    cdef int status
    while True:
        status = record_at(data, size, offset[0], record, leaf)
        if status == RIGHT or status == ENDED:
            return status
        put_raw(altered, offset, 8)
        if status == TRUNCATED:  # its length leads nowhere
            return ENDED
        offset[0] += FRAME_BYTES + record.size
