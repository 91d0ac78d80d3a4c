# The first step of a question to names.bin (core/name_index/query.pxd): what on file each asked token may be.

from libc.stdint cimport int32_t, uint32_t

from core.name_index.file cimport NamesFile
from core.name_index.query cimport NameQuery, NameQuestion

cdef NameQuery* query_new() noexcept nogil
cdef void query_free(NameQuery* query) noexcept nogil
# Readies the memory for a question, which it borrows, and gives its tokens the file's information. 0, NAMES_DAMAGED.
cdef int query_begin(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil
# Readies it for the same question with another `possible` alone: the possible tokens are known.
cdef int query_again(NameQuery* query) noexcept nogil
# Compares a token on file with every asked one, once; its place in NameQuery.kinds, -1 = no room.
cdef int hold_token(NameQuery* query, uint32_t id) noexcept nogil
# The same of one that was compared before; -1 = it was not.
cdef int held_place(const NameQuery* query, uint32_t id) noexcept nogil
cdef int department_set(int department) noexcept nogil
# Returns the least evidence that reaches `score`.
cdef int32_t evidence_for(double score, int32_t prior) noexcept nogil
# Returns the least loss of evidence when no more than so many listed tokens are paired: few words are alike by chance.
# Unpaired tokens take nothing, for they may be alike. Negative: the bonus of whole names.
cdef int32_t left_over(const NameQuery* query, int paired) noexcept nogil
# Opens the lists of tokens anew. 0, NAMES_DAMAGED.
cdef int query_rewind(NameQuery* query) noexcept nogil
# The evidence from which somebody found is POSSIBLE: as if all on file were a list of alerts, but no longer than one is. A short name
# must tell more.
cdef int32_t alert_evidence(const NameQuery* query) noexcept nogil
