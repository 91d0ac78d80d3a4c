# google.rpc.Status of what the core refuses, written without the GIL: the same bytes as server/errors.py makes, from a table
# that it gives (tests/lane/test_statuses.py compares every reason).

from libc.stddef cimport size_t

from core.access.limits cimport LimitVerdict
from core.failure cimport Failure
from core.wire cimport Buffer

cdef enum:
    REASONS_MAX = 64             # numbers of ronda.v1.ErrorReason below it

cdef struct ReasonStatus:        # texts are borrowed from the table; name NULL = no status of its own
    int code                     # google.rpc.Code
    bint retryable
    const char* name
    const char* text             # where no field and rule say it better

cdef class StatusTable:
    cdef ReasonStatus reasons[REASONS_MAX]
    cdef bytes domain
    cdef list held

# Writes the Status of a failure into `out`, which it empties first, and says where in it the message stands. Its code; 0 =
# Python is to say what it is: our own fault, or what something is needed for. Out of memory: out.failed.
cdef int write_status(const ReasonStatus* reasons, const char* domain, const Failure* failure,
                      const LimitVerdict* verdict, Buffer* out, size_t* text_at, size_t* text_size) noexcept nogil
