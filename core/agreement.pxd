# Agreements (ronda.v1 Agreement) of several statements about one thing, taken together.

from libc.stdint cimport uint8_t

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_UNKNOWN


cdef inline uint8_t better(uint8_t a, uint8_t b) noexcept nogil:
    """AGREES, then UNKNOWN, then DISAGREES; 0 = nothing was compared."""
    if a == AGREEMENT_AGREES or b == AGREEMENT_AGREES:
        return AGREEMENT_AGREES
    if a == AGREEMENT_UNKNOWN or b == AGREEMENT_UNKNOWN:
        return AGREEMENT_UNKNOWN
    return max(a, b)
