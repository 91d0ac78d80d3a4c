# Counts the persons that an answer shows, for the officer, the device and the unit that ask.

from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from core.access.limits cimport LimitVerdict
from core.access.session cimport PurposeGrant, Session
from core.access.shown_persons cimport ShownPerson
from core.failure cimport Failure

# Behind limits_watch, before the answer leaves: no two of `persons` are one subject. asks: ASKS_*. refuses: else they are only
# counted. OK, or FAILED with TOO_MANY_PERSONS.
cdef int audience_shown(const Session* session, const PurposeGrant* given, const ShownPerson* persons, size_t n, int asks,
                        bint refuses, uint64_t now, LimitVerdict* verdict, Failure* failure) noexcept nogil
