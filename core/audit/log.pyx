# distutils: libraries = crypto
"""The audit log of one worker (see core/audit/log.pxd; the bytes are in core/audit/record.pxd).

A present segment, and a next one made ahead of time by server/audit/writer.py; segments that were left wait for `sync`.
"""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport errno
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from core.audit.crypto cimport TAG_BYTES, keyed_hash, seal
from core.audit.record cimport (
    FRAME_BYTES, RECORD_HEADER, RECORD_QUERY, TEXT_GENERATION, TEXT_IDENTITY, EntryBytes, QueryHead, TextHead,
)
from core.audit.segment cimport (
    Segment, segment_allocate, segment_body, segment_commit, segment_end, segment_free, segment_new, segment_put_text,
    segment_set_aside, segment_text_place,
)

from core.errors import AuditUnavailable

cdef extern from *:
    """
    #include <fcntl.h>
    #include <pthread.h>
    #include <time.h>
    #include <unistd.h>
    static inline long long ronda_audit_nanoseconds(void) {
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
    int fdatasync(int descriptor) noexcept nogil
    long long ronda_audit_nanoseconds() noexcept nogil

cdef enum:
    LEFT_MAX = 8                 # segments left and not yet on disk
    LEAST = 64 << 10
    AHEAD = 8 << 20              # bytes set aside beyond what is written: what the express lane writes in 0.1 s, and a piece
    MOST = 1 << 30

cdef struct Core:                # what an AuditLog is without Python
    pthread_mutex_t lock
    pthread_mutex_t syncing      # of whoever uses a segment without `lock`: only its owner lets a segment go
    Segment* present
    Segment* next
    Segment* left[8]
    int n_left
    bint closed
    uint64_t appended
    uint64_t durable
    uint64_t failed


METHOD_CLEAR = AUDIT_METHOD_CLEAR


# ---- the log ----

cdef bint _advance(Core* core) noexcept nogil:
    """The next segment becomes the present one; the former waits for `sync`, which alone waits for the disk."""
    if core.next == NULL or core.n_left == LEFT_MAX:
        return False
    core.left[core.n_left] = core.present
    core.n_left += 1
    core.present = core.next
    core.next = NULL
    return True


cdef Segment* _with_room(Core* core, size_t size) noexcept nogil:
    """A segment in which `size` bytes and a closing zero length have room and space; NULL = none."""
    cdef Segment* segment = core.present
    if core.closed or segment == NULL:
        return NULL
    if segment.used + size + 4 > segment.size:
        if not _advance(core):
            return NULL
        segment = core.present
        if segment.used + size + 4 > segment.size:
            return NULL
    return segment if segment_allocate(segment, segment.used + size + 4) == 0 else NULL


cdef int _append(Core* core, const AuditFacts* facts, const EntryBytes* shown, size_t n_shown) noexcept nogil:
    cdef size_t case_size = facts.case_number_size if facts.case_number_size < 255 else 255
    cdef size_t request_size = facts.request_id_size if facts.request_id_size < 255 else 255
    cdef size_t sealed_size = facts.asked_size + TAG_BYTES if facts.asked_size else 0
    cdef size_t size = sizeof(QueryHead) + n_shown * sizeof(EntryBytes) + case_size + request_size + sealed_size
    cdef size_t texts = (facts.identity_size + facts.generation_size
                         + 2 * (FRAME_BYTES + sizeof(TextHead)))
    cdef Segment* segment
    cdef QueryHead head
    cdef EntryBytes* entry
    cdef uint8_t* at
    cdef uint8_t nonce[12]
    cdef size_t i
    # Each alone is far above what a request or an identity may hold; together they cannot overflow.
    if facts.asked_size > MOST or n_shown > 1 << 20 or facts.identity_size > 1 << 16 or facts.generation_size > 1 << 10:
        return -1
    segment = _with_room(core, FRAME_BYTES + size + texts)
    if segment == NULL:
        return -1
    memset(&head, 0, sizeof(QueryHead))
    head.identity = segment_text_place(segment, TEXT_IDENTITY, facts.identity, facts.identity_size)
    head.generation = segment_text_place(segment, TEXT_GENERATION, facts.generation, facts.generation_size)
    head.kind = RECORD_QUERY
    head.method = facts.method
    head.purpose = facts.purpose
    head.status = facts.status
    head.flags = facts.flags
    head.rows = facts.rows
    head.place = segment.records
    head.time_ms = facts.clock_ms
    head.latency_us = facts.latency_us
    head.n_entries = <uint32_t>n_shown
    head.overlay_sequence = facts.overlay_sequence
    memcpy(head.answer_id, facts.answer_id, 16)
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
    if sealed_size:
        # The key is this segment's own and a place comes once in it: no nonce comes twice.
        memset(nonce, 0, 4)
        memcpy(nonce + 4, &head.place, 8)
        if not seal(segment.cipher, nonce, &head, sizeof(QueryHead), facts.asked, <int>facts.asked_size, at):
            return -1
    segment_commit(segment, size)
    return 0


cdef int audit_append(void* core_, const AuditFacts* facts, const void* shown, size_t n_shown) noexcept nogil:
    cdef Core* core = <Core*>core_
    cdef int status
    pthread_mutex_lock(&core.lock)
    status = _append(core, facts, <const EntryBytes*>shown, n_shown)
    if status == 0:
        core.appended += 1
    else:
        core.failed += 1
    pthread_mutex_unlock(&core.lock)
    return status


cdef int _sync(Core* core) noexcept nogil:
    """0 or errno. Appends go on meanwhile."""
    cdef Segment* left[8]
    cdef Segment* present = NULL
    cdef int n_left, i, status = 0, ended
    cdef uint64_t appended
    pthread_mutex_lock(&core.syncing)
    pthread_mutex_lock(&core.lock)
    appended = core.appended
    n_left = core.n_left
    memcpy(left, core.left, sizeof(left))
    core.n_left = 0
    if appended != core.durable or n_left:
        present = core.present  # it may be left meanwhile, and is not closed: that takes `syncing`
    pthread_mutex_unlock(&core.lock)
    for i in range(n_left):
        ended = segment_end(left[i])
        status = status or ended
    if present != NULL and fdatasync(present.descriptor) != 0:
        status = errno
    if status == 0:
        pthread_mutex_lock(&core.lock)
        if appended > core.durable:
            core.durable = appended
        pthread_mutex_unlock(&core.lock)
    pthread_mutex_unlock(&core.syncing)
    return status


cdef void _look_ahead(Core* core) noexcept nogil:
    """Sets space aside for what will be appended soon: an append need not, under the lock. It meets a full disk."""
    cdef Segment* present
    cdef size_t used = 0, allocated = 0, end = 0
    pthread_mutex_lock(&core.syncing)
    pthread_mutex_lock(&core.lock)
    present = core.present
    if present != NULL:
        used, allocated = present.used, present.allocated
    pthread_mutex_unlock(&core.lock)
    if present != NULL and allocated < present.size and used + AHEAD > allocated:
        if segment_set_aside(present, allocated, used + AHEAD, &end) == 0:
            pthread_mutex_lock(&core.lock)
            if present.allocated < end:
                present.allocated = end
            pthread_mutex_unlock(&core.lock)
    pthread_mutex_unlock(&core.syncing)


cdef inline object _os_error(int number):
    return OSError(number, os.strerror(number))


cdef class AuditLog:
    def __cinit__(self):
        cdef Core* core = <Core*>calloc(1, sizeof(Core))
        if core == NULL:
            raise MemoryError
        pthread_mutex_init(&core.lock, NULL)
        pthread_mutex_init(&core.syncing, NULL)
        self.core = core

    def __dealloc__(self):
        cdef Core* core = <Core*>self.core
        cdef int i
        if core == NULL:
            return
        for i in range(core.n_left):
            segment_end(core.left[i])
        if core.present != NULL:
            segment_end(core.present)
        segment_free(core.next)
        pthread_mutex_destroy(&core.syncing)
        pthread_mutex_destroy(&core.lock)
        free(core)

    def add_segment(self, int descriptor, bytes header not None, bytes query_key not None, bytes hash_key not None,
                    size_t max_bytes, size_t reserve_bytes):
        cdef Core* core = <Core*>self.core
        cdef Segment* segment
        cdef int status
        cdef size_t size = FRAME_BYTES + sizeof(TextHead) + PyBytes_GET_SIZE(header)
        if PyBytes_GET_SIZE(query_key) != 32 or PyBytes_GET_SIZE(hash_key) != 32:
            raise ValueError("a key has 32 bytes")
        if not LEAST <= max_bytes <= MOST or size > LEAST:
            raise ValueError("a segment has 64 KiB to 1 GiB, its header 64 KiB at most")
        if core.closed or core.next != NULL:
            raise ValueError("the log is closed" if core.closed else "a next segment waits already")
        segment = segment_new(descriptor, max_bytes, reserve_bytes, <const uint8_t*>PyBytes_AS_STRING(query_key),
                              <const uint8_t*>PyBytes_AS_STRING(hash_key), &status)
        if segment == NULL:
            raise _os_error(status)
        status = segment_allocate(segment, size + 4)
        if status != 0:
            segment.descriptor = -1  # the caller's still
            segment_free(segment)
            raise _os_error(status)
        segment_put_text(segment, RECORD_HEADER, 0, PyBytes_AS_STRING(header), PyBytes_GET_SIZE(header))
        pthread_mutex_lock(&core.lock)
        if core.present == NULL:
            core.present = segment
        else:
            core.next = segment
        pthread_mutex_unlock(&core.lock)

    def rotate(self):
        cdef Core* core = <Core*>self.core
        cdef bint advanced
        with nogil:
            pthread_mutex_lock(&core.lock)
            advanced = _advance(core)
            pthread_mutex_unlock(&core.lock)
        return advanced

    def append_record(self, *, int64_t clock_ms, uint32_t latency_us=0, uint8_t method=0, uint8_t purpose=0,
                      uint16_t status=0, uint16_t flags=0, bytes identity=b"", bytes case_number=b"",
                      bytes request_id=b"", bytes generation=b"", uint64_t overlay_sequence=0, bytes asked_key=b"",
                      bytes asked=b"", bytes answer_id=b"\0" * 16, bytes shown=b""):
        cdef AuditFacts facts
        cdef size_t n_shown = PyBytes_GET_SIZE(shown) // sizeof(EntryBytes)
        cdef const char* entries = PyBytes_AS_STRING(shown)
        cdef int appended
        if PyBytes_GET_SIZE(answer_id) != 16 or n_shown * sizeof(EntryBytes) != <size_t>PyBytes_GET_SIZE(shown):
            raise ValueError("answer_id has 16 bytes, shown a whole number of entries")
        facts.clock_ms = clock_ms
        facts.latency_us = latency_us
        facts.method = method
        facts.purpose = purpose
        facts.status = status
        facts.flags = flags
        facts.rows = 0
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
        cdef Core* core = <Core*>self.core
        with nogil:
            pthread_mutex_lock(&core.lock)
            core.closed = True
            pthread_mutex_unlock(&core.lock)

    def sync(self):
        cdef int status
        with nogil:
            status = _sync(<Core*>self.core)
        if status != 0:
            raise _os_error(status)

    def look_ahead(self):
        with nogil:
            _look_ahead(<Core*>self.core)

    def close(self):
        cdef Core* core = <Core*>self.core
        cdef Segment* present
        cdef Segment* next
        cdef int status, ended = 0
        with nogil:
            pthread_mutex_lock(&core.lock)
            core.closed = True
            present = core.present
            next = core.next
            core.present = core.next = NULL
            pthread_mutex_unlock(&core.lock)
            status = _sync(core)
            if present != NULL:
                ended = segment_end(present)
            if next != NULL:
                segment_end(next)
            if status == 0 and ended == 0:
                core.durable = core.appended
        status = status or ended
        if status != 0:
            raise _os_error(status)

    @property
    def needs_segment(self):
        return (<Core*>self.core).next == NULL and not (<Core*>self.core).closed

    @property
    def stopped(self):
        return (<Core*>self.core).closed

    @property
    def appended(self):
        return (<Core*>self.core).appended

    @property
    def durable(self):
        return (<Core*>self.core).durable

    @property
    def failed(self):
        return (<Core*>self.core).failed

    @property
    def segment_bytes(self):
        cdef Core* core = <Core*>self.core
        cdef size_t used = 0
        pthread_mutex_lock(&core.lock)
        if core.present != NULL:
            used = core.present.used
        pthread_mutex_unlock(&core.lock)
        return used
