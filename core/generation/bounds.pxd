from libc.stdint cimport uint8_t, uint32_t

# Returns whether the tables of a dossier of `length` bytes (96 at least), and everything that they point to, lie inside
# it.
cdef bint dossier_inside(const uint8_t* dossier, uint32_t length) noexcept nogil
