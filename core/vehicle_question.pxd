# Questions about vehicles: which they find, their plates and owners, and what that comes to (docs/answers.md sections 8, 9, 13).

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.asked cimport Asked
from core.call cimport Call
from core.dossier_view cimport Dossier
from core.outcome cimport Outcome, Vehicle
from core.vehicle_comparison cimport VehicleQuestion

cdef struct VehicleFinding:      # what the principal finds; the other vehicles stand in call.fits: first those that fit, then former bearers
    uint32_t subject             # NO_ENTITY = none, or several
    int count                    # vehicles that fit, the chosen one included, former bearers not
    int n_former                 # former bearers besides `subject`
    bint former                  # the vehicle is a former bearer
    bint several                 # more than one fit, none of them chosen
    bint identified              # a register that identifies the kind states it (of one of them)
    bint certain
    uint8_t link
    int n_plates                 # plate subjects of the asked plate
    Dossier plates[16]
    uint8_t plate_links[16]

cdef int find_vehicle(Call* call, const Asked* item, VehicleFinding* finding) noexcept nogil
cdef uint8_t vehicle_finding_status(const Call* call, const Asked* item, const VehicleFinding* finding) noexcept nogil
# The outcome of a vehicle question; call.fits must be empty. Plates that another kind of the one box found may be handed in as
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
# Plate subjects of the plates that a vehicle bears today join finding.plates, with `link`. OK or FAILED.
cdef int find_borne_plates(Call* call, const Dossier* vehicle, uint8_t link, VehicleFinding* finding) noexcept nogil
# Plates on file that may have been misread as the asked one: Outcome.suggestions. OK or FAILED.
cdef int suggest_plates(Call* call, const Asked* item, Outcome* outcome) noexcept nogil
