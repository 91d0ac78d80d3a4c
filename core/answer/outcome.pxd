# The result of a question before it is written: levels, subjects, candidates. Filled by core/questions, written by
# core/answer/response.pyx.

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from core.call.memory cimport OWNERS_MAX, Compared
from core.generation.dossier cimport OwnerEntry
from core.generation.view cimport Dossier
from core.identifiers.rules cimport CANONICAL_MAX, Canonical
from core.subject.alerts cimport AlertSum
from core.subject.person cimport Person

cdef enum:
    DETECTED_LIMIT = 12
    SUGGESTED_LIMIT = 5          # what a small screen shows, and as many as one question may tell to be on file
    PLATES_LIMIT = 16            # plate subjects of one answer

cdef struct Detected:
    uint8_t kind                 # ronda.v1.IdentifierKind
    bint found
    uint8_t length
    char text[CANONICAL_MAX]     # unused for NAME: its canonical text is folded when written

cdef struct Owner:
    const OwnerEntry* entry
    int32_t ordinal
    bint present
    bint has_person
    bint name_alert              # known by name only, and somebody with a warrant bears it
    bint adolescents_hidden      # the level is INCOMPLETE for adolescents' orders that are not shown
    Person person
    AlertSum alerts
    uint8_t level
    uint8_t status

cdef struct Vehicle:
    Dossier dossier
    uint32_t entity
    uint8_t level                # vehicle_level
    uint8_t owner_level
    bint bears_asked_plate
    bint own_alerts              # its own alerts count: it bears the asked plate, or no plate was asked
    bint armed
    bint name_alert              # of a present owner
    bint adolescents_hidden      # of a present owner
    int n_owners                 # shown
    int owners_total             # visible
    Owner owners[OWNERS_MAX]

cdef struct Outcome:
    # head
    uint8_t level
    uint8_t status               # IdentityStatus
    uint32_t notes               # bit (1 << NOTE_*)
    uint32_t cautions            # bit (1 << CautionFlag), besides those of person or vehicle
    bint about_vehicle           # lists the registers for vehicles
    bint plain                   # search or list: no hits, comparisons, cautions, notes
    Compared compared
    # subject
    bint has_person
    Person person
    AlertSum person_alerts
    bint has_vehicle
    Vehicle vehicle
    int n_plates
    Dossier plates[PLATES_LIMIT]  # plate subjects, for closed alerts
    # others
    int32_t candidates_total
    int n_detected
    Detected detected[DETECTED_LIMIT]
    int n_suggestions
    int n_on_file                # the first of them, which somebody visibly has
    Canonical suggestions[SUGGESTED_LIMIT]
    uint32_t suggested[SUGGESTED_LIMIT]  # whoever has it on file; NO_ENTITY = nobody

cdef inline void outcome_begin(Outcome* outcome) noexcept nogil:
    """Empties it."""
    outcome.level = outcome.status = 0
    outcome.notes = outcome.cautions = 0
    outcome.about_vehicle = outcome.plain = outcome.has_person = outcome.has_vehicle = False
    outcome.compared.n = 0
    outcome.n_plates = outcome.n_detected = outcome.n_suggestions = outcome.n_on_file = 0
    outcome.candidates_total = 0
