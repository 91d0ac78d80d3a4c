"""Counts the look-ups of one subject, without the GIL. Nothing here is for Python."""

from libc.stdint cimport UINT64_MAX

from core.machine.atomics cimport ronda_load, ronda_store, ronda_swap


cdef Repeat* repeat_of(Repeat* repeats, uint64_t key) noexcept nogil:
    cdef Repeat* set = repeat_set(repeats, key)
    cdef Repeat* oldest
    cdef uint64_t held, paid, least
    cdef int i
    while True:
        oldest = NULL
        least = UINT64_MAX
        for i in range(REPEAT_WAYS):
            held = ronda_load(&set[i].key)
            if held == key:
                return &set[i]
            paid = ronda_load(&set[i].paid) if held else 0
            if paid < least:
                least = paid
                oldest = &set[i]
        held = ronda_load(&oldest.key)
        if ronda_swap(&oldest.key, held, key):
            ronda_store(&oldest.paid, 0)
            return oldest
