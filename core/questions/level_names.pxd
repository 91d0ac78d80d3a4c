# Finds the subjects with a name in the delta generations over the base (core/generation/levels.pxd).

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.call.memory cimport Call

# Adds to call.name_query, after the base, the subjects that call.name_question finds in the levels: 0 or NAMES_* of
# core/name_index/query.pxd.
cdef int find_in_levels(Call* call) noexcept nogil
# Adds the holders in the levels, after core/name_index/holders.pxd has added those of the base from place `first` on.
cdef int holders_in_levels(Call* call, size_t first, size_t wanted, int32_t slack) noexcept nogil
