"""Candidates of an answer, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from core.call.memory cimport SHOWN_MAX, Candidate, Fit, call_dossier, call_out_of_memory, call_shows
from core.contract.alert cimport HIT_SUBJECT_KIND_CANDIDATE
from core.contract.level cimport LEVEL_HIT, LEVEL_INSUFFICIENT, LEVEL_POSSIBLE, LEVEL_UNSPECIFIED
from core.contract.section cimport SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN
from core.failure cimport FAILED, OK
from core.generation.dossier cimport ENTITY_UNIDENTIFIED
from core.generation.store cimport store_prefetch_dossier
from core.generation.view cimport Dossier
from core.questions.name_search cimport matched_claim, score_of
from core.subject.alerts cimport AlertSum, named_by_unlinked, sum_alerts
from core.subject.person cimport Person, person_status_by_name, person_view
from core.subject.person_comparison cimport compare_person
from core.subject.vehicle_comparison cimport compare_vehicle, plate_shown, vehicle_status_by_name


cdef enum:
    QUICK_FITS = 250             # alerts looked at in a question that must be quick: about 0.5 ms
    AHEAD = 8                    # dossiers asked of memory ahead of their turn


cdef bint _first_registration_visible(const Call* call, const Dossier* vehicle) noexcept nogil:
    return call_shows(call, SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN)


cdef inline uint8_t _own_level(const Fit* fit, const AlertSum* alerts, bint beside) noexcept nogil:
    """The level of a candidate. One beside a person or a vehicle has none, unless an alert may mean it."""
    if fit.weak:
        return LEVEL_INSUFFICIENT if not beside or alerts.in_force else LEVEL_UNSPECIFIED
    if alerts.level:
        return alerts.level
    return LEVEL_INSUFFICIENT if not beside or named_by_unlinked(alerts) else LEVEL_UNSPECIFIED


cdef int gather_candidates(Call* call, const PersonQuestion* persons, const VehicleQuestion* vehicles, size_t start,
                           size_t most, bint hits, bint beside) noexcept nogil:
    cdef size_t i
    cdef const Fit* fit
    cdef Candidate* candidate
    cdef Person person
    cdef AlertSum alerts
    call.n_candidates = 0
    for i in range(start, min(call.fits.count, start + most)):
        fit = &call.fits.items[i]
        candidate = &call.candidates[call.n_candidates]
        call.n_candidates += 1
        if call_dossier(call, fit.entity, &candidate.dossier) < 0:
            return FAILED
        candidate.is_vehicle = candidate.dossier.header.kind > ENTITY_UNIDENTIFIED
        candidate.compared.n = 0
        candidate.plate = candidate.matched_plate = -1
        candidate.misread = fit.misread
        candidate.by_name = fit.by_name
        candidate.weak = fit.weak
        candidate.matched = -1
        if fit.by_name:
            candidate.score = score_of(call, fit.evidence)
            candidate.matched = matched_claim(call, &candidate.dossier, fit.names_evidence)
        sum_alerts(call, &candidate.dossier, fit.link,
                   HIT_SUBJECT_KIND_CANDIDATE if hits and not fit.quiet and not fit.weak else 0, call.n_candidates, &alerts)
        if candidate.is_vehicle:
            candidate.plate = plate_shown(call, &candidate.dossier)
            candidate.summary_visible = _first_registration_visible(call, &candidate.dossier)
            candidate.summary_section = SECTION_VEHICLE_REGISTRATION
            candidate.summary_sensitivity = SENSITIVITY_OPEN
            candidate.status = vehicle_status_by_name(call, &candidate.dossier)
            if vehicles != NULL:
                compare_vehicle(call, vehicles, &candidate.dossier, &candidate.compared)
        else:
            person_view(call, fit.entity, &candidate.dossier, &person)
            candidate.summary_visible = person.summary_visible
            candidate.summary_section = person.summary_section
            candidate.summary_sensitivity = person.summary_sensitivity
            candidate.status = person_status_by_name(call, &person, &alerts)
            if persons != NULL:
                compare_person(call, persons, &person, &candidate.compared)
        candidate.level = _own_level(fit, &alerts, beside)
        candidate.alerts = alerts.in_force
    return OK


cdef int _weigh(Call* call, bint beside, bint* alerted) noexcept nogil:
    """Level of every fit by its alerts in force. `beside`: a person or a vehicle stands beside the candidates."""
    cdef size_t i
    cdef Dossier dossier
    cdef AlertSum alerts
    cdef Fit* fit
    alerted[0] = False
    call.weak_alerted = 0
    for i in range(call.fits.count):
        if i + AHEAD < call.fits.count:
            store_prefetch_dossier(call.store, call.fits.items[i + AHEAD].entity)
        fit = &call.fits.items[i]
        if beside:
            fit.link = LEVEL_POSSIBLE
        if call_dossier(call, fit.entity, &dossier) < 0:
            return FAILED
        sum_alerts(call, &dossier, fit.link, 0, 0, &alerts)
        fit.alerted = alerts.in_force > 0
        fit.level = LEVEL_UNSPECIFIED if fit.weak else alerts.level
        alerted[0] = alerted[0] or fit.alerted
        call.weak_alerted += fit.weak and fit.alerted
        if not fit.quiet:        # who bore the plate formerly gives the answer no level
            call.shown_level = max(call.shown_level, _own_level(fit, &alerts, beside))
    return OK


cdef int _order(Call* call) noexcept nogil:
    """The strongest level first, then the weak who have an alert, otherwise as they stand."""
    cdef size_t i, placed = 0, n = call.fits.count
    cdef int level
    cdef bint weak
    cdef Fit* fits = <Fit*>malloc(n * sizeof(Fit))
    if fits == NULL:
        return call_out_of_memory(call)
    memcpy(fits, call.fits.items, n * sizeof(Fit))
    for level in range(LEVEL_HIT, LEVEL_UNSPECIFIED - 2, -1):  # the last but one: the weak with an alert
        for i in range(n):
            weak = fits[i].weak and fits[i].alerted
            if fits[i].level == level and not weak if level > LEVEL_UNSPECIFIED else (
                    fits[i].level == LEVEL_UNSPECIFIED and weak == (level == LEVEL_UNSPECIFIED)):
                call.fits.items[placed] = fits[i]
                placed += 1
    free(fits)
    return OK


cdef int gather_all(Call* call, const PersonQuestion* persons, const VehicleQuestion* vehicles, bint hits) noexcept nogil:
    cdef bint alerted
    cdef size_t i
    cdef Dossier dossier
    cdef AlertSum alerts
    if call.quick and call.fits.count > QUICK_FITS:
        call.put_off = True
        return FAILED
    if _weigh(call, not hits, &alerted) < 0 or (alerted and _order(call) < 0):
        return FAILED
    if gather_candidates(call, persons, vehicles, 0, SHOWN_MAX, hits, not hits) < 0:
        return FAILED
    if not hits:
        return OK
    for i in range(SHOWN_MAX, call.fits.count):  # not sent, but counted
        if call.fits.items[i].level == LEVEL_UNSPECIFIED:
            return OK
        if call_dossier(call, call.fits.items[i].entity, &dossier) < 0:
            return FAILED
        if not call.fits.items[i].quiet:
            sum_alerts(call, &dossier, call.fits.items[i].link, HIT_SUBJECT_KIND_CANDIDATE, <int>i + 1, &alerts)
    return OK
