"""Counts the persons that an answer shows, for its officer, device and unit, without the GIL. Not for Python."""

from libc.stdint cimport uint32_t

from core.access.limits cimport limits_persons
from core.access.session cimport LOOK_DELEGATED
from core.access.shown_persons cimport LISTED_IN_DAY, LISTED_IN_HOUR, Audience, PersonTables, persons_show
from core.contract.error cimport ERROR_REASON_TOO_MANY_PERSONS
from core.failure cimport OK, fail


cdef inline const char* _bound(int passed) noexcept nogil:
    if passed == LISTED_IN_HOUR:
        return "persons_listed_hour"
    return "persons_listed_day" if passed == LISTED_IN_DAY else "persons_day"


cdef int audience_shown(const Session* session, const PurposeGrant* given, const ShownPerson* persons, size_t n, int asks,
                        bint refuses, uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil:
    cdef const PersonTables* tables = limits_persons(session)
    cdef Audience audience
    cdef uint64_t wait
    cdef int passed
    if tables == NULL:
        return OK
    audience.officer = session.officer
    audience.device = 0 if session.flags & LOOK_DELEGATED else session.device  # a gateway's officers have nothing in common
    audience.unit = session.unit if session.unit_name_size else 0
    audience.unit_name = session.unit_name
    audience.unit_name_size = session.unit_name_size
    audience.bounds = given.persons
    audience.refuses = refuses
    passed = persons_show(tables, &audience, persons, n, asks, now, &wait)
    if not passed:
        return OK
    verdict.limit = _bound(passed)
    verdict.retry_after_ms = <uint32_t>min(wait // 1000 + 1, 86400000ULL)
    return fail(failure, ERROR_REASON_TOO_MANY_PERSONS, "", verdict.limit)
