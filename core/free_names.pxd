# A name as an officer types it into one box: "N Chepe Ernandez Kej 1985" (docs/answers.md, "Search").

from libc.stddef cimport size_t

cdef struct FreeName:
    const char* text             # the names alone, borrowed
    size_t size
    int year                     # of birth, from the last word; 0 = none
    int month
    int day

# Takes a text apart: a first word N of one letter goes, where two more words follow; a last word that is a year (1800 to 2099) or a
# date (dd/mm/yyyy, dd-mm-yyyy, yyyy-mm-dd) is the birth date, where another word stands before it. Words are parted by white space.
cdef void read_free_name(const char* text, size_t n, FreeName* out) noexcept nogil
