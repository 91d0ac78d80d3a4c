"""Cells of [record.subject]'s keys, as texts and in canonical form."""

from core.identifiers.canonical cimport read_into
from core.identifiers.rules cimport CANONICAL_MAX
from core.standardise.cells cimport arena_take, no_cell, text_of, warn
from core.standardise.row cimport RULE_OTHERWISE, VALUE_NULL


cdef Cell text_at(Context* c, SubjectPlan* plan, int key) noexcept nogil:
    cdef Cell cell
    if plan.slots[key] < 0 or text_of(c, plan.slots[key], &cell) == VALUE_NULL:
        return no_cell()
    return cell


cdef Cell canonical_at(Context* c, SubjectPlan* plan, int key, int kind) noexcept nogil:
    return canonical_of(c, plan, key, kind, text_at(c, plan, key))


cdef Cell canonical_of(Context* c, SubjectPlan* plan, int key, int kind, Cell cell) noexcept nogil:
    cdef Cell result
    cdef char* out
    cdef size_t size
    cdef int rule
    cdef bint otherwise
    if cell.data == NULL:
        return cell
    out = arena_take(c, CANONICAL_MAX)
    if out == NULL:
        return no_cell()
    rule = read_into(kind, cell.data, cell.size, out, CANONICAL_MAX, &size, &otherwise)
    if rule:
        warn(c, plan.field + key, rule)
        return no_cell()
    if otherwise:
        warn(c, plan.field + key, RULE_OTHERWISE)
    result.data = out
    result.size = <int>size
    return result
