# One box: every kind of identifier that fits the text is looked up (docs/answers.md section 8).

from core.answer.outcome cimport Outcome
from core.call.memory cimport Call

# The outcome of call.question.query, limited to persons or vehicles by the method. OK or FAILED.
cdef int check_box(Call* call, Outcome* outcome) noexcept nogil
