# The parts of an engine without Python: the working memories of its calls, and the one function that answers.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from core.access.grant cimport GrantMasks
from core.access.limits cimport LimitVerdict
from core.access.session cimport Session
from core.audit.record cimport AskerText
from core.call.confirmations cimport ConfirmationTable
from core.call.memory cimport Call
from core.call.question cimport Question
from core.failure cimport Failure
from core.generation.store cimport REGISTERS_MAX, Store
from core.wire cimport Buffer

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass

cdef enum:
    CALLS_KEPT = 64              # working memories kept between calls; further ones are freed

cdef struct EngineCore:
    const Store* store
    uint64_t page_key[2]
    uint64_t page_mark           # core/call/page_token.pxd
    pthread_mutex_t lock         # of `idle`
    int n_idle
    Call* idle[CALLS_KEPT]
    Buffer registers[REGISTERS_MAX]  # Register's fields besides `status`, by ordinal
    Buffer generation            # GetGenerationResponse

cdef enum:
    PUT_OFF = 2                  # what answer_call returns besides OK, FAILED, GRANT_NEEDED and CALLER_RETIRED

cdef struct PastAnswer:          # as its audit record has it (core/audit/record.pxd)
    const AskerText* asker
    const uint8_t* answer_id     # 16 bytes
    bint superseded
    bint clock_doubtful

cdef struct Asker:               # the account that an answer is given on
    const Session* session       # NULL = a bare grant (tests, benches)
    const GrantMasks* grant
    void* audit                  # AuditLog.core; NULL = no record is written
    bint quick                   # a name that takes long is not looked for: PUT_OFF
    const Store* serving         # another generation, which serves by now: this one answers a page of its own; else NULL
    const ConfirmationTable* confirmations  # of hits; NULL = none
    const PastAnswer* past       # an answer that is made again; NULL = a new one
    int entered                  # LOOK_* of the call that was put off before; -1 = none was

cdef struct Ending:              # what an answer came to, or why none was given
    uint8_t level                # Answer.level, as it is written; 0 = none is said
    Failure failure
    LimitVerdict verdict         # LIMIT_EXCEEDED
    int32_t purpose              # that policy must be asked about

# NULL without memory.
cdef EngineCore* engine_core_new(const Store* store) noexcept nogil
cdef void engine_core_free(EngineCore* core) noexcept nogil
# A working memory for one call; NULL without memory. Who takes one gives it back.
cdef Call* take_call(EngineCore* core) noexcept nogil
cdef void return_call(EngineCore* core, Call* call) noexcept nogil
# Takes over the working memories that another engine has idle: they have grown to what calls need.
cdef void inherit_calls(EngineCore* core, EngineCore* older) noexcept nogil
# Answers one request: OK and the response in `out`; FAILED and the reason in `ending`; GRANT_NEEDED (core/access/caller.pxd)
# when policy must first be asked about `ending.purpose`, CALLER_RETIRED when a new caller must be made; PUT_OFF when it would
# not have been quick (`ending.verdict.flags` are for Asker.entered of the next try). A refusal has its audit record too,
# unless something is needed first: GRANT_NEEDED, CALLER_RETIRED, GENERATION_GONE that names the generation wanted, PUT_OFF
# (core.errors.Needed). Safe from several threads at once, each with a call of its own.
cdef int answer_call(EngineCore* core, Call* call, int method, const void* data, size_t size, const Asker* asker,
                     int64_t clock_ms, Buffer* out, Ending* ending) noexcept nogil
# One batch of Clear, in the same way. `opening` holds the context of the stream's first message.
cdef int clear_call(EngineCore* core, Call* call, int standard, const void* data, size_t size, const Question* opening,
                    const Asker* asker, int64_t clock_ms, Buffer* out, Ending* ending) noexcept nogil
