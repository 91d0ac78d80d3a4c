# Who or what a row is about.

from core.standardise.row cimport Context
from core.standardise.stated cimport Subject, SubjectPlan

cdef void read_subject(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil
# Whether nothing but a text that is no identifier shows whom or what the row is about: the key of its field, or -1.
cdef int only_shown(Subject* s, bint vehicle) noexcept nogil
# How many it may be that are shown only so; 1 where nothing or something else says who it is.
cdef int count_shown(Subject* s, bint vehicle) noexcept nogil
# Takes one of what is shown for what is stated; several are nothing beside another number.
cdef void take_shown(Context* c, Subject* s, int which) noexcept nogil
cdef bint names_a_person(Subject* s) noexcept nogil
cdef bint shows_a_person(Subject* s) noexcept nogil
cdef bint names_a_vehicle(Subject* s) noexcept nogil
