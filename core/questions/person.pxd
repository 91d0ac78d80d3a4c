# Questions about persons: the persons found, and the result (docs/answers.md sections 8 and 9).

from libc.stdint cimport uint8_t, uint32_t

from core.answer.outcome cimport Outcome
from core.call.memory cimport Call
from core.subject.person_comparison cimport PersonQuestion

cdef struct PersonFinding:       # what the principal finds; the other fits stand in call.fits
    uint32_t subject             # NO_ENTITY = none, or several
    int count                    # subjects found, the chosen one included
    bint on_file                 # one of them at least is not there for an alert alone
    bint several                 # more than one, none of them chosen
    bint identified              # a register that identifies the kind states it (of one of them, when they are several)
    bint certain
    uint8_t link

# Adds the subjects that the principal finds, the chosen one aside, to call.fits. `field` is blamed for a search that
# would
# cost too much. OK or FAILED.
cdef int find_person(Call* call, PersonQuestion* asked, PersonFinding* finding, const char* field) noexcept nogil
# Status of what the principal asks, by what it found; the one person's own condition aside (FOUND stands for it).
cdef uint8_t finding_status(const Call* call, const PersonQuestion* asked, const PersonFinding* finding) noexcept nogil
# The outcome of a person question; call.fits must be empty. OK or FAILED.
cdef int answer_person(Call* call, PersonQuestion* asked, Outcome* outcome, const char* field) noexcept nogil
# A person chosen from a list found by name is never CLEAR, and the note says what to compare. The links of the same
# question are at most POSSIBLE already (answer_person). Every check of a person passes here.
cdef void doubt_chosen_person(const Call* call, Outcome* outcome) noexcept nogil
# CheckPerson with typed fields. OK or FAILED.
cdef int check_person(Call* call, Outcome* outcome) noexcept nogil
