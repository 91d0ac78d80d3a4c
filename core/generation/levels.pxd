# The delta generations that lie over a base: which subjects they replace, and how a number leads to one of theirs.
#
# Inside a view a subject has one number: the base's own are 0 to n - 1, as ever; the first level's follow from n on, in that
# level's order, then the second's. A subject that a newer level has again, or says is gone, is *masked* in every older one.
# Without levels (Store.levels NULL) nothing of this is ever looked at.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.files.layout cimport EntityRow
from core.generation.keys cimport KeysFile
from core.generation.plates cimport PlatesFile
from core.name_index.file cimport NamesFile

cdef enum:
    LEVELS_MAX = 8

cdef enum:
    BASE_OWNER = 0x80000000      # in an OwnerEntry of a level: the number is one of the base, not of the level

cdef struct Level:               # one delta, as mapped
    uint32_t first               # number of its first subject
    uint32_t n_entities
    const EntityRow* entities
    const uint8_t* dossiers
    uint64_t dossiers_size
    const KeysFile* keys
    NamesFile names              # with the base's frequencies
    const PlatesFile* plates
    uint64_t* masked_names       # bit an ordinal of `names`: a newer level has the person
    const uint64_t* filter       # bit a hash of `keys`, by its top bits: most of what the level lacks is seen without a search
    uint32_t filter_shift        # 64 - log2 of its bits
    const uint64_t* orders       # by its own number: where each stands among the base's, see number_order

cdef struct Moved:
    uint32_t number              # masked
    uint32_t newer               # who replaced it, in a newer level; NO_ENTITY = it is gone

cdef struct Levels:
    int n
    Level levels[LEVELS_MAX]     # oldest first
    uint32_t base                # subjects of the base: their numbers are below
    uint32_t end                 # one behind the last number
    uint64_t sequence            # of the ledger: what these levels hold to
    const void* fed              # JSON: what is said of the registers that are fed, for audit records
    size_t fed_size
    uint64_t* masked             # bit a number
    uint64_t* masked_names       # bit an ordinal of the base's names.bin
    Moved* moved                 # open addressing by number; NO_ENTITY = free
    uint32_t n_moved_slots       # a power of two

cdef inline bint number_masked(const Levels* levels, uint32_t number) noexcept nogil:
    return number < levels.end and levels.masked[number >> 6] >> (number & 63) & 1

# Returns a subject's place in the order of a generation (persons by birth day and id, then vehicles and plates by id).
# A subject that replaces one of the base has its place, a new one lies between two of the base. The base's number n has
# (n + 1) << 32.
cdef inline uint64_t number_order(const Levels* levels, uint32_t number) noexcept nogil:
    cdef const Level* level
    if levels == NULL or number < levels.base:
        return (<uint64_t>number + 1) << 32
    level = level_of_number(levels, number)
    return level.orders[number - level.first] if level != NULL else ~<uint64_t>0
# Sorts numbers by number_order. Few: one by one.
cdef void sort_numbers(const Levels* levels, uint32_t* numbers, int64_t count) noexcept nogil
# Returns whether a level may have a hash; False = it has not.
cdef inline bint level_may_have(const Level* level, uint64_t hash) noexcept nogil:
    cdef uint64_t at = hash >> level.filter_shift
    return level.filter[at >> 6] >> (at & 63) & 1

# The level that a number belongs to; NULL = the base's, or nobody's.
cdef const Level* level_of_number(const Levels* levels, uint32_t number) noexcept nogil
# The slot of `moved` of a number, or the free one in which it would stand.
cdef uint32_t moved_slot(const Levels* levels, uint32_t number) noexcept nogil
# The number under which a subject is found now: its own, a newer level's, or NO_ENTITY = it is gone.
cdef uint32_t newest_number(const Levels* levels, uint32_t number) noexcept nogil
# The same of a number that stands in a dossier: of the base, or of the level that the dossier lies in.
cdef uint32_t number_in_dossier(const Levels* levels, const uint8_t* dossier, uint32_t number) noexcept nogil
# Leaves of the base's holders those that are not masked, in `entities`; returns how many, or -1 = some are none of the base's.
cdef int64_t unmasked_holders(const Levels* levels, uint32_t* entities, int64_t count) noexcept nogil
# Asks for what a search for a hash in the levels will read.
cdef void ask_levels_for(const Levels* levels, uint64_t hash) noexcept nogil
# Appends the levels' holders of a hash to `count` that stand in `entities`; returns how many there are in all (perhaps more than
# `capacity`), or -1 = a level's keys are damaged.
cdef int64_t add_level_holders(const Levels* levels, uint64_t hash, uint32_t* entities, int64_t count,
                               size_t capacity) noexcept nogil
