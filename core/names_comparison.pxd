# Comparison of name keys as multisets of phonetic keys (docs/answers.md section 2).

# As in core/names.pxd; the first 64 keys of each side count, in any order.
cdef int compare_key_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil
cdef bint covers_key_text(const char* query, size_t query_n, const char* claim, size_t claim_n) noexcept nogil
