# Identifiers one slip of the finger or the eye away.

from core.identifiers.rules cimport Canonical

cdef int suggest_slips(int kind, const char* text, size_t n, Canonical* out) noexcept nogil

# The 12 or 14 digits of what is no CUI, for one was lost or is too many, into out[14]; how many, 0 = it is neither.
cdef int miscounted_cui_into(const char* text, size_t n, char* out) noexcept nogil
