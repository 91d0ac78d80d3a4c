"""Comparison of two tokens of names (docs/names.md, "Tokens"). Called from compiled code; Python calls core.names.comparison."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from core.machine.xxhash cimport XXH3_64bits
from core.names.equivalents cimport ABBREVIATION, NICKNAME, TRANSLITERATION, equivalents_of, group_name
from core.names.folding cimport LOST, N_TILDE
from core.names.frequencies cimport token_givenness, token_known
from core.names.loose_key cimport loose_of
from core.names.pet_names cimport key_of_pet_name, keys_of_given_name, same_key
from core.names.phonetic cimport phonetic_symbols

cdef extern from *:
    int __builtin_popcount(unsigned int bits) noexcept nogil

cdef enum:
    LOST_LEAST = 3            # letters or symbols, one of them lost
    EDIT_LEAST = 4            # letters or symbols; shorter are compared exactly: Tot, Pot and Pop are different people
    TWO_EDITS_LEAST = 7
    PART_LEAST = 2            # letters of each half of a joined token
    ALIKE_LEAST = 5           # letters or symbols
    SHORT_LEAST = 3           # letters of a short form


cdef inline uint64_t term(uint8_t kind, const uint8_t* text, size_t n) noexcept nogil:
    cdef uint8_t keyed[2 * TOKEN_LETTERS]
    keyed[0] = kind
    memcpy(keyed + 1, text, n)
    return XXH3_64bits(keyed, n + 1) | 1


# ---- forms


cdef inline uint32_t set_of(const uint8_t* letters, int n) noexcept nogil:
    cdef uint32_t found = 0
    cdef int i
    for i in range(n):
        found |= <uint32_t>1 << (letters[i] & 31)
    return found


# Letters of look-alike shapes made one, as a scanner or a hurried eye confuses them.
cdef int shape_of(const uint8_t* t, int n, uint8_t* out) noexcept nogil:
    cdef int i = 0, k = 0
    cdef uint8_t c, d
    while i < n:
        c = t[i]
        d = t[i + 1] if i + 1 < n else 0
        i += 1
        if c == c"R" and d == c"N":
            c = c"M"
            i += 1
        elif c == c"C" and d == c"L":
            c = c"D"
            i += 1
        elif c == c"V" and d == c"V":
            c = c"W"
            i += 1
        elif c == c"0" or c == c"Q":
            c = c"O"
        elif c == c"1" or c == c"L":
            c = c"I"
        elif c == c"2":
            c = c"Z"
        elif c == c"3":
            c = c"E"
        elif c == c"4":
            c = c"A"
        elif c == c"5":
            c = c"S"
        elif c == c"6":
            c = c"G"
        elif c == c"7":
            c = c"T"
        elif c == c"8":
            c = c"B"
        elif c == c"U":
            c = c"V"
        elif c == N_TILDE:
            c = c"N"
        out[k] = c
        k += 1
    return k


cdef inline bint is_vowel(uint8_t c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U" or c == c"Y"


cdef inline bint is_given_name(const TokenForm* form) noexcept nogil:
    return form.known and form.length > 1 and token_givenness(form.phonetic, form.phonetic_length) > 0


cdef void form_token(const uint8_t* letters, size_t n, TokenForm* out) noexcept nogil:
    cdef int length = <int>min(n, <size_t>TOKEN_LETTERS)
    memset(out, 0, sizeof(TokenForm))
    out.length = <uint8_t>length
    memcpy(out.letters, letters, length)
    out.phonetic_length = <uint8_t>phonetic_symbols(letters, length, out.phonetic)
    out.letter_set = set_of(out.letters, length)
    out.symbol_set = set_of(out.phonetic, out.phonetic_length)
    out.shape_length = <uint8_t>shape_of(letters, length, out.shape)
    # of one letter only O is a name: A and E sound as AJ and EJ do, and are initials
    out.known = token_known(out.phonetic, out.phonetic_length) and (length != 1 or letters[0] == c"O")
    if not out.known:
        out.loose_length = <uint8_t>loose_of(letters, length, out.loose)
        key_of_pet_name(letters, length, &out.pet[0])
        out.pets = out.pet[0].length > 0
    elif is_given_name(out):
        out.pets = <uint8_t>keys_of_given_name(letters, length, out.pet)
    equivalents_of(out.letters, length, out.phonetic, out.phonetic_length, &out.equivalents)


# ---- comparison


cdef inline bint same(const uint8_t* a, int a_n, const uint8_t* b, int b_n) noexcept nogil:
    return a_n == b_n and memcmp(a, b, a_n) == 0


# Whether two texts are equal but for one place, where one of them lost its letter.
cdef bint one_lost(const uint8_t* a, int a_n, const uint8_t* b, int b_n) noexcept nogil:
    cdef int i, lost = 0
    if a_n != b_n or a_n < LOST_LEAST:
        return False
    for i in range(a_n):
        if a[i] != b[i]:
            if a[i] != LOST and b[i] != LOST or lost:
                return False
            lost = 1
    return lost == 1


# Whether two different texts are one insertion, deletion, substitution or transposition of neighbours apart.
cdef bint one_edit(const uint8_t* a, int a_n, const uint8_t* b, int b_n) noexcept nogil:
    cdef int i = 0
    if a_n > b_n:
        a, b = b, a
        a_n, b_n = b_n, a_n
    if b_n - a_n > 1:
        return False
    while i < a_n and a[i] == b[i]:
        i += 1
    if a_n < b_n:
        return memcmp(a + i, b + i + 1, a_n - i) == 0
    if i == a_n:
        return False
    if memcmp(a + i + 1, b + i + 1, a_n - i - 1) == 0:
        return True
    return i + 1 < a_n and a[i] == b[i + 1] and a[i + 1] == b[i] and memcmp(a + i + 2, b + i + 2, a_n - i - 2) == 0


# Whether the distance (insertions, deletions, substitutions, transpositions of neighbours not edited again) is at most `most`.
cdef bint distance_at_most(const uint8_t* a, int a_n, const uint8_t* b, int b_n, int most) noexcept nogil:
    cdef int rows[3][TOKEN_LETTERS + 1]
    cdef int* before
    cdef int* last
    cdef int* row
    cdef int i, j, best, least
    if a_n - b_n > most or b_n - a_n > most:
        return False
    for j in range(b_n + 1):
        rows[0][j] = j
    for i in range(1, a_n + 1):
        row, last, before = rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3]
        row[0] = least = i
        for j in range(1, b_n + 1):
            best = last[j - 1] + (a[i - 1] != b[j - 1])
            best = min(best, min(last[j], row[j - 1]) + 1)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, before[j - 2] + 1)
            row[j] = best
            least = min(least, best)
        if least > most:
            return False
    return rows[a_n % 3][b_n] <= most


# MARIO and MARIA, JUAN and JUANA, VICENTE and VICENTA.
cdef inline bint other_ending(const uint8_t* a, int a_n, const uint8_t* b, int b_n) noexcept nogil:
    if a_n == b_n:
        return memcmp(a, b, a_n - 1) == 0 and (a[a_n - 1] == c"A") != (b[b_n - 1] == c"A") and is_vowel(a[a_n - 1]) and is_vowel(b[b_n - 1])
    if a_n > b_n:
        return a_n == b_n + 1 and a[a_n - 1] == c"A" and memcmp(a, b, b_n) == 0
    return b_n == a_n + 1 and b[b_n - 1] == c"A" and memcmp(a, b, a_n) == 0


# HORTENSIO and HORTENCIA: however the rest is written, they are a man's name and a woman's.
cdef inline bint of_other_sex(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef uint8_t x = a.letters[a.length - 1], y = b.letters[b.length - 1]
    return x == c"O" and y == c"A" or x == c"A" and y == c"O"


# Of n letters: 1 = Spanish, 2 = of another language, before four letters or more.
cdef inline int joined_particle(const uint8_t* t, int n) noexcept nogil:
    if n == 2:
        if memcmp(t, b"DE", 2) == 0:
            return 1
        return 2 if (memcmp(t, b"AL", 2) == 0 or memcmp(t, b"EL", 2) == 0 or memcmp(t, b"DI", 2) == 0 or memcmp(t, b"DA", 2) == 0
                     or memcmp(t, b"DO", 2) == 0 or memcmp(t, b"MC", 2) == 0) else 0
    if n == 3:
        if memcmp(t, b"DEL", 3) == 0 or memcmp(t, b"SAN", 3) == 0:
            return 1
        return 2 if (memcmp(t, b"VAN", 3) == 0 or memcmp(t, b"VON", 3) == 0 or memcmp(t, b"DOS", 3) == 0 or memcmp(t, b"MAC", 3) == 0
                     or memcmp(t, b"BEN", 3) == 0 or memcmp(t, b"BIN", 3) == 0 or memcmp(t, b"ABU", 3) == 0) else 0
    if n == 4:
        return memcmp(t, b"DELA", 4) == 0 or memcmp(t, b"DELO", 4) == 0  # DELOSANTOS, one S of two written
    if n == 5:
        if memcmp(t, b"DELOS", 5) == 0 or memcmp(t, b"DELAS", 5) == 0 or memcmp(t, b"SANTA", 5) == 0:
            return 1
        return 2 if memcmp(t, b"VANDE", 5) == 0 else 0
    if n == 6:
        return 2 if memcmp(t, b"VANDER", 6) == 0 or memcmp(t, b"VANDEN", 6) == 0 or memcmp(t, b"VONDER", 6) == 0 else 0
    return 0


cdef bint is_plain_particle(const TokenForm* form) noexcept nogil:
    cdef const uint8_t* t = form.letters
    if form.length == 2:
        return (memcmp(t, b"DI", 2) == 0 or memcmp(t, b"DA", 2) == 0 or memcmp(t, b"DO", 2) == 0 or memcmp(t, b"MC", 2) == 0
                or memcmp(t, b"DU", 2) == 0 or memcmp(t, b"ST", 2) == 0)
    if form.length == 3:
        return (memcmp(t, b"VAN", 3) == 0 or memcmp(t, b"VON", 3) == 0 or memcmp(t, b"DER", 3) == 0 or memcmp(t, b"DEN", 3) == 0
                or memcmp(t, b"DOS", 3) == 0 or memcmp(t, b"TER", 3) == 0 or memcmp(t, b"IBN", 3) == 0)
    return False


cdef bint is_foreign_particle(const TokenForm* form) noexcept nogil:
    cdef const uint8_t* t = form.letters
    if form.length == 2:
        return memcmp(t, b"AL", 2) == 0 or memcmp(t, b"EL", 2) == 0 or is_plain_particle(form)
    if form.length == 3:
        return (memcmp(t, b"BIN", 3) == 0 or memcmp(t, b"BEN", 3) == 0 or memcmp(t, b"ABU", 3) == 0 or memcmp(t, b"ABD", 3) == 0
                or is_plain_particle(form))
    return form.length == 4 and (memcmp(t, b"BINT", 4) == 0 or memcmp(t, b"ABOU", 4) == 0)


# The longer is the shorter with particles before it; of given names DINORA and NORA are two.
cdef inline bint joined_particles(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int more = a.length - b.length, particle
    if more < 0:
        a, b = b, a
        more = -more
    particle = joined_particle(a.letters, more)
    return (particle > 0 and b.length >= 2 + particle and memcmp(a.letters + more, b.letters, b.length) == 0
            and not (is_given_name(a) and is_given_name(b)))


cdef uint8_t by_equivalence(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int i, j, first, second
    cdef uint8_t best = KIND_NONE, kind
    for i in range(a.equivalents.count):
        for j in range(b.equivalents.count):
            if a.equivalents.members[i] // 8 != b.equivalents.members[j] // 8:
                continue
            first, second = a.equivalents.members[i] % 8, b.equivalents.members[j] % 8
            if first == NICKNAME or second == NICKNAME:
                kind = KIND_NICKNAME
            elif first == ABBREVIATION or second == ABBREVIATION:
                kind = KIND_ABBREVIATION
            elif first == TRANSLITERATION:
                kind = KIND_TRANSLITERATED
            else:
                continue  # the same formal name; its sound was given already
            if best == KIND_NONE or kind < best:
                best = kind
    return best


cdef inline bint has_digit(const TokenForm* form) noexcept nogil:
    cdef int i
    for i in range(form.length):
        if form.letters[i] <= c"9":
            return True
    return False


# HRDZ: three or four consonants, in the order in which the longer has them, the first letter its first and the last its last. Of no
# known name, and of none that the table of abbreviations has: MTZ is MARTINEZ, not MARITZA.
cdef bint consonants_of(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int i, k = 0
    if a.length > b.length:
        a, b = b, a
    if a.known or a.length < 3 or a.length > 4 or b.length < 5:
        return False
    if a.letters[0] != b.letters[0] or a.letters[a.length - 1] != b.letters[b.length - 1]:
        return False
    for i in range(a.equivalents.count):
        if a.equivalents.members[i] % 8 == ABBREVIATION:
            return False
    for i in range(a.length):
        if is_vowel(a.letters[i]) or a.letters[i] <= c"9":
            return False
    for i in range(b.length):
        if k < a.length and b.letters[i] == a.letters[k]:
            k += 1
    return k == a.length


# One edit where a token is too short for it to be no other name: not between two names that are known (Tot, Pot), and for two
# letters only one more or less.
cdef bint short_edit(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int least = min(a.length, b.length)
    if a.known and b.known or max(a.length, b.length) > 5:
        return False
    if (least == 3 or least == 2 and a.length != b.length) and one_edit(a.letters, a.length, b.letters, b.length):
        return True
    least = min(a.phonetic_length, b.phonetic_length)
    return (least == 3 and a.phonetic_length != b.phonetic_length
            and one_edit(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length))


# One letter in three, or one sound in three, is another; MARIA and MARIANA are two names.
cdef bint is_alike(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int least = min(a.length, b.length)
    if a.known and b.known:
        return False
    if least >= ALIKE_LEAST and distance_at_most(a.letters, a.length, b.letters, b.length, max(a.length, b.length) // 3):
        return True
    least = min(a.phonetic_length, b.phonetic_length)
    return least >= ALIKE_LEAST and distance_at_most(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length,
                                                     max(a.phonetic_length, b.phonetic_length) // 3)


# FER is FERNANDO, ANA is not ANASTASIA: of two names one may be short for the other, unless both are known.
cdef inline bint may_be_short(const TokenForm* a, const TokenForm* b) noexcept nogil:
    return min(a.length, b.length) >= SHORT_LEAST and not (a.known and b.known)


cdef uint8_t as_part(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int more = a.length - b.length
    if more >= PART_LEAST and b.length >= PART_LEAST:
        if memcmp(a.letters, b.letters, b.length) == 0:
            return KIND_B_SHORT if may_be_short(a, b) else KIND_B_BEGINS
        if memcmp(a.letters + more, b.letters, b.length) == 0:
            return KIND_B_ENDS
    elif -more >= PART_LEAST and a.length >= PART_LEAST:
        if memcmp(b.letters, a.letters, a.length) == 0:
            return KIND_A_SHORT if may_be_short(a, b) else KIND_A_BEGINS
        if memcmp(b.letters - more, a.letters, a.length) == 0:
            return KIND_A_ENDS
    return KIND_NONE


cdef bint is_pet_name(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef int i, j
    for i in range(a.pets):
        for j in range(b.pets):
            if same_key(&a.pet[i], &b.pet[j]):
                return True
    return False


cdef uint8_t compare_tokens(const TokenForm* a, const TokenForm* b) noexcept nogil:
    cdef uint8_t equivalent = KIND_NONE
    cdef int apart
    cdef bint ending = False
    cdef bint two_names = a.known and b.known  # which a slip has not made of one: EDWIN and ERWIN may be brothers
    if same(a.letters, a.length, b.letters, b.length):
        return KIND_EXACT
    if a.length == 1 or b.length == 1:
        return KIND_INITIAL if a.letters[0] == b.letters[0] else KIND_NONE
    if same(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length):
        return KIND_PHONETIC
    if (a.letter_set | b.letter_set) >> (LOST & 31) and (one_lost(a.letters, a.length, b.letters, b.length)
            or one_lost(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length)):
        return KIND_LOST
    apart = __builtin_popcount(a.letter_set ^ b.letter_set)
    if apart <= 6 and joined_particles(a, b):
        return KIND_JOINED
    if a.equivalents.count and b.equivalents.count:
        equivalent = by_equivalence(a, b)
        if equivalent and equivalent != KIND_NICKNAME:
            return equivalent
    if a.loose_length and same(a.loose, a.loose_length, b.loose, b.loose_length):
        return KIND_ENDING if of_other_sex(a, b) else KIND_TRANSLITERATED
    if not two_names and same(a.shape, a.shape_length, b.shape, b.shape_length) and (
            has_digit(a) or has_digit(b) or (a.length >= EDIT_LEAST and b.length >= EDIT_LEAST)):
        return KIND_OCR
    if a.length >= EDIT_LEAST and b.length >= EDIT_LEAST and apart <= 2 and one_edit(a.letters, a.length, b.letters, b.length):
        ending = other_ending(a.letters, a.length, b.letters, b.length)
        if not ending and not two_names:
            return KIND_EDIT
    if (not ending and a.phonetic_length >= EDIT_LEAST and b.phonetic_length >= EDIT_LEAST
            and __builtin_popcount(a.symbol_set ^ b.symbol_set) <= 2
            and one_edit(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length)):
        ending = other_ending(a.phonetic, a.phonetic_length, b.phonetic, b.phonetic_length)
        if not ending and not two_names:
            return KIND_PHONETIC_EDIT
    if equivalent:
        return KIND_NICKNAME
    if ending:
        return KIND_ENDING
    if (not two_names and a.length >= TWO_EDITS_LEAST and b.length >= TWO_EDITS_LEAST and apart <= 4
            and distance_at_most(a.letters, a.length, b.letters, b.length, 2)):
        return KIND_TWO_EDITS
    if short_edit(a, b):
        return KIND_SHORT_EDIT
    if a.known != b.known and is_pet_name(a, b):
        return KIND_PET
    if a.letters[0] == b.letters[0]:
        if consonants_of(a, b):
            return KIND_ABBREVIATION
        if is_alike(a, b):
            return KIND_ALIKE
    return as_part(a, b)


# ---- terms


cdef int variants(uint8_t kind, const uint8_t* text, int n, uint64_t* out) noexcept nogil:
    cdef uint8_t shorter[TOKEN_LETTERS]
    cdef int i
    out[0] = term(kind, text, n)
    for i in range(n):
        memcpy(shorter, text, i)
        memcpy(shorter + i, text + i + 1, n - i - 1)
        out[1 + i] = term(kind, shorter, n - 1)
    return n + 1


cdef int token_terms(const TokenForm* form, uint64_t* out) noexcept nogil:
    cdef int count = 0, i
    cdef uint64_t group
    out[0] = term(1, form.letters, form.length)
    out[1] = term(2, form.phonetic, form.phonetic_length)
    count = 2
    for i in range(2, 7):
        if form.length >= i + 3 and joined_particle(form.letters, i):
            out[count] = term(1, form.letters + i, form.length - i)
            count += 1
    for i in range(form.equivalents.count):
        group = group_name(form.equivalents.members[i] // 8)
        out[count] = term(3, <const uint8_t*>&group, sizeof(group))
        count += 1
    if form.loose_length:
        out[count] = term(4, form.loose, form.loose_length)
        count += 1
    if form.shape_length:
        out[count] = term(5, form.shape, form.shape_length)
        count += 1
    for i in range(form.pets):
        out[count] = term(8, form.pet[i].symbols, form.pet[i].length)
        count += 1
    if form.length >= 2:
        count += variants(6, form.letters, form.length, out + count)
    if form.phonetic_length >= 3:
        count += variants(7, form.phonetic, form.phonetic_length, out + count)
    return count
