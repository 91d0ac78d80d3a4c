"""The function that answers: every service method, from one generation, without the GIL."""

import os
from enum import IntEnum
from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from core.access.caller cimport Caller, caller_enter
from core.access.grant cimport Grant, GrantMasks
from core.access.limits cimport limit_error, limit_is_spent
from core.access.session cimport CALLER_RETIRED, CLEAR_METHOD, GRANT_NEEDED, PurposeGrant
from core.audit.log cimport AuditLog
from core.audit.record cimport AskerText
from core.call.confirmations cimport Confirmations
from core.call.memory cimport Call
from core.call.page_token cimport page_mark
from core.call.question cimport (
    METHOD_CHECK, METHOD_CHECK_PERSON, METHOD_CHECK_VEHICLE, METHOD_GET_GENERATION, METHOD_LIST_RECORDS,
    METHOD_LIST_REGISTERS, METHOD_SEARCH_PERSONS, METHOD_SEARCH_VEHICLES, Question,
)
from core.clearance.judging cimport Opening, open_clearance
from core.contract.error cimport ERROR_REASON_AUDIT_UNAVAILABLE, ERROR_REASON_DOSSIER_DAMAGED, ERROR_REASON_INTERNAL
from core.contract.register_service_fields cimport *
from core.engine.admission cimport Account, account_init, account_refuse
from core.engine.dispatch cimport (
    PUT_OFF, Asker, Ending, EngineCore, PastAnswer, answer_call, clear_call, engine_core_free, engine_core_new, return_call,
    inherit_calls, take_call,
)
from core.failure cimport FAILED, OK, Failure, fail, failure_init
from core.generation.dossier cimport NO_ENTITY
from core.generation.store cimport MAX_REGISTERS, store_sequence
from core.subject.shown cimport ShownEntry, shown_count, shown_entries
from core.wire cimport (
    Buffer, begin_message, buffer_free, buffer_init, end_message, put_bytes_if, put_int_if, put_packed_bytes,
)

from core.errors import (
    AuditUnavailable, CallerRetired, DossierDamaged, GenerationDamaged, GenerationNeeded, GrantNeeded, QuestionError,
    TimeNeeded,
)


cdef extern from *:
    """
    #include <time.h>
    static inline long long ronda_nanoseconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    """
    long long ronda_nanoseconds() noexcept nogil


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


_OWN_PAGE_KEY = os.urandom(sizeof(uint64_t[2]))  # of an engine that is given none: its tokens are of this process

METHODS = {"".join(word.capitalize() for word in method.name.split("_")): method for method in Method}


cdef object call_error(int status, const Ending* ending):
    cdef const Failure* failure = &ending.failure
    if status == GRANT_NEEDED:
        return GrantNeeded(ending.purpose)
    if status == CALLER_RETIRED:
        return CallerRetired(ending.purpose)
    if status == PUT_OFF:
        return TimeNeeded(ending.verdict.flags)
    if limit_is_spent(failure):
        return limit_error(&ending.verdict, failure)
    if failure.reason == ERROR_REASON_AUDIT_UNAVAILABLE:
        return AuditUnavailable()
    field = failure.field.decode()
    rule = failure.rule.decode()
    if failure.count:
        rule = f"{rule}: {failure.count}"
    if failure.reason == ERROR_REASON_DOSSIER_DAMAGED:
        return GenerationDamaged(field, rule) if failure.entity == NO_ENTITY else DossierDamaged(failure.entity, rule)
    if failure.reason == ERROR_REASON_INTERNAL:
        return MemoryError(rule) if rule == "out of memory" else RuntimeError(rule)
    if failure.generation_length:
        wanted = failure.generation[:failure.generation_length].decode("utf-8", "replace")
        return GenerationNeeded(wanted, field, ending.verdict.flags)
    return QuestionError(failure.reason, field, rule, count=failure.count)


cdef int _asker(object caller, AuditLog audit, Asker* asker) except -1:
    """Fills in the caller's data for compiled code: borrowed from `caller` and `audit`."""
    asker.session = NULL
    asker.grant = NULL
    asker.audit = NULL if audit is None else audit.core
    asker.quick = False
    asker.serving = NULL
    asker.confirmations = NULL
    asker.past = NULL
    asker.entered = -1
    if isinstance(caller, Caller):
        asker.session = &(<Caller>caller).session
    elif isinstance(caller, Grant):
        asker.grant = &(<Grant>caller).masks
    else:
        raise TypeError("a caller is a Caller, or a Grant")
    return 0


cdef list _shown(const Call* call):
    cdef const ShownEntry* entry = shown_entries(call)
    cdef size_t i
    return [Shown(PyBytes_FromStringAndSize(<const char*>entry[i].subject_id, 16), entry[i].level, entry[i].kind,
                  entry[i].how, entry[i].flags, entry[i].row, entry[i].register, entry[i].sections)
            for i in range(shown_count(call))]


cdef int _answer_once(EngineCore* core, int method, const void* data, size_t size, const Asker* asker,
                      int64_t clock_ms, Buffer* out, Ending* ending) noexcept nogil:
    """Answers with a working memory of its own."""
    cdef Call* call = take_call(core)
    cdef int status
    if call == NULL:
        failure_init(&ending.failure)
        return fail(&ending.failure, ERROR_REASON_INTERNAL, "", "out of memory")
    status = answer_call(core, call, method, data, size, asker, clock_ms, out, ending)
    return_call(core, call)
    return status


cdef class Engine:
    def __cinit__(self, Generation generation not None, bytes page_key not None=_OWN_PAGE_KEY):
        if PyBytes_GET_SIZE(page_key) != sizeof(self.core.page_key):
            raise ValueError("a page key has 16 bytes")
        self.core = engine_core_new(generation.store)
        if self.core == NULL:
            raise MemoryError
        memcpy(self.core.page_key, PyBytes_AS_STRING(page_key), sizeof(self.core.page_key))
        self.core.page_mark = page_mark(self.core.page_key)
        self.generation = generation
        _describe_generation(generation, self.core)

    def __dealloc__(self):
        engine_core_free(self.core)

    @property
    def generation_id(self):
        return self.generation.generation_id

    @property
    def sequence(self):
        return store_sequence(self.core.store)

    def inherit(self, Engine older not None):
        inherit_calls(self.core, older.core)
        self.confirmations = older.confirmations

    def answer(self, int method, bytes request not None, caller not None, int64_t clock_ms, AuditLog audit=None, bint quick=False,
               int entered=-1, Engine serving=None):
        return self.answered(method, request, caller, clock_ms, audit, quick, entered, serving)[0]

    def answered(self, int method, bytes request not None, caller not None, int64_t clock_ms, AuditLog audit=None, bint quick=False,
                 int entered=-1, Engine serving=None):
        cdef Buffer out
        cdef Ending ending
        cdef Asker asker
        cdef const char* data = PyBytes_AS_STRING(request)
        cdef size_t size = PyBytes_GET_SIZE(request)
        cdef int status
        cdef Confirmations confirmations = self.confirmations  # held while the GIL is not
        _asker(caller, audit, &asker)
        if confirmations is not None:
            asker.confirmations = &confirmations.table
        asker.quick = quick
        asker.entered = entered
        if serving is not None:
            asker.serving = serving.core.store
        buffer_init(&out)
        try:
            with nogil:
                status = _answer_once(self.core, method, data, size, &asker, clock_ms, &out, &ending)
            if status != OK:
                raise call_error(status, &ending)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size), ending.level
        finally:
            buffer_free(&out)

    def answer_again(self, int method, bytes request not None, int64_t clock_ms, bytes asker not None,
                     bytes answer_id not None, bint superseded=False, int standard=0,
                     bint clock_doubtful=False):
        cdef Buffer out
        cdef Ending ending
        cdef AskerText text
        cdef PastAnswer past
        cdef Asker now
        cdef Grant grant = Grant.__new__(Grant)
        cdef Question opening
        cdef Call* call
        cdef const char* data = PyBytes_AS_STRING(request)
        cdef size_t size = PyBytes_GET_SIZE(request)
        cdef int status
        if PyBytes_GET_SIZE(asker) != sizeof(AskerText) or PyBytes_GET_SIZE(answer_id) != 16:
            raise ValueError("an asker's text has 72 bytes, an answer id 16")
        memcpy(&text, PyBytes_AS_STRING(asker), sizeof(AskerText))
        memcpy(&grant.masks, text.masks, sizeof(GrantMasks))
        past.asker = &text
        past.answer_id = <const uint8_t*>PyBytes_AS_STRING(answer_id)
        past.superseded = superseded
        past.clock_doubtful = clock_doubtful
        _asker(grant, None, &now)
        now.past = &past
        memset(&opening, 0, sizeof(Question))
        call = take_call(self.core)
        if call == NULL:
            raise MemoryError
        buffer_init(&out)
        try:
            with nogil:
                if method == CLEAR_METHOD:
                    status = clear_call(self.core, call, standard, data, size, &opening, &now, clock_ms, &out, &ending)
                else:
                    status = answer_call(self.core, call, method, data, size, &now, clock_ms, &out, &ending)
            if status != OK:
                raise call_error(status, &ending)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size)
        finally:
            return_call(self.core, call)
            buffer_free(&out)

    def has_page_key_of(self, bytes asker not None):
        cdef AskerText text
        if PyBytes_GET_SIZE(asker) != sizeof(AskerText):
            raise ValueError("an asker's text has 72 bytes")
        memcpy(&text, PyBytes_AS_STRING(asker), sizeof(AskerText))
        return text.page_mark == self.core.page_mark

    def answer_shown(self, int method, bytes request not None, caller not None, int64_t clock_ms, AuditLog audit=None):
        cdef Buffer out
        cdef Ending ending
        cdef Asker asker
        cdef Call* call
        cdef int status
        _asker(caller, audit, &asker)
        call = take_call(self.core)
        if call == NULL:
            raise MemoryError
        buffer_init(&out)
        try:
            status = answer_call(self.core, call, method, PyBytes_AS_STRING(request), PyBytes_GET_SIZE(request), &asker,
                             clock_ms, &out, &ending)
            if status != OK:
                raise call_error(status, &ending)
            return PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size), _shown(call)
        finally:
            return_call(self.core, call)
            buffer_free(&out)

    def answer_many(self, int method, list requests not None, caller not None, int64_t clock_ms, AuditLog audit=None):
        cdef size_t n = len(requests), i
        cdef const char** data = <const char**>calloc(n + 1, sizeof(char*))
        cdef size_t* sizes = <size_t*>calloc(n + 1, sizeof(size_t))
        cdef Buffer out
        cdef Ending ending
        cdef Asker asker
        cdef long long started = 0, total = 0
        cdef int status = OK
        cdef bytes request
        buffer_init(&out)
        try:
            if data == NULL or sizes == NULL:
                raise MemoryError
            _asker(caller, audit, &asker)
            for i in range(n):
                request = requests[i]
                data[i] = PyBytes_AS_STRING(request)
                sizes[i] = PyBytes_GET_SIZE(request)
            with nogil:
                started = ronda_nanoseconds()
                for i in range(n):
                    status = _answer_once(self.core, method, data[i], sizes[i], &asker, clock_ms, &out, &ending)
                    if status != OK:
                        break
                    total += out.size
                started = ronda_nanoseconds() - started
            if status != OK:
                raise call_error(status, &ending)
            return total, started
        finally:
            buffer_free(&out)
            free(data)
            free(sizes)

    def clearance(self, bytes first_request not None, caller not None, int64_t clock_ms, AuditLog audit=None):
        cdef Ending ending
        cdef Asker asker
        cdef Account account
        cdef const PurposeGrant* given
        cdef Clearance clearance = Clearance.__new__(Clearance)
        cdef Question* question = &clearance.opening.question
        cdef const char* data = PyBytes_AS_STRING(first_request)
        cdef size_t size = PyBytes_GET_SIZE(first_request)
        cdef int status
        _asker(caller, audit, &asker)
        failure_init(&ending.failure)
        account_init(&account, asker.session, asker.audit, CLEAR_METHOD, clock_ms, question)
        status = open_clearance(data, size, &clearance.opening, &ending.failure)
        if status == OK and asker.session != NULL:
            status = caller_enter(asker.session, question.purpose, CLEAR_METHOD, question.case_number.size > 0,
                                  question.reason.size > 0, clock_ms, &given, &ending.failure)
        ending.purpose = question.purpose
        if status == FAILED:
            account_refuse(&account, self.core.store, data, size, &ending.failure)
        if status != OK:
            raise call_error(status, &ending)
        if clearance.opening.generation.size:
            wanted = clearance.opening.generation.data[:clearance.opening.generation.size].decode()
            if wanted != self.generation.generation_id:
                raise GenerationNeeded(wanted, "generation_id")
        clearance.engine = self
        clearance.caller = caller
        clearance.audit = audit
        clearance.first_request = first_request
        return clearance


cdef class Clearance:
    cdef Engine engine
    cdef object caller
    cdef AuditLog audit
    cdef bytes first_request     # what `opening` borrows from
    cdef Opening opening

    def __init__(self):
        raise TypeError("Engine.clearance opens one")

    def follow(self, Engine engine not None):
        if engine.generation_id != self.engine.generation_id:
            raise ValueError("another generation's engine")
        self.engine = engine

    @property
    def standard(self):
        return self.opening.standard

    @property
    def first_has_rows(self):
        return bool(self.opening.has_rows)

    def answer(self, bytes batch not None, int64_t clock_ms, caller=None):
        return self._answer(batch, clock_ms, caller)[0]

    def answer_shown(self, bytes batch not None, int64_t clock_ms, caller=None):
        return self._answer(batch, clock_ms, caller, True)

    cdef tuple _answer(self, bytes batch, int64_t clock_ms, caller, bint shown=False):
        cdef Engine engine = self.engine  # held while the GIL is not, though another is followed meanwhile
        cdef EngineCore* core = engine.core
        cdef Buffer out
        cdef Ending ending
        cdef Asker asker
        cdef const char* data = PyBytes_AS_STRING(batch)
        cdef size_t size = PyBytes_GET_SIZE(batch)
        cdef int status
        cdef Call* call
        if caller is not None:
            self.caller = caller
        caller = self.caller  # held while the GIL is not
        _asker(caller, self.audit, &asker)
        call = take_call(core)
        if call == NULL:
            raise MemoryError
        buffer_init(&out)
        try:
            with nogil:
                status = clear_call(core, call, self.opening.standard, data, size, &self.opening.question, &asker, clock_ms,
                                &out, &ending)
            if status != OK:
                raise call_error(status, &ending)
            return (PyBytes_FromStringAndSize(<char*>out.data, <Py_ssize_t>out.size), _shown(call) if shown else None)
        finally:
            return_call(core, call)
            buffer_free(&out)


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
