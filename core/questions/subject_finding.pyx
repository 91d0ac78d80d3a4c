"""Subjects by their id, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint32_t

from core.call.memory cimport call_damaged, call_dossier
from core.contract.error cimport ERROR_REASON_SUBJECT_NOT_FOUND
from core.failure cimport FAILED, OK, fail
from core.generation.store cimport dossier_identifier, store_lookup
from core.identifiers.kinds cimport KEY_SUBJECT
from core.subject.asked cimport LOOKUP_MAX
from core.subject.records cimport any_record_visible


cdef int find_subject(Call* call, const uint8_t* raw, const char* field, Dossier* dossier) noexcept nogil:
    cdef uint32_t entities[LOOKUP_MAX]
    cdef int i
    cdef long long n = store_lookup(call.store, KEY_SUBJECT, raw, 16, entities, LOOKUP_MAX)
    if n < 0:
        return call_damaged(call, "keys.mdb", "cannot be read")
    for i in range(<int>min(n, <long long>LOOKUP_MAX)):
        if call_dossier(call, entities[i], dossier) < 0:
            return FAILED
        if dossier_identifier(dossier.bytes, KEY_SUBJECT, raw, 16, 0) == 0 and any_record_visible(call, dossier):
            return OK
    return fail(call.failure, ERROR_REASON_SUBJECT_NOT_FOUND, field, "this generation does not hold it")
