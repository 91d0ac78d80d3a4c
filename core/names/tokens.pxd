# Comparison of two tokens of names, over letters folded by core.names.folding (docs/names.md, "Tokens").
#
# A token is first made a TokenForm, once; two forms are then compared without looking anything up. A kind depends on the
# letters of both tokens alone, never on roles or frequencies: it may be cached by pair of tokens.

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.names.equivalents cimport Equivalents
from core.names.pet_names cimport PET_KEYS, PetKey

cdef enum:
    TOKEN_LETTERS = 32        # letters of a token that are compared; the rest is cut
    TERMS_MAX = 160           # terms of a token, see token_terms

# Kinds of pairs of tokens. The order is the order in which they are tried: the first that holds is the kind.
cdef enum:
    KIND_NONE = 0
    KIND_EXACT = 1            # equal letters
    KIND_PHONETIC = 2         # equal phonetic keys
    KIND_LOST = 3             # equal but for one letter that a side has lost, or so the phonetic keys: PATI?O, PATINO
    KIND_JOINED = 4           # equal but for particles joined to one: DELACRUZ, CRUZ
    KIND_ABBREVIATION = 5     # MA, MARIA; HDZ, HERNANDEZ
    KIND_TRANSLITERATED = 6   # equivalent spellings of another script or language: MOHAMED, MUHAMMAD; WONG, HUANG
    KIND_OCR = 7              # equal once confused shapes fall together: L0PEZ, LOPEZ
    KIND_EDIT = 8             # one insertion, deletion, substitution or transposition of letters, both of four or more
    KIND_PHONETIC_EDIT = 9    # the same between phonetic keys, both of four symbols or more
    KIND_NICKNAME = 10         # CHEPE, JOSE; CHEPE, PEPE. Only between given names
    KIND_ENDING = 11          # one edit apart, but in the ending that tells the sex: MARIO, MARIA
    KIND_TWO_EDITS = 12       # two edits of letters, both of seven or more
    KIND_SHORT_EDIT = 13      # one edit, one token of two or three letters, not both of them known names: OSE, JOSE
    KIND_PET = 14             # a pet name that no table has, as children make it: MAYO, MARIO. Only between given names
    KIND_INITIAL = 15         # one is a single letter, and the other begins with it
    KIND_A_SHORT = 16         # a begins b, three letters or more, and is no name of its own: FER, FERNANDO. Only between given names
    KIND_B_SHORT = 17         # b begins a so
    KIND_ALIKE = 18           # one letter in three is another: the same first letter, five letters or more
    # The letters of one are the beginning or the end of the other's, and at least two are left over. No pair by itself: two
    # such tokens side by side make the other whole (MARIA JOSE, MARIAJOSE), A_SHORT and B_SHORT too.
    KIND_A_BEGINS = 19        # a begins b
    KIND_A_ENDS = 20          # a ends b
    KIND_B_BEGINS = 21        # b begins a
    KIND_B_ENDS = 22          # b ends a
    KINDS = 23

cdef struct TokenForm:
    uint8_t length
    uint8_t phonetic_length
    uint8_t loose_length
    uint8_t shape_length
    uint8_t pets              # keys of pet names
    uint8_t known             # a given name or surname of the built-in frequencies
    Equivalents equivalents
    uint32_t letter_set       # bit (letter mod 32) of every letter
    uint32_t symbol_set       # the same of the phonetic key
    uint8_t letters[TOKEN_LETTERS]
    uint8_t phonetic[TOKEN_LETTERS]
    uint8_t loose[TOKEN_LETTERS]    # key under which transliterations fall together; none of a known token
    PetKey pet[PET_KEYS]            # of pet names that a known given name may have; of an unknown word, its own
    uint8_t shape[TOKEN_LETTERS]    # letters with those that look alike made one

# letters: folded (A to Z, 0 to 9, N_TILDE, LOST), n >= 1.
cdef void form_token(const uint8_t* letters, size_t n, TokenForm* out) noexcept nogil

# KIND_* of two tokens. Symmetric, but for the kinds of beginnings and ends.
cdef uint8_t compare_tokens(const TokenForm* a, const TokenForm* b) noexcept nogil

# Terms of a token: numbers (XXH3_64 of a kind byte and text) such that two tokens of a kind other than NONE share at
# least one. Not covered: INITIAL, A_SHORT, B_SHORT, ALIKE, abbreviations outside the table, TWO_EDITS where no term
# happens to be shared, and beginnings and ends (the caller tries the splits of an asked token and the joins of asked
# neighbours: an exact look-up each). Sharing a term does not mean that the kind is not NONE. Returns the count.
cdef int token_terms(const TokenForm* form, uint64_t* out) noexcept nogil

# Particles of other languages, where they stand inside a name (docs/names.md, "Names").
cdef bint is_foreign_particle(const TokenForm* form) noexcept nogil
# Returns whether it is one of these that is never a name: in any place.
cdef bint is_plain_particle(const TokenForm* form) noexcept nogil

cdef inline bint is_begin_of_a(uint8_t kind) noexcept nogil:
    """Returns whether b begins a."""
    return kind == KIND_B_BEGINS or kind == KIND_B_SHORT

cdef inline bint is_begin_of_b(uint8_t kind) noexcept nogil:
    return kind == KIND_A_BEGINS or kind == KIND_A_SHORT
