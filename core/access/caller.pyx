"""One validated caller and what policy gave it, looked up without the GIL."""

import time

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.access.audience cimport audience_shown
from core.access.enumeration cimport (
    FOUND_NOBODY, FOUND_SOMEBODY, FOUND_UNSAID, MANY_SUBJECTS, NEAR_OTHERS, NOBODY_AGAIN, RowAsked,
)
from core.access.gcra cimport LimitRule
from core.access.grant cimport Grant
from core.access.limits cimport (
    Asking, LimitVerdict, Limits, limit_error, limits_now, limits_take, limits_take_rows, limits_used,
    limits_watch, limits_watch_rows,
)
from core.access.neighbours cimport neighbour_code
from core.access.session cimport (
    CALLER_RETIRED, CLEAR_METHOD, GRANT_DENIED, GRANT_GIVEN, GRANT_NEEDED, GRANT_UNKNOWN, LOOK_BREAK_GLASS, LOOK_DEVELOPMENT,
    PURPOSE_SLOTS, PurposeGrant, Session,
)
from core.access.shown_persons cimport ASKS_IDENTIFIER, ASKS_LIST, PERSONS_MAX, ShownPerson
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_FORBIDDEN, ERROR_REASON_TOKEN_EXPIRED
from core.failure cimport Failure, OK, fail
from core.machine.xxhash cimport XXH3_64bits


cdef extern from *:
    """
    static inline int ronda_load_int(const int *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
    static inline void ronda_store_int(int *at, int value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
    """
    int ronda_load_int(const int32_t* at) noexcept nogil
    void ronda_store_int(int32_t* at, int32_t value) noexcept nogil

EVERY_METHOD = (1 << 64) - 1
METHOD_OF_CLEAR = CLEAR_METHOD


cdef int caller_enter(const Session* session, int32_t purpose, int method, bint has_case, bint has_reason,
                      int64_t clock_ms, const PurposeGrant** given, Failure* failure) noexcept nogil:
    cdef const PurposeGrant* grant
    cdef int state
    given[0] = NULL
    if not 0 <= purpose < PURPOSE_SLOTS:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "context.purpose", "unknown purpose")
    if ronda_load_int(&session.retired):
        return CALLER_RETIRED
    if clock_ms >= session.expires_ms:
        return fail(failure, ERROR_REASON_TOKEN_EXPIRED, "", "")
    grant = &session.grants[purpose]
    state = ronda_load_int(&grant.state)
    if state == GRANT_UNKNOWN:
        return GRANT_NEEDED
    if state != GRANT_GIVEN or not (grant.methods >> method) & 1 or clock_ms >= grant.expires_ms:
        return fail(failure, ERROR_REASON_FORBIDDEN, "", "")
    if grant.needs_case and not has_case:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "context.case_number", "this purpose needs a case number")
    if grant.needs_reason and not has_reason:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "context.reason", "this purpose needs a reason")
    given[0] = grant
    return OK


cdef int _rule(LimitRule* rule, limit) except -1:
    """A limit (count, seconds, burst) as GCRA counts it."""
    rule.interval_us = rule.burst_us = 0
    if limit is None:
        return 0
    count, seconds, burst = limit
    if count <= 0 or seconds <= 0 or burst <= 0:
        raise ValueError("a limit is a count, seconds and a burst above 0")
    interval = max(1, int(seconds * 1000000 // count))
    rule.interval_us = interval
    rule.burst_us = interval * burst
    return 0


cdef uint64_t _bucket(uint64_t who, const PurposeGrant* slot) noexcept:
    """Key of the counters of one device or officer under one allowance: equal rules are one allowance."""
    cdef uint64_t parts[2]
    parts[0] = who
    parts[1] = slot.officer_rules
    return XXH3_64bits(parts, sizeof(parts))


cdef PurposeGrant* _slot(Caller caller, int purpose) except NULL:
    if not 0 <= purpose < PURPOSE_SLOTS:
        raise ValueError("a purpose is a number from 0 to 15")
    if caller.session.grants[purpose].state != GRANT_UNKNOWN:
        raise ValueError("this purpose was decided before: a decision is never changed")
    return &caller.session.grants[purpose]


cdef const PurposeGrant* _given(Caller caller, int purpose) except NULL:
    if not 0 <= purpose < PURPOSE_SLOTS or caller.session.grants[purpose].state != GRANT_GIVEN:
        raise ValueError("nothing was given for this purpose")
    return &caller.session.grants[purpose]


cdef class Caller:
    def __init__(self, bytes identity not None, *, bytes device=b"", bytes officer=b"", bytes unit=b"",
                 int64_t expires_ms=INT64_MAX, int flags=0, Limits limits=None):
        self.identity = identity
        self.limits = limits
        self.unit = unit
        self.session.unit_name = PyBytes_AS_STRING(unit)
        self.session.unit_name_size = PyBytes_GET_SIZE(unit)
        self.session.identity = PyBytes_AS_STRING(identity)
        self.session.identity_size = PyBytes_GET_SIZE(identity)
        self.session.device = XXH3_64bits(PyBytes_AS_STRING(device), PyBytes_GET_SIZE(device))
        self.session.officer = XXH3_64bits(PyBytes_AS_STRING(officer), PyBytes_GET_SIZE(officer))
        self.session.unit = XXH3_64bits(PyBytes_AS_STRING(unit), PyBytes_GET_SIZE(unit))
        self.session.expires_ms = expires_ms
        self.session.flags = <uint16_t>flags
        self.session.limits = limits.table if limits is not None else NULL

    def give(self, int purpose, Grant grant not None, *, uint64_t methods, bint needs_case=False,
             bint needs_reason=False, bint break_glass=False, uint32_t hours=0xFFFFFF, bint hours_refused=False,
             bint repeats_refused=False, bint neighbours_refused=True, bint misses_refused=True,
             bint subjects_refused=True, expires_ms=None, officer=None, officer_day=None, device=None, rows=None,
             neighbours=None, repeats=None, misses=None, subjects=None, persons=(0, 0, 0)):
        cdef PurposeGrant* slot = _slot(self, purpose)
        _rule(&slot.officer, officer)
        _rule(&slot.officer_day, officer_day)
        _rule(&slot.device, device)
        _rule(&slot.rows, rows)
        _rule(&slot.neighbours, neighbours)
        _rule(&slot.repeats, repeats)
        _rule(&slot.misses, misses)
        _rule(&slot.subjects, subjects)
        slot.persons.listed_hour, slot.persons.listed_day, slot.persons.day = persons
        slot.officer_rules = XXH3_64bits(&slot.officer, 8 * sizeof(LimitRule))  # to subjects, one after the other
        slot.officer_bucket = _bucket(self.session.officer, slot)
        slot.device_bucket = _bucket(self.session.device, slot)
        slot.grant = grant.masks
        slot.methods = methods
        slot.needs_case = needs_case
        slot.needs_reason = needs_reason
        slot.flags = LOOK_BREAK_GLASS if break_glass else 0
        slot.hours = hours
        slot.hours_refused = hours_refused
        slot.repeats_refused = repeats_refused
        slot.refused = (NEAR_OTHERS * neighbours_refused | NOBODY_AGAIN * misses_refused
                        | MANY_SUBJECTS * subjects_refused)
        slot.expires_ms = self.session.expires_ms if expires_ms is None else expires_ms
        ronda_store_int(&slot.state, GRANT_GIVEN)

    def deny(self, int purpose):
        ronda_store_int(&_slot(self, purpose).state, GRANT_DENIED)

    def decided(self, int purpose):
        if not 0 <= purpose < PURPOSE_SLOTS:
            raise ValueError("a purpose is a number from 0 to 15")
        return self.session.grants[purpose].state != GRANT_UNKNOWN

    def retire(self):
        ronda_store_int(&self.session.retired, 1)

    @property
    def retired(self):
        return bool(ronda_load_int(&self.session.retired))

    @property
    def device_key(self):
        return self.session.device

    @property
    def officer_key(self):
        return self.session.officer

    @property
    def expires_ms(self):
        return self.session.expires_ms

    @property
    def flags(self):
        return self.session.flags

    @staticmethod
    def of_development(bytes identity not None):
        cdef Caller caller = Caller(identity=identity, flags=LOOK_DEVELOPMENT)
        for purpose in range(PURPOSE_SLOTS):
            caller.give(purpose, Grant.everything(), methods=EVERY_METHOD)
        return caller

    def take(self, int purpose, int method, bytes request_id not None, bytes request not None,
             int64_t clock_ms, bytes asked_key=b"", found=None):
        cdef LimitVerdict verdict
        cdef Failure failure
        cdef Asking asking
        cdef const PurposeGrant* given = _given(self, purpose)
        cdef int status
        status = limits_take(&self.session, given, method, PyBytes_AS_STRING(request_id), PyBytes_GET_SIZE(request_id),
                             PyBytes_AS_STRING(request), PyBytes_GET_SIZE(request), clock_ms, <uint64_t>clock_ms * 1000,
                             &verdict, &failure)
        if status == OK:
            asking.key = PyBytes_AS_STRING(asked_key)
            asking.key_size = PyBytes_GET_SIZE(asked_key)
            asking.also = NULL
            asking.n_also = 0
            asking.found = FOUND_UNSAID if found is None else FOUND_SOMEBODY if found else FOUND_NOBODY
            status = limits_watch(&self.session, given, &asking, PyBytes_AS_STRING(request_id),
                                  PyBytes_GET_SIZE(request_id), <uint64_t>clock_ms * 1000, &verdict, &failure)
        if status < 0:
            raise limit_error(&verdict, &failure)
        return verdict.flags

    def take_rows(self, int purpose, uint32_t rows, bytes request_id not None,
                  bytes batch not None, int64_t clock_ms):
        cdef LimitVerdict verdict
        cdef Failure failure
        if limits_take_rows(&self.session, _given(self, purpose), rows, PyBytes_AS_STRING(request_id),
                            PyBytes_GET_SIZE(request_id), PyBytes_AS_STRING(batch), PyBytes_GET_SIZE(batch), clock_ms,
                            <uint64_t>clock_ms * 1000, &verdict, &failure) < 0:
            raise limit_error(&verdict, &failure)
        return verdict.flags

    def take_rows_asked(self, int purpose, rows not None, int64_t clock_ms):
        cdef LimitVerdict verdict
        cdef Failure failure
        cdef RowAsked row
        verdict.flags = 0
        for key, found in rows:
            row.code = neighbour_code(key[0], <const uint8_t*>PyBytes_AS_STRING(key) + 1, PyBytes_GET_SIZE(key) - 1)
            row.found = FOUND_SOMEBODY if found else FOUND_NOBODY
            if limits_watch_rows(&self.session, _given(self, purpose), &row, 1, <uint64_t>clock_ms * 1000, &verdict,
                                 &failure) < 0:
                raise limit_error(&verdict, &failure)
        return verdict.flags

    def show(self, int purpose, subject_ids not None, clock_ms=None, *, bint listed=False, bint refuses=True):
        cdef ShownPerson persons[PERSONS_MAX]
        cdef LimitVerdict verdict
        cdef Failure failure
        cdef uint64_t now
        cdef size_t n = 0
        verdict.flags = 0
        now = limits_now(&self.session, time.monotonic_ns()) if clock_ms is None else <uint64_t>clock_ms * 1000
        for subject_id in set(subject_ids):
            if n == PERSONS_MAX:
                raise ValueError(f"at most {PERSONS_MAX} persons")
            persons[n].subject = XXH3_64bits(PyBytes_AS_STRING(subject_id), PyBytes_GET_SIZE(subject_id))
            persons[n].listed = listed
            n += 1
        if audience_shown(&self.session, _given(self, purpose), persons, n, ASKS_LIST if listed else ASKS_IDENTIFIER,
                          refuses, now, &verdict, &failure) < 0:
            raise limit_error(&verdict, &failure)

    def used(self, int purpose, int64_t clock_ms):
        return limits_used(&self.session, _given(self, purpose), <uint64_t>clock_ms * 1000)
