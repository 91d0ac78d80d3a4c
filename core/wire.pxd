# Protocol Buffers bytes, written and read without the GIL.
#
# Writing: a Buffer grows by malloc and is meant to be kept and reset between calls. Running out of memory sets `failed`
# and every later write does nothing: check it once, at the end. Reading: a Reader walks the fields of one message and
# never looks past its end. Everything here is inline, so that each module compiles it into its own loops.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove

cdef extern from *:
    """
    #include <stdint.h>
    static inline int ronda_bit_width(uint64_t value) { return 64 - __builtin_clzll(value | 1); }
    """
    int ronda_bit_width(uint64_t value) noexcept nogil

# Wire types of the encoding. 3 and 4 (groups), 6 and 7 (never assigned) are refused.
cdef enum:
    WIRE_VARINT = 0
    WIRE_FIXED64 = 1
    WIRE_LENGTH = 2
    WIRE_FIXED32 = 5

# Results of read_field besides 1 (a field) and 0 (the message's end). All mean: not a message.
cdef enum:
    WIRE_TRUNCATED = -1      # the bytes end within a field
    WIRE_OVERLONG = -2       # a varint of more than ten bytes, or more than 64 bits
    WIRE_NUMBER = -3         # field number 0, or above 2^29 - 1
    WIRE_TYPE = -4           # a group, or a wire type that does not exist
    WIRE_PAST_END = -5       # a length that reaches past the message's end

cdef struct Buffer:
    uint8_t* data            # owned; NULL until the first write
    size_t size              # bytes written
    size_t capacity
    bint failed              # out of memory: what is in `data` is not whole

cdef struct Reader:
    const uint8_t* at
    const uint8_t* end

cdef struct Field:
    uint32_t number
    uint32_t wire            # WIRE_*
    uint64_t value           # varint and fixed fields
    const uint8_t* data      # length-delimited fields: borrowed from the message
    size_t size


# ---- the buffer ----

cdef inline void buffer_init(Buffer* buffer) noexcept nogil:
    buffer.data = NULL
    buffer.size = buffer.capacity = 0
    buffer.failed = False

cdef inline void buffer_reset(Buffer* buffer) noexcept nogil:
    """Empties the buffer and keeps its memory."""
    buffer.size = 0
    buffer.failed = False

cdef inline void buffer_free(Buffer* buffer) noexcept nogil:
    free(buffer.data)
    buffer_init(buffer)

cdef inline bint buffer_reserve(Buffer* buffer, size_t extra) noexcept nogil:
    """Makes room for `extra` bytes after `size`; 0 = it could not, and `failed` is set."""
    cdef size_t capacity
    cdef uint8_t* grown
    if buffer.capacity - buffer.size >= extra:
        return not buffer.failed
    if buffer.failed:
        return False
    capacity = buffer.capacity * 2
    if capacity < 256:
        capacity = 256
    if capacity - buffer.size < extra:
        capacity = buffer.size + extra
    grown = <uint8_t*>realloc(buffer.data, capacity)
    if grown == NULL:
        buffer.failed = True
        return False
    buffer.data = grown
    buffer.capacity = capacity
    return True


# ---- writing ----

cdef inline size_t varint_size(uint64_t value) noexcept nogil:
    """Bytes of a varint, 1 to 10."""
    return <size_t>((ronda_bit_width(value) + 6) // 7)

cdef inline uint8_t* write_varint(uint8_t* at, uint64_t value) noexcept nogil:
    """Writes into memory that has room (10 bytes suffice); returns where it ended."""
    while value >= 0x80:
        at[0] = <uint8_t>(value | 0x80)
        value >>= 7
        at += 1
    at[0] = <uint8_t>value
    return at + 1

cdef inline void put_varint(Buffer* buffer, uint64_t value) noexcept nogil:
    if buffer_reserve(buffer, 10):
        buffer.size = write_varint(buffer.data + buffer.size, value) - buffer.data

cdef inline void put_tag(Buffer* buffer, uint32_t number, uint32_t wire) noexcept nogil:
    put_varint(buffer, (<uint64_t>number << 3) | wire)

cdef inline void put_raw(Buffer* buffer, const void* data, size_t size) noexcept nogil:
    """Appends bytes as they are: fields that are already encoded."""
    if size and buffer_reserve(buffer, size):
        memcpy(buffer.data + buffer.size, data, size)
        buffer.size += size

cdef inline void put_uint(Buffer* buffer, uint32_t number, uint64_t value) noexcept nogil:
    """A varint field: uint32, uint64, bool, enum. Writes zero too; see put_uint_if."""
    put_tag(buffer, number, WIRE_VARINT)
    put_varint(buffer, value)

cdef inline void put_uint_if(Buffer* buffer, uint32_t number, uint64_t value) noexcept nogil:
    """Puts a number as put_uint, left out when zero, as proto3 does for fields without presence."""
    if value:
        put_uint(buffer, number, value)

cdef inline void put_int(Buffer* buffer, uint32_t number, int64_t value) noexcept nogil:
    """An int32, int64 or enum field; negative ones take ten bytes. Writes zero too; see put_int_if."""
    put_uint(buffer, number, <uint64_t>value)

cdef inline void put_int_if(Buffer* buffer, uint32_t number, int64_t value) noexcept nogil:
    if value:
        put_uint(buffer, number, <uint64_t>value)

cdef inline void put_fixed32(Buffer* buffer, uint32_t number, uint32_t value) noexcept nogil:
    put_tag(buffer, number, WIRE_FIXED32)
    put_raw(buffer, &value, 4)

cdef inline void put_fixed64(Buffer* buffer, uint32_t number, uint64_t value) noexcept nogil:
    put_tag(buffer, number, WIRE_FIXED64)
    put_raw(buffer, &value, 8)

cdef inline void put_bytes(Buffer* buffer, uint32_t number, const void* data, size_t size) noexcept nogil:
    """A length-delimited field (string, bytes, encoded message). Writes an empty one too; see put_bytes_if."""
    put_tag(buffer, number, WIRE_LENGTH)
    put_varint(buffer, size)
    put_raw(buffer, data, size)

cdef inline void put_bytes_if(Buffer* buffer, uint32_t number, const void* data, size_t size) noexcept nogil:
    if size:
        put_bytes(buffer, number, data, size)

cdef inline size_t begin_message(Buffer* buffer, uint32_t number, size_t length_bytes) noexcept nogil:
    """Opens a nested message; give the mark that it returns, and the same `length_bytes`, to end_message.

    `length_bytes` (1 to 5) is the guessed size of the length varint: 1 below 128 bytes, 2 below 16 KiB, 3 below 2 MiB.
    A wrong guess costs one move of the message's bytes, nothing else.
    """
    put_tag(buffer, number, WIRE_LENGTH)
    if buffer_reserve(buffer, length_bytes):
        buffer.size += length_bytes
    return buffer.size

cdef inline void end_message(Buffer* buffer, size_t mark, size_t length_bytes) noexcept nogil:
    """Closes a nested message: writes its length, in as few bytes as it takes, before it."""
    cdef size_t size, needed
    if buffer.failed:
        return
    size = buffer.size - mark
    needed = varint_size(size)
    if needed != length_bytes:
        if needed > length_bytes and not buffer_reserve(buffer, needed - length_bytes):
            return
        memmove(buffer.data + mark - length_bytes + needed, buffer.data + mark, size)
        buffer.size = buffer.size - length_bytes + needed
    write_varint(buffer.data + mark - length_bytes, size)

cdef inline void put_packed(Buffer* buffer, uint32_t number, const uint32_t* values, size_t count) noexcept nogil:
    """A packed repeated uint32 or enum field; nothing for none."""
    cdef size_t i, size = 0
    cdef uint8_t* at
    if count == 0:
        return
    for i in range(count):
        size += varint_size(values[i])
    put_tag(buffer, number, WIRE_LENGTH)
    put_varint(buffer, size)
    if buffer_reserve(buffer, size):
        at = buffer.data + buffer.size
        for i in range(count):
            at = write_varint(at, values[i])
        buffer.size += size

cdef inline void put_packed_bytes(Buffer* buffer, uint32_t number, const uint8_t* values, size_t count) noexcept nogil:
    """Puts numbers as put_packed, from values below 128 held in one byte each (enums)."""
    if count:
        put_bytes(buffer, number, values, count)


# ---- reading ----

cdef inline void reader_init(Reader* reader, const void* data, size_t size) noexcept nogil:
    reader.at = <const uint8_t*>data
    reader.end = reader.at + size

cdef inline int read_varint(Reader* reader, uint64_t* value) noexcept nogil:
    """1 = read; WIRE_TRUNCATED or WIRE_OVERLONG otherwise."""
    cdef uint64_t result = 0
    cdef int shift = 0
    cdef uint8_t byte
    while reader.at < reader.end:
        byte = reader.at[0]
        reader.at += 1
        if shift == 63 and byte > 1:
            return WIRE_OVERLONG
        result |= (<uint64_t>(byte & 0x7F)) << shift
        if byte < 0x80:
            value[0] = result
            return 1
        shift += 7
    return WIRE_TRUNCATED

cdef inline int read_field(Reader* reader, Field* field) noexcept nogil:
    """The next field: 1 = read, 0 = the message ended, below 0 = WIRE_TRUNCATED... (stop: it is not a message)."""
    cdef uint64_t tag
    cdef int status
    if reader.at == reader.end:
        return 0
    status = read_varint(reader, &tag)
    if status < 0:
        return status
    if tag < 8 or tag >> 32:
        return WIRE_NUMBER
    field.number = <uint32_t>(tag >> 3)
    field.wire = <uint32_t>(tag & 7)
    field.data = NULL
    field.size = 0
    field.value = 0
    if field.wire == WIRE_VARINT:
        return read_varint(reader, &field.value)
    if field.wire == WIRE_LENGTH:
        status = read_varint(reader, &field.value)
        if status < 0:
            return status
        if field.value > <uint64_t>(reader.end - reader.at):
            return WIRE_PAST_END
        field.data = reader.at
        field.size = <size_t>field.value
        reader.at += field.size
        return 1
    if field.wire == WIRE_FIXED64:
        if reader.end - reader.at < 8:
            return WIRE_TRUNCATED
        memcpy(&field.value, reader.at, 8)
        reader.at += 8
        return 1
    if field.wire == WIRE_FIXED32:
        if reader.end - reader.at < 4:
            return WIRE_TRUNCATED
        memcpy(&field.value, reader.at, 4)
        reader.at += 4
        return 1
    return WIRE_TYPE


# ---- text ----

# True when the bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
cdef bint valid_utf8(const uint8_t* data, size_t size) noexcept nogil
