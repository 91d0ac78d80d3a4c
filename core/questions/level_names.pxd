# Whom a name finds in the delta generations over the base (core/generation/levels.pxd).

from core.call.memory cimport Call

# Adds to call.name_query, after it has looked in the base, whom call.name_question finds in the levels: 0 or NAMES_* of
# core/name_index/query.pxd.
cdef int find_in_levels(Call* call) noexcept nogil
