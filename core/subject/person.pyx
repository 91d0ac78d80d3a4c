"""One person of the file as the caller may see it, without the GIL. Nothing here is for Python."""

from core.agreement cimport better
from core.calendar cimport GRADE_CENTURY, LAST_FILLER_YEAR, age_in_years, birth_dates_agreement, birth_grade
from core.call.memory cimport call_dossier, call_shows
from core.contract.level cimport *
from core.contract.section cimport SENSITIVITY_OPEN
from core.contract.value cimport SEX_UNSPECIFIED
from core.failure cimport OK
from core.generation.dossier cimport FLAG_IDENTITY_CONFLICT
from core.names.pairing cimport compare_name_texts, compare_with_text


cdef inline bint _visible(const Call* call, const ClaimEntry* claim) noexcept nogil:
    return call_shows(call, claim.section, claim.sensitivity)


cdef bint claim_counts(const Call* call, const Person* person, const ClaimEntry* claim) noexcept nogil:
    return (claim.identity or not person.has_identity) and _visible(call, claim)


cdef bint _contradict(const Dossier* dossier, const ClaimEntry* a, const ClaimEntry* b) noexcept nogil:
    if birth_dates_agreement(a.birth_year, a.birth_month, a.birth_mday, b.birth_year, b.birth_month,
                             b.birth_mday) == AGREEMENT_AGREES:
        return False
    return compare_name_texts(<const char*>dossier.bytes + a.name_text_offset, a.name_text_length,
                              <const char*>dossier.bytes + b.name_text_offset, b.name_text_length) == AGREEMENT_DISAGREES


cdef bint _in_conflict(const Call* call, const Dossier* dossier) noexcept nogil:
    """The flag speaks of all claims: with one set, the visible ones are compared again."""
    cdef uint32_t i, j
    cdef const ClaimEntry* a
    cdef const ClaimEntry* b
    if not dossier.header.flags & FLAG_IDENTITY_CONFLICT:
        return False
    for i in range(dossier.header.n_claims):
        a = &dossier.claims[i]
        if not a.identity or not _visible(call, a):
            continue
        for j in range(i + 1, dossier.header.n_claims):
            b = &dossier.claims[j]
            if b.identity and _visible(call, b) and _contradict(dossier, a, b):
                return True
    return False


cdef const ClaimEntry* _summary_claim(const Dossier* dossier) noexcept nogil:
    """The claim that the stored summary was made of: first identity claim, else first OPEN one, else first."""
    cdef uint32_t i
    for i in range(dossier.header.n_claims):
        if dossier.claims[i].identity:
            return &dossier.claims[i]
    for i in range(dossier.header.n_claims):
        if dossier.claims[i].sensitivity == SENSITIVITY_OPEN:
            return &dossier.claims[i]
    return dossier.claims if dossier.header.n_claims else NULL


cdef void person_view(Call* call, uint32_t entity, const Dossier* dossier, Person* person) noexcept nogil:
    cdef uint32_t i
    cdef const ClaimEntry* claim
    cdef const ClaimEntry* summary = _summary_claim(dossier)
    person.dossier = dossier[0]
    person.entity = entity
    person.has_identity = person.dead = person.misused = False
    person.birth_year = person.birth_month = person.birth_mday = 0
    person.summary_visible = summary != NULL and _visible(call, summary)
    person.summary_section = summary.section if summary != NULL else 0
    person.summary_sensitivity = summary.sensitivity if summary != NULL else 0
    for i in range(dossier.header.n_claims):
        claim = &dossier.claims[i]
        if not claim.identity or not _visible(call, claim):
            continue
        person.has_identity = True
        if claim.dead:
            person.dead = True
        if person.birth_year == 0 and claim.birth_year:
            person.birth_year = claim.birth_year
            person.birth_month = claim.birth_month
            person.birth_mday = claim.birth_mday
    if not person.has_identity:
        for i in range(dossier.header.n_claims):
            claim = &dossier.claims[i]
            if claim.birth_year and _visible(call, claim):
                person.birth_year = claim.birth_year
                person.birth_month = claim.birth_month
                person.birth_mday = claim.birth_mday
                break
    person.conflict = _in_conflict(call, dossier)


cdef int person_open(Call* call, uint32_t entity, Person* person) noexcept nogil:
    cdef Dossier dossier
    cdef int status = call_dossier(call, entity, &dossier)
    if status == OK:
        person_view(call, entity, &dossier, person)
    return status


cdef uint8_t compare_person_names(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t best = 0
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.name_text_length == 0 or not claim_counts(call, person, claim):
            continue
        best = better(best, compare_with_text(
            &call.asked_name, <const char*>person.dossier.bytes + claim.name_text_offset, claim.name_text_length))
    return best or AGREEMENT_UNKNOWN


cdef uint8_t compare_person_birth(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t best = 0
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.birth_year == 0 or not claim_counts(call, person, claim):
            continue
        best = better(best, <uint8_t>birth_dates_agreement(
            call.question.birth_year, call.question.birth_month, call.question.birth_mday,
            claim.birth_year, claim.birth_month, claim.birth_mday))
    return best or AGREEMENT_UNKNOWN


cdef uint8_t compare_person_sex(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t best = 0
    cdef const ClaimEntry* claim
    if call.question.sex == SEX_UNSPECIFIED:
        return AGREEMENT_UNKNOWN
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.sex == SEX_UNSPECIFIED or not claim_counts(call, person, claim):
            continue
        best = better(best, AGREEMENT_AGREES if claim.sex == call.question.sex else AGREEMENT_DISAGREES)
    return best or AGREEMENT_UNKNOWN


cdef uint8_t _parents_of_claim(const Call* call, const Dossier* dossier, const ClaimEntry* claim) noexcept nogil:
    cdef uint8_t father = AGREEMENT_UNKNOWN, mother = AGREEMENT_UNKNOWN
    if call.asked_father.shape.count and claim.father_length:
        father = compare_with_text(&call.asked_father, <const char*>dossier.bytes + claim.father_offset, claim.father_length)
    if call.asked_mother.shape.count and claim.mother_length:
        mother = compare_with_text(&call.asked_mother, <const char*>dossier.bytes + claim.mother_offset, claim.mother_length)
    if father == AGREEMENT_DISAGREES or mother == AGREEMENT_DISAGREES:
        return AGREEMENT_DISAGREES
    if father == AGREEMENT_AGREES or mother == AGREEMENT_AGREES:
        return AGREEMENT_AGREES
    return AGREEMENT_UNKNOWN


cdef uint8_t compare_person_parents(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t best = 0
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.father_length + claim.mother_length == 0 or not claim_counts(call, person, claim):
            continue
        best = better(best, _parents_of_claim(call, &person.dossier, claim))
    return best or AGREEMENT_UNKNOWN


cdef bint person_is_named(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    if call.asked_name.shape.count == 0:
        return False
    for i in range(person.dossier.header.n_claims):
        if person.dossier.claims[i].name_text_length and claim_counts(call, person, &person.dossier.claims[i]):
            return True
    return False


cdef bint person_parent_is_named(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef const ClaimEntry* claim
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if ((call.asked_father.shape.count and claim.father_length) or (call.asked_mother.shape.count and claim.mother_length)) \
                and claim_counts(call, person, claim):
            return True
    return False


cdef inline bint _same_where_known(int a, int b) noexcept nogil:
    return a == 0 or b == 0 or a == b


cdef bint _states_birth(const Call* call, const ClaimEntry* claim) noexcept nogil:
    """Fillers state nothing, but beside the same day of another century."""
    if claim.birth_year > LAST_FILLER_YEAR and call.question.birth_year > LAST_FILLER_YEAR:
        return True
    return claim.birth_year and birth_grade(
        call.question.birth_year, call.question.birth_month, call.question.birth_mday, claim.birth_year, claim.birth_month,
        claim.birth_mday) == GRADE_CENTURY


cdef uint8_t person_birth_nearness(const Call* call, const Person* person) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t nearness = 0
    cdef const ClaimEntry* claim
    if call.question.birth_year == 0:
        return 0
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if not _states_birth(call, claim) or not claim_counts(call, person, claim):
            continue
        nearness = AGREEMENT_NEAR
        if (claim.birth_year == call.question.birth_year and _same_where_known(claim.birth_month, call.question.birth_month)
                and _same_where_known(claim.birth_mday, call.question.birth_mday)):
            return AGREEMENT_PARTLY
    return nearness


cdef int person_age(const Call* call, const Person* person) noexcept nogil:
    if person.dead or person.birth_year == 0:
        return -1
    return age_in_years(person.birth_year, person.birth_month, person.birth_mday, call.today)


cdef uint8_t person_condition(const Person* person, const AlertSum* alerts, bint conflict) noexcept nogil:
    if alerts.misused:
        return IDENTITY_STATUS_MISUSED
    if person.dead:
        return IDENTITY_STATUS_DECEASED
    if person.conflict or conflict:
        return IDENTITY_STATUS_CONFLICT
    if person.dossier.header.identity_fed:     # who else is meant by the new name is known after the next rebuild
        return IDENTITY_STATUS_UNVERIFIED
    return IDENTITY_STATUS_FOUND


cdef uint8_t person_status_by_name(const Call* call, const Person* person, const AlertSum* alerts) noexcept nogil:
    cdef uint8_t status = IDENTITY_STATUS_NOT_FOUND
    if person.has_identity:
        status = person_condition(person, alerts, False)
    if call.states.identity_lost and (status == IDENTITY_STATUS_FOUND or status == IDENTITY_STATUS_NOT_FOUND):
        return IDENTITY_STATUS_UNVERIFIED
    return status
