# A question about a vehicle, the plates that a vehicle bears, and the comparison of one vehicle with the question
# (docs/answers.md section 8).

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.call.memory cimport Call, Compared
from core.generation.dossier cimport IdentifierEntry
from core.generation.view cimport Dossier
from core.subject.asked cimport AskedIdentifier

cdef enum:
    VEHICLE_IDENTIFIERS = 4      # of one question
    FOLDED_SEEN = 520            # bytes of a folded make or colour: 64 characters, each at most a few letters

cdef enum:                       # how a vehicle bears the asked plate
    BEARS_NOT = 0
    BEARS_FORMERLY = 1
    BEARS_NOW = 2

cdef struct VehicleQuestion:
    AskedIdentifier items[VEHICLE_IDENTIFIERS]  # in request field order: plate, vin, chassis_tail, engine; the first is the principal
    int holders[VEHICLE_IDENTIFIERS]  # vehicles found that hold (bear) each
    uint32_t holder[VEHICLE_IDENTIFIERS]  # the one, when it is one
    int n
    bint make
    bint colour
    int32_t model_year
    int make_length
    int colour_length
    char make_text[FOLDED_SEEN]  # folded
    char colour_text[FOLDED_SEEN]

cdef struct Bearing:
    int bears                    # BEARS_*
    uint8_t link                 # HIT with equal type, else POSSIBLE
    int32_t last                 # BEARS_FORMERLY: of its latest bearing
    int32_t first

# Returns whether any record of section PLATE_ASSIGNMENT, visible or not, states the vehicle's plates: then the plates
# of other records are no bearings.
cdef bint plates_assigned(const Dossier* vehicle) noexcept nogil
# Returns whether an entry is a visible bearing of the vehicle; `assigned` from plates_assigned.
cdef bint is_bearing(const Call* call, const IdentifierEntry* entry, bint assigned) noexcept nogil
cdef void plate_bearing(const Call* call, const Dossier* dossier, const AskedIdentifier* asked, Bearing* bearing) noexcept nogil
# 0 = another plate, else the Level: HIT with equal type, POSSIBLE when either type is not known.
cdef uint8_t plate_matches(const Dossier* dossier, const IdentifierEntry* entry, const AskedIdentifier* asked) noexcept nogil
# The plate to show: borne today (first in order), else borne last; index of an IdentifierEntry, -1 = none visible.
cdef int plate_shown(const Call* call, const Dossier* dossier) noexcept nogil
cdef void compare_vehicle(Call* call, const VehicleQuestion* asked, const Dossier* vehicle,
                          Compared* compared) noexcept nogil
cdef void compare_no_vehicle(const VehicleQuestion* asked, bint found, Compared* compared) noexcept nogil
# Make, colour and year of the question against the visible registrations; 0 = not asked.
cdef void compare_seen(Call* call, const VehicleQuestion* asked, const Dossier* vehicle, uint8_t* make, uint8_t* colour,
                       uint8_t* year) noexcept nogil
# Two folded makes: equal, or one a beginning of the other of three or more letters.
cdef bint makes_agree(const char* a, int a_n, const char* b, int b_n) noexcept nogil
# Two folded colours: equal, or they name a colour in common; `colours` = colour_mask of the one asked.
cdef bint colours_agree(const char* filed, size_t filed_n, const char* asked, size_t asked_n,
                        uint32_t colours) noexcept nogil
# Characters of a UTF-8 text.
cdef size_t count_letters(const char* text, size_t size) noexcept nogil
# FOUND when a register that says which vehicles exist has it, else NOT_FOUND.
cdef uint8_t vehicle_status_by_name(const Call* call, const Dossier* vehicle) noexcept nogil
