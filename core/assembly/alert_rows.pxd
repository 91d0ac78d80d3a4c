# Decides which rows of an alert's record hold, and which records of one report of a thing (docs/answers.md section 6).

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

from core.assembly.linked_record cimport Record
from core.assembly.record cimport Entity

cdef enum:
    IN_DOUBT = 128       # alert_flags, while alerts are made: another row of this record says another state


cdef struct Days:                # first and last that a day may be
    int64_t first
    int64_t last

cdef bint is_discreet(const Record* record) noexcept nogil
# Orders by kind of alert, then DISCREET ones last.
cdef int by_kind(const Record* a, const Record* b) noexcept nogil
cdef bint is_stated(int32_t first, uint16_t span) noexcept nogil
# The days that a day may be; every day where it is not known.
cdef Days days_of(int32_t first, uint16_t span) noexcept nogil
# Leaves out of indexes[0..count) the rows of a record that a later one supersedes.
cdef void keep_latest(Entity* entity, uint32_t* indexes, size_t* count) noexcept nogil
# Returns true for an alert about a vehicle, plate or engine.
cdef bint is_of_a_thing(const Record* record) noexcept nogil
# Leaves out of the records of one report what a later one of the same register says otherwise; how many are left.
cdef size_t latest_of_a_thing(Entity* entity, uint32_t* group, size_t count) noexcept nogil
