"""Notices from the loop to Python."""

from enum import IntEnum
from typing import NamedTuple

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from core.engine.entry cimport call_error
from core.failure cimport OK

cdef extern from "<pthread.h>" nogil:
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes) noexcept
    int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept
    int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept
    int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept

cdef extern from *:
    """
    #include <stdint.h>
    #include <sys/eventfd.h>
    static inline void ronda_ring(int descriptor) { (void)!eventfd_write(descriptor, 1); }
    """
    void ronda_ring(int descriptor) noexcept nogil


class Kind(IntEnum):
    ASKS = NOTICE_ASKS
    NEEDS = NOTICE_NEEDS
    ON_DISK = NOTICE_ON_DISK
    CAME = NOTICE_CAME
    WENT = NOTICE_WENT
    ENDED = NOTICE_ENDED


class Told(NamedTuple):
    kind: Kind
    method: int
    refusal: int
    level: int
    peer: int
    ticket: int
    deadline_ns: int
    arrived_ns: int
    metadata_bytes: int
    error: Exception | None
    request: bytes
    authorization: bytes
    response: bytes


cdef int notices_init(Notices* notices, int wake) noexcept nogil:
    memset(notices, 0, sizeof(Notices))
    notices.wake = wake
    return 0 if pthread_mutex_init(&notices.lock, NULL) == 0 else -1


cdef void _free_all(Notice* notice) noexcept nogil:
    cdef Notice* after
    while notice != NULL:
        after = notice.next
        free(notice)
        notice = after


cdef void notices_free(Notices* notices) noexcept nogil:
    _free_all(notices.first)
    notices.first = notices.last = NULL
    pthread_mutex_destroy(&notices.lock)


cdef Notice* _new(int kind, size_t request_size, size_t authorization_size, size_t response_size) noexcept nogil:
    cdef Notice* notice = <Notice*>malloc(sizeof(Notice) + request_size + authorization_size + response_size)
    if notice == NULL:
        return NULL
    memset(notice, 0, sizeof(Notice))
    notice.kind = kind
    notice.texts = <uint8_t*>(notice + 1)
    notice.request_size, notice.authorization_size = request_size, authorization_size
    notice.response_size = response_size
    return notice


cdef void _put(uint8_t* at, const void* text, size_t size) noexcept nogil:
    if size:
        memcpy(at, text, size)


cdef int _append(Notices* notices, Notice* notice, bint is_call) noexcept nogil:
    """Takes the notice; 0, or -1 when too much waits."""
    cdef size_t size = sizeof(Notice) + notice.request_size + notice.authorization_size + notice.response_size
    cdef bint was_empty
    pthread_mutex_lock(&notices.lock)
    if is_call and (notices.calls >= CALLS_WAITING or notices.bytes + size > BYTES_WAITING):
        pthread_mutex_unlock(&notices.lock)
        free(notice)
        return -1
    was_empty = notices.first == NULL
    if was_empty:
        notices.first = notice
    else:
        notices.last.next = notice
    notices.last = notice
    notices.calls += is_call
    notices.bytes += size
    pthread_mutex_unlock(&notices.lock)
    if was_empty:
        ronda_ring(notices.wake)
    return 0


cdef int tell_call(Notices* notices, int kind, const LaneCall* call, size_t request_size, int status,
                   const Ending* ending, const void* response, size_t response_size) noexcept nogil:
    cdef Notice* notice = _new(kind, request_size, call.authorization_size, response_size)
    if notice == NULL:
        return -1
    notice.method, notice.refusal, notice.status = call.method, call.refusal, status
    notice.peer, notice.ticket = call.peer.id, call.ticket
    notice.deadline_ns, notice.arrived_ns = call.deadline_ns, call.arrived_ns
    notice.metadata_size = call.metadata_size
    if ending != NULL:
        notice.ending = ending[0]
        notice.level = ending.level
    _put(notice.texts, call.request, request_size)
    _put(notice.texts + request_size, call.authorization, call.authorization_size)
    _put(notice.texts + request_size + call.authorization_size, response, response_size)
    return _append(notices, notice, True)


cdef int tell(Notices* notices, int kind, uint64_t peer, uint64_t ticket, const void* certificate,
              size_t certificate_size, const void* name, size_t name_size) noexcept nogil:
    cdef Notice* notice = _new(kind, certificate_size, name_size, 0)
    if notice == NULL:
        return -1
    notice.peer, notice.ticket = peer, ticket
    _put(notice.texts, certificate, certificate_size)
    _put(notice.texts + certificate_size, name, name_size)
    return _append(notices, notice, False)


cdef void settle(Notices* notices) noexcept nogil:
    pthread_mutex_lock(&notices.lock)
    if notices.calls:
        notices.calls -= 1
    pthread_mutex_unlock(&notices.lock)


cdef object _told(const Notice* notice):
    cdef const char* texts = <const char*>notice.texts
    error = None
    if notice.kind == NOTICE_NEEDS and notice.status != OK:
        error = call_error(notice.status, &notice.ending)
    return Told(
        Kind(notice.kind), notice.method, notice.refusal, notice.level, notice.peer, notice.ticket, notice.deadline_ns,
        notice.arrived_ns, notice.metadata_size, error,
        PyBytes_FromStringAndSize(texts, <Py_ssize_t>notice.request_size),
        PyBytes_FromStringAndSize(texts + notice.request_size, <Py_ssize_t>notice.authorization_size),
        PyBytes_FromStringAndSize(texts + notice.request_size + notice.authorization_size,
                                  <Py_ssize_t>notice.response_size))


cdef list take_notices(Notices* notices):
    cdef Notice* first
    cdef Notice* notice
    with nogil:
        pthread_mutex_lock(&notices.lock)
        first = notices.first
        notices.first = notices.last = NULL
        notices.bytes = 0
        pthread_mutex_unlock(&notices.lock)
    found = []
    try:
        notice = first
        while notice != NULL:
            found.append(_told(notice))
            notice = notice.next
    finally:
        _free_all(first)
    return found
