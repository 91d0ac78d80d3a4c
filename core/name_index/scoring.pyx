"""Scoring one person of names.bin (core/name_index/query.pxd). Nothing here is for Python."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from core.contract cimport *
from core.machine.xxhash cimport XXH3_64bits_withSeed
from core.name_index.expansion cimport department_set, held_place, hold_token
from core.name_index.file cimport (
    NAME_ROW_DEAD, NAME_ROW_GUESSED, NAME_ROW_IDENTITY, ROWS_MAX, NamesFile, NameRow, TokenBrief, ordinal_entity,
    row_token, rows_next, rows_open,
)
from core.name_index.lists cimport DISTANT_MOST
from core.name_index.query cimport (
    FOUND_BIRTH, FOUND_BY_SCORE, FOUND_COVERED, FOUND_DEAD, FOUND_FAR, FOUND_IDENTITY, NAMES_DAMAGED, NameFound,
    PAIRED_KEPT, NameQuery, NameQuestion, PairedRow,
)
from core.names.comparison cimport PartialBirth, birth_evidence, department_evidence, municipality_evidence
from core.names.pairing cimport KindMatrix, NamePairing, pair_names
from core.names.reading cimport ROLE_MARRIED, NameShape
from core.names.tokens cimport KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_NONE
from core.names.weights cimport *


cdef enum:
    ABBREVIATED = 4              # letters of an abbreviation at most
    NOTHING_WEIGHED = -1000000   # evidence below any that two names give


cdef void _fill(NameQuery* query, const NameRow* row, NameShape* held, KindMatrix* matrix) noexcept nogil:
    """A row's tokens, and how each goes with the asked ones."""
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef const TokenBrief* brief
    cdef uint32_t id
    cdef uint8_t role
    cdef int i, j, place, n = question.shape.count
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
        for i in range(n):
            matrix.kind[i][j] = query.kinds[place][i] if place >= 0 else <uint8_t>KIND_NONE
            if query.initials and place < 0 and question.forms[i].length == 1 and brief.length > 1 and (
                    brief.initial == question.forms[i].letters[0]):
                matrix.kind[i][j] = KIND_INITIAL


cdef bint _may_fit(const NameQuery* query, const NameShape* held, const KindMatrix* matrix) noexcept nogil:
    """Whether the names may agree, every asked token have a partner, or all together tell enough: cheaper than pairing them.

    Never False of what pair_names would let fit: pairs count at their best, as if no two wanted the same token.
    """
    cdef const NameQuestion* question = query.question
    cdef int32_t evidence = 0, value, most
    cdef uint32_t partnered = 0  # held tokens
    cdef int i, j, asked = 0, core = 0, n_partnered = 0, n = question.shape.count
    cdef uint8_t kind
    for i in range(n):
        most = -1
        for j in range(held.count):
            kind = matrix.kind[i][j]
            if kind == KIND_NONE:
                continue
            partnered |= <uint32_t>1 << j
            value = question.shape.tokens[i].bits
            if kind <= KIND_INITIAL:  # else half of a joined token
                value = min(value, <int32_t>held.tokens[j].bits)
                if kind == KIND_INITIAL:
                    value = min(value, <int32_t>INITIAL_BITS)
                value -= COSTS[KIND_EDIT if kind == KIND_ENDING else kind]
            most = max(most, value, 0)
        if most >= 0:
            asked += 1
            evidence += most
    for j in range(held.count):
        n_partnered += partnered >> j & 1
        core += held.tokens[j].role != ROLE_MARRIED
    if asked >= query.n_core or n_partnered >= core:
        return True
    evidence -= PENALTY_MISSING_GIVEN * (query.n_core - asked)
    return evidence + query.attributes_most + question.further >= query.enough


cdef void _pair(NameQuery* query, const NameRow* row, bint whole, PairedRow* out) noexcept nogil:
    """Compares the question's names with a row's; not `whole`: only so far as it may fit, else `hopeless` is set."""
    cdef const NameQuestion* question = query.question
    cdef NameShape held
    cdef KindMatrix matrix
    cdef NamePairing pairing
    cdef PairedRow* kept
    cdef uint64_t key
    key = XXH3_64bits_withSeed(row.tokens, 3 * row.n_tokens, query.salt << 1 | (row.head & NAME_ROW_GUESSED != 0))
    kept = &query.paired[key & (PAIRED_KEPT - 1)]
    if kept.key == key and not (whole and kept.hopeless):
        out[0] = kept[0]
        return
    _fill(query, row, &held, &matrix)
    out.key = key
    out.hopeless = not whole and not _may_fit(query, &held, &matrix)
    if not out.hopeless:
        pair_names(&question.shape, &held, &matrix, &pairing)
        out.evidence = pairing.evidence
        out.agreement = pairing.agreement
        out.covered = pairing.pairs == question.shape.count
    kept[0] = out[0]


cdef inline bint _worth_comparing(const NameQuery* query, const TokenBrief* brief) noexcept nogil:
    """Whether a token that no term led to may yet go with an asked one: very long ones two edits apart, and abbreviations."""
    cdef const NameQuestion* question = query.question
    cdef int i, asked, held = brief.length
    for i in range(question.shape.count):
        asked = question.forms[i].length
        if asked > DISTANT_MOST - 3 and held > DISTANT_MOST - 3:
            return True
        if brief.initial == question.forms[i].letters[0] and (
                (asked <= ABBREVIATED and held > ABBREVIATED and not question.forms[i].known)
                or (held <= ABBREVIATED and asked > ABBREVIATED)):
            return True
    return False


cdef inline uint8_t _better(uint8_t a, uint8_t b) noexcept nogil:
    """AGREES > UNKNOWN > DISAGREES > nothing stated (0)."""
    if a == AGREEMENT_AGREES or b == AGREEMENT_AGREES:
        return AGREEMENT_AGREES
    if a == AGREEMENT_UNKNOWN or b == AGREEMENT_UNKNOWN:
        return AGREEMENT_UNKNOWN
    return max(a, b)


cdef struct Weighed:             # what the visible rows of one person tell, taken together
    int32_t names_evidence       # of the name that goes best with the asked one
    int32_t birth_evidence
    int32_t town_evidence
    int32_t departments          # a set of them
    uint8_t names                # Agreement, best of all names; 0 = none stands there
    uint8_t comparable           # Agreement, best of the claims that comparisons use
    uint8_t birth                # Agreement, best of those
    uint8_t sex
    bint has_identity            # an identity claim is among them: then comparisons use no others
    bint dead
    bint year_stated
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


cdef inline bint _has_hope(NameQuery* query, const NameRow* rows, int n) noexcept nogil:
    """Whether any visible name may fit: most candidates end here, and nothing of theirs is worked out."""
    cdef const uint8_t* tokens = NULL
    cdef PairedRow paired
    cdef int i
    for i in range(n):
        if rows[i].n_tokens and _is_visible(query.question, &rows[i]) and rows[i].tokens != tokens:
            tokens = rows[i].tokens
            _pair(query, &rows[i], False, &paired)
            if not paired.hopeless:
                return True
    return False


cdef inline void _weigh_names(const PairedRow* paired, bint counted, Weighed* weighed, NameFound* found) noexcept nogil:
    weighed.names = _better(weighed.names, paired.agreement)
    if counted:
        weighed.comparable = _better(weighed.comparable, paired.agreement)
    weighed.names_evidence = max(weighed.names_evidence, paired.evidence)
    if paired.covered and paired.agreement != AGREEMENT_DISAGREES:
        found.flags |= FOUND_COVERED


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
        weighed.birth = _better(weighed.birth, agreement)
        found.flags |= FOUND_BIRTH
        weighed.near = weighed.near or -1 <= <int>held.year - <int>question.birth.year <= 1
    weighed.year_stated = True
    weighed.year_fits = weighed.year_fits or (row.birth_year >= question.year_from and (
        question.year_to == 0 or row.birth_year <= question.year_to))
    if found.year == 0:
        found.year = row.birth_year


cdef inline void _weigh_sex(const NameQuestion* question, const NameRow* row, Weighed* weighed, NameFound* found) noexcept nogil:
    if row.sex == 0:
        return
    if question.sex:
        weighed.sex = _better(weighed.sex, AGREEMENT_AGREES if row.sex == question.sex else AGREEMENT_DISAGREES)
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
                _pair(query, &rows[i], True, &paired)
                tokens = rows[i].tokens
            _weigh_names(&paired, counted, weighed, found)
        if counted:
            _weigh_birth(question, &rows[i], weighed, found)
            _weigh_sex(question, &rows[i], weighed, found)
            _weigh_places(question, &rows[i], weighed, found)


cdef inline bint _is_ruled_out(const NameQuestion* question, const Weighed* weighed, NameFound* found) noexcept nogil:
    """Whether something stated contradicts what was asked, so that no score helps."""
    if weighed.names == 0 or weighed.names == AGREEMENT_DISAGREES:
        return True
    if found.flags & FOUND_BIRTH and not weighed.near:
        if not question.far_years:
            return True
        found.flags |= FOUND_FAR
    if weighed.birth == AGREEMENT_DISAGREES or (weighed.sex == AGREEMENT_DISAGREES and not question.any_sex):
        return True
    if (question.year_from or question.year_to) and weighed.year_stated and not weighed.year_fits:
        return True
    return (question.department and weighed.place_stated and not weighed.place_fits) or (
        question.municipality and weighed.town_stated and not weighed.town_fits)


cdef inline void _set_found(const NameQuestion* question, const Weighed* weighed, NameFound* found) noexcept nogil:
    cdef uint8_t agreement
    found.names_evidence = weighed.names_evidence
    found.evidence = weighed.names_evidence + weighed.birth_evidence + weighed.town_evidence
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


cdef inline bint _fits(const NameQuery* query, NameFound* found) noexcept nogil:
    """Whether what agrees is enough in itself, or all together tells enough (FOUND_BY_SCORE)."""
    cdef const NameQuestion* question = query.question
    cdef bint agree = found.names == AGREEMENT_AGREES
    if not question.strict:
        if agree or found.flags & FOUND_COVERED:
            return True
    elif question.birth.year:
        # names and birth date agree, or all tells enough, where the names agree or dates could be compared
        if agree and found.birth == AGREEMENT_AGREES:
            return True
        if not agree and not found.flags & FOUND_BIRTH:
            return False
    else:
        # without a birth date: the names agree, or every asked token is paired
        return agree or found.flags & FOUND_COVERED != 0
    found.flags |= FOUND_BY_SCORE
    return found.evidence + question.further >= query.enough


cdef int score_ordinal(NameQuery* query, uint32_t ordinal, NameFound* found) noexcept nogil:
    cdef NameRow rows[ROWS_MAX]
    cdef Weighed weighed
    cdef int n
    memset(&weighed, 0, sizeof(weighed))
    weighed.names_evidence = NOTHING_WEIGHED
    n = _read_rows(query, ordinal, rows, &weighed)
    if n < 0:
        return NAMES_DAMAGED
    found.flags = found.department = found.sex_on_file = 0
    found.year = 0
    if not _has_hope(query, rows, n):
        return 0
    _weigh_rows(query, rows, n, &weighed, found)
    if _is_ruled_out(query.question, &weighed, found):
        return 0
    found.ordinal = ordinal
    found.entity = ordinal_entity(query.names, ordinal)
    _set_found(query.question, &weighed, found)
    return _fits(query, found)
