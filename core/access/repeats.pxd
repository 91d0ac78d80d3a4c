# Counts an officer's look-ups of one subject: a clock of core/access/gcra.pxd for each of the two.

from libc.stdint cimport uint64_t

cdef enum:
    REPEATS = 1 << 18            # 4 MiB
    REPEAT_WAYS = 4              # slots of a set

cdef struct Repeat:
    uint64_t key
    uint64_t paid

cdef inline Repeat* repeat_set(Repeat* repeats, uint64_t key) noexcept nogil:
    return &repeats[(key >> 7) % (REPEATS // REPEAT_WAYS) * REPEAT_WAYS]

# The slot of (officer, subject), made where need be: of a set the one that is nearest to whole.
cdef Repeat* repeat_of(Repeat* repeats, uint64_t key) noexcept nogil
