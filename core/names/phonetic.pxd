# The phonetic key that keeps vowels, over letters folded by core.names.folding.

from libc.stdint cimport uint8_t

# Key of one token of n letters (n <= 64) into out[n]; its length, at least 1 when n is. ASCII; "C" is the symbol of CH.
cdef int phonetic_symbols(const uint8_t* letters, int n, uint8_t* out) noexcept nogil
