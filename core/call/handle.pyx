"""Handles of a list's entries, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from core.audit.record cimport AGAIN_PAGE_TOKEN
from core.call.page_token cimport token_decode, token_encode
from core.contract.error cimport ERROR_REASON_HANDLE_INVALID
from core.failure cimport OK, fail
from core.machine.siphash cimport ronda_siphash128
from core.wire cimport put_bytes

cdef enum:
    TAG_BYTES = 16
    SUBJECT_BYTES = 16
    SEALED_BYTES = 20            # subject id, end
    RAW_BYTES = 36
    TEXT_BYTES = 48
    MINUTES = 15
    SEALS = 0x48                 # a tag of its own beside what else the page key makes
    COVERS = 0x43


cdef void _tag(const Call* call, const uint8_t* sealed, uint64_t* tag) noexcept nogil:
    cdef uint8_t text[SEALED_BYTES + 64]
    cdef uint64_t words[4]
    cdef size_t size = min(<size_t>call.store.generation_id_length, <size_t>64)
    words[0] = SEALS
    words[1] = call.device
    words[2] = call.officer
    words[3] = size
    memcpy(text, sealed, SEALED_BYTES)
    memcpy(text + SEALED_BYTES, call.store.generation_id, size)
    ronda_siphash128(call.page_key, words, 4, text, SEALED_BYTES + size, tag)


cdef void _cover(const Call* call, const uint64_t* tag, uint8_t* sealed) noexcept nogil:
    cdef uint64_t stream[4]
    cdef uint64_t words[4]
    cdef const uint8_t* bytes = <const uint8_t*>stream
    cdef int i
    words[0] = COVERS
    words[1] = tag[0]
    words[2] = tag[1]
    for i in range(2):
        words[3] = i
        ronda_siphash128(call.page_key, words, 4, NULL, 0, &stream[2 * i])
    for i in range(SEALED_BYTES):
        sealed[i] ^= bytes[i]


cdef void put_handle(Call* call, uint32_t number, const uint8_t* subject_id) noexcept nogil:
    cdef uint8_t raw[RAW_BYTES]
    cdef char text[TEXT_BYTES + 4]
    cdef uint64_t tag[2]
    cdef uint32_t ends = <uint32_t>(call.clock_ms // 60000 + MINUTES)
    memcpy(raw + TAG_BYTES, subject_id, SUBJECT_BYTES)
    memcpy(raw + TAG_BYTES + SUBJECT_BYTES, &ends, 4)
    _tag(call, raw + TAG_BYTES, tag)
    _cover(call, tag, raw + TAG_BYTES)
    memcpy(raw, tag, TAG_BYTES)
    call.again |= AGAIN_PAGE_TOKEN  # made with the same key
    put_bytes(call.out, number, text, token_encode(raw, RAW_BYTES, text))


cdef int read_handle(Call* call, uint8_t* subject_id) noexcept nogil:
    cdef uint8_t raw[RAW_BYTES + 4]
    cdef uint64_t given[2]
    cdef uint64_t tag[2]
    cdef uint32_t ends
    call.again |= AGAIN_PAGE_TOKEN
    if call.question.handle.size != TEXT_BYTES or token_decode(call.question.handle.data, TEXT_BYTES, raw) != RAW_BYTES:
        return fail(call.failure, ERROR_REASON_HANDLE_INVALID, "handle", "")
    memcpy(given, raw, TAG_BYTES)
    _cover(call, given, raw + TAG_BYTES)
    _tag(call, raw + TAG_BYTES, tag)
    memcpy(&ends, raw + TAG_BYTES + SUBJECT_BYTES, 4)
    # both halves always: the time tells nothing of a guessed tag
    if (tag[0] ^ given[0]) | (tag[1] ^ given[1]) or <int64_t>ends < call.clock_ms // 60000:
        return fail(call.failure, ERROR_REASON_HANDLE_INVALID, "handle", "")
    memcpy(subject_id, raw + TAG_BYTES, SUBJECT_BYTES)
    return OK
