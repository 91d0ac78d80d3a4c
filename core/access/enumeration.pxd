# Detects an officer who goes through a list: look-ups near one another, look-ups that find nobody, and new subjects
# within the hour. Each is a clock of core/access/gcra.pxd that a sign of enumeration sets ahead and ordinary work sets
# back, so that no pace is slow enough and no order of asking hides it.

from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from core.access.gcra cimport LimitRule

cdef enum:                       # what a look-up came to
    FOUND_UNSAID = 0             # names, foreign documents, registers that are not there: neither a sign nor ordinary work
    FOUND_SOMEBODY = 1
    FOUND_NOBODY = 2

cdef enum:                       # which bound, as bits
    NEAR_OTHERS = 1
    NOBODY_AGAIN = 2
    MANY_SUBJECTS = 4

cdef enum:
    RING = 32                    # keys asked for last that are kept: ten ranges in turn, mixed with other work
    CODES_MAX = 8                # of one look-up
    HABITS = 1 << 12             # units with a habit at once

cdef struct Watch:               # of one officer or device, changed by atomic operations only
    uint64_t near_paid           # the three clocks
    uint64_t nobody_paid
    uint64_t subjects_paid
    uint64_t hour                # of `seen`
    uint64_t pace                # sixteenths of the rule's pace that the unit's habit allows in this hour
    uint64_t next                # place in `asked`, ever growing
    uint64_t asked[RING]         # codes of core/access/neighbours.pxd under the owner's mask; 0 = none
    uint64_t seen[RING]          # one bit a subject asked for in this hour

cdef struct Habit:               # of one unit under one allowance
    uint64_t key
    uint64_t word                # hour << 32 | subjects an officer and hour, in sixteenths: a decaying mean

cdef struct WatchRules:
    LimitRule near
    LimitRule nobody
    LimitRule subjects
    int refused                  # bits: these bounds refuse, the others mark

cdef struct Look:
    const uint64_t* codes        # of all that it asks for, the principal one first; 0 = none
    size_t n
    int found                    # FOUND_*
    uint64_t subject             # keyed hash of what was asked; 0 = not counted among the subjects

cdef struct RowAsked:            # what a row of Clear asked and came to
    uint64_t code                # of core/access/neighbours.pxd; 0 = none
    uint64_t found               # FOUND_*

cdef struct RowLook:
    bint nobody
    int guess_costs              # within a dense range: core/access/row_blocks.pxd; 0 = it is none
    bint asked_before

# One look-up: the bounds that it passes, `wait_us` until the last of them has room; after one that refuses the others are
# not looked at. What passes a bound costs nothing there, and passes it again when it is asked again.
cdef int watch_look(Watch* watch, uint64_t mask, const WatchRules* rules, const Look* look, uint64_t now,
                    uint64_t* wait_us) noexcept nogil

# One row of Clear, in the same way: near is a guess within a dense range, and no find pays it back. A row that was asked before
# neither costs nor pays, and needs no room.
cdef int watch_row(Watch* watch, const WatchRules* rules, const RowLook* row, uint64_t now, uint64_t* wait_us) noexcept nogil

# Before the first look-up of an hour: the last hour becomes part of the unit's habit, which sets this hour's pace.
cdef void watch_hour(Watch* watch, Habit* habits, uint64_t unit, const LimitRule* subjects,
                     uint64_t now) noexcept nogil
