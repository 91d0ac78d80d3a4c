# Columns of an Arrow record batch, read where they lie, through the Arrow C data interface.

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef struct Column:
    const uint8_t* validity      # a bit a row; NULL = no row is null
    const uint8_t* values        # fixed-width values, bits, or the bytes of texts
    const int32_t* offsets       # texts only
    int64_t first                # the batch's first row within the buffers
    uint32_t width               # bytes a value; 0 = bits; unused for texts

cdef class RecordColumns:
    """Keeps the exported batch alive while its columns are read."""
    cdef Column* columns         # in the order of the fields asked for
    cdef readonly int64_t rows
    cdef object _schema
    cdef object _array

cdef inline bint is_null(const Column* column, int64_t row) noexcept nogil:
    row += column.first
    return column.validity != NULL and not (column.validity[row >> 3] >> (row & 7)) & 1

cdef inline uint8_t byte_at(const Column* column, int64_t row) noexcept nogil:
    return column.values[column.first + row]

cdef inline bint bit_at(const Column* column, int64_t row) noexcept nogil:
    row += column.first
    return (column.values[row >> 3] >> (row & 7)) & 1

cdef inline int16_t int16_or(const Column* column, int64_t row, int16_t null) noexcept nogil:
    return null if is_null(column, row) else (<const int16_t*>column.values)[column.first + row]

cdef inline int8_t int8_or(const Column* column, int64_t row, int8_t null) noexcept nogil:
    return null if is_null(column, row) else <int8_t>column.values[column.first + row]

cdef inline int32_t int32_or(const Column* column, int64_t row, int32_t null) noexcept nogil:
    return null if is_null(column, row) else (<const int32_t*>column.values)[column.first + row]

cdef inline uint32_t uint32_or(const Column* column, int64_t row, uint32_t null) noexcept nogil:
    return null if is_null(column, row) else (<const uint32_t*>column.values)[column.first + row]

cdef inline int64_t int64_at(const Column* column, int64_t row) noexcept nogil:
    return (<const int64_t*>column.values)[column.first + row]

cdef inline const uint8_t* text_at(const Column* column, int64_t row, uint32_t* length) noexcept nogil:
    """A text's bytes; a null one is empty."""
    cdef int32_t start
    if is_null(column, row):
        length[0] = 0
        return NULL
    row += column.first
    start = column.offsets[row]
    length[0] = <uint32_t>(column.offsets[row + 1] - start)
    return column.values + start
