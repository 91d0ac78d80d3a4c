# Folding of a name into tokens of one-byte letters: A to Z, 0 to 9, N_TILDE and LOST.

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    N_TILDE = 0xD1
    LOST = 0x3F                  # "?": a letter that a file lost, U+FFFD; any one letter
    SEPARATES = 0
    VANISHES = 1
    FOLDED_TOKENS = 64
    FOLDED_LETTERS = 64

cdef struct FoldedName:
    int count                                        # tokens
    uint8_t length[FOLDED_TOKENS]                    # letters of each token, never 0; one letter at least is none that is LOST
    uint8_t letters[FOLDED_TOKENS][FOLDED_LETTERS]

# Returns the folding of a code point: SEPARATES, VANISHES, or one to three letters with the first in the low byte.
cdef uint32_t folded_letters(uint32_t code) noexcept nogil

# The first 64 tokens of a UTF-8 text and the first 64 letters of each; the rest is dropped.
cdef void fold_name(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil
# Its two halves: words in Latin letters; where there is none, those in other scripts (docs/names.md, "Names").
cdef void fold_latin(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil
cdef void fold_other(const unsigned char* text, size_t n, FoldedName* out) noexcept nogil

# DE DEL LA LAS LOS Y SAN SANTA VIUDA VDA.
cdef bint is_particle(const uint8_t* token, int length) noexcept nogil

# Drops the particles of Spanish names, unless nothing would be left.
cdef void drop_particles(FoldedName* name) noexcept nogil
