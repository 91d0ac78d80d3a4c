# Identifiers as they are strictly written.

from core.identifiers.rules cimport Plate

cdef enum:                       # characters of the end of a chassis or engine number
    TAIL_MIN = 6
    TAIL_MAX = 8

# Canonical text of `kind` into out[cap], its length into out_n. 0 or a RULE_*; RULE_LENGTH too when out is too small.
cdef int exact_into(int kind, const char* text, size_t n, char* out, int cap, int* out_n) noexcept nogil
# The same into scratch[CANONICAL_MAX].
cdef int exact_text(int kind, const char* text, size_t n, char* scratch, int* length) noexcept nogil

# A Guatemalan or foreign plate. country_n = 0 means Guatemala.
cdef int exact_plate(const char* text, size_t n, const char* country, size_t country_n, Plate* plate) noexcept nogil
