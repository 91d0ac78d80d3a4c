# Who bears the names given beside an identifier (docs/answers.md section 8).

from libc.stdint cimport uint8_t

from core.call.memory cimport Call
from core.subject.person cimport Person

# Adds, behind the others, those whom the names find: the asked identifier may be false, or mistyped, and the names right.
# A name that too many bear adds nobody: it was not what was asked in the first place. OK or FAILED.
cdef int find_named(Call* call, const char* field) noexcept nogil
# Adds whom the names find with the birth date asked and, the date being the identifier's bearer's perhaps, without it (kind:
# NAMES_* of core/questions/name_search.pxd); nobody weak, but of three words or more who bears them all. OK or FAILED.
cdef int find_beside(Call* call, int kind, const char* field) noexcept nogil
# Where the names given are not the ones of the identifier's bearer (their Agreement with the person found): adds, behind the
# others, whom they find besides with an alert in force. Who shows a brother's document says his own name. OK or FAILED.
cdef int find_wanted_by_name(Call* call, const Person* person, uint8_t names, const char* field) noexcept nogil
