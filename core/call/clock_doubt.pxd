# Checks that the wall clock of this process can be trusted: it has not stepped against the clock that nobody sets.

from libc.stdint cimport int64_t

# Returns whether `clock_ms`, read just now, is more than two minutes off. False in a process without a reference.
cdef bint clock_is_doubtful(int64_t clock_ms) noexcept nogil
