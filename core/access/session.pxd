# A validated caller as compiled code sees it: for each purpose that was asked for so far, what policy gave.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.access.gcra cimport LimitRule
from core.access.grant cimport GrantMasks
from core.access.shown_persons cimport PersonBounds
from core.audit.record cimport (
    AUDIT_FLAG_BREAK_GLASS, AUDIT_FLAG_DELEGATED, AUDIT_FLAG_DEVELOPMENT, AUDIT_FLAG_ENUMERATION, AUDIT_FLAG_OFF_HOURS,
    AUDIT_FLAG_OFF_UNIT, AUDIT_FLAG_REPEATED, AUDIT_FLAG_RETRY,
)
from core.failure cimport Failure

cdef enum:
    PURPOSE_SLOTS = 16           # ronda.v1.Purpose 0 to 10, and room
    CLEAR_METHOD = 32            # ClearanceService.Clear, beside core.call.question's METHOD_*: bit of PurposeGrant.methods
    GRANT_NEEDED = 1             # what caller_enter returns besides OK and FAILED: policy must be asked first,
    CALLER_RETIRED = 3           # or server/trust, who this is by now (2 is PUT_OFF of core/engine/dispatch.pxd)

cdef enum:                       # PurposeGrant.state
    GRANT_UNKNOWN = 0            # policy was not asked yet
    GRANT_GIVEN = 1
    GRANT_DENIED = 2

# Flags of a look-up in the audit record, besides the question: AuditFacts.flags, explained in core/audit/record.pxd.
cdef enum:
    LOOK_RETRY = AUDIT_FLAG_RETRY
    LOOK_BREAK_GLASS = AUDIT_FLAG_BREAK_GLASS
    LOOK_DEVELOPMENT = AUDIT_FLAG_DEVELOPMENT
    LOOK_OFF_HOURS = AUDIT_FLAG_OFF_HOURS
    LOOK_OFF_UNIT = AUDIT_FLAG_OFF_UNIT
    LOOK_REPEATED = AUDIT_FLAG_REPEATED
    LOOK_ENUMERATION = AUDIT_FLAG_ENUMERATION
    LOOK_DELEGATED = AUDIT_FLAG_DELEGATED

cdef struct PurposeGrant:
    GrantMasks grant
    uint64_t methods             # bit (1 << METHOD_*), CLEAR_METHOD
    int32_t state                # GRANT_*, written last
    uint16_t flags               # LOOK_BREAK_GLASS or 0
    bint needs_case              # RequestContext.case_number must be given
    bint needs_reason            # RequestContext.reason must be given
    bint hours_refused           # outside `hours`: refuse instead of only marking the record
    bint repeats_refused
    int refused                  # bits of core/access/enumeration.pxd: bounds that refuse instead of only marking
    uint32_t hours               # bit (1 << hour of the day in Guatemala) at which use is expected
    int64_t expires_ms           # break-glass is short; else the session's end
    uint64_t officer_bucket      # keys of core/access/limits.pxd: an allowance counts apart from the officer's others, so that
    uint64_t device_bucket       # a dear look-up (break-glass) does not use up the cheap ones
    uint64_t officer_rules       # which allowance that is
    LimitRule officer            # look-ups of the officer
    LimitRule officer_day        # the same, a day's allowance
    LimitRule device
    LimitRule rows               # rows of Clear, of the device
    LimitRule neighbours         # look-ups near others of the officer
    LimitRule repeats            # look-ups of one subject, of the officer
    LimitRule misses             # look-ups of the officer that find nobody
    LimitRule subjects           # different subjects asked for by the officer
    PersonBounds persons         # different persons shown to the officer, whatever the allowance

cdef struct Session:             # a Caller as compiled code sees it
    PurposeGrant grants[PURPOSE_SLOTS]  # by Purpose
    int32_t retired              # a newer policy or a revocation: ask server/trust for a new Caller
    uint16_t flags               # LOOK_DEVELOPMENT, LOOK_OFF_UNIT, LOOK_DELEGATED
    int64_t expires_ms           # of the token
    uint64_t device              # hashes of who they are
    uint64_t officer
    uint64_t unit
    void* limits                 # LimitTable of core/access/limits.pyx; NULL = none are kept
    const char* unit_name        # "institution/unit"
    size_t unit_name_size
    const char* identity         # UTF-8 JSON, for the audit record
    size_t identity_size

# Returns the caller's own flags for the audit record.
cdef inline uint16_t caller_flags(const Session* session, const PurposeGrant* given) noexcept nogil:
    return session.flags | (given.flags if given != NULL else 0)
