"""Writes an outcome as the response of its method, without the GIL. Nothing here is for Python."""

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memchr, memcpy

from core.access.grant cimport grant_masks_lists
from core.answer.levels cimport strongest_hit
from core.answer.outcome cimport Detected, Owner
from core.call.answer_id cimport answer_id_into, answer_id_text, hexadecimal
from core.call.handle cimport put_handle
from core.call.memory cimport (
    ANSWER_MAX, SHOWN_MAX, Candidate, Compared, call_dossier, call_level, call_out_of_memory, call_shows, call_wants,
)
from core.call.notes cimport ANSWER_NOTES, NOTE_IDENTITY_CHANGED, NOTE_SIMILAR_NAME_ALERT
from core.call.question cimport METHOD_CHECK, is_chosen_by_name
from core.contract.alert cimport (
    HIT_SUBJECT_KIND_OWNER, HIT_SUBJECT_KIND_PERSON, HIT_SUBJECT_KIND_PLATE, HIT_SUBJECT_KIND_VEHICLE,
)
from core.contract.check_service cimport IDENTIFIER_KIND_NAME
from core.contract.check_service_fields cimport *
from core.contract.error cimport ERROR_REASON_INTERNAL
from core.contract.level cimport *
from core.contract.level_fields cimport F_Comparison_agreement, F_Comparison_criterion
from core.contract.person_fields cimport (
    F_Person_age, F_Person_cautions, F_Person_closed_alerts, F_Person_homonyms, F_Person_kind, F_Person_name,
    F_Person_name_only_alerts, F_Person_name_register_id, F_Person_subject_id, F_Person_totals,
)
from core.contract.section cimport SECTION_FIREARM, SECTION_IDENTITY, SECTION_OWNER, SENSITIVITY_OPEN
from core.contract.value_fields cimport F_PartialDate_year
from core.contract.vehicle_fields cimport *
from core.failure cimport FAILED, OK, fail
from core.generation.dossier cimport FLAG_INVALID_IDENTIFIER, NO_ENTITY, ClaimEntry, IdentifierEntry
from core.generation.store cimport Register
from core.generation.view cimport Dossier
from core.names.keys cimport fold_into
from core.names.reading cimport PART_SEPARATOR
from core.subject.alerts cimport name_only_alerts_shown, put_closed_alerts, put_dated_note, put_hits, put_note, put_similar_note
from core.subject.person cimport person_age
from core.subject.records cimport Totals, kept_sections, put_records, put_totals, section_visible, totals_insert
from core.subject.shown cimport (
    SHOWN_ASKED, SHOWN_CANDIDATE, SHOWN_OWNER, SHOWN_SUGGESTED, Left, left_add, left_init, shown_put,
)
from core.wire cimport (
    WIRE_LENGTH, Field, Reader, begin_message, buffer_reset, end_message, put_bytes, put_bytes_if, put_fixed64, put_int,
    put_int_if, put_packed_bytes, put_raw, put_uint, put_uint_if, read_field, reader_init,
)


cdef enum:
    OWNER_RECORDS = 5            # records of a section in an owner's person
    # Bit (1 << Section): IDENTITY, ADDRESS, the alert sections 5 to 11, DAMAGED_RECORD.
    OWNER_SECTIONS = (1 << 1) | (1 << 2) | (0x7F << 5) | (1 << 24)


cdef void put_subject_id(Call* call, uint32_t number, const unsigned char* subject_id) noexcept nogil:
    cdef char text[32]
    hexadecimal(subject_id, 16, text)
    put_bytes(call.out, number, text, 32)


cdef void put_timestamp(Call* call, uint32_t number) noexcept nogil:
    """google.protobuf.Timestamp of the call's clock: seconds (1) and nanoseconds (2)."""
    cdef size_t mark = begin_message(call.out, number, 1)
    cdef long long seconds = call.clock_ms // 1000  # floors
    put_int_if(call.out, 1, seconds)
    put_int_if(call.out, 2, (call.clock_ms - seconds * 1000) * 1000000)
    end_message(call.out, mark, 1)


cdef int put_proof(Call* call, uint32_t number) noexcept nogil:
    cdef char answer_id[36]
    put_bytes(call.out, number, call.store.generation_id, call.store.generation_id_length)
    if call.given_id != NULL:
        memcpy(call.answer_id, call.given_id, 16)
        answer_id_text(call.answer_id, answer_id)
    elif not answer_id_into(&call.ids, call.clock_ms, call.answer_id, answer_id):
        return fail(call.failure, ERROR_REASON_INTERNAL, "", "no random numbers from the system")
    put_bytes(call.out, number + 1, answer_id, 36)
    put_timestamp(call, number + 2)
    return OK


cdef bint _identifies_person(uint8_t criterion) noexcept nogil:
    return (CRITERION_CUI <= criterion <= CRITERION_CEDULA or criterion == CRITERION_TELEPHONE
            or criterion == CRITERION_DOCUMENT_WITHOUT_COUNTRY)


cdef void _put_comparisons(Call* call, uint32_t number, const Compared* compared) noexcept nogil:
    cdef int i
    cdef size_t mark
    for i in range(compared.n):
        if (compared.agreement[i] == AGREEMENT_AGREES and is_chosen_by_name(&call.question)
                and _identifies_person(compared.criterion[i])):
            continue  # nobody gave it
        mark = begin_message(call.out, number, 1)
        put_uint(call.out, F_Comparison_criterion, compared.criterion[i])
        put_uint(call.out, F_Comparison_agreement, compared.agreement[i])
        end_message(call.out, mark, 1)


cdef void _put_cautions(Call* call, uint32_t number, uint32_t cautions) noexcept nogil:
    cdef uint8_t packed[32]
    cdef uint8_t flag
    cdef size_t count = 0
    for flag in range(1, 32):
        if (cautions >> flag) & 1:
            packed[count] = flag
            count += 1
    put_packed_bytes(call.out, number, packed, count)


cdef bint _homonyms_shown(const Call* call, const Person* person) noexcept nogil:
    return person.dossier.header.homonyms >= 0 and call_shows(call, SECTION_IDENTITY, SENSITIVITY_OPEN)


cdef uint32_t _person_cautions(const Call* call, const Person* person, const AlertSum* alerts) noexcept nogil:
    cdef uint32_t cautions = 0
    cdef int age = person_age(call, person)
    if alerts.armed or section_visible(call, &person.dossier, SECTION_FIREARM):
        cautions |= 1 << CAUTION_FLAG_ARMED
    if 0 <= age < 18:
        cautions |= 1 << CAUTION_FLAG_MINOR
    if person.dossier.header.homonyms > 0 and _homonyms_shown(call, person):
        cautions |= 1 << CAUTION_FLAG_HOMONYMS
    if alerts.misused:
        cautions |= 1 << CAUTION_FLAG_MISUSED_IDENTITY
    if person.has_identity and person.dossier.header.flags & FLAG_INVALID_IDENTIFIER:
        cautions |= 1 << CAUTION_FLAG_INVALID_IDENTIFIER_ON_FILE
    return cautions


cdef uint32_t _vehicle_cautions(const Vehicle* vehicle) noexcept nogil:
    return 1 << CAUTION_FLAG_ARMED if vehicle.armed else 0


cdef inline int _hold_level(const Call* call, const Outcome* outcome) noexcept nogil:
    """Holds the two promises of every answer, whatever led to its level (docs/statute.md, rules 4 and 6).

    A broken one fails the call and not the process, which a caller could end by asking again and again.
    """
    if not outcome.plain and (outcome.level < strongest_hit(call) or outcome.level < call.shown_level):
        return fail(call.failure, ERROR_REASON_INTERNAL, "", "an answer is greener than what it shows")
    if outcome.level == LEVEL_CLEAR and not (
            call.states.needed_fresh_vehicle if outcome.about_vehicle else call.states.needed_fresh_person):
        return fail(call.failure, ERROR_REASON_INTERNAL, "", "an answer is CLEAR while a register is not fresh")
    return OK


cdef int put_answer(Call* call, const Outcome* outcome) noexcept nogil:
    cdef size_t mark = begin_message(call.out, 1, 2)
    cdef uint32_t cautions = outcome.cautions
    cdef bint complete = call.states.complete_person
    cdef int note
    if _hold_level(call, outcome) < 0:
        return FAILED
    call.level = call_level(call, outcome.level)
    put_uint(call.out, F_Answer_level, call.level)
    if outcome.about_vehicle:
        complete = call.states.complete_vehicle
    put_uint(call.out, F_Answer_coverage, COVERAGE_COMPLETE if complete else COVERAGE_INCOMPLETE)
    put_uint_if(call.out, F_Answer_identity_status, outcome.status)
    if not outcome.plain:
        put_hits(call)
        _put_comparisons(call, F_Answer_comparisons, &outcome.compared)
        if outcome.has_person:
            cautions |= _person_cautions(call, &outcome.person, &outcome.person_alerts)
        if outcome.has_vehicle:
            cautions |= _vehicle_cautions(&outcome.vehicle)
        _put_cautions(call, F_Answer_cautions, cautions)
        for note in range(ANSWER_NOTES):
            if not (outcome.notes >> note) & 1:
                continue
            if note == NOTE_SIMILAR_NAME_ALERT:
                put_similar_note(call, F_Answer_notes)
            elif note == NOTE_IDENTITY_CHANGED:
                put_dated_note(call, F_Answer_notes, note, outcome.person.dossier.header.identity_fed)
            else:
                put_note(call, F_Answer_notes, note)
    if outcome.about_vehicle:
        put_raw(call.out, call.states.vehicle.data, call.states.vehicle.size)
    else:
        put_raw(call.out, call.states.person.data, call.states.person.size)
    if put_proof(call, F_Answer_generation_id) < 0:
        return FAILED
    end_message(call.out, mark, 2)
    return OK


cdef void _put_person_name(Call* call, const Person* person, Left* left) noexcept nogil:
    """Puts a person's name as a candidate's: from the stored summary."""
    cdef Reader reader
    cdef Field field
    if not person.summary_visible or person.dossier.header.summary_length == 0:
        return
    reader_init(&reader, person.dossier.bytes + person.dossier.header.summary_offset, person.dossier.header.summary_length)
    while read_field(&reader, &field) == 1:
        if field.wire != WIRE_LENGTH:
            continue
        if field.number == F_Candidate_name:
            put_bytes(call.out, F_Person_name, <const char*>field.data, field.size)
        elif field.number == F_Candidate_register_id:
            put_bytes(call.out, F_Person_name_register_id, <const char*>field.data, field.size)
            break  # the name stands before it
    left_add(left, person.summary_section, person.summary_sensitivity)


cdef void _put_person(Call* call, uint32_t number, const Person* person, const AlertSum* alerts, const Owner* owner,
                      Left* left) noexcept nogil:
    """Person as field `number`; with `owner` the short one that stands in a vehicle."""
    cdef size_t mark = begin_message(call.out, number, 2)
    cdef Totals totals
    cdef uint64_t sections = (<uint64_t>1 << 32) - 1
    cdef int most = call.record_limit, closed = min(call.list_limit, <int>SHOWN_MAX), age = person_age(call, person)
    if owner != NULL:
        sections = OWNER_SECTIONS
        most = min(most, <int>OWNER_RECORDS)
    sections &= ~kept_sections(call, &person.dossier, owner == NULL)
    put_records(call, &person.dossier, sections, most, 0, &totals, left)
    put_subject_id(call, F_Person_subject_id, <const unsigned char*>person.dossier.header.subject_id)
    put_uint(call.out, F_Person_kind, person.dossier.header.kind)
    if age >= 0:
        put_int(call.out, F_Person_age, age)
    put_totals(call, F_Person_totals, &totals)
    if owner != NULL:
        put_closed_alerts(call, &person.dossier, F_Person_closed_alerts, HIT_SUBJECT_KIND_OWNER, owner.ordinal,
                          closed, left)
    else:
        put_closed_alerts(call, &person.dossier, F_Person_closed_alerts, HIT_SUBJECT_KIND_PERSON, 0, closed, left)
    if _homonyms_shown(call, person):
        put_int(call.out, F_Person_homonyms, person.dossier.header.homonyms)
    if name_only_alerts_shown(call, person.dossier.header):
        put_int(call.out, F_Person_name_only_alerts, person.dossier.header.name_only_alerts)
    _put_cautions(call, F_Person_cautions, _person_cautions(call, person, alerts))
    _put_person_name(call, person, left)
    end_message(call.out, mark, 2)


cdef void put_owner(Call* call, const Vehicle* vehicle, int at) noexcept nogil:
    cdef const Owner* owner = &vehicle.owners[at]
    cdef size_t mark = begin_message(call.out, F_Vehicle_owners, 2)
    cdef Left left
    left_init(&left)
    left_add(&left, SECTION_OWNER, owner.entry.sensitivity)
    put_int(call.out, F_Owner_ordinal, owner.ordinal)
    if owner.has_person:
        put_uint(call.out, F_Owner_kind, owner.person.dossier.header.kind)
    put_raw(call.out, vehicle.dossier.bytes + owner.entry.offset, owner.entry.length)
    put_uint_if(call.out, F_Owner_level, call_level(call, owner.level))
    put_uint_if(call.out, F_Owner_identity_status, owner.status)
    if owner.has_person:
        _put_person(call, F_Owner_person, &owner.person, &owner.alerts, owner, &left)
        shown_put(call, &owner.person.dossier, SHOWN_OWNER, owner.ordinal, owner.level, &left)
    end_message(call.out, mark, 2)


cdef void _show_unwritten_owner(Call* call, const Owner* owner) noexcept nogil:
    """Notes an owner that the request does not want sent: Vehicle.owner_level takes it into account all the same."""
    cdef Left left
    left_init(&left)
    if owner.has_person:
        shown_put(call, &owner.person.dossier, SHOWN_OWNER, owner.ordinal, owner.level, &left)


cdef void _put_vehicle(Call* call, uint32_t number, const Outcome* outcome) noexcept nogil:
    cdef const Vehicle* vehicle = &outcome.vehicle
    cdef size_t mark = begin_message(call.out, number, 2)
    cdef Totals totals
    cdef Left left, plate_left
    cdef int i, shown = 0, closed = 0, most = min(call.list_limit, <int>SHOWN_MAX)
    cdef uint64_t sections = ~((<uint64_t>1 << 32) - 1) & ~(<uint64_t>1 << SECTION_OWNER)
    left_init(&left)
    put_records(call, &vehicle.dossier, sections, call.record_limit, 0, &totals, &left)
    if call_wants(call, SECTION_OWNER):
        shown = min(vehicle.n_owners, call.list_limit)
        for i in range(shown):
            put_owner(call, vehicle, i)
            left_add(&left, SECTION_OWNER, vehicle.owners[i].entry.sensitivity)
    for i in range(shown, vehicle.n_owners):
        _show_unwritten_owner(call, &vehicle.owners[i])
    if vehicle.owners_total:
        totals_insert(&totals, SECTION_OWNER, vehicle.owners_total, shown)
    put_subject_id(call, F_Vehicle_subject_id, <const unsigned char*>vehicle.dossier.header.subject_id)
    put_uint_if(call.out, F_Vehicle_vehicle_level, vehicle.level)
    put_uint_if(call.out, F_Vehicle_owner_level, vehicle.owner_level)
    put_totals(call, F_Vehicle_totals, &totals)
    if vehicle.own_alerts:
        closed = put_closed_alerts(call, &vehicle.dossier, F_Vehicle_closed_alerts, HIT_SUBJECT_KIND_VEHICLE, 0,
                                   most, &left)
    for i in range(outcome.n_plates):
        left_init(&plate_left)
        closed += put_closed_alerts(call, &outcome.plates[i], F_Vehicle_closed_alerts, HIT_SUBJECT_KIND_PLATE, 0,
                                    most - closed, &plate_left)
        shown_put(call, &outcome.plates[i], SHOWN_ASKED, 0, LEVEL_UNSPECIFIED, &plate_left)
    put_uint_if(call.out, F_Vehicle_bears_asked_plate, vehicle.bears_asked_plate)
    _put_cautions(call, F_Vehicle_cautions, _vehicle_cautions(vehicle))
    end_message(call.out, mark, 2)
    shown_put(call, &vehicle.dossier, SHOWN_ASKED, 0, vehicle.level, &left)


cdef void _put_candidate_plate(Call* call, uint32_t number, const Candidate* candidate, int plate,
                               Left* left) noexcept nogil:
    """The plate as an officer reads it: what stands before the country."""
    cdef const IdentifierEntry* entry = &candidate.dossier.identifiers[plate]
    cdef const uint8_t* text = candidate.dossier.bytes + entry.offset
    cdef const uint8_t* bar = <const uint8_t*>memchr(text, c"|", entry.length)
    put_bytes(call.out, number, text, <size_t>(bar - text) if bar != NULL else entry.length)
    left_add(left, entry.section, entry.sensitivity)


cdef void _put_likeness(Call* call, const Candidate* candidate, Left* left) noexcept nogil:
    """Score, and the spelling on file that was most like what was asked, its parts joined by spaces."""
    cdef const ClaimEntry* claim
    cdef const Register* register
    cdef uint64_t score
    cdef size_t start, i
    if not candidate.by_name:
        return
    memcpy(&score, &candidate.score, 8)
    put_fixed64(call.out, F_Candidate_score, score)
    if candidate.matched < 0:
        put_uint_if(call.out, F_Candidate_weak, candidate.weak)
        return
    claim = &candidate.dossier.claims[candidate.matched]
    put_bytes(call.out, F_Candidate_matched_name, candidate.dossier.bytes + claim.name_text_offset, claim.name_text_length)
    start = call.out.size - claim.name_text_length
    for i in range(start, call.out.size):
        if call.out.data[i] == PART_SEPARATOR and not call.out.failed:
            call.out.data[i] = c" "
    register = &call.store.registers[claim.register]
    put_bytes(call.out, F_Candidate_matched_register_id, register.id, register.id_length)
    put_uint_if(call.out, F_Candidate_weak, candidate.weak)
    left_add(left, claim.section, claim.sensitivity)


cdef void _put_year(Call* call, const Field* date) noexcept nogil:
    """A PartialDate without month and day."""
    cdef Reader reader
    cdef Field field
    cdef size_t mark
    reader_init(&reader, date.data, date.size)
    while read_field(&reader, &field) > 0:
        if field.number == F_PartialDate_year:
            mark = begin_message(call.out, F_Candidate_birth_date, 1)
            put_uint(call.out, F_PartialDate_year, field.value)
            end_message(call.out, mark, 1)


cdef void _put_summary(Call* call, const Candidate* candidate) noexcept nogil:
    """Name, CUI, birth date and so on as they are stored; of a person in a list that is masked less of the two."""
    cdef const uint8_t* summary = candidate.dossier.bytes + candidate.dossier.header.summary_offset
    cdef const uint8_t* start = summary
    cdef Reader reader
    cdef Field field
    if candidate.is_vehicle or not grant_masks_lists(call.grant):
        put_raw(call.out, summary, candidate.dossier.header.summary_length)
        return
    reader_init(&reader, summary, candidate.dossier.header.summary_length)
    while read_field(&reader, &field) > 0:
        if field.number == F_Candidate_cui:
            put_bytes(call.out, F_Candidate_cui_tail, field.data + (field.size - min(field.size, <size_t>4)), min(field.size, <size_t>4))
            put_handle(call, F_Candidate_handle, <const uint8_t*>candidate.dossier.header.subject_id)
        elif field.number == F_Candidate_birth_date:
            _put_year(call, &field)
        else:
            put_raw(call.out, start, <size_t>(reader.at - start))
        start = reader.at


cdef void put_candidates(Call* call, uint32_t number) noexcept nogil:
    cdef int i
    cdef size_t mark
    cdef Left left
    cdef const Candidate* candidate
    for i in range(min(call.n_candidates, call.list_limit)):
        candidate = &call.candidates[i]
        left_init(&left)
        mark = begin_message(call.out, number, 2)
        if candidate.is_vehicle or not grant_masks_lists(call.grant):  # else the handle alone opens it
            put_subject_id(call, F_Candidate_subject_id, <const unsigned char*>candidate.dossier.header.subject_id)
        put_uint_if(call.out, F_Candidate_level, call_level(call, candidate.level))
        if not candidate.is_vehicle:
            put_uint(call.out, F_Candidate_kind, candidate.dossier.header.kind)
        if candidate.summary_visible:
            _put_summary(call, candidate)
            if candidate.dossier.header.summary_length:
                left_add(&left, candidate.summary_section, candidate.summary_sensitivity)
        if candidate.plate >= 0:
            _put_candidate_plate(call, F_Candidate_plate, candidate, candidate.plate, &left)
        _put_comparisons(call, F_Candidate_comparisons, &candidate.compared)
        put_int_if(call.out, F_Candidate_alerts, candidate.alerts)
        put_uint_if(call.out, F_Candidate_identity_status, candidate.status)
        _put_likeness(call, candidate, &left)
        if candidate.matched_plate >= 0:
            _put_candidate_plate(call, F_Candidate_matched_plate, candidate, candidate.matched_plate, &left)
        put_uint_if(call.out, F_Candidate_misread_characters, candidate.misread)
        end_message(call.out, mark, 2)
        shown_put(call, &candidate.dossier, SHOWN_CANDIDATE, i + 1, candidate.level, &left)


cdef void _put_detected(Call* call, uint32_t number, const Detected* detected) noexcept nogil:
    cdef size_t mark = begin_message(call.out, number, 1)
    cdef int length
    put_uint(call.out, F_DetectedKind_kind, detected.kind)
    put_uint_if(call.out, F_DetectedKind_found, detected.found)
    if detected.kind == IDENTIFIER_KIND_NAME:
        length = fold_into(call.question.query.data, call.question.query.size, call.folded, sizeof(call.folded))
        put_bytes_if(call.out, F_DetectedKind_canonical, call.folded, max(length, 0))
    else:
        put_bytes(call.out, F_DetectedKind_canonical, detected.text, detected.length)
    end_message(call.out, mark, 1)


cdef int _put_whole(Call* call, const Outcome* outcome) noexcept nogil:
    """The rest of a response starts at field 3 or, where it may hold a person or a vehicle, at field 4."""
    cdef int i
    cdef Left left
    cdef Dossier suggested
    cdef uint32_t number = F_CheckPersonResponse_candidates
    left_init(&left)
    if call.question.method == METHOD_CHECK:
        number = F_CheckResponse_candidates
    if put_answer(call, outcome) < 0:
        return FAILED
    if outcome.has_person:
        _put_person(call, F_CheckResponse_person, &outcome.person, &outcome.person_alerts, NULL, &left)
        shown_put(call, &outcome.person.dossier, SHOWN_ASKED, 0, outcome.level, &left)
    if outcome.has_vehicle:
        _put_vehicle(call, F_CheckResponse_vehicle
                     if call.question.method == METHOD_CHECK else F_CheckVehicleResponse_vehicle,
                     outcome)
    else:
        left_init(&left)
        for i in range(outcome.n_plates):
            shown_put(call, &outcome.plates[i], SHOWN_ASKED, 0, LEVEL_UNSPECIFIED, &left)
    put_candidates(call, number)
    put_int_if(call.out, number + 1, outcome.candidates_total)
    for i in range(outcome.n_detected):
        _put_detected(call, number + 2, &outcome.detected[i])
    for i in range(outcome.n_suggestions):
        put_bytes(call.out, number + 3, outcome.suggestions[i].text, outcome.suggestions[i].length)
        if outcome.suggested[i] != NO_ENTITY:  # the answer reveals that somebody has it, and no more
            if call_dossier(call, outcome.suggested[i], &suggested) < 0:
                return FAILED
            left_init(&left)
            shown_put(call, &suggested, SHOWN_SUGGESTED, i + 1, LEVEL_UNSPECIFIED, &left)
    put_int_if(call.out, number + 4, outcome.n_on_file)
    return OK


cdef int _fewer(int limit) noexcept nogil:
    """10, 5, 2, 1, 0."""
    if limit > 10:
        return 10
    if limit > 5:
        return 5
    return 2 if limit > 2 else limit - 1


cdef int put_response(Call* call, Outcome* outcome) noexcept nogil:
    """Cuts every section to fewer records until the answer is below its limit, then the other lists, then all.

    One hit is always written. It fits: it has a handful of values, CELL_MAX long at most, and 20 sources.
    """
    while True:
        buffer_reset(call.out)
        buffer_reset(&call.shown)
        if _put_whole(call, outcome) < 0:
            return FAILED
        if call.out.failed or call.hits.failed or call.fits.failed or call.shown.failed:
            return call_out_of_memory(call)
        if call.out.size <= ANSWER_MAX or call.list_limit == 0:
            return OK
        if call.record_limit > 1 or (call.record_limit and call.list_limit == 1):
            call.record_limit = _fewer(call.record_limit)
        else:
            call.list_limit = _fewer(call.list_limit)
