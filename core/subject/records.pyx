"""Records of a dossier copied into an answer, without the GIL. Nothing here is for Python."""

from core.calendar cimport NO_DAY
from core.call.memory cimport call_shows, call_wants
from core.contract.person_fields cimport F_SectionTotal_section, F_SectionTotal_shown, F_SectionTotal_total
from core.contract.section cimport SECTION_OWNER, SECTION_PROTECTION_ORDER, SENSITIVITY_VICTIM
from core.generation.dossier cimport FLAG_HIDDEN, RECORD_PROTECTED, RecordEntry
from core.generation.view cimport holds_on
from core.subject.shown cimport left_add
from core.wire cimport begin_message, end_message, put_int, put_int_if, put_raw, put_uint


cdef void put_records(Call* call, const Dossier* dossier, uint64_t allowed, int most, int skip,
                      Totals* totals, Left* left) noexcept nogil:
    cdef uint32_t i = 0, n = dossier.header.n_records
    cdef uint8_t section
    cdef int32_t total, shown
    cdef bint wanted
    cdef const RecordEntry* record
    totals.n = 0
    while i < n:
        section = dossier.records[i].section
        total = shown = 0
        wanted = section < SECTIONS_MAX and (allowed >> section) & 1 and call_wants(call, section)
        while i < n and dossier.records[i].section == section:
            record = &dossier.records[i]
            i += 1
            if not call_shows(call, section, record.sensitivity):
                continue
            total += 1
            if wanted and total > skip and shown < most:
                put_raw(call.out, dossier.bytes + record.offset, record.length)
                left_add(left, section, record.sensitivity)
                shown += 1
        if total and section < SECTIONS_MAX and (allowed >> section) & 1:
            totals_insert(totals, section, total, shown)


cdef void totals_insert(Totals* totals, uint8_t section, int32_t total, int32_t shown) noexcept nogil:
    cdef int at = totals.n
    if totals.n == SECTIONS_MAX:
        return
    while at > 0 and totals.section[at - 1] > section:
        totals.section[at] = totals.section[at - 1]
        totals.total[at] = totals.total[at - 1]
        totals.shown[at] = totals.shown[at - 1]
        at -= 1
    totals.section[at] = section
    totals.total[at] = total
    totals.shown[at] = shown
    totals.n += 1


cdef void put_totals(Call* call, uint32_t number, const Totals* totals) noexcept nogil:
    cdef int i
    cdef size_t mark
    for i in range(totals.n):
        mark = begin_message(call.out, number, 1)
        put_uint(call.out, F_SectionTotal_section, totals.section[i])
        put_int(call.out, F_SectionTotal_total, totals.total[i])
        put_int_if(call.out, F_SectionTotal_shown, totals.shown[i])
        end_message(call.out, mark, 1)


cdef bint any_record_visible(const Call* call, const Dossier* dossier) noexcept nogil:
    cdef uint32_t i
    for i in range(dossier.header.n_records):
        if call_shows(call, dossier.records[i].section, dossier.records[i].sensitivity):
            return True
    for i in range(dossier.header.n_owners):
        if call_shows(call, SECTION_OWNER, dossier.owners[i].sensitivity):
            return True
    return False


cdef bint section_visible(const Call* call, const Dossier* dossier, uint8_t section) noexcept nogil:
    cdef uint32_t i
    for i in range(dossier.header.n_records):
        if dossier.records[i].section == section and call_shows(call, section, dossier.records[i].sensitivity):
            return True
    return False


cdef uint64_t kept_sections(const Call* call, const Dossier* dossier, bint asked) noexcept nogil:
    if not protected_today(call, dossier) or (asked and call_shows(call, SECTION_PROTECTION_ORDER, SENSITIVITY_VICTIM)):
        return 0
    return WHEREABOUTS


cdef bint protected_today(const Call* call, const Dossier* dossier) noexcept nogil:
    # an order that is to begin tomorrow hides today: whoever has asked for it is hiding already
    cdef uint32_t i
    cdef const RecordEntry* record
    for i in range(dossier.header.n_records):
        record = &dossier.records[i]
        if record.flags & RECORD_PROTECTED and holds_on(NO_DAY, record.day_to, call.today):
            return True
    if dossier.header.identity_fed:     # an order may name the person by it: the next rebuild knows who is meant
        return True
    return dossier.header.flags & FLAG_HIDDEN != 0 and holds_on(
        NO_DAY, dossier.header.hides_to, call.today)
