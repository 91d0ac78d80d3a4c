"""Limits and signs of misuse, shared by all workers: one mapped file of counters, without the GIL and without locks."""

import os
import time
from pathlib import Path

from libc.stdint cimport UINT64_MAX
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from core.access.enumeration cimport (
    CODES_MAX, FOUND_NOBODY, FOUND_UNSAID, HABITS, NEAR_OTHERS, NOBODY_AGAIN, Habit, Look, RowLook, Watch, WatchRules,
    watch_hour, watch_look, watch_row,
)
from core.access.gcra cimport gcra_spend, gcra_spent_at, gcra_time, gcra_used
from core.access.neighbours cimport ASKED_PATTERN, CODE_PATTERN, CODE_TEXT, neighbour_code
from core.access.repeats cimport REPEATS, Repeat, repeat_of, repeat_set
from core.access.retries cimport (
    COUNTED, Counted, counted_set, request_remember, request_seen, request_set_watched, request_was_watched,
)
from core.access.row_blocks cimport (
    ROW_BLOCKS, ROWS_ASKED, RowBlock, RowTables, row_guess_costs, row_passed, row_was_asked,
)
from core.access.session cimport (
    LOOK_DELEGATED, LOOK_ENUMERATION, LOOK_OFF_HOURS, LOOK_REPEATED, LOOK_RETRY, PurposeGrant, Session,
)
from core.access.shown_persons cimport PERSONS_SEEN, VIEWERS, PersonTables, Viewer, viewer_listed_now
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_LIMIT_EXCEEDED, ERROR_REASON_TOO_MANY_PERSONS
from core.failure cimport FAILED, OK, fail
from core.machine.atomics cimport ronda_load, ronda_store, ronda_swap
from core.machine.invariant cimport LAYOUT
from core.machine.prefetch cimport prefetch_to_write
from core.machine.siphash cimport ronda_siphash128
from core.machine.xxhash cimport XXH3_64bits

from core.errors import LimitExceeded, QuestionError, TooManyPersons
from core.access.limits_file import open_limits_file


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
    SPENDERS = 1 << 14           # slots: devices and officers active at once, 10 MiB

# Spender.paid: one GCRA clock a rule
cdef enum:
    PAID_RATE = 0
    PAID_DAY = 1
    PAID_ROWS = 2
    PAID_RULES = 3

cdef struct Header:                 # written by core/access/limits_file.py
    uint64_t magic
    uint64_t spenders
    uint64_t repeats
    uint64_t counted
    uint64_t key[2]              # random, of this file's fingerprints
    int64_t base_us              # added to the machine's monotonic clock: UTC when this boot's first process opened it
    uint64_t boot                # of which boot that is
    uint64_t spent_us            # made in place of one that was lost: then every allowance was spent; 0 = it was the first

cdef struct Spender:             # 640 bytes: ten cache lines, shared with nobody
    uint64_t key
    uint64_t paid[3]             # clocks of core/access/gcra.pxd
    Watch watch
    uint64_t reserved[6]

cdef struct Watched:             # an officer or device in one call
    Spender* spender             # NULL = is not watched
    uint64_t mask                # of its codes
    WatchRules rules

cdef struct LimitTable:
    uint8_t* at
    size_t size
    Spender* spenders
    Repeat* repeats
    Counted* counted
    Habit* habits
    PersonTables persons
    RowTables rows
    uint64_t key[2]
    int64_t base_us
    uint64_t spent_us            # of the header


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
                for k in range(PAID_RULES):
                    paid = max(paid, gcra_time(ronda_load(&set[i].paid[k])))
                paid = max(paid, gcra_time(ronda_load(&set[i].watch.near_paid)))
                paid = max(paid, gcra_time(ronda_load(&set[i].watch.nobody_paid)))
                paid = max(paid, gcra_time(ronda_load(&set[i].watch.subjects_paid)))
            if paid < least:
                least = paid
                oldest = &set[i]
        held = ronda_load(&oldest.key)
        if ronda_swap(&oldest.key, held, key):
            memset(oldest.paid, 0, sizeof(Spender) - sizeof(uint64_t))
            if table.spent_us:
                for k in range(PAID_RULES):
                    ronda_store(&oldest.paid[k], gcra_spent_at(table.spent_us))
                ronda_store(&oldest.watch.near_paid, gcra_spent_at(table.spent_us))
                ronda_store(&oldest.watch.nobody_paid, gcra_spent_at(table.spent_us))
                ronda_store(&oldest.watch.subjects_paid, gcra_spent_at(table.spent_us))
            return oldest


# ---- retries ----

cdef inline uint64_t _request_key(const Session* session, const void* request_id, size_t size) noexcept nogil:
    """Returns the key of one request_id from one device and officer."""
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


# ---- what the engine calls ----

cdef uint64_t limits_now(const Session* session, int64_t monotonic_ns) noexcept nogil:
    cdef const LimitTable* table = <const LimitTable*>session.limits
    return <uint64_t>(table.base_us + monotonic_ns // 1000) if table != NULL else 0


cdef int _exceeded(LimitVerdict* verdict, Failure* failure, const char* limit, uint64_t wait_us) noexcept nogil:
    verdict.limit = limit
    verdict.retry_after_ms = <uint32_t>min(wait_us // 1000 + 1, 86400000ULL)
    return fail(failure, ERROR_REASON_LIMIT_EXCEEDED, "", limit)


cdef int _hour(int64_t clock_ms) noexcept nogil:
    """Returns the hour of the day in Guatemala, UTC-6 all the year."""
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
        prefetch_to_write(counted_set(table.counted, key))  # 32 MiB at random: the memory is as slow as all of the rest
        prefetch_to_write(counted_set(table.counted, key) + 2)  # its other cache line
        _fingerprint(table, session, given, method, request, request_size, fingerprint)
        seen = request_seen(table.counted, key, fingerprint, minute)
        if seen < 0:
            return fail(failure, ERROR_REASON_FIELD_INVALID, "context.request_id", "was used for another question")
        if seen:
            verdict.flags |= LOOK_RETRY
            return OK
    officer = _spender(table, given.officer_bucket)
    wait = gcra_spend(&officer.paid[PAID_RATE], &given.officer, 1, now)
    if wait:
        return _exceeded(verdict, failure, "officer", wait)
    wait = gcra_spend(&officer.paid[PAID_DAY], &given.officer_day, 1, now)
    if wait:
        return _exceeded(verdict, failure, "officer_day", wait)
    if given.device.interval_us:
        wait = gcra_spend(&_spender(table, given.device_bucket).paid[PAID_RATE], &given.device, 1, now)
        if wait:
            return _exceeded(verdict, failure, "device", wait)
    if request_id_size:
        request_remember(table.counted, key, fingerprint, minute)
    return OK


cdef inline const char* _bound(int passed) noexcept nogil:
    return "neighbours" if passed & NEAR_OTHERS else "misses" if passed & NOBODY_AGAIN else "subjects"


cdef void _watched(const Session* session, const PurposeGrant* given, bint rows, Watched* officer,
                   Watched* device) noexcept nogil:
    """Officer and device: the device, which many tokens may use in turn, has room for two. A gateway's officers have nothing
    in common: its own `spender` is NULL."""
    cdef LimitTable* table = <LimitTable*>session.limits
    officer.spender = _spender(table, given.officer_bucket)
    officer.mask = _mixed(table.key[0], officer.spender.key) & CODE_TEXT
    officer.rules.near = given.neighbours
    officer.rules.nobody = given.misses
    officer.rules.subjects = given.subjects
    officer.rules.refused = given.refused
    device.spender = NULL
    if session.flags & LOOK_DELEGATED and not rows:
        return
    device.spender = _spender(table, given.device_bucket)
    device.mask = _mixed(table.key[0], device.spender.key) & CODE_TEXT
    device.rules = officer.rules
    device.rules.near.burst_us *= 2
    device.rules.nobody.burst_us *= 2
    device.rules.subjects.interval_us = 0


cdef int _judge(const Watched* watched, int passed, uint64_t wait, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    """Marked, or FAILED."""
    if not passed:
        return OK
    verdict.flags |= LOOK_ENUMERATION
    if passed & watched.rules.refused:
        return _exceeded(verdict, failure, _bound(passed & watched.rules.refused), wait)
    return OK


cdef int _watch(Watched* watched, const Look* look, uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef uint64_t wait
    cdef int passed
    if watched.spender == NULL:
        return OK
    passed = watch_look(&watched.spender.watch, watched.mask, &watched.rules, look, now, &wait)
    return _judge(watched, passed, wait, verdict, failure)


cdef int _watch_row(Watched* watched, const RowLook* row, uint64_t now, LimitVerdict* verdict,
                    Failure* failure) noexcept nogil:
    cdef uint64_t wait
    cdef int passed = watch_row(&watched.spender.watch, &watched.rules, row, now, &wait)
    return _judge(watched, passed, wait, verdict, failure)


cdef inline bint _watches(const PurposeGrant* given) noexcept nogil:
    return given.neighbours.interval_us + given.misses.interval_us + given.subjects.interval_us != 0


cdef int limits_watch(const Session* session, const PurposeGrant* given, const Asking* asking, const void* request_id,
                      size_t request_id_size, uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    cdef const uint8_t* asked = <const uint8_t*>asking.key
    cdef uint64_t minute = now // 60000000
    cdef uint64_t key = 0, subject, repeated = 0, wait
    cdef uint64_t codes[CODES_MAX]
    cdef Watched officer, device
    cdef Look look
    cdef size_t i
    if table == NULL or asking.key_size == 0:
        return OK
    if request_id_size:
        key = _request_key(session, request_id, request_id_size)
        if verdict.flags & LOOK_RETRY and request_was_watched(table.counted, key, minute):
            return OK            # the retry of an answer that was given; of a refusal it is looked at like the first
    subject = XXH3_64bits(asked, asking.key_size)
    if given.repeats.interval_us:
        repeated = _mixed(given.officer_bucket, subject)
        prefetch_to_write(repeat_set(table.repeats, repeated))
    if _watches(given):
        codes[0] = neighbour_code(CODE_PATTERN if asked[0] == ASKED_PATTERN else asked[0], asked + 1, asking.key_size - 1)
        look.n = codes[0] != 0
        look.found = asking.found if codes[0] else FOUND_UNSAID
        for i in range(min(asking.n_also, <size_t>(CODES_MAX - 1))):
            codes[look.n] = asking.also[i]
            look.n += 1
        look.codes = codes
        look.subject = _mixed(table.key[1], subject) if asking.key_size > 1 else 0
        _watched(session, given, False, &officer, &device)
        if look.subject:
            watch_hour(&officer.spender.watch, table.habits, _mixed(session.unit, given.officer_rules), &given.subjects, now)
        if _watch(&officer, &look, now, verdict, failure) < 0 or _watch(&device, &look, now, verdict, failure) < 0:
            return FAILED
    if given.repeats.interval_us:
        wait = gcra_spend(&repeat_of(table.repeats, repeated).paid, &given.repeats, 1, now)
        if wait:
            verdict.flags |= LOOK_REPEATED
            if given.repeats_refused:
                return _exceeded(verdict, failure, "repeats", wait)
    if request_id_size:
        request_set_watched(table.counted, key, minute)
    return OK


cdef int limits_watch_rows(const Session* session, const PurposeGrant* given, const RowAsked* rows, size_t n,
                           uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    cdef Watched officer, device
    cdef RowLook look
    cdef uint64_t code, agency = given.device_bucket
    cdef size_t i
    cdef bint owes
    if table == NULL or not _watches(given):
        return OK
    _watched(session, given, True, &officer, &device)
    for i in range(n):
        if rows[i].found == FOUND_UNSAID:
            continue
        code = rows[i].code
        look.nobody = rows[i].found == FOUND_NOBODY
        look.asked_before = code != 0 and row_was_asked(&table.rows, agency, code)
        look.guess_costs = row_guess_costs(&table.rows, agency, code, now) if code else 0
        owes = ronda_load(&officer.spender.watch.nobody_paid) > now or ronda_load(&device.spender.watch.nobody_paid) > now
        if (_watch_row(&officer, &look, now, verdict, failure) < 0
                or _watch_row(&device, &look, now, verdict, failure) < 0):
            return FAILED
        if code != 0 and not look.asked_before:
            row_passed(&table.rows, agency, code, look.nobody, owes, now)
    return OK


cdef const PersonTables* limits_persons(const Session* session) noexcept nogil:
    cdef LimitTable* table = <LimitTable*>session.limits
    return &table.persons if table != NULL else NULL


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
        if request_seen(table.counted, key, fingerprint, minute) > 0:
            verdict.flags |= LOOK_RETRY
            return OK
    if given.rows.interval_us:
        wait = gcra_spend(&_spender(table, given.device_bucket).paid[PAID_ROWS], &given.rows, rows, now)
        if wait:
            return _exceeded(verdict, failure, "rows", wait)
    if request_id_size:
        request_remember(table.counted, key, fingerprint, minute)
    return OK


# ---- for Python ----

cdef size_t _file_size() noexcept:
    return (HEADER_BYTES + SPENDERS * sizeof(Spender) + REPEATS * sizeof(Repeat) + COUNTED * sizeof(Counted)
            + HABITS * sizeof(Habit) + VIEWERS * sizeof(Viewer) + PERSONS_SEEN * sizeof(uint32_t)
            + ROW_BLOCKS * sizeof(RowBlock) + ROWS_ASKED * sizeof(uint32_t))


cdef class Limits:
    def __cinit__(self):
        self.table = calloc(1, sizeof(LimitTable))
        if self.table == NULL:
            raise MemoryError

    def __init__(self, path not None, bint spent=False):
        cdef size_t size = _file_size()
        cdef Header* header
        cdef LimitTable* table = <LimitTable*>self.table
        cdef uint8_t* at
        if table.at != NULL:
            raise ValueError("opened before")
        fd = open_limits_file(Path(path), size, (SPENDERS, REPEATS, COUNTED), spent=spent)
        try:
            at = <uint8_t*>ronda_map_shared(fd, size)
        finally:
            os.close(fd)
        if at == NULL:
            raise MemoryError
        LAYOUT(sizeof(Header) == 72)
        LAYOUT(sizeof(Spender) == 640)
        LAYOUT(sizeof(Repeat) == 16)
        LAYOUT(sizeof(Counted) == 32)
        LAYOUT(sizeof(Habit) == 16)
        LAYOUT(sizeof(Viewer) == 128)
        LAYOUT(sizeof(RowBlock) == 16)
        table.at = at
        table.size = size
        header = <Header*>at
        table.key[0] = header.key[0]
        table.key[1] = header.key[1]
        table.base_us = header.base_us
        table.spent_us = header.spent_us
        table.spenders = <Spender*>(at + HEADER_BYTES)
        table.repeats = <Repeat*>(at + HEADER_BYTES + SPENDERS * sizeof(Spender))
        table.counted = <Counted*>(table.repeats + REPEATS)
        table.habits = <Habit*>(table.counted + COUNTED)
        table.persons.viewers = <Viewer*>(table.habits + HABITS)
        table.persons.seen = <uint32_t*>(table.persons.viewers + VIEWERS)
        table.persons.key = header.key[1]
        table.persons.spent_us = header.spent_us
        table.rows.blocks = <RowBlock*>(table.persons.seen + PERSONS_SEEN)
        table.rows.asked = <uint32_t*>(table.rows.blocks + ROW_BLOCKS)
        table.rows.key = header.key[1]

    def units_now(self, clock_ms=None):
        cdef LimitTable* table = <LimitTable*>self.table
        cdef uint64_t now = table.base_us + time.monotonic_ns() // 1000 if clock_ms is None else clock_ms * 1000
        cdef const Viewer* viewer
        cdef size_t i
        found = {}
        for i in range(VIEWERS):
            viewer = &table.persons.viewers[i]
            if viewer.name[0] and viewer_listed_now(viewer, now):
                found[viewer.name.decode("utf-8", "replace")] = viewer_listed_now(viewer, now)
        return found

    def __dealloc__(self):
        cdef LimitTable* table = <LimitTable*>self.table
        if table != NULL and table.at != NULL:
            munmap(table.at, table.size)
        free(table)


cdef tuple limits_used(const Session* session, const PurposeGrant* given, uint64_t now):
    cdef Watch* watch = &_spender(<LimitTable*>session.limits, given.officer_bucket).watch
    return (gcra_used(&watch.near_paid, &given.neighbours, now), gcra_used(&watch.nobody_paid, &given.misses, now),
            gcra_used(&watch.subjects_paid, &given.subjects, now))


cdef object limit_error(const LimitVerdict* verdict, const Failure* failure):
    if failure.reason == ERROR_REASON_TOO_MANY_PERSONS:
        return TooManyPersons(verdict.limit.decode(), verdict.retry_after_ms)
    if failure.reason == ERROR_REASON_LIMIT_EXCEEDED:
        return LimitExceeded(verdict.limit.decode(), verdict.retry_after_ms)
    return QuestionError(failure.reason, failure.field.decode(), failure.rule.decode())
