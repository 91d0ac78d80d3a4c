# Reads a document's scan: machine readable zones of ICAO 9303.

from libc.stddef cimport size_t

cdef struct Scanned:
    char number[16]              # of a DPI its CUI, of a passport its number
    int length                   # 0 = nothing that can be read
    char country[3]              # of the passport; zeros for a DPI
    int year                     # of birth; 0 = not read
    int month
    int day
    char sex                     # M, F, or 0

# Reads TD1 of a DPI ("IDGTM241476828<1201...") and the second line of TD3, alone or glued to others; False: it is none.
cdef bint read_scanned(const char* text, size_t n, Scanned* out) noexcept nogil

# Returns whether a text that read_scanned did not read is such a zone all the same, misread or of another document: it
# is no name.
cdef bint is_unread_zone(const char* text, size_t n) noexcept nogil
