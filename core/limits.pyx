"""Limits and signs of misuse, shared by all workers: one mapped file of counters, without the GIL and without locks."""

import os
from pathlib import Path

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport UINT64_MAX
from libc.stdlib cimport calloc, free

from core.atomics cimport ronda_load, ronda_store, ronda_swap
from core.caller cimport (Caller, GRANT_GIVEN, LOOK_ENUMERATION, LOOK_OFF_HOURS, LOOK_REPEATED, LOOK_RETRY, LimitRule,
                          PURPOSE_SLOTS)
from core.failure cimport FAILED, OK, fail
from core.neighbours cimport RING, NumberRing, mark_number, meet_number, neighbour_number
from core.prefetch cimport prefetch_to_write
from core.siphash cimport ronda_siphash128
from core.xxhash cimport XXH3_64bits

from core.errors import LimitExceeded, QuestionError
from core.limits_file import open_limits_file

include "contract.pxi"

cdef extern from *:
    """
    #include <errno.h>
    #include <fcntl.h>
    #include <sys/mman.h>
    #include <sys/stat.h>
    #include <unistd.h>
    static void *ronda_map_shared(int fd, size_t size) {
        void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return at == MAP_FAILED ? NULL : at;
    }
    """
    void* ronda_map_shared(int fd, size_t size)
    int munmap(void* at, size_t size)

cdef enum:
    HEADER_BYTES = 4096
    WAYS = 4                     # slots of a set
    SPENDERS = 1 << 14           # slots: devices and officers active at once, 2 MiB
    REPEATS = 1 << 18            # 4 MiB
    COUNTED = 1 << 20            # request ids remembered, 32 MiB
    FREE_RETRIES = 32            # of one request_id; later ones are counted again
    WATCHED = 0x80               # of Counted.word: limits_watch let its answer pass
    REMEMBERED_MINUTES = 1440    # an off-line replay comes within a day

cdef uint64_t DAY_US = 86400000000ULL

# Spender.paid: one GCRA clock a rule
cdef enum:
    PAID_RATE = 0
    PAID_DAY = 1
    PAID_ROWS = 2
    PAID_NEAR = 3

cdef struct Header:                 # written by core/limits_file.py
    uint64_t magic
    uint64_t spenders
    uint64_t repeats
    uint64_t counted
    uint64_t key[2]              # random, of this file's fingerprints
    int64_t base_us              # added to the machine's monotonic clock: UTC when this boot's first process opened it
    uint64_t boot                # of which boot that is

cdef struct Spender:             # 128 bytes: two cache lines, shared with nobody
    uint64_t key
    uint64_t paid[4]             # GCRA's theoretical arrival time, microseconds UTC; at most now = whole again
    NumberRing asked             # by one officer
    uint64_t reserved

cdef struct Repeat:
    uint64_t key
    uint64_t paid

cdef struct Counted:
    uint64_t key
    uint64_t fingerprint[2]      # of the request
    uint64_t word                # minute & 0xFFFFFF << 8 | WATCHED | times seen

cdef struct LimitTable:
    uint8_t* at
    size_t size
    Spender* spenders
    Repeat* repeats
    Counted* counted
    uint64_t key[2]
    int64_t base_us


# ---- GCRA ----

cdef uint64_t _spend(uint64_t* paid, const LimitRule* rule, uint64_t n, uint64_t now) noexcept nogil:
    """Spends `n` look-ups: 0, or the microseconds to wait and nothing spent."""
    cdef uint64_t old, base, fresh
    if rule.interval_us == 0:
        return 0
    while True:
        old = ronda_load(paid)
        base = old if old > now else now
        if base > now + max(rule.burst_us, 2 * DAY_US):  # the clock went back: no allowance is that far ahead
            base = now
        fresh = base + n * rule.interval_us
        if fresh > now + rule.burst_us:
            return fresh - rule.burst_us - now
        if ronda_swap(paid, old, fresh):
            return 0


cdef inline uint64_t _mixed(uint64_t a, uint64_t b) noexcept nogil:
    cdef uint64_t pair[2]
    pair[0] = a
    pair[1] = b
    return XXH3_64bits(pair, sizeof(pair)) | 1  # 0 marks an empty slot


# ---- slots ----

cdef Spender* _spender(LimitTable* table, uint64_t identity) noexcept nogil:
    """The slot of a device or officer, made where need be."""
    cdef uint64_t key = identity | 1
    cdef Spender* set = &table.spenders[(key >> 7) % (SPENDERS // WAYS) * WAYS]
    cdef Spender* oldest
    cdef uint64_t held, paid, least
    cdef int i, k
    while True:
        oldest = NULL
        least = UINT64_MAX
        for i in range(WAYS):
            held = ronda_load(&set[i].key)
            if held == key:
                return &set[i]
            paid = 0
            if held:
                for k in range(4):
                    paid = max(paid, ronda_load(&set[i].paid[k]))
            if paid < least:
                least = paid
                oldest = &set[i]
        held = ronda_load(&oldest.key)
        if ronda_swap(&oldest.key, held, key):
            for k in range(4):
                ronda_store(&oldest.paid[k], 0)
            for k in range(RING):
                ronda_store(&oldest.asked.numbers[k], 0)
            return oldest


cdef inline Repeat* _repeat_set(const LimitTable* table, uint64_t key) noexcept nogil:
    return &table.repeats[(key >> 7) % (REPEATS // WAYS) * WAYS]


cdef Repeat* _repeat(LimitTable* table, uint64_t key) noexcept nogil:
    cdef Repeat* set = _repeat_set(table, key)
    cdef Repeat* oldest
    cdef uint64_t held, paid, least
    cdef int i
    while True:
        oldest = NULL
        least = UINT64_MAX
        for i in range(WAYS):
            held = ronda_load(&set[i].key)
            if held == key:
                return &set[i]
            paid = ronda_load(&set[i].paid) if held else 0
            if paid < least:
                least = paid
                oldest = &set[i]
        held = ronda_load(&oldest.key)
        if ronda_swap(&oldest.key, held, key):
            ronda_store(&oldest.paid, 0)
            return oldest


cdef inline Counted* _counted_set(const LimitTable* table, uint64_t key) noexcept nogil:
    return &table.counted[(key >> 7) % (COUNTED // WAYS) * WAYS]


cdef Counted* _counted(LimitTable* table, uint64_t key, bint* found, uint64_t minute) noexcept nogil:
    """The slot of a request_id; else the one that may be written over, `found` False."""
    cdef Counted* set = _counted_set(table, key)
    cdef Counted* oldest = &set[0]
    cdef uint64_t age, most = 0
    cdef int i
    found[0] = False
    for i in range(WAYS):
        if ronda_load(&set[i].key) == key:
            found[0] = True
            return &set[i]
        age = (minute - ((ronda_load(&set[i].word) >> 8) & 0xFFFFFF)) & 0xFFFFFF
        if not ronda_load(&set[i].key):
            age = UINT64_MAX
        if age >= most:
            most = age
            oldest = &set[i]
    return oldest


# ---- retries ----

cdef inline uint64_t _request_key(const Session* session, const void* request_id, size_t size) noexcept nogil:
    """Of one request_id from one device and officer."""
    return _mixed(_mixed(session.officer, session.device), XXH3_64bits(request_id, size))


cdef inline void _fingerprint(const LimitTable* table, const Session* session, const PurposeGrant* given, int method,
                              const void* request, size_t size, uint64_t* fingerprint) noexcept nogil:
    """128 bits, keyed: method, purpose (a batch of Clear does not say it), device, officer, and every byte of the request,
    its context included. asked_at is as it was too: a retry is the very request sent again."""
    cdef uint64_t head[3]
    head[0] = <uint64_t>method << 32 | <uint64_t>(given - &session.grants[0])
    head[1] = session.device
    head[2] = session.officer
    ronda_siphash128(table.key, head, 3, request, size, fingerprint)


cdef int _seen(LimitTable* table, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil:
    """1: a retry that is free; 0: to be counted; -1: this id was used for another question."""
    cdef bint found
    cdef Counted* slot = _counted(table, key, &found, minute)
    cdef uint64_t word = ronda_load(&slot.word)
    cdef uint64_t times = word & (WATCHED - 1)
    if not found or ((minute - ((word >> 8) & 0xFFFFFF)) & 0xFFFFFF) > REMEMBERED_MINUTES:
        return 0
    if ronda_load(&slot.fingerprint[0]) != fingerprint[0] or ronda_load(&slot.fingerprint[1]) != fingerprint[1]:
        return -1
    if times >= FREE_RETRIES:
        return 0
    ronda_swap(&slot.word, word, word + 1)  # lost to another worker: one retry more is free
    return 1


cdef void _remember(LimitTable* table, uint64_t key, const uint64_t* fingerprint, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(table, key, &found, minute)
    ronda_store(&slot.key, 0)  # nobody reads another question's word under this key
    ronda_store(&slot.fingerprint[0], fingerprint[0])
    ronda_store(&slot.fingerprint[1], fingerprint[1])
    ronda_store(&slot.word, (minute & 0xFFFFFF) << 8 | 1)
    ronda_store(&slot.key, key)


cdef bint _was_watched(LimitTable* table, uint64_t key, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(table, key, &found, minute)
    return found and ronda_load(&slot.word) & WATCHED != 0


cdef void _set_watched(LimitTable* table, uint64_t key, uint64_t minute) noexcept nogil:
    cdef bint found
    cdef Counted* slot = _counted(table, key, &found, minute)
    cdef uint64_t word
    if found:
        word = ronda_load(&slot.word)
        ronda_swap(&slot.word, word, word | WATCHED)  # lost to another worker: the next retry is watched again


# ---- what the engine calls ----

cdef uint64_t limits_now(const Session* session, int64_t monotonic_ns) noexcept nogil:
    cdef const LimitTable* table = <const LimitTable*>session.limits
    return <uint64_t>(table.base_us + monotonic_ns // 1000) if table != NULL else 0


cdef int _exceeded(LimitVerdict* verdict, Failure* failure, const char* limit, uint64_t wait_us) noexcept nogil:
    verdict.limit = limit
    verdict.retry_after_ms = <uint32_t>min(wait_us // 1000 + 1, 86400000ULL)
    return fail(failure, ERROR_REASON_LIMIT_EXCEEDED, "", limit)


cdef int _hour(int64_t clock_ms) noexcept nogil:
    """Of the day in Guatemala, UTC-6 all the year."""
    return <int>((clock_ms // 3600000 + 18) % 24)


cdef int _check_hours(const PurposeGrant* given, int64_t clock_ms, LimitVerdict* verdict,
                      Failure* failure) noexcept nogil:
    cdef int hour = _hour(clock_ms), ahead = 1
    if (given.hours >> hour) & 1:
        return OK
    verdict.flags |= LOOK_OFF_HOURS
    if not given.hours_refused:
        return OK
    while ahead < 24 and not (given.hours >> ((hour + ahead) % 24)) & 1:
        ahead += 1
    return _exceeded(verdict, failure, "hours", <uint64_t>(ahead * 3600000 - clock_ms % 3600000) * 1000)


cdef int limits_take(const Session* session, const PurposeGrant* given, int method, const void* request_id,
                     size_t request_id_size, const void* request, size_t request_size, int64_t clock_ms,
                     uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    cdef uint64_t minute = now // 60000000
    cdef uint64_t key = 0, wait
    cdef uint64_t fingerprint[2]
    cdef Spender* officer
    cdef int seen
    verdict.limit = NULL
    verdict.retry_after_ms = 0
    verdict.flags = 0
    if table == NULL:
        return OK
    if _check_hours(given, clock_ms, verdict, failure) < 0:
        return FAILED
    if request_id_size:
        key = _request_key(session, request_id, request_id_size)
        prefetch_to_write(_counted_set(table, key))  # 32 MiB at random: the memory is as slow as all of the rest
        prefetch_to_write(_counted_set(table, key) + 2)  # its other cache line
        _fingerprint(table, session, given, method, request, request_size, fingerprint)
        seen = _seen(table, key, fingerprint, minute)
        if seen < 0:
            return fail(failure, ERROR_REASON_FIELD_INVALID, "context.request_id", "was used for another question")
        if seen:
            verdict.flags |= LOOK_RETRY
            return OK
    officer = _spender(table, given.officer_bucket)
    wait = _spend(&officer.paid[PAID_RATE], &given.officer, 1, now)
    if wait:
        return _exceeded(verdict, failure, "officer", wait)
    wait = _spend(&officer.paid[PAID_DAY], &given.officer_day, 1, now)
    if wait:
        return _exceeded(verdict, failure, "officer_day", wait)
    if given.device.interval_us:
        wait = _spend(&_spender(table, given.device_bucket).paid[PAID_RATE], &given.device, 1, now)
        if wait:
            return _exceeded(verdict, failure, "device", wait)
    if request_id_size:
        _remember(table, key, fingerprint, minute)
    return OK


cdef int limits_watch(const Session* session, const PurposeGrant* given, const void* asked_key, size_t asked_key_size,
                      const void* request_id, size_t request_id_size, uint64_t now, LimitVerdict* verdict,
                      Failure* failure) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    cdef uint64_t minute = now // 60000000
    cdef uint64_t key = 0, repeated = 0, number, wait
    cdef Spender* officer
    if table == NULL or asked_key_size == 0:
        return OK
    if request_id_size:
        key = _request_key(session, request_id, request_id_size)
        if verdict.flags & LOOK_RETRY and _was_watched(table, key, minute):
            return OK            # the retry of an answer that was given; of a refusal it is looked at like the first
    if given.repeats.interval_us:
        repeated = _mixed(given.officer_bucket, XXH3_64bits(asked_key, asked_key_size))
        prefetch_to_write(_repeat_set(table, repeated))
    if given.neighbours.interval_us:
        number = neighbour_number(<const uint8_t*>asked_key, asked_key_size)
        if number:
            officer = _spender(table, given.officer_bucket)
            if meet_number(&officer.asked, number):
                wait = _spend(&officer.paid[PAID_NEAR], &given.neighbours, 1, now)
                if wait:
                    verdict.flags |= LOOK_ENUMERATION
                    if given.neighbours_refused:
                        mark_number(&officer.asked, number, True)
                        return _exceeded(verdict, failure, "neighbours", wait)
                mark_number(&officer.asked, number, False)
    if given.repeats.interval_us:
        wait = _spend(&_repeat(table, repeated).paid, &given.repeats, 1, now)
        if wait:
            verdict.flags |= LOOK_REPEATED
            if given.repeats_refused:
                return _exceeded(verdict, failure, "repeats", wait)
    if request_id_size:
        _set_watched(table, key, minute)
    return OK


cdef int limits_take_rows(const Session* session, const PurposeGrant* given, uint32_t rows, const void* request_id,
                          size_t request_id_size, const void* batch, size_t batch_size, int64_t clock_ms,
                          uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    cdef uint64_t minute = now // 60000000
    cdef uint64_t key = 0, wait
    cdef uint64_t fingerprint[2]
    verdict.limit = NULL
    verdict.retry_after_ms = 0
    verdict.flags = 0
    if table == NULL:
        return OK
    if _check_hours(given, clock_ms, verdict, failure) < 0:
        return FAILED
    if request_id_size:
        _fingerprint(table, session, given, 0, batch, batch_size, fingerprint)
        key = _mixed(_request_key(session, request_id, request_id_size), fingerprint[0])
        if _seen(table, key, fingerprint, minute) > 0:
            verdict.flags |= LOOK_RETRY
            return OK
    if given.rows.interval_us:
        wait = _spend(&_spender(table, given.device_bucket).paid[PAID_ROWS], &given.rows, rows, now)
        if wait:
            return _exceeded(verdict, failure, "rows", wait)
    if request_id_size:
        _remember(table, key, fingerprint, minute)
    return OK


# ---- for Python ----

cdef size_t _file_size() noexcept:
    return HEADER_BYTES + SPENDERS * sizeof(Spender) + REPEATS * sizeof(Repeat) + COUNTED * sizeof(Counted)


cdef class Limits:
    def __cinit__(self):
        self.table = calloc(1, sizeof(LimitTable))
        if self.table == NULL:
            raise MemoryError

    def __init__(self, path not None):
        cdef size_t size = _file_size()
        cdef Header* header
        cdef LimitTable* table = <LimitTable*>self.table
        cdef uint8_t* at
        if table.at != NULL:
            raise ValueError("opened before")
        fd = open_limits_file(Path(path), size, (SPENDERS, REPEATS, COUNTED))
        try:
            at = <uint8_t*>ronda_map_shared(fd, size)
        finally:
            os.close(fd)
        if at == NULL:
            raise MemoryError
        table.at = at
        table.size = size
        header = <Header*>at
        table.key[0] = header.key[0]
        table.key[1] = header.key[1]
        table.base_us = header.base_us
        table.spenders = <Spender*>(at + HEADER_BYTES)
        table.repeats = <Repeat*>(at + HEADER_BYTES + SPENDERS * sizeof(Spender))
        table.counted = <Counted*>(at + HEADER_BYTES + SPENDERS * sizeof(Spender) + REPEATS * sizeof(Repeat))

    def __dealloc__(self):
        cdef LimitTable* table = <LimitTable*>self.table
        if table != NULL and table.at != NULL:
            munmap(table.at, table.size)
        free(table)

    def take(self, Caller caller not None, int purpose, int method, bytes request_id not None, bytes request not None,
             int64_t clock_ms, bytes asked_key=b""):
        cdef LimitVerdict verdict
        cdef Failure failure
        cdef const PurposeGrant* given = _given(caller, purpose)
        cdef int status
        status = limits_take(&caller.session, given, method, PyBytes_AS_STRING(request_id), PyBytes_GET_SIZE(request_id),
                             PyBytes_AS_STRING(request), PyBytes_GET_SIZE(request), clock_ms, <uint64_t>clock_ms * 1000,
                             &verdict, &failure)
        if status == OK:
            status = limits_watch(&caller.session, given, PyBytes_AS_STRING(asked_key), PyBytes_GET_SIZE(asked_key),
                                  PyBytes_AS_STRING(request_id), PyBytes_GET_SIZE(request_id),
                                  <uint64_t>clock_ms * 1000, &verdict, &failure)
        if status < 0:
            raise limit_error(&verdict, &failure)
        return verdict.flags

    def take_rows(self, Caller caller not None, int purpose, uint32_t rows, bytes request_id not None,
                  bytes batch not None, int64_t clock_ms):
        cdef LimitVerdict verdict
        cdef Failure failure
        if limits_take_rows(&caller.session, _given(caller, purpose), rows, PyBytes_AS_STRING(request_id),
                            PyBytes_GET_SIZE(request_id), PyBytes_AS_STRING(batch), PyBytes_GET_SIZE(batch), clock_ms,
                            <uint64_t>clock_ms * 1000, &verdict, &failure) < 0:
            raise limit_error(&verdict, &failure)
        return verdict.flags


cdef const PurposeGrant* _given(Caller caller, int purpose) except NULL:
    if not 0 <= purpose < PURPOSE_SLOTS or caller.session.grants[purpose].state != GRANT_GIVEN:
        raise ValueError("nothing was given for this purpose")
    return &caller.session.grants[purpose]


cdef object limit_error(const LimitVerdict* verdict, const Failure* failure):
    if failure.reason == ERROR_REASON_LIMIT_EXCEEDED:
        return LimitExceeded(verdict.limit.decode(), verdict.retry_after_ms)
    return QuestionError(failure.reason, failure.field.decode(), failure.rule.decode())
