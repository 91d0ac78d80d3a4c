"""Two names against each other (docs/names.md, "Pairs"). Called from compiled code; Python calls core.names.comparison.

All weights are hundredths of a bit. They were fitted by bench/names/calibrate.py on synthetic truth of its own.
"""

from libc.stdint cimport int8_t, int32_t, uint8_t
from libc.string cimport memset

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN
from core.names.reading cimport (
    ROLE_GIVEN, ROLE_MARRIED, ROLE_SURNAME, ROLE_UNKNOWN, SHAPE_TOKENS, NameShape, ReadName, ShapeToken, read_name,
)
from core.names.tokens cimport (
    KIND_A_ENDS, KIND_A_SHORT, KIND_ALIKE, KIND_B_ENDS, KIND_B_SHORT, KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_JOINED,
    KIND_NICKNAME, KIND_NONE, KIND_PET, KIND_PHONETIC, KIND_SHORT_EDIT, TokenForm, compare_tokens, is_begin_of_a, is_begin_of_b,
)
from core.names.weights cimport *


cdef enum:
    PARTICLE_LETTERS = 3
    STEPS_MOST = 4096         # of the search for the best pairs; a real name needs a few dozen


cdef void fill_kinds(const NameShape* a, const TokenForm* a_forms, const NameShape* b, const TokenForm* b_forms,
                     KindMatrix* out) noexcept nogil:
    cdef int i, j
    for i in range(a.count):
        for j in range(b.count):
            out.kind[i][j] = compare_tokens(&a_forms[i], &b_forms[j])


cdef inline bint is_surname(uint8_t role) noexcept nogil:
    return role >= ROLE_SURNAME


cdef inline int32_t kind_cost(uint8_t kind, const ShapeToken* a, const ShapeToken* b) noexcept nogil:
    if kind == KIND_ENDING and is_surname(a.role) and is_surname(b.role):
        kind = KIND_EDIT  # an ending tells the sex of given names only
    return COSTS[kind]


cdef inline int32_t role_cost(const NameShape* a, const ShapeToken* x, const NameShape* b, const ShapeToken* y) noexcept nogil:
    if x.role == y.role or x.role == ROLE_UNKNOWN or y.role == ROLE_UNKNOWN:
        return 0
    if x.role != ROLE_GIVEN and y.role != ROLE_GIVEN:
        return COST_MARRIED
    return COST_CROSSED_GUESS if a.roles_guessed or b.roles_guessed else COST_CROSSED


# VAN is no slip in JAN, AL none in ALI, and D. no initial of DER.
cdef inline bint may_be_particle(const ShapeToken* token) noexcept nogil:
    return token.role == ROLE_MARRIED and 1 < token.length <= PARTICLE_LETTERS


# Candidates for pairs, and the best choice among them so far.
cdef struct Choice:
    int count                 # tokens of the first name
    uint8_t n[SHAPE_TOKENS]   # candidates of each
    int8_t to[SHAPE_TOKENS][SHAPE_TOKENS]
    int32_t value[SHAPE_TOKENS][SHAPE_TOKENS]
    int32_t hope[SHAPE_TOKENS + 1]   # the most that the tokens from i on could add
    int8_t partner[SHAPE_TOKENS]
    int8_t best_partner[SHAPE_TOKENS]
    int32_t best
    int steps


# Depth <= 16. In the order of partners and "none" last, so that of equal choices the first stands.
cdef void choose(Choice* c, int i, unsigned used, int32_t total) noexcept nogil:
    cdef int k, j
    if i == c.count:
        if total > c.best:
            c.best = total
            for k in range(c.count):
                c.best_partner[k] = c.partner[k]
        return
    if total + c.hope[i] <= c.best or c.steps >= STEPS_MOST:
        return
    c.steps += 1
    for k in range(c.n[i]):
        j = c.to[i][k]
        if not used >> j & 1:
            c.partner[i] = <int8_t>j
            choose(c, i + 1, used | <unsigned>1 << j, total + c.value[i][k])
    c.partner[i] = -1
    choose(c, i + 1, used, total)


# The pairs with the most evidence, each token in one at most; of those that are in none yet.
cdef void best_pairs(const NameShape* a, const NameShape* b, const KindMatrix* kinds, const uint8_t* taken,
                     NamePairing* out) noexcept nogil:
    cdef Choice c
    cdef const ShapeToken* x
    cdef const ShapeToken* y
    cdef int i, j
    cdef int32_t most
    cdef uint8_t kind
    c.count = a.count
    c.best = -1
    c.steps = 0
    for i in range(a.count):
        c.n[i] = 0
        if out.partner[i] >= 0:
            continue
        x = &a.tokens[i]
        for j in range(b.count):
            kind = kinds.kind[i][j]
            if kind == KIND_NONE or kind > KIND_ALIKE or taken[j]:
                continue
            y = &b.tokens[j]
            if (kind == KIND_SHORT_EDIT or kind == KIND_INITIAL) and may_be_particle(x) != may_be_particle(y):
                continue
            if (kind == KIND_NICKNAME or kind == KIND_PET or kind == KIND_A_SHORT or kind == KIND_B_SHORT) and (
                    is_surname(x.role) and not a.roles_guessed or is_surname(y.role) and not b.roles_guessed):
                continue
            c.to[i][c.n[i]] = <int8_t>j
            c.value[i][c.n[i]] = pair_value(kind, a, x, b, y) + PAIR_PREFERRED
            c.n[i] += 1
    c.hope[a.count] = 0
    for i in range(a.count - 1, -1, -1):
        most = 0
        for j in range(c.n[i]):
            most = max(most, c.value[i][j])
        c.hope[i] = c.hope[i + 1] + most
    choose(&c, 0, 0, 0)
    for i in range(a.count):
        if out.partner[i] < 0 and c.best_partner[i] >= 0:
            out.partner[i] = c.best_partner[i]
            out.kind[i] = kinds.kind[i][c.best_partner[i]]


cdef inline int32_t pair_value(uint8_t kind, const NameShape* a, const ShapeToken* x, const NameShape* b,
                               const ShapeToken* y) noexcept nogil:
    cdef int32_t bits = min(x.bits, y.bits)
    if kind == KIND_INITIAL or x.length == 1 and not x.known:  # J. is a tenth of all names, however seldom one is written so
        bits = min(bits, INITIAL_BITS)
    if may_be_particle(x) and may_be_particle(y):
        bits = min(bits, PARTICLE_BITS)
    return max(0, bits - kind_cost(kind, x, y) - role_cost(a, x, b, y))


cdef struct Tally:               # what the pairs of two names add up to
    int32_t evidence
    int32_t cost
    int32_t surnames             # evidence of pairs with a surname in them
    int pairs                    # a joined token is two
    int near                     # pairs that tell nothing: A_SHORT, B_SHORT, ALIKE
    int abroad                   # pairs of words that are both unknown
    int given_pairs
    int surname_pairs
    bint equal                   # no pair but EXACT or PHONETIC
    bint initials                # a pair of an initial
    bint surnames_turned         # surnames of both sides stand in another order
    bint given_turned


cdef struct Side:                # the tokens of one of two names
    int paired
    int core                     # all but surnames of husbands that are left over
    int given                    # left over, by role
    int surname
    int other
    int married
    int initials                 # of these, single letters
    int strange_given            # left over: words that are no known name and no initial
    int strange_surnames
    int32_t bits                 # that all tokens tell, husbands' surnames that are left over aside
    int32_t left_bits            # of these, those left over
    int surnames_met             # left over or not
    bint first_surname           # the first of them is left over


cdef inline void count_token(const ShapeToken* token, bint is_left, Side* side) noexcept nogil:
    if token.role == ROLE_SURNAME:
        if side.surnames_met == 0:
            side.first_surname = is_left
        side.surnames_met += 1
    if not is_left or token.role != ROLE_MARRIED:
        side.bits += token.bits
        side.left_bits += token.bits if is_left else 0
    if not is_left:
        side.paired += 1
        side.core += 1
        return
    side.core += token.role != ROLE_MARRIED
    side.initials += token.role != ROLE_MARRIED and token.length == 1
    if token.role == ROLE_GIVEN:
        side.given += 1
        side.strange_given += not token.known and token.length > 1
    elif token.role == ROLE_SURNAME:
        side.surname += 1
        side.strange_surnames += not token.known and token.length > 1
    elif token.role == ROLE_UNKNOWN:
        side.other += 1
    else:
        side.married += 1


# Adds up the pairs of single tokens; taken[j] of the second name's tokens: in a pair.
cdef inline void tally_pairs(const NameShape* a, const NameShape* b, const KindMatrix* kinds, const NamePairing* out, uint8_t* taken,
                             Tally* tally) noexcept nogil:
    cdef const ShapeToken* x
    cdef const ShapeToken* y
    cdef int32_t value
    cdef int i, j, last_surname = -1, last_given = -1
    for i in range(a.count):
        j = out.partner[i]
        if j < 0 or out.kind[i] == KIND_JOINED and kinds.kind[i][j] != KIND_JOINED:
            continue
        taken[j] = 1
        x = &a.tokens[i]
        y = &b.tokens[j]
        if out.kind[i] > KIND_INITIAL and out.kind[i] <= KIND_ALIKE:
            tally.near += 1
            tally.equal = False
            continue
        value = pair_value(out.kind[i], a, x, b, y)
        tally.evidence += value
        tally.pairs += 1
        tally.abroad += not x.known and not y.known and x.length > 1 and y.length > 1
        tally.cost += kind_cost(out.kind[i], x, y) + role_cost(a, x, b, y)
        tally.equal = tally.equal and out.kind[i] <= KIND_PHONETIC
        tally.initials = tally.initials or out.kind[i] == KIND_INITIAL
        if x.role == ROLE_GIVEN or y.role == ROLE_GIVEN:
            tally.given_pairs += 1
        if is_surname(x.role) or is_surname(y.role):
            tally.surname_pairs += 1
            tally.surnames += value
        if x.role == ROLE_SURNAME and y.role == ROLE_SURNAME:
            tally.surnames_turned = tally.surnames_turned or j < last_surname
            last_surname = j
        elif x.role == ROLE_GIVEN and y.role == ROLE_GIVEN:
            tally.given_turned = tally.given_turned or j < last_given
            last_given = j


cdef inline int32_t joined_value(const ShapeToken* joined, const ShapeToken* halves) noexcept nogil:
    return max(0, min(<int32_t>joined.bits, <int32_t>halves[0].bits + halves[1].bits) - COSTS[KIND_JOINED])


# Pairs tokens joined of two on the other side: MARIAJOSE and MARIA JOSE.
cdef inline void tally_joined(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out, uint8_t* taken,
                              Tally* tally) noexcept nogil:
    cdef int i, j
    for i in range(a.count):
        if out.partner[i] >= 0:
            continue
        for j in range(b.count):
            if taken[j]:
                continue
            if (j + 1 < b.count and not taken[j + 1] and is_begin_of_a(kinds.kind[i][j]) and kinds.kind[i][j + 1] == KIND_B_ENDS
                    and a.tokens[i].length == b.tokens[j].length + b.tokens[j + 1].length):
                taken[j] = taken[j + 1] = 1
                out.partner[i] = <int8_t>j
                out.kind[i] = KIND_JOINED
                tally.evidence += joined_value(&a.tokens[i], &b.tokens[j])
            elif (i + 1 < a.count and out.partner[i + 1] < 0 and is_begin_of_b(kinds.kind[i][j])
                    and kinds.kind[i + 1][j] == KIND_A_ENDS
                    and b.tokens[j].length == a.tokens[i].length + a.tokens[i + 1].length):
                taken[j] = 1
                out.partner[i] = out.partner[i + 1] = <int8_t>j
                out.kind[i] = out.kind[i + 1] = KIND_JOINED
                tally.evidence += joined_value(&b.tokens[j], &a.tokens[i])
            else:
                continue
            tally.cost += COSTS[KIND_JOINED]
            tally.pairs += 2
            tally.equal = False
            if a.tokens[i].role == ROLE_GIVEN or b.tokens[j].role == ROLE_GIVEN:
                tally.given_pairs += 1
            if is_surname(a.tokens[i].role) or is_surname(b.tokens[j].role):
                tally.surname_pairs += 1
            break


# What given names left over on both sides take off: relatives share surnames, so these tell less, too.
cdef inline int32_t given_evidence(int both, const Tally* tally) noexcept nogil:
    if both == 0:
        return 0
    if tally.given_pairs:
        return -PENALTY_EXTRA_GIVEN * both - max(0, tally.surnames - SURNAMES_MOST_EXTRA)
    return -PENALTY_CONFLICT_GIVEN - max(0, tally.surnames - SURNAMES_MOST_CONFLICT)


# Evidence of tokens without a partner, given names on both sides aside, and of an order turned round, all of it penalties; and the
# flags of conflicts.
cdef inline int32_t left_evidence(const Side* a, const Side* b, const Tally* tally, NamePairing* out) noexcept nogil:
    cdef int32_t evidence = 0
    cdef int both = min(a.given, b.given)
    if both:
        out.flags |= EXTRA_GIVEN if tally.given_pairs else CONFLICT_GIVEN
    evidence -= PENALTY_MISSING_GIVEN * (a.given + b.given - 2 * both + a.other + b.other)
    both = min(a.surname, b.surname)
    if both:
        out.flags |= EXTRA_SURNAME if tally.surname_pairs else CONFLICT_SURNAME
        evidence -= PENALTY_EXTRA_SURNAME * both if tally.surname_pairs else PENALTY_CONFLICT_SURNAME
    elif tally.surname_pairs and (a.first_surname or b.first_surname):
        evidence -= PENALTY_FIRST_SURNAME_LEFT
    evidence -= PENALTY_MISSING_SURNAME * (a.surname + b.surname - 2 * both)
    # an initial contradicts whatever is left over on the other side
    if out.flags == 0 and (a.initials and b.given + b.surname + b.other or b.initials and a.given + a.surname + a.other):
        out.flags |= EXTRA_GIVEN
        evidence -= PENALTY_EXTRA_GIVEN
    if tally.surnames_turned:
        evidence -= PENALTY_SURNAMES_TURNED
    if tally.given_turned:
        evidence -= PENALTY_GIVEN_TURNED
    return evidence


# docs/names.md, "Agreement".
cdef inline uint8_t agreement_of(const Side* a, const Side* b, const Tally* tally, uint8_t flags) noexcept nogil:
    cdef int shorter = min(a.core, b.core), matched
    if a.core == b.core:
        matched = max(a.paired, b.paired)  # they differ where tokens are joined
    else:
        matched = a.paired if a.core < b.core else b.paired
    matched -= tally.near
    if flags & NAMES_EQUAL:
        return AGREEMENT_AGREES
    if 2 * matched <= shorter or flags & (CONFLICT_GIVEN | CONFLICT_SURNAME):
        return AGREEMENT_DISAGREES
    if (matched == shorter and shorter >= 2 and (shorter > 2 or a.core + b.core <= 5) and tally.given_pairs
            and tally.surname_pairs and not tally.initials and tally.cost <= AGREES_COST_MOST):
        return AGREEMENT_AGREES
    return AGREEMENT_UNKNOWN


cdef inline uint8_t tenths(int32_t part, int32_t whole) noexcept nogil:
    return <uint8_t>((10 * part + whole // 2) // whole) if whole > 0 else 0


cdef inline void count_pair(const NameShape* a, const ShapeToken* x, const NameShape* b, const ShapeToken* y, uint8_t kind,
                            uint8_t* counts) noexcept nogil:
    if kind == KIND_ENDING and is_surname(x.role) and is_surname(y.role):
        kind = KIND_EDIT
    counts[COUNT_KINDS + kind] += 1
    if kind > KIND_INITIAL or x.role == y.role or x.role == ROLE_UNKNOWN or y.role == ROLE_UNKNOWN:
        return
    if x.role != ROLE_GIVEN and y.role != ROLE_GIVEN:
        counts[COUNT_MARRIED_PAIR] += 1
    else:
        counts[COUNT_CROSSED_GUESS if a.roles_guessed or b.roles_guessed else COUNT_CROSSED] += 1


# The differences of two names once they are paired; counts[COUNTS] is zero before.
cdef void count_differences(const NameShape* a, const Side* left, const NameShape* b, const Side* right, const Tally* tally,
                            const NamePairing* out, uint8_t* counts) noexcept nogil:
    cdef int both, i
    for i in range(a.count):
        if out.partner[i] >= 0 and not (out.kind[i] == KIND_JOINED and i and out.partner[i - 1] == out.partner[i]):
            count_pair(a, &a.tokens[i], b, &b.tokens[out.partner[i]], out.kind[i], counts)
    counts[COUNT_GIVEN_ASKED] = <uint8_t>left.given
    counts[COUNT_GIVEN_HELD] = <uint8_t>right.given
    both = min(left.given, right.given)
    if both:
        counts[COUNT_GIVEN_BOTH if tally.given_pairs else COUNT_GIVEN_CONFLICT] = <uint8_t>(both if tally.given_pairs else 1)
        counts[COUNT_GIVEN_KNOWN] = left.strange_given == 0
    counts[COUNT_SURNAME_ASKED] = <uint8_t>left.surname
    counts[COUNT_SURNAME_HELD] = <uint8_t>right.surname
    both = min(left.surname, right.surname)
    if both:
        counts[COUNT_SURNAME_BOTH if tally.surname_pairs else COUNT_SURNAME_CONFLICT] = <uint8_t>(both if tally.surname_pairs else 1)
        counts[COUNT_SURNAME_KNOWN] = left.strange_surnames == 0
    elif tally.surname_pairs:
        counts[COUNT_FIRST_ASKED] = left.first_surname
        counts[COUNT_FIRST_HELD] = right.first_surname
    counts[COUNT_OTHER_ASKED] = <uint8_t>left.other
    counts[COUNT_OTHER_HELD] = <uint8_t>right.other
    counts[COUNT_MARRIED_ASKED] = <uint8_t>left.married
    counts[COUNT_MARRIED_HELD] = <uint8_t>right.married
    counts[COUNT_INITIAL_LEFT] = left.initials + right.initials > 0
    counts[COUNT_SURNAMES_TURNED] = tally.surnames_turned
    counts[COUNT_GIVEN_TURNED] = tally.given_turned
    for i in range(max(0, tally.pairs - 1), 3):
        counts[COUNT_ONE_PAIR + i] = 1
    counts[COUNT_ABROAD] = <uint8_t>max(0, tally.abroad - 1)
    counts[COUNT_PARTLY] = out.flags & NAMES_WHOLE == 0
    counts[COUNT_UNEQUAL] = not tally.equal
    counts[COUNT_UNTOLD_ASKED] = tenths(left.left_bits, left.bits)
    counts[COUNT_UNTOLD_HELD] = tenths(right.left_bits, right.bits)


# Relatives may share all but the words that stand for others: of what is left a part counts.
cdef inline int32_t exchanged(int32_t evidence) noexcept nogil:
    return evidence if evidence <= EXCHANGED_FULL else EXCHANGED_FULL + (evidence - EXCHANGED_FULL) // EXCHANGED_PART


cdef inline void weigh(const Side* a, const Side* b, const Tally* tally, NamePairing* out) noexcept nogil:
    cdef int both = min(a.given, b.given)
    # Where the birth dates are equal no relative but a twin is another person, and a twin bears a known name: a word that is none
    # is a pet name or a slip.
    cdef bint strange = both and a.strange_given
    cdef int32_t told = tally.evidence + left_evidence(a, b, tally, out) - PAIR_ABROAD * max(0, tally.abroad - 1)
    told -= THREE_PAIRS if tally.pairs == 3 else TWO_PAIRS if tally.pairs == 2 else ONE_PAIR if tally.pairs == 1 else 0
    out.evidence = told + given_evidence(both, tally)
    out.dated = told if strange else out.evidence
    if out.flags:
        out.evidence = exchanged(out.evidence)
        if not strange or out.flags & (CONFLICT_SURNAME | EXTRA_SURNAME):
            out.dated = exchanged(out.dated)


cdef inline void pair_nothing(const NameShape* a, NamePairing* out) noexcept nogil:
    cdef int i
    out.evidence = out.dated = out.cost = 0
    out.agreement = AGREEMENT_UNKNOWN
    for i in range(a.count):
        out.partner[i] = -1
        out.kind[i] = KIND_NONE


cdef void pair_names(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out, NameCounts* counts) noexcept nogil:
    cdef Side left, right
    cdef Tally tally
    cdef uint8_t taken[SHAPE_TOKENS]     # of b: 1 = in a pair
    cdef int i
    out.flags = 0
    out.pairs = 0
    if counts != NULL:
        memset(counts, 0, sizeof(NameCounts))
    if a.count == 0 or b.count == 0:
        pair_nothing(a, out)
        return
    memset(taken, 0, sizeof(taken))
    memset(&tally, 0, sizeof(Tally))
    memset(&left, 0, sizeof(Side))
    memset(&right, 0, sizeof(Side))
    tally.equal = True
    for i in range(a.count):
        out.partner[i] = -1
        out.kind[i] = KIND_NONE
    tally_joined(a, b, kinds, out, taken, &tally)
    best_pairs(a, b, kinds, taken, out)
    tally_pairs(a, b, kinds, out, taken, &tally)
    for i in range(a.count):
        count_token(&a.tokens[i], out.partner[i] < 0, &left)
    for i in range(b.count):
        count_token(&b.tokens[i], not taken[i], &right)
    out.pairs = <uint8_t>(left.paired - tally.near)
    out.cost = tally.cost
    weigh(&left, &right, &tally, out)
    if left.paired == left.core and right.paired == right.core and tally.near == 0:
        out.flags |= NAMES_WHOLE
        out.evidence += BONUS_WHOLE
        out.dated += BONUS_WHOLE
        if tally.equal:
            out.flags |= NAMES_EQUAL
            out.evidence += BONUS_EQUAL
            out.dated += BONUS_EQUAL
    if counts != NULL:
        counts.told, counts.told_surnames = tally.evidence, tally.surnames
        count_differences(a, &left, b, &right, &tally, out, counts.of)
    out.agreement = agreement_of(&left, &right, &tally, out.flags)


cdef void pair_with_text(const ReadName* a, const char* b, size_t b_n, NamePairing* out) noexcept nogil:
    cdef ReadName other
    cdef KindMatrix kinds
    read_name(b, b_n, NULL, &other.shape, other.forms)
    fill_kinds(&a.shape, a.forms, &other.shape, other.forms, &kinds)
    pair_names(&a.shape, &other.shape, &kinds, out, NULL)


cdef uint8_t compare_with_text(const ReadName* a, const char* b, size_t b_n) noexcept nogil:
    cdef NamePairing pairing
    pair_with_text(a, b, b_n, &pairing)
    return pairing.agreement


cdef uint8_t compare_name_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil:
    cdef ReadName name
    read_name(a, a_n, NULL, &name.shape, name.forms)
    return compare_with_text(&name, b, b_n)
