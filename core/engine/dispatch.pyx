"""The work of an engine without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint16_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.access.enumeration cimport FOUND_NOBODY, FOUND_SOMEBODY
from core.access.neighbours cimport ASKED_NAME, ASKED_PATTERN, CODE_PATTERN
from core.access.session cimport CLEAR_METHOD
from core.answer.outcome cimport Outcome, outcome_begin
from core.answer.response cimport put_response
from core.call.clock_doubt cimport clock_is_doubtful
from core.call.memory cimport call_also_asked, call_asked, call_begin, call_free, call_new, call_out_of_memory
from core.call.question cimport (
    METHOD_CHECK, METHOD_CHECK_PERSON, METHOD_CHECK_VEHICLE, METHOD_LIST_RECORDS, METHOD_LIST_REGISTERS, METHOD_MAX,
    METHOD_SEARCH_PERSONS, METHOD_SEARCH_VEHICLES, read_question,
)
from core.call.register_states cimport put_register_status
from core.clearance.batch cimport count_rows
from core.clearance.judging cimport clear_batch
from core.contract.error cimport (
    ERROR_REASON_AUDIT_UNAVAILABLE, ERROR_REASON_INTERNAL, ERROR_REASON_QUESTION_AMBIGUOUS,
    ERROR_REASON_SUBJECT_NOT_FOUND,
)
from core.contract.level cimport IDENTITY_STATUS_NOT_FOUND
from core.contract.register_service_fields cimport (
    F_ListRegistersResponse_generation_id, F_ListRegistersResponse_registers, F_Register_status,
)
from core.engine.admission cimport (
    Account, account_close, account_enter, account_enter_again, account_enter_rows, account_init, account_refuse,
    account_watch,
)
from core.failure cimport FAILED, OK, fail, failure_init
from core.generation.store cimport MAX_REGISTERS, Register
from core.identifiers.kinds cimport KEY_SUBJECT, KEY_VIN
from core.questions.list_records cimport list_records
from core.questions.older_page cimport page_stands
from core.questions.one_box cimport check_box
from core.questions.person cimport check_person, doubt_chosen_person
from core.questions.search_persons cimport search_persons
from core.questions.search_vehicles cimport search_vehicles
from core.questions.vehicle cimport check_vehicle
from core.wire cimport begin_message, buffer_free, end_message, put_bytes, put_raw


cdef extern from "<pthread.h>" nogil:
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes) noexcept
    int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept
    int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept
    int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept


cdef EngineCore* engine_core_new(const Store* store) noexcept nogil:
    cdef EngineCore* core = <EngineCore*>calloc(1, sizeof(EngineCore))
    if core != NULL:
        core.store = store
        pthread_mutex_init(&core.lock, NULL)
    return core


cdef void engine_core_free(EngineCore* core) noexcept nogil:
    cdef int i
    if core == NULL:
        return
    for i in range(core.n_idle):
        call_free(core.idle[i])
    for i in range(MAX_REGISTERS):
        buffer_free(&core.registers[i])
    buffer_free(&core.generation)
    pthread_mutex_destroy(&core.lock)
    free(core)


cdef Call* take_call(EngineCore* core) noexcept nogil:
    cdef Call* call = NULL
    pthread_mutex_lock(&core.lock)
    if core.n_idle:
        core.n_idle -= 1
        call = core.idle[core.n_idle]
    pthread_mutex_unlock(&core.lock)
    return call if call != NULL else call_new()


cdef void return_call(EngineCore* core, Call* call) noexcept nogil:
    pthread_mutex_lock(&core.lock)
    if core.n_idle < CALLS_KEPT:
        core.idle[core.n_idle] = call
        core.n_idle += 1
        call = NULL
    pthread_mutex_unlock(&core.lock)
    call_free(call)


cdef void inherit_calls(EngineCore* core, EngineCore* older) noexcept nogil:
    cdef Call* call = NULL
    if core == older:
        return
    while True:
        pthread_mutex_lock(&older.lock)
        call = NULL
        if older.n_idle:
            older.n_idle -= 1
            call = older.idle[older.n_idle]
        pthread_mutex_unlock(&older.lock)
        if call == NULL:
            return
        return_call(core, call)


cdef bint _has_typed_person(const Question* q) noexcept nogil:
    cdef size_t size = (q.cui.size + q.nit.size + q.cedula.size + q.document_country.size + q.document_number.size
                        + q.licence.size + q.telephone.size + q.handle.size + q.father.size + q.mother.size)
    cdef int i
    for i in range(7):
        size += q.name[i].size
    return size > 0 or q.sex != 0 or q.birth_year != 0 or q.birth_month != 0 or q.birth_mday != 0


cdef bint _has_typed_vehicle(const Question* q) noexcept nogil:
    return (q.plate.size + q.vin.size + q.chassis_tail.size + q.engine.size + q.make.size + q.colour.size > 0
            or q.model_year != 0)


cdef int _check(Call* call) noexcept nogil:
    cdef Outcome outcome
    cdef const Question* question = &call.question
    cdef int status
    outcome_begin(&outcome)
    if question.method == METHOD_CHECK:
        status = check_box(call, &outcome)
    elif question.query.size == 0:
        status = check_person(call, &outcome) if question.method == METHOD_CHECK_PERSON else check_vehicle(call,
                                                                                                           &outcome)
    elif _has_typed_person(question) or _has_typed_vehicle(question):
        return fail(call.failure, ERROR_REASON_QUESTION_AMBIGUOUS, "query", "came together with a typed field")
    else:
        status = check_box(call, &outcome)
    if status < 0:
        return FAILED
    doubt_chosen_person(call, &outcome)
    outcome.level = max(outcome.level, call.shown_level)  # no answer is greener than what it shows
    if outcome.has_person or outcome.has_vehicle or outcome.n_plates:
        call.found = FOUND_SOMEBODY
    elif outcome.status == IDENTITY_STATUS_NOT_FOUND:
        call.found = FOUND_NOBODY  # a register that would have it on file was there
    return put_response(call, &outcome)


cdef int _list_registers(EngineCore* core, Call* call) noexcept nogil:
    cdef int i
    cdef size_t mark
    cdef const Register* register
    put_bytes(call.out, F_ListRegistersResponse_generation_id, call.store.generation_id,
              call.store.generation_id_length)
    for i in range(call.store.n_registers):
        register = &call.store.registers[i]
        mark = begin_message(call.out, F_ListRegistersResponse_registers, 2)
        put_register_status(call.out, F_Register_status, register, call.states.state[i],
                            register.roles_person | register.roles_vehicle)
        put_raw(call.out, core.registers[i].data, core.registers[i].size)
        end_message(call.out, mark, 2)
    return call_out_of_memory(call) if call.out.failed else OK


cdef int _dispatch(EngineCore* core, Call* call) noexcept nogil:
    cdef int method = call.question.method
    if method <= METHOD_CHECK_VEHICLE:
        return _check(call)
    if method == METHOD_SEARCH_PERSONS:
        return search_persons(call)
    if method == METHOD_SEARCH_VEHICLES:
        return search_vehicles(call)
    if method == METHOD_LIST_RECORDS:
        return list_records(call)
    if method == METHOD_LIST_REGISTERS:
        return _list_registers(core, call)
    put_raw(call.out, core.generation.data, core.generation.size)
    return call_out_of_memory(call) if call.out.failed else OK


cdef void _name_the_search(Call* call) noexcept nogil:
    """Notes the text of a search; checks note their own."""
    if call.question.method == METHOD_SEARCH_PERSONS:
        call_asked(call, ASKED_NAME, call.names.text, max(call.names.length, 0))
    elif call.question.method == METHOD_SEARCH_VEHICLES:
        call_asked(call, ASKED_PATTERN, call.question.plate.data, call.question.plate.size)
        call_also_asked(call, KEY_VIN, call.question.number.data, call.question.number.size)
        call_also_asked(call, CODE_PATTERN, call.question.query.data, call.question.query.size)
    elif call.question.method == METHOD_LIST_RECORDS:
        call_asked(call, KEY_SUBJECT, call.question.subject_id.data, call.question.subject_id.size)


cdef void _as_it_was(Call* call, const PastAnswer* past) noexcept nogil:
    call.device = past.asker.device
    call.officer = past.asker.officer
    call.given_id = past.answer_id
    call.superseded = past.superseded


cdef bint _clock_doubtful(const Asker* asker, int64_t clock_ms) noexcept nogil:
    return asker.past.clock_doubtful if asker.past != NULL else clock_is_doubtful(clock_ms)


cdef int answer_call(EngineCore* core, Call* call, int method, const void* data, size_t size, const Asker* asker,
                     int64_t clock_ms, Buffer* out, Ending* ending) noexcept nogil:
    cdef Account account
    cdef Failure* failure = &ending.failure
    cdef int status
    failure_init(failure)
    memset(&call.question, 0, sizeof(Question))
    account_init(&account, asker.session, asker.audit, method, clock_ms, &call.question)
    if 1 <= method <= METHOD_MAX:
        status = read_question(method, data, size, &call.question, failure)
    else:
        status = fail(failure, ERROR_REASON_INTERNAL, "", "unknown method")
    if status == OK:
        if asker.entered >= 0:
            status = account_enter_again(&account, <uint16_t>asker.entered, failure)
        else:
            status = account_enter(&account, data, size, failure)
    if status == OK:
        call_begin(call, core.store, &account.given.grant if asker.session != NULL else asker.grant, clock_ms,
                   _clock_doubtful(asker, clock_ms), out, failure)
        call.quick = asker.quick
        call.superseded = asker.serving != NULL
        call.page_key = core.page_key
        call.page_mark = core.page_mark
        call.confirmations = asker.confirmations
        if asker.session != NULL:
            call.device = asker.session.device
            call.officer = asker.session.officer
        if asker.past != NULL:
            _as_it_was(call, asker.past)
        status = _dispatch(core, call)
        if call.put_off:
            ending.verdict = account.verdict
            return PUT_OFF
        _name_the_search(call)
        if status == OK and asker.serving != NULL:
            status = page_stands(call, asker.serving)
        if call.question.method == METHOD_LIST_RECORDS:
            call.found = FOUND_SOMEBODY if status == OK else FOUND_NOBODY
        if status == OK or failure.reason == ERROR_REASON_SUBJECT_NOT_FOUND:
            status = min(status, account_watch(&account, call))
        if status == OK:
            status = account_close(&account, call, data, size)
        ending.level = call.level
    ending.verdict = account.verdict
    ending.purpose = call.question.purpose
    if status == FAILED and failure.generation_length == 0 and failure.reason != ERROR_REASON_AUDIT_UNAVAILABLE:
        account_refuse(&account, core.store, data, size, failure)
    return status


cdef int clear_call(EngineCore* core, Call* call, int standard, const void* data, size_t size, const Question* opening,
                    const Asker* asker, int64_t clock_ms, Buffer* out, Ending* ending) noexcept nogil:
    cdef Account account
    cdef Failure* failure = &ending.failure
    cdef int status
    failure_init(failure)
    account_init(&account, asker.session, asker.audit, CLEAR_METHOD, clock_ms, opening)
    account.standard = <uint8_t>standard
    status = account_enter_rows(&account, count_rows(data, size), data, size, failure)
    if status == OK:
        call_begin(call, core.store, &account.given.grant if asker.session != NULL else asker.grant, clock_ms,
                   _clock_doubtful(asker, clock_ms), out, failure)
        if asker.past != NULL:
            _as_it_was(call, asker.past)
        status = clear_batch(call, standard, data, size)
        if status == OK:
            status = account_watch(&account, call)
        if status == OK:
            status = account_close(&account, call, data, size)
    ending.verdict = account.verdict
    ending.purpose = opening.purpose
    if status == FAILED and failure.reason != ERROR_REASON_AUDIT_UNAVAILABLE:
        account_refuse(&account, core.store, data, size, failure)
    return status
