# Callers that were admitted, found by certificate and token without the GIL.
#
# One writer, who holds the GIL, and one loop that reads. Both texts are compared in full: a hash alone would let one officer
# answer for another.

from libc.stddef cimport size_t
from libc.stdint cimport uint64_t
from libc.string cimport memcmp

from core.access.session cimport Session
from core.lane.borrowed cimport Borrowed

cdef enum:
    CALLERS_KEPT = 16384         # as server/trust/callers.py keeps; more are forgotten, oldest first
    CALLER_SLOTS = 65536         # a power of two

cdef struct Known:               # never changes once it is shown
    uint64_t hash
    const Session* session
    const void* certificate      # leaf, DER; size 0 = plaintext
    size_t certificate_size
    const void* authorization
    size_t authorization_size

cdef struct CallerIndex:
    uint64_t version             # grows before anything that was found may go: what a connection remembers of another is void
    void* slots                  # Known*[CALLER_SLOTS]; NULL = free

cdef class CallerTable:
    cdef CallerIndex index
    cdef Borrowed borrowed
    cdef object slots            # Slots: owns index.slots
    cdef dict known              # (certificate, authorization) -> KnownCaller, oldest first
    cdef size_t used             # slots that are not free, those of the forgotten too
    # Forgets everybody: after a change of trust.
    cdef int forget_all(self) except -1
    # Puts a caller in, or replaces one.
    cdef int put(self, bytes certificate, bytes authorization, object caller) except -1

# NULL = nobody. The loop's; what is found may be looked at until look_end.
cdef const Known* find_caller(CallerIndex* index, const void* certificate, size_t certificate_size,
                              const void* authorization, size_t authorization_size) noexcept nogil

cdef inline bint same_bytes(const void* a, const void* b, size_t size) noexcept nogil:
    """Returns whether two texts of one size are equal; both may be NULL if the size is 0."""
    return size == 0 or memcmp(a, b, size) == 0
