# distutils: libraries = crypto
"""Reads segments of the audit log (see core/audit/record.pxd for the bytes)."""

from collections import namedtuple
from enum import IntEnum, IntFlag

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport UINT64_MAX, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from core.audit.crypto cimport leaf_hash
from core.audit.merkle cimport Peaks, peaks_add, peaks_root
from core.audit.record cimport (
    AGAIN_CLOCK_DOUBTFUL, AGAIN_CONFIRMED, AGAIN_PAGE_TOKEN, AGAIN_SUPERSEDED, AUDIT_FLAG_BREAK_GLASS, AUDIT_FLAG_CHOSEN_BY_NAME,
    AUDIT_FLAG_DELEGATED,
    AUDIT_FLAG_DEVELOPMENT, AUDIT_FLAG_DOCUMENT_COMPARED, AUDIT_FLAG_ENUMERATION, AUDIT_FLAG_OFF_HOURS, AUDIT_FLAG_OFF_UNIT, AUDIT_FLAG_REPEATED,
    AUDIT_FLAG_RETRY, AUDIT_FLAG_SUMMED, FRAME_BYTES, HOW_ASKED, HOW_AUDIT,
    HOW_CANDIDATE, HOW_CLEARANCE, HOW_LISTED, HOW_OWNER, HOW_SUGGESTED, RECORD_HEADER, RECORD_QUERY, RECORD_TEXT,
    TEXT_ASKER, TEXT_FED, TEXT_GENERATION, TEXT_IDENTITY, AgainBytes, EntryBytes, QueryHead, TextHead,
)
from core.machine.xxhash cimport XXH3_64bits_withSeed
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw

cdef enum:
    ENDED = 0
    RIGHT = 1
    TRUNCATED = -1
    CHECK = -2
    PLACE = -3
    FORM = -4

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


Entry = namedtuple("Entry", "subject level kind how flags row register sections")
Again = namedtuple("Again", "digest asker fed standard flags")
Question = namedtuple(
    "Question",
    "place time_ms latency_us method purpose status flags identity generation overlay_sequence answer_id asked "
    "case_number request_id entries sealed head again",
)


cdef struct AuditRecord:
    const uint8_t* body
    uint32_t size
    uint8_t kind
    uint64_t place
    QueryHead head               # of RECORD_QUERY
    const uint8_t* entries       # n_entries x 32 bytes
    AgainBytes again             # with again_size


cdef int _next(const uint8_t* data, uint64_t size, uint64_t offset, AuditRecord* record) noexcept nogil:
    """The record at `offset`, its form checked and not its hash: RIGHT, ENDED, TRUNCATED or FORM."""
    cdef uint32_t length
    cdef uint64_t left
    if offset == size:
        return ENDED
    if size - offset < 4:
        return TRUNCATED
    memcpy(&length, data + offset, 4)
    if length == 0:
        return ENDED
    if size - offset < FRAME_BYTES or size - offset - FRAME_BYTES < length:
        return TRUNCATED
    if length < sizeof(TextHead):
        return FORM
    record.body = data + offset + FRAME_BYTES
    record.size = length
    record.kind = record.body[0]
    memcpy(&record.place, record.body + 8, 8)
    if record.kind != RECORD_QUERY:
        return RIGHT if record.kind == RECORD_HEADER or record.kind == RECORD_TEXT else FORM
    if length < sizeof(QueryHead):
        return FORM
    memcpy(&record.head, record.body, sizeof(QueryHead))
    record.entries = record.body + sizeof(QueryHead)
    left = length - sizeof(QueryHead)
    if (left != <uint64_t>record.head.n_entries * sizeof(EntryBytes) + record.head.case_number_size
            + record.head.request_id_size + record.head.again_size + record.head.sealed_size):
        return FORM
    if record.head.again_size:
        if record.head.again_size < sizeof(AgainBytes):
            return FORM
        memcpy(&record.again, record.body + length - record.head.sealed_size - record.head.again_size,
               sizeof(AgainBytes))
        if record.again.asker >= record.place or record.again.fed >= record.place:
            return FORM
    if record.head.identity >= record.place or record.head.generation >= record.place:
        return FORM
    return RIGHT


cdef int _checked(const uint8_t* data, uint64_t size, uint64_t offset, uint64_t place, AuditRecord* record,
                  uint8_t* leaf) noexcept nogil:
    """As _next, and the record is the one that was written at this place."""
    cdef int status = _next(data, size, offset, record)
    if status == ENDED or status == TRUNCATED:
        return status
    if status == RIGHT or record.body != NULL:
        leaf_hash(record.body, record.size, leaf)
        if memcmp(leaf, data + offset + 4, 4) != 0:
            return CHECK         # rather than what nonsense its bytes spell
    if status != RIGHT:
        return status
    if record.place != place or (record.kind == RECORD_HEADER) != (place == 0):
        return PLACE
    return RIGHT


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
                record.body = NULL
                status = _checked(at, size, self._offset, self.tree.size, &record, leaf)
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


cdef bytes _taken(Buffer* buffer):
    if buffer.failed:
        raise MemoryError
    return PyBytes_FromStringAndSize(<char*>buffer.data, <Py_ssize_t>buffer.size)


cdef bint _is_zero(const uint8_t* hash) noexcept nogil:
    cdef uint64_t halves[2]
    memcpy(halves, hash, 16)
    return (halves[0] | halves[1]) == 0


def index_rows(data, uint64_t end):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = 0
    cdef uint32_t short_offset, i
    cdef AuditRecord record
    cdef Buffer out[4]
    for i in range(4):
        buffer_init(&out[i])
    try:
        with nogil:
            while _next(at, size, offset, &record) == RIGHT:
                if record.kind == RECORD_QUERY:
                    short_offset = <uint32_t>offset
                    for i in range(record.head.n_entries):
                        put_raw(&out[0], record.entries + <uint64_t>i * sizeof(EntryBytes), 8)
                        put_raw(&out[1], &short_offset, 4)
                    if not _is_zero(record.head.asked):
                        put_raw(&out[0], record.head.asked, 8)
                        put_raw(&out[1], &short_offset, 4)
                    put_raw(&out[2], &record.head.identity, 4)
                    put_raw(&out[3], &short_offset, 4)
                offset += FRAME_BYTES + record.size
        return _taken(&out[0]), _taken(&out[1]), _taken(&out[2]), _taken(&out[3])
    finally:
        for i in range(4):
            buffer_free(&out[i])


cdef inline uint64_t _row_hash(const void* key, size_t key_size, uint32_t offset, uint64_t seed) noexcept nogil:
    cdef uint8_t row[12]
    memcpy(row, key, key_size)
    memcpy(row + key_size, &offset, 4)
    return XXH3_64bits_withSeed(row, key_size + 4, seed)


def rows_digest(data, uint64_t end, uint64_t seed):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = 0, hashes = 0, questions = 0, n_hashes = 0
    cdef uint64_t n_questions = 0
    cdef uint32_t short_offset, i
    cdef AuditRecord record
    with nogil:
        while _next(at, size, offset, &record) == RIGHT:
            if record.kind == RECORD_QUERY:
                short_offset = <uint32_t>offset
                for i in range(record.head.n_entries):
                    hashes += _row_hash(record.entries + <uint64_t>i * sizeof(EntryBytes), 8, short_offset, seed)
                n_hashes += record.head.n_entries
                if not _is_zero(record.head.asked):
                    hashes += _row_hash(record.head.asked, 8, short_offset, seed)
                    n_hashes += 1
                questions += _row_hash(&record.head.identity, 4, short_offset, seed)
                n_questions += 1
            offset += FRAME_BYTES + record.size
    return n_hashes, hashes, n_questions, questions


def sorted_digest(keys, offsets, uint32_t key_size, uint64_t seed):
    cdef const uint8_t[::1] key_view = keys if len(keys) else b"\0"
    cdef const uint8_t[::1] offset_view = offsets if len(offsets) else b"\0"
    cdef const uint8_t* key_at = &key_view[0]
    cdef const uint8_t* offset_at = &offset_view[0]
    cdef Py_ssize_t count = len(offsets) // 4, i
    cdef uint64_t sum = 0, key = 0, before = 0
    cdef uint32_t offset
    cdef bint ascending = True
    if (key_size != 4 and key_size != 8) or len(keys) != count * <Py_ssize_t>key_size or len(offsets) != count * 4:
        raise ValueError("keys of 4 or 8 bytes, and as many offsets of 4")
    with nogil:
        for i in range(count):
            key = 0
            memcpy(&key, key_at + i * key_size, key_size)
            memcpy(&offset, offset_at + i * 4, 4)
            ascending = ascending and key >= before
            before = key
            sum += _row_hash(&key, key_size, offset, seed)
    return (count, sum) if ascending else None


def find_hash(data, uint64_t start, uint64_t end, bytes wanted not None):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = start
    cdef const char* hash = PyBytes_AS_STRING(wanted)
    cdef AuditRecord record
    cdef Buffer out
    cdef uint32_t i
    cdef bint hit
    if PyBytes_GET_SIZE(wanted) != 16:
        raise ValueError("a keyed hash has 16 bytes")
    buffer_init(&out)
    try:
        with nogil:
            while offset < size and _next(at, size, offset, &record) == RIGHT:
                if record.kind == RECORD_QUERY:
                    hit = memcmp(record.head.asked, hash, 16) == 0
                    for i in range(record.head.n_entries):
                        if hit:
                            break
                        hit = memcmp(record.entries + <uint64_t>i * sizeof(EntryBytes), hash, 16) == 0
                    if hit:
                        put_raw(&out, &offset, 8)
                offset += FRAME_BYTES + record.size
        if out.failed:
            raise MemoryError
        return [(<uint64_t*>out.data)[i] for i in range(<uint32_t>(out.size // 8))]
    finally:
        buffer_free(&out)


cdef int _read(data, uint64_t offset, uint8_t kind, AuditRecord* record) except -1:
    """The record at an offset, which must be of this kind; 0 = any. What it points to is borrowed from `data`."""
    cdef const uint8_t[::1] view
    if offset >= <uint64_t>len(data):
        raise ValueError("the segment ends before the record")
    view = data
    if _next(&view[0], view.shape[0], offset, record) != RIGHT:
        raise ValueError("no whole record")
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


def text_offsets(data, uint64_t end):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = 0
    cdef AuditRecord record
    cdef int status
    found = []
    while True:
        with nogil:
            status = _next(at, size, offset, &record)
            while status == RIGHT and record.kind != RECORD_TEXT:
                offset += FRAME_BYTES + record.size
                status = _next(at, size, offset, &record)
        if status != RIGHT:
            return found
        found.append((record.place, record.body[1], offset))
        offset += FRAME_BYTES + record.size


cdef QueryHead _head
cdef EntryBytes _entry

QUESTION_ROW = {
    "names": ["method", "flags", "time_ms", "identity", "answer_id", "offset"],
    "formats": ["u1", "<u2", "<i8", "<u4", "V16", "<u8"],
    "offsets": [
        <const uint8_t*>&_head.method - <const uint8_t*>&_head,
        <const uint8_t*>&_head.flags - <const uint8_t*>&_head,
        <const uint8_t*>&_head.time_ms - <const uint8_t*>&_head,
        <const uint8_t*>&_head.identity - <const uint8_t*>&_head,
        <const uint8_t*>&_head.answer_id - <const uint8_t*>&_head,
        sizeof(QueryHead),
    ],
    "itemsize": sizeof(QueryHead) + 8,
}
ENTRY_ROW = {
    "names": ["question", "subject", "how"],
    "formats": ["<u8", "V16", "u1"],
    "offsets": [
        0,
        8 + (<const uint8_t*>&_entry.subject - <const uint8_t*>&_entry),
        8 + (<const uint8_t*>&_entry.how - <const uint8_t*>&_entry),
    ],
    "itemsize": 8 + sizeof(EntryBytes),
}


def query_rows(data, uint64_t end):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = 0, number = 0
    cdef uint32_t i
    cdef AuditRecord record
    cdef Buffer queries, entries
    buffer_init(&queries)
    buffer_init(&entries)
    try:
        with nogil:
            while _next(at, size, offset, &record) == RIGHT:
                if record.kind == RECORD_QUERY:
                    put_raw(&queries, &record.head, sizeof(QueryHead))
                    put_raw(&queries, &offset, 8)
                    for i in range(record.head.n_entries):
                        put_raw(&entries, &number, 8)
                        put_raw(&entries, record.entries + <uint64_t>i * sizeof(EntryBytes), sizeof(EntryBytes))
                    number += 1
                offset += FRAME_BYTES + record.size
        return _taken(&queries), _taken(&entries)
    finally:
        buffer_free(&queries)
        buffer_free(&entries)


def recorded_rows(data, uint64_t end):
    cdef const uint8_t[::1] view = data
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = min(<uint64_t>view.shape[0], end), offset = 0, questions = 0, rows = 0
    cdef AuditRecord record
    with nogil:
        while _next(at, size, offset, &record) == RIGHT:
            if record.kind == RECORD_QUERY:
                questions += 1
                rows += record.head.rows
            offset += FRAME_BYTES + record.size
    return questions, rows
