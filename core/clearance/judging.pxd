# Clear: columns of subjects against a standard (docs/answers.md section 12).

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.call.memory cimport Call
from core.call.question cimport Question, Text
from core.failure cimport Failure

cdef struct Opening:             # the first message of a stream
    int32_t standard
    bint has_rows
    Text generation              # borrowed; size 0 = the current one
    Question question            # its RequestContext, borrowed

# Reads the first message: OK or FAILED.
cdef int open_clearance(const void* data, size_t size, Opening* opening, Failure* failure) noexcept nogil
# One ClearRequest in, one ClearResponse into call.out; its context, standard and generation are ignored. OK or FAILED.
cdef int clear_batch(Call* call, int standard, const void* data, size_t size) noexcept nogil
