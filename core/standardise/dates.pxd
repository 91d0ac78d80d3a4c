# Dates in another format than the register's, and validity of dates with unknown parts, without the GIL.

from libc.stdint cimport int32_t

from core.standardise.row cimport Cell, Date

cdef enum:
    SPAN_UNKNOWN = 32767     # days; the day may be any

# From the earliest possible first day to the latest possible last day (NO_DAY: open), and by how many days each may be otherwise.
cdef struct Validity:
    int32_t first
    int32_t last
    int first_span
    int last_span

# The one year from 1900 to 2099 that stands in a text with four digits, no digit beside them; 0 = none, or several.
cdef int lone_year(Cell cell) noexcept nogil

# The one reading of a date that no format of its register fits (docs/manifests.md, "Dates"), status VALUE_OK; else VALUE_BAD.
# `birth`: the pivot of births for years of two digits.
cdef Date other_date(Cell cell, bint birth, bint month_first) noexcept nogil
# `alert`: a validity that contradicts itself counts for nothing, because its subject may not vanish; else its ends are
# exchanged.
cdef Validity validity_of(Date begins, Date ends, bint alert) noexcept nogil
# The days of an order. None ends before the day on which it was issued (NO_DAY = not known): such a last day cannot be
# true, and may be any (docs/statute.md, rule 22).
cdef Validity alert_days(Date begins, Date ends, int32_t issued_day) noexcept nogil
