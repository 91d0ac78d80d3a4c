# Persons whose names hold every key of a question (docs/answers.md sections 8 and 13).

from libc.stdint cimport uint8_t

from core.call cimport Call
from core.person cimport Person

cdef enum:
    # What a search may cost before it is refused, about 20 ms: dossiers read, and steps through posting lists.
    DOSSIERS_MAX = 15000
    STEPS_MAX = 2000000

# Fills call.fits, in subject order, with the persons that fit call.names and do not disagree in birth date and sex
# (and, when
# `filters`, in the years and the department of the question). Fit.names and Fit.certain are set; the link is POSSIBLE.
# Stops at FITS_MAX fits. OK or FAILED; `field` is the request field to blame when the search would cost too much.
cdef int find_by_name(Call* call, bint filters, const char* field) noexcept nogil
# Whether one person fits, as find_by_name decides; names[0], certain[0] as in Fit.
cdef bint fits_name(const Call* call, const Person* person, bint filters, uint8_t* names,
                    uint8_t* certain) noexcept nogil
