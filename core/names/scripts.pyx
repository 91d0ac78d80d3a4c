"""Letters of other scripts in Latin ones, by a table that setup.py makes of the package anyascii. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy


cdef extern from "other_letters.h" nogil:
    const uint32_t OTHER_FIRST
    const uint32_t OTHER_LAST
    const char[] OTHER_TEXT
    const uint32_t[] OTHER_LETTERS

cdef enum:
    WORD_LETTERS = 64


cdef const uint8_t* other_letters(uint32_t code, int* length) noexcept nogil:
    cdef uint32_t found
    if code < OTHER_FIRST or code > OTHER_LAST:
        return NULL
    found = OTHER_LETTERS[code - OTHER_FIRST]
    length[0] = found >> 1 & 15
    return <const uint8_t*>OTHER_TEXT + (found >> 5) if found else NULL


cdef int script_of(uint32_t code) noexcept nogil:
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xAC00 <= code <= 0xD7A3:
        return SCRIPT_SYLLABLES
    if (0x590 <= code <= 0x6FF or 0x750 <= code <= 0x77F or 0x8A0 <= code <= 0x8FF or 0xFB1D <= code <= 0xFDFF
            or 0xFE70 <= code <= 0xFEFF):
        return SCRIPT_CONSONANTS
    return SCRIPT_LETTERS


cdef inline bint is_vowel(uint8_t letter) noexcept nogil:
    return letter == c"A" or letter == c"E" or letter == c"I" or letter == c"O" or letter == c"U"


cdef int write_vowels(uint8_t* letters, int n, int most) noexcept nogil:
    cdef uint8_t out[WORD_LETTERS]
    cdef uint8_t letter
    cdef bint before = True      # the last one written is a vowel, or none is written yet
    cdef int i, length = 0
    most = min(most, <int>WORD_LETTERS)
    for i in range(n):
        letter = letters[i]
        # W and Y after a consonant are long vowels, unless a vowel follows
        if not before and not (i + 1 < n and is_vowel(letters[i + 1])):
            letter = c"U" if letter == c"W" else c"I" if letter == c"Y" else letter
        if length and is_vowel(letter) and out[length - 1] == letter:
            continue
        if not before and not is_vowel(letter) and length < most:
            out[length] = c"A"
            length += 1
        if length < most:
            out[length] = letter
            length += 1
        before = is_vowel(letter)
    memcpy(letters, out, length)
    return length
