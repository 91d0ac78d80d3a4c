# Alerts of one subject, merged from its records (docs/answers.md section 6), as they are stored.

from core.assembly.claims cimport Facts
from core.assembly.linked_record cimport Record
from core.assembly.record cimport Entity
from core.wire cimport Buffer

# A record's reference within its payload: 0 and where it starts and how long it is, or -1 when the payload does not start with one.
cdef int record_reference(const Entity* entity, const Record* record, size_t* start, size_t* length) noexcept nogil
# Appends field `number` holding the record's reference, with `possible` where the record is joined only perhaps.
cdef int put_reference(Buffer* out, int number, const Entity* entity, const Record* record) noexcept nogil
# Fills `alerts` (AlertEntry[], hit_offset counted from the heap's start) in stored order and appends the Hits to `heap`. `order` is
# scratch. 0, or -1 = a payload without its reference.
cdef int collect_alerts(Entity* entity, const Facts* facts, Buffer* order, Buffer* alerts, Buffer* heap) noexcept nogil
