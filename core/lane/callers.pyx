"""Callers that were admitted, found without the GIL. Nothing here is for Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free

from core.access.caller cimport Caller
from core.lane.borrowed cimport ronda_count_on, ronda_load_pointer, ronda_show_pointer
from core.machine.xxhash cimport XXH3_64bits

cdef Known _FORGOTTEN            # in the slot of one who is no more: who stands behind it is found yet


cdef class KnownCaller:
    cdef Known known
    cdef Caller caller           # owns the session
    cdef bytes certificate
    cdef bytes authorization


cdef class Slots:
    cdef void** at

    def __cinit__(self):
        self.at = <void**>calloc(CALLER_SLOTS, sizeof(void*))
        if self.at == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.at)


cdef inline uint64_t _hash(const void* certificate, size_t certificate_size, const void* authorization,
                           size_t authorization_size) noexcept nogil:
    return (XXH3_64bits(certificate, certificate_size) * <uint64_t>0x9E3779B97F4A7C15
            ^ XXH3_64bits(authorization, authorization_size))


cdef const Known* find_caller(CallerIndex* index, const void* certificate, size_t certificate_size,
                              const void* authorization, size_t authorization_size) noexcept nogil:
    cdef void** slots = <void**>ronda_load_pointer(&index.slots)
    cdef uint64_t hash = _hash(certificate, certificate_size, authorization, authorization_size)
    cdef size_t slot = hash & (CALLER_SLOTS - 1)
    cdef const Known* known
    while True:
        known = <const Known*>ronda_load_pointer(&slots[slot])
        if known == NULL:
            return NULL
        if (known.hash == hash and known.session != NULL and known.certificate_size == certificate_size
                and known.authorization_size == authorization_size
                and same_bytes(known.certificate, certificate, certificate_size)
                and same_bytes(known.authorization, authorization, authorization_size)):
            return known
        slot = (slot + 1) & (CALLER_SLOTS - 1)


cdef size_t _place(void** slots, const Known* known) noexcept:
    """The slot that holds `known`, or the free one where it goes."""
    cdef size_t slot = known.hash & (CALLER_SLOTS - 1)
    while slots[slot] != NULL and slots[slot] != <void*>known:
        slot = (slot + 1) & (CALLER_SLOTS - 1)
    return slot


cdef class CallerTable:
    def __cinit__(self, Borrowed borrowed not None):
        cdef Slots slots = Slots()
        self.borrowed = borrowed
        self.slots = slots
        self.index.slots = slots.at
        self.index.version = 2  # a connection that was only announced has 1
        self.known = {}

    cdef int forget_all(self) except -1:
        known, self.known = self.known, {}
        return _show(self, known)

    cdef int put(self, bytes certificate, bytes authorization, object caller) except -1:
        cdef Slots slots = self.slots
        cdef KnownCaller old, new
        key = (certificate, authorization)
        old = self.known.pop(key, None)
        if old is not None and old.caller is caller:
            self.known[key] = old
            return 0
        if old is not None:
            _forget(self, old)
        elif len(self.known) >= CALLERS_KEPT:
            _forget(self, self.known.pop(next(iter(self.known))))
        if self.used >= <size_t>(CALLER_SLOTS // 2):
            _show(self, None)
            slots = self.slots
        new = _known(certificate, authorization, caller)
        ronda_show_pointer(&slots.at[_place(slots.at, &new.known)], &new.known)
        self.used += 1
        self.known[key] = new
        return 0


cdef KnownCaller _known(bytes certificate, bytes authorization, Caller caller):
    cdef KnownCaller new = KnownCaller()
    new.caller, new.certificate, new.authorization = caller, certificate, authorization
    new.known.session = &caller.session
    new.known.certificate = PyBytes_AS_STRING(certificate)
    new.known.certificate_size = PyBytes_GET_SIZE(certificate)
    new.known.authorization = PyBytes_AS_STRING(authorization)
    new.known.authorization_size = PyBytes_GET_SIZE(authorization)
    new.known.hash = _hash(new.known.certificate, new.known.certificate_size, new.known.authorization,
                           new.known.authorization_size)
    return new


cdef int _forget(CallerTable table, KnownCaller known) except -1:
    cdef Slots slots = table.slots
    ronda_show_pointer(&slots.at[_place(slots.at, &known.known)], &_FORGOTTEN)
    ronda_count_on(&table.index.version)
    return table.borrowed.keep(known)


cdef int _show(CallerTable table, object gone) except -1:
    """Slots with those who are known, in place of the present ones. gone: who was known and is no more."""
    cdef Slots slots = Slots()
    cdef KnownCaller known
    for known in table.known.values():
        slots.at[_place(slots.at, &known.known)] = &known.known
    ronda_show_pointer(&table.index.slots, slots.at)
    ronda_count_on(&table.index.version)
    table.borrowed.keep((table.slots, gone))
    table.slots = slots
    table.used = len(table.known)
    return 0
