# Who fits a name, as a caller may see it (docs/answers.md sections 8 and 13, "Search").

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.call.memory cimport Call
from core.generation.view cimport Dossier

cdef enum:
    BROAD = 100                  # persons found above which a search says what would narrow it

cdef enum:                       # the two questions that find by name
    NAMES_ASKED = 0              # of a check or clearance: strict, see core/name_index/scoring.pyx
    NAMES_SEARCHED = 1           # of a search: names agree, every asked token is paired, or the score is enough; years, department
                                 # and municipality sift

# Scores from which names that are merely similar fit: in a search; in one that found fewer than five; and in a check or clearance with
# a birth date.
cdef enum:                       # the request field that would narrow what was found
    NARROW_BY_NOTHING            # it were few
    NARROW_BY_NAMES
    NARROW_BY_BIRTH_DATE
    NARROW_BY_DEPARTMENT
    NARROW_BY_SEX

cdef double POSSIBLE_SCORE
cdef double FEW_SCORE
cdef double CHECKED_SCORE

# Fills call.fits with the persons that fit call.asked_name and the birth date, sex and parents of the question: the best `ranked`
# first, by evidence and then subject order, the others behind them in any order. Fit.names, evidence and certain are set; the
# link is POSSIBLE. OK or FAILED: QUERY_TOO_BROAD names the request field that would narrow it most, `field` being that of the name.
cdef int find_by_name(Call* call, int question, size_t ranked, const char* field) noexcept nogil
# NARROW_BY_*: the request field that would narrow what was found last the most.
cdef int narrowing_field(const Call* call) noexcept nogil
# Its name; "" of NARROW_BY_NOTHING.
cdef const char* narrowing_field_name(int field) noexcept nogil
# Index of the visible claim of a person whose name is most like the one asked, the first of equals; -1 = none has a name. What that
# name gives is known (Fit.names_evidence): reading names costs more than all else of a candidate.
cdef int matched_claim(Call* call, const Dossier* dossier, int32_t names_evidence) noexcept nogil
# Score of some evidence in the generation asked last.
cdef double score_of(const Call* call, int evidence) noexcept nogil
