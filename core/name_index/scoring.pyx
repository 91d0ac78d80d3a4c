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
    NameQuery, NameQuestion, PairedRow,
)
from core.names.comparison cimport PartialBirth, birth_evidence, department_evidence, municipality_evidence
from core.names.pairing cimport KindMatrix, NamePairing, pair_names
from core.names.reading cimport ROLE_MARRIED, NameShape
from core.names.tokens cimport KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_NONE
from core.names.weights cimport *


cdef enum:
    ABBREVIATED = 4              # letters of an abbreviation at most


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
    kept = &query.paired[key & 1023]
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


cdef int score_ordinal(NameQuery* query, uint32_t ordinal, NameFound* found) noexcept nogil:
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef const uint8_t* tokens = NULL
    cdef NameRow rows[ROWS_MAX]
    cdef PairedRow paired
    cdef PartialBirth held
    cdef int32_t evidence, by_birth = 0, by_town = 0, best = -1000000
    cdef int32_t departments = 0
    cdef uint8_t agreement
    cdef uint8_t names_agree = 0, comparable = 0, birth = 0, sex = 0
    cdef int i, n = 0, status
    cdef bint has_identity = False, dead = False, counted = False, hopeful = False
    cdef bint year_stated = False, year_fits = False, place_stated = False, place_fits = False
    cdef bint town_stated = False, town_fits = False, near = False
    if rows_open(names, ordinal, &at, &end) < 0:
        return NAMES_DAMAGED
    memset(&rows[0], 0, sizeof(NameRow))
    while n < ROWS_MAX:
        status = rows_next(names, &at, end, &rows[n])
        if status < 0:
            return NAMES_DAMAGED
        if status == 0:
            break
        if n + 1 < ROWS_MAX:
            rows[n + 1] = rows[n]
        if rows[n].head & NAME_ROW_IDENTITY and (question.visible == NULL or question.visible[rows[n].row_class]):
            has_identity = True
            dead = dead or rows[n].head & NAME_ROW_DEAD != 0
        n += 1
    found.flags = 0
    found.year = 0
    found.department = found.sex_on_file = 0
    paired.evidence = 0
    paired.agreement = 0
    paired.covered = paired.hopeless = False
    for i in range(n):
        if rows[i].n_tokens and (question.visible == NULL or question.visible[rows[i].row_class]) and rows[i].tokens != tokens:
            tokens = rows[i].tokens
            _pair(query, &rows[i], False, &paired)
            if not paired.hopeless:
                hopeful = True
                break
    if not hopeful:
        return 0
    tokens = NULL
    for i in range(n):
        if question.visible != NULL and not question.visible[rows[i].row_class]:
            continue
        counted = not has_identity or rows[i].head & NAME_ROW_IDENTITY != 0
        if rows[i].n_tokens:
            if rows[i].tokens != tokens:
                _pair(query, &rows[i], True, &paired)
                tokens = rows[i].tokens
            names_agree = _better(names_agree, paired.agreement)
            if counted:
                comparable = _better(comparable, paired.agreement)
            best = max(best, paired.evidence)
            if paired.covered and paired.agreement != AGREEMENT_DISAGREES:
                found.flags |= FOUND_COVERED
        if not counted:
            continue
        if rows[i].birth_year:
            if question.birth.year:
                held.year = rows[i].birth_year
                held.month = rows[i].birth_month
                held.day = rows[i].birth_mday
                evidence = birth_evidence(question.birth, held, &agreement)
                by_birth = evidence if not year_stated else max(by_birth, evidence)
                birth = _better(birth, agreement)
                found.flags |= FOUND_BIRTH
                near = near or -1 <= <int>held.year - <int>question.birth.year <= 1
            year_stated = True
            year_fits = year_fits or (rows[i].birth_year >= question.year_from and (
                question.year_to == 0 or rows[i].birth_year <= question.year_to))
            if found.year == 0:
                found.year = rows[i].birth_year
        if rows[i].sex:
            if question.sex:
                sex = _better(sex, AGREEMENT_AGREES if rows[i].sex == question.sex else AGREEMENT_DISAGREES)
            if found.sex_on_file == 0:
                found.sex_on_file = rows[i].sex
        departments |= department_set(rows[i].birth_department) | department_set(rows[i].residence_department)
        if rows[i].birth_department:
            place_stated = True
            place_fits = place_fits or rows[i].birth_department == question.department
            if found.department == 0:
                found.department = rows[i].birth_department
        if rows[i].municipality:
            if question.municipality:
                evidence = municipality_evidence(<uint16_t>question.municipality, rows[i].municipality)
                by_town = evidence if not town_stated else max(by_town, evidence)
            town_stated = True
            town_fits = town_fits or rows[i].municipality == question.municipality
    if names_agree == 0 or names_agree == AGREEMENT_DISAGREES:
        return 0
    if found.flags & FOUND_BIRTH and not near:
        if not question.far_years:
            return 0
        found.flags |= FOUND_FAR
    if birth == AGREEMENT_DISAGREES or (sex == AGREEMENT_DISAGREES and not question.any_sex):
        return 0
    if (question.year_from or question.year_to) and year_stated and not year_fits:
        return 0
    if (question.department and place_stated and not place_fits) or (
            question.municipality and town_stated and not town_fits):
        return 0
    found.ordinal = ordinal
    found.entity = ordinal_entity(names, ordinal)
    found.names_evidence = best
    found.evidence = best + by_birth + by_town
    if sex:
        found.evidence += SEX_DIFFERS if sex == AGREEMENT_DISAGREES else SEX_SAME
    if question.department and departments:
        found.evidence += department_evidence(department_set(question.department), departments, &agreement)
    found.names = names_agree
    found.comparable = comparable or AGREEMENT_UNKNOWN
    found.birth = birth or AGREEMENT_UNKNOWN
    found.sex = sex or AGREEMENT_UNKNOWN
    if dead:
        found.flags |= FOUND_DEAD
    if has_identity:
        found.flags |= FOUND_IDENTITY
    if question.strict:
        # with a birth date: names and birth date agree, or all tells enough, where the names agree or dates could be compared;
        # without one: the names agree, or every asked token is paired
        if question.birth.year:
            if names_agree == AGREEMENT_AGREES and found.birth == AGREEMENT_AGREES:
                return 1
            if names_agree != AGREEMENT_AGREES and not found.flags & FOUND_BIRTH:
                return 0
        else:
            return names_agree == AGREEMENT_AGREES or found.flags & FOUND_COVERED != 0
    elif names_agree == AGREEMENT_AGREES or found.flags & FOUND_COVERED:
        return 1
    found.flags |= FOUND_BY_SCORE
    return found.evidence + question.further >= query.enough
