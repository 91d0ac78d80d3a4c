"""Names of a record beside its id: the line within its source, and the key that it shares with other registers' records."""

from libc.stdint cimport int32_t, uint8_t

from core.standardise.cells cimport arena_take, no_cell, text_of
from core.standardise.courts cimport court_into
from core.standardise.encoding cimport AlertPlan, Encoding
from core.standardise.row cimport VALUE_NULL, Cell, Context


cdef Cell text_or_null(Context* c, int slot) noexcept nogil:
    cdef Cell cell
    if slot < 0 or text_of(c, slot, &cell) == VALUE_NULL:
        return no_cell()
    return cell


cdef Cell line_of(Encoding* e) noexcept nogil:
    """The row's line: empty where its column is null; null where the manifest names none."""
    cdef Cell cell = no_cell()
    if e.register.line >= 0 and text_of(&e.context, e.register.line, &cell) == VALUE_NULL:
        cell.data = b""
        cell.size = 0
    return cell


cdef Cell merge_key(Encoding* e, AlertPlan* alert) noexcept nogil:
    """Returns the court in one form, then values in upper case, joined by |; null when one is null.

    Upper case covers A to Z and the letters of Latin-1.
    """
    cdef Context* c = &e.context
    cdef Cell cell, key = no_cell(), court = no_cell()
    cdef int32_t size = 0, i, at = 0
    cdef int part
    cdef char* out
    cdef uint8_t byte
    for part in range(alert.n_merge):
        cell = text_or_null(c, alert.merge[part])
        if cell.data == NULL:
            return key
        size += cell.size + 1
    if size == 0:
        return key
    if alert.court >= 0:
        court = text_or_null(c, alert.court)
        if court.data == NULL:
            return key
        size += court.size + 1
    out = arena_take(c, size)
    if out == NULL:
        return key
    if alert.court >= 0:
        at = court_into(<const unsigned char*>court.data, court.size, out)
        if at == 0:
            return key
        out[at] = 124
        at += 1
    for part in range(alert.n_merge):
        cell = text_or_null(c, alert.merge[part])
        if part:
            out[at] = 124
            at += 1
        for i in range(cell.size):
            byte = <uint8_t>cell.data[i]
            if 97 <= byte <= 122:
                byte -= 32
            elif i and <uint8_t>cell.data[i - 1] == 0xC3 and 0xA0 <= byte <= 0xBE and byte != 0xB7:
                byte -= 32
            out[at + i] = <char>byte
        at += cell.size
    key.data = out
    key.size = at
    return key
