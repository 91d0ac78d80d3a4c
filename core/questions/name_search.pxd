# Finds the persons that fit a name, as a caller may see them (docs/answers.md sections 8 and 13, "Search").

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier

cdef enum:
    BROAD = 100                  # persons found above which a search says what would narrow it

cdef enum:                       # the questions that find by name
    NAMES_ASKED = 0              # beside an identifier, or of an owner: who agrees or reaches the alert score
    NAMES_SEARCHED = 1           # of a search: who agrees, or whose score is enough; a page is filled with the likeliest others; years,
                                 # department and municipality sift
    NAMES_CHECKED = 2            # of a check: as NAMES_ASKED, and who has an alert below the alert score
    NAMES_CLEARED = 3            # of a clearance: as NAMES_ASKED; those born over a year off, where nobody nearer fits

cdef enum:                       # the request field that would narrow what was found
    NARROW_BY_NOTHING            # it were few
    NARROW_BY_NAMES
    NARROW_BY_BIRTH_DATE
    NARROW_BY_DEPARTMENT
    NARROW_BY_SEX

# Scores from which a person without full agreement is found, and from which a page is filled.
cdef double POSSIBLE_SCORE
cdef double FEW_SCORE

# Fills call.fits with the persons that fit call.asked_name and the birth date, sex and parents of the question: the best `ranked`
# first, by evidence and then subject order, the others behind them in any order, and behind all those who do not fit (NAMES_CHECKED).
# Fit.names, evidence, weak, contradicted and certain are set; the link is POSSIBLE. OK or FAILED: QUERY_TOO_BROAD names the request
# field that would narrow it most, `field` being that of the name.
cdef int find_by_name(Call* call, int question, size_t ranked, const char* field) noexcept nogil
# Place of the only one of call.fits, from `start` on, who is meant, and that for certain; -1 = there is none.
cdef int64_t certain_fit(const Call* call, size_t start) noexcept nogil
# Drops, beside a certain person, from `start` on: persons for an alert alone, or with another's names, birth date or
# (by_parents: the certain one's AGREE) parents.
cdef void drop_unlike(Call* call, size_t start, bint by_parents) noexcept nogil
# NARROW_BY_*: the request field that would narrow what was found last the most.
cdef int narrowing_field(const Call* call) noexcept nogil
# Its name; "" of NARROW_BY_NOTHING.
cdef const char* narrowing_field_name(int field) noexcept nogil
# Returns the index of a person's visible claim with the name most like the asked one, the first of equals; -1 = none
# has a name. That name's evidence is known (Fit.names_evidence): reading names costs more than all else of a candidate.
cdef int matched_claim(Call* call, const Dossier* dossier, int32_t names_evidence) noexcept nogil
# Score of some evidence in the generation asked last.
cdef double score_of(const Call* call, int evidence) noexcept nogil
