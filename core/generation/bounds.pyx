"""Checks that the pointers in a dossier's tables stay inside it. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from core.generation.dossier cimport AlertEntry, ClaimEntry, DossierHeader, IdentifierEntry, OwnerEntry, RecordEntry
from core.machine.invariant cimport LAYOUT, LAYOUT_PLACE


cdef inline bint _inside(uint32_t offset, uint32_t length, uint32_t start, uint32_t end) noexcept nogil:
    """Returns whether a piece of the heap lies in it; an empty piece may stand anywhere."""
    return length == 0 or (offset >= start and offset <= end and length <= end - offset)


cdef inline void _hold_layout() noexcept nogil:
    """The bytes on disk; a change of them needs another format version."""
    LAYOUT(sizeof(DossierHeader) == 96)
    LAYOUT_PLACE(<size_t>&(<DossierHeader*>NULL).entity == 32)
    LAYOUT_PLACE(<size_t>&(<DossierHeader*>NULL).death_day == 44)
    LAYOUT_PLACE(<size_t>&(<DossierHeader*>NULL).n_alerts == 56)
    LAYOUT_PLACE(<size_t>&(<DossierHeader*>NULL).summary_offset == 68)
    LAYOUT_PLACE(<size_t>&(<DossierHeader*>NULL).identity_fed == 84)
    LAYOUT(sizeof(AlertEntry) == 40)
    LAYOUT_PLACE(<size_t>&(<AlertEntry*>NULL).valid_from == 8)
    LAYOUT_PLACE(<size_t>&(<AlertEntry*>NULL).hit_offset == 24)
    LAYOUT_PLACE(<size_t>&(<AlertEntry*>NULL).closed_elsewhere == 36)
    LAYOUT(sizeof(RecordEntry) == 24)
    LAYOUT_PLACE(<size_t>&(<RecordEntry*>NULL).offset == 12)
    LAYOUT(sizeof(OwnerEntry) == 32)
    LAYOUT_PLACE(<size_t>&(<OwnerEntry*>NULL).valid_from == 8)
    LAYOUT(sizeof(ClaimEntry) == 40)
    LAYOUT_PLACE(<size_t>&(<ClaimEntry*>NULL).name_key_offset == 12)
    LAYOUT(sizeof(IdentifierEntry) == 24)
    LAYOUT_PLACE(<size_t>&(<IdentifierEntry*>NULL).valid_from == 12)


cdef bint dossier_inside(const uint8_t* bytes, uint32_t length) noexcept nogil:
    cdef const DossierHeader* header = <const DossierHeader*>bytes
    cdef const AlertEntry* alerts = <const AlertEntry*>(bytes + sizeof(DossierHeader))
    cdef const RecordEntry* records
    cdef const OwnerEntry* owners
    cdef const ClaimEntry* claims
    cdef const IdentifierEntry* identifiers
    cdef uint64_t tables = sizeof(DossierHeader)
    cdef uint32_t i, heap
    _hold_layout()
    tables += header.n_alerts * sizeof(AlertEntry) + <uint64_t>header.n_records * sizeof(RecordEntry)
    tables += header.n_owners * sizeof(OwnerEntry) + header.n_claims * sizeof(ClaimEntry)
    tables += header.n_identifiers * sizeof(IdentifierEntry)
    if tables > length or not _inside(header.summary_offset, header.summary_length, <uint32_t>tables, length):
        return False
    heap = <uint32_t>tables
    for i in range(header.n_alerts):
        if not _inside(alerts[i].hit_offset, alerts[i].hit_length, heap, length):
            return False
    records = <const RecordEntry*>(alerts + header.n_alerts)
    for i in range(header.n_records):
        if not _inside(records[i].offset, records[i].length, heap, length):
            return False
        if records[i].reference_length > records[i].length:
            return False
    owners = <const OwnerEntry*>(records + header.n_records)
    for i in range(header.n_owners):
        if not _inside(owners[i].offset, owners[i].length, heap, length):
            return False
    claims = <const ClaimEntry*>(owners + header.n_owners)
    for i in range(header.n_claims):
        if not _inside(claims[i].name_key_offset, claims[i].name_key_length, heap, length):
            return False
        if not _inside(claims[i].name_text_offset, claims[i].name_text_length, heap, length):
            return False
        if not _inside(claims[i].father_offset, claims[i].father_length, heap, length):
            return False
        if not _inside(claims[i].mother_offset, claims[i].mother_length, heap, length):
            return False
    identifiers = <const IdentifierEntry*>(claims + header.n_claims)
    for i in range(header.n_identifiers):
        if not _inside(identifiers[i].offset, identifiers[i].length, heap, length):
            return False
    return True
