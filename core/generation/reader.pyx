"""A dossier's tables for Python (core/generation/dossier.pxd draws the bytes)."""

from collections import namedtuple
from enum import IntEnum

from libc.stdint cimport uint8_t, uint32_t

from core.calendar cimport NO_DAY
from core.generation.bounds cimport dossier_inside
from core.generation.dossier cimport (
    DOSSIER_MAGIC, ENTITY_ORGANISATION, ENTITY_PERSON, ENTITY_PLATE, ENTITY_UNIDENTIFIED, ENTITY_VEHICLE, FLAG_CROWDED,
    FLAG_ONE_BEARER, AlertEntry, DossierHeader, IdentifierEntry,
)
from core.generation.view cimport Dossier, dossier_view
from core.standard_record cimport NAME_ONLY_CROWDED, NAME_ONLY_ONE_BEARER


class EntityKind(IntEnum):
    PERSON = ENTITY_PERSON
    ORGANISATION = ENTITY_ORGANISATION
    UNIDENTIFIED = ENTITY_UNIDENTIFIED
    VEHICLE = ENTITY_VEHICLE
    PLATE = ENTITY_PLATE


Alert = namedtuple("Alert", "kind link_level section state sensitivity hit")
Identifier = namedtuple("Identifier", "kind text section sensitivity valid_from valid_to")


cdef object _day(int day):
    return None if day == NO_DAY else day


cdef class DossierReader:
    cdef bytes _bytes
    cdef Dossier _view

    def __cinit__(self, bytes dossier not None):
        cdef const uint8_t* data = dossier
        cdef const DossierHeader* header = <const DossierHeader*>data
        cdef size_t size = len(dossier)
        if size < sizeof(DossierHeader) or header.magic != <uint32_t>DOSSIER_MAGIC or header.length != size:
            raise ValueError("no dossier")
        if not dossier_inside(data, <uint32_t>size):
            raise ValueError("an entry points outside the dossier")
        self._bytes = dossier
        dossier_view(&self._view, data)

    @property
    def kind(self):
        return EntityKind(self._view.header.kind)

    @property
    def subject_id(self):
        return self._view.header.subject_id[:16]

    @property
    def birth(self):
        return self._view.header.birth_year, self._view.header.birth_month, self._view.header.birth_mday

    @property
    def homonyms(self):
        return None if self._view.header.homonyms < 0 else self._view.header.homonyms

    @property
    def name_only_alerts(self):
        return None if self._view.header.name_only_alerts < 0 else self._view.header.name_only_alerts

    @property
    def name_only_flags(self):
        cdef int flags = self._view.header.flags
        return (NAME_ONLY_CROWDED if flags & FLAG_CROWDED else 0) | (NAME_ONLY_ONE_BEARER if flags & FLAG_ONE_BEARER else 0)

    def alerts(self):
        cdef const AlertEntry* entry
        cdef uint32_t i
        found = []
        for i in range(self._view.header.n_alerts):
            entry = self._view.alerts + i
            hit = self._view.bytes[entry.hit_offset:entry.hit_offset + entry.hit_length]
            found.append(Alert(entry.kind, entry.link_level, entry.section, entry.state, entry.sensitivity, hit))
        return found

    def identifiers(self):
        cdef const IdentifierEntry* entry
        cdef uint32_t i
        found = []
        for i in range(self._view.header.n_identifiers):
            entry = self._view.identifiers + i
            text = self._view.bytes[entry.offset:entry.offset + entry.length].decode()
            days = _day(entry.valid_from), _day(entry.valid_to)
            found.append(Identifier(entry.kind, text, entry.section, entry.sensitivity, *days))
        return found
