# Finds the vehicles and plates of a plate, VIN, chassis tail or engine (docs/answers.md sections 8 and 9).

from libc.stdint cimport uint8_t, uint32_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier
from core.subject.asked cimport AskedIdentifier

cdef enum:
    OWNERS_AHEAD = 4             # owners of a vehicle fetched ahead; hardly one has more

cdef struct VehicleFinding:      # the other vehicles found stand in call.fits: those that fit, then former bearers
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

# `item` may be NULL: nothing is found. OK or FAILED.
cdef int find_vehicle(Call* call, const AskedIdentifier* item, VehicleFinding* finding) noexcept nogil
# For chassis tails and engines UNSPECIFIED: the one vehicle's own status stands for it.
cdef uint8_t vehicle_finding_status(const Call* call, const AskedIdentifier* item, const VehicleFinding* finding) noexcept nogil
# Plate subjects of the plates that a vehicle bears today join finding.plates, with `link`. OK or FAILED.
cdef int find_borne_plates(Call* call, const Dossier* vehicle, uint8_t link, VehicleFinding* finding) noexcept nogil
