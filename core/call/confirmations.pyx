"""Statements of issuing institutions about hits, looked up without the GIL."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from core.contract.alert_fields cimport F_HitSource_record, F_Hit_record, F_Hit_sources
from core.contract.value_fields cimport F_RecordReference_record_id, F_RecordReference_register_id
from core.machine.xxhash cimport XXH3_64bits
from core.wire cimport WIRE_LENGTH, Field, Reader, read_field, reader_init


cdef class Confirmations:
    def __cinit__(self, entries=()):
        cdef size_t i = 0
        cdef Confirmed* item
        cdef bytes key, fields
        rows = sorted((_hash(key), key, bool(denied), fields) for key, denied, fields in entries)
        self.held = rows
        self.table.items = <Confirmed*>calloc(len(rows) + 1, sizeof(Confirmed))
        if self.table.items == NULL:
            raise MemoryError
        for hashed, key, denied, fields in rows:
            if not CONFIRMATION_SUBJECT < len(key) <= CONFIRMATION_KEY:
                raise ValueError("a key is a subject, a register and a record")
            item = &self.table.items[i]
            item.hash = hashed
            item.key = <const uint8_t*>PyBytes_AS_STRING(key)
            item.key_size = <uint32_t>PyBytes_GET_SIZE(key)
            item.fields = <const uint8_t*>PyBytes_AS_STRING(fields)
            item.fields_size = <uint32_t>PyBytes_GET_SIZE(fields)
            item.denied = denied
            i += 1
        self.table.count = i

    def __dealloc__(self):
        free(self.table.items)

    def __len__(self):
        return self.table.count


cdef object _hash(bytes key):
    return <uint64_t>XXH3_64bits(PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key))


cdef const Confirmed* _find(const ConfirmationTable* table, const uint8_t* key, size_t size) noexcept nogil:
    cdef uint64_t hashed = XXH3_64bits(key, size)
    cdef size_t low = 0, high = table.count, middle
    while low < high:
        middle = (low + high) // 2
        if table.items[middle].hash < hashed:
            low = middle + 1
        else:
            high = middle
    while low < table.count and table.items[low].hash == hashed:  # a hash that agrees is not enough
        if table.items[low].key_size == size and memcmp(table.items[low].key, key, size) == 0:
            return &table.items[low]
        low += 1
    return NULL


cdef const Confirmed* _of_record(const ConfirmationTable* table, const uint8_t* subject_id, const uint8_t* record,
                                 size_t size) noexcept nogil:
    """Returns the statement for an encoded RecordReference."""
    cdef uint8_t key[CONFIRMATION_KEY]
    cdef Reader reader
    cdef Field field
    cdef const uint8_t* register_id = NULL
    cdef const uint8_t* record_id = NULL
    cdef size_t register_size = 0, record_size = 0, length
    cdef const Confirmed* found
    reader_init(&reader, record, size)
    while read_field(&reader, &field) == 1:
        if field.wire != WIRE_LENGTH:
            continue
        if field.number == F_RecordReference_register_id:
            register_id, register_size = <const uint8_t*>field.data, field.size
        elif field.number == F_RecordReference_record_id:
            record_id, record_size = <const uint8_t*>field.data, field.size
    length = CONFIRMATION_SUBJECT + register_size + 1 + record_size
    if register_id == NULL or record_id == NULL or length > CONFIRMATION_KEY:
        return NULL
    memset(key, 0, CONFIRMATION_SUBJECT)
    memcpy(key + CONFIRMATION_SUBJECT, register_id, register_size)
    key[CONFIRMATION_SUBJECT + register_size] = 0
    memcpy(key + CONFIRMATION_SUBJECT + register_size + 1, record_id, record_size)
    found = _find(table, key, length)
    if found == NULL:
        memcpy(key, subject_id, CONFIRMATION_SUBJECT)
        found = _find(table, key, length)
    return found


cdef const Confirmed* confirmed_hit(const ConfirmationTable* table, const uint8_t* subject_id, const uint8_t* stored,
                                    size_t length) noexcept nogil:
    cdef Reader reader, source
    cdef Field field, inner, register, other
    cdef const Confirmed* found = NULL
    register.size = 0
    reader_init(&reader, stored, length)
    while read_field(&reader, &field) == 1:
        if field.wire == WIRE_LENGTH and field.number == F_Hit_record:
            found = _of_record(table, subject_id, <const uint8_t*>field.data, field.size)
            _register_of(field, &register)
            break
    if found != NULL or register.size == 0:
        return found
    # A register's own other rows: what was said of another register's copy is not said of this authority's record.
    reader_init(&reader, stored, length)
    while found == NULL and read_field(&reader, &field) == 1:
        if field.wire != WIRE_LENGTH or field.number != F_Hit_sources:
            continue
        reader_init(&source, field.data, field.size)
        while found == NULL and read_field(&source, &inner) == 1:
            if inner.number != F_HitSource_record or inner.wire != WIRE_LENGTH:
                continue
            _register_of(inner, &other)
            if other.size == register.size and memcmp(other.data, register.data, other.size) == 0:
                found = _of_record(table, subject_id, <const uint8_t*>inner.data, inner.size)
    return found


cdef void _register_of(Field record, Field* register) noexcept nogil:
    """Reads the register of an encoded RecordReference; of size 0 if it names none."""
    cdef Reader reader
    cdef Field field
    register.size = 0
    reader_init(&reader, record.data, record.size)
    while read_field(&reader, &field) == 1:
        if field.number == F_RecordReference_register_id and field.wire == WIRE_LENGTH:
            register[0] = field
