# Finds agencies that guess who exists within a dense range. For each stretch of neighbouring numbers it counts how many more
# rows were nobody than a file may have. A miss adds one to its stretches, a find within a stretch pays a quarter back there and
# nowhere else, so one in five may be nobody; a row that was asked before does neither. It is kept for months.
#
# A CUI lies in four stretches: 100, 10,000 and a million serials of its municipality, and its serial in all municipalities; other
# numbers in three, without their last two, three, four characters. The fill of honest files stays near nothing whatever their
# size: with one row in ten unknown it is ten once in a hundred thousand misses.
#
# Two tables in the limits file, changed by atomic operations only:
#
#   RowBlock[]  x 16 bytes, sets of 4: one for each (agency's device, stretch) that is not empty; when a set is full the least goes
#   uint32_t[]  x 4 bytes, sets of 16: 27 bits of a keyed hash of each (device, row) that paid or cost, and its age

from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    ROW_BLOCKS = 1 << 19         # 8 MiB
    ROWS_ASKED = 1 << 21         # 8 MiB

cdef struct RowBlock:
    uint64_t key
    uint64_t fill                # day of the last change << 32 | quarters of a miss

cdef struct RowTables:
    RowBlock* blocks
    uint32_t* asked
    uint64_t key                 # the file's own

# code: of core/access/neighbours.pxd, not 0. Whether the device asked for this row before.
cdef bint row_was_asked(const RowTables* tables, uint64_t device, uint64_t code) noexcept nogil
# Returns what a guess costs in the row's stretches: 0 up to the misses that a file may have; then 1, and more with each miss.
cdef int row_guess_costs(const RowTables* tables, uint64_t device, uint64_t code, uint64_t now) noexcept nogil
# The row was let pass: its stretches fill, or are paid back; from now on it was asked. pays: a find also pays somewhere else.
cdef void row_passed(const RowTables* tables, uint64_t device, uint64_t code, bint nobody, bint pays,
                     uint64_t now) noexcept nogil
