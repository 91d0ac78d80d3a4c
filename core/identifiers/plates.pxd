# Plates: taken apart, written, misread.

from core.identifiers.rules cimport Canonical, Plate

cdef int read_guatemalan_plate(const char* text, size_t n, Plate* plate) noexcept nogil
cdef int read_foreign_plate(const char* text, size_t n, Plate* plate) noexcept nogil
cdef size_t write_plate(const Plate* plate, char* out) noexcept nogil
cdef int misread_plates(const char* text, size_t n, Canonical* out) noexcept nogil
# A plate type that fills a text wholly, with a zero of padding or without; see the body.
cdef bint read_type(const char* text, int n, Plate* plate) noexcept nogil
# Returns whether two different characters are taken for one another, at the roadside and by cameras.
cdef bint misread_as(char a, char b) noexcept nogil
