# The subject of a row.

from core.standardise.row cimport Context
from core.standardise.stated cimport Subject, SubjectPlan

cdef void read_subject(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
# Returns the key of the field if only a text that is no identifier shows the row's subject; else -1.
cdef int only_shown(Subject* s, bint vehicle) noexcept nogil
# Returns the number of possible subjects that are shown only so; 1 if nothing or something else identifies it.
cdef int count_shown(Subject* s, bint vehicle) noexcept nogil
# Takes one of what is shown for what is stated; several are nothing beside another number.
cdef void take_shown(Context* c, Subject* s, int which) noexcept nogil
cdef bint names_a_person(Subject* s) noexcept nogil
cdef bint shows_a_person(Subject* s) noexcept nogil
cdef bint names_a_vehicle(Subject* s) noexcept nogil
