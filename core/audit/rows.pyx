# distutils: libraries = crypto
"""Goes through segments of the audit log, record by record (see core/audit/record.pxd for the bytes)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from core.audit.record cimport FRAME_BYTES, RECORD_QUERY, RECORD_TEXT, EntryBytes, QueryHead
from core.audit.walk cimport RIGHT, AuditRecord, following, record_at
from core.machine.xxhash cimport XXH3_64bits_withSeed
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw


cdef bytes _taken(Buffer* buffer):
    if buffer.failed:
        raise MemoryError
    return PyBytes_FromStringAndSize(<char*>buffer.data, <Py_ssize_t>buffer.size)


cdef class _Walk:
    """One way through a segment's bytes. `altered` gets what is passed over."""

    cdef const uint8_t[::1] _view
    cdef const uint8_t* at
    cdef uint64_t size
    cdef uint64_t offset         # of the record that `next` came to
    cdef AuditRecord record
    cdef Buffer passed
    cdef object altered

    def __cinit__(self, data, uint64_t start, uint64_t end, set altered not None):
        self._view = data if len(data) else b"\0\0\0\0"
        self.at = &self._view[0]
        self.size = min(<uint64_t>self._view.shape[0], end)
        self.offset = min(start, self.size)
        self.record.size = 0
        self.altered = altered
        buffer_init(&self.passed)

    def __dealloc__(self):
        buffer_free(&self.passed)

    cdef inline bint begin(self) noexcept nogil:
        return following(self.at, self.size, &self.offset, &self.record, &self.passed) == RIGHT

    cdef inline bint next(self) noexcept nogil:
        self.offset += FRAME_BYTES + self.record.size
        return self.begin()

    cdef int done(self) except -1:
        """Tells what was passed over, and lets go of the bytes."""
        cdef size_t i
        self._view = b"\0"
        if self.passed.failed:
            raise MemoryError
        for i in range(self.passed.size // 8):
            self.altered.add((<uint64_t*>self.passed.data)[i])
        return 0


cdef bint _is_zero(const uint8_t* hash) noexcept nogil:
    cdef uint64_t halves[2]
    memcpy(halves, hash, 16)
    return (halves[0] | halves[1]) == 0


def index_rows(data, uint64_t end, set altered not None):
    cdef _Walk walk = _Walk(data, 0, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef uint32_t short_offset, i
    cdef bint there
    cdef Buffer out[4]
    for i in range(4):
        buffer_init(&out[i])
    try:
        with nogil:
            there = walk.begin()
            while there:
                if record.kind == RECORD_QUERY:
                    short_offset = <uint32_t>walk.offset
                    for i in range(record.head.n_entries):
                        put_raw(&out[0], record.entries + <uint64_t>i * sizeof(EntryBytes), 8)
                        put_raw(&out[1], &short_offset, 4)
                    if not _is_zero(record.head.asked):
                        put_raw(&out[0], record.head.asked, 8)
                        put_raw(&out[1], &short_offset, 4)
                    put_raw(&out[2], &record.head.identity, 4)
                    put_raw(&out[3], &short_offset, 4)
                there = walk.next()
        walk.done()
        return _taken(&out[0]), _taken(&out[1]), _taken(&out[2]), _taken(&out[3])
    finally:
        for i in range(4):
            buffer_free(&out[i])


cdef inline uint64_t _row_hash(const void* key, size_t key_size, uint32_t offset, uint64_t seed) noexcept nogil:
    cdef uint8_t row[12]
    memcpy(row, key, key_size)
    memcpy(row + key_size, &offset, 4)
    return XXH3_64bits_withSeed(row, key_size + 4, seed)


def rows_digest(data, uint64_t end, uint64_t seed, set altered not None):
    cdef _Walk walk = _Walk(data, 0, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef uint64_t hashes = 0, questions = 0, n_hashes = 0, n_questions = 0
    cdef uint32_t short_offset, i
    cdef bint there
    with nogil:
        there = walk.begin()
        while there:
            if record.kind == RECORD_QUERY:
                short_offset = <uint32_t>walk.offset
                for i in range(record.head.n_entries):
                    hashes += _row_hash(record.entries + <uint64_t>i * sizeof(EntryBytes), 8, short_offset, seed)
                n_hashes += record.head.n_entries
                if not _is_zero(record.head.asked):
                    hashes += _row_hash(record.head.asked, 8, short_offset, seed)
                    n_hashes += 1
                questions += _row_hash(&record.head.identity, 4, short_offset, seed)
                n_questions += 1
            there = walk.next()
    walk.done()
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


def find_hash(data, uint64_t start, uint64_t end, bytes wanted not None, set altered not None):
    cdef _Walk walk = _Walk(data, start, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef const char* hash = PyBytes_AS_STRING(wanted)
    cdef Buffer out
    cdef uint32_t i
    cdef bint hit, there
    if PyBytes_GET_SIZE(wanted) != 16:
        raise ValueError("a keyed hash has 16 bytes")
    buffer_init(&out)
    try:
        with nogil:
            there = walk.begin()
            while there:
                if record.kind == RECORD_QUERY:
                    hit = memcmp(record.head.asked, hash, 16) == 0
                    for i in range(record.head.n_entries):
                        if hit:
                            break
                        hit = memcmp(record.entries + <uint64_t>i * sizeof(EntryBytes), hash, 16) == 0
                    if hit:
                        put_raw(&out, &walk.offset, 8)
                there = walk.next()
        walk.done()
        if out.failed:
            raise MemoryError
        return [(<uint64_t*>out.data)[i] for i in range(<uint32_t>(out.size // 8))]
    finally:
        buffer_free(&out)


def text_offsets(data, uint64_t end, set altered not None):
    cdef _Walk walk = _Walk(data, 0, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef bint there
    found = []
    there = walk.begin()
    while there:
        if record.kind == RECORD_TEXT:
            found.append((record.place, record.body[1], walk.offset))
        with nogil:
            there = walk.next()
            while there and record.kind != RECORD_TEXT:
                there = walk.next()
    walk.done()
    return found


def sound_end(data, uint64_t start, set altered not None):
    cdef set passed = set()
    cdef _Walk walk = _Walk(data, start, len(data), passed)
    cdef uint64_t end = start
    cdef bint there
    with nogil:
        there = walk.begin()
        while there:
            end = walk.offset + FRAME_BYTES + walk.record.size
            there = walk.next()
    walk.done()
    altered.update(offset for offset in passed if offset < end)
    return end


def altered_places(data, offsets):
    cdef const uint8_t[::1] view = data if len(data) else b"\0\0\0\0"
    cdef const uint8_t* at = &view[0]
    cdef uint64_t size = view.shape[0], offset = 0, place = 0, wanted
    cdef uint32_t length
    cdef uint8_t leaf[32]
    cdef AuditRecord record
    found = []
    for each in sorted(offsets):
        wanted = each
        while offset < wanted and size - offset >= FRAME_BYTES:
            memcpy(&length, at + offset, 4)
            if length == 0 or size - offset - FRAME_BYTES < length:
                break
            offset += FRAME_BYTES + length
            place += 1
        if wanted > size or record_at(at, size, wanted, &record, leaf) != RIGHT:
            found.append(place)
    return found


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


def query_rows(data, uint64_t end, set altered not None):
    cdef _Walk walk = _Walk(data, 0, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef uint64_t number = 0
    cdef uint32_t i
    cdef bint there
    cdef Buffer queries, entries
    buffer_init(&queries)
    buffer_init(&entries)
    try:
        with nogil:
            there = walk.begin()
            while there:
                if record.kind == RECORD_QUERY:
                    put_raw(&queries, &record.head, sizeof(QueryHead))
                    put_raw(&queries, &walk.offset, 8)
                    for i in range(record.head.n_entries):
                        put_raw(&entries, &number, 8)
                        put_raw(&entries, record.entries + <uint64_t>i * sizeof(EntryBytes), sizeof(EntryBytes))
                    number += 1
                there = walk.next()
        walk.done()
        return _taken(&queries), _taken(&entries)
    finally:
        buffer_free(&queries)
        buffer_free(&entries)


def recorded_rows(data, uint64_t end, set altered not None):
    cdef _Walk walk = _Walk(data, 0, end, altered)
    cdef AuditRecord* record = &walk.record
    cdef uint64_t questions = 0, rows = 0
    cdef bint there
    with nogil:
        there = walk.begin()
        while there:
            if record.kind == RECORD_QUERY:
                questions += 1
                rows += record.head.rows
            there = walk.next()
    walk.done()
    return questions, rows
