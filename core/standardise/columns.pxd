# Growing columns in Arrow's layout: those of core/standard_record.toml, at the places O_* of core/standard_record.pxd.

from libc.stdint cimport int32_t, int64_t, uint8_t

from core.standardise.row cimport Cell
from core.wire cimport Buffer

# A column grows only where it has a value that is not its default: null, or 0 where the column has no nulls. The rows
# between are filled in when the next value, or the end, comes: most columns are empty in most records.
cdef struct Output:
    int width                # bytes of a number; 0 = text or bytes with 32-bit offsets
    bint nullable
    int64_t rows             # filled so far
    int64_t nulls
    Buffer valid             # nullable: one byte a value
    Buffer offsets           # width 0: the end of each value
    Buffer data

cdef void outputs_init(Output* outputs) noexcept nogil
cdef void outputs_free(Output* outputs) noexcept nogil
cdef void outputs_reset(Output* outputs) noexcept nogil
cdef bint outputs_failed(Output* outputs) noexcept nogil
# Values for record `row`, counted from the last reset. `null` is what stands for null.
cdef void put_number(Output* out, int64_t row, int64_t value) noexcept nogil
cdef void put_number_or_null(Output* out, int64_t row, int64_t value, int64_t null) noexcept nogil
cdef void put_text(Output* out, int64_t row, Cell value) noexcept nogil
# Fills the column up to `rows`; (validity, one byte a value, or None; offsets or None; data; number of nulls).
cdef tuple output_buffers(Output* out, int64_t rows)
