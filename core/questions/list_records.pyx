"""ListRecords: the rest of a section, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from core.answer.levels cimport Grounds, level_of, strongest_hit
from core.answer.outcome cimport Outcome, Vehicle, outcome_begin
from core.answer.response cimport put_answer, put_owner, put_subject_id
from core.call.memory cimport ANSWER_MAX, call_out_of_memory, call_shows
from core.call.page_token cimport PageStart, mix_bytes, mix_number, page_goes_on, put_page_token, read_page_token
from core.call.question cimport known_section
from core.contract.alert cimport HIT_SUBJECT_KIND_PERSON, HIT_SUBJECT_KIND_VEHICLE
from core.contract.check_service_fields cimport (
    F_ListRecordsResponse_next_page_token, F_ListRecordsResponse_person, F_ListRecordsResponse_total,
    F_ListRecordsResponse_vehicle,
)
from core.contract.error cimport ERROR_REASON_FIELD_INVALID
from core.contract.level cimport IDENTITY_STATUS_FOUND, LEVEL_HIT, LEVEL_INSUFFICIENT
from core.contract.person_fields cimport F_Person_kind, F_Person_subject_id, F_Person_totals
from core.contract.section cimport SECTION_OWNER, SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN
from core.contract.vehicle_fields cimport F_Vehicle_subject_id, F_Vehicle_totals
from core.failure cimport FAILED, OK, fail
from core.generation.dossier cimport ENTITY_UNIDENTIFIED, OwnerEntry, RecordEntry
from core.generation.view cimport Dossier
from core.questions.subject_finding cimport find_subject
from core.questions.vehicle cimport add_plates, gather_owner_page, gather_owners
from core.questions.vehicle_finding cimport VehicleFinding, find_borne_plates
from core.subject.alerts cimport AlertSum, named_by_unlinked, sum_alerts
from core.subject.records cimport Totals, kept_sections, put_records, put_totals, totals_insert
from core.subject.shown cimport SHOWN_LISTED, Left, left_add, left_init, shown_put
from core.wire cimport begin_message, buffer_reset, end_message, put_int_if, put_uint


cdef enum:
    PAGE_LIMIT = 1 << 30         # records before a page: more than any section has


cdef int _read_subject_id(Call* call, uint8_t* raw) noexcept nogil:
    cdef size_t i
    cdef char c
    cdef int digit
    if call.question.subject_id.size != 32:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "subject_id", "32 hexadecimal digits")
    for i in range(32):
        c = call.question.subject_id.data[i]
        if c"0" <= c <= c"9":
            digit = c - c"0"
        elif c"a" <= c <= c"f":
            digit = c - c"a" + 10
        else:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "subject_id", "32 hexadecimal digits")
        raw[i // 2] = <uint8_t>(digit if i % 2 == 0 else (raw[i // 2] << 4) | digit)
    return OK


cdef int _level(Call* call, const Dossier* dossier, bint vehicle, Outcome* outcome) noexcept nogil:
    """Returns the level as for a certain question that found the subject."""
    cdef AlertSum alerts
    cdef Grounds grounds
    cdef VehicleFinding finding
    cdef Vehicle* owned = &outcome.vehicle
    grounds.status = IDENTITY_STATUS_FOUND
    grounds.national = grounds.disagrees = grounds.nothing_found = False
    grounds.certain = True
    grounds.fresh = call.states.needed_fresh_vehicle if vehicle else call.states.needed_fresh_person
    sum_alerts(call, dossier, LEVEL_HIT, HIT_SUBJECT_KIND_VEHICLE if vehicle else HIT_SUBJECT_KIND_PERSON, 0, &alerts)
    if not vehicle:
        grounds.fresh = grounds.fresh and not alerts.adolescents_hidden
        outcome.level = level_of(strongest_hit(call), &grounds)
        if named_by_unlinked(&alerts):
            outcome.level = max(outcome.level, <uint8_t>LEVEL_INSUFFICIENT)
        return OK
    finding.n_plates = 0
    if find_borne_plates(call, dossier, LEVEL_HIT, &finding) < 0:
        return FAILED
    add_plates(call, &finding, outcome)
    outcome.level = level_of(strongest_hit(call), &grounds)
    owned.dossier = dossier[0]
    if gather_owners(call, owned, LEVEL_HIT) < 0:
        return FAILED
    outcome.level = max(outcome.level, owned.owner_level)
    return OK


cdef int _put_owners(Call* call, Vehicle* vehicle, uint32_t offset, int32_t* total, int32_t* shown) noexcept nogil:
    """One page of owners, ten at a time in memory."""
    cdef int i
    cdef int32_t left = call.question.page_size
    shown[0] = 0
    while True:
        if gather_owner_page(call, vehicle, LEVEL_HIT, <int>offset + shown[0]) < 0:
            return FAILED
        total[0] = vehicle.owners_total
        for i in range(min(vehicle.n_owners, left - shown[0])):
            put_owner(call, vehicle, i)
        if vehicle.n_owners == 0 or vehicle.n_owners >= left - shown[0]:
            shown[0] += min(vehicle.n_owners, left - shown[0])
            return OK
        shown[0] += vehicle.n_owners


cdef uint64_t _listed_before(const Call* call, const Dossier* dossier, uint8_t section, uint64_t hash,
                             uint32_t count) noexcept nogil:
    """Returns a hash of the records before a page: that many visible records of the section.

    For owners it covers all of them, because they have an order of their own.
    """
    cdef uint32_t i, n = 0
    cdef const RecordEntry* record
    cdef const OwnerEntry* owner
    if section == SECTION_OWNER:
        for i in range(dossier.header.n_owners):
            owner = &dossier.owners[i]
            if call_shows(call, section, owner.sensitivity):
                hash = mix_bytes(call, mix_number(call, hash, owner.link_level), dossier.bytes + owner.offset, owner.length)
        return hash
    for i in range(dossier.header.n_records):
        record = &dossier.records[i]
        if n == count:
            break
        if record.section == section and call_shows(call, section, record.sensitivity):
            hash = mix_bytes(call, hash, dossier.bytes + record.offset, record.length)
            n += 1
    return mix_number(call, hash, n)


cdef void _put_subject(Call* call, const Dossier* dossier, bint vehicle, const Totals* totals) noexcept nogil:
    if vehicle:
        put_subject_id(call, F_Vehicle_subject_id, <const unsigned char*>dossier.header.subject_id)
        put_totals(call, F_Vehicle_totals, totals)
    else:
        put_subject_id(call, F_Person_subject_id, <const unsigned char*>dossier.header.subject_id)
        put_uint(call.out, F_Person_kind, dossier.header.kind)
        put_totals(call, F_Person_totals, totals)


cdef int _list_page(Call* call) noexcept nogil:
    cdef uint8_t raw[16]
    cdef Dossier dossier
    cdef Outcome outcome
    cdef Totals totals
    cdef uint64_t hash
    cdef PageStart start
    cdef int32_t total = 0, shown = 0
    cdef uint8_t section
    cdef size_t mark
    cdef bint vehicle
    cdef Left left
    left_init(&left)
    if _read_subject_id(call, raw) < 0:
        return FAILED
    if call.question.section < 0 or not known_section(call.question.section):
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "section", "unknown section")
    section = <uint8_t>call.question.section
    hash = mix_number(call, mix_bytes(call, call.question.method, raw, 16), section)
    if read_page_token(call, hash, &start) < 0 or find_subject(call, raw, "subject_id", &dossier) < 0:
        return FAILED
    if not start.same_view and page_goes_on(
            call, &start, _listed_before(call, &dossier, section, hash, start.offset)) < 0:
        return FAILED
    vehicle = dossier.header.kind > ENTITY_UNIDENTIFIED
    if vehicle != (section >= SECTION_VEHICLE_REGISTRATION):
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "section", "not of this kind of subject")
    outcome_begin(&outcome)
    outcome.plain = True
    outcome.about_vehicle = vehicle
    outcome.vehicle.armed = False
    if _level(call, &dossier, vehicle, &outcome) < 0 or put_answer(call, &outcome) < 0:
        return FAILED
    if call.question.sections:
        call.question.sections |= <uint64_t>1 << section  # the section asked is wanted, whatever the context names
    mark = begin_message(call.out, F_ListRecordsResponse_vehicle if vehicle else F_ListRecordsResponse_person, 2)
    totals.n = 0
    if section == SECTION_OWNER:
        if _put_owners(call, &outcome.vehicle, start.offset, &total, &shown) < 0:
            return FAILED
        if total:
            totals_insert(&totals, section, total, shown)
        if shown:
            left_add(&left, section, SENSITIVITY_OPEN)
    elif not (kept_sections(call, &dossier, False) >> section) & 1:  # a plate may have given the subject's id
        put_records(call, &dossier, <uint64_t>1 << section, call.question.page_size,
                    <int>min(start.offset, <uint32_t>PAGE_LIMIT), &totals, &left)
        if totals.n:
            total = totals.total[0]
            shown = totals.shown[0]
    _put_subject(call, &dossier, vehicle, &totals)
    end_message(call.out, mark, 2)
    shown_put(call, &dossier, SHOWN_LISTED, 0, outcome.level, &left)
    put_int_if(call.out, F_ListRecordsResponse_total, total)
    if <uint64_t>start.offset + shown < <uint64_t>total:
        put_page_token(call, F_ListRecordsResponse_next_page_token, hash, start.offset + shown,
                       _listed_before(call, &dossier, section, hash, start.offset + shown))
    return call_out_of_memory(call) if call.out.failed or call.hits.failed or call.shown.failed else OK


cdef int list_records(Call* call) noexcept nogil:
    """Halves the page until the answer is below its limit."""
    while True:
        buffer_reset(call.out)
        buffer_reset(&call.shown)
        call.hits.count = 0
        if _list_page(call) < 0:
            return FAILED
        if call.out.size <= ANSWER_MAX or call.question.page_size <= 1:
            return OK
        call.question.page_size //= 2
