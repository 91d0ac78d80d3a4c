# An entity's linked records in memory, while its dossier is made. A Record's fields: core/standard_record.toml, those of
# linking without "link_"; linking by section 4 of docs/answers.md puts its own into level, agrees and disagrees.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from core.assembly.arena cimport Text
from core.assembly.linked_record cimport Record
from core.machine.arrow cimport Column
from core.wire cimport Buffer

cdef struct Entity:
    uint32_t number
    uint8_t kind                 # ENTITY_*
    uint8_t subject_id[16]
    int32_t homonyms             # -1 = not set
    int32_t name_only_alerts
    int32_t identity_fed         # day; 0 = never
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

# Reads a row of a batch (columns of LINKED_FIELDS) and appends it to the entity. 0, or -1 = out of memory.
cdef int entity_add(Entity* entity, const Column* columns, int64_t row) noexcept nogil
# Returns whether the row's record only hides the entity's address. It is then no record of the entity, and entity_hide
# takes its dates.
cdef bint row_hides(const Column* columns, int64_t row) noexcept nogil
cdef void entity_hide(Entity* entity, const Column* columns, int64_t row) noexcept nogil
# The row's entity number.
cdef uint32_t row_entity(const Column* columns, int64_t row) noexcept nogil
# By register, record id, version, row: "register order" of docs/answers.md.
cdef int compare_records(const Entity* entity, const Record* a, const Record* b) noexcept nogil
# Returns whether b may follow a in the stream: by section, sort day (newest first, unknown last), then as
# compare_records.
cdef bint in_stream_order(const Entity* entity, const Record* a, const Record* b) noexcept nogil
# Returns whether two texts have the same bytes.
cdef bint same_text(const Entity* entity, Text a, Text b) noexcept nogil
