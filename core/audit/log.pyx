# distutils: libraries = crypto
"""The audit log of one worker (see core/audit/log.pxd; the bytes are in core/audit/record.pxd).

Its segments, and the room in them, are core/audit/series.pxd; server/audit/writer.py makes the next one ahead of time.
"""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport ENOSPC
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from core.audit.crypto cimport TAG_BYTES, authenticate, keyed_hash, seal
from core.audit.record cimport (
    FRAME_BYTES, RECORD_HEADER, RECORD_QUERY, TEXT_ASKER, TEXT_FED, TEXT_GENERATION, TEXT_IDENTITY, AgainBytes, AskerText,
    EntryBytes, QueryHead, TextHead,
)
from core.audit.segment cimport (
    Segment, segment_body, segment_commit, segment_extend, segment_free, segment_new, segment_put_text,
    segment_text_place,
)
from core.audit.series cimport (
    Series, pthread_mutex_lock, pthread_mutex_unlock, series_add, series_close, series_free, series_new, series_rotate,
    series_sync, series_wake, series_with_room,
)
from core.machine.invariant cimport LAYOUT, LAYOUT_PLACE
from core.errors import AuditUnavailable

cdef extern from *:
    """
    #include <time.h>
    static inline long long ronda_audit_nanoseconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    """
    long long ronda_audit_nanoseconds() noexcept nogil

cdef enum:
    LEAST = 64 << 10
    MOST = 1 << 30
    # First byte of a nonce: what is sealed and what is digested under one key, at one place, have different ones.
    NONCE_SEALED = 0
    NONCE_DIGEST = 1


METHOD_CLEAR = AUDIT_METHOD_CLEAR


# ---- the log ----

cdef void _nonce(uint8_t use, uint64_t place, uint8_t* nonce) noexcept nogil:
    """The key is the segment's own and a place comes once in it: no nonce comes twice."""
    memset(nonce, 0, 4)
    nonce[0] = use
    memcpy(nonce + 4, &place, 8)


cdef bint _digest(Segment* segment, const AuditFacts* facts, AgainBytes* again) noexcept nogil:
    """The texts that it names are written now: the record itself comes right behind them."""
    cdef uint8_t nonce[12]
    memset(again, 0, sizeof(AgainBytes))
    again.asker = segment_text_place(segment, TEXT_ASKER, facts.asker, facts.asker_size)
    again.fed = segment_text_place(segment, TEXT_FED, facts.fed, facts.fed_size)
    again.standard = facts.standard
    again.flags = facts.again_flags
    _nonce(NONCE_DIGEST, segment.records, nonce)
    return authenticate(segment.cipher, nonce, facts.response, <int>facts.response_size, again.digest)


cdef void _say(const AuditFacts* facts, QueryHead* head) noexcept nogil:
    head.kind = RECORD_QUERY
    head.method = facts.method
    head.purpose = facts.purpose
    head.status = facts.status
    head.flags = facts.flags
    head.rows = facts.rows
    head.time_ms = facts.clock_ms
    head.latency_us = facts.latency_us
    head.overlay_sequence = facts.overlay_sequence
    memcpy(head.answer_id, facts.answer_id, 16)


cdef inline void _hold_layout() noexcept nogil:
    """The bytes on disk; a change of them needs another format version."""
    LAYOUT(sizeof(TextHead) == 16)
    LAYOUT_PLACE(<size_t>&(<TextHead*>NULL).place == 8)
    LAYOUT(sizeof(QueryHead) == 88)
    LAYOUT_PLACE(<size_t>&(<QueryHead*>NULL).time_ms == 16)
    LAYOUT_PLACE(<size_t>&(<QueryHead*>NULL).overlay_sequence == 40)
    LAYOUT_PLACE(<size_t>&(<QueryHead*>NULL).asked == 64)
    LAYOUT(sizeof(AgainBytes) == 28)
    LAYOUT(sizeof(AskerText) == 72)
    LAYOUT(sizeof(EntryBytes) == 32)
    LAYOUT_PLACE(<size_t>&(<EntryBytes*>NULL).sections == 24)


cdef int _append(Series* series, const AuditFacts* facts, const EntryBytes* shown, size_t n_shown,
                 bint* wake) noexcept nogil:
    cdef size_t case_size = facts.case_number_size if facts.case_number_size < 255 else 255
    cdef size_t request_size = facts.request_id_size if facts.request_id_size < 255 else 255
    cdef size_t sealed_size = facts.asked_size + TAG_BYTES if facts.asked_size else 0
    cdef size_t again_size = sizeof(AgainBytes) if facts.response != NULL else 0
    cdef size_t size = (sizeof(QueryHead) + n_shown * sizeof(EntryBytes) + case_size + request_size + again_size
                        + sealed_size)
    cdef size_t texts = (facts.identity_size + facts.generation_size + facts.asker_size + facts.fed_size
                         + 4 * (FRAME_BYTES + sizeof(TextHead)))
    cdef Segment* segment
    cdef QueryHead head
    cdef AgainBytes again
    cdef EntryBytes* entry
    cdef uint8_t* at
    cdef uint8_t nonce[12]
    cdef size_t i
    _hold_layout()
    # Each alone is far above what a request or an identity may hold; together they cannot overflow.
    if facts.asked_size > MOST or n_shown > 1 << 20 or facts.identity_size > 1 << 16 or facts.generation_size > 1 << 10:
        return -1
    if facts.response_size > MOST or facts.asker_size > 1 << 10 or facts.fed_size > 1 << 16:
        return -1
    segment = series_with_room(series, FRAME_BYTES + size + texts, wake)
    if segment == NULL:
        return -1
    memset(&head, 0, sizeof(QueryHead))
    head.identity = segment_text_place(segment, TEXT_IDENTITY, facts.identity, facts.identity_size)
    head.generation = segment_text_place(segment, TEXT_GENERATION, facts.generation, facts.generation_size)
    if again_size and not _digest(segment, facts, &again):
        return -1
    _say(facts, &head)
    head.again_size = <uint8_t>again_size
    head.place = segment.records
    head.n_entries = <uint32_t>n_shown
    if facts.asked_key_size:
        keyed_hash(&segment.key, facts.asked_key, facts.asked_key_size, head.asked)
    head.case_number_size = <uint8_t>case_size
    head.request_id_size = <uint8_t>request_size
    head.sealed_size = <uint32_t>sealed_size
    at = segment_body(segment)
    memcpy(at, &head, sizeof(QueryHead))
    at += sizeof(QueryHead)
    memcpy(at, shown, n_shown * sizeof(EntryBytes))
    entry = <EntryBytes*>at
    for i in range(n_shown):
        keyed_hash(&segment.key, shown[i].subject, 16, entry[i].subject)
    at += n_shown * sizeof(EntryBytes)
    memcpy(at, facts.case_number, case_size)
    at += case_size
    memcpy(at, facts.request_id, request_size)
    at += request_size
    memcpy(at, &again, again_size)
    at += again_size
    if sealed_size:
        _nonce(NONCE_SEALED, head.place, nonce)
        if not seal(segment.cipher, nonce, &head, sizeof(QueryHead), facts.asked, <int>facts.asked_size, at):
            return -1
    segment_commit(segment, size)
    return 0


cdef int audit_append(void* core, const AuditFacts* facts, const void* shown, size_t n_shown) noexcept nogil:
    cdef Series* series = <Series*>core
    cdef bint wake = False
    cdef int status
    pthread_mutex_lock(&series.lock)
    status = _append(series, facts, <const EntryBytes*>shown, n_shown, &wake)
    if status == 0:
        series.appended += 1
    else:
        series.failed += 1
    pthread_mutex_unlock(&series.lock)
    if wake:
        series_wake(series)
    return status


cdef inline object _os_error(int number):
    return OSError(number, os.strerror(number))


cdef class AuditLog:
    def __cinit__(self):
        cdef int error
        self.core = series_new(&error)
        if self.core == NULL:
            raise _os_error(error)

    def __dealloc__(self):
        series_free(<Series*>self.core)

    def add_segment(self, int descriptor, bytes header not None, bytes query_key not None, bytes hash_key not None,
                    size_t max_bytes, size_t reserve_bytes):
        cdef Series* series = <Series*>self.core
        cdef Segment* segment
        cdef int status
        cdef size_t size = FRAME_BYTES + sizeof(TextHead) + PyBytes_GET_SIZE(header)
        if PyBytes_GET_SIZE(query_key) != 32 or PyBytes_GET_SIZE(hash_key) != 32:
            raise ValueError("a key has 32 bytes")
        if not LEAST <= max_bytes <= MOST or size > LEAST:
            raise ValueError("a segment has 64 KiB to 1 GiB, its header 64 KiB at most")
        if series.closed or series.next != NULL:
            raise ValueError("the log is closed" if series.closed else "a next segment waits already")
        segment = segment_new(descriptor, max_bytes, reserve_bytes, <const uint8_t*>PyBytes_AS_STRING(query_key),
                              <const uint8_t*>PyBytes_AS_STRING(hash_key), &status)
        if segment == NULL:
            raise _os_error(status)
        segment.allocated = segment_extend(segment, size + 4)
        if segment.allocated < size + 4:
            segment.descriptor = -1  # the caller's still
            segment_free(segment)
            raise _os_error(ENOSPC)
        segment_put_text(segment, RECORD_HEADER, 0, PyBytes_AS_STRING(header), PyBytes_GET_SIZE(header))
        series_add(series, segment)

    def rotate(self):
        cdef bint advanced
        with nogil:
            advanced = series_rotate(<Series*>self.core)
        return advanced

    def append_record(self, *, int64_t clock_ms, uint32_t latency_us=0, uint8_t method=0, uint8_t purpose=0,
                      uint16_t status=0, uint16_t flags=0, bytes identity=b"", bytes case_number=b"",
                      bytes request_id=b"", bytes generation=b"", uint64_t overlay_sequence=0, bytes asked_key=b"",
                      bytes asked=b"", bytes answer_id=b"\0" * 16, bytes shown=b"", bytes response=None,
                      bytes asker=b"", bytes fed=b"", uint8_t standard=0, uint8_t again_flags=0):
        cdef AuditFacts facts
        cdef size_t n_shown = PyBytes_GET_SIZE(shown) // sizeof(EntryBytes)
        cdef const char* entries = PyBytes_AS_STRING(shown)
        cdef int appended
        if PyBytes_GET_SIZE(answer_id) != 16 or n_shown * sizeof(EntryBytes) != <size_t>PyBytes_GET_SIZE(shown):
            raise ValueError("answer_id has 16 bytes, shown a whole number of entries")
        memset(&facts, 0, sizeof(AuditFacts))
        facts.clock_ms = clock_ms
        facts.latency_us = latency_us
        facts.method = method
        facts.purpose = purpose
        facts.status = status
        facts.flags = flags
        facts.identity = PyBytes_AS_STRING(identity)
        facts.identity_size = PyBytes_GET_SIZE(identity)
        facts.case_number = PyBytes_AS_STRING(case_number)
        facts.case_number_size = PyBytes_GET_SIZE(case_number)
        facts.request_id = PyBytes_AS_STRING(request_id)
        facts.request_id_size = PyBytes_GET_SIZE(request_id)
        facts.generation = PyBytes_AS_STRING(generation)
        facts.generation_size = PyBytes_GET_SIZE(generation)
        facts.overlay_sequence = overlay_sequence
        facts.asked_key = PyBytes_AS_STRING(asked_key)
        facts.asked_key_size = PyBytes_GET_SIZE(asked_key)
        facts.asked = PyBytes_AS_STRING(asked)
        facts.asked_size = PyBytes_GET_SIZE(asked)
        memcpy(facts.answer_id, PyBytes_AS_STRING(answer_id), 16)
        if response is not None:
            facts.response = PyBytes_AS_STRING(response)
            facts.response_size = PyBytes_GET_SIZE(response)
            facts.asker = PyBytes_AS_STRING(asker)
            facts.asker_size = PyBytes_GET_SIZE(asker)
            facts.fed = PyBytes_AS_STRING(fed)
            facts.fed_size = PyBytes_GET_SIZE(fed)
            facts.standard = standard
            facts.again_flags = again_flags
        with nogil:
            appended = audit_append(self.core, &facts, entries, n_shown)
        if appended < 0:
            raise AuditUnavailable

    def append_many(self, size_t count, size_t n_shown, bytes asked not None):
        cdef AuditFacts facts
        cdef EntryBytes* entries = <EntryBytes*>calloc(n_shown + 1, sizeof(EntryBytes))
        cdef bytes identity = b'{"device":"spiffe://bench/device","institution":"bench","nip":"00000","unit":"bench"}'
        cdef bytes generation = b"20260101T000000Z-bench"
        cdef long long started
        cdef size_t i, j
        cdef uint64_t number = 0
        cdef int status = 0
        if entries == NULL:
            raise MemoryError
        memset(&facts, 0, sizeof(AuditFacts))
        facts.identity = PyBytes_AS_STRING(identity)
        facts.identity_size = PyBytes_GET_SIZE(identity)
        facts.generation = PyBytes_AS_STRING(generation)
        facts.generation_size = PyBytes_GET_SIZE(generation)
        facts.method = 2
        facts.purpose = 1
        facts.asked = PyBytes_AS_STRING(asked)
        facts.asked_size = PyBytes_GET_SIZE(asked)
        with nogil:
            started = ronda_audit_nanoseconds()
            for i in range(count):
                facts.clock_ms = <int64_t>1767225600000 + <int64_t>i
                memcpy(facts.answer_id, &i, sizeof(i))
                facts.asked_key = &number
                facts.asked_key_size = sizeof(number)
                for j in range(n_shown):
                    number += 1
                    memcpy(entries[j].subject, &number, sizeof(number))
                    entries[j].level = 1
                    entries[j].row = <uint16_t>j
                    entries[j].sections = number
                status = audit_append(self.core, &facts, entries, n_shown)
                if status < 0:
                    break
            started = ronda_audit_nanoseconds() - started
        free(entries)
        if status < 0:
            raise AuditUnavailable
        return started

    def stop(self):
        cdef Series* series = <Series*>self.core
        with nogil:
            pthread_mutex_lock(&series.lock)
            series.closed = True
            pthread_mutex_unlock(&series.lock)

    def sync(self):
        cdef int status
        with nogil:
            status = series_sync(<Series*>self.core)
        if status != 0:
            raise _os_error(status)

    def close(self):
        cdef int status
        with nogil:
            status = series_close(<Series*>self.core)
        if status != 0:
            raise _os_error(status)

    @property
    def needs_segment(self):
        return (<Series*>self.core).next == NULL and not (<Series*>self.core).closed

    @property
    def stopped(self):
        return (<Series*>self.core).closed

    @property
    def appended(self):
        return (<Series*>self.core).appended

    @property
    def durable(self):
        return (<Series*>self.core).durable

    @property
    def failed(self):
        return (<Series*>self.core).failed

    @property
    def segment_bytes(self):
        cdef Series* series = <Series*>self.core
        cdef size_t used = 0
        pthread_mutex_lock(&series.lock)
        if series.present != NULL:
            used = series.present.used
        pthread_mutex_unlock(&series.lock)
        return used
