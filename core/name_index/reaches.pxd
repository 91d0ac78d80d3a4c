# Finds the ordinals of names.bin that may fit the asked birth date, and how many asked tokens they must hold.
#
#   the days asked       holders of any asked token: a birth date with one word that sounds alike is enough to be looked at
#   the year asked       if no month is asked: it counts more there
#   near years           within one of the asked, and unknown years; strays by themselves, for theirs may be any
#   slipped years        that one wrong digit, two swapped or another century make of the asked one
#   other years          a birth date there contradicts: the names need so much more evidence
#
# Without a birth date, or if the order of ordinals says nothing, there is one reach of them all.

from libc.stdint cimport int32_t, uint32_t

from core.name_index.query cimport NameQuery

cdef enum:
    REACHES = 5
    STRETCHES_MOST = 80          # a year has 36 others that differ in a digit, three in two swapped, two of other centuries; each end of
                                 # the table; and as many between them

cdef struct Stretch:
    uint32_t start
    uint32_t end

cdef struct Reach:
    int n                        # stretches
    Stretch stretches[STRETCHES_MOST]
    int32_t needed               # evidence that listed tokens must give here, before what is left over is taken off
    bint equal                   # the birth dates may be equal: given names that differ may cost little
    bint singly                  # a birth date helps: an asked token may tell enough by itself
    bint anyone                  # one asked token is enough
    bint by_evidence             # a birth date contradicts: that names agree is not enough

# The reaches of a question, `far` ones (slipped and other years) or the others: how many, at most REACHES. None where no names
# could tell enough.
cdef int find_reaches(const NameQuery* query, bint far, Reach* out) noexcept nogil
