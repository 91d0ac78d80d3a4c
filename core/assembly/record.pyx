"""One linked standard record, read from its Arrow columns."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t
from libc.string cimport memcmp, memset

from core.assembly.linked_record cimport (
    ENTITY_COLUMNS, LINKED_COLUMNS, C_alert_from, C_alert_to, C_entity, C_link_level, read_record,
)
from core.calendar cimport NO_DAY
from core.generation.dossier cimport NO_ENTITY
from core.machine.arrow cimport Column, byte_at, int32_or, uint32_or
from core.standard_record cimport LEVEL_HIDES
from core.wire cimport buffer_reserve

LINKED_FIELDS = [tuple(column.split("=")) for column in LINKED_COLUMNS.decode().split()]
ENTITY_FIELDS = [tuple(column.split("=")) for column in ENTITY_COLUMNS.decode().split()]


cdef uint32_t row_entity(const Column* columns, int64_t row) noexcept nogil:
    return uint32_or(&columns[C_entity], row, NO_ENTITY)


cdef bint row_hides(const Column* columns, int64_t row) noexcept nogil:
    return byte_at(&columns[C_link_level], row) == LEVEL_HIDES


cdef void entity_hide(Entity* entity, const Column* columns, int64_t row) noexcept nogil:
    cdef int32_t first = int32_or(&columns[C_alert_from], row, NO_DAY), last = int32_or(&columns[C_alert_to], row, NO_DAY)
    if not entity.hidden:
        entity.hides_from = first
        entity.hides_to = last
        entity.hidden = True
        return
    entity.hides_from = min(entity.hides_from, first)  # NO_DAY is below every day
    if last == NO_DAY or entity.hides_to == NO_DAY:
        entity.hides_to = NO_DAY
    else:
        entity.hides_to = max(entity.hides_to, last)


cdef int entity_add(Entity* entity, const Column* columns, int64_t row) noexcept nogil:
    cdef Record* record
    if not buffer_reserve(&entity.records, sizeof(Record)):
        return -1
    record = <Record*>(entity.records.data + entity.records.size)
    memset(record, 0, sizeof(Record))
    read_record(record, &entity.arena, columns, row)
    entity.records.size += sizeof(Record)
    return -1 if entity.arena.failed else 0


cdef inline int _compare_texts(const Entity* entity, Text a, Text b) noexcept nogil:
    cdef uint32_t length = min(a.length, b.length)
    cdef int order = memcmp(text_of(entity, a), text_of(entity, b), length) if length else 0
    if order:
        return order
    return (a.length > b.length) - (a.length < b.length)


cdef int compare_records(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    cdef int order = <int>a.register - <int>b.register
    if order == 0:
        order = _compare_texts(entity, a.record_id, b.record_id)
    if order == 0:
        order = <int>(<int16_t>a.source) - <int>(<int16_t>b.source)
    if order == 0:
        order = _compare_texts(entity, a.record_line, b.record_line)
    if order == 0:
        order = (a.version > b.version) - (a.version < b.version)
    if order == 0:
        order = (a.row > b.row) - (a.row < b.row)
    return order


cdef bint in_stream_order(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    if a.section != b.section:
        return a.section < b.section
    if a.sort_day != b.sort_day:
        return a.sort_day > b.sort_day  # NO_DAY is below every day: unknown ones come last
    return compare_records(entity, a, b) <= 0


cdef bint same_text(const Entity* entity, Text a, Text b) noexcept nogil:
    return a.length == b.length and (a.length == 0 or memcmp(text_of(entity, a), text_of(entity, b), a.length) == 0)
