# Atomic operations on words that several workers share through a mapped file.

from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    static inline uint64_t ronda_load(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
    static inline void ronda_store(uint64_t *at, uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
    static inline int ronda_swap(uint64_t *at, uint64_t expected, uint64_t value) {
        return __atomic_compare_exchange_n(at, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
    static inline uint64_t ronda_add(uint64_t *at, uint64_t value) {
        return __atomic_fetch_add(at, value, __ATOMIC_ACQ_REL);
    }
    static inline uint32_t ronda_load_half(const uint32_t *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
    static inline void ronda_store_half(uint32_t *at, uint32_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
    """
    uint64_t ronda_load(const uint64_t* at) noexcept nogil
    void ronda_store(uint64_t* at, uint64_t value) noexcept nogil
    int ronda_swap(uint64_t* at, uint64_t expected, uint64_t value) noexcept nogil
    uint64_t ronda_add(uint64_t* at, uint64_t value) noexcept nogil
    uint32_t ronda_load_half(const uint32_t* at) noexcept nogil
    void ronda_store_half(uint32_t* at, uint32_t value) noexcept nogil
