# A question about a person, and the comparison of one person with it (docs/answers.md section 8).

from libc.stdint cimport uint8_t

from core.call.memory cimport Call, Compared
from core.subject.asked cimport AskedIdentifier
from core.subject.person cimport Person

cdef enum:
    BY_NAME = -1                 # PersonQuestion.principal
    BY_NOTHING = -2

cdef enum:
    PERSON_IDENTIFIERS = 8       # of one question

cdef struct PersonQuestion:      # the names' keys stand in the call
    AskedIdentifier items[PERSON_IDENTIFIERS]  # in request field order
    int holders[PERSON_IDENTIFIERS]  # subjects found that hold each
    bint names_another           # an identifier of criterion 1 is held by others, and not by those the principal finds
    int n
    int principal                # index of items, BY_NAME or BY_NOTHING
    bint parents                 # a parent was given
    bint birth
    bint sex
    bint years                   # a search: years of birth or ages, call.name_question
    bint department              # a search: of birth, call.question

cdef void compare_person(const Call* call, const PersonQuestion* asked, const Person* person,
                         Compared* compared) noexcept nogil
# Comparisons of an answer without a person: the principal AGREES when something was found, all else UNKNOWN.
cdef void compare_nobody(const Call* call, const PersonQuestion* asked, bint found, Compared* compared) noexcept nogil
# Returns whether given names, parents or birth date agree: this makes a cedula certain.
cdef bint person_supported(const Call* call, const Person* person) noexcept nogil
