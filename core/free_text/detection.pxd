# The kinds that a one-box query fits.

from core.identifiers.rules cimport Canonical

# Whether a text that fits nothing but free kinds or a name holds two things, parted by a blank, a comma or a semicolon: each a CUI, a plate or a VIN, or
# one a CUI or typed plate and the other words of letters alone.
cdef bint holds_two_things(const char* text, size_t n, const Canonical* found, int count) noexcept nogil

# Every kind that fits a one-box query, ascending, into out[DETECTED_MAX]; their number, or -RULE_* for a bad country.
# country_n = 0: none given.
cdef int detect_into(const char* text, size_t n, const char* country, size_t country_n, Canonical* out) noexcept nogil
