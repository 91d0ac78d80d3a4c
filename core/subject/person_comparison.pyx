"""Compares one person with a question, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint32_t

from core.calendar cimport LAST_FILLER_YEAR
from core.contract.level cimport (
    AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_NEAR, AGREEMENT_UNKNOWN, CRITERION_BIRTH_DATE,
    CRITERION_DEPARTMENT, CRITERION_NAMES, CRITERION_PARENTS, CRITERION_SEX,
)
from core.generation.dossier cimport ClaimEntry
from core.identifiers.kinds cimport KEY_TELEPHONE
from core.subject.asked cimport another_held, asked_held
from core.subject.person cimport (
    claim_counts, compare_person_birth, compare_person_names, compare_person_parents, compare_person_sex,
    person_birth_nearness, person_is_named, person_parent_is_named,
)


cdef inline void _add(Compared* compared, uint8_t criterion, uint8_t agreement) noexcept nogil:
    compared.criterion[compared.n] = criterion
    compared.agreement[compared.n] = agreement
    compared.n += 1
    if agreement == AGREEMENT_DISAGREES:
        compared.disagrees = True


cdef inline void _clear(Compared* compared) noexcept nogil:
    compared.n = 0
    compared.disagrees = compared.mismatch = compared.supported = False
    compared.names = compared.birth = compared.parents = 0


cdef inline uint8_t _told(uint8_t agreement, uint8_t nearness) noexcept nogil:
    """Returns the agreement to show: `nearness` in place of UNKNOWN, unless one side states nothing (nearness 0)."""
    return nearness if agreement == AGREEMENT_UNKNOWN and nearness else agreement


cdef bint person_supported(const Call* call, const Person* person) noexcept nogil:
    return (compare_person_names(call, person) == AGREEMENT_AGREES
            or compare_person_birth(call, person) == AGREEMENT_AGREES
            or compare_person_parents(call, person) == AGREEMENT_AGREES)


cdef uint8_t _compare_identifier(const Call* call, const PersonQuestion* asked, int at,
                                 const Person* person) noexcept nogil:
    cdef bint identified
    if asked_held(call, &person.dossier, &asked.items[at], &identified):
        return AGREEMENT_AGREES
    if asked.items[at].lookup == KEY_TELEPHONE:
        return AGREEMENT_UNKNOWN
    if asked.holders[at] or another_held(call, &person.dossier, &asked.items[at]):
        return AGREEMENT_DISAGREES
    return AGREEMENT_UNKNOWN


cdef uint8_t _within_years(const Call* call, const Person* person) noexcept nogil:
    """AGREES when a year on file lies within those asked."""
    cdef uint32_t i
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if (claim.birth_year > LAST_FILLER_YEAR and claim_counts(call, person, claim)
                and claim.birth_year >= call.name_question.year_from
                and (call.name_question.year_to == 0 or claim.birth_year <= call.name_question.year_to)):
            return AGREEMENT_AGREES
    return AGREEMENT_UNKNOWN


cdef uint8_t _of_department(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.birth_department == call.question.department and claim_counts(call, person, claim):
            return AGREEMENT_AGREES
    return AGREEMENT_UNKNOWN


cdef void compare_person(const Call* call, const PersonQuestion* asked, const Person* person,
                         Compared* compared) noexcept nogil:
    cdef int i
    cdef uint8_t agreement
    _clear(compared)
    for i in range(asked.n):
        agreement = _compare_identifier(call, asked, i, person)
        if agreement == AGREEMENT_AGREES and i != asked.principal:
            compared.supported = True
        _add(compared, asked.items[i].criterion, agreement)
    if call.names.length:
        compared.names = compare_person_names(call, person)
        _add(compared, CRITERION_NAMES, _told(compared.names, AGREEMENT_NEAR if person_is_named(call, person) else 0))
    if asked.birth:
        compared.birth = compare_person_birth(call, person)
        _add(compared, CRITERION_BIRTH_DATE, _told(compared.birth, person_birth_nearness(call, person)))
    if asked.sex:
        _add(compared, CRITERION_SEX, compare_person_sex(call, person))
    if asked.parents:
        compared.parents = compare_person_parents(call, person)
        _add(compared, CRITERION_PARENTS,
             _told(compared.parents, AGREEMENT_NEAR if person_parent_is_named(call, person) else 0))
    if asked.years and not asked.birth:
        _add(compared, CRITERION_BIRTH_DATE, _within_years(call, person))
    if asked.department:
        _add(compared, CRITERION_DEPARTMENT, _of_department(call, person))
    if compared.birth == AGREEMENT_AGREES or compared.parents == AGREEMENT_AGREES:
        compared.supported = True


cdef void compare_nobody(const Call* call, const PersonQuestion* asked, bint found, Compared* compared) noexcept nogil:
    cdef int i
    _clear(compared)
    for i in range(asked.n):
        _add(compared, asked.items[i].criterion,
             AGREEMENT_AGREES if found and i == asked.principal else AGREEMENT_UNKNOWN)
    if call.names.length:
        _add(compared, CRITERION_NAMES, AGREEMENT_AGREES if found and asked.principal == BY_NAME else AGREEMENT_UNKNOWN)
    if asked.birth:
        _add(compared, CRITERION_BIRTH_DATE, AGREEMENT_UNKNOWN)
    if asked.sex:
        _add(compared, CRITERION_SEX, AGREEMENT_UNKNOWN)
    if asked.parents:
        _add(compared, CRITERION_PARENTS, AGREEMENT_UNKNOWN)
