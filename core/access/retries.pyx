"""Requests that were counted, without the GIL. Nothing here is for Python."""

from libc.stdint cimport UINT64_MAX

from core.machine.atomics cimport ronda_load, ronda_store, ronda_swap


cdef Counted* _counted(Counted* counted, uint64_t key, bint* found, uint64_t minute) noexcept nogil:
    """The slot of a request_id; else the one that may be written over, `found` False."""
    cdef Counted* set = counted_set(counted, key)
    cdef Counted* oldest = &set[0]
    cdef uint64_t age, most = 0
    cdef int i
    found[0] = False
    for i in range(COUNTED_WAYS):
        if ronda_load(&set[i].key) == key:
            found[0] = True
            return &set[i]
        age = (minute - ((ronda_load(&set[i].word) >> 8) & 0xFFFFFF)) & 0xFFFFFF
        if not ronda_load(&set[i].key):
            age = UINT64_MAX
        if age >= most:
            most = age
            oldest = &set[i]
    return oldest


cdef int request_seen(Counted* counted, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil:
    """1: a retry that is free; 0: to be counted; -1: this id was used for another question."""
    cdef bint found
    cdef Counted* slot = _counted(counted, key, &found, minute)
    cdef uint64_t word = ronda_load(&slot.word)
    cdef uint64_t times = word & (WATCHED - 1)
    if not found or ((minute - ((word >> 8) & 0xFFFFFF)) & 0xFFFFFF) > REMEMBERED_MINUTES:
        return 0
    if ronda_load(&slot.fingerprint[0]) != fingerprint[0] or ronda_load(&slot.fingerprint[1]) != fingerprint[1]:
        return -1
    if times >= FREE_RETRIES:
        return 0
    ronda_swap(&slot.word, word, word + 1)  # lost to another worker: one retry more is free
    return 1


cdef void request_remember(Counted* counted, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(counted, key, &found, minute)
    ronda_store(&slot.key, 0)  # nobody reads another question's word under this key
    ronda_store(&slot.fingerprint[0], fingerprint[0])
    ronda_store(&slot.fingerprint[1], fingerprint[1])
    ronda_store(&slot.word, (minute & 0xFFFFFF) << 8 | 1)
    ronda_store(&slot.key, key)


cdef bint request_was_watched(Counted* counted, uint64_t key, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(counted, key, &found, minute)
    return found and ronda_load(&slot.word) & WATCHED != 0


cdef void request_set_watched(Counted* counted, uint64_t key, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(counted, key, &found, minute)
    cdef uint64_t word
    if found:
        word = ronda_load(&slot.word)
        ronda_swap(&slot.word, word, word | WATCHED)  # lost to another worker: the next retry is watched again
