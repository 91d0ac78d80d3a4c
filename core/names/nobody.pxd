# Words that stand where no name is known.

from libc.stddef cimport size_t

cdef const char* NOBODY_WORDS
cdef const char* BESIDE_NOBODY   # beside those, words that alone are no proof that nobody is named

# words: each between two spaces.
cdef bint is_one_of(const char* words, const unsigned char* letters, int length) noexcept nogil
# Whether no word of two letters or more of a UTF-8 text is a name, and one says that there is none.
cdef bint names_nobody(const char* text, size_t n) noexcept nogil
