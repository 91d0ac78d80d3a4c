# A typed identifier without its separators.

from libc.stdint cimport uint8_t, uint32_t

# Characters that are ignored besides separators.
cdef enum:
    ONLY_SEPARATORS = 0   # white space, hyphens and dashes, . , / _ and characters without width
    TELEPHONE_SIGNS = 1   # ( ) too, and + before the first digit
    ANY_SIGN = 2          # every printable ASCII sign: chassis numbers are engraved between asterisks
    PLATE_SIGNS = 3       # as ANY_SIGN, but * and ? are wildcards of a search, save a ? for the type at the start

cdef enum:
    COMPACT_MAX = 40      # longer than any identifier

cdef struct Compact:
    int n                 # upper-case alphanumerics; more than COMPACT_MAX are counted as COMPACT_MAX + 1 and not kept
    int letters           # how many of them are letters
    bint bad              # a character is neither alphanumeric nor ignored
    bint plus             # began with +
    char text[COMPACT_MAX + 1]

cdef void compact(const char* text, size_t n, int ignored, Compact* out) noexcept nogil

cdef bint is_separator(uint32_t code) noexcept nogil

cdef inline bint is_digit(char c) noexcept nogil:
    return c"0" <= c <= c"9"

cdef inline bint all_digits(const char* text, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if not is_digit(text[i]):
            return False
    return True

cdef extern from *:
    """
    /* The one digit that a letter is misread for; 0 = none. */
    static const char MISREAD_DIGIT[26] = {
        ['O' - 'A'] = '0', ['D' - 'A'] = '0', ['Q' - 'A'] = '0', ['I' - 'A'] = '1', ['L' - 'A'] = '1', ['Z' - 'A'] = '2',
        ['S' - 'A'] = '5', ['G' - 'A'] = '6', ['B' - 'A'] = '8', ['A' - 'A'] = '4'};
    """
    const char* MISREAD_DIGIT

# O is 0, I and L are 1; any other character is itself.
cdef inline char as_digit(char c) noexcept nogil:
    if c == c"O":
        return c"0"
    return c"1" if c == c"I" or c == c"L" else c
