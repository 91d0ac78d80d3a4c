# Many questions to names.bin at once, for persons with agreeing names: linking's questions.
#
# A question by itself reads the lists of its tokens over all persons; a hundred thousand of them read the same lists again and again,
# and time grows with the square of the population. A sweep goes through the persons once for thousands of questions:
#
#   1. Each asked token becomes a *slot*: the tokens on file that it may be. Questions share slots.
#   2. A window of ordinals at a time: one bitmap a slot, small enough that all of them stay in the second-level cache.
#   3. Each question counts, of its slots' bitmaps, how many of its tokens an ordinal holds. Names that agree leave nothing of
#      the shorter one unpaired (docs/answers.md section 2, "Comparing two names"): so many tokens decide who is a candidate.
#
# Candidates are then scored as those of core/name_index/search.pyx are.

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.name_index.file cimport SHORT_LISTS, ListCursor, NamesFile
from core.name_index.query cimport NameQuery
from core.names.reading cimport SHAPE_TOKENS
from core.wire cimport Buffer

cdef enum:
    SWEEP_WINDOW = 16384         # ordinals at once: 2 KiB a bitmap
    SWEEP_WORDS = SWEEP_WINDOW >> 6
    SLOTS_MOST = 2048            # of a sweep: 4 MiB of bitmaps
    SLOT_PLACES = 8192           # of the table by which they are found; a power of two
    FOUND_MOST = 2000000         # candidates that are scored together: 16 MB, and one question's of a window more

cdef enum:                       # bitmaps of a sweep: one a slot, then
    SWEPT_SHORT = SLOTS_MOST     # SHORT_LISTS of them: names of one, two and three tokens
    SWEPT_REPEATED = SLOTS_MOST + SHORT_LISTS  # names in which a sound comes twice: REPEATED_LIST follows the short ones
    SWEPT_UP_TO_TWO              # names of up to two tokens
    SWEPT_UP_TO_THREE
    SWEPT_BITMAPS

cdef struct TokenSlot:
    uint64_t key                 # of its tokens
    uint32_t first               # of its cursors
    uint32_t count

cdef struct Plan:                # one question
    uint32_t row                 # the caller's
    uint16_t slots[SHAPE_TOKENS]
    int8_t repeats[SHAPE_TOKENS]  # place of an earlier token of the same sound; -1 = none
    uint8_t count                # of slots
    uint8_t least                # tokens that an ordinal must hold: of names as long as the question or longer,
    uint8_t least_of_short       # of names of one token or two, surnames of husbands not counted; 0 = no other number
    bint with_threes             # and of three
    uint8_t longest              # tokens of the longest name that may agree, up to 3; 0 = no limit

cdef struct SweptOrdinal:
    uint32_t plan
    uint32_t ordinal

cdef struct Sweep:
    const NamesFile* names
    uint16_t places[SLOT_PLACES]  # slot + 1 by key, open addressing; 0 = free
    Buffer slots                 # TokenSlot[]
    Buffer cursors               # ListCursor[]
    Buffer plans                 # Plan[]
    Buffer found                 # SweptOrdinal[], by ordinal and plan
    ListCursor short_lists[SHORT_LISTS + 1]  # and REPEATED_LIST
    uint32_t start               # of the window that is looked at
    uint32_t plan                # the next question of that window; 0 = its bitmaps are yet to be filled
    uint64_t* bitmaps            # SWEPT_BITMAPS of SWEEP_WORDS; see swept_bitmap

cdef inline uint64_t* swept_bitmap(const Sweep* sweep, uint32_t number) noexcept nogil:
    """The bitmap of a slot, or SWEPT_*."""
    return sweep.bitmaps + number * SWEEP_WORDS

cdef Sweep* sweep_new(const NamesFile* names) noexcept nogil
cdef void sweep_free(Sweep* sweep) noexcept nogil
# Empties it for the next questions.
cdef void sweep_reset(Sweep* sweep) noexcept nogil
# Takes in the question that `query` has begun: 1, 0 = there is no room for it in this sweep, or NAMES_*.
# `holding`: also of longer names that hold both of two asked tokens.
cdef int sweep_add(Sweep* sweep, const NameQuery* query, uint32_t row, bint holding) noexcept nogil
# Fills `found` from where it stopped: 1 = there are more, once these are scored and `found` is reset; 0 = that was all, or NAMES_*.
cdef int sweep_run(Sweep* sweep) noexcept nogil
