"""Gathers who was shown in an answer, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy, memset

from core.call.memory cimport call_level
from core.contract.alert cimport HIT_SUBJECT_KIND_CANDIDATE, HIT_SUBJECT_KIND_OWNER
from core.contract.section cimport SENSITIVITY_DISCREET
from core.generation.dossier cimport AlertEntry, DossierHeader
from core.generation.view cimport alert_in_force
from core.wire cimport buffer_reserve


cdef ShownEntry* _add(Call* call, const DossierHeader* header, uint8_t how, size_t row) noexcept nogil:
    cdef ShownEntry* entry
    if not buffer_reserve(&call.shown, sizeof(ShownEntry)):
        return NULL
    entry = <ShownEntry*>(call.shown.data + call.shown.size)
    call.shown.size += sizeof(ShownEntry)
    memset(entry, 0, sizeof(ShownEntry))
    memcpy(entry.subject_id, <const void*>header.subject_id, 16)
    entry.kind = header.kind
    entry.how = how
    entry.row = <uint16_t>row
    return entry


cdef ShownEntry* _find(Call* call, const DossierHeader* header, uint8_t how, size_t row) noexcept nogil:
    """The subject's entry, or a new one; NULL without memory."""
    cdef size_t i, n = shown_count(call)
    cdef ShownEntry* entry = <ShownEntry*>call.shown.data
    for i in range(n):
        if entry[i].how == how and entry[i].row == row and memcmp(<const void*>entry[i].subject_id,
                                                                  <const void*>header.subject_id, 16) == 0:
            return &entry[i]
    return _add(call, header, how, row)


cdef void _mark_discreet(Call* call, const Dossier* dossier, ShownEntry* entry) noexcept nogil:
    """Notes the register with a discreet alert that was touched, visible to the caller or not.

    A second register with one of its own gets an entry of its own, with no sections, so that each owner is notified.
    """
    cdef uint32_t i
    cdef const AlertEntry* alert
    cdef ShownEntry first
    for i in range(dossier.header.n_alerts):
        alert = &dossier.alerts[i]
        if alert.sensitivity != SENSITIVITY_DISCREET or not alert_in_force(alert, call.today):
            continue
        if not entry.flags & SHOWN_DISCREET:
            entry.flags |= SHOWN_DISCREET
            entry.register = alert.register
        elif entry.register != alert.register:
            first = entry[0]
            entry = _add(call, dossier.header, first.how, first.row)
            if entry == NULL:
                return
            entry.level = first.level
            entry.flags = SHOWN_DISCREET
            entry.register = alert.register


cdef void shown_put(Call* call, const Dossier* dossier, uint8_t how, size_t row, uint8_t level,
                    const Left* left) noexcept nogil:
    cdef ShownEntry* entry = _find(call, dossier.header, how, row)
    if entry == NULL:
        return
    entry.level = max(entry.level, call_level(call, level))
    entry.sections |= left.sections
    if left.sensitive:
        entry.flags |= SHOWN_SENSITIVE
    if dossier.header.n_alerts and not entry.flags & SHOWN_DISCREET:
        _mark_discreet(call, dossier, entry)


cdef uint8_t _how(uint8_t subject_kind) noexcept nogil:
    if subject_kind == HIT_SUBJECT_KIND_OWNER:
        return SHOWN_OWNER
    return SHOWN_CANDIDATE if subject_kind == HIT_SUBJECT_KIND_CANDIDATE else SHOWN_ASKED


cdef void shown_hit(Call* call, const Hit* hit) noexcept nogil:
    cdef ShownEntry* entry = _find(call, hit.owner, _how(hit.subject_kind), hit.ordinal)
    cdef Left left
    if entry == NULL:
        return
    left_init(&left)
    left_add(&left, hit.section, hit.sensitivity)
    entry.level = max(entry.level, hit.level)
    entry.sections |= left.sections
    if left.sensitive:
        entry.flags |= SHOWN_SENSITIVE


cdef void shown_row(Call* call, const Dossier* dossier, size_t row, uint8_t result, const Left* left) noexcept nogil:
    cdef ShownEntry* entry = _add(call, dossier.header, SHOWN_CLEARANCE, row)
    if entry == NULL:
        return
    entry.level = result
    entry.sections = left.sections
    if left.sensitive:
        entry.flags |= SHOWN_SENSITIVE
    if dossier.header.n_alerts:
        _mark_discreet(call, dossier, entry)


cdef void shown_row_result(Call* call, size_t start, uint8_t result) noexcept nogil:
    cdef size_t i
    cdef ShownEntry* entry = <ShownEntry*>call.shown.data
    for i in range(start, shown_count(call)):
        entry[i].level = result
