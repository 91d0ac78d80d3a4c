# Objects that the loop may still read. A replacement never waits for the loop; the replaced object is released once the
# loop has finished with it. The loop reads while one call is answered, microseconds; in epoll_wait it does not.

from libc.stdint cimport uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    /* The loop's side. Sequentially consistent: what is loaded after the begin was current after it, or its replacer sees
       the begin. */
    static inline void ronda_look_begin(uint64_t *looks) { __atomic_fetch_add(looks, 1, __ATOMIC_SEQ_CST); }
    static inline void ronda_look_end(uint64_t *looks) {
        __atomic_store_n(looks, __atomic_load_n(looks, __ATOMIC_RELAXED) + 1, __ATOMIC_RELEASE);
    }
    static inline void *ronda_load_pointer(void *const *at) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); }
    static inline uint64_t ronda_load_count(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); }
    /* Python's side: shown to the loop from here on. */
    static inline void ronda_show_pointer(void **at, void *value) { __atomic_store_n(at, value, __ATOMIC_SEQ_CST); }
    static inline void ronda_count_on(uint64_t *at) { __atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST); }
    """
    void ronda_look_begin(uint64_t* looks) noexcept nogil
    void ronda_look_end(uint64_t* looks) noexcept nogil
    void* ronda_load_pointer(void** at) noexcept nogil
    uint64_t ronda_load_count(const uint64_t* at) noexcept nogil
    void ronda_show_pointer(void** at, void* value) noexcept nogil
    void ronda_count_on(uint64_t* at) noexcept nogil

cdef class Borrowed:
    cdef uint64_t looks          # odd while a call is being answered
    cdef list held               # (looks when it was replaced, what was)
    # Holds what was replaced; to be called after it was. GIL held.
    cdef int keep(self, object replaced) except -1
    # Replaced objects that the loop no longer reads: the caller releases them, in a thread that may take its time.
    cdef list passed(self)
