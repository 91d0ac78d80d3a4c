# Dates and numbers as registers write them, without the GIL.

from libc.stdint cimport int32_t, int64_t

from core.standardise.row cimport Cell, Context, Date

# By the source's date formats and null dates, else by any other that is read in one way (docs/manifests.md, "Dates").
cdef Date parse_date(Context* c, Cell cell, bint birth) noexcept nogil
# VALUE_OK or VALUE_BAD; a fraction is cut; beyond 32 bits is bad.
cdef int parse_int(Cell cell, int64_t* out) noexcept nogil
# "Q1,250.5" -> 125050 centavos; digits after the second are cut.
cdef int parse_amount(Cell cell, int64_t* out) noexcept nogil
# A whole date's day, else NO_DAY; its number yyyymmdd, else 0.
cdef int32_t day_of_date(Date date) noexcept nogil
cdef int32_t number_of_date(Date date) noexcept nogil
