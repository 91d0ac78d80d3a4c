# A typed identifier as words of upper-case letters and digits, and the words that say nothing of it.

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    WORDS_TEXT = 80       # characters of all words
    WORDS_MAX = 16

cdef struct Words:
    int count
    bint bad              # a sign that no clerk writes or that stands for a character, or longer than any identifier and its words
    int doubtful          # 1: * or ¡ stand around it; 2: ? or ¿
    bint plus             # a + stands before the first digit
    int n                 # characters of text
    int start[WORDS_MAX]
    int length[WORDS_MAX]
    int letters[WORDS_MAX]
    char text[WORDS_TEXT]  # A to Z, 0 to 9; Ñ is N

cdef bint is_sign(uint32_t code) noexcept nogil
cdef uint32_t plain_form(uint32_t code) noexcept nogil
# Begins another word; False: there is room for no more.
cdef bint begin_word(Words* w) noexcept nogil
# Adds the letters of one character, as folded_letters gives them, to the last word; False: there is room for no more.
cdef bint add_letters(Words* w, uint32_t folded) noexcept nogil
cdef void split_words(const char* text, size_t n, Words* out) noexcept nogil
cdef bint word_is(const Words* w, int i, const char* word) noexcept nogil
# Returns whether the word stands in a list of words between spaces: " DPI CUI ".
cdef bint word_in(const Words* w, int i, const char* words) noexcept nogil
cdef void drop_word(Words* w, int i) noexcept nogil
# Drops the words of `labels` wherever they stand, one grown together with the digits that follow it too.
cdef void drop_labels(Words* w, const char* labels) noexcept nogil
# Drops one or two names of Guatemala's departments and municipalities behind the number, which ends in so many letters.
cdef void drop_places(Words* w, int letters) noexcept nogil
# The words from `first` to before `last`, joined by `between` (0 = nothing), into out[WORDS_TEXT + WORDS_MAX]; their length.
cdef int join_words(const Words* w, int first, int last, char between, char* out) noexcept nogil
