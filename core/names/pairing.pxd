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
    int32_t dated             # the same where the birth dates are equal; never less
    int32_t cost              # of kinds and crossed roles, hundredths of a bit
    uint8_t agreement         # ronda.v1 Agreement of the two names: 1 AGREES, 2 DISAGREES, 3 UNKNOWN
    uint8_t flags
    uint8_t pairs             # tokens of the first name that are paired
    int8_t partner[SHAPE_TOKENS]     # of token i of the first name: token of the second; -1 = none
    uint8_t kind[SHAPE_TOKENS]       # of that pair; a token joined of two is KIND_JOINED with its first half

# The differences of a name that is asked (the first) from one on file (docs/names.md, "Learned costs").
cdef enum:
    COUNT_KINDS = 0           # + KIND_*: pairs of that kind; a token joined of two is one
    COUNT_CROSSED = 19        # a given name paired with a surname, roles stated
    COUNT_CROSSED_GUESS = 20  # the same where a side's roles are guessed
    COUNT_MARRIED_PAIR = 21   # a husband's surname paired with a surname
    COUNT_GIVEN_ASKED = 22    # given names left over
    COUNT_GIVEN_HELD = 23
    COUNT_GIVEN_BOTH = 24     # of these, on each side, besides a pair
    COUNT_GIVEN_CONFLICT = 25  # 1 where some are left over on each side, and no given names pair
    COUNT_SURNAME_ASKED = 26
    COUNT_SURNAME_HELD = 27
    COUNT_SURNAME_BOTH = 28
    COUNT_SURNAME_CONFLICT = 29
    COUNT_OTHER_ASKED = 30    # left over, of no known role
    COUNT_OTHER_HELD = 31
    COUNT_MARRIED_ASKED = 32  # husbands' surnames left over
    COUNT_MARRIED_HELD = 33
    COUNT_FIRST_ASKED = 34    # the first surname is left over, on this side alone
    COUNT_FIRST_HELD = 35
    COUNT_INITIAL_LEFT = 36   # an initial is left over
    COUNT_SURNAMES_TURNED = 37
    COUNT_GIVEN_TURNED = 38
    COUNT_ONE_PAIR = 39       # 1 where there are so many pairs at most
    COUNT_TWO_PAIRS = 40
    COUNT_THREE_PAIRS = 41
    COUNT_ABROAD = 42         # pairs but the first of words that the built-in table lacks
    COUNT_PARTLY = 43         # 1 where anything is left over, husbands' surnames aside
    COUNT_UNEQUAL = 44        # 1 where a pair is neither EXACT nor PHONETIC
    COUNT_UNTOLD_ASKED = 45   # tenths of what the tokens tell, husbands' surnames aside, that are left over
    COUNT_UNTOLD_HELD = 46
    COUNT_GIVEN_KNOWN = 47    # 1 where given names are left over on each side, and those asked are known names or initials
    COUNT_SURNAME_KNOWN = 48
    COUNTS = 49

cdef struct NameCounts:       # of a pairing; what bench/names/fit_differences.py fits weights on
    int32_t told              # by the pairs, hundredths of a bit, before anything is taken off
    int32_t told_surnames     # of it, by pairs with a surname in them
    uint8_t of[COUNTS]

cdef void fill_kinds(const NameShape* a, const TokenForm* a_forms, const NameShape* b, const TokenForm* b_forms,
                     KindMatrix* out) noexcept nogil

# Symmetric but for ties, and counts for their sides. Allocates nothing. counts: NULL = nobody wants them.
cdef void pair_names(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out, NameCounts* counts) noexcept nogil

# Pairs a name with a stored one; nothing pairs, UNKNOWN, when one has no token.
cdef void pair_with_text(const ReadName* a, const char* b, size_t b_n, NamePairing* out) noexcept nogil

# ronda.v1 Agreement of a name with a stored one: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_with_text(const ReadName* a, const char* b, size_t b_n) noexcept nogil

# ronda.v1 Agreement of two stored names: 1 AGREES, 2 DISAGREES, 3 UNKNOWN (also when one has no token).
cdef uint8_t compare_name_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil
