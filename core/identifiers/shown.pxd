# The identifiers that a text shows which is none itself (docs/answers.md section 4, "Still shown").

from core.identifiers.rules cimport Plate

# Into out[SHOWN_CUIS] and plates[SHOWN_MAX], in the order in which they are met; how many, 0 when there are more.
cdef int find_cuis(const char* text, size_t n, char* out) noexcept nogil
cdef int find_plates(const char* text, size_t n, Plate* plates) noexcept nogil
