# Pet names as children make them of given names, beyond any table (docs/names.md, "Tokens"): CHELO of CONSUELO, MAYO of MARIO.
#
# A child says the last two syllables, more easily. Both are put into one key: the consonant that opens the first of the two, its
# vowel, N where one closes it, and the consonant behind it, each as a child says it. The key of a pet name is that of its whole.
# Or one of the two consonants comes twice: PEPO of WILFREDO.

from libc.stdint cimport uint8_t

cdef enum:
    PET_SYMBOLS = 4           # of a key
    PET_KEYS = 3              # of a given name

cdef struct PetKey:
    uint8_t length            # 0 = none
    uint8_t symbols[PET_SYMBOLS]

# Make the keys of a folded word. A given name has up to PET_KEYS; returns their number.
cdef int keys_of_given_name(const uint8_t* letters, int n, PetKey* out) noexcept nogil
cdef void key_of_pet_name(const uint8_t* letters, int n, PetKey* out) noexcept nogil
cdef bint same_key(const PetKey* a, const PetKey* b) noexcept nogil
