# Identifiers one slip of the finger or the eye away.

from core.identifiers cimport Canonical

cdef int suggest_slips(int kind, const char* text, size_t n, Canonical* out) noexcept nogil
