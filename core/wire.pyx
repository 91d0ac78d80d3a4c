"""Protocol Buffers bytes without the GIL; what Python sees is only for tests and fuzzing."""
# cython: freethreading_compatible=False

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

_RULES = {
    WIRE_TRUNCATED: "the bytes end within a field",
    WIRE_OVERLONG: "a varint is longer than 64 bits",
    WIRE_NUMBER: "a field number is 0 or above 2^29 - 1",
    WIRE_TYPE: "a group, or a wire type that does not exist",
    WIRE_PAST_END: "a length reaches past the end",
}


cdef bint valid_utf8(const uint8_t* data, size_t size) noexcept nogil:
    cdef const uint8_t* at = data
    cdef const uint8_t* end = data + size
    cdef uint64_t eight
    cdef uint32_t lead, low, high
    cdef int extra
    while at < end:
        if end - at >= 8:
            memcpy(&eight, at, 8)
            if not eight & 0x8080808080808080ULL:
                at += 8
                continue
        lead = at[0]
        at += 1
        if lead < 0x80:
            continue
        low = 0x80  # the range of the byte after the lead rules out overlong forms, surrogates and U+110000
        high = 0xBF
        if 0xC2 <= lead <= 0xDF:
            extra = 1
        elif 0xE0 <= lead <= 0xEF:
            extra = 2
            if lead == 0xE0:
                low = 0xA0
            elif lead == 0xED:
                high = 0x9F
        elif 0xF0 <= lead <= 0xF4:
            extra = 3
            if lead == 0xF0:
                low = 0x90
            elif lead == 0xF4:
                high = 0x8F
        else:
            return False
        if end - at < extra or not low <= at[0] <= high:
            return False
        at += 1
        extra -= 1
        while extra:
            if (at[0] & 0xC0) != 0x80:
                return False
            at += 1
            extra -= 1
    return True


cdef int _encode(Buffer* buffer, object fields) except -1:
    cdef size_t mark, i, count
    cdef uint32_t* packed
    cdef bytes text
    for number, kind, value in fields:
        if kind == "uint":
            put_uint(buffer, number, value)
        elif kind == "int":
            put_int(buffer, number, value)
        elif kind == "fixed32":
            put_fixed32(buffer, number, value)
        elif kind == "fixed64":
            put_fixed64(buffer, number, value)
        elif kind == "bytes":
            text = value
            put_bytes(buffer, number, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        elif kind == "packed":
            count = len(value)
            packed = <uint32_t*>malloc((count + 1) * sizeof(uint32_t))
            if packed == NULL:
                raise MemoryError
            try:
                for i in range(count):
                    packed[i] = value[i]
                put_packed(buffer, number, packed, count)
            finally:
                free(packed)
        elif kind == "message":
            mark = begin_message(buffer, number, 1 + number % 5)  # every guess of the length's size gets its turn
            _encode(buffer, value)
            end_message(buffer, mark, 1 + number % 5)
        else:
            raise ValueError(f"unknown kind of field {kind!r}")
    return 0


def encode_fields(fields, /):
    cdef Buffer buffer
    buffer_init(&buffer)
    try:
        _encode(&buffer, fields)
        if buffer.failed:
            raise MemoryError
        return PyBytes_FromStringAndSize(<char*>buffer.data, <Py_ssize_t>buffer.size)
    finally:
        buffer_free(&buffer)


def decode_fields(bytes data, /):
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    found = []
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return found
        if status < 0:
            raise ValueError(_RULES[status])
        if field.wire == WIRE_LENGTH:
            found.append((field.number, field.wire, (<const char*>field.data)[:field.size]))
        else:
            found.append((field.number, field.wire, field.value))


def is_utf8(bytes data, /):
    return bool(valid_utf8(<const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)))
