# Asking for a line of memory before it is needed. An address outside the mapping does no harm.

cdef extern from *:
    """
    #define ronda_prefetch(address) __builtin_prefetch((address), 0, 1)
    #define ronda_prefetch_to_write(address) __builtin_prefetch((address), 1)
    """
    void prefetch "ronda_prefetch"(const void* address) noexcept nogil
    void prefetch_to_write "ronda_prefetch_to_write"(const void* address) noexcept nogil
