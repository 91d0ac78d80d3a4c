# Scoring one person of names.bin (core/name_index/query.pxd).

from libc.stdint cimport uint32_t

from core.name_index.query cimport NameFound, NameQuery

# Scores one ordinal: 1 = it fits, 0 = not, NAMES_DAMAGED. query_begin must have been called for the question.
cdef int score_ordinal(NameQuery* query, uint32_t ordinal, NameFound* found) noexcept nogil
