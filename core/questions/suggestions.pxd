# Identifiers that may have been meant, for one that finds nobody: Outcome.suggestions (docs/answers.md section 13).

from core.answer.outcome cimport Outcome
from core.call.memory cimport Call
from core.subject.asked cimport AskedIdentifier

# CUIs, NITs and VINs one slip away, those on file first, others only for an impossible CUI; plates on file one or two characters away. OK or FAILED.
cdef int suggest(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil
# Suggests plates on file if the text looks like a plate that is none. OK or FAILED.
cdef int suggest_for_misformed(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil
# Suggests CUIs on file if the text is 12 digits, perhaps of a CUI that lost one. OK or FAILED.
cdef int suggest_for_lost_digit(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil
