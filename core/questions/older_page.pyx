"""Decides whether a page of an older generation may still be shown, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcmp

from core.call.memory cimport call_shows
from core.contract.error cimport ERROR_REASON_GENERATION_GONE
from core.contract.section cimport SECTION_ADDRESS, SECTION_OWNER, SECTION_SECURITY_GUARD, SECTION_TELEPHONE
from core.failure cimport OK, fail
from core.generation.dossier cimport AlertEntry, OwnerEntry, RecordEntry
from core.generation.store cimport STORE_OK, dossier_identifier, store_dossier, store_lookup
from core.generation.view cimport Dossier, dossier_view
from core.identifiers.kinds cimport KEY_SUBJECT
from core.subject.alerts cimport alert_shows, name_only_alerts_shown
from core.subject.asked cimport LOOKUP_MAX
from core.subject.records cimport protected_today, section_visible
from core.subject.shown cimport shown_count, shown_entries


cdef bint _same(const Dossier* a, uint32_t a_offset, uint32_t a_length, const Dossier* b, uint32_t b_offset,
                uint32_t b_length) noexcept nogil:
    return a_length == b_length and memcmp(a.bytes + a_offset, b.bytes + b_offset, a_length) == 0


cdef bint _records_stand(const Call* call, const Dossier* older, const Dossier* now) noexcept nogil:
    """Returns whether the older records still stand. Both are in one order: a record missing or moved counts as
    gone."""
    cdef uint32_t i, k = 0
    cdef const RecordEntry* record
    for i in range(older.header.n_records):
        record = &older.records[i]
        if not call_shows(call, record.section, record.sensitivity):
            continue
        while k < now.header.n_records and not (
                now.records[k].section == record.section and now.records[k].sensitivity == record.sensitivity
                and _same(older, record.offset, record.length, now, now.records[k].offset, now.records[k].length)):
            k += 1
        if k == now.header.n_records:
            return False
        k += 1
    return True


cdef bint _alerts_stand(const Call* call, const Dossier* older, const Dossier* now) noexcept nogil:
    cdef uint32_t i, k = 0
    cdef const AlertEntry* alert
    cdef const AlertEntry* other
    for i in range(older.header.n_alerts):
        alert = &older.alerts[i]
        if not alert_shows(call, older.header, alert):
            continue
        while True:
            if k == now.header.n_alerts:
                return False
            other = &now.alerts[k]
            k += 1
            if (other.kind == alert.kind and other.section == alert.section and other.state == alert.state
                    and other.sensitivity == alert.sensitivity and other.valid_from == alert.valid_from
                    and other.valid_to == alert.valid_to and alert_shows(call, now.header, other)
                    and _same(older, alert.hit_offset, alert.hit_length, now, other.hit_offset, other.hit_length)):
                break
    return True


cdef bint _owners_stand(const Call* call, const Dossier* older, const Dossier* now) noexcept nogil:
    cdef uint32_t i, k = 0
    cdef const OwnerEntry* owner
    for i in range(older.header.n_owners):
        owner = &older.owners[i]
        if not call_shows(call, SECTION_OWNER, owner.sensitivity):
            continue
        while k < now.header.n_owners and not (
                now.owners[k].sensitivity == owner.sensitivity and now.owners[k].link_level == owner.link_level
                and _same(older, owner.offset, owner.length, now, now.owners[k].offset, now.owners[k].length)):
            k += 1
        if k == now.header.n_owners:
            return False
        k += 1
    return True


cdef bint _stands(const Call* call, const Dossier* older, const Dossier* now) noexcept nogil:
    if older.header.kind != now.header.kind:
        return False
    if protected_today(call, now) and not protected_today(call, older) and (
            section_visible(call, older, SECTION_ADDRESS) or section_visible(call, older, SECTION_TELEPHONE)
            or section_visible(call, older, SECTION_SECURITY_GUARD)):
        return False
    if name_only_alerts_shown(call, older.header) and older.header.name_only_alerts > now.header.name_only_alerts:
        return False
    return _records_stand(call, older, now) and _alerts_stand(call, older, now) and _owners_stand(call, older, now)


cdef int _find(const Store* store, const uint8_t* subject_id, Dossier* found) noexcept nogil:
    """Returns the number of dossiers with this subject id: only a single one is certain. `found` is the last."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef const uint8_t* bytes
    cdef uint32_t length
    cdef int i, count = 0
    cdef int64_t n = store_lookup(store, KEY_SUBJECT, subject_id, 16, entities, LOOKUP_MAX)
    for i in range(<int>min(n, <int64_t>LOOKUP_MAX)):
        if store_dossier(store, entities[i], &bytes, &length) != STORE_OK:
            return 0
        if dossier_identifier(bytes, KEY_SUBJECT, subject_id, 16, 0) == 0:
            dossier_view(found, bytes)
            count += 1
    return count


cdef int page_stands(Call* call, const Store* serving) noexcept nogil:
    cdef size_t i
    cdef Dossier older, now
    cdef const uint8_t* subject_id
    for i in range(shown_count(call)):
        subject_id = <const uint8_t*>shown_entries(call)[i].subject_id
        if (_find(call.store, subject_id, &older) != 1 or _find(serving, subject_id, &now) != 1
                or not _stands(call, &older, &now)):
            return fail(call.failure, ERROR_REASON_GENERATION_GONE, "page_token",
                        "what the page shows has changed: ask for the first page again")
    return OK
