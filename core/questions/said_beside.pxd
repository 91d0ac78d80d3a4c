# Facts stated beside the one thing that a box asks for: birth date, sex and name of a person, which are compared.

from core.answer.outcome cimport Outcome
from core.call.memory cimport Call
from core.free_text.box cimport BoxText
from core.identifiers.rules cimport Canonical

# 1 and the number, where a word beside it says its kind and it is such a number; else 0.
cdef int said_kind(const BoxText* said, Canonical* found) noexcept nogil
# Puts it into the question, where that states none itself. A name beside a vehicle is not asked: note NAME_NOT_ASKED.
# OK or FAILED.
cdef int take_said_beside(Call* call, const BoxText* said, Outcome* outcome) noexcept nogil
