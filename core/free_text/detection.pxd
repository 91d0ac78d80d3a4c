# The kinds that a one-box query fits.

from core.identifiers.rules cimport Canonical

# Every kind that fits a one-box query, ascending, into out[DETECTED_MAX]; their number, or -RULE_* for a bad country.
# country_n = 0: none given.
cdef int detect_into(const char* text, size_t n, const char* country, size_t country_n, Canonical* out) noexcept nogil
