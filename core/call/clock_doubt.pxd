# Whether the wall clock of this process is to be believed: it has not stepped against the clock that nobody sets.

from libc.stdint cimport int64_t

# Whether `clock_ms`, read just now, is more than two minutes off. False in a process that was told no reference.
cdef bint clock_is_doubtful(int64_t clock_ms) noexcept nogil
