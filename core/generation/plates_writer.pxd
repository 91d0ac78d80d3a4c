# Rows of plates.bin on their way to the file: 32 bytes a plate borne, held in memory until the end.

from core.generation.plates cimport PlateRow
from core.wire cimport Buffer

cdef class PlateRows:
    cdef Buffer rows
    cdef void add(self, const PlateRow* row) noexcept nogil
