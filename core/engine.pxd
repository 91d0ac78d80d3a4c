# The engine for compiled callers: one function that needs no Python.

from libc.stdint cimport int64_t, uint8_t

from core.call cimport Call
from core.failure cimport Failure
from core.generation cimport Generation, Store
from core.grant cimport GrantMasks
from core.wire cimport Buffer

cdef enum:
    CALLS_KEPT = 64              # working memories kept between calls; further ones are freed

cdef class Engine:
    cdef readonly Generation generation
    cdef const Store* store
    cdef void* pool              # EngineCore of engine.pyx

# Answers one request: OK and the response in `out`, or FAILED and the reason in `failure`. Safe from several threads
# at once.
cdef int answer_into(void* pool, int method, const void* data, size_t size, const GrantMasks* grant, int64_t clock_ms,
                     Buffer* out, Failure* failure) noexcept nogil
