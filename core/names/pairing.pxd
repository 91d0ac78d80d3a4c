# Two names against each other: which tokens pair, what that tells, and whether the names agree (docs/names.md, "Pairs").

from libc.stdint cimport int8_t, int32_t, uint8_t

from core.names.reading cimport SHAPE_TOKENS, NameShape, ReadName
from core.names.tokens cimport TokenForm

# kind[i][j]: KIND_* of token i of the first name and token j of the second.
cdef struct KindMatrix:
    uint8_t kind[SHAPE_TOKENS][SHAPE_TOKENS]

# NamePairing.flags
cdef enum:
    CONFLICT_GIVEN = 1        # an unpaired given name on each side, and no pair of given names
    CONFLICT_SURNAME = 2      # the same of surnames
    EXTRA_GIVEN = 4           # an unpaired given name on each side, besides a pair
    EXTRA_SURNAME = 8
    NAMES_WHOLE = 16          # every token of both sides is paired, surnames of husbands aside
    NAMES_EQUAL = 32          # and as EXACT or PHONETIC

cdef struct NamePairing:
    int32_t evidence          # hundredths of a bit, penalties taken off
    int32_t cost              # of kinds and crossed roles, hundredths of a bit
    uint8_t agreement         # ronda.v1 Agreement of the two names: 1 AGREES, 2 DISAGREES, 3 UNKNOWN
    uint8_t flags
    uint8_t pairs             # tokens of the first name that are paired
    int8_t partner[SHAPE_TOKENS]     # of token i of the first name: token of the second; -1 = none
    uint8_t kind[SHAPE_TOKENS]       # of that pair; a token joined of two is KIND_JOINED with its first half

cdef void fill_kinds(const NameShape* a, const TokenForm* a_forms, const NameShape* b, const TokenForm* b_forms,
                     KindMatrix* out) noexcept nogil

# Symmetric but for ties. Allocates nothing.
cdef void pair_names(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out) noexcept nogil

# How a name pairs with a stored one; nothing pairs, UNKNOWN, when one has no token.
cdef void pair_with_text(const ReadName* a, const char* b, size_t b_n, NamePairing* out) noexcept nogil

# ronda.v1 Agreement of a name with a stored one: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_with_text(const ReadName* a, const char* b, size_t b_n) noexcept nogil

# ronda.v1 Agreement of two stored names: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_name_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil
