# The kinds that a one-box query fits.

from core.identifiers cimport Canonical

# `country` is three upper-case letters, or NULL for none given. out[DETECTED_MAX]; the number of kinds, ascending.
cdef int detect_kinds(const char* text, size_t n, const char* country, Canonical* out) noexcept nogil
