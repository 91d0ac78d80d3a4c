"""Finds the bearers of the names given beside an identifier. Nothing here is for Python."""

from libc.stdint cimport uint8_t

from core.calendar cimport LAST_FILLER_YEAR
from core.call.memory cimport FITS_MAX, Fit, call_dossier
from core.contract.error cimport ERROR_REASON_QUERY_TOO_BROAD
from core.contract.level cimport AGREEMENT_AGREES, LEVEL_POSSIBLE
from core.failure cimport FAILED, OK, failure_init
from core.generation.view cimport Dossier
from core.questions.name_search cimport NAMES_ASKED, find_by_name
from core.subject.alerts cimport AlertSum, sum_alerts
from core.subject.person cimport Person, person_is_named

cdef enum:
    WORDS_ENOUGH = 3             # of a name that is another's: they need not be rare


cdef bint _is_known(const Call* call, size_t count, const Fit* fit) noexcept nogil:
    cdef size_t known
    for known in range(count):
        if call.fits.items[known].entity == fit.entity:
            return True
    return False


cdef int find_named(Call* call, const char* field) noexcept nogil:
    cdef size_t i, kept, start = call.fits.count
    if find_by_name(call, NAMES_ASKED, FITS_MAX, field) < 0:
        if call.put_off or call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
            return FAILED
        failure_init(call.failure)
        call.fits.count = start
        return OK
    kept = start
    for i in range(start, call.fits.count):
        if not _is_known(call, start, &call.fits.items[i]):
            call.fits.items[kept] = call.fits.items[i]
            kept += 1
    call.fits.count = kept
    return OK


cdef int _find_once(Call* call, int kind, const char* field) noexcept nogil:
    """Adds persons found by the names that are neither known nor weak. Without a birth date three agreeing words are
    enough."""
    cdef bint enough = call.question.birth_year <= LAST_FILLER_YEAR and call.asked_name.shape.count >= WORDS_ENOUGH
    cdef size_t i, kept, start = call.fits.count
    if find_by_name(call, kind, FITS_MAX, field) < 0:
        return FAILED
    kept = start
    for i in range(start, call.fits.count):
        if (enough or not call.fits.items[i].weak) and not _is_known(call, start, &call.fits.items[i]):
            call.fits.items[kept] = call.fits.items[i]
            call.fits.items[kept].weak = False
            kept += 1
    call.fits.count = kept
    return OK


cdef int find_beside(Call* call, int kind, const char* field) noexcept nogil:
    cdef int year = call.question.birth_year, month = call.question.birth_month, day = call.question.birth_mday, status
    if _find_once(call, kind, field) < 0:
        return FAILED
    if year <= LAST_FILLER_YEAR:
        return OK
    call.question.birth_year = call.question.birth_month = call.question.birth_mday = 0
    status = _find_once(call, kind, field)
    call.question.birth_year = year
    call.question.birth_month = month
    call.question.birth_mday = day
    return status


cdef int find_wanted_by_name(Call* call, const Person* person, uint8_t names, const char* field) noexcept nogil:
    cdef size_t i, kept, start = call.fits.count
    cdef Dossier dossier
    cdef AlertSum alerts
    if call.names.length == 0 or names == AGREEMENT_AGREES or not person_is_named(call, person):
        return OK
    if find_beside(call, NAMES_ASKED, field) < 0:
        if call.put_off or call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
            return FAILED
        failure_init(call.failure)
        call.fits.count = start
        return OK
    kept = start
    for i in range(start, call.fits.count):
        if call.fits.items[i].entity == person.entity:
            continue
        if call_dossier(call, call.fits.items[i].entity, &dossier) < 0:
            return FAILED
        sum_alerts(call, &dossier, LEVEL_POSSIBLE, 0, 0, &alerts)
        if alerts.in_force:
            call.fits.items[kept] = call.fits.items[i]
            kept += 1
    call.fits.count = kept
    return OK
