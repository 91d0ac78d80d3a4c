"""Looks at subjects with a discreet alert, kept in this process until their owners are notified."""

from typing import NamedTuple

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from core.generation.store cimport Register
from core.machine.invariant cimport LAYOUT
from core.subject.shown cimport SHOWN_DISCREET, ShownEntry, shown_count, shown_entries
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reserve, put_raw

cdef extern from *:
    """
    #include <pthread.h>
    static pthread_mutex_t ronda_discreet_lock = PTHREAD_MUTEX_INITIALIZER;
    static void ronda_discreet_acquire(void) { pthread_mutex_lock(&ronda_discreet_lock); }
    static void ronda_discreet_release(void) { pthread_mutex_unlock(&ronda_discreet_lock); }
    """
    void ronda_discreet_acquire() noexcept nogil
    void ronda_discreet_release() noexcept nogil

cdef enum:
    KEPT_BYTES = 16 << 20        # some 30,000 looks; further ones are only in the audit log

cdef packed struct KeptLook:     # followed by register id, generation id, case number, identity
    int64_t clock_ms
    uint8_t subject_id[16]
    uint8_t answer_id[16]
    uint8_t method
    uint8_t purpose
    uint8_t how
    uint8_t level
    uint32_t register_size
    uint32_t generation_size
    uint32_t case_size
    uint32_t identity_size

cdef Buffer _kept
cdef int64_t _dropped = 0
buffer_init(&_kept)


class DiscreetLook(NamedTuple):
    clock_ms: int
    subject_id: bytes
    answer_id: bytes
    method: int
    purpose: int
    how: int
    level: int
    register_id: str
    generation_id: str
    case_number: str
    identity: bytes


cdef void note_discreet_looks(const Call* call, const AuditFacts* facts) noexcept nogil:
    global _dropped
    cdef const ShownEntry* entry = shown_entries(call)
    cdef const Register* register
    cdef KeptLook look
    cdef size_t i
    for i in range(shown_count(call)):
        if not entry[i].flags & SHOWN_DISCREET or entry[i].register >= call.store.n_registers:
            continue
        register = &call.store.registers[entry[i].register]
        look.clock_ms = facts.clock_ms
        memcpy(look.subject_id, <const void*>entry[i].subject_id, 16)
        memcpy(look.answer_id, facts.answer_id, 16)
        look.method = facts.method
        look.purpose = facts.purpose
        look.how = entry[i].how
        look.level = entry[i].level
        look.register_size = register.id_length
        look.generation_size = <uint32_t>facts.generation_size
        look.case_size = <uint32_t>facts.case_number_size
        look.identity_size = <uint32_t>facts.identity_size
        LAYOUT(sizeof(KeptLook) == 60)
        ronda_discreet_acquire()
        if _kept.size > KEPT_BYTES or not buffer_reserve(
                &_kept, sizeof(KeptLook) + look.register_size + look.generation_size + look.case_size + look.identity_size):
            _dropped += 1
        else:
            put_raw(&_kept, &look, sizeof(KeptLook))
            put_raw(&_kept, register.id, look.register_size)
            put_raw(&_kept, facts.generation, look.generation_size)
            put_raw(&_kept, facts.case_number, look.case_size)
            put_raw(&_kept, facts.identity, look.identity_size)
        ronda_discreet_release()


def take_discreet_looks():
    global _dropped, _kept
    cdef Buffer taken
    cdef int64_t dropped
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef KeptLook look
    with nogil:
        ronda_discreet_acquire()
        taken = _kept
        dropped = _dropped
        buffer_init(&_kept)
        _dropped = 0
        ronda_discreet_release()
    looks = []
    try:
        at = taken.data
        end = at + taken.size
        while at < end:
            memcpy(&look, at, sizeof(KeptLook))
            at += sizeof(KeptLook)
            texts = []
            for size in (look.register_size, look.generation_size, look.case_size, look.identity_size):
                texts.append(PyBytes_FromStringAndSize(<const char*>at, size))
                at += <uint32_t>size
            looks.append(DiscreetLook(
                look.clock_ms, PyBytes_FromStringAndSize(<char*>look.subject_id, 16),
                PyBytes_FromStringAndSize(<char*>look.answer_id, 16), look.method, look.purpose, look.how, look.level,
                texts[0].decode(), texts[1].decode(), texts[2].decode(errors="replace"), texts[3]))
    finally:
        buffer_free(&taken)
    return looks, dropped
