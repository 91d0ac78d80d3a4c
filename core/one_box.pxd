# One box: every kind of identifier that fits the text is looked up (docs/answers.md section 8).

from core.call cimport Call
from core.outcome cimport Outcome

# The outcome of call.question.query, limited to persons or vehicles by the method. OK or FAILED.
cdef int check_box(Call* call, Outcome* outcome) noexcept nogil
