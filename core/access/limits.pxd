# Limits and signs of misuse, shared by all workers: one mapped file of counters, changed by atomic operations only.
#
# The file: a page of header, then tables of slots, each found by a 64-bit hash within a set of neighbours. A slot that
# is no longer needed (its allowance is whole again) is taken by the next user; when a set is full the one nearest to
# whole goes. Numbers are of this machine and nothing in the file names any person: keys are hashes. The last
# identifiers of each officer and device lie under a mask made of the file's own key. A reader of the whole file can
# unmask them, as root could read them from the registers.
#
#   +-------------+ 0      magic, sizes
#   | header      |
#   +-------------+ 4096
#   | Spender[]   |  x 640 bytes, sets of 4: one for each device and one for each officer
#   | Repeat[]    |  x 16 bytes, sets of 4: one for each (officer, subject asked for)
#   | Counted[]   |  x 32 bytes, sets of 4: one for each (officer, device, request_id)
#   | Habit[]     |  x 16 bytes, sets of 4: one for each unit and allowance
#   | Viewer[]    |  core/access/shown_persons.pxd: one for each officer, device and unit; units are named
#   | uint32_t[]  |  persons shown to these today
#   | RowBlock[]  |  core/access/row_blocks.pxd: stretches of numbers in which an agency guesses
#   | uint32_t[]  |  its rows that cost or paid
#   +-------------+

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.access.enumeration cimport RowAsked
from core.access.session cimport PurposeGrant, Session
from core.access.shown_persons cimport PersonTables
from core.contract.error cimport ERROR_REASON_LIMIT_EXCEEDED, ERROR_REASON_TOO_MANY_PERSONS
from core.failure cimport Failure

cdef struct LimitVerdict:
    const char* limit            # LIMIT_EXCEEDED, TOO_MANY_PERSONS: which one, static text for QuotaFailure
    uint32_t retry_after_ms      # the same: when it is worth to ask again
    uint16_t flags               # LOOK_* of core/access/caller.pxd, for the audit record

cdef struct Asking:              # what a unary call asked and came to
    const void* key              # Call.asked_key: KEY_* of core/generation/dossier.pxd or ASKED_*, and the canonical text
    size_t key_size              # 0 = nothing that can be named
    const uint64_t* also         # codes of core/access/neighbours.pxd of what else it asked for
    size_t n_also
    int found                    # FOUND_* of core/access/enumeration.pxd

cdef class Limits:
    cdef void* table             # what Session.limits points to

# Microseconds by which limits count: about UTC, and never set while the machine runs. monotonic_ns: CLOCK_MONOTONIC.
cdef uint64_t limits_now(const Session* session, int64_t monotonic_ns) noexcept nogil

# Before a unary answer: counts the look-up. OK, or FAILED with LIMIT_EXCEEDED (`verdict` says more) or FIELD_INVALID
# (context.request_id, used before for another question). `request` is the whole request: a retry is the same bytes for the
# same method from the same device and officer. A session without a table is never limited.
# clock_ms is UTC, for the hours of the day; now is limits_now.
cdef int limits_take(const Session* session, const PurposeGrant* given, int method, const void* request_id,
                     size_t request_id_size, const void* request, size_t request_size, int64_t clock_ms,
                     uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil

# After the answer was made and before it leaves. Marks or refuses repeated look-ups of one subject and enumeration
# (core/access/enumeration.pxd); a retry only of what it did not let pass before. OK, or FAILED with LIMIT_EXCEEDED.
cdef int limits_watch(const Session* session, const PurposeGrant* given, const Asking* asking, const void* request_id,
                      size_t request_id_size, uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil

# The same of the rows of a batch of Clear, retries too: a batch of which one row is refused is refused whole, what the rows
# before that cost is spent.
cdef int limits_watch_rows(const Session* session, const PurposeGrant* given, const RowAsked* rows, size_t n,
                           uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil

# The tables of core/access/shown_persons.pxd; NULL = none are kept.
cdef const PersonTables* limits_persons(const Session* session) noexcept nogil

# Before a batch of Clear: counts its rows. The same batch under the same request_id counts once.
cdef int limits_take_rows(const Session* session, const PurposeGrant* given, uint32_t rows, const void* request_id,
                          size_t request_id_size, const void* batch, size_t batch_size, int64_t clock_ms,
                          uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil

cdef inline bint limit_is_spent(const Failure* failure) noexcept nogil:
    """Returns whether a limit refused: the verdict then says which one, and when to come back."""
    return failure.reason == ERROR_REASON_LIMIT_EXCEEDED or failure.reason == ERROR_REASON_TOO_MANY_PERSONS

# The exception of such a failure: LimitExceeded, TooManyPersons, or QuestionError.
cdef object limit_error(const LimitVerdict* verdict, const Failure* failure)

# Returns an officer's use of `neighbours`, `misses` and `subjects`: 0 to 1 each, 0 if there is no bound.
cdef tuple limits_used(const Session* session, const PurposeGrant* given, uint64_t now)
