"""Growing columns in Arrow's layout."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.string cimport memset

from core.standard_record cimport O_COUNT, O_NULLABLE, O_WIDTHS
from core.standardise.row cimport Cell
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reserve, buffer_reset, put_raw


cdef void outputs_init(Output* outputs) noexcept nogil:
    cdef int i
    for i in range(O_COUNT):
        outputs[i].width = O_WIDTHS[i]
        outputs[i].nullable = O_NULLABLE[i]
        outputs[i].nulls = outputs[i].rows = 0
        buffer_init(&outputs[i].valid)
        buffer_init(&outputs[i].offsets)
        buffer_init(&outputs[i].data)


cdef void outputs_free(Output* outputs) noexcept nogil:
    cdef int i
    for i in range(O_COUNT):
        buffer_free(&outputs[i].valid)
        buffer_free(&outputs[i].offsets)
        buffer_free(&outputs[i].data)


cdef void outputs_reset(Output* outputs) noexcept nogil:
    cdef int i
    cdef int32_t zero = 0
    for i in range(O_COUNT):
        outputs[i].nulls = outputs[i].rows = 0
        buffer_reset(&outputs[i].valid)
        buffer_reset(&outputs[i].offsets)
        buffer_reset(&outputs[i].data)
        if outputs[i].width == 0:
            put_raw(&outputs[i].offsets, &zero, 4)


cdef bint outputs_failed(Output* outputs) noexcept nogil:
    """Out of memory, or more bytes in a column than 32-bit offsets can tell."""
    cdef int i
    for i in range(O_COUNT):
        if outputs[i].valid.failed or outputs[i].offsets.failed or outputs[i].data.failed:
            return True
        if outputs[i].data.size > 0x7FFFFFFF:
            return True
    return False


cdef bint fill(Output* out, int64_t rows) noexcept nogil:
    """Defaults up to `rows`."""
    cdef size_t count = <size_t>(rows - out.rows)
    cdef int32_t end
    cdef int32_t* at
    cdef size_t i
    if count == 0:
        return True
    if out.nullable:
        if not buffer_reserve(&out.valid, count):
            return False
        memset(out.valid.data + out.valid.size, 0, count)
        out.valid.size += count
        out.nulls += count
    if out.width:
        if not buffer_reserve(&out.data, count * out.width):
            return False
        memset(out.data.data + out.data.size, 0, count * out.width)
        out.data.size += count * out.width
    else:
        if not buffer_reserve(&out.offsets, count * 4):
            return False
        end = <int32_t>out.data.size
        at = <int32_t*>(out.offsets.data + out.offsets.size)
        for i in range(count):
            at[i] = end
        out.offsets.size += count * 4
    out.rows = rows
    return True


cdef inline bint put_valid(Output* out, int64_t row) noexcept nogil:
    """Makes place for the value of `row`."""
    if out.rows < row and not fill(out, row):
        return False
    if out.nullable:
        if not buffer_reserve(&out.valid, 1):
            return False
        out.valid.data[out.valid.size] = 1
        out.valid.size += 1
    out.rows += 1
    return True


cdef void append_number(Output* out, int64_t row, int64_t value) noexcept nogil:
    cdef uint8_t* at
    if not put_valid(out, row) or not buffer_reserve(&out.data, out.width):
        return
    at = out.data.data + out.data.size
    if out.width == 1:
        at[0] = <uint8_t>value
    elif out.width == 2:
        (<int16_t*>at)[0] = <int16_t>value
    elif out.width == 4:
        (<int32_t*>at)[0] = <int32_t>value
    else:
        (<int64_t*>at)[0] = value
    out.data.size += out.width


cdef void put_number(Output* out, int64_t row, int64_t value) noexcept nogil:
    if value != 0:
        append_number(out, row, value)


cdef void put_number_or_null(Output* out, int64_t row, int64_t value, int64_t null) noexcept nogil:
    if value != null:
        append_number(out, row, value)


cdef void put_text(Output* out, int64_t row, Cell value) noexcept nogil:
    cdef int32_t end
    if value.data == NULL or not put_valid(out, row):
        return
    put_raw(&out.data, value.data, value.size)
    end = <int32_t>out.data.size
    put_raw(&out.offsets, &end, 4)


cdef bytes bytes_of(Buffer* buffer):
    return (<char*>buffer.data)[:buffer.size] if buffer.size else b""


cdef tuple output_buffers(Output* out, int64_t rows):
    fill(out, rows)
    return (
        bytes_of(&out.valid) if out.nullable and out.nulls else None,
        bytes_of(&out.offsets) if out.width == 0 else None,
        bytes_of(&out.data),
        out.nulls,
    )
