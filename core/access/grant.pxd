# The rights of a caller. Compiled from policy by the server; here they are only looked up.

from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    SENSITIVITIES = 6            # ronda.v1.Sensitivity 0 to 5; 0 (not stated) counts as OPEN
    MASKS_LISTS_BIT = 63         # of masks[0]: no Section has that number

cdef struct GrantMasks:
    uint64_t masks[SENSITIVITIES]  # by Sensitivity: bit (1 << Section); 0, not stated, is OPEN's and MASKS_LISTS_BIT

cdef inline bint grant_shows(const GrantMasks* grant, uint8_t section, uint8_t sensitivity) noexcept nogil:
    return section < 64 and sensitivity < SENSITIVITIES and (grant.masks[sensitivity] >> section) & 1

cdef inline bint grant_masks_lists(const GrantMasks* grant) noexcept nogil:
    """Returns whether lists show the last digits of a CUI and the year of birth alone."""
    return grant.masks[0] >> MASKS_LISTS_BIT & 1

cdef inline bint grants_equal(const GrantMasks* a, const GrantMasks* b) noexcept nogil:
    return ((a.masks[1] ^ b.masks[1]) | (a.masks[2] ^ b.masks[2]) | (a.masks[3] ^ b.masks[3])
            | (a.masks[4] ^ b.masks[4]) | (a.masks[5] ^ b.masks[5])) == 0

cdef class Grant:
    cdef GrantMasks masks
