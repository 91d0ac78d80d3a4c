# Cells that say that nothing is known.

from core.standardise.row cimport Cell

cdef bint names_a_parent(Cell text) noexcept nogil
# Of a cell that holds no date that can be read: whether it says that none is known.
cdef bint tells_no_date(Cell cell) noexcept nogil
