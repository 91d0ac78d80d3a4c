# A file written from front to back; a large one is hashed and written in a thread of its own while the caller goes on.

from libc.stdint cimport uint64_t

from core.wire cimport Buffer

cdef class OutputFile:
    cdef Buffer pending          # written to without the GIL; flush() hands it on
    cdef uint64_t flushed        # bytes handed on
    cdef object _path
    cdef object _queue
    cdef object _thread          # None = too little has come for one
    cdef object _error
    cdef object _digest
    cdef int _descriptor         # -1 = closed
    cdef bint _durable
    cdef void put(self, const void* data, size_t size) noexcept nogil
    cdef void align(self, uint64_t multiple) noexcept nogil
    cdef uint64_t position(self) noexcept nogil
