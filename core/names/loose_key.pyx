"""Loose keys of tokens (core/names/loose_key.pxd). Nothing here is for Python."""

from core.names.folding cimport N_TILDE

cdef enum:
    LOOSE_LETTERS = 5         # a loose key wants so many letters
    LOOSE_CONSONANTS = 3      # and so many consonants


cdef inline bint is_vowel(uint8_t c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U" or c == c"Y"


cdef inline int vowel_group(const uint8_t* t, int n, int i, uint8_t* symbol) noexcept nogil:
    """Returns the number of letters of the vowels from t[i] on: one A, or one E if they end in a glide (AI, EI, AY,
    EY)."""
    cdef int start = i
    symbol[0] = c"A"
    while i < n and is_vowel(t[i]):
        if (t[i] == c"A" or t[i] == c"E") and i + 1 < n and (t[i + 1] == c"I" or t[i + 1] == c"Y"):
            symbol[0] = c"E"
        i += 1
    return i - start


cdef inline int consonant_group(const uint8_t* t, int n, int i, uint8_t* symbol) noexcept nogil:
    """Returns the number of letters of the consonant at t[i], and its group of confusable consonants.

    Ways of writing Arabic and German names confuse them. symbol 0 = none: a silent H.
    """
    cdef uint8_t c = t[i], d = t[i + 1] if i + 1 < n else 0, e = t[i + 2] if i + 2 < n else 0
    if c == c"S" and d == c"C" and e == c"H":
        symbol[0] = c"S"
        return 3
    if (c == c"S" or c == c"C") and d == c"H" or c == c"T" and (d == c"Z" or d == c"S"):
        symbol[0] = c"S"
        return 2
    if c == c"K" and d == c"H":
        symbol[0] = c"H"
        return 2
    if c == c"P" and d == c"H":
        symbol[0] = c"F"
        return 2
    if (c == c"T" or c == c"D" or c == c"G") and d == c"H":
        symbol[0] = c"G" if c == c"G" else c"T"
        return 2
    if c == c"H":
        symbol[0] = c"H" if i == 0 or is_vowel(t[i - 1]) and is_vowel(d) else 0
    elif c == c"J":
        symbol[0] = c"H"
    elif c == c"S" or c == c"Z" or c == c"X" or c == c"C" and (d == c"E" or d == c"I"):
        symbol[0] = c"S"
    elif c == c"C" or c == c"K" or c == c"Q":
        symbol[0] = c"K"
    elif c == c"D" or c == c"T":
        symbol[0] = c"T"
    elif c == c"B" or c == c"P":
        symbol[0] = c"B"
    elif c == c"F" or c == c"V" or c == c"W":
        symbol[0] = c"F"
    elif c == N_TILDE:
        symbol[0] = c"N"
    else:
        symbol[0] = c
    return 1


cdef int loose_of(const uint8_t* t, int n, uint8_t* out) noexcept nogil:
    cdef int i = 0, k = 0, consonants = 0
    cdef uint8_t symbol
    cdef bint vowels
    if n < LOOSE_LETTERS:
        return 0
    while i < n:
        vowels = is_vowel(t[i])
        i += vowel_group(t, n, i, &symbol) if vowels else consonant_group(t, n, i, &symbol)
        if not vowels:
            if symbol == 0 or (k and out[k - 1] == symbol):
                continue
            consonants += 1
        out[k] = symbol
        k += 1
    return k if consonants >= LOOSE_CONSONANTS else 0
