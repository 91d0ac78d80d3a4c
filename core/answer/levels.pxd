# The level of an answer (docs/answers.md section 9).

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from core.call.memory cimport Call
from core.contract.level cimport *


cdef struct Grounds:             # what decides a level besides the hits
    uint8_t status               # IdentityStatus
    bint national                # what was asked is a national identifier
    bint disagrees               # identifiers given contradict, or several vehicles bear the plate
    bint certain
    bint nothing_found
    bint fresh                   # every needed register is FRESH

cdef inline uint8_t strongest_hit(const Call* call) noexcept nogil:
    cdef uint8_t level = LEVEL_UNSPECIFIED
    cdef size_t i
    for i in range(call.hits.count):
        level = max(level, call.hits.items[i].level)
    return level

cdef inline uint8_t level_of(uint8_t hits, const Grounds* grounds) noexcept nogil:
    cdef uint8_t level = max(hits, <uint8_t>LEVEL_CLEAR)
    if grounds.disagrees or (grounds.national and (
            grounds.status == IDENTITY_STATUS_NOT_FOUND or grounds.status == IDENTITY_STATUS_CONFLICT
            or grounds.status == IDENTITY_STATUS_DECEASED or grounds.status == IDENTITY_STATUS_MISUSED)):
        level = max(level, <uint8_t>LEVEL_POSSIBLE)
    if grounds.certain and (not grounds.fresh or (grounds.national and grounds.status == IDENTITY_STATUS_UNVERIFIED)):
        level = max(level, <uint8_t>LEVEL_INCOMPLETE)
    if not grounds.certain or grounds.nothing_found or grounds.status != IDENTITY_STATUS_FOUND:
        level = max(level, <uint8_t>LEVEL_INSUFFICIENT)
    return level
