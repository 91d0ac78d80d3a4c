# Who stands behind a handle of a list.

from core.call.memory cimport Call

# The question becomes one for the CUI of that person, chosen from a list unless her document was compared: OK, or FAILED with
# HANDLE_INVALID, QUESTION_AMBIGUOUS, SUBJECT_NOT_FOUND.
cdef int open_handle(Call* call) noexcept nogil
