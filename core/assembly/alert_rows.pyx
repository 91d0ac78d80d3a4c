"""Decides which rows of an alert's record hold, and which records of one report (docs/answers.md section 6)."""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t

from core.assembly.record cimport compare_records, entity_records, same_text
from core.calendar cimport NO_DAY
from core.contract.alert cimport (
    ALERT_KIND_STOLEN_ENGINE, ALERT_KIND_STOLEN_PLATE, ALERT_KIND_STOLEN_VEHICLE, ALERT_STATE_PENDING,
)
from core.contract.section cimport SENSITIVITY_DISCREET
from core.generation.view cimport SPAN_UNKNOWN
from core.standard_record cimport ALERT_BIRTH_TURNED


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept

cdef enum:
    SUPERSEDED = ALERT_BIRTH_TURNED  # of a thing's report, which has no birth date: a later record of it says otherwise
    FIRST_REAL_DAY = -25202  # 1 January 1901: what is before is a filler

cdef int64_t ANY_DAY = 1 << 40   # beyond every day


cdef bint is_discreet(const Record* record) noexcept nogil:
    return record.sensitivity == SENSITIVITY_DISCREET


cdef int by_kind(const Record* a, const Record* b) noexcept nogil:
    cdef int order = <int>a.alert_kind - <int>b.alert_kind
    return order if order else <int>is_discreet(a) - <int>is_discreet(b)


cdef int _by_row(const void* left, const void* right, void* context) noexcept nogil:
    """The rows of one record together."""
    cdef Entity* entity = <Entity*>context
    cdef const Record* a = entity_records(entity) + (<const uint32_t*>left)[0]
    cdef const Record* b = entity_records(entity) + (<const uint32_t*>right)[0]
    cdef int order = by_kind(a, b)
    return order if order else compare_records(entity, a, b)


cdef bint is_stated(int32_t first, uint16_t span) noexcept nogil:
    return first != NO_DAY or span == SPAN_UNKNOWN


cdef Days days_of(int32_t first, uint16_t span) noexcept nogil:
    cdef Days days
    days.first = first if first != NO_DAY else -ANY_DAY
    days.last = <int64_t>first + span if first != NO_DAY else ANY_DAY
    return days


cdef Days _age(const Record* record) noexcept nogil:
    """Returns the days of the state, else of issue; below every day where neither is stated."""
    cdef Days days
    if is_stated(record.state_first, record.state_span):
        return days_of(record.state_first, record.state_span)
    if is_stated(record.issued_first, record.issued_span):
        return days_of(record.issued_first, record.issued_span)
    days.first = days.last = -2 * ANY_DAY
    return days


cdef int _apart(Days x, Days y) noexcept nogil:
    """1 = x is after y for certain, -1 = before, 0 = nobody knows."""
    return (x.first > y.last) - (x.last < y.first)


cdef int _later(const Record* a, const Record* b) noexcept nogil:
    """Returns which of two rows of one record holds: above 0 = a, below 0 = b, 0 = unknown."""
    cdef Days x = _age(a), y = _age(b)
    if a.version != b.version:
        return 1 if a.version > b.version else -1
    return _apart(x, y)


cdef void keep_latest(Entity* entity, uint32_t* indexes, size_t* count) noexcept nogil:
    """Leaves out the rows of a record that a later one supersedes; of rows that tie and differ the PENDING one is kept, in doubt.

    One row, or two lines of one source, are two records (core/standard_record.toml, "The key of a record").
    """
    cdef Record* records = entity_records(entity)
    cdef Record* best
    cdef Record* row
    cdef size_t start = 0, end, i, kept = 0
    cdef uint32_t chosen
    cdef int later
    qsort_r(indexes, count[0], sizeof(uint32_t), _by_row, entity)
    while start < count[0]:
        best = &records[indexes[start]]
        chosen = indexes[start]
        end = start + 1
        while end < count[0]:
            row = &records[indexes[end]]
            if by_kind(row, best) or row.register != best.register or not same_text(entity, row.record_id, best.record_id):
                break
            end += 1
        indexes[kept] = chosen
        kept += 1
        for i in range(start + 1, end):
            row = &records[indexes[i]]
            best = &records[indexes[kept - 1]]
            if row.source == best.source and (row.row == best.row or not same_text(entity, row.record_line, best.record_line)):
                indexes[kept] = indexes[i]
                kept += 1
                continue
            later = _later(row, best)
            if later == 0 and row.alert_state != best.alert_state:
                if row.alert_state == ALERT_STATE_PENDING:
                    later = 1
                if row.alert_state == ALERT_STATE_PENDING or best.alert_state == ALERT_STATE_PENDING:
                    row.alert_flags |= IN_DOUBT
                    best.alert_flags |= IN_DOUBT
            if later > 0:
                indexes[kept - 1] = indexes[i]
        start = end
    count[0] = kept


cdef bint is_of_a_thing(const Record* record) noexcept nogil:
    return record.alert_kind in (ALERT_KIND_STOLEN_VEHICLE, ALERT_KIND_STOLEN_PLATE, ALERT_KIND_STOLEN_ENGINE)


cdef int _closes(const Record* closing, const Record* report) noexcept nogil:
    """Returns 1 where a closing is after the report for certain, -1 where it is before, 0 where nobody knows."""
    cdef Days x = _age(closing), y = _age(report)
    if x.last < FIRST_REAL_DAY:
        return 0
    return _apart(x, y)


cdef size_t latest_of_a_thing(Entity* entity, uint32_t* group, size_t count) noexcept nogil:
    """Drops records of one report, in register order, that a later one of the same register contradicts.

    A recovery has a number of its own. If the order is unknown both stay, in doubt.
    """
    cdef Record* records = entity_records(entity)
    cdef Record* report
    cdef Record* closing
    cdef size_t i, j, kept = 0
    cdef int closes
    for i in range(count):
        report = &records[group[i]]
        if report.alert_state != ALERT_STATE_PENDING:
            continue
        for j in range(count):
            closing = &records[group[j]]
            if closing.register != report.register or closing.alert_state == ALERT_STATE_PENDING:
                continue
            closes = _closes(closing, report)
            if closes > 0:
                report.alert_flags |= SUPERSEDED
            elif closes < 0:
                closing.alert_flags |= SUPERSEDED
            else:
                report.alert_flags |= IN_DOUBT
    for i in range(count):
        if not records[group[i]].alert_flags & SUPERSEDED:
            group[kept] = group[i]
            kept += 1
    return kept
