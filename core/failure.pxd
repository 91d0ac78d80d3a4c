# Why a call failed, as plain memory: what the compiled core passes up instead of raising.

from libc.stdint cimport uint32_t

cdef enum:
    OK = 0
    FAILED = -1                  # the Failure of the call says why

cdef struct Failure:
    int reason                   # ronda.v1.ErrorReason; 0 = none
    const char* field            # request field, static text; "" = no single one
    const char* rule             # rule that it breaks, static text; for damage, what is wrong
    uint32_t entity              # DOSSIER_DAMAGED: its entity; NO_ENTITY = a file of the generation, named by `field`
    char generation[64]          # GENERATION_GONE: the one that is wanted
    uint32_t generation_length
    uint32_t count               # QUERY_TOO_BROAD: subjects that may fit; 0 = not counted

cdef inline void failure_init(Failure* failure) noexcept nogil:
    failure.reason = 0
    failure.field = failure.rule = ""
    failure.entity = 0xFFFFFFFF  # NO_ENTITY of core/generation/dossier.pxd
    failure.generation_length = 0
    failure.count = 0

cdef inline int fail(Failure* failure, int reason, const char* field, const char* rule) noexcept nogil:
    failure.reason = reason
    failure.field = field
    failure.rule = rule
    failure.generation_length = 0
    failure.count = 0
    return FAILED
