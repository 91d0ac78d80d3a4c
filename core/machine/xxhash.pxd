# XXH3 of libxxhash, compiled into each module that cimports this file (header only).

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #define XXH_INLINE_ALL
    #include "xxhash.h"
    """
    ctypedef struct XXH3_state_t:
        pass
    uint64_t XXH3_64bits(const void* data, size_t size) noexcept nogil
    uint64_t XXH3_64bits_withSeed(const void* data, size_t size, uint64_t seed) noexcept nogil
    int XXH3_64bits_reset(XXH3_state_t* state) noexcept nogil
    int XXH3_64bits_update(XXH3_state_t* state, const void* data, size_t size) noexcept nogil
    uint64_t XXH3_64bits_digest(const XXH3_state_t* state) noexcept nogil
