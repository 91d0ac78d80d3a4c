# One person of the file as the caller may see it: claims, status, and how the question's names and dates compare
# (docs/answers.md sections 1, 2, 3 and 9).

from libc.stdint cimport int32_t, uint8_t, uint32_t

from core.call.memory cimport Call
from core.generation.dossier cimport ClaimEntry
from core.generation.view cimport Dossier
from core.subject.alerts cimport AlertSum
from core.subject.asked cimport AskedIdentifier

cdef struct Person:
    Dossier dossier
    uint32_t entity
    bint has_identity            # a visible identity claim
    bint dead                    # one of them holds a death
    bint conflict                # two of them contradict
    bint misused                 # filled by person_status from the alerts
    bint summary_visible         # the claim that Candidate's stored fields come from
    uint8_t summary_section      # its Section and Sensitivity
    uint8_t summary_sensitivity
    int birth_year               # of the first visible claim with a year (section 1); 0 = unknown
    int birth_month
    int birth_mday

cdef int person_open(Call* call, uint32_t entity, Person* person) noexcept nogil
cdef void person_view(Call* call, uint32_t entity, const Dossier* dossier, Person* person) noexcept nogil
cdef uint8_t compare_person_names(const Call* call, const Person* person) noexcept nogil
cdef uint8_t compare_person_birth(const Call* call, const Person* person) noexcept nogil
cdef uint8_t compare_person_sex(const Call* call, const Person* person) noexcept nogil
cdef uint8_t compare_person_parents(const Call* call, const Person* person) noexcept nogil
# Return whether a claim that counts has a name, or one of the asked parents.
cdef bint person_is_named(const Call* call, const Person* person) noexcept nogil
cdef bint person_parent_is_named(const Call* call, const Person* person) noexcept nogil
# Returns the nearness of a birth date that neither agrees nor disagrees: PARTLY, NEAR, or 0 when a side has no year.
cdef uint8_t person_birth_nearness(const Call* call, const Person* person) noexcept nogil
# Age today; -1 = none.
cdef int person_age(const Call* call, const Person* person) noexcept nogil
# MISUSED, DECEASED, CONFLICT or FOUND.
cdef uint8_t person_condition(const Person* person, const AlertSum* alerts, bint conflict) noexcept nogil
# The same, NOT_FOUND for one without a visible identity claim: as names, telephones, candidates and owners are judged.
cdef uint8_t person_status_by_name(const Call* call, const Person* person, const AlertSum* alerts) noexcept nogil
# The claims that a comparison uses: identity claims, or all when there is none.
cdef bint claim_counts(const Call* call, const Person* person, const ClaimEntry* claim) noexcept nogil
