# One linked standard record in memory, and an entity's records while its dossier is made.
#
# Texts lie in the entity's arena; a Text is a place in it (the arena may move while it grows). An empty text = null.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.machine.arrow cimport Column
from core.wire cimport Buffer

cdef enum:
    MAX_CRITERIA = 8             # listed for or against a link

cdef struct Text:
    uint32_t offset
    uint32_t length

cdef struct Record:
    uint8_t register
    uint8_t section
    uint8_t sensitivity
    uint8_t clearance
    uint8_t sex
    uint8_t birth_department
    uint8_t residence_department
    uint8_t share
    uint8_t alert_kind
    uint8_t alert_state
    uint8_t alert_flags
    uint8_t criterion            # ronda.v1.Criterion by which it joins; 0 = its own subject
    uint8_t level                # ronda.v1.Level; as linked, then as section 4 says
    uint8_t owner_level
    bint cui_valid
    bint issued_known
    int32_t version
    int32_t sort_day             # NO_DAY = unknown, as for every day here
    int64_t row
    uint16_t birth_year
    uint8_t birth_month
    uint8_t birth_mday
    uint16_t model_year
    int32_t death_day
    int32_t valid_from
    int32_t valid_to
    int32_t alert_from
    int32_t alert_to
    uint16_t valid_from_span     # days; 0 = known, SPAN_UNKNOWN (core/generation/view.pxd)
    uint16_t valid_to_span
    uint16_t alert_from_span
    uint16_t alert_to_span
    int32_t issued_day
    int32_t state_first          # earliest possible day of the state; NO_DAY with state_span SPAN_UNKNOWN = any, with 0 = not stated
    int32_t issued_first         # so of the day of issue, else the record's
    uint16_t state_span          # days by which it may be later
    uint16_t issued_span
    uint32_t state_date
    uint32_t owner_entity
    Text record_id
    Text payload
    Text cui
    Text document_country
    Text document_number
    Text nit
    Text licence
    Text cedula
    Text telephone
    Text name
    Text name_key
    Text name_text               # stored name, core/names/reading.pxd
    Text father
    Text mother
    Text plate_type
    Text plate
    Text plate_country
    Text vin
    Text chassis
    Text engine
    Text make
    Text line
    Text colour
    Text state_date_parts
    Text merge_key
    Text hit_payload
    uint8_t agrees[8]            # criteria; filled by link_records, or from link_agrees
    uint8_t disagrees[8]
    uint8_t n_agrees
    uint8_t n_disagrees

cdef struct Entity:
    uint32_t number
    uint8_t kind                 # ENTITY_*
    uint8_t subject_id[16]
    int32_t homonyms             # -1 = not set
    int32_t name_only_alerts
    bint crowded                 # one of them reaches the alert score
    bint one_bearer              # one of them names nobody else on file
    bint hidden                  # by an order that only hides: docs/answers.md section 5
    int32_t hides_from           # earliest first and latest last day of these; NO_DAY = open
    int32_t hides_to
    Buffer arena
    Buffer records               # Record[]

cdef inline Record* entity_records(Entity* entity) noexcept nogil:
    return <Record*>entity.records.data

cdef inline size_t entity_record_count(Entity* entity) noexcept nogil:
    return entity.records.size // sizeof(Record)

cdef inline const uint8_t* text_of(const Entity* entity, Text text) noexcept nogil:
    return entity.arena.data + text.offset

# Reads a row of a batch (columns in the order of LINKED_FIELDS) and appends it to the entity. 0, or -1 = out of memory.
cdef int entity_add(Entity* entity, const Column* columns, int64_t row) noexcept nogil
# Whether the row's record only hides the entity's address; then it is no record of the entity, and entity_hide takes its dates.
cdef bint row_hides(const Column* columns, int64_t row) noexcept nogil
cdef void entity_hide(Entity* entity, const Column* columns, int64_t row) noexcept nogil
# The row's entity number.
cdef uint32_t row_entity(const Column* columns, int64_t row) noexcept nogil
# By register, record id, version, row: "register order" of docs/answers.md.
cdef int compare_records(const Entity* entity, const Record* a, const Record* b) noexcept nogil
# Whether b may follow a in the stream: by section, sort day (newest first, unknown last), then as compare_records.
cdef bint in_stream_order(const Entity* entity, const Record* a, const Record* b) noexcept nogil
# Whether two texts have the same bytes.
cdef bint same_text(const Entity* entity, Text a, Text b) noexcept nogil
