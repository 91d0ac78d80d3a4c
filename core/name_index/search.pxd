# A question to names.bin from end to end (core/name_index/query.pxd).

from libc.stdint cimport uint32_t

from core.name_index.file cimport NamesFile
from core.name_index.query cimport NameFound, NameQuery, NameQuestion

cdef enum:
    BATCH = 32                   # candidates with rows that are fetched ahead

# Finds and scores everybody that fits: query.found, in order of ordinal. 0 or NAMES_*; `question` is borrowed during the call and
# its tokens get the file's information.
cdef int find_names(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil
# The same for the same question, still borrowed, of which `possible` alone has changed: half of the work is spared.
cdef int find_names_again(NameQuery* query) noexcept nogil
# Scores at most BATCH ordinals, and takes those that fit. 0 or NAMES_*.
cdef int score_batch(NameQuery* query, const uint32_t* ordinals, int n) noexcept nogil
# Puts the best `most` of query.found first, in order: evidence descending, then `order`.
cdef void rank_found(NameQuery* query, size_t most) noexcept nogil
# The same of `count` of them.
cdef void rank_range(NameFound* found, size_t count, size_t most) noexcept nogil
