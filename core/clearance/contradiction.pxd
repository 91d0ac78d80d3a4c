# Whether what stands beside a row's CUI is somebody else's (docs/answers.md section 12).

from core.call.memory cimport Call
from core.subject.person cimport Person

# Whether the row's name or birth date contradicts the CUI's bearer, or the name, where it is not quite the bearer's, finds
# somebody else with a record under the standard: 1 or 0, FAILED. Empties call.fits.
cdef int row_contradicts(Call* call, const Person* person, int standard) noexcept nogil
