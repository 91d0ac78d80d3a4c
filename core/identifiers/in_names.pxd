# CUIs that stand within a name's cell (docs/answers.md section 4, "In the name's cell").

# Into cuis[SHOWN_CUIS], in the order in which they stand; how many, 0 when there are more than SHOWN_MAX. Where there are any,
# rest[n] holds the text without them and the words that name them, rest_n[0] bytes.
cdef int find_named_cuis(const char* text, size_t n, char* cuis, char* rest, int* rest_n) noexcept nogil

# The least that it takes: what a name without a number costs.
cdef bint holds_thirteen_digits(const char* text, size_t n) noexcept nogil
