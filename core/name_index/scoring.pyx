"""Scoring one person of names.bin (core/name_index/query.pxd). Nothing here is for Python."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from core.agreement cimport better
from core.calendar cimport LAST_FILLER_YEAR
from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN
from core.machine.xxhash cimport XXH3_64bits_withSeed
from core.name_index.expansion cimport department_set, held_place, hold_token
from core.name_index.file cimport (
    NAME_ROW_DEAD, NAME_ROW_GUESSED, NAME_ROW_IDENTITY, ROWS_MAX, NamesFile, NameRow, TokenBrief, ordinal_entity,
    row_token, rows_next, rows_open,
)
from core.name_index.lists cimport DISTANT_MOST
from core.name_index.query cimport (
    FOUND_BIRTH, FOUND_BY_SCORE, FOUND_COVERED, FOUND_DEAD, FOUND_FAR, FOUND_IDENTITY, FOUND_SHARES, HOPEFUL, NAMES_DAMAGED,
    NameFound, PAIRED_KEPT, NameQuery, NameQuestion, PairedRow, shares_word,
)
from core.names.comparison cimport PartialBirth, birth_evidence, department_evidence, is_same_day, municipality_evidence
from core.names.pairing cimport KindMatrix, NamePairing, pair_names
from core.names.reading cimport ROLE_GIVEN, ROLE_MARRIED, ROLE_SURNAME, NameShape
from core.names.tokens cimport KIND_ALIKE, KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_NONE
from core.names.weights cimport *


cdef enum:
    NOTHING_WEIGHED = -1000000   # evidence below any that two names give
    EVERYBODY = -1000000         # evidence that any names reach


cdef bint _fill(NameQuery* query, const NameRow* row, NameShape* held, KindMatrix* matrix) noexcept nogil:
    """A row's tokens, and how each goes with the asked ones. Whether they share a word."""
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef const TokenBrief* brief
    cdef uint32_t id
    cdef uint8_t role
    cdef int i, j, place, n = question.shape.count
    cdef bint shares = False
    held.count = row.n_tokens
    held.roles_guessed = row.head & NAME_ROW_GUESSED != 0
    for j in range(row.n_tokens):
        id = row_token(row, j, &role)
        if id >= names.tables.n_tokens:
            id = 0
        brief = &names.briefs[id]
        held.tokens[j].role = role
        held.tokens[j].length = brief.length
        held.tokens[j].bits = brief.bits
        place = held_place(query, id)
        if place < 0 and _worth_comparing(query, brief):
            place = hold_token(query, id)
        held.tokens[j].known = query.known[place] if place >= 0 else 1
        for i in range(n):
            matrix.kind[i][j] = query.kinds[place][i] if place >= 0 else <uint8_t>KIND_NONE
            shares = shares or shares_word(question, i, matrix.kind[i][j])
            if query.initials and place < 0 and question.forms[i].length == 1 and brief.length > 1 and (
                    brief.initial == question.forms[i].letters[0]):
                matrix.kind[i][j] = KIND_INITIAL
    return shares


cdef struct LeftOver:            # tokens of a side that go with none of the other: whatever is paired, they are left over
    int given
    int surname
    bint given_goes              # some given name goes with one,
    bint surname_goes            # some surname, a husband's too


cdef inline void _count_left(uint8_t role, bint goes, LeftOver* left) noexcept nogil:
    if goes:
        left.given_goes = left.given_goes or role == ROLE_GIVEN
        left.surname_goes = left.surname_goes or role >= ROLE_SURNAME
    else:
        left.given += role == ROLE_GIVEN
        left.surname += role == ROLE_SURNAME


cdef inline int32_t _less_left_over(int32_t evidence, int pairs, const LeftOver* a, const LeftOver* b, bint dated) noexcept nogil:
    """The most that is left of the evidence of at most so many pairs: `weigh` of core/names/pairing.pyx, what is certain of it."""
    cdef int given = 0 if dated else min(a.given, b.given), surname = min(a.surname, b.surname)
    evidence -= THREE_PAIRS if pairs == 3 else TWO_PAIRS if pairs == 2 else ONE_PAIR if pairs == 1 else 0
    evidence = max(0, evidence)  # tokens that go together may stay unpaired: no pair, no loss
    if given:
        evidence -= min(PENALTY_EXTRA_GIVEN * given if a.given_goes or b.given_goes else PENALTY_CONFLICT_GIVEN, PENALTY_CONFLICT_GIVEN)
    if surname:
        evidence -= min(PENALTY_EXTRA_SURNAME * surname if a.surname_goes or b.surname_goes else PENALTY_CONFLICT_SURNAME,
                        PENALTY_CONFLICT_SURNAME)
    if (given or surname) and evidence > EXCHANGED_FULL:
        evidence = EXCHANGED_FULL + (evidence - EXCHANGED_FULL) // EXCHANGED_PART
    return evidence


cdef void _set_most(const NameQuery* query, const NameShape* held, const KindMatrix* matrix, PairedRow* out) noexcept nogil:
    """The evidence that names can give at most, HOPEFUL where they may agree or every asked token may have a partner: cheaper
    than pairing them. Pairs count at their best, as if no two wanted the same token."""
    cdef const NameQuestion* question = query.question
    cdef LeftOver left, right
    cdef int32_t evidence = 0, value, most
    cdef uint32_t partnered = 0  # held tokens
    cdef int i, j, asked = 0, core = 0, n_partnered = 0, n = question.shape.count
    cdef uint8_t kind
    memset(&left, 0, sizeof(LeftOver))
    memset(&right, 0, sizeof(LeftOver))
    for i in range(n):
        most = -1
        for j in range(held.count):
            kind = matrix.kind[i][j]
            if kind == KIND_NONE:
                continue
            partnered |= <uint32_t>1 << j
            value = question.shape.tokens[i].bits
            if kind <= KIND_INITIAL or kind == KIND_ALIKE:  # else perhaps half of a joined token
                value = min(value, <int32_t>held.tokens[j].bits)
                if kind == KIND_INITIAL:
                    value = min(value, <int32_t>INITIAL_BITS)
                value -= COSTS[KIND_EDIT if kind == KIND_ENDING else kind]
            most = max(most, value, 0)
        _count_left(question.shape.tokens[i].role, most >= 0, &left)
        if most >= 0:
            asked += 1
            evidence += most
    for j in range(held.count):
        n_partnered += partnered >> j & 1
        core += held.tokens[j].role != ROLE_MARRIED
        _count_left(held.tokens[j].role, partnered >> j & 1, &right)
    if asked >= query.n_core or n_partnered >= core:
        out.most = out.dated_most = HOPEFUL
        return
    out.most = _less_left_over(evidence, max(asked, n_partnered), &left, &right, False)
    out.dated_most = _less_left_over(evidence, max(asked, n_partnered), &left, &right, True)


cdef inline int32_t _most_of(const PairedRow* paired, bint dated) noexcept nogil:
    return paired.dated_most if dated else paired.most


cdef void _pair(NameQuery* query, const NameRow* row, int32_t needed, bint dated, PairedRow* out) noexcept nogil:
    """Compares the question's names with a row's; no further than to their most where that is below `needed`."""
    cdef const NameQuestion* question = query.question
    cdef NameShape held
    cdef KindMatrix matrix
    cdef NamePairing pairing
    cdef PairedRow* kept
    cdef uint64_t key
    key = XXH3_64bits_withSeed(row.tokens, 3 * row.n_tokens, query.salt << 1 | (row.head & NAME_ROW_GUESSED != 0))
    kept = &query.paired[key & (PAIRED_KEPT - 1)]
    if kept.key == key and (kept.whole or _most_of(kept, dated) < needed):
        out[0] = kept[0]
        return
    out.shares = _fill(query, row, &held, &matrix)
    out.key = key
    _set_most(query, &held, &matrix, out)
    out.whole = _most_of(out, dated) >= needed
    if out.whole:
        pair_names(&question.shape, &held, &matrix, &pairing, NULL)
        out.evidence = pairing.evidence
        out.dated = pairing.dated
        out.agreement = pairing.agreement
        out.covered = pairing.pairs == question.shape.count and pairing.agreement != AGREEMENT_DISAGREES
    kept[0] = out[0]


cdef inline bint _worth_comparing(const NameQuery* query, const TokenBrief* brief) noexcept nogil:
    """Returns whether a token that no term led to may yet go with an asked one.

    These are short forms and abbreviations, tokens that are only alike, and very long ones two edits apart.
    """
    cdef const NameQuestion* question = query.question
    cdef int i, asked, held = brief.length
    for i in range(question.shape.count):
        asked = question.forms[i].length
        if asked > DISTANT_MOST - 3 and held > DISTANT_MOST - 3:
            return True
        if brief.initial == question.forms[i].letters[0] and asked > 1 and held > 1:
            return True
    return False


cdef struct Weighed:             # what the visible rows of one person tell, taken together
    int32_t names_evidence       # of the name that goes best with the asked one
    int32_t names_dated          # of the best one where the birth dates are equal
    int32_t birth_evidence
    int32_t town_evidence
    int32_t departments          # a set of them
    uint8_t names                # Agreement, best of all names; 0 = none stands there
    uint8_t comparable           # Agreement, best of the claims that comparisons use
    uint8_t birth                # Agreement, best of those
    uint8_t sex
    bint has_identity            # an identity claim is among them: then comparisons use no others
    bint dead
    bint same_day
    bint year_stated
    bint year_known              # of those, one that is no filler
    bint year_fits
    bint near                    # a year of birth within one of the asked
    bint place_stated
    bint place_fits
    bint town_stated
    bint town_fits


cdef inline bint _is_visible(const NameQuestion* question, const NameRow* row) noexcept nogil:
    return question.visible == NULL or question.visible[row.row_class]


cdef inline int _read_rows(const NameQuery* query, uint32_t ordinal, NameRow* rows, Weighed* weighed) noexcept nogil:
    """Decodes an ordinal's rows into rows[ROWS_MAX]: how many, or NAMES_DAMAGED; and what its identity claims are."""
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef int n = 0, status
    if rows_open(query.names, ordinal, &at, &end) < 0:
        return NAMES_DAMAGED
    memset(&rows[0], 0, sizeof(NameRow))
    while n < ROWS_MAX:
        status = rows_next(query.names, &at, end, &rows[n])
        if status < 0:
            return NAMES_DAMAGED
        if status == 0:
            break
        if n + 1 < ROWS_MAX:
            rows[n + 1] = rows[n]  # a row may have the tokens of the one before it
        if rows[n].head & NAME_ROW_IDENTITY and _is_visible(query.question, &rows[n]):
            weighed.has_identity = True
            weighed.dead = weighed.dead or rows[n].head & NAME_ROW_DEAD != 0
        n += 1
    return n


cdef inline int32_t _birth_most(const NameQuery* query, const NameRow* rows, int n, bint has_identity) noexcept nogil:
    """Returns the best evidence of the birth dates in a person's visible rows."""
    cdef const NameQuestion* question = query.question
    cdef PartialBirth held
    cdef int32_t evidence, best = 0
    cdef uint8_t agreement
    cdef bint stated = False
    cdef int i
    if question.birth.year == 0:
        return 0
    for i in range(n):
        if rows[i].birth_year == 0 or not _is_visible(question, &rows[i]) or (
                has_identity and not rows[i].head & NAME_ROW_IDENTITY):
            continue
        held.year, held.month, held.day = rows[i].birth_year, rows[i].birth_month, rows[i].birth_mday
        evidence = birth_evidence(question.birth, held, &agreement)
        best = max(best, evidence) if stated else evidence
        stated = True
    return best


cdef inline bint _has_hope(NameQuery* query, const NameRow* rows, int n, bint has_identity) noexcept nogil:
    """Returns whether any visible name may fit: most candidates end here, without further work."""
    cdef const uint8_t* tokens = NULL
    cdef PairedRow paired
    cdef int32_t birth = _birth_most(query, rows, n, has_identity)
    cdef int32_t needed = query.taken - query.question.further - query.attributes_most - birth
    cdef int i
    for i in range(n):
        if rows[i].n_tokens and _is_visible(query.question, &rows[i]) and rows[i].tokens != tokens:
            tokens = rows[i].tokens
            _pair(query, &rows[i], needed, birth >= BIRTH_EQUAL, &paired)
            if paired.whole:
                return True
    return False


cdef inline void _weigh_names(const PairedRow* paired, bint counted, Weighed* weighed, NameFound* found) noexcept nogil:
    weighed.names = better(weighed.names, paired.agreement)
    if counted:
        weighed.comparable = better(weighed.comparable, paired.agreement)
    weighed.names_evidence = max(weighed.names_evidence, paired.evidence)
    weighed.names_dated = max(weighed.names_dated, paired.dated)
    if paired.covered:
        found.flags |= FOUND_COVERED
    if paired.shares:
        found.flags |= FOUND_SHARES


cdef inline void _weigh_birth(const NameQuestion* question, const NameRow* row, Weighed* weighed, NameFound* found) noexcept nogil:
    cdef PartialBirth held
    cdef int32_t evidence
    cdef uint8_t agreement
    if row.birth_year == 0:
        return
    if question.birth.year:
        held.year = row.birth_year
        held.month = row.birth_month
        held.day = row.birth_mday
        evidence = birth_evidence(question.birth, held, &agreement)
        weighed.birth_evidence = evidence if not weighed.year_stated else max(weighed.birth_evidence, evidence)
        weighed.same_day = weighed.same_day or is_same_day(question.birth, evidence)
        weighed.birth = better(weighed.birth, agreement)
        if evidence or question.birth.year > LAST_FILLER_YEAR:  # a filler tells nothing, but for a slip of the century
            found.flags |= FOUND_BIRTH
        weighed.near = weighed.near or -1 <= <int>held.year - <int>question.birth.year <= 1
    weighed.year_stated = True
    if row.birth_year > LAST_FILLER_YEAR:
        weighed.year_known = True
        weighed.year_fits = weighed.year_fits or (row.birth_year >= question.year_from and (
            question.year_to == 0 or row.birth_year <= question.year_to))
    if found.year == 0:
        found.year = row.birth_year


cdef inline void _weigh_sex(const NameQuestion* question, const NameRow* row, Weighed* weighed, NameFound* found) noexcept nogil:
    if row.sex == 0:
        return
    if question.sex:
        weighed.sex = better(weighed.sex, AGREEMENT_AGREES if row.sex == question.sex else AGREEMENT_DISAGREES)
    if found.sex_on_file == 0:
        found.sex_on_file = row.sex


cdef inline void _weigh_places(const NameQuestion* question, const NameRow* row, Weighed* weighed, NameFound* found) noexcept nogil:
    cdef int32_t evidence
    weighed.departments |= department_set(row.birth_department) | department_set(row.residence_department)
    if row.birth_department:
        weighed.place_stated = True
        weighed.place_fits = weighed.place_fits or row.birth_department == question.department
        if found.department == 0:
            found.department = row.birth_department
    if row.municipality:
        if question.municipality:
            evidence = municipality_evidence(<uint16_t>question.municipality, row.municipality)
            weighed.town_evidence = evidence if not weighed.town_stated else max(weighed.town_evidence, evidence)
        weighed.town_stated = True
        weighed.town_fits = weighed.town_fits or row.municipality == question.municipality


cdef inline void _weigh_rows(NameQuery* query, const NameRow* rows, int n, Weighed* weighed, NameFound* found) noexcept nogil:
    """Names of every visible row; birth, sex and places only of the claims that comparisons use."""
    cdef const NameQuestion* question = query.question
    cdef const uint8_t* tokens = NULL
    cdef PairedRow paired
    cdef int i
    cdef bint counted
    for i in range(n):
        if not _is_visible(question, &rows[i]):
            continue
        counted = not weighed.has_identity or rows[i].head & NAME_ROW_IDENTITY != 0
        if rows[i].n_tokens:
            if rows[i].tokens != tokens:  # neighbouring rows of one name are compared once
                _pair(query, &rows[i], EVERYBODY, False, &paired)
                tokens = rows[i].tokens
            _weigh_names(&paired, counted, weighed, found)
        if counted:
            _weigh_birth(question, &rows[i], weighed, found)
            _weigh_sex(question, &rows[i], weighed, found)
            _weigh_places(question, &rows[i], weighed, found)


cdef inline bint _is_sifted_out(const NameQuestion* question, const Weighed* weighed) noexcept nogil:
    """Returns whether known years, department or municipality of a person differ from the wanted ones."""
    if weighed.names == 0:
        return True
    if (question.year_from or question.year_to) and weighed.year_known and not weighed.year_fits:
        return True
    return (question.department and weighed.place_stated and not weighed.place_fits) or (
        question.municipality and weighed.town_stated and not weighed.town_fits)


cdef inline void _set_found(const NameQuestion* question, const Weighed* weighed, NameFound* found) noexcept nogil:
    cdef uint8_t agreement
    found.names_evidence = weighed.names_evidence
    found.dated_more = weighed.names_dated - weighed.names_evidence if weighed.same_day else 0
    found.evidence = weighed.names_evidence + found.dated_more + weighed.birth_evidence + weighed.town_evidence
    if weighed.sex:
        found.evidence += SEX_DIFFERS if weighed.sex == AGREEMENT_DISAGREES else SEX_SAME
    if question.department and weighed.departments:
        found.evidence += department_evidence(department_set(question.department), weighed.departments, &agreement)
    found.names = weighed.names
    found.comparable = weighed.comparable or AGREEMENT_UNKNOWN
    found.birth = weighed.birth or AGREEMENT_UNKNOWN
    found.sex = weighed.sex or AGREEMENT_UNKNOWN
    if weighed.dead:
        found.flags |= FOUND_DEAD
    if weighed.has_identity:
        found.flags |= FOUND_IDENTITY
    if found.flags & FOUND_BIRTH and not weighed.near:
        found.flags |= FOUND_FAR


cdef inline bint _fits(const NameQuery* query, NameFound* found) noexcept nogil:
    """Returns whether the person fits: names agree or all asked tokens are paired, and nothing disagrees; or the score
    is enough.

    Linking checks the sex itself.
    """
    if query.sharing and not found.flags & FOUND_SHARES:
        return False
    if (found.names == AGREEMENT_AGREES or found.flags & FOUND_COVERED) and (
            found.birth != AGREEMENT_DISAGREES and (found.sex != AGREEMENT_DISAGREES or query.question.exhaustive)):
        return True
    found.flags |= FOUND_BY_SCORE
    return found.evidence + query.question.further >= query.taken


cdef int score_ordinal(NameQuery* query, uint32_t ordinal, NameFound* found) noexcept nogil:
    cdef NameRow rows[ROWS_MAX]
    cdef Weighed weighed
    cdef int n
    memset(&weighed, 0, sizeof(weighed))
    weighed.names_evidence = weighed.names_dated = NOTHING_WEIGHED
    n = _read_rows(query, ordinal, rows, &weighed)
    if n < 0:
        return NAMES_DAMAGED
    found.flags = found.department = found.sex_on_file = 0
    found.year = 0
    if not _has_hope(query, rows, n, weighed.has_identity):
        return 0
    _weigh_rows(query, rows, n, &weighed, found)
    if _is_sifted_out(query.question, &weighed):
        return 0
    found.ordinal = ordinal
    found.entity = ordinal_entity(query.names, ordinal)
    found.order = found.entity
    _set_found(query.question, &weighed, found)
    return _fits(query, found)
