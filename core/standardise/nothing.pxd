# Cells that say that nothing is known.

from core.standardise.row cimport Cell

cdef bint names_a_parent(Cell text) noexcept nogil
# Returns whether a cell without a readable date says that none is known.
cdef bint tells_no_date(Cell cell) noexcept nogil
