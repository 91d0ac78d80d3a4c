"""Clear: columns of subjects against a standard, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdio cimport snprintf
from libc.stdlib cimport free, malloc
from libc.string cimport memset, strlen

from core.access.enumeration cimport FOUND_NOBODY, FOUND_SOMEBODY, FOUND_UNSAID, RowAsked
from core.access.neighbours cimport neighbour_code
from core.answer.response cimport put_proof
from core.calendar cimport partial_date_problem
from core.call.memory cimport FITS_MAX, call_dossier, call_out_of_memory
from core.call.question cimport NAME_CHARACTERS, malformed, read_context, take_int, take_text
from core.call.register_states cimport put_register_status
from core.clearance.batch cimport BATCH_REFERENCES, Batch, read_batch, refuse_row, set_result
from core.clearance.contradiction cimport row_contradicts
from core.clearance.standard cimport REFERENCES_MAX, Verdict, standard_is_fresh, standard_needs, under_standard, verdict_init
from core.contract.clearance_service cimport *
from core.contract.clearance_service_fields cimport *
from core.contract.error cimport *
from core.contract.level cimport *
from core.contract.value cimport SEX_UNSPECIFIED
from core.failure cimport FAILED, OK, fail
from core.generation.dossier cimport NO_ENTITY
from core.generation.keys cimport KeysPlace
from core.generation.store cimport (
    Register, store_is_person, store_lookup_placed, store_place, store_prefetch_dossier, store_prefetch_entity,
    store_sequence,
)
from core.generation.view cimport Dossier
from core.identifiers.canonical cimport canonical_into, rule_word
from core.identifiers.kinds cimport KEY_CUI, KEY_PLATE, KEY_VIN
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK, Canonical
from core.names.nobody cimport names_nobody
from core.questions.asked_names cimport read_asked_name
from core.questions.name_search cimport NAMES_CLEARED, certain_fit, drop_unlike, find_by_name
from core.questions.person cimport PersonFinding, find_person, finding_status
from core.questions.vehicle_finding cimport VehicleFinding, find_borne_plates, find_vehicle, vehicle_finding_status
from core.subject.alerts cimport AlertSum, named_by_unlinked, sum_alerts
from core.subject.asked cimport LOOKUP_MAX, AskedIdentifier, asked_from_canonical, asked_from_plate, asked_held
from core.subject.person cimport Person, person_condition, person_view
from core.subject.person_comparison cimport PersonQuestion
from core.subject.shown cimport Left, left_init, shown_count, shown_row, shown_row_result
from core.wire cimport (
    WIRE_LENGTH, WIRE_VARINT, Field, Reader, begin_message, end_message, put_bytes, put_packed, put_packed_bytes,
    put_raw, put_uint, put_uint_if, read_field, reader_init,
)


cdef enum:
    NO_LOOKUP = -1               # no CUI, or none that can be looked up
    TO_LOOK_UP = -2
    AHEAD = 4                    # rows between two steps of a look-up: in their time memory answers
    ROWS_AHEAD = 32              # of which something is known, 4 * AHEAD and the one that is judged; a power of two

cdef struct Row:                 # one row's identifier, looked up ahead of its turn
    AskedIdentifier item
    KeysPlace place
    int64_t found                # entities under its key; NO_LOOKUP = another kind of row
    uint32_t entity              # the first


# ---- the first message ----

cdef int open_clearance(const void* data, size_t size, Opening* opening, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    memset(opening, 0, sizeof(Opening))
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            break
        if status < 0:
            return malformed(status, "", failure)
        if field.number == F_ClearRequest_context:
            if field.wire != WIRE_LENGTH:
                return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, "context", "wrong wire type")
            status = read_context(field.data, field.size, &opening.question, failure)
        elif field.number == F_ClearRequest_standard:
            status = take_int(&field, "standard", &opening.standard, failure)
        elif field.number == F_ClearRequest_generation_id:
            status = take_text(&field, "generation_id", 64, &opening.generation, failure)
        elif field.number == F_ClearRequest_row_ids:
            opening.has_rows = opening.has_rows or field.wire == WIRE_VARINT or field.size > 0
        if status < 0:
            return FAILED
    if not CLEARANCE_STANDARD_WANTED <= opening.standard <= CLEARANCE_STANDARD_RENAS:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "standard", "unknown standard")
    return OK


# ---- one row ----

cdef void _refer(Batch* batch, size_t row, const Verdict* verdict, bint certain) noexcept nogil:
    cdef int i, n = min(verdict.n_certain if certain else verdict.n, REFERENCES_MAX)
    for i in range(n):
        if batch.n_references == BATCH_REFERENCES:
            return
        batch.reference_rows[batch.n_references] = <uint32_t>row
        batch.references[batch.n_references].data = <const char*>(verdict.certain_at[i] if certain else verdict.at[i])
        batch.references[batch.n_references].size = verdict.certain_size[i] if certain else verdict.size[i]
        batch.n_references += 1


cdef uint8_t _reason_of(uint8_t status) noexcept nogil:
    if status == IDENTITY_STATUS_DECEASED:
        return CLEARANCE_REASON_DECEASED
    if status == IDENTITY_STATUS_MISUSED:
        return CLEARANCE_REASON_MISUSED
    if status == IDENTITY_STATUS_CONFLICT:
        return CLEARANCE_REASON_CONFLICT
    return CLEARANCE_REASON_NOT_FOUND if status == IDENTITY_STATUS_NOT_FOUND else CLEARANCE_REASON_UNSPECIFIED


cdef void _judge(Call* call, Batch* batch, size_t row, int standard, const Verdict* verdict, uint8_t status,
                 bint otherwise, bint crowded,
                 bint certain, bint vehicle) noexcept nogil:
    """Makes steps 3 to 7.

    otherwise: other given data contradicts it. crowded: a warrant may mean this person. certain: a warrant names one
    for certain.
    """
    if _reason_of(status) != CLEARANCE_REASON_UNSPECIFIED:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, _reason_of(status))
    elif otherwise:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_CONFLICT)
    elif verdict.n_certain:
        set_result(batch, row, CLEARANCE_RESULT_WITH_RECORD, CLEARANCE_REASON_RECORD)
        _refer(batch, row, verdict, True)
    elif verdict.n or crowded:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_NAME_MATCH)
        _refer(batch, row, verdict, False)
    elif verdict.adolescents:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_NOT_OF_AGE)
    elif not certain:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_UNCERTAIN_IDENTIFIER)
    elif status == IDENTITY_STATUS_UNVERIFIED or not standard_is_fresh(call, standard, vehicle):
        set_result(batch, row, CLEARANCE_RESULT_INCOMPLETE, CLEARANCE_REASON_REGISTER_NOT_FRESH)
    elif verdict.adolescents_hidden:
        set_result(batch, row, CLEARANCE_RESULT_INCOMPLETE, CLEARANCE_REASON_NOT_OF_AGE)
    else:
        set_result(batch, row, CLEARANCE_RESULT_NO_RECORD, CLEARANCE_REASON_NOTHING_ON_FILE)


cdef void _show(Call* call, const Batch* batch, size_t row, const Dossier* dossier, const Left* certain,
                const Left* all_of_it) noexcept nogil:
    """Notes one subject of a judged row. The data shown of the subject are the row's references to its records."""
    cdef Left nothing
    left_init(&nothing)
    if batch.reasons[row] == CLEARANCE_REASON_RECORD:
        shown_row(call, dossier, row, batch.results[row], certain)
    elif batch.reasons[row] == CLEARANCE_REASON_NAME_MATCH:
        shown_row(call, dossier, row, batch.results[row], all_of_it)
    else:
        shown_row(call, dossier, row, batch.results[row], &nothing)


cdef void _note_asked(Call* call, const Batch* batch, size_t row, const AskedIdentifier* item, bint anybody) noexcept nogil:
    """Notes an asked row for limits_watch_rows."""
    cdef RowAsked asked
    cdef bint nobody = not anybody and batch.reasons[row] == CLEARANCE_REASON_NOT_FOUND
    asked.code = neighbour_code(item.lookup, <const uint8_t*>item.text, item.length)
    asked.found = FOUND_NOBODY if nobody else FOUND_SOMEBODY if anybody else FOUND_UNSAID
    put_raw(&call.asked_rows, &asked, sizeof(asked))


cdef int _show_several(Call* call, const Batch* batch, size_t row) noexcept nogil:
    """Notes all subjects that the row's identifier finds, when none of them could be chosen."""
    cdef Dossier dossier
    cdef Left nothing
    cdef size_t i
    left_init(&nothing)
    for i in range(call.fits.count):
        if call.fits.items[i].quiet:
            continue
        if call_dossier(call, call.fits.items[i].entity, &dossier) < 0:
            return FAILED
        shown_row(call, &dossier, row, batch.results[row], &nothing)
    return OK


cdef int _clear_cui(Call* call, Batch* batch, size_t row, int standard, const Row* looked) noexcept nogil:
    cdef PersonQuestion asked
    cdef PersonFinding finding
    cdef Dossier dossier
    cdef Person person
    cdef AlertSum alerts
    cdef Verdict verdict
    cdef uint8_t status
    cdef bint crowded = False
    cdef int otherwise = 0
    verdict_init(&verdict)
    asked.items[0] = looked.item
    asked.n = 1
    asked.principal = 0
    finding.subject = NO_ENTITY
    finding.count = 0
    finding.several = finding.identified = False
    finding.certain = True
    if looked.found == 1:        # the common case, without another look-up
        if store_is_person(call.store, looked.entity):
            if call_dossier(call, looked.entity, &dossier) < 0:
                return FAILED
            if asked_held(call, &dossier, &looked.item, &finding.identified):
                finding.subject = looked.entity
                finding.count = 1
    elif looked.found > 1:
        call.fits.count = 0
        if find_person(call, &asked, &finding, "cuis") < 0:
            return FAILED
        if finding.subject != NO_ENTITY and call_dossier(call, finding.subject, &dossier) < 0:
            return FAILED
    status = finding_status(call, &asked, &finding)
    if finding.subject != NO_ENTITY:
        under_standard(call, standard, &dossier, LEVEL_HIT, &verdict)
        person_view(call, finding.subject, &dossier, &person)
        sum_alerts(call, &dossier, LEVEL_HIT, 0, 0, &alerts)
        crowded = named_by_unlinked(&alerts) and standard == CLEARANCE_STANDARD_WANTED and not verdict.child
        if status == IDENTITY_STATUS_FOUND:
            status = person_condition(&person, &alerts, False)
        otherwise = row_contradicts(call, &person, standard)
        if otherwise < 0:
            return FAILED
    # By plates and VINs alone an uncertain one is REVIEW; a CUI of several shows by its status.
    _judge(call, batch, row, standard, &verdict, status, otherwise, crowded, True, False)
    _note_asked(call, batch, row, &looked.item, finding.count > 0)
    if finding.subject != NO_ENTITY:
        _show(call, batch, row, &dossier, &verdict.certain_left, &verdict.left)
        return OK
    return _show_several(call, batch, row) if finding.count else OK


cdef int _clear_vehicle(Call* call, Batch* batch, size_t row, int standard, const AskedIdentifier* item) noexcept nogil:
    cdef VehicleFinding finding
    cdef Dossier dossier
    cdef Verdict verdict
    cdef Left certain[17]        # of the vehicle and its plates
    cdef Left left[17]
    cdef uint8_t status
    cdef int i
    if item.kind == KEY_PLATE and not item.certain:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_UNCERTAIN_IDENTIFIER)
        return OK
    verdict_init(&verdict)
    left_init(&certain[16])
    left_init(&left[16])
    call.fits.count = 0
    if find_vehicle(call, item, &finding) < 0:
        return FAILED
    if finding.subject != NO_ENTITY:
        if call_dossier(call, finding.subject, &dossier) < 0:
            return FAILED
        if not finding.former:
            under_standard(call, standard, &dossier, finding.link, &verdict)
            certain[16] = verdict.certain_left
            left[16] = verdict.left
        if item.kind != KEY_PLATE and find_borne_plates(call, &dossier, finding.link, &finding) < 0:
            return FAILED
    for i in range(finding.n_plates):
        under_standard(call, standard, &finding.plates[i], finding.plate_links[i], &verdict)
        certain[i] = verdict.certain_left
        left[i] = verdict.left
    status = vehicle_finding_status(call, item, &finding)
    if item.lookup == KEY_VIN and finding.count == 0 and call.states.identified & item.identifies:
        status = IDENTITY_STATUS_NOT_FOUND  # a check says UNVERIFIED, for it may be foreign; a certificate has to be sure
    _judge(call, batch, row, standard, &verdict, status, False, False, finding.certain, True)
    _note_asked(call, batch, row, item, finding.count + finding.n_plates > 0)
    for i in range(finding.n_plates):
        _show(call, batch, row, &finding.plates[i], &certain[i], &left[i])
    if finding.subject != NO_ENTITY:
        _show(call, batch, row, &dossier, &certain[16], &left[16])
        return OK
    return _show_several(call, batch, row) if finding.count else OK


cdef int _clear_name(Call* call, Batch* batch, size_t row, int standard) noexcept nogil:
    cdef Dossier dossier
    cdef Verdict verdict
    cdef AlertSum alerts
    cdef bint crowded = False
    cdef size_t i, first = shown_count(call)
    verdict_init(&verdict)
    call.fits.count = 0
    if find_by_name(call, NAMES_CLEARED, FITS_MAX, "names") < 0:
        if call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
            return FAILED
        call.failure.reason = 0  # too common a name to look at everybody: a person must
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_UNCERTAIN_IDENTIFIER)
        return OK
    if certain_fit(call, 0) >= 0:
        drop_unlike(call, 0, False)
    for i in range(call.fits.count):
        if call_dossier(call, call.fits.items[i].entity, &dossier) < 0:
            return FAILED
        under_standard(call, standard, &dossier, LEVEL_POSSIBLE, &verdict)
        sum_alerts(call, &dossier, LEVEL_POSSIBLE, 0, 0, &alerts)
        crowded = crowded or (named_by_unlinked(&alerts) and standard == CLEARANCE_STANDARD_WANTED
                              and not verdict.child)
        shown_row(call, &dossier, row, CLEARANCE_RESULT_UNSPECIFIED, &verdict.left)
    if verdict.n or crowded:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_NAME_MATCH)
        _refer(batch, row, &verdict, False)
    elif verdict.adolescents:
        set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_NOT_OF_AGE)
    elif not standard_is_fresh(call, standard, False):
        set_result(batch, row, CLEARANCE_RESULT_INCOMPLETE, CLEARANCE_REASON_REGISTER_NOT_FRESH)
    elif verdict.adolescents_hidden:
        set_result(batch, row, CLEARANCE_RESULT_INCOMPLETE, CLEARANCE_REASON_NOT_OF_AGE)
    else:
        set_result(batch, row, CLEARANCE_RESULT_NO_RECORD, CLEARANCE_REASON_NAME_ONLY)
    shown_row_result(call, first, batch.results[row])
    return OK


cdef inline const Text* _cell(const Text* column, size_t n, size_t row) noexcept nogil:
    return &column[row] if n and column[row].size else NULL


cdef int _take_canonical(int kind, const Text* text, AskedIdentifier* item) noexcept nogil:
    """RULE_OK or the rule that the text breaks."""
    cdef Canonical canonical
    cdef size_t length
    cdef int rule = canonical_into(kind, text.data, text.size, canonical.text, CANONICAL_MAX, &length)
    if rule == RULE_OK:
        canonical.kind = <uint8_t>kind
        canonical.length = <uint8_t>length
        asked_from_canonical(item, &canonical)
    return rule


cdef int _take_birth(Call* call, uint32_t date) noexcept nogil:
    """Birth date of a row into the question; False when it is given and not whole and real."""
    call.question.birth_year = date // 10000
    call.question.birth_month = date // 100 % 100
    call.question.birth_mday = date % 100
    return date == 0 or (call.question.birth_year != 0 and call.question.birth_month != 0
                         and call.question.birth_mday != 0
                         and partial_date_problem(call.question.birth_year, call.question.birth_month,
                                                  call.question.birth_mday) == 0)


cdef int _clear_row(Call* call, Batch* batch, size_t row, int standard, const Row* looked) noexcept nogil:
    cdef const Text* cui = _cell(batch.cuis, batch.n_cuis, row)
    cdef const Text* name = _cell(batch.names, batch.n_names, row)
    cdef const Text* plate = _cell(batch.plates, batch.n_plates, row)
    cdef const Text* vin = _cell(batch.vins, batch.n_vins, row)
    cdef uint32_t birth = batch.birth_dates[row] if batch.n_birth_dates else 0
    cdef AskedIdentifier item
    cdef int rule
    if (cui != NULL) + (plate != NULL) + (vin != NULL) > 1 or (name != NULL and (plate != NULL or vin != NULL)):
        return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "vins" if vin != NULL else "plates", "one subject a row")
    if cui == NULL and plate == NULL and vin == NULL and name == NULL:
        return refuse_row(batch, row, ERROR_REASON_QUESTION_EMPTY, "", "nothing was asked")
    if not _take_birth(call, birth):
        return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "birth_dates", "not a date")
    call.names.length = call.asked_name.shape.count = 0
    if name != NULL:
        if name.size > 4 * NAME_CHARACTERS:
            return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "names", "too long")
        read_asked_name(call, name.data, name.size)
        if call.names.length <= 0:
            return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "names", "characters")
        if names_nobody(name.data, name.size):  # beside a CUI as if the cell were empty
            if cui == NULL:
                return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "names", "names nobody")
            call.names.length = call.asked_name.shape.count = 0
    if cui != NULL:
        if looked.found == NO_LOOKUP:
            rule = _take_canonical(KEY_CUI, cui, &item)
            return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "cuis", rule_word(rule))
        return _clear_cui(call, batch, row, standard, looked)
    if plate == NULL and vin == NULL:
        if birth == 0:
            return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "birth_dates", "a name needs one")
        return _clear_name(call, batch, row, standard)
    if standard != CLEARANCE_STANDARD_WANTED:
        return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "plates" if plate != NULL else "vins", "only for WANTED")
    if plate != NULL:
        rule = asked_from_plate(&item, plate.data, plate.size, NULL, 0)
    else:
        rule = _take_canonical(KEY_VIN, vin, &item)
    if rule != RULE_OK:
        return refuse_row(batch, row, ERROR_REASON_FIELD_INVALID, "plates" if plate != NULL else "vins", rule_word(rule))
    return _clear_vehicle(call, batch, row, standard, &item)


# A row's CUI is looked up in four steps before the row is judged. Each asks memory for what the next one reads, so that a
# dozen rows wait for it together while one is computed.

cdef void _place(Call* call, const Batch* batch, size_t at, Row* row) noexcept nogil:
    cdef const Text* cui = _cell(batch.cuis, batch.n_cuis, at)
    row.found = NO_LOOKUP
    if cui != NULL and _take_canonical(KEY_CUI, cui, &row.item) == RULE_OK:
        row.found = TO_LOOK_UP
        row.place.leaf = NULL
        _place_nearer(call, row)


cdef void _place_nearer(Call* call, Row* row) noexcept nogil:
    if row.found == TO_LOOK_UP:
        store_place(call.store, KEY_CUI, row.item.text, row.item.length, &row.place)


cdef void _look_up(Call* call, Row* row) noexcept nogil:
    if row.found != TO_LOOK_UP:
        return
    row.found = store_lookup_placed(call.store, &row.place, &row.entity, 1)
    if row.found > 0:
        store_prefetch_entity(call.store, row.entity)
    elif row.found < 0:
        row.found = LOOKUP_MAX   # damaged keys: the row's own look-up will say so
        row.entity = NO_ENTITY


cdef void _fetch(Call* call, const Row* row) noexcept nogil:
    if row.found > 0:
        store_prefetch_dossier(call.store, row.entity)


cdef int _put_batch(Call* call, const Batch* batch, int standard) noexcept nogil:
    cdef size_t i, mark
    cdef bint vehicles = batch.n_plates > 0 or batch.n_vins > 0
    cdef bint persons = batch.n_cuis > 0 or batch.n_names > 0 or not vehicles
    cdef const Register* register
    cdef char text[24]
    cdef int digits
    if put_proof(call, F_ClearResponse_generation_id) < 0:
        return FAILED
    for i in range(<size_t>call.store.n_registers):
        register = &call.store.registers[i]
        if (persons and standard_needs(register, standard, False)) or (vehicles and standard_needs(register, standard, True)):
            put_register_status(call.out, F_ClearResponse_registers, register, call.states.state[i],
                                register.roles_person | register.roles_vehicle if vehicles else register.roles_person)
    put_packed(call.out, F_ClearResponse_row_ids, batch.row_ids, batch.rows)
    put_packed_bytes(call.out, F_ClearResponse_results, batch.results, batch.rows)
    put_packed_bytes(call.out, F_ClearResponse_reasons, batch.reasons, batch.rows)
    put_packed(call.out, F_ClearResponse_reference_rows, batch.reference_rows, batch.n_references)
    for i in range(batch.n_references):
        put_bytes(call.out, F_ClearResponse_references, batch.references[i].data, batch.references[i].size)
    for i in range(batch.n_errors):
        mark = begin_message(call.out, F_ClearResponse_row_errors, 1)
        put_uint_if(call.out, F_RowError_row_id, batch.row_ids[batch.errors[i].row])
        put_uint(call.out, F_RowError_reason, batch.errors[i].reason)
        put_bytes(call.out, F_RowError_field, batch.errors[i].field, strlen(batch.errors[i].field))
        put_bytes(call.out, F_RowError_rule, batch.errors[i].rule, strlen(batch.errors[i].rule))
        end_message(call.out, mark, 1)
    if store_sequence(call.store):
        digits = snprintf(text, sizeof(text), "%llu", <unsigned long long>store_sequence(call.store))
        put_bytes(call.out, F_ClearResponse_ledger_sequence, text, digits)
    return call_out_of_memory(call) if call.out.failed or call.fits.failed or call.shown.failed or (
        call.asked_rows.failed) else OK


cdef int _clear_row_or_review(Call* call, Batch* batch, size_t row, int standard, const Row* looked) noexcept nogil:
    """One damaged dossier is one row for a person to look at."""
    cdef size_t shown = call.shown.size
    if _clear_row(call, batch, row, standard, looked) == OK:
        return OK
    if call.failure.reason != ERROR_REASON_DOSSIER_DAMAGED or call.failure.entity == NO_ENTITY:
        return FAILED
    call.shown.size = shown
    call.failure.reason = 0
    set_result(batch, row, CLEARANCE_RESULT_REVIEW, CLEARANCE_REASON_DOSSIER_DAMAGED)
    return OK


cdef int _clear_rows(Call* call, Batch* batch, int standard) noexcept nogil:
    cdef Row rows[ROWS_AHEAD]
    cdef size_t step
    call.question.sections = 0
    call.question.sex = SEX_UNSPECIFIED
    call.asked_father.shape.count = call.asked_mother.shape.count = 0
    for step in range(batch.rows + 4 * AHEAD):
        if step < batch.rows:
            _place(call, batch, step, &rows[step % ROWS_AHEAD])
        if AHEAD <= step < batch.rows + AHEAD:
            _place_nearer(call, &rows[(step - AHEAD) % ROWS_AHEAD])
        if 2 * AHEAD <= step < batch.rows + 2 * AHEAD:
            _look_up(call, &rows[(step - 2 * AHEAD) % ROWS_AHEAD])
        if 3 * AHEAD <= step < batch.rows + 3 * AHEAD:
            _fetch(call, &rows[(step - 3 * AHEAD) % ROWS_AHEAD])
        if step >= 4 * AHEAD and _clear_row_or_review(call, batch, step - 4 * AHEAD, standard,
                                                      &rows[(step - 4 * AHEAD) % ROWS_AHEAD]) < 0:
            return FAILED
    return _put_batch(call, batch, standard)


cdef int clear_batch(Call* call, int standard, const void* data, size_t size) noexcept nogil:
    cdef Batch* batch = <Batch*>malloc(sizeof(Batch))
    cdef int status
    if batch == NULL:
        return call_out_of_memory(call)
    status = read_batch(data, size, batch, call.failure)
    if status == OK:
        status = _clear_rows(call, batch, standard)
    free(batch)
    return status
