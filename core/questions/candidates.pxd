# Candidates of an answer: the first subjects of call.fits, with their levels and, where asked, their hits.

from libc.stddef cimport size_t
from libc.stdint cimport uint32_t

from core.call.memory cimport Call
from core.subject.person_comparison cimport PersonQuestion
from core.subject.vehicle_comparison cimport VehicleQuestion

# The candidates of a check: all fits, those with alerts first, as many as are sent into call.candidates; `hits`: those of
# all that are not quiet join the answer's; without, a person or a vehicle stands beside them. call.shown_level becomes the
# level below which no answer is that shows them. Either question may be NULL: no comparisons. OK or FAILED.
cdef int gather_all(Call* call, const PersonQuestion* persons, const VehicleQuestion* vehicles, bint hits) noexcept nogil
# Fills call.candidates from fits[start:start + most], in the order of fits. `hits`: as above, of these. `beside`: a person
# or a vehicle stands beside them.
# Either question may be NULL: no comparisons. OK or FAILED.
cdef int gather_candidates(Call* call, const PersonQuestion* persons, const VehicleQuestion* vehicles, size_t start,
                           size_t most, bint hits, bint beside) noexcept nogil
