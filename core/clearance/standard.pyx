"""The registers and records that a clearance standard needs and counts, without the GIL. Nothing here is for Python."""

from core.call.memory cimport call_shows
from core.contract.alert cimport (
    ALERT_KIND_DAMAGED_RECORD, ALERT_KIND_ESCAPE, ALERT_KIND_STOLEN_ENGINE, ALERT_KIND_STOLEN_PLATE,
    ALERT_KIND_STOLEN_VEHICLE, ALERT_KIND_TRAVEL_BAN, ALERT_KIND_WARRANT,
)
from core.contract.alert_fields cimport F_Hit_record
from core.contract.clearance_service cimport (
    CLEARANCE_STANDARD_CRIMINAL_RECORD, CLEARANCE_STANDARD_POLICE_RECORD, CLEARANCE_STANDARD_WANTED,
)
from core.contract.level cimport LEVEL_HIT
from core.contract.register cimport REGISTER_ROLE_ALERT, REGISTER_STATE_FRESH
from core.contract.section cimport SECTION_DAMAGED_RECORD, SENSITIVITY_EXPUNGED, SENSITIVITY_MINOR
from core.generation.dossier cimport (
    ALERT_CRITERION_1, RECORD_CERTIFICATE, RECORD_CRITERION_1, RECORD_POSSIBLE, RECORD_STANDARD_CRIMINAL,
    RECORD_STANDARD_POLICE, RECORD_STANDARD_RENAS, RECORD_UNTOLD, AlertEntry, RecordEntry,
)
from core.generation.view cimport alert_in_force
from core.identifiers.kinds cimport KEY_CUI, KEY_PLATE, KEY_VIN
from core.subject.alerts cimport adolescents_order, alert_level, alert_shows, may_be_a_child, sees_adolescents
from core.subject.shown cimport left_add, left_init
from core.wire cimport WIRE_LENGTH, Field, Reader, read_field, reader_init


# ---- registers that a standard needs ----

cdef uint8_t _standard_bit(int standard) noexcept nogil:
    if standard == CLEARANCE_STANDARD_POLICE_RECORD:
        return RECORD_STANDARD_POLICE
    return RECORD_STANDARD_CRIMINAL if standard == CLEARANCE_STANDARD_CRIMINAL_RECORD else RECORD_STANDARD_RENAS


cdef bint standard_needs(const Register* register, int standard, bint vehicle) noexcept nogil:
    """Returns whether NO_RECORD depends on this register: it identifies the question's kind, or the standard needs it.
    """
    if register.identifies & ((1 << KEY_PLATE) | (1 << KEY_VIN) if vehicle else (1 << KEY_CUI)):
        return True
    if standard == CLEARANCE_STANDARD_WANTED:
        return ((register.roles_vehicle if vehicle else register.roles_person) >> REGISTER_ROLE_ALERT) & 1
    return not vehicle and (register.standards & _standard_bit(standard)) != 0


cdef bint standard_is_fresh(const Call* call, int standard, bint vehicle) noexcept nogil:
    cdef int i
    for i in range(call.store.n_registers):
        if call.states.state[i] != REGISTER_STATE_FRESH and standard_needs(&call.store.registers[i], standard, vehicle):
            return False
    return True


# ---- records under the standard ----

cdef void _add(Verdict* verdict, const uint8_t* reference, size_t size, uint8_t section, uint8_t sensitivity,
               bint certain) noexcept nogil:
    if verdict.n < REFERENCES_MAX:
        left_add(&verdict.left, section, sensitivity)
        verdict.at[verdict.n] = reference
        verdict.size[verdict.n] = size
    verdict.n += 1
    if certain:
        if verdict.n_certain < REFERENCES_MAX:
            left_add(&verdict.certain_left, section, sensitivity)
            verdict.certain_at[verdict.n_certain] = reference
            verdict.certain_size[verdict.n_certain] = size
        verdict.n_certain += 1


cdef void _add_alert(const Dossier* dossier, const AlertEntry* alert, bint certain, Verdict* verdict) noexcept nogil:
    """Hit.record of the stored hit is the record's reference."""
    cdef Reader reader
    cdef Field field
    reader_init(&reader, dossier.bytes + alert.hit_offset, alert.hit_length)
    while read_field(&reader, &field) == 1:
        if field.number == F_Hit_record and field.wire == WIRE_LENGTH:
            _add(verdict, field.data, field.size, alert.section, alert.sensitivity, certain)
            return
    _add(verdict, NULL, 0, alert.section, alert.sensitivity, certain)


cdef bint _is_wanted(uint8_t kind) noexcept nogil:
    """A damaged record may have been one of them; it is never above POSSIBLE."""
    return kind in (ALERT_KIND_WARRANT, ALERT_KIND_TRAVEL_BAN, ALERT_KIND_ESCAPE, ALERT_KIND_STOLEN_VEHICLE,
                    ALERT_KIND_STOLEN_PLATE, ALERT_KIND_STOLEN_ENGINE, ALERT_KIND_DAMAGED_RECORD)


cdef void under_standard(const Call* call, int standard, const Dossier* dossier, uint8_t link,
                         Verdict* verdict) noexcept nogil:
    cdef uint32_t i
    cdef const AlertEntry* alert
    cdef const RecordEntry* record
    cdef Reader reader
    cdef Field field
    cdef uint8_t wanted
    verdict.child = False
    left_init(&verdict.left)
    left_init(&verdict.certain_left)
    if standard == CLEARANCE_STANDARD_WANTED:
        if may_be_a_child(call, dossier.header):
            verdict.child = dossier.header.birth_year != 0
            if verdict.child or not sees_adolescents(call):
                verdict.adolescents_hidden = True
            if verdict.child:  # for certain: a certificate counts nothing of it, whoever asks
                return
        for i in range(dossier.header.n_alerts):
            alert = &dossier.alerts[i]
            if adolescents_order(call, dossier.header, alert):  # no certificate counts it or names it
                verdict.adolescents = verdict.adolescents or call_shows(call, alert.section, alert.sensitivity)
            elif _is_wanted(alert.kind) and alert_in_force(alert, call.today) and alert_shows(call, dossier.header, alert):
                _add_alert(dossier, alert, alert_level(call, alert, link) == LEVEL_HIT
                           and alert.flags & ALERT_CRITERION_1 != 0,
                           verdict)
        return
    wanted = _standard_bit(standard)
    for i in range(dossier.header.n_records):
        record = &dossier.records[i]
        if not record.flags & wanted or not record.flags & RECORD_CERTIFICATE:
            continue
        if record.sensitivity == SENSITIVITY_EXPUNGED or record.sensitivity == SENSITIVITY_MINOR:
            continue
        if record.register >= call.store.n_registers or not call.store.registers[record.register].standards & wanted:
            continue
        if not call_shows(call, record.section, record.sensitivity):
            continue
        reader_init(&reader, dossier.bytes + record.offset,
                    record.length)  # the field, the message within, its first field
        if read_field(&reader, &field) == 1 and field.wire == WIRE_LENGTH:
            reader_init(&reader, field.data, field.size)
            if read_field(&reader, &field) == 1 and field.wire == WIRE_LENGTH:
                _add(verdict, field.data, field.size, record.section, record.sensitivity,
                     link == LEVEL_HIT and record.section != SECTION_DAMAGED_RECORD
                     and record.flags & (RECORD_POSSIBLE | RECORD_CRITERION_1 | RECORD_UNTOLD) == RECORD_CRITERION_1)
