# Key of a token of another script or language: groups of vowels and of consonants (docs/names.md, "Tokens").

from libc.stdint cimport uint8_t

# Into out[n]; how many symbols, 0 when the token has too little in it.
cdef int loose_of(const uint8_t* t, int n, uint8_t* out) noexcept nogil
