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

# The differences of a name that is asked (the first) from one on file (docs/names.md, "Learned costs").
cdef enum:
    COUNT_KINDS = 0           # + KIND_*: pairs of that kind; a token joined of two is one
    COUNT_CROSSED = 18        # a given name paired with a surname, roles stated
    COUNT_CROSSED_GUESS = 19  # the same where a side's roles are guessed
    COUNT_MARRIED_PAIR = 20   # a husband's surname paired with a surname
    COUNT_GIVEN_ASKED = 21    # given names left over on one side alone
    COUNT_GIVEN_HELD = 22
    COUNT_GIVEN_BOTH = 23     # left over on each side, besides a pair
    COUNT_GIVEN_CONFLICT = 24  # left over on each side, and no pair of given names
    COUNT_SURNAME_ASKED = 25
    COUNT_SURNAME_HELD = 26
    COUNT_SURNAME_BOTH = 27
    COUNT_SURNAME_CONFLICT = 28
    COUNT_OTHER_ASKED = 29    # left over, of no known role
    COUNT_OTHER_HELD = 30
    COUNT_MARRIED_ASKED = 31  # husbands' surnames left over
    COUNT_MARRIED_HELD = 32
    COUNT_FIRST_ASKED = 33    # the first surname is left over, on this side alone
    COUNT_FIRST_HELD = 34
    COUNT_INITIAL_LEFT = 35   # an initial is left over
    COUNT_SURNAMES_TURNED = 36
    COUNT_GIVEN_TURNED = 37
    COUNT_ONE_PAIR = 38       # 1 where there are so many pairs
    COUNT_TWO_PAIRS = 39
    COUNT_THREE_PAIRS = 40
    COUNT_ABROAD = 41         # pairs but the first of words that the built-in table lacks
    COUNT_PARTLY = 42         # 1 where anything is left over, husbands' surnames aside
    COUNT_UNEQUAL = 43        # 1 where a pair is neither EXACT nor PHONETIC
    COUNT_UNTOLD_ASKED = 44   # tenths of what the tokens tell, husbands' surnames aside, that are left over
    COUNT_UNTOLD_HELD = 45
    COUNTS = 46

cdef struct NameCounts:       # of a pairing; what bench/names/fit_differences.py fits weights on
    int32_t told              # by the pairs, hundredths of a bit, before anything is taken off
    int32_t told_surnames     # of it, by pairs with a surname in them
    uint8_t of[COUNTS]

cdef void fill_kinds(const NameShape* a, const TokenForm* a_forms, const NameShape* b, const TokenForm* b_forms,
                     KindMatrix* out) noexcept nogil

# Symmetric but for ties, and counts for their sides. Allocates nothing. counts: NULL = nobody wants them.
cdef void pair_names(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out, NameCounts* counts) noexcept nogil

# How a name pairs with a stored one; nothing pairs, UNKNOWN, when one has no token.
cdef void pair_with_text(const ReadName* a, const char* b, size_t b_n, NamePairing* out) noexcept nogil

# ronda.v1 Agreement of a name with a stored one: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_with_text(const ReadName* a, const char* b, size_t b_n) noexcept nogil

# ronda.v1 Agreement of two stored names: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_name_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil
