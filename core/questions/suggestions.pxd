# What may have been meant by an identifier that finds nobody: Outcome.suggestions (docs/answers.md section 13).

from core.answer.outcome cimport Outcome
from core.call.memory cimport Call
from core.subject.asked cimport AskedIdentifier

# CUIs, NITs and VINs one slip away, those on file first, others only for an impossible CUI; plates on file one or two characters away. OK or FAILED.
cdef int suggest(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil
# Whether the text looks like a plate that is none: then the plates on file that it may be. OK or FAILED.
cdef int suggest_for_misformed(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil
# Whether the text is 12 digits, of a CUI that lost one perhaps: then the CUIs on file that it may be. OK or FAILED.
cdef int suggest_for_lost_digit(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil
