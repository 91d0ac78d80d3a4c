"""plates.bin, the writer (see core/generation/plates.pxd for the bytes)."""

from libc.stdint cimport uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy, memset

from core.files.output cimport OutputFile
from core.files.output import write_trailer
from core.free_text.vehicles cimport colour_mask
from core.generation.plates cimport PLATE_BLOCK, PlateRow
from core.machine.xxhash cimport XXH3_64bits
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw


cdef int _order(const void* left, const void* right) noexcept nogil:
    cdef const PlateRow* a = <const PlateRow*>left
    cdef const PlateRow* b = <const PlateRow*>right
    cdef int order = memcmp(a.plate, b.plate, 16)  # plate, type, country: one after the other
    if order:
        return order
    return (a.entity > b.entity) - (a.entity < b.entity)


cdef class PlateRows:
    def __cinit__(self):
        buffer_init(&self.rows)

    def __dealloc__(self):
        buffer_free(&self.rows)

    cdef void add(self, const PlateRow* row) noexcept nogil:
        put_raw(&self.rows, row, sizeof(PlateRow))

    def append(self, bytes plate, bytes type, bytes country, bytes make, bytes colour, int model_year, entity):
        cdef PlateRow row
        memset(&row, 0, sizeof(row))
        memcpy(row.plate, <char*>plate, min(len(plate), 10))
        memcpy(row.type, <char*>type, min(len(type), 3))
        memcpy(row.country, <char*>country, min(len(country), 3))
        memcpy(row.make, <char*>make, min(len(make), 3))
        row.colours = colour_mask(<char*>colour, len(colour))
        row.model_year = model_year
        row.entity = entity
        self.add(&row)

    def write(self, OutputFile file not None):
        cdef PlateRow* rows = <PlateRow*>self.rows.data
        cdef uint64_t count = self.rows.size // sizeof(PlateRow), at, block
        cdef uint64_t checksum
        cdef Buffer checksums
        if self.rows.failed:
            raise MemoryError
        buffer_init(&checksums)
        try:
            with nogil:
                if count:
                    qsort(rows, count, sizeof(PlateRow), _order)
                at = 0
                while at < count:
                    block = min(<uint64_t>PLATE_BLOCK, count - at)
                    checksum = XXH3_64bits(rows + at, block * sizeof(PlateRow))
                    put_raw(&checksums, &checksum, 8)
                    at += block
                file.put(rows, count * sizeof(PlateRow))
            table = file.position()
            file.put(checksums.data, checksums.size)
            if checksums.failed:
                raise MemoryError
            write_trailer(file, b"RNDPLATE", table, count, XXH3_64bits(checksums.data, checksums.size))
            file.flush()
            return count
        finally:
            buffer_free(&checksums)
