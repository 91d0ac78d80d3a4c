"""The function that answers: every service method, from one generation, without the GIL."""

from enum import IntEnum
from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, strlen

from core.call cimport call_begin, call_free, call_new, call_out_of_memory
from core.clearance cimport Opening, clear_batch, open_clearance
from core.dossier cimport NO_ENTITY
from core.failure cimport FAILED, OK, fail
from core.generation cimport MAX_REGISTERS, Register
from core.grant cimport Grant
from core.one_box cimport check_box
from core.outcome cimport Outcome
from core.person_question cimport check_person, outcome_begin
from core.question cimport (METHOD_CHECK, METHOD_CHECK_PERSON, METHOD_CHECK_VEHICLE, METHOD_GET_GENERATION,
                            METHOD_LIST_RECORDS, METHOD_LIST_REGISTERS, METHOD_MAX, METHOD_SEARCH_PERSONS,
                            METHOD_SEARCH_VEHICLES, Question, read_question)
from core.record_list cimport list_records
from core.register_states cimport put_register_status
from core.response cimport put_response
from core.search cimport search_persons, search_vehicles
from core.shown cimport ShownEntry, shown_count, shown_entries
from core.vehicle_question cimport check_vehicle
from core.wire cimport (begin_message, buffer_free, buffer_init, end_message, put_bytes, put_bytes_if, put_int_if,
                        put_packed_bytes, put_raw)

from core.errors import DossierDamaged, GenerationDamaged, QuestionError

include "contract.pxi"

cdef extern from *:
    """
    #include <pthread.h>
    #include <time.h>
    static inline long long ronda_nanoseconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    """
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes) noexcept nogil
    int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept nogil
    int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept nogil
    int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept nogil
    long long ronda_nanoseconds() noexcept nogil

cdef struct EngineCore:          # what the engine owns without Python
    const Store* store
    pthread_mutex_t lock         # of `idle`
    int n_idle
    Call* idle[64]               # CALLS_KEPT
    Buffer registers[64]         # Register's fields besides `status`, by ordinal
    Buffer generation            # GetGenerationResponse


globals()["Grant"] = Grant  # a cimported class is no name of this module for Python otherwise


class Method(IntEnum):
    CHECK = METHOD_CHECK
    CHECK_PERSON = METHOD_CHECK_PERSON
    CHECK_VEHICLE = METHOD_CHECK_VEHICLE
    SEARCH_PERSONS = METHOD_SEARCH_PERSONS
    SEARCH_VEHICLES = METHOD_SEARCH_VEHICLES
    LIST_RECORDS = METHOD_LIST_RECORDS
    LIST_REGISTERS = METHOD_LIST_REGISTERS
    GET_GENERATION = METHOD_GET_GENERATION


class Shown(NamedTuple):
    subject_id: bytes
    level: int
    kind: int
    how: int
    flags: int
    row: int
    register: int
    sections: int


METHODS = {"".join(word.capitalize() for word in method.name.split("_")): method for method in Method}


# ---- without Python ----

cdef Call* _take_call(EngineCore* core) noexcept nogil:
    cdef Call* call = NULL
    pthread_mutex_lock(&core.lock)
    if core.n_idle:
        core.n_idle -= 1
        call = core.idle[core.n_idle]
    pthread_mutex_unlock(&core.lock)
    return call if call != NULL else call_new()


cdef void _return_call(EngineCore* core, Call* call) noexcept nogil:
    pthread_mutex_lock(&core.lock)
    if core.n_idle < CALLS_KEPT:
        core.idle[core.n_idle] = call
        core.n_idle += 1
        call = NULL
    pthread_mutex_unlock(&core.lock)
    call_free(call)


cdef bint _has_typed_person(const Question* q) noexcept nogil:
    cdef size_t size = (q.cui.size + q.nit.size + q.cedula.size + q.document_country.size + q.document_number.size
                        + q.licence.size + q.telephone.size + q.father.size + q.mother.size)
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
    return FAILED if status < 0 else put_response(call, &outcome)


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


cdef int _answer(EngineCore* core, Call* call, int method, const void* data, size_t size) noexcept nogil:
    if not 1 <= method <= METHOD_MAX:
        return fail(call.failure, ERROR_REASON_INTERNAL, "", "unknown method")
    if read_question(method, data, size, &call.question, call.failure) < 0:
        return FAILED
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


cdef int answer_into(void* pool, int method, const void* data, size_t size, const GrantMasks* grant, int64_t clock_ms,
                     Buffer* out, Failure* failure) noexcept nogil:
    cdef EngineCore* core = <EngineCore*>pool
    cdef Call* call = _take_call(core)
    cdef int status
    if call == NULL:
        return fail(failure, ERROR_REASON_INTERNAL, "", "out of memory")
    call_begin(call, core.store, grant, clock_ms, out, failure)
    status = _answer(core, call, method, data, size)
    _return_call(core, call)
    return status


# ---- for Python ----

cdef object _error(const Failure* failure):
    """The exception that a failure is."""
    field = failure.field.decode()
    rule = failure.rule.decode()
    if failure.reason == ERROR_REASON_DOSSIER_DAMAGED:
        return GenerationDamaged(field, rule) if failure.entity == NO_ENTITY else DossierDamaged(failure.entity, rule)
    if failure.reason == ERROR_REASON_INTERNAL:
        return MemoryError(rule) if rule == "out of memory" else RuntimeError(rule)
    wanted = failure.generation[:failure.generation_length].decode("utf-8",
                                                                   "replace") if failure.generation_length else None
    return QuestionError(failure.reason, field, rule, generation_id=wanted)


cdef list _shown(const Call* call):
    cdef const ShownEntry* entry = shown_entries(call)
    cdef size_t i
    return [Shown(PyBytes_FromStringAndSize(<const char*>entry[i].subject_id, 16), entry[i].level, entry[i].kind,
                  entry[i].how, entry[i].flags, entry[i].row, entry[i].register, entry[i].sections)
            for i in range(shown_count(call))]


cdef class Engine:
    def __cinit__(self, Generation generation not None):
        cdef EngineCore* core = <EngineCore*>calloc(1, sizeof(EngineCore))
        if core == NULL:
            raise MemoryError
        self.pool = core
        self.generation = generation
        self.store = generation.store
        core.store = generation.store
        pthread_mutex_init(&core.lock, NULL)
        _describe_generation(generation, core)

    def __dealloc__(self):
        cdef EngineCore* core = <EngineCore*>self.pool
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

    @property
    def generation_id(self):
        return self.generation.generation_id

    def answer(self, int method, bytes request not None, Grant caller not None, int64_t clock_ms):
        cdef Buffer out
        cdef Failure failure
        cdef const char* data = PyBytes_AS_STRING(request)
        cdef size_t size = PyBytes_GET_SIZE(request)
        cdef int status
        buffer_init(&out)
        try:
            with nogil:
                status = answer_into(self.pool, method, data, size, &caller.masks, clock_ms, &out, &failure)
            if status < 0:
                raise _error(&failure)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size)
        finally:
            buffer_free(&out)

    def answer_shown(self, int method, bytes request not None, Grant caller not None, int64_t clock_ms):
        cdef EngineCore* core = <EngineCore*>self.pool
        cdef Buffer out
        cdef Failure failure
        cdef Call* call = _take_call(core)
        if call == NULL:
            raise MemoryError
        buffer_init(&out)
        try:
            call_begin(call, core.store, &caller.masks, clock_ms, &out, &failure)
            if _answer(core, call, method, PyBytes_AS_STRING(request), PyBytes_GET_SIZE(request)) < 0:
                raise _error(&failure)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size), _shown(call)
        finally:
            _return_call(core, call)
            buffer_free(&out)

    def answer_many(self, int method, list requests not None, Grant caller not None, int64_t clock_ms):
        cdef size_t n = len(requests), i
        cdef const char** data = <const char**>calloc(n + 1, sizeof(char*))
        cdef size_t* sizes = <size_t*>calloc(n + 1, sizeof(size_t))
        cdef Buffer out
        cdef Failure failure
        cdef long long started = 0, total = 0
        cdef int status = OK
        cdef bytes request
        buffer_init(&out)
        try:
            if data == NULL or sizes == NULL:
                raise MemoryError
            for i in range(n):
                request = requests[i]
                data[i] = PyBytes_AS_STRING(request)
                sizes[i] = PyBytes_GET_SIZE(request)
            with nogil:
                started = ronda_nanoseconds()
                for i in range(n):
                    status = answer_into(self.pool, method, data[i], sizes[i], &caller.masks, clock_ms, &out, &failure)
                    if status < 0:
                        break
                    total += out.size
                started = ronda_nanoseconds() - started
            if status < 0:
                raise _error(&failure)
            return total, started
        finally:
            buffer_free(&out)
            free(data)
            free(sizes)

    def clearance(self, bytes first_request not None, Grant caller not None, int64_t clock_ms):
        cdef Opening opening
        cdef Failure failure
        failure.generation_length = 0
        if open_clearance(PyBytes_AS_STRING(first_request), PyBytes_GET_SIZE(first_request), &opening, &failure) < 0:
            raise _error(&failure)
        if opening.generation.size:
            wanted = opening.generation.data[:opening.generation.size].decode()
            if wanted != self.generation.generation_id:
                raise QuestionError(ERROR_REASON_GENERATION_GONE, "generation_id", "another generation answers",
                                    generation_id=wanted)
        return _make_clearance(self, caller, opening.standard, opening.has_rows)


cdef class Clearance:
    cdef Engine engine
    cdef Grant caller
    cdef readonly int standard
    cdef readonly bint first_has_rows

    def __init__(self):
        raise TypeError("Engine.clearance opens one")

    def answer(self, bytes batch not None, int64_t clock_ms):
        cdef EngineCore* core = <EngineCore*>self.engine.pool
        cdef Buffer out
        cdef Failure failure
        cdef const char* data = PyBytes_AS_STRING(batch)
        cdef size_t size = PyBytes_GET_SIZE(batch)
        cdef int status
        cdef Call* call
        buffer_init(&out)
        try:
            with nogil:
                call = _take_call(core)
                if call == NULL:
                    status = fail(&failure, ERROR_REASON_INTERNAL, "", "out of memory")
                else:
                    call_begin(call, core.store, &self.caller.masks, clock_ms, &out, &failure)
                    status = clear_batch(call, self.standard, data, size)
                    _return_call(core, call)
            if status < 0:
                raise _error(&failure)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size)
        finally:
            buffer_free(&out)


    def answer_shown(self, bytes batch not None, int64_t clock_ms):
        cdef EngineCore* core = <EngineCore*>self.engine.pool
        cdef Buffer out
        cdef Failure failure
        cdef Call* call = _take_call(core)
        if call == NULL:
            raise MemoryError
        buffer_init(&out)
        try:
            call_begin(call, core.store, &self.caller.masks, clock_ms, &out, &failure)
            if clear_batch(call, self.standard, PyBytes_AS_STRING(batch), PyBytes_GET_SIZE(batch)) < 0:
                raise _error(&failure)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size), _shown(call)
        finally:
            _return_call(core, call)
            buffer_free(&out)


cdef Clearance _make_clearance(Engine engine, Grant caller, int standard, bint first_has_rows):
    cdef Clearance clearance = Clearance.__new__(Clearance)
    clearance.engine = engine
    clearance.caller = caller
    clearance.standard = standard
    clearance.first_has_rows = first_has_rows
    return clearance


cdef int _describe_generation(Generation generation, EngineCore* core) except -1:
    """Encodes what ListRegisters and GetGeneration say of the manifest alone."""
    cdef Buffer* out
    cdef size_t mark
    manifest = generation.manifest
    for entry in manifest["registers"]:
        ordinal = entry["ordinal"]
        if not 0 <= ordinal < MAX_REGISTERS:
            raise GenerationDamaged("MANIFEST.json", "a register's ordinal is out of range")
        out = &core.registers[<int>ordinal]
        _put_text(out, F_Register_owner, entry.get("owner") or "")
        packed = bytes(sorted(entry.get("sections") or ()))
        put_packed_bytes(out, F_Register_sections, <const uint8_t*>PyBytes_AS_STRING(packed), len(packed))
        put_int_if(out, F_Register_stale_after_seconds, entry.get("stale_after_s") or 0)
        put_int_if(out, F_Register_rows_read, entry.get("rows_read") or 0)
        _put_text(out, F_Register_carried_reason, entry.get("carried_reason") or "")
        if out.failed:
            raise MemoryError
    out = &core.generation
    _put_text(out, F_GetGenerationResponse_generation_id, generation.generation_id)
    mark = begin_message(out, F_GetGenerationResponse_built_at, 1)
    put_int_if(out, 1, manifest["built_at_ms"] // 1000)
    put_int_if(out, 2, manifest["built_at_ms"] % 1000 * 1000000)
    end_message(out, mark, 1)
    put_int_if(out, F_GetGenerationResponse_format_version, manifest["format_version"])
    put_int_if(out, F_GetGenerationResponse_persons, manifest["persons"])
    put_int_if(out, F_GetGenerationResponse_vehicles, manifest["vehicles"])
    put_int_if(out, F_GetGenerationResponse_size_kib, sum(file["bytes"] for file in manifest["files"].values()) // 1024)
    if out.failed:
        raise MemoryError
    return 0


cdef int _put_text(Buffer* out, uint32_t number, str text) except -1:
    cdef bytes encoded = text.encode()
    put_bytes_if(out, number, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded))
    return 0
