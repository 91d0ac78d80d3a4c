# grpc.health.v1 on the loop: Check and Watch of the worker's services, as server/calls/health.py has them.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from core.lane.transport cimport LaneCall, LaneReply

cdef enum:
    SERVICES_MOST = 16
    HEALTH_TRAILERS = 2

cdef struct ServiceName:
    const char* text
    size_t size

cdef struct HealthShown:         # never changes once it is shown
    ServiceName services[SERVICES_MOST]
    int n_services
    bint serving
    ServiceName said[HEALTH_TRAILERS]  # values of ronda-reason and ronda-detail; size 0 = none
    LaneReply malformed          # what a request gets that is no message

cdef class ShownHealth:
    cdef HealthShown shown
    cdef tuple held

# Fills the reply of a health call.
cdef void put_health(const HealthShown* health, const LaneCall* call, LaneReply* reply) noexcept nogil
