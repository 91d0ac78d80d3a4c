# A name as an officer types it into one box: "N Chepe Ernandez Kej 14.3.85" (docs/answers.md section 8, "One box").

from libc.stddef cimport size_t

cdef struct FreeName:
    const char* text             # the names alone, borrowed
    size_t size
    int year                     # of birth, from the end of the text; 0 = none
    int month
    int day
    int age                      # years, instead of a date; 0 = none
    bint digits                  # digits were not read that are no number in a company's name

# Takes a text apart: NOMBRE before the name goes, a first word N of one letter too, where two more words follow; a birth date or an
# age that ends it is read, where another word stands before it. Words are parted by ASCII white space.
cdef void read_free_name(const char* text, size_t n, FreeName* out) noexcept nogil

# Returns whether the text is words of letters, with three letters or more, no digit, and no kind of number at its
# beginning.
cdef bint is_words_of_name(const char* text, size_t n) noexcept nogil

# The same with a birth date or an age behind it.
cdef bint is_dated_name(const char* text, size_t n) noexcept nogil
