# Whom a name finds in the delta generations over the base (core/generation/levels.pxd).

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.call.memory cimport Call

# Adds to call.name_query, after it has looked in the base, whom call.name_question finds in the levels: 0 or NAMES_* of
# core/name_index/query.pxd.
cdef int find_in_levels(Call* call) noexcept nogil
# Adds, after core/name_index/holders.pxd has looked in the base and added those from place `first` on, whom it finds in the levels.
cdef int holders_in_levels(Call* call, size_t first, size_t wanted, int32_t slack) noexcept nogil
