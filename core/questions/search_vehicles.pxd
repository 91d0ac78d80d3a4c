# SearchVehicles: partial plates, numbers and what is seen, typed or as free text (docs/answers.md section 13, "Search").

from core.call.memory cimport Call

# The whole response. OK or FAILED.
cdef int search_vehicles(Call* call) noexcept nogil
