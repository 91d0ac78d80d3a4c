# Rewrites a date of clerks and spreadsheets (docs/manifests.md, "Dates") in plain words.

from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.standardise.row cimport Cell, Date

cdef enum:
    WRITTEN_MAX = WORDS_TEXT + 3 * WORDS_MAX  # bytes: a word of one letter (I) may become a month's three, and a space before each

# Groups of digits and three letters of a month's Spanish name, a space between, into out[WRITTEN_MAX]; the length, 0 = it is no date.
cdef int written_date(Cell cell, char* out) noexcept nogil

# The year that "circa 1962" or, on a date, an age ("51 años", "2 años 6 meses", "18 días") tells; 0 = neither.
cdef int about_year(Cell cell, Date date) noexcept nogil
