"""Two names against each other (docs/names.md, "Pairs"). Called from compiled code; Python calls core.names.comparison.

All weights are hundredths of a bit. They were fitted by bench/names/calibrate.py on synthetic truth of its own.
"""

from libc.stdint cimport int8_t, int32_t, uint8_t
from libc.string cimport memset

from core.contract cimport *
from core.names.reading cimport (
    ROLE_GIVEN, ROLE_MARRIED, ROLE_SURNAME, ROLE_UNKNOWN, SHAPE_TOKENS, NameShape, ReadName, ShapeToken, read_name,
)
from core.names.tokens cimport (
    KIND_A_BEGINS, KIND_A_ENDS, KIND_B_BEGINS, KIND_B_ENDS, KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_JOINED,
    KIND_NICKNAME, KIND_NONE, KIND_PHONETIC, TokenForm, compare_tokens,
)
from core.names.weights cimport *


cdef enum:
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


# The pairs with the most evidence, each token in one at most.
cdef void best_pairs(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out) noexcept nogil:
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
        x = &a.tokens[i]
        for j in range(b.count):
            kind = kinds.kind[i][j]
            if kind == KIND_NONE or kind > KIND_INITIAL:
                continue
            y = &b.tokens[j]
            if kind == KIND_NICKNAME and (is_surname(x.role) and not a.roles_guessed or is_surname(y.role) and not b.roles_guessed):
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
        out.partner[i] = c.best_partner[i]
        out.kind[i] = kinds.kind[i][c.best_partner[i]] if c.best_partner[i] >= 0 else KIND_NONE


cdef inline int32_t pair_value(uint8_t kind, const NameShape* a, const ShapeToken* x, const NameShape* b,
                               const ShapeToken* y) noexcept nogil:
    cdef int32_t bits = min(x.bits, y.bits)
    if kind == KIND_INITIAL:
        bits = min(bits, INITIAL_BITS)
    return max(0, bits - kind_cost(kind, x, y) - role_cost(a, x, b, y))


# What is counted of the tokens that found no partner.
cdef struct Left:
    int given
    int surname
    int other
    int surnames_met             # left over or not
    bint first_surname           # the first of them is left over


cdef inline void meet_surname(const ShapeToken* token, bint is_left, Left* left) noexcept nogil:
    if token.role == ROLE_SURNAME:
        if left.surnames_met == 0:
            left.first_surname = is_left
        left.surnames_met += 1


cdef inline void count_left(const ShapeToken* token, Left* left) noexcept nogil:
    if token.role == ROLE_GIVEN:
        left.given += 1
    elif token.role == ROLE_SURNAME:
        left.surname += 1
    elif token.role == ROLE_UNKNOWN:
        left.other += 1


cdef void pair_names(const NameShape* a, const NameShape* b, const KindMatrix* kinds, NamePairing* out) noexcept nogil:
    cdef Left left_a, left_b
    cdef uint8_t taken[SHAPE_TOKENS]     # of b: 1 = in a pair
    cdef const ShapeToken* x
    cdef const ShapeToken* y
    cdef int i, j, shorter, paired_a = 0, paired_b = 0, core_a = 0, core_b = 0, matched, both
    cdef int given_pairs = 0, surname_pairs = 0
    cdef int last_surname = -1, last_given = -1
    cdef bint equal = True, initials = False, surnames_turned = False, given_turned = False
    cdef int32_t evidence = 0, cost = 0, value, surnames = 0
    out.flags = 0
    out.pairs = 0
    if a.count == 0 or b.count == 0:
        out.evidence = out.cost = 0
        out.agreement = AGREEMENT_UNKNOWN
        for i in range(a.count):
            out.partner[i] = -1
            out.kind[i] = KIND_NONE
        return
    best_pairs(a, b, kinds, out)
    memset(taken, 0, sizeof(taken))
    for i in range(a.count):
        j = out.partner[i]
        if j < 0:
            continue
        taken[j] = 1
        x = &a.tokens[i]
        y = &b.tokens[j]
        value = pair_value(out.kind[i], a, x, b, y)
        evidence += value
        cost += kind_cost(out.kind[i], x, y) + role_cost(a, x, b, y)
        equal = equal and out.kind[i] <= KIND_PHONETIC
        initials = initials or out.kind[i] == KIND_INITIAL
        if x.role == ROLE_GIVEN or y.role == ROLE_GIVEN:
            given_pairs += 1
        if is_surname(x.role) or is_surname(y.role):
            surname_pairs += 1
            surnames += value
        if x.role == ROLE_SURNAME and y.role == ROLE_SURNAME:
            surnames_turned = surnames_turned or j < last_surname
            last_surname = j
        elif x.role == ROLE_GIVEN and y.role == ROLE_GIVEN:
            given_turned = given_turned or j < last_given
            last_given = j
    # Tokens joined of two on the other side: MARIAJOSE and MARIA JOSE.
    for i in range(a.count):
        if out.partner[i] >= 0:
            continue
        for j in range(b.count):
            if taken[j]:
                continue
            if (j + 1 < b.count and not taken[j + 1] and kinds.kind[i][j] == KIND_B_BEGINS and kinds.kind[i][j + 1] == KIND_B_ENDS
                    and a.tokens[i].length == b.tokens[j].length + b.tokens[j + 1].length):
                taken[j] = taken[j + 1] = 1
                out.partner[i] = <int8_t>j
                out.kind[i] = KIND_JOINED
                evidence += max(0, min(<int32_t>a.tokens[i].bits, <int32_t>b.tokens[j].bits + b.tokens[j + 1].bits) - COSTS[KIND_JOINED])
            elif (i + 1 < a.count and out.partner[i + 1] < 0 and kinds.kind[i][j] == KIND_A_BEGINS
                    and kinds.kind[i + 1][j] == KIND_A_ENDS
                    and b.tokens[j].length == a.tokens[i].length + a.tokens[i + 1].length):
                taken[j] = 1
                out.partner[i] = out.partner[i + 1] = <int8_t>j
                out.kind[i] = out.kind[i + 1] = KIND_JOINED
                evidence += max(0, min(<int32_t>b.tokens[j].bits, <int32_t>a.tokens[i].bits + a.tokens[i + 1].bits) - COSTS[KIND_JOINED])
            else:
                continue
            cost += COSTS[KIND_JOINED]
            equal = False
            if a.tokens[i].role == ROLE_GIVEN or b.tokens[j].role == ROLE_GIVEN:
                given_pairs += 1
            if is_surname(a.tokens[i].role) or is_surname(b.tokens[j].role):
                surname_pairs += 1
            break
    memset(&left_a, 0, sizeof(Left))
    memset(&left_b, 0, sizeof(Left))
    for i in range(a.count):
        meet_surname(&a.tokens[i], out.partner[i] < 0, &left_a)
        if out.partner[i] >= 0:
            paired_a += 1
            core_a += 1
        else:
            core_a += a.tokens[i].role != ROLE_MARRIED
            count_left(&a.tokens[i], &left_a)
    for j in range(b.count):
        meet_surname(&b.tokens[j], not taken[j], &left_b)
        if taken[j]:
            paired_b += 1
            core_b += 1
        else:
            core_b += b.tokens[j].role != ROLE_MARRIED
            count_left(&b.tokens[j], &left_b)
    out.pairs = <uint8_t>paired_a
    both = min(left_a.given, left_b.given)
    if both:
        out.flags |= EXTRA_GIVEN if given_pairs else CONFLICT_GIVEN
        evidence -= PENALTY_EXTRA_GIVEN * both if given_pairs else PENALTY_CONFLICT_GIVEN
        evidence -= max(0, surnames - (SURNAMES_MOST_EXTRA if given_pairs else SURNAMES_MOST_CONFLICT))
    evidence -= PENALTY_MISSING_GIVEN * (left_a.given + left_b.given - 2 * both + left_a.other + left_b.other)
    both = min(left_a.surname, left_b.surname)
    if both:
        out.flags |= EXTRA_SURNAME if surname_pairs else CONFLICT_SURNAME
        evidence -= PENALTY_EXTRA_SURNAME * both if surname_pairs else PENALTY_CONFLICT_SURNAME
    elif surname_pairs and (left_a.first_surname or left_b.first_surname):
        evidence -= PENALTY_FIRST_SURNAME_LEFT
    evidence -= PENALTY_MISSING_SURNAME * (left_a.surname + left_b.surname - 2 * both)
    if surnames_turned:
        evidence -= PENALTY_SURNAMES_TURNED
    if given_turned:
        evidence -= PENALTY_GIVEN_TURNED
    if paired_a == core_a and paired_b == core_b:
        out.flags |= NAMES_WHOLE
        evidence += BONUS_WHOLE
        if equal:
            out.flags |= NAMES_EQUAL
            evidence += BONUS_EQUAL
    out.evidence = evidence
    out.cost = cost
    shorter = min(core_a, core_b)
    if core_a == core_b:
        matched = max(paired_a, paired_b)  # they differ where tokens are joined
    else:
        matched = paired_a if core_a < core_b else paired_b
    if out.flags & NAMES_EQUAL:
        out.agreement = AGREEMENT_AGREES
    elif 2 * matched <= shorter or out.flags & (CONFLICT_GIVEN | CONFLICT_SURNAME):
        out.agreement = AGREEMENT_DISAGREES
    elif (matched == shorter and shorter >= 2 and (shorter > 2 or core_a + core_b <= 5) and given_pairs and surname_pairs
            and not initials and cost <= AGREES_COST_MOST):
        out.agreement = AGREEMENT_AGREES
    else:
        out.agreement = AGREEMENT_UNKNOWN


cdef void pair_with_text(const ReadName* a, const char* b, size_t b_n, NamePairing* out) noexcept nogil:
    cdef ReadName other
    cdef KindMatrix kinds
    read_name(b, b_n, NULL, &other.shape, other.forms)
    fill_kinds(&a.shape, a.forms, &other.shape, other.forms, &kinds)
    pair_names(&a.shape, &other.shape, &kinds, out)


cdef uint8_t compare_with_text(const ReadName* a, const char* b, size_t b_n) noexcept nogil:
    cdef NamePairing pairing
    pair_with_text(a, b, b_n, &pairing)
    return pairing.agreement


cdef uint8_t compare_name_texts(const char* a, size_t a_n, const char* b, size_t b_n) noexcept nogil:
    cdef ReadName name
    read_name(a, a_n, NULL, &name.shape, name.forms)
    return compare_with_text(&name, b, b_n)
