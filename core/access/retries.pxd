# Requests that were counted: a retry is the same bytes under the same request_id, and counts once.

from libc.stdint cimport uint64_t

cdef enum:
    COUNTED = 1 << 20            # request ids remembered, 32 MiB
    COUNTED_WAYS = 4             # slots of a set
    FREE_RETRIES = 32            # of one request_id; later ones are counted again
    REMEMBERED_MINUTES = 1440    # an off-line replay comes within a day
    WATCHED = 0x80               # of Counted.word: limits_watch let its answer pass

cdef struct Counted:
    uint64_t key
    uint64_t fingerprint[2]      # of the request
    uint64_t word                # minute & 0xFFFFFF << 8 | WATCHED | times seen

cdef inline Counted* counted_set(Counted* counted, uint64_t key) noexcept nogil:
    return &counted[(key >> 7) % (COUNTED // COUNTED_WAYS) * COUNTED_WAYS]

# 1: a retry that is free; 0: to be counted; -1: this id was used for another question.
cdef int request_seen(Counted* counted, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil
cdef void request_remember(Counted* counted, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil
# Tells and sets whether signs of misuse let its answer pass.
cdef bint request_was_watched(Counted* counted, uint64_t key, uint64_t minute) noexcept nogil
cdef void request_set_watched(Counted* counted, uint64_t key, uint64_t minute) noexcept nogil
