# Finds the bearers of the names given beside an identifier (docs/answers.md section 8).

from libc.stdint cimport uint8_t

from core.call.memory cimport Call
from core.subject.person cimport Person

# Adds, behind the others, persons found by the names: the asked identifier may be false, or mistyped, and the names
# right. A name with too many bearers adds nobody: the question was for the identifier. OK or FAILED.
cdef int find_named(Call* call, const char* field) noexcept nogil
# Adds persons found by the names with the asked birth date, and also without it, because the date may be the
# identifier's bearer's (kind: NAMES_* of core/questions/name_search.pxd). Weak ones are left out, except those that
# bear all of three words or more. OK or FAILED.
cdef int find_beside(Call* call, int kind, const char* field) noexcept nogil
# Adds, behind the others, persons with an alert in force that the names find, if the names are not those of the
# identifier's bearer (names: their Agreement with the person found). A person who shows a brother's document states
# their own name. OK or FAILED.
cdef int find_wanted_by_name(Call* call, const Person* person, uint8_t names, const char* field) noexcept nogil
