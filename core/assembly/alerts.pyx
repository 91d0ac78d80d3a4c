"""Alerts of one subject, merged from its records, as they are stored."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memset

from core.assembly.alert_rows cimport (
    IN_DOUBT, by_kind, days_of, is_discreet, is_of_a_thing, is_stated, keep_latest, latest_of_a_thing,
)
from core.assembly.record cimport compare_records, entity_record_count, entity_records, same_text, text_of
from core.calendar cimport LAST_FILLER_YEAR, NO_DAY, CivilDate, date_from_day
from core.contract.alert cimport *
from core.contract.alert_fields cimport (
    F_HitSource_record, F_HitSource_state, F_HitSource_state_date, F_Hit_action, F_Hit_agrees, F_Hit_disagrees,
    F_Hit_kind, F_Hit_record, F_Hit_sources, F_Hit_state,
)
from core.contract.level cimport (
    CRITERION_CUI, CRITERION_DOCUMENT, CRITERION_LICENCE, CRITERION_NIT, CRITERION_PLATE, CRITERION_VIN,
    LEVEL_POSSIBLE,
)
from core.contract.value_fields cimport F_CodedText_code, F_CodedText_text, F_RecordReference_possible
from core.contract.vehicle_fields cimport F_Owner_record
from core.generation.dossier cimport (
    ALERT_ARMED, ALERT_AUTHORITY_WITHDRAWN, ALERT_CLOSED_ON_NO_DAY, ALERT_CRITERION_1, ALERT_LISTED_BY_AUTHORITY, ALERT_MISUSE, ALERT_PLATE,
    NO_REGISTER, AlertEntry, closed_elsewhere_of,
)
from core.generation.view cimport SPAN_UNKNOWN
from core.standard_record cimport ALERT_FED_CLOSED, ALERT_PROTECTED, ALERT_UNREAD
from core.wire cimport (
    WIRE_LENGTH, Reader, begin_message, buffer_reset, end_message, put_bytes, put_bytes_if, put_packed_bytes, put_raw,
    put_tag, put_uint_if, put_varint, read_varint, reader_init,
)


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept

cdef enum:
    MOST_DAY = 2932896           # 31 December 9999
    MOST_DAYS_OF_A_MONTH = 31
    ISSUED_AGAIN = ALERT_UNREAD  # alert_flags, while alerts are made: after the authority closed the warrant
    KINDS = 14
    SOURCES_MAX = 20     # of one alert: an answer with it stays under 64 KiB

ACTIONS = {
    ALERT_KIND_WARRANT: ("ARREST", "Detener: confirme la orden con el juzgado y presente ante juez competente"),
    ALERT_KIND_TRAVEL_BAN: ("DENY_EXIT", "No permitir la salida del país: avise a Migración"),
    ALERT_KIND_PROTECTION_ORDER: ("ENFORCE_ORDER", "Hacer cumplir las medidas de seguridad: no permitir acercamiento"),
    ALERT_KIND_MISSING_PERSON: ("LOCATE", "Persona desaparecida: verifique su estado y avise al Ministerio Público"),
    ALERT_KIND_MISSING_CHILD: ("PROTECT", "Proteger: niñez desaparecida, active Alba-Keneth y avise a PGN"),
    ALERT_KIND_ESCAPE: ("RECAPTURE", "Recapturar: avise al Sistema Penitenciario"),
    ALERT_KIND_STOLEN_VEHICLE: ("SEIZE_VEHICLE", "Consignar el vehículo: reporte de robo vigente"),
    ALERT_KIND_STOLEN_PLATE: ("SEIZE_PLATE", "Consignar la placa: reporte de robo vigente"),
    ALERT_KIND_STOLEN_ENGINE: ("SEIZE_ENGINE", "Verificar el motor: reporte de robo vigente"),
    ALERT_KIND_DOCUMENT: ("RETAIN_DOCUMENT", "Verificar identidad: documento reportado"),
    ALERT_KIND_DISCREET: ("OBSERVE", "Observar sin revelar: avise al titular de la alerta"),
    ALERT_KIND_OTHER: ("CONSULT", "Consultar a la institución titular"),
    ALERT_KIND_DAMAGED_RECORD: ("CONSULT", "Consultar a la institución titular"),
}

cdef struct Action:
    const char* bytes
    size_t size

cdef Action _actions[KINDS]  # CodedText, encoded
cdef list _kept = []


def _encode_actions():
    cdef bytes encoded
    from core.wire import encode_fields

    memset(_actions, 0, sizeof(_actions))
    for kind, (code, text) in ACTIONS.items():
        encoded = encode_fields([(F_CodedText_code, "bytes", code.encode()), (F_CodedText_text, "bytes", text.encode())])
        _kept.append(encoded)
        _actions[<int>kind].bytes = encoded
        _actions[<int>kind].size = len(encoded)


_encode_actions()


cdef int record_reference(const Entity* entity, const Record* record, size_t* start, size_t* length) noexcept nogil:
    cdef const uint8_t* payload = text_of(entity, record.payload)
    cdef Reader reader
    cdef uint64_t size
    if record.payload.length < 2 or (payload[0] != (1 << 3 | WIRE_LENGTH) and payload[0] != (F_Owner_record << 3 | WIRE_LENGTH)):
        return -1
    reader_init(&reader, payload + 1, record.payload.length - 1)
    if read_varint(&reader, &size) < 0 or size > <uint64_t>(reader.end - reader.at):
        return -1
    start[0] = reader.at - payload
    length[0] = size
    return 0


cdef int put_reference(Buffer* out, int number, const Entity* entity, const Record* record) noexcept nogil:
    cdef size_t start, length
    cdef bint possible = record.level == LEVEL_POSSIBLE
    if record_reference(entity, record, &start, &length) < 0:
        return -1
    put_tag(out, number, WIRE_LENGTH)
    put_varint(out, length + (2 if possible else 0))
    put_raw(out, text_of(entity, record.payload) + start, length)
    if possible:
        put_uint_if(out, F_RecordReference_possible, 1)
    return 0


cdef inline bint _is_alert(const Record* record) noexcept nogil:
    return record.alert_kind and record.alert_kind < KINDS and not record.alert_flags & ALERT_PROTECTED


cdef inline bint _same_warrant(const Entity* entity, const Record* a, const Record* b) noexcept nogil:
    return (a.alert_kind == b.alert_kind and is_discreet(a) == is_discreet(b) and a.merge_key.length
            and same_text(entity, a.merge_key, b.merge_key))


cdef int _by_group(const void* left, const void* right, void* context) noexcept nogil:
    """Records of one warrant together, in register order within it."""
    cdef Entity* entity = <Entity*>context
    cdef const Record* a = entity_records(entity) + (<const uint32_t*>left)[0]
    cdef const Record* b = entity_records(entity) + (<const uint32_t*>right)[0]
    cdef int order = by_kind(a, b)
    if order == 0:
        order = (a.merge_key.length > b.merge_key.length) - (a.merge_key.length < b.merge_key.length)
    if order == 0 and a.merge_key.length:
        order = memcmp(text_of(entity, a.merge_key), text_of(entity, b.merge_key), a.merge_key.length)
    return order if order else compare_records(entity, a, b)


cdef int _by_alert(const void* left, const void* right, void* context) noexcept nogil:
    """The records of a warrant by the alerts that are stored of it."""
    cdef Entity* entity = <Entity*>context
    cdef const Record* a = entity_records(entity) + (<const uint32_t*>left)[0]
    cdef const Record* b = entity_records(entity) + (<const uint32_t*>right)[0]
    cdef int order = <int>(a.alert_flags & ISSUED_AGAIN) - <int>(b.alert_flags & ISSUED_AGAIN)
    if order == 0:
        order = <int>a.sensitivity - <int>b.sensitivity
    return order if order else compare_records(entity, a, b)


cdef int _by_stored_order(const void* left, const void* right, void* context) noexcept nogil:
    """AlertEntry: kind, issued descending with unknown last, then the representative's place (kept in `closed_elsewhere`)."""
    cdef Entity* entity = <Entity*>context
    cdef const AlertEntry* a = <const AlertEntry*>left
    cdef const AlertEntry* b = <const AlertEntry*>right
    cdef int order = <int>a.kind - <int>b.kind
    if order == 0:
        order = (a.issued_day < b.issued_day) - (a.issued_day > b.issued_day)
    if order == 0:
        order = compare_records(entity, entity_records(entity) + a.closed_elsewhere, entity_records(entity) + b.closed_elsewhere)
    return order


cdef inline bint _is_criterion_1(int criterion) noexcept nogil:
    return criterion in (CRITERION_CUI, CRITERION_DOCUMENT, CRITERION_NIT, CRITERION_LICENCE, CRITERION_PLATE, CRITERION_VIN)


cdef const Record* _representative(Entity* entity, const Facts* facts, const uint32_t* group, size_t count) noexcept nogil:
    """The authoritative register's record, a PENDING one before its others; without one, the first in order.

    A PENDING one that was not closed by feed comes before one that was.
    """
    cdef const Record* records = entity_records(entity)
    cdef int32_t authority = facts.authority[records[group[0]].alert_kind]
    cdef const Record* found = NULL
    cdef const Record* doubted = NULL
    cdef const Record* record
    cdef size_t i
    for i in range(count):
        record = &records[group[i]]
        if record.register != authority:
            continue
        if record.alert_state == ALERT_STATE_PENDING:
            if not record.alert_flags & ALERT_FED_CLOSED:
                return record
            if doubted == NULL:
                doubted = record
        if found == NULL:
            found = record
    if doubted != NULL:
        return doubted
    return found if found != NULL else &records[group[0]]


cdef int _put_source(Buffer* heap, const Entity* entity, const Record* record) noexcept nogil:
    cdef size_t mark = begin_message(heap, F_Hit_sources, 1)
    cdef int status = put_reference(heap, F_HitSource_record, entity, record)
    put_uint_if(heap, F_HitSource_state, record.alert_state)
    put_bytes_if(heap, F_HitSource_state_date, text_of(entity, record.state_date_parts), record.state_date_parts.length)
    end_message(heap, mark, 1)
    return status


cdef struct Warrant:             # what is known of it, whatever its records' sensitivity
    const Record* first          # the representative
    uint8_t state
    bint withdrawn               # its authority had closed it and is withdrawn; another register has it PENDING
    uint32_t closed_elsewhere    # AlertEntry.closed_elsewhere


cdef const Record* _pending_elsewhere(Entity* entity, int32_t authority, const uint32_t* group, size_t count) noexcept nogil:
    """The first record of another register than the authority's, where one of those is PENDING; else NULL."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* first = NULL
    cdef bint pending = False
    cdef size_t i
    for i in range(count):
        if records[group[i]].register != authority:
            first = first if first != NULL else &records[group[i]]
            pending = pending or records[group[i]].alert_state == ALERT_STATE_PENDING
    return first if pending else NULL


cdef uint32_t _closed_elsewhere(Entity* entity, int32_t authority, const uint32_t* group, size_t count) noexcept nogil:
    """The last closing that another register than the authority's states with its day; 0 = none does."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* record
    cdef int32_t last = 0
    cdef uint32_t found = 0
    cdef size_t i
    for i in range(count):
        record = &records[group[i]]
        if (record.register != authority and record.alert_state != ALERT_STATE_PENDING and record.alert_state
                and record.state_first != NO_DAY and record.state_span == 0 and last < record.state_first <= 0xFFFF):
            last = record.state_first
            found = closed_elsewhere_of(last, record.alert_state, record.register)
    return found


cdef Warrant _warrant(Entity* entity, const Facts* facts, const uint32_t* group, size_t count) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef Warrant known
    cdef size_t i
    cdef int32_t authority = facts.authority[records[group[0]].alert_kind]
    cdef const Record* other
    known.first = _representative(entity, facts, group, count)
    known.state = known.first.alert_state
    known.withdrawn = False
    known.closed_elsewhere = 0
    if known.first.register == authority and known.state == ALERT_STATE_PENDING:
        known.closed_elsewhere = _closed_elsewhere(entity, authority, group, count)
    if known.first.register == authority and not facts.registers[authority].loaded:
        other = _pending_elsewhere(entity, authority, group, count)
        if other != NULL:
            known.first, known.state, known.withdrawn = other, ALERT_STATE_PENDING, True
        return known
    if known.first.register != facts.authority[known.first.alert_kind]:
        for i in range(count):
            if records[group[i]].alert_state == ALERT_STATE_PENDING:
                known.state = ALERT_STATE_PENDING
    return known


cdef uint8_t _flags_of(const Facts* facts, const Warrant* known, const Record* first) noexcept nogil:
    cdef uint8_t flags = first.alert_flags & (ALERT_MISUSE | ALERT_ARMED)
    if first.alert_kind == ALERT_KIND_STOLEN_PLATE:
        flags |= ALERT_PLATE
    if known.withdrawn:
        flags |= ALERT_AUTHORITY_WITHDRAWN
    if known.first.register == facts.authority[first.alert_kind]:
        flags |= ALERT_LISTED_BY_AUTHORITY
    return flags


cdef void _set_link(const Record* records, const Warrant* known, const Record* first, const uint32_t* group, size_t count,
                    AlertEntry* alert) noexcept nogil:
    """Sets the alert's link level to the strongest of its records, lowered to POSSIBLE if any record is in doubt.

    A withdrawn order, or a closing by feed of the first records, is a doubt too. Also sets ALERT_CRITERION_1.
    """
    cdef const Record* record
    cdef bint doubted = known.withdrawn or (first.alert_flags | known.first.alert_flags) & ALERT_FED_CLOSED != 0
    cdef size_t i
    for i in range(count):
        record = &records[group[i]]
        doubted = doubted or record.alert_flags & (ISSUED_AGAIN | IN_DOUBT) != 0
        if record.level > alert.link_level:
            alert.link_level = record.level
    for i in range(count):
        record = &records[group[i]]
        if record.level == alert.link_level and _is_criterion_1(record.criterion):
            alert.flags |= ALERT_CRITERION_1
    if doubted and alert.link_level > LEVEL_POSSIBLE:
        alert.link_level = LEVEL_POSSIBLE


cdef int _put_hit(Entity* entity, const Record* first, const uint32_t* group, size_t count, uint8_t state, Buffer* heap) noexcept nogil:
    """The fields of its Hit that the clock does not change; each register that lists it is a source, the first at once."""
    cdef const Record* records = entity_records(entity)
    cdef size_t i
    cdef int status, sources = 1
    put_uint_if(heap, F_Hit_kind, first.alert_kind)
    status = put_reference(heap, F_Hit_record, entity, first)
    put_packed_bytes(heap, F_Hit_agrees, first.agrees.listed, first.agrees.count)
    put_packed_bytes(heap, F_Hit_disagrees, first.disagrees.listed, first.disagrees.count)
    status |= _put_source(heap, entity, first)
    for i in range(count):
        if &records[group[i]] != first and sources < SOURCES_MAX:
            status |= _put_source(heap, entity, &records[group[i]])
            sources += 1
    put_uint_if(heap, F_Hit_state, state)
    put_bytes(heap, F_Hit_action, _actions[first.alert_kind].bytes, _actions[first.alert_kind].size)
    put_raw(heap, text_of(entity, first.hit_payload), first.hit_payload.length)
    return status


cdef int _put_alert(Entity* entity, const Facts* facts, const Warrant* known, const uint32_t* group, size_t count, Buffer* alerts,
                    Buffer* heap) noexcept nogil:
    """The alert of those records of a warrant that share a sensitivity, in register order."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* first = &records[group[0]]
    cdef AlertEntry alert
    cdef int32_t authority = facts.authority[first.alert_kind]
    cdef size_t i
    cdef int status
    for i in range(count):
        if &records[group[i]] == known.first:
            first = known.first
    memset(&alert, 0, sizeof(alert))
    alert.kind = first.alert_kind
    alert.section = first.section
    alert.sensitivity = first.sensitivity
    alert.register = known.first.register
    alert.authority = <uint8_t>authority if authority >= 0 else <uint8_t>NO_REGISTER
    alert.flags = _flags_of(facts, known, first)
    alert.state = known.state
    if _is_closed_on_no_day(known.first):
        alert.flags |= ALERT_CLOSED_ON_NO_DAY
    _set_link(records, known, first, group, count, &alert)
    alert.valid_from = known.first.alert_from
    alert.valid_to = known.first.alert_to
    alert.from_span = known.first.alert_from_span
    alert.to_span = known.first.alert_to_span
    alert.state_date = _state_date(known.first)
    alert.issued_day = _issued_day(first, known.first)
    alert.closed_elsewhere = <uint32_t>(first - records)
    entity_records(entity)[first - records].state_first = <int32_t>known.closed_elsewhere  # spent: it carries that to the end
    alert.hit_offset = <uint32_t>heap.size
    status = _put_hit(entity, first, group, count, alert.state, heap)
    alert.hit_length = <uint32_t>heap.size - alert.hit_offset
    put_raw(alerts, &alert, sizeof(alert))
    return status


cdef bint _closing_day(const Record* closing, int64_t* day) noexcept nogil:
    """The earliest day that the closing may be of; without one, the last that the closed order's issue may be of."""
    day[0] = days_of(closing.state_first, closing.state_span).first
    if not is_stated(closing.state_first, closing.state_span):
        day[0] = days_of(closing.issued_first, closing.issued_span).last
        return is_stated(closing.issued_first, closing.issued_span)
    return True


cdef uint32_t _state_date(const Record* record) noexcept nogil:
    """yyyymmdd of the state; of a date in part with zeros for what is not stated."""
    cdef CivilDate date
    if record.state_date or record.state_first == NO_DAY or record.state_span == SPAN_UNKNOWN:
        return record.state_date
    date = date_from_day(record.state_first)
    return <uint32_t>(date.year * 10000 + (date.month * 100 if record.state_span <= MOST_DAYS_OF_A_MONTH else 0))


cdef bint _is_closed_on_no_day(const Record* record) noexcept nogil:
    """Returns true where the record closes on a program's first day, or before its own day of issue."""
    if not is_stated(record.state_first, record.state_span):
        return False
    return (record.state_date == 19700101 or record.state_date == 19691231
            or record.issued_day != NO_DAY and days_of(record.state_first, record.state_span).last < record.issued_day)


cdef uint32_t _issued_day(const Record* first, const Record* known) noexcept nogil:
    """Last day + 2^31 that it may be issued on: its day of issue, else its record's, else that from which it is valid.

    0 where none is stated, or a filler.
    """
    cdef int64_t day = first.issued_day
    if day != NO_DAY:
        pass
    elif is_stated(first.issued_first, first.issued_span):
        day = days_of(first.issued_first, first.issued_span).last
    elif known.alert_from != NO_DAY and known.alert_from_span != SPAN_UNKNOWN:
        day = <int64_t>known.alert_from + known.alert_from_span
    if day == NO_DAY or day > MOST_DAY or date_from_day(<int32_t>day).year <= LAST_FILLER_YEAR:
        return 0
    return <uint32_t>(day + (<int64_t>1 << 31))


cdef int _merge(Entity* entity, const Facts* facts, uint32_t* group, size_t count, Buffer* alerts, Buffer* heap) noexcept nogil:
    """The alerts of one warrant: one a sensitivity, and so for what was issued again after the authority closed it."""
    cdef Record* records = entity_records(entity)
    cdef Warrant known = _warrant(entity, facts, group, count)
    cdef int64_t closed
    cdef size_t i, start = 0, end, again = count
    cdef Record* record
    if (known.first.register == facts.authority[known.first.alert_kind] and known.state != ALERT_STATE_PENDING
            and _closing_day(known.first, &closed)):
        for i in range(count):
            record = &records[group[i]]
            if (record.register != known.first.register and record.alert_state == ALERT_STATE_PENDING
                    and is_stated(record.issued_first, record.issued_span)
                    and days_of(record.issued_first, record.issued_span).last > closed):
                record.alert_flags |= ISSUED_AGAIN
    if count > 1:
        qsort_r(group, count, sizeof(uint32_t), _by_alert, entity)
    while start < count:
        if again == count and records[group[start]].alert_flags & ISSUED_AGAIN:
            again = start
            known = _warrant(entity, facts, group + start, count - start)
        end = start + 1
        while (end < count and records[group[end]].sensitivity == records[group[start]].sensitivity
               and records[group[end]].alert_flags & ISSUED_AGAIN == records[group[start]].alert_flags & ISSUED_AGAIN):
            end += 1
        if _put_alert(entity, facts, &known, group + start, end - start, alerts, heap) < 0:
            return -1
        start = end
    return 0


cdef int collect_alerts(Entity* entity, const Facts* facts, Buffer* order, Buffer* alerts, Buffer* heap) noexcept nogil:
    cdef Record* records = entity_records(entity)
    cdef uint32_t* indexes
    cdef AlertEntry* entries
    cdef uint32_t i
    cdef size_t start, end, count, merged
    buffer_reset(order)
    buffer_reset(alerts)
    for i in range(<uint32_t>entity_record_count(entity)):
        records[i].alert_flags &= ~<uint8_t>ALERT_UNREAD  # it was for linking; its bit is ISSUED_AGAIN's from here on
        if _is_alert(&records[i]):
            put_raw(order, &i, sizeof(i))
    count = order.size // sizeof(uint32_t)
    if count == 0 or order.failed:
        return 0
    indexes = <uint32_t*>order.data
    keep_latest(entity, indexes, &count)
    qsort_r(indexes, count, sizeof(uint32_t), _by_group, entity)
    start = 0
    while start < count:
        end = start + 1
        while end < count and _same_warrant(entity, &records[indexes[start]], &records[indexes[end]]):
            end += 1
        merged = end - start
        if merged > 1 and is_of_a_thing(&records[indexes[start]]):
            merged = latest_of_a_thing(entity, indexes + start, merged)
        if _merge(entity, facts, indexes + start, merged, alerts, heap) < 0:
            return -1
        start = end
    count = alerts.size // sizeof(AlertEntry)
    entries = <AlertEntry*>alerts.data
    if not alerts.failed:
        qsort_r(entries, count, sizeof(AlertEntry), _by_stored_order, entity)
        for start in range(count):
            entries[start].closed_elsewhere = <uint32_t>records[entries[start].closed_elsewhere].state_first
    return 0
