# One loop of the express lane: what its thread has in its hand while it answers, without the GIL.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from core.audit.log cimport AuditLog
from core.call.confirmations cimport Confirmations, ConfirmationTable
from core.call.memory cimport Call
from core.engine.dispatch cimport EngineCore
from core.engine.entry cimport Engine
from core.lane.borrowed cimport Borrowed
from core.lane.callers cimport CallerIndex, CallerTable
from core.lane.health cimport ShownHealth
from core.lane.statuses cimport ReasonStatus, StatusTable
from core.lane.transport cimport Lane, LaneReply
from core.lane.waiting cimport Notices
from core.wire cimport Buffer

cdef enum:
    METHODS_COUNTED = 4          # by METHOD_*: Check, CheckPerson, CheckVehicle
    STATUSES_COUNTED = 17        # by gRPC's status
    LEVELS_COUNTED = 16          # by Level
    BOUNDS_MOST = 24             # of the histogram

cdef struct LaneTally:              # written by the loop alone, read by anybody
    uint64_t ended[METHODS_COUNTED][STATUSES_COUNTED]
    uint64_t levels[METHODS_COUNTED][LEVELS_COUNTED]
    uint64_t took[METHODS_COUNTED][BOUNDS_MOST + 1]   # by the first bound that it is not over; the last: over all
    uint64_t nanoseconds[METHODS_COUNTED]
    uint64_t shed                # no room among those that wait for Python

cdef struct Served:              # what answers: shown to the loop as one, and never changed after
    EngineCore* core
    const ConfirmationTable* confirmations

cdef struct Hand:                # all that the loop's thread reaches; what it points to the Loop owns
    void* served                 # Served; NULL = nothing is served
    uint64_t* looks              # of Borrowed
    CallerIndex* callers
    const ReasonStatus* reasons
    const char* domain
    void* audit                  # AuditLog.core
    Call* call                   # the loop's own working memory
    Buffer details               # of the reply that is being made
    void* health                 # HealthShown
    LaneReply overloaded         # what a call gets for which there is no room,
    LaneReply late               # and one that missed its deadline
    int n_bounds
    int64_t bounds_ns[BOUNDS_MOST]
    size_t max_message
    size_t max_metadata
    bint waits                   # durability answer-after-fsync
    Notices notices
    LaneTally counts

cdef class _ServedEngine:
    cdef Served served
    cdef Engine engine
    cdef Confirmations confirmations

cdef class Loop:
    cdef Hand hand
    cdef Lane* lane
    cdef Borrowed borrowed
    cdef CallerTable callers
    cdef StatusTable statuses
    cdef AuditLog audit
    cdef _ServedEngine serving
    cdef ShownHealth health
    cdef object refusals         # bytes that `hand` points into
    cdef bint ran
