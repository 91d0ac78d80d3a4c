# The person behind a handle of a list.

from core.call.memory cimport Call

# Turns the question into one for the CUI of that person, chosen from a list unless the document was compared: OK, or
# FAILED with HANDLE_INVALID, QUESTION_AMBIGUOUS, SUBJECT_NOT_FOUND.
cdef int open_handle(Call* call) noexcept nogil
