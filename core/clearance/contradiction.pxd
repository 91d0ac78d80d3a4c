# Decides whether other data beside a row's CUI belongs to another person (docs/answers.md section 12).

from core.call.memory cimport Call
from core.subject.person cimport Person

# Returns whether the row's name or birth date contradicts the CUI's bearer, or the name, if not quite the bearer's,
# finds another person with a record under the standard: 1 or 0, FAILED. Empties call.fits.
cdef int row_contradicts(Call* call, const Person* person, int standard) noexcept nogil
