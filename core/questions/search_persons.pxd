# SearchPersons (docs/answers.md section 13).

from core.call.memory cimport Call

# The whole response. OK or FAILED.
cdef int search_persons(Call* call) noexcept nogil
