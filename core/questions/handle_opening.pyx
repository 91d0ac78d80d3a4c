"""Entries of a list that are opened, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from core.call.handle cimport read_handle
from core.call.question cimport Question
from core.contract.check_service cimport SUBJECT_FOUND_CHOSEN_BY_NAME, SUBJECT_FOUND_DOCUMENT_COMPARED
from core.contract.check_service_fields cimport F_Candidate_cui
from core.contract.error cimport ERROR_REASON_QUESTION_AMBIGUOUS, ERROR_REASON_SUBJECT_NOT_FOUND
from core.failure cimport FAILED, OK, fail
from core.generation.view cimport Dossier
from core.questions.subject_finding cimport find_subject
from core.wire cimport Field, Reader, read_field, reader_init


cdef int open_handle(Call* call) noexcept nogil:
    """Asks for the CUI of an entry of a list, which nobody gave: the server knows how its person was found."""
    cdef Question* question = &call.question
    cdef uint8_t subject_id[16]
    cdef Dossier dossier
    cdef Reader reader
    cdef Field field
    if (question.cui.size + question.nit.size + question.cedula.size + question.document_number.size
            + question.licence.size + question.telephone.size):
        return fail(call.failure, ERROR_REASON_QUESTION_AMBIGUOUS, "handle", "came together with an identifier")
    if read_handle(call, subject_id) < 0 or find_subject(call, subject_id, "handle", &dossier) < 0:
        return FAILED
    reader_init(&reader, dossier.bytes + dossier.header.summary_offset, dossier.header.summary_length)
    while read_field(&reader, &field) > 0:
        if field.number == F_Candidate_cui and field.size == sizeof(call.opened_cui):
            memcpy(call.opened_cui, field.data, sizeof(call.opened_cui))
            question.cui.data = call.opened_cui
            question.cui.size = sizeof(call.opened_cui)
            if question.subject_found != SUBJECT_FOUND_DOCUMENT_COMPARED:
                question.subject_found = SUBJECT_FOUND_CHOSEN_BY_NAME
            return OK
    return fail(call.failure, ERROR_REASON_SUBJECT_NOT_FOUND, "handle", "no CUI is on file")
