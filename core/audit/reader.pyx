# distutils: libraries = crypto
"""Reads segments of the audit log (see core/audit/record.pxd for the bytes)."""

from collections import namedtuple
from enum import IntEnum, IntFlag

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport UINT64_MAX, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from core.audit.merkle cimport Peaks, peaks_add, peaks_root
from core.audit.record cimport (
    AGAIN_CLOCK_DOUBTFUL, AGAIN_CONFIRMED, AGAIN_PAGE_TOKEN, AGAIN_SUPERSEDED, AUDIT_FLAG_BREAK_GLASS, AUDIT_FLAG_CHOSEN_BY_NAME,
    AUDIT_FLAG_DELEGATED,
    AUDIT_FLAG_DEVELOPMENT, AUDIT_FLAG_DOCUMENT_COMPARED, AUDIT_FLAG_ENUMERATION, AUDIT_FLAG_OFF_HOURS, AUDIT_FLAG_OFF_UNIT, AUDIT_FLAG_REPEATED,
    AUDIT_FLAG_RETRY, AUDIT_FLAG_SUMMED, FRAME_BYTES, HOW_ASKED, HOW_AUDIT,
    HOW_CANDIDATE, HOW_CLEARANCE, HOW_LISTED, HOW_OWNER, HOW_SUGGESTED, RECORD_HEADER, RECORD_QUERY, RECORD_TEXT,
    TEXT_ASKER, TEXT_FED, TEXT_GENERATION, TEXT_IDENTITY, AgainBytes, EntryBytes, QueryHead, TextHead,
)
from core.audit.walk cimport CHECK, ENDED, FORM, PLACE, RIGHT, TRUNCATED, AuditRecord, record_at
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw

_PROBLEMS = {ENDED: "", TRUNCATED: "truncated", CHECK: "check", PLACE: "place", FORM: "form"}


class Flag(IntFlag):
    RETRY = AUDIT_FLAG_RETRY
    BREAK_GLASS = AUDIT_FLAG_BREAK_GLASS
    DEVELOPMENT = AUDIT_FLAG_DEVELOPMENT
    OFF_HOURS = AUDIT_FLAG_OFF_HOURS
    OFF_UNIT = AUDIT_FLAG_OFF_UNIT
    REPEATED = AUDIT_FLAG_REPEATED
    ENUMERATION = AUDIT_FLAG_ENUMERATION
    DELEGATED = AUDIT_FLAG_DELEGATED
    SUMMED = AUDIT_FLAG_SUMMED
    CHOSEN_BY_NAME = AUDIT_FLAG_CHOSEN_BY_NAME
    DOCUMENT_COMPARED = AUDIT_FLAG_DOCUMENT_COMPARED


class AgainFlag(IntFlag):
    SUPERSEDED = AGAIN_SUPERSEDED
    CONFIRMED = AGAIN_CONFIRMED
    PAGE_TOKEN = AGAIN_PAGE_TOKEN
    CLOCK_DOUBTFUL = AGAIN_CLOCK_DOUBTFUL


class How(IntEnum):
    ASKED = HOW_ASKED
    OWNER = HOW_OWNER
    CANDIDATE = HOW_CANDIDATE
    CLEARANCE = HOW_CLEARANCE
    LISTED = HOW_LISTED
    AUDIT = HOW_AUDIT
    SUGGESTED = HOW_SUGGESTED


class TextKind(IntEnum):
    IDENTITY = TEXT_IDENTITY
    GENERATION = TEXT_GENERATION
    ASKER = TEXT_ASKER
    FED = TEXT_FED


class RecordAltered(ValueError):
    pass


Entry = namedtuple("Entry", "subject level kind how flags row register sections")
Again = namedtuple("Again", "digest asker fed standard flags")
Question = namedtuple(
    "Question",
    "place time_ms latency_us method purpose status flags identity generation overlay_sequence answer_id asked "
    "case_number request_id entries sealed head again",
)


cdef class SegmentReader:
    cdef Peaks tree
    cdef uint64_t _offset
    cdef int _status
    cdef bint _keep
    cdef Buffer _leaves

    def __cinit__(self, bint keep_leaves=False):
        self.tree.size = 0
        self._keep = keep_leaves
        buffer_init(&self._leaves)

    def __dealloc__(self):
        buffer_free(&self._leaves)

    def walk(self, data, uint64_t stop=UINT64_MAX):
        cdef const uint8_t[::1] view = data if len(data) else b"\0\0\0\0"
        cdef const uint8_t* at = &view[0]
        cdef uint64_t size = view.shape[0]
        cdef uint8_t leaf[32]
        cdef AuditRecord record
        cdef int status = ENDED
        if self._offset > size:
            self._status = TRUNCATED
            return False
        with nogil:
            while self.tree.size < stop:
                status = record_at(at, size, self._offset, &record, leaf)
                if status == RIGHT and (record.place != self.tree.size
                                        or (record.kind == RECORD_HEADER) != (self.tree.size == 0)):
                    status = PLACE
                if status != RIGHT:
                    break
                peaks_add(&self.tree, leaf)
                if self._keep:
                    put_raw(&self._leaves, leaf, 32)
                self._offset += FRAME_BYTES + record.size
        if self._leaves.failed:
            raise MemoryError
        self._status = ENDED if status == RIGHT else status
        return self._status == ENDED

    @property
    def records(self):
        return self.tree.size

    @property
    def offset(self):
        return self._offset

    @property
    def problem(self):
        return _PROBLEMS[self._status]

    @property
    def leaves(self):
        return PyBytes_FromStringAndSize(<char*>self._leaves.data, <Py_ssize_t>self._leaves.size)

    def root(self):
        cdef uint8_t root[32]
        peaks_root(&self.tree, root)
        return PyBytes_FromStringAndSize(<char*>root, 32)


cdef int _read(data, uint64_t offset, uint8_t kind, AuditRecord* record) except -1:
    """The record at an offset, which must be of this kind; 0 = any. What it points to is borrowed from `data`."""
    cdef const uint8_t[::1] view
    cdef uint8_t leaf[32]
    cdef int status
    if offset >= <uint64_t>len(data):
        raise ValueError("the segment ends before the record")
    view = data
    status = record_at(&view[0], view.shape[0], offset, record, leaf)
    if status == ENDED:
        raise ValueError("no whole record")
    if status != RIGHT:
        raise RecordAltered(f"no whole record: {_PROBLEMS[status]}")
    if kind != 0 and record.kind != kind:
        raise ValueError("a record of another kind")
    return 0


def read_body(data, uint64_t offset):
    cdef AuditRecord record
    _read(data, offset, 0, &record)
    return record.body[:record.size]


def read_header(data):
    cdef AuditRecord record
    _read(data, 0, RECORD_HEADER, &record)
    return record.body[sizeof(TextHead):record.size]


def read_text(data, uint64_t offset):
    cdef AuditRecord record
    _read(data, offset, RECORD_TEXT, &record)
    return record.body[sizeof(TextHead):record.size]


cdef object _again_of(const AuditRecord* record):
    cdef const AgainBytes* again = &record.again
    if not record.head.again_size:
        return None
    return Again(again.digest[:16], again.asker, again.fed, again.standard, again.flags)


def read_question(data, uint64_t offset):
    cdef AuditRecord record
    cdef const EntryBytes* entry
    cdef const uint8_t* tail
    cdef QueryHead* head = &record.head
    cdef uint32_t i
    _read(data, offset, RECORD_QUERY, &record)
    entries = []
    for i in range(head.n_entries):
        entry = <const EntryBytes*>record.entries + i
        entries.append(Entry(
            entry.subject[:16], entry.level, entry.kind, entry.how, entry.flags, entry.row, entry.register,
            entry.sections,
        ))
    tail = record.entries + <uint64_t>head.n_entries * sizeof(EntryBytes)
    case_number = tail[:head.case_number_size]
    tail += head.case_number_size
    request_id = tail[:head.request_id_size]
    tail += head.request_id_size + head.again_size
    return Question(
        head.place, head.time_ms, head.latency_us, head.method, head.purpose, head.status, head.flags, head.identity,
        head.generation, head.overlay_sequence, head.answer_id[:16], head.asked[:16], case_number, request_id,
        tuple(entries), tail[:head.sealed_size], record.body[:sizeof(QueryHead)], _again_of(&record),
    )


def entry_bytes(bytes subject_id not None, uint8_t how):
    cdef EntryBytes entry
    if PyBytes_GET_SIZE(subject_id) != 16:
        raise ValueError("a subject id has 16 bytes")
    memset(&entry, 0, sizeof(EntryBytes))
    memcpy(entry.subject, PyBytes_AS_STRING(subject_id), 16)
    entry.how = how
    return (<const uint8_t*>&entry)[:sizeof(EntryBytes)]
