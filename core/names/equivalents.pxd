# Tokens that stand for one another though they are spelled otherwise: nicknames and diminutives, abbreviations, transliterations.

from libc.stdint cimport uint8_t, uint16_t, uint64_t

cdef enum:
    EQUIVALENTS_MAX = 12      # equivalences of a token that count

# Roles of a token in an equivalence.
cdef enum:
    FORMAL = 0
    NICKNAME = 1
    ABBREVIATION = 2
    TRANSLITERATION = 3

cdef struct Equivalents:
    uint8_t count
    uint16_t members[EQUIVALENTS_MAX]  # group * 8 + what the token is in it

# Returns a group's name in the terms of names.bin: the same when others are added.
cdef uint64_t group_name(int group) noexcept nogil

# letters: folded, n <= 32; phonetic: its phonetic key, at most n symbols.
cdef void equivalents_of(const uint8_t* letters, int n, const uint8_t* phonetic, int phonetic_n, Equivalents* out) noexcept nogil
