"""Pet names as children make them (core/names/pet_names.pxd). Nothing here is for Python."""

from libc.string cimport memcmp

from core.names.folding cimport N_TILDE

cdef enum:
    GIVEN_LEAST = 4           # letters
    PET_LEAST = 3
    PET_MOST = 9
    ITO_LEAST = 6             # letters of a pet name that ends in -ito, -ita by itself
    SOUNDS_MOST = 32


cdef inline bint is_vowel(uint8_t c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U"


cdef inline bint is_strong(uint8_t c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"O"


cdef inline bint is_stop(uint8_t c) noexcept nogil:
    return c == c"B" or c == c"P" or c == c"K" or c == c"G" or c == c"T" or c == c"D"


cdef uint8_t said(const uint8_t* t, int n, int i, int* taken) noexcept nogil:
    """The sound at a place as a child says it, and how many letters it takes; 0 = none: an H, a digit."""
    cdef uint8_t c = t[i], d = t[i + 1] if i + 1 < n else 0, e = t[i + 2] if i + 2 < n else 0
    taken[0] = 1
    if is_vowel(c):
        return c
    if c == c"Y":
        return c"L" if is_vowel(d) else c"I"
    if c == c"C" and d == c"H" or c == c"P" and d == c"H" or d == c and (c == c"L" or c == c"R"):
        taken[0] = 2
        return c"S" if c == c"C" else c"P" if c == c"P" else c"L"
    if (c == c"Q" or c == c"G") and d == c"U" and (e == c"E" or e == c"I"):
        taken[0] = 2
        return c"K" if c == c"Q" else c"G"
    if c == c"C":
        return c"S" if d == c"E" or d == c"I" else c"K"
    if c == c"T":
        return c"S" if d == c"I" and is_vowel(e) else c"T"
    if c == c"G":
        return c"J" if d == c"E" or d == c"I" else c"G"
    if c == c"S" or c == c"Z" or c == c"X":
        return c"S"
    if c == c"B" or c == c"V" or c == c"W":
        return c"B"
    if c == c"K" or c == c"Q":
        return c"K"
    if c == c"F" or c == c"P":
        return c"P"
    if c == c"R" or c == c"L":
        return c"L"
    if c == N_TILDE:
        return c"N"
    return c if c == c"D" or c == c"J" or c == c"M" or c == c"N" else 0


cdef int sounds_of(const uint8_t* t, int n, uint8_t* out) noexcept nogil:
    cdef int i = 0, k = 0, taken
    cdef uint8_t sound
    while i < n and k < SOUNDS_MOST:
        sound = said(t, n, i, &taken)
        i += taken
        if sound:
            out[k] = sound
            k += 1
    return k


cdef inline uint8_t main_vowel(const uint8_t* s, int first, int end) noexcept nogil:
    """The vowel of a run that is said: the last strong one, else the last."""
    cdef int i
    for i in range(end - 1, first - 1, -1):
        if is_strong(s[i]):
            return s[i]
    return s[end - 1]


cdef inline int opening(const uint8_t* s, int first, int end) noexcept nogil:
    """Place of the consonant of a run that opens the syllable behind it: of a stop and R or L the stop."""
    return end - 2 if end - first > 1 and s[end - 1] == c"L" and is_stop(s[end - 2]) else end - 1


cdef inline bint has_two(const uint8_t* s, int first, int end) noexcept nogil:
    """Returns whether the vowels of a run are two syllables: MICAELA has the pet name ELA."""
    cdef int i, strong = 0
    for i in range(first, end):
        strong += is_strong(s[i])
    return strong > 1


cdef inline void add(PetKey* key, uint8_t symbol) noexcept nogil:
    key.symbols[key.length] = symbol
    key.length += 1


cdef void set_key(uint8_t onset, uint8_t vowel, bint closed, uint8_t behind, PetKey* out) noexcept nogil:
    out.length = 0
    if onset:
        add(out, onset)
    add(out, vowel)
    if closed:
        add(out, c"N")
    add(out, behind)


cdef struct Syllables:           # the runs of sounds that a key is of
    int onset                    # consonants [onset, vowel), vowels [vowel, behind), consonants [behind, end)
    int vowel
    int behind
    int end


cdef void read_key(const uint8_t* s, const Syllables* at, uint8_t* onset, uint8_t* vowel, bint* closed, uint8_t* behind) noexcept nogil:
    cdef int second = opening(s, at.behind, at.end)
    onset[0] = 0
    if at.vowel > at.onset and not has_two(s, at.vowel, at.behind):
        onset[0] = s[opening(s, at.onset, at.vowel)]
    vowel[0] = main_vowel(s, at.vowel, at.behind)
    closed[0] = second > at.behind and (s[second - 1] == c"N" or s[second - 1] == c"M")
    behind[0] = s[second]


cdef int keys_of_given_name(const uint8_t* letters, int n, PetKey* out) noexcept nogil:
    cdef uint8_t s[SOUNDS_MOST]
    cdef Syllables at
    cdef uint8_t onset, vowel, behind
    cdef bint closed
    if n < GIVEN_LEAST:
        return 0
    at.end = sounds_of(letters, n, s)
    while at.end and not is_vowel(s[at.end - 1]):
        at.end -= 1
    while at.end and is_vowel(s[at.end - 1]):
        at.end -= 1
    at.behind = at.end
    while at.behind and not is_vowel(s[at.behind - 1]):
        at.behind -= 1
    at.vowel = at.behind
    while at.vowel and is_vowel(s[at.vowel - 1]):
        at.vowel -= 1
    at.onset = at.vowel
    while at.onset and not is_vowel(s[at.onset - 1]):
        at.onset -= 1
    if not at.end > at.behind > at.vowel:
        return 0
    read_key(s, &at, &onset, &vowel, &closed, &behind)
    set_key(onset, vowel, closed, behind, &out[0])
    if onset == behind:
        return 1
    set_key(behind, vowel, closed, behind, &out[1])
    if onset == 0:
        return 2
    set_key(onset, vowel, closed, onset, &out[2])
    return 3


cdef void key_of_pet_name(const uint8_t* letters, int n, PetKey* out) noexcept nogil:
    cdef uint8_t s[SOUNDS_MOST]
    cdef Syllables at
    cdef uint8_t onset, vowel, behind
    cdef bint closed
    cdef int count, last
    out.length = 0
    if not PET_LEAST <= n <= PET_MOST:
        return
    if n >= ITO_LEAST and (memcmp(letters + n - 3, b"ITO", 3) == 0 or memcmp(letters + n - 3, b"ITA", 3) == 0):
        n -= 2                # its I stands for the vowel
    count = sounds_of(letters, n, s)
    at.onset = at.vowel = 0
    while at.vowel < count and not is_vowel(s[at.vowel]):
        at.vowel += 1
    at.behind = at.vowel
    while at.behind < count and is_vowel(s[at.behind]):
        at.behind += 1
    at.end = at.behind
    while at.end < count and not is_vowel(s[at.end]):
        at.end += 1
    last = at.end
    while last < count and is_vowel(s[last]):
        last += 1
    if last == count and last > at.end > at.behind > at.vowel:
        read_key(s, &at, &onset, &vowel, &closed, &behind)
        set_key(onset, vowel, closed, behind, out)


cdef bint same_key(const PetKey* a, const PetKey* b) noexcept nogil:
    return a.length == b.length and memcmp(a.symbols, b.symbols, a.length) == 0
