# Charges a call to its caller: permission, limits, and the record that is written before the answer leaves. Everything
# here is between request bytes and response bytes, without the GIL.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

from core.access.limits cimport LimitVerdict
from core.access.session cimport PurposeGrant, Session
from core.call.memory cimport Call
from core.call.question cimport Question
from core.failure cimport Failure
from core.generation.store cimport Store

cdef struct Account:
    const Session* session       # NULL = a bare grant: nothing is checked, nobody is named in the record
    void* audit                  # AuditLog.core; NULL = no record is kept
    const PurposeGrant* given    # once entered
    LimitVerdict verdict         # of a LIMIT_EXCEEDED
    int64_t started_ns           # monotonic
    int64_t clock_ms
    uint8_t standard             # ClearanceStandard of a batch of Clear; else 0
    uint32_t rows                # of a batch of Clear, once it was entered; else 0
    int method                   # METHOD_* of core/call/question.pxd, CLEAR_METHOD of core/access/caller.pxd
    const Question* question     # its RequestContext

# Ready for one call. `question` may still be unread.
cdef void account_init(Account* account, const Session* session, void* audit, int method, int64_t clock_ms,
                       const Question* question) noexcept nogil
# Before a unary answer: grant and limits. OK, FAILED, GRANT_NEEDED or CALLER_RETIRED (core/access/caller.pxd).
cdef int account_enter(Account* account, const void* request, size_t size, Failure* failure) noexcept nogil
# The same for a call that was put off after it had entered: its limits were taken, `flags` are the verdict's of then.
cdef int account_enter_again(Account* account, uint16_t flags, Failure* failure) noexcept nogil
# Before a batch of Clear: the same for its rows.
cdef int account_enter_rows(Account* account, uint32_t rows, const void* batch, size_t size,
                            Failure* failure) noexcept nogil
# After the answer stands in call.out, or the subject of a list was not found: signs of misuse. OK, or FAILED: nothing of it may leave.
cdef int account_watch(Account* account, Call* call) noexcept nogil
# After account_watch let it pass: the record. OK, or FAILED: the bytes must not leave.
cdef int account_close(Account* account, Call* call, const void* request, size_t size) noexcept nogil
# The record of a refusal. OK, or FAILED with AUDIT_UNAVAILABLE in place of what was refused for.
cdef int account_refuse(Account* account, const Store* store, const void* request, size_t size, Failure* failure) noexcept nogil
