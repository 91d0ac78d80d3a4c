"""Persons whose names hold every key of a question, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memchr

from core.call cimport (FITS_MAX, Fit, call_damaged, call_dossier, call_out_of_memory, call_shows, fits_add)
from core.dossier cimport ClaimEntry, ENTITY_ORGANISATION
from core.dossier_view cimport Dossier
from core.failure cimport FAILED, OK, fail
from core.names cimport covers_name_key
from core.person cimport (claim_counts, compare_person_birth, compare_person_names, compare_person_parents,
                          compare_person_sex, person_view)
from core.postings cimport (POSTING_DAMAGED, POSTING_END, PostingCursor, posting_next, posting_open, posting_seek,
                            token_hash)

include "contract.pxi"

cdef enum:
    TOKENS_LIMIT = 64


cdef bint _covered(const Call* call, const Dossier* dossier) noexcept nogil:
    """Whether some visible claim holds every key of the question's name."""
    cdef uint32_t i
    cdef const ClaimEntry* claim
    for i in range(dossier.header.n_claims):
        claim = &dossier.claims[i]
        if claim.name_key_length < call.names.length or not call_shows(call, claim.section, claim.sensitivity):
            continue
        if covers_name_key(call.names.text, call.names.length, <const char*>dossier.bytes + claim.name_key_offset,
                           claim.name_key_length):
            return True
    return False


cdef bint _years_fit(const Call* call, const Person* person) noexcept nogil:
    """Out only when every birth year on file lies outside."""
    cdef uint32_t i
    cdef bint stated = False
    cdef const ClaimEntry* claim
    if call.question.year_from == 0 and call.question.year_to == 0:
        return True
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.birth_year == 0 or not claim_counts(call, person, claim):
            continue
        stated = True
        if claim.birth_year >= call.question.year_from and (
                call.question.year_to == 0 or claim.birth_year <= call.question.year_to):
            return True
    return not stated


cdef bint _department_fits(const Call* call, const Person* person) noexcept nogil:
    """Out only when departments of birth are on file, and none is the one asked."""
    cdef uint32_t i
    cdef bint stated = False
    cdef const ClaimEntry* claim
    if call.question.department == 0:
        return True
    for i in range(person.dossier.header.n_claims):
        claim = &person.dossier.claims[i]
        if claim.birth_department == 0 or not claim_counts(call, person, claim):
            continue
        stated = True
        if claim.birth_department == call.question.department:
            return True
    return not stated


cdef bint fits_name(const Call* call, const Person* person, bint filters, uint8_t* names,
                    uint8_t* certain) noexcept nogil:
    cdef uint8_t birth = compare_person_birth(call, person)
    if birth == AGREEMENT_DISAGREES or compare_person_sex(call, person) == AGREEMENT_DISAGREES:
        return False
    if filters and not (_years_fit(call, person) and _department_fits(call, person)):
        return False
    names[0] = compare_person_names(call, person, &call.names)
    certain[0] = (names[0] == AGREEMENT_AGREES and not person.dead
                  and person.dossier.header.kind != ENTITY_ORGANISATION
                  and (birth == AGREEMENT_AGREES or compare_person_parents(call, person) == AGREEMENT_AGREES))
    return True


cdef int _open_cursors(Call* call, uint32_t* current) noexcept nogil:
    """Opens the lists of the question's distinct keys, the shortest first.

    Returns their number; 0 = a key that nobody has; FAILED.
    """
    cdef uint64_t hashes[TOKENS_LIMIT]
    cdef uint64_t hash
    cdef int64_t count
    cdef int n = 0, i, shortest = 0
    cdef const char* at = call.names.text
    cdef const char* end = at + call.names.length
    cdef const char* space
    cdef bint known
    cdef PostingCursor first
    while at < end and n < TOKENS_LIMIT:
        space = <const char*>memchr(at, c" ", end - at)
        if space == NULL:
            space = end
        hash = token_hash(at, space - at)
        at = space + 1
        known = False
        for i in range(n):
            known = known or hashes[i] == hash
        if known:
            continue
        hashes[n] = hash
        count = posting_open(&call.store.names, hash, &call.cursors[n])
        if count < 0:
            return call_damaged(call, "names.bin", "a posting list is damaged")
        if count == 0:
            return 0
        if call.cursors[n].count < call.cursors[shortest].count:
            shortest = n
        n += 1
    if shortest:
        first = call.cursors[0]
        call.cursors[0] = call.cursors[shortest]
        call.cursors[shortest] = first
    for i in range(1, n):
        current[i] = posting_next(&call.cursors[i])
    return n


cdef int _check(Call* call, uint32_t entity, bint filters) noexcept nogil:
    """Adds one person to the fits when it fits. OK or FAILED."""
    cdef Dossier dossier
    cdef Person person
    cdef uint8_t names, certain
    cdef Fit* fit
    if call_dossier(call, entity, &dossier) < 0:
        return FAILED
    if not _covered(call, &dossier):
        return OK
    person_view(call, entity, &dossier, &person)
    if not fits_name(call, &person, filters, &names, &certain):
        return OK
    fit = fits_add(&call.fits, entity, LEVEL_POSSIBLE)
    if fit == NULL:
        return call_out_of_memory(call)
    fit.names = names
    fit.certain = certain
    return OK


cdef int find_by_name(Call* call, bint filters, const char* field) noexcept nogil:
    cdef uint32_t current[TOKENS_LIMIT]
    cdef uint32_t target
    cdef int64_t steps = 0, dossiers = 0
    cdef int n, i
    cdef bint aligned
    if call.names.length == 0:
        return OK
    n = _open_cursors(call, current)
    if n <= 0:
        return n
    target = posting_next(&call.cursors[0])
    while target < POSTING_END:
        aligned = True
        for i in range(1, n):
            steps += 1
            if current[i] < target:
                current[i] = posting_seek(&call.cursors[i], target)
            if current[i] == POSTING_DAMAGED:
                return call_damaged(call, "names.bin", "a posting list is damaged")
            if current[i] != target:
                aligned = False
                break
        if aligned:
            dossiers += 1
            if dossiers > DOSSIERS_MAX:
                return fail(call.failure, ERROR_REASON_QUERY_TOO_BROAD, field, "too many persons share the names")
            if _check(call, target, filters) < 0:
                return FAILED
            if call.fits.count >= FITS_MAX:
                return OK
            target = posting_next(&call.cursors[0])
        elif current[i] >= POSTING_END:
            return OK
        else:
            target = posting_seek(&call.cursors[0], current[i])
        steps += 1
        if steps > STEPS_MAX:
            return fail(call.failure, ERROR_REASON_QUERY_TOO_BROAD, field, "too many persons share the names")
    if target == POSTING_DAMAGED:
        return call_damaged(call, "names.bin", "a posting list is damaged")
    return OK
