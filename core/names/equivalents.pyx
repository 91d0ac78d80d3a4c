"""Tokens that stand for one another: nicknames, abbreviations, transliterations. Called from compiled code."""

from libc.stdint cimport uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc
from libc.string cimport memcmp, memcpy

from core.machine.xxhash cimport XXH3_64bits
from core.names.folding cimport FoldedName, fold_name
from core.names.phonetic cimport phonetic_symbols

from core.names.frequencies import given_names

include "nicknames.pxi"
include "nicknames_abroad.pxi"

NICKNAMES += NICKNAMES_ABROAD

cdef enum:
    BY_SOUND = 1              # what a key of the table below is made of
    BY_LETTERS = 2

# Open addressing by hash of (BY_*, text)

cdef struct Equivalence:
    uint64_t hash             # 0 = free
    uint16_t count
    uint16_t members[EQUIVALENTS_MAX]

cdef enum:
    SLOTS = 16384

    GROUPS = 8192

cdef Equivalence* EQUIVALENCES = <Equivalence*>calloc(SLOTS, sizeof(Equivalence))
# What each equivalence goes by on disk: hash of its first word, for its number is another when a table grows.
cdef uint64_t GROUP_NAMES[GROUPS]


cdef inline uint64_t key_of(uint8_t by, const uint8_t* text, size_t n) noexcept nogil:
    cdef uint8_t keyed[64]
    keyed[0] = by
    memcpy(keyed + 1, text, n)
    return XXH3_64bits(keyed, n + 1) | 1


cdef inline Equivalence* find(uint64_t hash) noexcept nogil:
    cdef uint64_t slot = hash & (SLOTS - 1)
    while EQUIVALENCES[slot].hash and EQUIVALENCES[slot].hash != hash:
        slot = (slot + 1) & (SLOTS - 1)
    return &EQUIVALENCES[slot]


cdef int put(int by, bytes text, int member) except -1:
    cdef uint64_t hash = key_of(<uint8_t>by, <const uint8_t*>(<char*>text), len(text))
    cdef Equivalence* found = find(hash)
    cdef int i
    found.hash = hash
    for i in range(found.count):
        if found.members[i] == member:
            return 0
    if found.count == EQUIVALENTS_MAX:
        raise ValueError("a token stands for too many others")
    found.members[found.count] = <uint16_t>member
    found.count += 1
    return 0


cdef int name_group(int group, str kind, str word) except -1:
    cdef bytes text = f"{kind} {word}".encode()
    if group >= GROUPS:
        raise ValueError("too many equivalences")
    GROUP_NAMES[group] = XXH3_64bits(<const uint8_t*>(<char*>text), len(text))
    return 0


cdef uint64_t group_name(int group) noexcept nogil:
    return GROUP_NAMES[group]


cdef bytes folded(str token):
    """Letters of one token, one byte each."""
    cdef FoldedName name
    cdef bytes text = token.encode()
    fold_name(<const unsigned char*>(<char*>text), len(text), &name)
    return (<char*>name.letters[0])[:name.length[0]]


cdef bytes sound(str token):
    cdef uint8_t key[64]
    cdef bytes letters = folded(token)
    cdef int n = phonetic_symbols(<const uint8_t*>(<char*>letters), <int>len(letters), key)
    return (<char*>key)[:n]


cdef int fill_equivalences() except -1:
    cdef int group = 0
    if EQUIVALENCES == NULL:
        raise MemoryError
    formal = {}
    for line in NICKNAMES.split("\n"):
        whole, _, others = line.partition(": ")
        if whole:
            key = sound(whole)
            if key not in formal:
                formal[key] = len(formal)
                name_group(formal[key], "sound", key.decode("latin-1"))
                put(BY_SOUND, key, formal[key] * 8 + FORMAL)
            for other in others.split():
                other_key = sound(other)
                if other_key != key:
                    put(BY_SOUND, other_key, formal[key] * 8 + NICKNAME)
    for token in given_names():
        key = sound(token)
        if key not in formal:
            formal[key] = len(formal)
            name_group(formal[key], "sound", key.decode("latin-1"))
            put(BY_SOUND, key, formal[key] * 8 + FORMAL)
    group = len(formal)
    for line in ABBREVIATIONS.split("\n"):
        whole, _, others = line.partition(": ")
        if whole:
            name_group(group, "whole", whole)
            put(BY_SOUND, sound(whole), group * 8 + FORMAL)
            for other in others.split():
                put(BY_LETTERS, folded(other), group * 8 + ABBREVIATION)
            group += 1
    for line in TRANSLITERATIONS.split("\n"):
        if line:
            name_group(group, "first", line.split()[0])
            for token in line.split():
                put(BY_LETTERS, folded(token), group * 8 + TRANSLITERATION)
            group += 1
    return 0


fill_equivalences()


cdef inline void add(Equivalents* out, const Equivalence* found, bint diminutive) noexcept nogil:
    cdef int i, j
    cdef uint16_t member
    for i in range(found.count):
        member = found.members[i]
        if diminutive:
            if member % 8 > NICKNAME:
                continue
            member = member // 8 * 8 + NICKNAME
        for j in range(out.count):
            if out.members[j] == member:
                break
        else:
            if out.count < EQUIVALENTS_MAX:
                out.members[out.count] = member
                out.count += 1


cdef inline bint is_formal(const Equivalents* out) noexcept nogil:
    cdef int i
    for i in range(out.count):
        if out.members[i] % 8 == FORMAL:
            return True
    return False


# JUANITO is JUAN, PEDRITA PEDRA, CARLITOS CARLOS, CARMENCITA CARMEN, LOLITA LOLA: by sound, -ito, -ita, -itos off and a vowel on.
cdef void add_diminutive(Equivalents* out, const uint8_t* key, int n) noexcept nogil:
    cdef uint8_t stem[64]
    cdef int k
    if n >= 6 and memcmp(key + n - 4, b"ITOS", 4) == 0:
        k = n - 4
    elif n >= 5 and (memcmp(key + n - 3, b"ITO", 3) == 0 or memcmp(key + n - 3, b"ITA", 3) == 0):
        k = n - 3
    else:
        return
    memcpy(stem, key, k)
    add(out, find(key_of(BY_SOUND, stem, k)), True)
    for vowel in b"AEO":
        stem[k] = vowel
        add(out, find(key_of(BY_SOUND, stem, k + 1)), True)
    stem[k + 1] = c"S"  # the vowel is O
    add(out, find(key_of(BY_SOUND, stem, k + 2)), True)
    if stem[k - 1] == c"S":
        add(out, find(key_of(BY_SOUND, stem, k - 1)), True)


cdef void equivalents_of(const uint8_t* letters, int n, const uint8_t* phonetic, int phonetic_n, Equivalents* out) noexcept nogil:
    out.count = 0
    add(out, find(key_of(BY_SOUND, phonetic, phonetic_n)), False)
    add(out, find(key_of(BY_LETTERS, letters, n)), False)
    if not is_formal(out):
        add_diminutive(out, phonetic, phonetic_n)
