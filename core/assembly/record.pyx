"""One linked standard record, read from its Arrow columns."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from core.calendar cimport NO_DAY
from core.generation.dossier cimport NO_ENTITY
from core.machine.arrow cimport (
    Column, bit_at, byte_at, int16_or, int32_or, int64_at, int8_or, is_null, text_at, uint32_or,
)
from core.wire cimport buffer_reserve, put_raw

cdef enum:  # places in LINKED_FIELDS
    C_ENTITY, C_REGISTER, C_SECTION, C_RECORD_ID, C_VERSION, C_ROW, C_SORT_DAY, C_SENSITIVITY, C_CLEARANCE, C_PAYLOAD
    C_CUI, C_CUI_VALID, C_DOCUMENT_COUNTRY, C_DOCUMENT_NUMBER, C_NIT, C_LICENCE, C_CEDULA, C_TELEPHONE, C_NAME, C_NAME_KEY, C_NAME_TEXT
    C_BIRTH_YEAR, C_BIRTH_MONTH, C_BIRTH_MDAY, C_SEX, C_BIRTH_DEPARTMENT, C_RESIDENCE_DEPARTMENT, C_FATHER, C_MOTHER
    C_DEATH_DAY, C_PLATE_TYPE, C_PLATE, C_PLATE_COUNTRY, C_VIN, C_CHASSIS, C_ENGINE, C_MAKE, C_LINE, C_COLOUR, C_MODEL_YEAR
    C_VALID_FROM, C_VALID_TO, C_VALID_FROM_SPAN, C_VALID_TO_SPAN, C_SHARE, C_ALERT_KIND, C_ALERT_STATE, C_ALERT_FLAGS
    C_ALERT_FROM, C_ALERT_TO, C_ALERT_FROM_SPAN, C_ALERT_TO_SPAN, C_STATE_DATE
    C_STATE_DATE_PARTS, C_ISSUED_DAY, C_STATE_FIRST, C_STATE_SPAN, C_ISSUED_FIRST, C_ISSUED_SPAN, C_MERGE_KEY,
    C_HIT_PAYLOAD, C_LINK_CRITERION, C_LINK_LEVEL, C_LINK_AGREES
    C_LINK_DISAGREES, C_OWNER_ENTITY, C_OWNER_LEVEL

cdef enum:
    LEVEL_HIDES = 2              # link_level of an order that is not linked, and hides an address all the same

LINKED_FIELDS = [
    ("entity", "I"), ("register", "C"), ("section", "C"), ("record_id", "u"), ("version", "i"), ("row", "l"), ("sort_day", "i"),
    ("sensitivity", "C"), ("clearance", "C"), ("payload", "z"), ("cui", "u"), ("cui_valid", "b"), ("document_country", "u"),
    ("document_number", "u"), ("nit", "u"), ("licence", "u"), ("cedula", "u"), ("telephone", "u"), ("name", "u"),
    ("name_key", "u"), ("name_text", "u"), ("birth_year", "s"), ("birth_month", "c"), ("birth_mday", "c"), ("sex", "C"), ("birth_department", "C"),
    ("residence_department", "C"), ("father", "u"), ("mother", "u"), ("death_day", "i"), ("plate_type", "u"),
    ("plate", "u"), ("plate_country", "u"), ("vin", "u"), ("chassis", "u"), ("engine", "u"), ("make", "u"), ("line", "u"),
    ("colour", "u"), ("model_year", "s"), ("valid_from", "i"), ("valid_to", "i"),
    ("valid_from_span", "s"), ("valid_to_span", "s"), ("share", "C"), ("alert_kind", "C"),
    ("alert_state", "C"), ("alert_flags", "C"), ("alert_from", "i"), ("alert_to", "i"),
    ("alert_from_span", "s"), ("alert_to_span", "s"), ("state_date", "i"),
    ("state_date_parts", "z"), ("issued_day", "i"), ("state_first", "i"), ("state_span", "s"), ("issued_first", "i"),
    ("issued_span", "s"), ("merge_key", "u"), ("hit_payload", "z"), ("link_criterion", "C"),
    ("link_level", "C"), ("link_agrees", "z"), ("link_disagrees", "z"), ("owner_entity", "I"), ("owner_level", "C"),
]


cdef inline Text _keep(Entity* entity, const Column* column, int64_t row) noexcept nogil:
    """Copies a text into the arena."""
    cdef Text text
    cdef const uint8_t* data = text_at(column, row, &text.length)
    text.offset = <uint32_t>entity.arena.size
    put_raw(&entity.arena, data, text.length)
    return text


cdef uint8_t _criteria(const Column* column, int64_t row, uint8_t* criteria) noexcept nogil:
    cdef uint32_t length
    cdef const uint8_t* data = text_at(column, row, &length)
    if length > MAX_CRITERIA:
        length = MAX_CRITERIA
    if length:
        memcpy(criteria, data, length)
    return <uint8_t>length


cdef uint32_t row_entity(const Column* columns, int64_t row) noexcept nogil:
    return uint32_or(&columns[C_ENTITY], row, NO_ENTITY)


cdef bint row_hides(const Column* columns, int64_t row) noexcept nogil:
    return byte_at(&columns[C_LINK_LEVEL], row) == LEVEL_HIDES


cdef void entity_hide(Entity* entity, const Column* columns, int64_t row) noexcept nogil:
    cdef int32_t first = int32_or(&columns[C_ALERT_FROM], row, NO_DAY), last = int32_or(&columns[C_ALERT_TO], row, NO_DAY)
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
    record.register = byte_at(&columns[C_REGISTER], row)
    record.section = byte_at(&columns[C_SECTION], row)
    record.record_id = _keep(entity, &columns[C_RECORD_ID], row)
    record.version = int32_or(&columns[C_VERSION], row, 0)
    record.row = int64_at(&columns[C_ROW], row)
    record.sort_day = int32_or(&columns[C_SORT_DAY], row, NO_DAY)
    record.sensitivity = byte_at(&columns[C_SENSITIVITY], row)
    record.clearance = byte_at(&columns[C_CLEARANCE], row)
    record.payload = _keep(entity, &columns[C_PAYLOAD], row)
    record.cui = _keep(entity, &columns[C_CUI], row)
    record.cui_valid = bit_at(&columns[C_CUI_VALID], row)
    record.document_country = _keep(entity, &columns[C_DOCUMENT_COUNTRY], row)
    record.document_number = _keep(entity, &columns[C_DOCUMENT_NUMBER], row)
    record.nit = _keep(entity, &columns[C_NIT], row)
    record.licence = _keep(entity, &columns[C_LICENCE], row)
    record.cedula = _keep(entity, &columns[C_CEDULA], row)
    record.telephone = _keep(entity, &columns[C_TELEPHONE], row)
    record.name = _keep(entity, &columns[C_NAME], row)
    record.name_key = _keep(entity, &columns[C_NAME_KEY], row)
    record.name_text = _keep(entity, &columns[C_NAME_TEXT], row)
    record.birth_year = <uint16_t>int16_or(&columns[C_BIRTH_YEAR], row, 0)
    record.birth_month = <uint8_t>int8_or(&columns[C_BIRTH_MONTH], row, 0)
    record.birth_mday = <uint8_t>int8_or(&columns[C_BIRTH_MDAY], row, 0)
    record.sex = byte_at(&columns[C_SEX], row)
    record.birth_department = byte_at(&columns[C_BIRTH_DEPARTMENT], row)
    record.residence_department = byte_at(&columns[C_RESIDENCE_DEPARTMENT], row)
    record.father = _keep(entity, &columns[C_FATHER], row)
    record.mother = _keep(entity, &columns[C_MOTHER], row)
    record.death_day = int32_or(&columns[C_DEATH_DAY], row, NO_DAY)
    record.plate_type = _keep(entity, &columns[C_PLATE_TYPE], row)
    record.plate = _keep(entity, &columns[C_PLATE], row)
    record.plate_country = _keep(entity, &columns[C_PLATE_COUNTRY], row)
    record.vin = _keep(entity, &columns[C_VIN], row)
    record.chassis = _keep(entity, &columns[C_CHASSIS], row)
    record.engine = _keep(entity, &columns[C_ENGINE], row)
    record.make = _keep(entity, &columns[C_MAKE], row)
    record.line = _keep(entity, &columns[C_LINE], row)
    record.colour = _keep(entity, &columns[C_COLOUR], row)
    record.model_year = <uint16_t>int16_or(&columns[C_MODEL_YEAR], row, 0)
    record.valid_from = int32_or(&columns[C_VALID_FROM], row, NO_DAY)
    record.valid_to = int32_or(&columns[C_VALID_TO], row, NO_DAY)
    record.valid_from_span = <uint16_t>int16_or(&columns[C_VALID_FROM_SPAN], row, 0)
    record.valid_to_span = <uint16_t>int16_or(&columns[C_VALID_TO_SPAN], row, 0)
    record.share = byte_at(&columns[C_SHARE], row)
    record.alert_kind = byte_at(&columns[C_ALERT_KIND], row)
    record.alert_state = byte_at(&columns[C_ALERT_STATE], row)
    record.alert_flags = byte_at(&columns[C_ALERT_FLAGS], row)
    record.alert_from = int32_or(&columns[C_ALERT_FROM], row, NO_DAY)
    record.alert_to = int32_or(&columns[C_ALERT_TO], row, NO_DAY)
    record.alert_from_span = <uint16_t>int16_or(&columns[C_ALERT_FROM_SPAN], row, 0)
    record.alert_to_span = <uint16_t>int16_or(&columns[C_ALERT_TO_SPAN], row, 0)
    record.state_date = <uint32_t>int32_or(&columns[C_STATE_DATE], row, 0)
    record.state_date_parts = _keep(entity, &columns[C_STATE_DATE_PARTS], row)
    record.issued_known = not is_null(&columns[C_ISSUED_DAY], row)
    record.issued_day = int32_or(&columns[C_ISSUED_DAY], row, NO_DAY)
    record.state_first = int32_or(&columns[C_STATE_FIRST], row, NO_DAY)
    record.state_span = <uint16_t>int16_or(&columns[C_STATE_SPAN], row, 0)
    record.issued_first = int32_or(&columns[C_ISSUED_FIRST], row, NO_DAY)
    record.issued_span = <uint16_t>int16_or(&columns[C_ISSUED_SPAN], row, 0)
    record.merge_key = _keep(entity, &columns[C_MERGE_KEY], row)
    record.hit_payload = _keep(entity, &columns[C_HIT_PAYLOAD], row)
    record.criterion = byte_at(&columns[C_LINK_CRITERION], row)
    record.level = byte_at(&columns[C_LINK_LEVEL], row)
    record.n_agrees = _criteria(&columns[C_LINK_AGREES], row, record.agrees)
    record.n_disagrees = _criteria(&columns[C_LINK_DISAGREES], row, record.disagrees)
    record.owner_entity = uint32_or(&columns[C_OWNER_ENTITY], row, NO_ENTITY)
    record.owner_level = byte_at(&columns[C_OWNER_LEVEL], row)
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
