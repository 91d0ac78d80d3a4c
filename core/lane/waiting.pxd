# Notices from the loop to Python: calls that it cannot answer by itself, and connections that come and go. A list under
# a lock that is held for a few stores, and an eventfd that wakes the asyncio loop. The loop never waits for the reader.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint64_t

from core.engine.dispatch cimport Ending
from core.lane.transport cimport LaneCall

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass

cdef enum:                       # Notice.kind
    NOTICE_ASKS = 1              # a call that Python answers from its beginning
    NOTICE_NEEDS = 2             # a call of which `status` and `ending` say what the core needs, or which fault it met
    NOTICE_ON_DISK = 3           # an answer that leaves once its record is on disk
    NOTICE_CAME = 4              # a connection's first call: `request` is its certificate, `authorization` its name
    NOTICE_WENT = 5              # the same connection ended
    NOTICE_ENDED = 6             # a call that waits here was ended by its client, its deadline or its connection

cdef enum:
    CALLS_WAITING = 4096         # calls at once, as grpcio takes in (server/transport/channel_options.py)
    BYTES_WAITING = 64 << 20     # that they hold, together

cdef struct Notice:
    Notice* next
    int kind
    int method
    int refusal                  # LANE_ASKED, or what the transport could not take
    int status
    uint8_t level
    uint64_t peer
    uint64_t ticket
    int64_t deadline_ns
    int64_t arrived_ns           # CLOCK_MONOTONIC
    size_t metadata_size
    size_t request_size
    size_t authorization_size
    size_t response_size
    Ending ending
    uint8_t* texts               # request, authorization, response, in the same piece of memory

cdef struct Notices:
    pthread_mutex_t lock
    Notice* first
    Notice* last
    size_t calls                 # announced and not settled
    size_t bytes
    int wake                     # eventfd

# 0, or -1 when there is no memory.
cdef int notices_init(Notices* notices, int wake) noexcept nogil
cdef void notices_free(Notices* notices) noexcept nogil
# Tells of a call, with `request_size` bytes of its message: 0, or -1 when too many wait or memory is short.
# ending, response: NULL = none.
cdef int tell_call(Notices* notices, int kind, const LaneCall* call, size_t request_size, int status,
                   const Ending* ending, const void* response, size_t response_size) noexcept nogil
# Tells of a connection, or of a call's end: 0 or -1.
cdef int tell(Notices* notices, int kind, uint64_t peer, uint64_t ticket, const void* certificate,
              size_t certificate_size, const void* name, size_t name_size) noexcept nogil
# Notes the end of a reported call, in any way.
cdef void settle(Notices* notices) noexcept nogil
# Returns the notices since the last look, as `Told` of waiting.pyx.
cdef list take_notices(Notices* notices)
