# The memory that one subject's records share: an arena that their texts are copied into (it may move while it grows).

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from core.machine.arrow cimport Column, text_at
from core.wire cimport Buffer, put_raw

cdef extern from "string.h" nogil:
    void* memmem(const void* haystack, size_t haystack_length, const void* needle, size_t needle_length)

cdef enum:
    MAX_CRITERIA = 8             # listed for or against a link
    SEARCHED = 8192              # bytes of a dossier's heap: most dossiers are shorter

# A place in the arena. An empty text = null.
cdef struct Text:
    uint32_t offset
    uint32_t length

# Returns the place of a text in a dossier's heap: in a section that states it, as most do, or at its end, where it is
# put.
cdef inline uint32_t put_once(Buffer* heap, const void* text, size_t length) noexcept nogil:
    cdef size_t offset = heap.size
    cdef const void* found = NULL
    if 4 <= length <= heap.size:
        found = memmem(heap.data, min(heap.size, <size_t>SEARCHED), text, length)
    if found != NULL:
        return <uint32_t>(<const char*>found - <const char*>heap.data)
    put_raw(heap, text, length)
    return <uint32_t>offset

# ronda.v1.Criterion, in the order of their numbers.
cdef struct Criteria:
    uint8_t listed[MAX_CRITERIA]
    uint8_t count

# Copies a text into the arena, which says whether memory failed.
cdef inline Text keep_text(Buffer* arena, const Column* column, int64_t row) noexcept nogil:
    cdef Text text
    cdef const uint8_t* data = text_at(column, row, &text.length)
    text.offset = <uint32_t>arena.size
    put_raw(arena, data, text.length)
    return text

# The first MAX_CRITERIA of a cell, one byte each.
cdef inline Criteria criteria_at(const Column* column, int64_t row) noexcept nogil:
    cdef Criteria found
    cdef uint32_t length
    cdef const uint8_t* data = text_at(column, row, &length)
    found.count = <uint8_t>min(length, <uint32_t>MAX_CRITERIA)
    if found.count:
        memcpy(found.listed, data, found.count)
    return found
