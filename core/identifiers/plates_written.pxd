# Plates as clerks write them (docs/answers.md section 4, "As written").

from core.identifiers.rules cimport Plate

cdef int written_plate(const char* text, size_t n, int rule, Plate* plate) noexcept nogil
# A number of a plate, three digits and three letters, that fills text[0..n), a type and a zero before it allowed. `misread`: any
# letter that is misread for one digit counts as that digit; else only O, I and L.
cdef bint plate_number(const char* text, int n, bint misread, Plate* plate) noexcept nogil
# One that has lost zeros before its one or two digits ("P12BCD").
cdef bint short_plate(const char* text, int n, Plate* plate) noexcept nogil
# "MO12BCD", of which neither is taken: M-012BCD and MO-012BCD. `alone`: nothing stands beside it, so no digit need be among them.
cdef bint two_readings(const char* text, int n, bint alone, Plate* narrow, Plate* wide) noexcept nogil
