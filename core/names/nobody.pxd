# Words that stand where no name is known.

from libc.stddef cimport size_t

cdef const char* NOBODY_WORDS
cdef const char* BESIDE_NOBODY   # words that may stand beside those; alone they prove nothing

# words: each between two spaces.
cdef bint is_one_of(const char* words, const unsigned char* letters, int length) noexcept nogil
# True where a UTF-8 text names nobody: one word says so, and no other word of two letters or more is a name.
cdef bint names_nobody(const char* text, size_t n) noexcept nogil
