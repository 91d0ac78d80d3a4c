# Questions about vehicles: the vehicle, its owners, and what that comes to (docs/answers.md sections 8 and 9).

from libc.stdint cimport uint8_t

from core.answer.outcome cimport Outcome, Vehicle
from core.call.memory cimport Call
from core.questions.vehicle_finding cimport VehicleFinding
from core.subject.vehicle_comparison cimport VehicleQuestion

# The outcome of a vehicle question; call.fits must be empty. Plates that another kind of the one box found may be
# handed in as
# `also` (else NULL): their alerts count too. OK or FAILED.
cdef int answer_vehicle(Call* call, VehicleQuestion* asked, const VehicleFinding* also, Outcome* outcome) noexcept nogil
# CheckVehicle with typed fields. OK or FAILED.
cdef int check_vehicle(Call* call, Outcome* outcome) noexcept nogil
# Visible owners with their hits and levels; `link` is the question's.
cdef int gather_owners(Call* call, Vehicle* vehicle, uint8_t link) noexcept nogil
# The same from the `first`th visible one on (0-based), without hits of the answer.
cdef int gather_owner_page(Call* call, Vehicle* vehicle, uint8_t link, int first) noexcept nogil
# Alerts of plate subjects found become hits; the plates join the outcome.
cdef void add_plates(Call* call, const VehicleFinding* finding, Outcome* outcome) noexcept nogil
