"""Encodes a register's rows, given as Arrow text columns, as standard records. The plan's shape: core/standardise/encoder.pyi."""

from array import array

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from core.identifiers.canonical cimport rule_word
from core.standard_record cimport O_COUNT, STANDARD_COLUMNS
from core.standardise.cells cimport cell_of, collapse, trimmed
from core.standardise.columns cimport output_buffers, outputs_failed, outputs_reset
from core.standardise.encoding cimport Encoding, Refusal
from core.standardise.plan cimport build, dismantle
from core.standardise.record cimport encode_record
from core.standardise.row cimport RULE_COUNT, Cell, Context, Input
from core.wire cimport buffer_reset

from core.standardise.plan import DERIVED, OPERATIONS, SUBJECT_KEYS  # no-cython-lint: the indexer's, with the encoder

# Words of the rules after core.identifiers.canonical' own (1 to 6).
RULES = (
    "unparsable", "unknown_code", "too_long", "out_of_range", "required_missing", "unparsable_date", "record_id_missing",
    "no_subject", "undecodable_bytes", "read_otherwise", "unreadable_identifier", "doubtful_birth_date",
    "control_characters",
)

COLUMNS = [tuple(column.split("=")) for column in STANDARD_COLUMNS.decode().split()]


cdef str word_of(int rule):
    return rule_word(rule).decode() if rule < 7 else RULES[rule - 7]


def cell_text(str text):
    cdef bytes data = text.encode()
    cdef bytearray copy = bytearray(len(data) + 1)
    cdef bint steers
    cdef Cell cell
    cell.data = data
    cell.size = len(data)
    cell = trimmed(cell)
    cell.size = collapse(cell, copy, &steers)
    return copy[:cell.size].decode()


cdef class Encoder:
    cdef Encoding encoding
    cdef list keep
    cdef list names
    cdef list sections

    def __cinit__(self, dict plan):
        memset(&self.encoding, 0, sizeof(Encoding))
        self.keep = []
        self.names = [name.decode() for name in plan["names"]]
        self.sections = plan["sections"]
        build(&self.encoding, plan, self.keep)

    def __dealloc__(self):
        dismantle(&self.encoding)

    def encode(self, columns, const int64_t[::1] rows, const uint8_t[::1] undecodable=None):
        cdef Encoding* e = &self.encoding
        cdef Context* c = &e.context
        cdef int64_t count = rows.shape[0], i, before = e.written
        cdef int record, outcome, first
        cdef const int64_t* numbers = NULL
        cdef const uint8_t* marks = NULL
        cdef list views = []
        cdef Py_ssize_t number
        if len(columns) != c.n_inputs:
            raise ValueError(f"{len(columns)} columns given, the plan has {c.n_inputs}")
        if undecodable is not None and undecodable.shape[0] != count:
            raise ValueError("undecodable: one value a row")
        if count == 0:
            return 0
        numbers = &rows[0]
        if undecodable is not None:
            marks = &undecodable[0]
        for number, (offsets, data, valid, first) in enumerate(columns):
            views.append(_load(&c.inputs[number], offsets, data, valid, first, count))
        with nogil:
            for i in range(count):
                c.epoch += 1
                if c.epoch == 0:
                    forget(e)
                c.used = 0
                c.index = i
                c.undecodable = marks != NULL and marks[i]
                e.row = numbers[i]
                first = -1
                for record in range(e.n_records):
                    outcome = encode_record(e, record)
                    if outcome:
                        first = c.n_inputs
                    elif first < 0:
                        first = e.left_out_by
                if 0 <= first < c.n_inputs:
                    e.left_out[first] += 1
        if outputs_failed(e.outputs) or e.payload.failed or e.hit.failed or e.refusals.failed:
            raise MemoryError("standard records")
        for number in range(c.n_inputs):
            c.inputs[number].offsets = NULL
        return e.written - before

    def cell(self, int column, str text):
        cdef Encoding* e = &self.encoding
        cdef Context* c = &e.context
        cdef Cell cell
        if not 0 <= column < c.n_inputs:
            raise ValueError(f"column {column}, the plan has {c.n_inputs}")
        data = text.encode()
        _held = _load(&c.inputs[column], array("i", (0, len(data))), data, None, 0, 1)
        c.epoch += 1
        if c.epoch == 0:
            forget(e)
        c.used = c.index = 0
        c.undecodable = False
        cell = cell_of(c, column)
        c.inputs[column].offsets = NULL
        return None if cell.data == NULL else cell.data[:cell.size].decode()

    def take(self):
        cdef int i
        taken = [output_buffers(&self.encoding.outputs[i], self.encoding.written) for i in range(O_COUNT)]
        outputs_reset(self.encoding.outputs)
        count = self.encoding.written
        self.encoding.written = 0
        return count, taken

    def take_refusals(self):
        cdef Encoding* e = &self.encoding
        cdef Refusal* refusals = <Refusal*>e.refusals.data
        cdef size_t count = e.refusals.size // sizeof(Refusal), i
        taken = []
        for i in range(count):
            field = refusals[i].field
            taken.append((
                refusals[i].row, refusals[i].record, self.names[field] if field >= 0 else "", word_of(refusals[i].rule)
            ))
        buffer_reset(&e.refusals)
        return taken

    def left_out(self):
        cdef int column
        return {
            self.names[column]: self.encoding.left_out[column]
            for column in range(self.encoding.context.n_inputs)
            if self.encoding.left_out[column]
        }

    def warnings(self):
        cdef uint32_t* counts = self.encoding.context.warnings
        cdef int field, rule
        return {
            (self.sections[field], self.names[field], word_of(rule)): counts[field * RULE_COUNT + rule]
            for field in range(self.encoding.n_fields)
            for rule in range(RULE_COUNT)
            if counts[field * RULE_COUNT + rule]
        }


cdef void forget(Encoding* e) noexcept nogil:
    """Forgets kept values after 2^32 rows, when the row counter starts again: none may pass for the new row's."""
    cdef int i
    for i in range(e.context.n_inputs):
        e.context.inputs[i].epoch = 0
    for i in range(e.context.n_slots):
        e.context.slots[i].epoch = 0
        e.context.slots[i].date_epoch = 0
    for i in range(e.n_subjects):
        e.states[i].epoch = 0
    e.context.epoch = 1


cdef object _load(Input* given, object offsets, object data, object valid, int64_t first, int64_t count):
    """Points an input at the caller's buffers, after checking that every offset stays inside them."""
    cdef const uint8_t[::1] offset_bytes = memoryview(offsets).cast("B")
    cdef const uint8_t[::1] data_bytes = memoryview(data).cast("B")
    cdef const uint8_t[::1] valid_bytes
    cdef int64_t i, last
    if offset_bytes.shape[0] < (first + count + 1) * 4:
        raise ValueError("offsets are shorter than the rows")
    given.offsets = <const int32_t*>&offset_bytes[0]
    given.data = b""
    if data_bytes.shape[0]:
        given.data = <const char*>&data_bytes[0]
    given.valid = NULL
    given.first = first
    given.epoch = 0
    last = given.offsets[first]
    if last < 0:
        raise ValueError("offsets are not ascending")
    for i in range(first, first + count + 1):
        if given.offsets[i] < last:
            raise ValueError("offsets are not ascending")
        last = given.offsets[i]
    if last > data_bytes.shape[0]:
        raise ValueError("offsets pass the data")
    if valid is None:
        return (offset_bytes, data_bytes)
    valid_bytes = memoryview(valid).cast("B")
    if valid_bytes.shape[0] * 8 < first + count:
        raise ValueError("validity is shorter than the rows")
    given.valid = &valid_bytes[0]
    return (offset_bytes, data_bytes, valid_bytes)
