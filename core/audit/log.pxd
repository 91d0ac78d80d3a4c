# The audit log of one worker: a record is appended before its answer leaves. Bytes: docs/audit-format.md.
#
# Safe from several threads at once: a mutex is held for the one to two microseconds of an append. Nothing here needs
# the GIL but the class itself.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    AUDIT_METHOD_CLEAR = 32      # AuditFacts.method: a Method of core.engine.entry, this for a batch of Clear; 0 = not known

# Facts of an answer's record besides the subjects shown. Texts are borrowed for the call; size 0 = none.
cdef struct AuditFacts:
    int64_t clock_ms             # when the request came in, UTC
    uint32_t latency_us          # until the record was written
    uint8_t method
    uint8_t purpose              # ronda.v1.Purpose
    uint16_t status              # 0 = answered; else the ronda.v1.ErrorReason of the refusal
    uint16_t flags               # AUDIT_FLAG_* of core/audit/record.pxd
    uint16_t rows                # of a batch of Clear that was answered; else 0
    const void* identity         # UTF-8 JSON object of who asked (docs/audit-format.md), the same bytes for the same caller
    size_t identity_size
    const void* case_number      # at most 255 bytes
    size_t case_number_size
    const void* request_id       # at most 255 bytes
    size_t request_id_size
    const void* generation       # its id
    size_t generation_size
    uint64_t overlay_sequence    # 0 = no live changes yet
    const void* asked_key        # KEY_* byte and canonical text of what was asked; only its keyed hash is kept
    size_t asked_key_size
    const void* asked            # the request's bytes; sealed to the auditor
    size_t asked_size
    uint8_t answer_id[16]        # UUIDv7, raw; zeros = none
    const void* response         # the answer's bytes, of which a digest is kept; NULL = none is
    size_t response_size
    const void* asker            # AskerText of core/audit/record.pxd; with a response
    size_t asker_size
    const void* fed              # what is said of the registers that are fed; size 0 = nothing is fed
    size_t fed_size
    uint8_t standard             # of a batch of Clear; else 0
    uint8_t again_flags          # AGAIN_* of core/audit/record.pxd

cdef class AuditLog:
    cdef void* core              # what audit_append takes

# Appends one record: 0, or -1 when it could not be written (no space, closed, no memory): then the answer must not leave
# (ERROR_REASON_AUDIT_UNAVAILABLE). When it returns 0 the record outlives this process; see AuditLog.durable for the disk.
# shown: n_shown ShownEntry of core/subject/shown.pxd, 32 bytes each (core/audit/record.pxd, EntryBytes).
cdef int audit_append(void* core, const AuditFacts* facts, const void* shown, size_t n_shown) noexcept nogil
