"""Claims of who somebody is, and the links that records have with them."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp

from core.assembly.arena cimport MAX_CRITERIA, Criteria, Text
from core.assembly.record cimport (
    compare_records, entity_record_count, entity_records, same_text, text_of,
)
from core.calendar cimport birth_dates_agreement
from core.contract.level cimport *
from core.contract.section cimport SECTION_IDENTITY
from core.identifiers.kinds cimport KEY_CEDULA, KEY_CUI, KEY_DOCUMENT, KEY_LICENCE, KEY_NIT
from core.name_index.writer cimport municipality_of_cui
from core.names.bearing cimport (
    POINTS_NAME_WHOLE, POINTS_OF_A_CEDULA, POINTS_OF_A_NUMBER, POINTS_PARENTS_DIFFER, name_points, number_points, parents_points,
)
from core.names.pairing cimport compare_name_texts
from core.standard_record cimport (
    ALERT_BIRTH_DOUBTED, ALERT_BIRTH_TURNED, CLEARANCE_CRIMINAL, CLEARANCE_POLICE, CLEARANCE_RENAS, LEVEL_DOUBTED,
)
from core.wire cimport buffer_reset, put_raw


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept


cdef enum:
    FOREIGN_DOCUMENT_BIT = 30    # IDENTIFIES_FOREIGN_DOCUMENT of core/generation/store.pxd
    STANDARDS = CLEARANCE_POLICE | CLEARANCE_CRIMINAL | CLEARANCE_RENAS
    BIRTH_IN_DOUBT = ALERT_BIRTH_TURNED | ALERT_BIRTH_DOUBTED
    UNSTATED = POINTS_PARENTS_DIFFER - 1  # no claim states a parent that the record states


cdef inline bint _states_something(const Record* record) noexcept nogil:
    return (record.name_key.length or record.birth_year or record.sex or record.father.length or record.mother.length)


cdef inline uint16_t _municipality(const Entity* entity, const Record* record) noexcept nogil:
    return municipality_of_cui(text_of(entity, record.cui), record.cui.length)


cdef bint _same_claim(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    return (
        a.register == b.register and a.section == b.section and a.sensitivity == b.sensitivity
        and a.birth_year == b.birth_year and a.birth_month == b.birth_month and a.birth_mday == b.birth_mday
        and a.sex == b.sex and a.birth_department == b.birth_department
        and a.residence_department == b.residence_department and a.death_day == b.death_day
        and same_text(entity, a.name_text, b.name_text) and same_text(entity, a.father, b.father)
        and same_text(entity, a.mother, b.mother) and _municipality(entity, a) == _municipality(entity, b)
        and (a.section != SECTION_IDENTITY or same_text(entity, a.name, b.name))
    )


cdef int _by_record(const void* left, const void* right, void* context) noexcept nogil:
    cdef Entity* entity = <Entity*>context
    return compare_records(
        entity, entity_records(entity) + (<const uint32_t*>left)[0], entity_records(entity) + (<const uint32_t*>right)[0]
    )


cdef void collect_claims(Entity* entity, const Facts* facts, Buffer* claims) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef uint32_t* indexes
    cdef uint32_t i
    cdef Py_ssize_t j, count = 0
    buffer_reset(claims)
    for i in range(<uint32_t>entity_record_count(entity)):
        if not _states_something(&records[i]):
            continue
        indexes = <uint32_t*>claims.data
        j = count - 1
        while j >= 0 and records[indexes[j]].section == records[i].section:  # records come by section
            if _same_claim(entity, &records[indexes[j]], &records[i]):
                break
            j -= 1
        if j >= 0 and records[indexes[j]].section == records[i].section:
            if compare_records(entity, &records[i], &records[indexes[j]]) < 0:
                indexes[j] = i
            continue
        put_raw(claims, &i, sizeof(i))
        count += 1
    if count > 1 and not claims.failed:
        qsort_r(claims.data, count, sizeof(uint32_t), _by_record, entity)


cdef inline int _better(int best, int found) noexcept nogil:
    """Returns the agreement that counts of two: AGREES, then UNKNOWN, then DISAGREES; 0 = nothing compared yet."""
    if best == 0 or found == AGREEMENT_AGREES:
        return found
    if best == AGREEMENT_DISAGREES and found == AGREEMENT_UNKNOWN:
        return found
    return best


cdef inline int _compare_texts(const Entity* entity, Text a, Text b) noexcept nogil:
    if same_text(entity, a, b):
        return AGREEMENT_AGREES
    return compare_name_texts(<const char*>text_of(entity, a), a.length, <const char*>text_of(entity, b), b.length)


cdef inline int _compare_names(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    """Most records bear the very name of the claim: their keys tell."""
    if same_text(entity, a.name_key, b.name_key):
        return AGREEMENT_AGREES
    return _compare_texts(entity, a.name_text, b.name_text)


cdef int _parents_points(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    cdef int father = 0, mother = 0
    if a.father.length and b.father.length:
        father = _compare_texts(entity, a.father, b.father)
    if a.mother.length and b.mother.length:
        mother = _compare_texts(entity, a.mother, b.mother)
    return parents_points(father, mother)


cdef inline int _parents_agreement(int points) noexcept nogil:
    if points < 0:
        return AGREEMENT_DISAGREES
    return AGREEMENT_AGREES if points else AGREEMENT_UNKNOWN


cdef inline bint _state_one_parent(const Record* a, const Record* b) noexcept nogil:
    return (a.father.length and b.father.length) or (a.mother.length and b.mother.length)


cdef inline void _list(Record* record, int criterion, int agreement) noexcept nogil:
    cdef Criteria* criteria = &record.disagrees
    if agreement == AGREEMENT_AGREES:
        criteria = &record.agrees
    elif agreement != AGREEMENT_DISAGREES:
        return
    if criteria.count < MAX_CRITERIA:
        criteria.listed[criteria.count] = <uint8_t>criterion
        criteria.count += 1


cdef bint _is_identified(const Entity* entity, const Facts* facts, const Record* record) noexcept nogil:
    """Returns whether the record's register identifies the kind of identifier by which it joins."""
    cdef int bit
    if record.criterion == CRITERION_DOCUMENT:
        bit = KEY_DOCUMENT
        if record.document_country.length != 3 or memcmp(text_of(entity, record.document_country), b"GTM", 3) != 0:
            bit = FOREIGN_DOCUMENT_BIT
    elif record.criterion == CRITERION_CUI:
        bit = KEY_CUI
    elif record.criterion == CRITERION_NIT:
        bit = KEY_NIT
    elif record.criterion == CRITERION_LICENCE:
        bit = KEY_LICENCE
    elif record.criterion == CRITERION_CEDULA:
        bit = KEY_CEDULA
    else:
        return False
    return (facts.registers[record.register].identifies >> bit) & 1


cdef inline bint _may_claim(const Entity* entity, const Facts* facts, const Record* record) noexcept nogil:
    """Returns whether it is a claim on file for a subject without identity claims."""
    return (record.name_key.length and not record.alert_kind and not record.clearance & STANDARDS and record.level != LEVEL_POSSIBLE
            and record.level != LEVEL_HIT and _is_identified(entity, facts, record))


cdef bint _collect_on_file(Entity* entity, const Facts* facts, const Buffer* claims, Buffer* on_file) noexcept nogil:
    """Fills `on_file` with the claims on file, equal ones once; whether they are identity claims."""
    cdef const Record* records = entity_records(entity)
    cdef const uint32_t* indexes = <const uint32_t*>claims.data
    cdef uint32_t i
    cdef size_t j
    buffer_reset(on_file)
    for j in range(claims.size // sizeof(uint32_t)):
        if is_identity(facts, &records[indexes[j]]):
            put_raw(on_file, &indexes[j], sizeof(uint32_t))
    if on_file.size:
        return True
    for i in range(<uint32_t>entity_record_count(entity)):
        if not _may_claim(entity, facts, &records[i]):
            continue
        indexes = <const uint32_t*>on_file.data
        for j in range(on_file.size // sizeof(uint32_t)):
            if _same_claim(entity, &records[indexes[j]], &records[i]):
                break
        else:
            put_raw(on_file, &i, sizeof(i))
    return False


cdef int _points(const Entity* entity, const Buffer* on_file, const Record* record, bint is_claim, int birth, int parents) noexcept nogil:
    """Returns how well a record in doubt supports the bearer of its number: the best claim's name counts."""
    cdef const Record* records = entity_records(entity)
    cdef const uint32_t* indexes = <const uint32_t*>on_file.data
    cdef const Record* claim
    cdef int best = 0, found
    cdef bint compared = False, parted = False, given = False
    cdef size_t i
    for i in range(on_file.size // sizeof(uint32_t)):
        claim = &records[indexes[i]]
        if (is_claim and claim.register == record.register) or not record.name_key.length or not claim.name_key.length:
            continue
        found = name_points(<const char*>text_of(entity, record.name_text), record.name_text.length,
                            <const char*>text_of(entity, claim.name_text), claim.name_text.length, &given)
        best = found if not compared else max(best, found)
        parted = given and (parted or not compared)
        compared = True
    return number_points(best, parted, birth, parents)


cdef int _counted_birth(const Record* record, int birth, int year) noexcept nogil:
    """Returns what a birth date in doubt counts: 1 January and a turned date say the year alone, another nothing."""
    if birth != AGREEMENT_DISAGREES or not record.alert_flags & BIRTH_IN_DOUBT:
        return birth
    if record.alert_flags & ALERT_BIRTH_TURNED or (record.birth_month == 1 and record.birth_mday == 1):
        return year
    return AGREEMENT_UNKNOWN


cdef void _link(Entity* entity, const Buffer* on_file, Record* record, bint is_claim) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef const uint32_t* indexes = <const uint32_t*>on_file.data
    cdef const Record* claim
    cdef int names = 0, parents = UNSTATED, birth = 0, year = 0, sex = 0
    cdef int points = POINTS_NAME_WHOLE, least = POINTS_OF_A_CEDULA if record.criterion == CRITERION_CEDULA else POINTS_OF_A_NUMBER
    cdef bint doubted = record.level == LEVEL_DOUBTED
    cdef size_t i
    for i in range(on_file.size // sizeof(uint32_t)):
        claim = &records[indexes[i]]
        if is_claim and claim.register == record.register:
            continue
        if record.name_key.length and claim.name_key.length:
            names = _better(names, _compare_names(entity, record, claim))
        if _state_one_parent(record, claim):
            parents = max(parents, _parents_points(entity, record, claim))
        if record.birth_year and claim.birth_year:
            birth = _better(birth, birth_dates_agreement(record.birth_year, record.birth_month, record.birth_mday,
                                                         claim.birth_year, claim.birth_month, claim.birth_mday))
            year = _better(year, birth_dates_agreement(record.birth_year, 0, 0, claim.birth_year, claim.birth_month,
                                                       claim.birth_mday))
        if record.sex and claim.sex:
            sex = _better(sex, AGREEMENT_AGREES if record.sex == claim.sex else AGREEMENT_DISAGREES)
    record.agrees.count = record.disagrees.count = 0
    _list(record, record.criterion, AGREEMENT_AGREES)
    _list(record, CRITERION_NAMES, names)
    if parents == UNSTATED:
        parents = 0
    _list(record, CRITERION_PARENTS, _parents_agreement(parents))
    _list(record, CRITERION_BIRTH_DATE, birth)
    _list(record, CRITERION_SEX, sex)
    if names != AGREEMENT_AGREES or birth == AGREEMENT_DISAGREES or parents < 0:
        points = _points(entity, on_file, record, is_claim, _counted_birth(record, birth, year), parents)
    record.level = LEVEL_POSSIBLE if doubted or points < least or record.criterion > CRITERION_CEDULA else LEVEL_HIT


cdef int link_persons_records(Entity* entity, const Facts* facts, const Buffer* claims, Buffer* on_file) noexcept nogil:
    cdef bint of_identity = _collect_on_file(entity, facts, claims, on_file), is_claim
    cdef Record* record
    cdef size_t i
    if on_file.failed:
        return -1
    for i in range(entity_record_count(entity)):
        record = entity_records(entity) + i
        if record.level > LEVEL_DOUBTED:
            continue  # linked by name
        if record.criterion:
            is_claim = record.section == SECTION_IDENTITY or (not of_identity and _may_claim(entity, facts, record))
            _link(entity, on_file, record, is_claim)
        else:
            record.level = LEVEL_HIT  # its own subject
    return 0


cdef void link_vehicles_records(Entity* entity) noexcept nogil:
    cdef Record* record
    cdef size_t i
    for i in range(entity_record_count(entity)):
        record = entity_records(entity) + i
        if record.criterion and record.agrees.count == 0:
            _list(record, record.criterion, AGREEMENT_AGREES)
        if not record.level:
            record.level = LEVEL_HIT


cdef bint identities_conflict(const Entity* entity, const Facts* facts, const Buffer* claims) noexcept nogil:
    cdef const Record* records = <const Record*>entity.records.data
    cdef const uint32_t* indexes = <const uint32_t*>claims.data
    cdef const Record* a
    cdef const Record* b
    cdef size_t i, j, count = claims.size // sizeof(uint32_t)
    for i in range(count):
        a = &records[indexes[i]]
        if not a.name_key.length or not is_identity(facts, a):
            continue
        for j in range(i + 1, count):
            b = &records[indexes[j]]
            if not b.name_key.length or not is_identity(facts, b):
                continue
            if _compare_names(entity, a, b) == AGREEMENT_DISAGREES and birth_dates_agreement(
                    a.birth_year, a.birth_month, a.birth_mday, b.birth_year, b.birth_month, b.birth_mday) != AGREEMENT_AGREES:
                return True
    return False
