# The identifier that a text shows which is none itself (docs/answers.md section 4, "Still shown").

from core.identifiers cimport Plate

cdef bint find_cui(const char* text, size_t n, char* out) noexcept nogil
cdef bint find_plate(const char* text, size_t n, Plate* plate) noexcept nogil
