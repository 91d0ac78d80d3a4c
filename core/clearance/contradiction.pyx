"""Decides whether other data beside a row's CUI belongs to another person. Nothing here is for Python."""

from libc.stdint cimport uint8_t

from core.call.memory cimport Fit, call_dossier
from core.clearance.standard cimport Verdict, under_standard, verdict_init
from core.contract.error cimport ERROR_REASON_QUERY_TOO_BROAD
from core.contract.level cimport AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN, LEVEL_POSSIBLE
from core.failure cimport FAILED
from core.generation.view cimport Dossier
from core.questions.name_search cimport NAMES_CLEARED
from core.questions.named_beside cimport find_beside
from core.subject.person cimport Person, compare_person_birth, compare_person_names, person_is_named


cdef int row_contradicts(Call* call, const Person* person, int standard) noexcept nogil:
    cdef uint8_t names
    cdef Dossier dossier
    cdef Verdict verdict
    cdef const Fit* fit
    cdef size_t i
    if call.question.birth_year and compare_person_birth(call, person) == AGREEMENT_DISAGREES:
        return 1
    if call.names.length <= 0:
        return 0
    names = compare_person_names(call, person)
    if names != AGREEMENT_UNKNOWN or not person_is_named(call, person):
        return names == AGREEMENT_DISAGREES
    call.fits.count = 0
    if find_beside(call, NAMES_CLEARED, "names") < 0:
        if call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
            return FAILED
        call.failure.reason = 0  # too common a name to look at everybody: a person must
        return 1
    verdict_init(&verdict)
    for i in range(call.fits.count):
        fit = &call.fits.items[i]
        if fit.entity == person.entity:
            continue
        if call_dossier(call, fit.entity, &dossier) < 0:
            return FAILED
        under_standard(call, standard, &dossier, LEVEL_POSSIBLE, &verdict)
    return verdict.n > 0
