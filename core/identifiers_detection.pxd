# The kinds that a one-box query fits.

from core.identifiers cimport Canonical

# Whether a text that fits nothing but free kinds or a name holds two things, parted by a blank, a comma or a semicolon: each a CUI, a plate or a VIN, or
# one a CUI or typed plate and the other words of letters alone.
cdef bint holds_two_things(const char* text, size_t n, const Canonical* found, int count) noexcept nogil

# `country` is three upper-case letters, or NULL for none given. out[DETECTED_MAX]; the number of kinds, ascending.
cdef int detect_kinds(const char* text, size_t n, const char* country, Canonical* out) noexcept nogil
