# Letters that the name of a question lost on its way, as registers lose them (docs/manifests.md, "Damaged letters").

from libc.stddef cimport size_t

# Writes a name into out[cap] with U+FFFD for each sign that stands where a letter was (Pe~ate), and returns its length.
# 0: no letter is lost, or cap is too small; the name stays as it is.
cdef size_t mend_asked(const char* text, size_t n, char* out, size_t cap) noexcept nogil
