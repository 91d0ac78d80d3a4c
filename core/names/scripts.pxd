# Names in other scripts than Latin: what the letters of each code point are in Latin ones, by anyascii's tables. Up to U+FFFF.

from libc.stdint cimport uint8_t, uint32_t

cdef enum:                       # how words are written in a script
    SCRIPT_LETTERS = 0
    SCRIPT_SYLLABLES = 1         # Chinese and Korean: a character is a syllable, and no blank parts surname and given name
    SCRIPT_CONSONANTS = 2        # Arabic and Hebrew: short vowels are not written

# Letters A to Z of a code point that is none of the Latin script, how many in `length`: 0 = it is part of its word and nothing more.
# NULL: it separates.
cdef const uint8_t* other_letters(uint32_t code, int* length) noexcept nogil
cdef int script_of(uint32_t code) noexcept nogil
# Puts vowels between the consonants of a word, in place: KRYM is KARIM, HSN HASAN. Returns the length, `most` at most.
cdef int write_vowels(uint8_t* letters, int n, int most) noexcept nogil
