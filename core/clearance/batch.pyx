"""One ClearRequest taken apart into its columns, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.call.question cimport malformed
from core.contract.clearance_service cimport CLEARANCE_REASON_UNSPECIFIED, CLEARANCE_RESULT_INVALID
from core.contract.clearance_service_fields cimport (
    F_ClearRequest_birth_dates, F_ClearRequest_cuis, F_ClearRequest_names, F_ClearRequest_plates,
    F_ClearRequest_row_ids, F_ClearRequest_vins,
)
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_MESSAGE_MALFORMED
from core.failure cimport FAILED, OK, fail
from core.wire cimport (Field, Reader, WIRE_LENGTH, WIRE_VARINT, read_field, read_varint, reader_init, valid_utf8)


cdef int _too_many(Failure* failure) noexcept nogil:
    return fail(failure, ERROR_REASON_FIELD_INVALID, "row_ids", "at most 4,000 rows")


cdef int _take_text(const Field* field, const char* name, Text* column, size_t* n, Failure* failure) noexcept nogil:
    if field.wire != WIRE_LENGTH:
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "wrong wire type")
    if n[0] == BATCH_ROWS:
        return _too_many(failure)
    if not valid_utf8(field.data, field.size):
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "not UTF-8")
    column[n[0]].data = <const char*>field.data
    column[n[0]].size = field.size
    n[0] += 1
    return OK


cdef int _take_numbers(const Field* field, const char* name, uint32_t* column, size_t* n,
                       Failure* failure) noexcept nogil:
    """Packed, or one at a time."""
    cdef Reader reader
    cdef uint64_t value
    cdef int status
    if field.wire == WIRE_VARINT:
        if n[0] == BATCH_ROWS:
            return _too_many(failure)
        column[n[0]] = <uint32_t>field.value
        n[0] += 1
        return OK
    if field.wire != WIRE_LENGTH:
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "wrong wire type")
    reader_init(&reader, field.data, field.size)
    while reader.at < reader.end:
        status = read_varint(&reader, &value)
        if status < 0:
            return malformed(status, name, failure)
        if n[0] == BATCH_ROWS:
            return _too_many(failure)
        column[n[0]] = <uint32_t>value
        n[0] += 1
    return OK


cdef inline int _check_length(size_t n, size_t rows, const char* name, Failure* failure) noexcept nogil:
    if n and n != rows:
        return fail(failure, ERROR_REASON_FIELD_INVALID, name, "one entry a row, or none")
    return OK


cdef uint32_t count_rows(const void* data, size_t size) noexcept nogil:
    """The row ids: a varint ends with a byte below 128."""
    cdef Reader reader
    cdef Field field
    cdef size_t i
    cdef uint32_t rows = 0
    reader_init(&reader, data, size)
    while read_field(&reader, &field) == 1:
        if field.number != F_ClearRequest_row_ids:
            continue
        if field.wire == WIRE_VARINT:
            rows += 1
        elif field.wire == WIRE_LENGTH:
            for i in range(field.size):
                rows += field.data[i] < 128
    return rows


cdef int read_batch(const void* data, size_t size, Batch* batch, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    batch.n_row_ids = batch.n_cuis = batch.n_names = batch.n_birth_dates = batch.n_plates = batch.n_vins = 0
    batch.n_references = batch.n_errors = 0
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            break
        if status < 0:
            return malformed(status, "", failure)
        if field.number == F_ClearRequest_row_ids:
            status = _take_numbers(&field, "row_ids", batch.row_ids, &batch.n_row_ids, failure)
        elif field.number == F_ClearRequest_cuis:
            status = _take_text(&field, "cuis", batch.cuis, &batch.n_cuis, failure)
        elif field.number == F_ClearRequest_names:
            status = _take_text(&field, "names", batch.names, &batch.n_names, failure)
        elif field.number == F_ClearRequest_birth_dates:
            status = _take_numbers(&field, "birth_dates", batch.birth_dates, &batch.n_birth_dates, failure)
        elif field.number == F_ClearRequest_plates:
            status = _take_text(&field, "plates", batch.plates, &batch.n_plates, failure)
        elif field.number == F_ClearRequest_vins:
            status = _take_text(&field, "vins", batch.vins, &batch.n_vins, failure)
        if status < 0:
            return FAILED
    batch.rows = batch.n_row_ids
    if batch.n_names > NAMED_ROWS:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "names", "at most 1,000 rows by name")
    if (_check_length(batch.n_cuis, batch.rows, "cuis", failure) < 0
            or _check_length(batch.n_names, batch.rows, "names", failure) < 0
            or _check_length(batch.n_birth_dates, batch.rows, "birth_dates", failure) < 0
            or _check_length(batch.n_plates, batch.rows, "plates", failure) < 0
            or _check_length(batch.n_vins, batch.rows, "vins", failure) < 0):
        return FAILED
    return OK


cdef void set_result(Batch* batch, size_t row, uint8_t result, uint8_t reason) noexcept nogil:
    batch.results[row] = result
    batch.reasons[row] = reason


cdef int refuse_row(Batch* batch, size_t row, int reason, const char* field, const char* rule) noexcept nogil:
    set_result(batch, row, CLEARANCE_RESULT_INVALID, CLEARANCE_REASON_UNSPECIFIED)
    batch.errors[batch.n_errors].row = <uint32_t>row
    batch.errors[batch.n_errors].reason = reason
    batch.errors[batch.n_errors].field = field
    batch.errors[batch.n_errors].rule = rule
    batch.n_errors += 1
    return OK
