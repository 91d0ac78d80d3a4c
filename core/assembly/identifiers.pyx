"""Identifiers that the records of one subject state, and the keys under which it is found."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from core.assembly.arena cimport Text, put_once
from core.assembly.linked_record cimport Record
from core.assembly.record cimport compare_records, entity_record_count, entity_records, text_of
from core.calendar cimport NO_DAY
from core.contract.level cimport CRITERION_ENGINE, CRITERION_MAKE, CRITERION_PLATE, CRITERION_VIN, LEVEL_POSSIBLE
from core.contract.section cimport SECTION_OWNER, SECTION_PLATE_ASSIGNMENT, SECTION_VEHICLE_REGISTRATION
from core.free_text.vehicles cimport colour_mask
from core.generation.dossier cimport IDENTIFIER_IDENTIFIED, IdentifierEntry
from core.generation.keys cimport key_hash
from core.generation.plates cimport PLATE_CHARACTERS, PlateRow
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_ENGINE_TAIL, KEY_LICENCE,
    KEY_NIT, KEY_PLATE, KEY_SUBJECT, KEY_TELEPHONE, KEY_VIN,
)
from core.names.keys cimport FOLDED_MAX, fold_into
from core.wire cimport buffer_reset, put_raw


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept

cdef enum:
    FOREIGN_DOCUMENT_BIT = 30    # IDENTIFIES_FOREIGN_DOCUMENT of core/generation/store.pxd
    TEXT_MAX = 512               # bytes of an identifier; a longer one is cut: no key typed is that long

cdef struct Sink:
    Buffer* identifiers
    Buffer* heap
    uint32_t entity
    int status


cdef void _add_keys(Sink* sink, Spill keys, int kind, const uint8_t* text, uint32_t length) noexcept nogil:
    """The lookup keys of an identifier met for the first time in this dossier."""
    cdef uint8_t plate[TEXT_MAX]
    cdef uint32_t tail, plate_length
    cdef int tail_kind = 0
    if kind == KEY_PLATE:  # "P-123BCD|GTM" is looked up as "GTM:123BCD"
        plate_length = length - 4
        while plate_length and text[length - 4 - plate_length] != b"-"[0]:
            plate_length -= 1
        plate_length -= 1
        memcpy(plate, text + length - 3, 3)
        plate[3] = b":"[0]
        memcpy(plate + 4, text + length - 4 - plate_length, plate_length)
        sink.status |= keys.add(key_hash(KEY_PLATE, plate, plate_length + 4), sink.entity)
        return
    sink.status |= keys.add(key_hash(<uint8_t>kind, text, length), sink.entity)
    if kind == KEY_DOCUMENT:
        sink.status |= keys.add(key_hash(KEY_DOCUMENT_NUMBER, text + 4, length - 4), sink.entity)
    elif kind == KEY_VIN:
        tail_kind = KEY_CHASSIS_TAIL
    elif kind == KEY_ENGINE:
        tail_kind = KEY_ENGINE_TAIL
    if tail_kind:
        for tail in range(6, 9):
            if length >= tail:
                sink.status |= keys.add(key_hash(<uint8_t>tail_kind, text + length - tail, tail), sink.entity)


cdef void _add(Sink* sink, Spill keys, const Facts* facts, const Record* record, int kind, const uint8_t* text, uint32_t length,
               int32_t valid_from, int32_t valid_to, int identifying_bit) noexcept nogil:
    """Adds one statement of an identifier: an entry for each (text, section, sensitivity, dates)."""
    cdef IdentifierEntry* entries = <IdentifierEntry*>sink.identifiers.data
    cdef IdentifierEntry entry
    cdef Py_ssize_t i = sink.identifiers.size // sizeof(IdentifierEntry) - 1
    cdef bint identified = (facts.registers[record.register].identifies >> identifying_bit) & 1
    cdef bint known = False
    if length > TEXT_MAX:
        length = TEXT_MAX
    while i >= 0:
        if (entries[i].kind == kind and entries[i].length == length
                and memcmp(sink.heap.data + entries[i].offset, text, length) == 0):
            known = True
            entry.offset = entries[i].offset
            if (entries[i].section == record.section and entries[i].sensitivity == record.sensitivity
                    and entries[i].valid_from == valid_from and entries[i].valid_to == valid_to):
                if identified and not entries[i].flags & IDENTIFIER_IDENTIFIED:
                    entries[i].flags |= IDENTIFIER_IDENTIFIED
                    entries[i].register = record.register
                elif identified == (entries[i].flags & IDENTIFIER_IDENTIFIED) and record.register < entries[i].register:
                    entries[i].register = record.register
                return
        i -= 1
    if not known:
        entry.offset = put_once(sink.heap, text, length)
        _add_keys(sink, keys, kind, text, length)
    entry.kind = <uint8_t>kind
    entry.flags = IDENTIFIER_IDENTIFIED if identified else 0
    entry.register = record.register
    entry.section = record.section
    entry.length = <uint16_t>length
    entry.sensitivity = record.sensitivity
    entry.reserved = 0
    entry.valid_from = valid_from
    entry.valid_to = valid_to
    entry.reserved2 = 0
    put_raw(sink.identifiers, &entry, sizeof(entry))


cdef inline void _add_text(Sink* sink, Spill keys, const Facts* facts, const Entity* entity, const Record* record, int kind,
                           Text text) noexcept nogil:
    if text.length:
        _add(sink, keys, facts, record, kind, text_of(entity, text), text.length, NO_DAY, NO_DAY, kind)


cdef void _add_person(Sink* sink, Spill keys, const Facts* facts, const Entity* entity, const Record* record) noexcept nogil:
    cdef uint8_t document[TEXT_MAX]
    cdef uint32_t length
    cdef int identifying = KEY_DOCUMENT_NUMBER      # without a country: no register identifies by it
    _add_text(sink, keys, facts, entity, record, KEY_CUI, record.cui)
    _add_text(sink, keys, facts, entity, record, KEY_NIT, record.nit)
    _add_text(sink, keys, facts, entity, record, KEY_CEDULA, record.cedula)
    if record.document_number.length:
        memcpy(document, b"   :", 4)
        if record.document_country.length == 3:
            memcpy(document, text_of(entity, record.document_country), 3)
            identifying = KEY_DOCUMENT if memcmp(document, b"GTM", 3) == 0 else FOREIGN_DOCUMENT_BIT
        length = min(record.document_number.length, <uint32_t>TEXT_MAX - 4)
        memcpy(document + 4, text_of(entity, record.document_number), length)
        _add(sink, keys, facts, record, KEY_DOCUMENT, document, length + 4, NO_DAY, NO_DAY, identifying)
    _add_text(sink, keys, facts, entity, record, KEY_LICENCE, record.licence)
    _add_text(sink, keys, facts, entity, record, KEY_TELEPHONE, record.telephone)


cdef void _add_vehicle(Sink* sink, Spill keys, const Facts* facts, const Entity* entity, const Record* record) noexcept nogil:
    cdef uint8_t plate[TEXT_MAX]
    cdef uint32_t length
    cdef bint assignment = record.section == SECTION_PLATE_ASSIGNMENT
    # An alert whose plate and VIN contradict (docs/answers.md section 4), or plate and what is seen, or its whole plate and the
    # engine, gives neither vehicle what is the other's.
    cdef bint contradicts = record.level == LEVEL_POSSIBLE and (
        record.criterion in (CRITERION_VIN, CRITERION_MAKE) or (record.criterion == CRITERION_ENGINE and record.plate_type.length))
    if record.plate.length and record.plate.length < 128 and record.plate_type.length < 16 and not contradicts:
        length = record.plate_type.length
        if length:
            memcpy(plate, text_of(entity, record.plate_type), length)
        else:
            plate[0] = b"?"[0]
            length = 1
        plate[length] = b"-"[0]
        memcpy(plate + length + 1, text_of(entity, record.plate), record.plate.length)
        length += 1 + record.plate.length
        plate[length] = b"|"[0]
        if record.plate_country.length == 3:
            memcpy(plate + length + 1, text_of(entity, record.plate_country), 3)
        else:
            memcpy(plate + length + 1, b"GTM", 3)
        _add(sink, keys, facts, record, KEY_PLATE, plate, length + 4, record.valid_from if assignment else NO_DAY,
             record.valid_to if assignment else NO_DAY, KEY_PLATE)
    if record.criterion != CRITERION_PLATE:
        _add_text(sink, keys, facts, entity, record, KEY_VIN, record.vin)
        _add_text(sink, keys, facts, entity, record, KEY_VIN, record.chassis)
    _add_text(sink, keys, facts, entity, record, KEY_ENGINE, record.engine)


cdef int _by_kind(const void* left, const void* right, void* context) noexcept nogil:
    """Orders identifiers by kind, then as met."""
    cdef const IdentifierEntry* a = <const IdentifierEntry*>left
    cdef const IdentifierEntry* b = <const IdentifierEntry*>right
    cdef int order = <int>a.kind - <int>b.kind
    if order:
        return order
    return (a.reserved2 > b.reserved2) - (a.reserved2 < b.reserved2)


cdef int collect_identifiers(Entity* entity, const Facts* facts, bint vehicle, Buffer* identifiers, Buffer* heap,
                             Spill keys) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef IdentifierEntry* entries
    cdef Sink sink
    cdef size_t i, count
    buffer_reset(identifiers)
    sink.identifiers = identifiers
    sink.heap = heap
    sink.entity = entity.number
    sink.status = keys.add(key_hash(KEY_SUBJECT, entity.subject_id, 16), entity.number)
    for i in range(entity_record_count(entity)):
        if vehicle:
            if records[i].section != SECTION_OWNER or records[i].plate.length or records[i].vin.length or records[i].chassis.length:
                _add_vehicle(&sink, keys, facts, entity, &records[i])
        else:
            _add_person(&sink, keys, facts, entity, &records[i])
    count = identifiers.size // sizeof(IdentifierEntry)
    entries = <IdentifierEntry*>identifiers.data
    if count > 1 and not identifiers.failed:
        for i in range(count):
            entries[i].reserved2 = <uint32_t>i
        qsort_r(entries, count, sizeof(IdentifierEntry), _by_kind, NULL)
        for i in range(count):
            entries[i].reserved2 = 0
    return sink.status


cdef int first_registration(Entity* entity) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef int found = -1
    cdef size_t i
    for i in range(entity_record_count(entity)):
        if records[i].section == SECTION_VEHICLE_REGISTRATION and (
                found < 0 or compare_records(entity, &records[i], &records[found]) < 0):
            found = <int>i
    return found


cdef void _fill_attributes(Entity* entity, const Record* record, PlateRow* row) noexcept nogil:
    cdef char folded[FOLDED_MAX]
    cdef int length
    memset(row.make, 0, sizeof(row.make))
    length = fold_into(<const char*>text_of(entity, record.make), record.make.length, folded, FOLDED_MAX)
    if length > 0:
        memcpy(row.make, folded, min(length, 3))
    length = fold_into(<const char*>text_of(entity, record.colour), record.colour.length, folded, FOLDED_MAX)
    row.colours = colour_mask(folded, max(length, 0))
    row.model_year = record.model_year


cdef void _attributes(Entity* entity, PlateRow* row) noexcept nogil:
    """Make, colour and year of the registrations; what they do not agree on stays unknown."""
    cdef const Record* records = entity_records(entity)
    cdef PlateRow other
    cdef size_t i
    cdef bint first = True
    for i in range(entity_record_count(entity)):
        if records[i].section != SECTION_VEHICLE_REGISTRATION:
            continue
        if first:
            _fill_attributes(entity, &records[i], row)
            first = False
            continue
        _fill_attributes(entity, &records[i], &other)
        if memcmp(row.make, other.make, 3) != 0:
            memset(row.make, 0, 3)
        if row.colours != other.colours:
            row.colours = 0
        if row.model_year != other.model_year:
            row.model_year = 0


cdef void collect_plates(Entity* entity, const Buffer* identifiers, const Buffer* heap, PlateRows rows) noexcept nogil:
    cdef const IdentifierEntry* entries = <const IdentifierEntry*>identifiers.data
    cdef size_t i, j, count = identifiers.size // sizeof(IdentifierEntry)
    cdef const uint8_t* text
    cdef uint32_t type_length, length
    cdef bint assigned = False, repeated
    cdef PlateRow row
    memset(&row, 0, sizeof(row))
    for i in range(count):
        if entries[i].kind == KEY_PLATE and entries[i].section == SECTION_PLATE_ASSIGNMENT:
            assigned = True
    for i in range(count):
        if entries[i].kind != KEY_PLATE or (assigned and entries[i].section != SECTION_PLATE_ASSIGNMENT):
            continue
        repeated = False
        for j in range(i):  # the same text has the same place in the heap
            if entries[j].kind == KEY_PLATE and entries[j].offset == entries[i].offset and (
                    not assigned or entries[j].section == SECTION_PLATE_ASSIGNMENT):
                repeated = True
                break
        if repeated:
            continue
        if row.entity != entity.number or not row.plate[0]:
            _attributes(entity, &row)
            row.entity = entity.number
        memset(&row, 0, 16)  # plate, type, country
        text = heap.data + entries[i].offset
        type_length = 0
        while text[type_length] != b"-"[0]:
            type_length += 1
        length = entries[i].length - type_length - 5
        if text[0] != b"?"[0]:
            memcpy(row.type, text, min(type_length, <uint32_t>3))
        memcpy(row.plate, text + type_length + 1, min(length, <uint32_t>PLATE_CHARACTERS))
        memcpy(row.country, text + entries[i].length - 3, 3)
        rows.add(&row)
