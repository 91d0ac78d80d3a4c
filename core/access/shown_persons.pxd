# Counts the different persons that an officer, a device and a unit were shown in this hour and this day, in any way. A
# person shown before on the same day costs nothing.
#
# Two tables of fixed size in the limits file, changed by atomic operations only:
#
#   Viewer[]    x 128 bytes, sets of 4: one for each officer, device and unit; three counts
#   uint32_t[]  x 4 bytes, sets of 16: one for each (viewer, person, day): 27 bits of a keyed hash, and the day modulo 16.
#               A new person passes for one shown before once in eight million. If a set is full of this day's, one is
#               forgotten, and costs again when shown again.

from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    VIEWERS = 1 << 15            # 4 MiB
    PERSONS_SEEN = 1 << 22       # 16 MiB: 700,000 persons a day, each kept for officer, device and unit, before any is forgotten
    PERSONS_MAX = 192            # of one answer: a page has 100 at most
    UNIT_NAME_MAX = 63

cdef enum:                       # which bound
    WITHIN_BOUNDS = 0
    LISTED_IN_HOUR = 1
    LISTED_IN_DAY = 2
    ALL_IN_DAY = 3

cdef enum:                       # what a question asks about
    ASKS_NOBODY = 0              # no person
    ASKS_IDENTIFIER = 1          # a person by an identifier that names one
    ASKS_LIST = 2                # whoever fits

cdef struct PersonBounds:        # different persons; 0 = no bound
    uint32_t listed_hour         # shown by a list
    uint32_t listed_day
    uint32_t day                 # shown by any way

cdef struct Viewer:              # 128 bytes
    uint64_t key
    uint64_t listed_hour         # which hour << 32 | persons
    uint64_t listed_day          # which day << 32 | persons
    uint64_t day
    uint64_t reserved[4]
    char name[UNIT_NAME_MAX + 1]  # of a unit; officers and devices have none here

cdef struct PersonTables:
    Viewer* viewers
    uint32_t* seen
    uint64_t key                 # the file's own
    uint64_t spent_us            # when a file that was lost was made anew; 0 = it was the first

cdef struct Audience:            # who is shown; 0 = is not counted
    uint64_t officer
    uint64_t device
    uint64_t unit
    const char* unit_name
    size_t unit_name_size
    PersonBounds bounds          # of the officer; a device has room for several officers and shifts
    bint refuses                 # else it is only counted

cdef struct ShownPerson:
    uint64_t subject             # hash of the subject id
    bint listed                  # shown by a list

# Before an answer leaves: WITHIN_BOUNDS and counted, or the bound that is passed, nothing counted and `wait_us`. Who has spent
# a bound is refused for somebody not on file too: otherwise the refusal itself would say who is.
cdef int persons_show(const PersonTables* tables, const Audience* audience, const ShownPerson* persons, size_t n,
                      int asks, uint64_t now, uint64_t* wait_us) noexcept nogil

# Different persons that lists showed a unit's officers in this hour.
cdef uint32_t viewer_listed_now(const Viewer* viewer, uint64_t now) noexcept nogil
