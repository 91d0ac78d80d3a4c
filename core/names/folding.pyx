"""Folding of names; called from compiled code only. Python calls core.names.keys."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from core.names.scripts cimport SCRIPT_CONSONANTS, SCRIPT_SYLLABLES, other_letters, script_of, write_vowels
from core.names.unicode cimport decode_utf8

include "latin.pxi"

cdef enum:
    WHOLE_LEAST = 10          # letters of the shortest of them


cdef uint32_t folded_letters(uint32_t code) noexcept nogil:
    if code < 0x80:
        if c"A" <= code <= c"Z" or c"0" <= code <= c"9":
            return code
        if c"a" <= code <= c"z":
            return code - 32
        return VANISHES if code == c"'" or code == c"`" else SEPARATES
    if LATIN_LOW_FIRST <= code <= LATIN_LOW_LAST:
        if code == 0xAD or code == 0xB4:  # soft hyphen, acute accent typed as an apostrophe
            return VANISHES
        if code == 0x241 or code == 0x242:  # glottal stop of Mayan orthographies
            return VANISHES
        return LATIN_LOW[code - LATIN_LOW_FIRST]
    if LATIN_HIGH_FIRST <= code <= LATIN_HIGH_LAST:
        return LATIN_HIGH[code - LATIN_HIGH_FIRST]
    if is_mark(code) or is_apostrophe(code):
        return VANISHES
    if LIGATURE_FIRST <= code <= LIGATURE_LAST:
        return LIGATURES[code - LIGATURE_FIRST]
    if code == 0x212A:  # Kelvin sign: Unicode holds it equal to K
        return c"K"
    if code == 0x212B:  # Angstrom sign, equal to A with ring
        return c"A"
    return SEPARATES


# Combining diacritical marks: the accents of decomposed text.
cdef inline bint is_mark(uint32_t code) noexcept nogil:
    return (
        0x300 <= code <= 0x36F
        or 0x1AB0 <= code <= 0x1AFF
        or 0x1DC0 <= code <= 0x1DFF
        or 0x20D0 <= code <= 0x20FF
        or 0xFE20 <= code <= 0xFE2F
    )


# Apostrophes, primes, glottal stops, and characters without width.
cdef inline bint is_apostrophe(uint32_t code) noexcept nogil:
    return (
        code == 0x2018 or code == 0x2019 or code == 0x201B or code == 0x2032  # quotation marks, prime
        or 0x2B9 <= code <= 0x2BD or code == 0x2C8 or code == 0x294           # modifier letters, glottal stop
        or code == 0xA78B or code == 0xA78C                                   # saltillo
        or code == 0x1FEF or code == 0x1FFD or code == 0xFF07                 # equal to ` and acute; full width
        or 0x200B <= code <= 0x200D or code == 0x2060 or code == 0xFEFF       # zero width
    )


cdef enum:
    ALEF = 0x627
    LAM = 0x644

cdef struct OtherToken:          # the open token of a name in another script
    int script
    int characters
    int length
    int article                  # of its first two characters, those of the article of Arabic
    bint told                    # it holds a letter that is not lost


cdef inline void close_token(FoldedName* out, OtherToken* token) noexcept nogil:
    if token.told:
        if token.script == SCRIPT_CONSONANTS:
            token.length = write_vowels(out.letters[out.count], token.length, FOLDED_LETTERS)
        out.length[out.count] = <uint8_t>token.length
        out.count += 1
    memset(token, 0, sizeof(OtherToken))


cdef inline void add_letters(FoldedName* out, OtherToken* token, const uint8_t* letters, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if token.length < FOLDED_LETTERS:
            out.letters[out.count][token.length] = letters[i]
            token.length += 1


cdef inline bint ends_before(const OtherToken* token, int script) noexcept nogil:
    """Returns whether a word goes on by a token of its own.

    That is so for each syllable of Chinese and Korean, and for the word after the article of Arabic.
    """
    if token.script != script:
        return False
    if script == SCRIPT_SYLLABLES:
        return token.characters == 1
    return token.characters == 2 and token.article == 2


cdef void fold_other(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil:
    """The tokens of a name without a letter of the Latin script, in Latin letters (docs/names.md, "Names")."""
    cdef const unsigned char* end = text + n
    cdef const uint8_t* letters
    cdef uint8_t lost = LOST
    cdef uint32_t code
    cdef OtherToken token
    cdef int more, script
    memset(&token, 0, sizeof(OtherToken))
    out.count = 0
    while text < end and out.count < FOLDED_TOKENS:
        text += decode_utf8(text, end, &code)
        if code == 0xFFFD:
            add_letters(out, &token, &lost, 1)
            continue
        letters = other_letters(code, &more)
        if letters == NULL:
            if token.length and folded_letters(code) == SEPARATES:
                close_token(out, &token)
            continue
        if more == 0:
            continue
        script = script_of(code)
        if ends_before(&token, script):
            close_token(out, &token)
            if out.count == FOLDED_TOKENS:
                return
        token.article += token.characters == 0 and code == ALEF or token.characters == 1 and code == LAM
        token.script = script
        token.characters += 1
        token.told = True
        add_letters(out, &token, letters, more)
    if token.length and out.count < FOLDED_TOKENS:
        close_token(out, &token)


cdef void fold_name(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil:
    fold_latin(text, n, out)
    if out.count == 0 and n:
        fold_other(text, n, out)


# Names of several words that are written as one, their particle in the middle.
cdef extern from *:
    """
    #define WHOLE_NAMES 14
    static const char* const WHOLE[WHOLE_NAMES] = {
        "MONTES DE OCA", "MONTE DE OCA", "PONCE DE LEON", "FLOR DE MARIA", "JUAN DE DIOS", "JUAN DE LA CRUZ", "MARIA DE JESUS",
        "MARIA DE LA CRUZ", "MARIA DE LA LUZ", "MARIA DE LOS ANGELES", "MARIA DEL CARMEN", "MARIA DEL PILAR",
        "MARIA DEL ROSARIO", "MARIA DEL TRANSITO",
    };
    """
    const int WHOLE_NAMES
    const char* const WHOLE[14]


cdef const char* words_of(const uint8_t* letters, int n) noexcept nogil:
    """MONTES DE OCA of MONTESDEOCA; NULL of any other word."""
    cdef const char* whole
    cdef int i, k
    if n < WHOLE_LEAST:
        return NULL
    for i in range(WHOLE_NAMES):
        whole = WHOLE[i]
        k = 0
        while whole[0] and k <= n:
            if whole[0] != c" ":
                if k == n or letters[k] != whole[0]:
                    break
                k += 1
            whole += 1
        if whole[0] == 0 and k == n:
            return WHOLE[i]
    return NULL


cdef int close_word(FoldedName* out, int count, int length, bint told) noexcept nogil:
    """Ends the word at a place; how many there are then. A word of lost letters alone is none."""
    cdef const char* words
    if not told:
        return count
    words = words_of(out.letters[count], length)
    out.length[count] = <uint8_t>length
    if words == NULL:
        return count + 1
    length = 0
    while words[0]:
        if words[0] == c" ":
            out.length[count] = <uint8_t>length
            count += 1
            length = 0
            if count == FOLDED_TOKENS:
                return count
        else:
            out.letters[count][length] = words[0]
            length += 1
        words += 1
    out.length[count] = <uint8_t>length
    return count + 1


cdef void fold_latin(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil:
    cdef const unsigned char* end = text + n
    cdef uint32_t code, folded
    cdef bint inside = False     # a token is open
    cdef bint told = False       # it holds a letter that is not lost
    cdef bint on_n = False       # the last letter stored is an N, with nothing but marks since
    cdef int count = 0
    cdef int length = 0
    out.count = 0
    while text < end:
        text += decode_utf8(text, end, &code)
        folded = LOST if code == 0xFFFD else folded_letters(code)
        if folded == SEPARATES:
            if inside:
                count = close_word(out, count, length, told)
                inside = False
                if count == FOLDED_TOKENS:
                    break
            continue
        if folded == VANISHES:
            if on_n and code == 0x303:
                out.letters[count][length - 1] = N_TILDE
            on_n = on_n and is_mark(code)
            continue
        if not inside:
            inside = True
            told = False
            length = 0
        on_n = False
        while folded:
            if length < FOLDED_LETTERS:
                out.letters[count][length] = folded & 0xFF
                length += 1
                told = told or folded != LOST
                on_n = folded == c"N"
            folded >>= 8
    if inside:
        count = close_word(out, count, length, told)
    out.count = count


cdef bint is_particle(const uint8_t* token, int length) noexcept nogil:
    if length == 1:
        return token[0] == c"Y"
    if length == 2:
        return memcmp(token, b"DE", 2) == 0 or memcmp(token, b"LA", 2) == 0
    if length == 3:
        return (
            memcmp(token, b"DEL", 3) == 0
            or memcmp(token, b"LAS", 3) == 0
            or memcmp(token, b"LOS", 3) == 0
            or memcmp(token, b"SAN", 3) == 0
            or memcmp(token, b"VDA", 3) == 0
        )
    if length == 5:
        return memcmp(token, b"SANTA", 5) == 0 or memcmp(token, b"VIUDA", 5) == 0
    return False


cdef void drop_particles(FoldedName* name) noexcept nogil:
    cdef int i, kept = 0
    for i in range(name.count):
        if not is_particle(name.letters[i], name.length[i]):
            if kept != i:
                memcpy(name.letters[kept], name.letters[i], name.length[i])
                name.length[kept] = name.length[i]
            kept += 1
    # A first kept token overwrites the particles before it; with none kept, nothing was moved.
    if kept:
        name.count = kept
