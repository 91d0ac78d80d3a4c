# One validated caller: a device, an officer and their token, with the grant of each purpose that was asked for so far.
#
# server/trust makes a Caller once for each (client certificate, token) and asks policy once for each purpose; the hot
# path only looks the grant up, without the GIL. A purpose's grant is written once and never changed: a change of policy
# or a revocation retires the whole Caller, and server/trust makes a new one.

from libc.stdint cimport int32_t, int64_t

from core.access.session cimport PurposeGrant, Session
from core.failure cimport Failure

cdef class Caller:
    cdef Session session
    cdef readonly bytes identity
    cdef bytes unit              # "institution/unit"
    cdef object limits           # keeps session.limits alive

# Decides whether this caller may call this method for this purpose now. OK and `given`; GRANT_NEEDED: raise
# GrantNeeded(purpose); CALLER_RETIRED: raise CallerRetired(purpose); FAILED: TOKEN_EXPIRED, FORBIDDEN (purpose and
# method denied read alike), FIELD_INVALID (context.purpose, context.case_number, context.reason).
cdef int caller_enter(const Session* session, int32_t purpose, int method, bint has_case, bint has_reason,
                      int64_t clock_ms, const PurposeGrant** given, Failure* failure) noexcept nogil
