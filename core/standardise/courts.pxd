# Names of courts in one form, however two registers spell them (docs/manifests.md, "Courts").

# Writes the folded, abbreviated words of a court's name, joined by one space, at `out`, which has room for `size` bytes: as many
# as the text has are enough. Returns how many.
cdef int court_into(const unsigned char* text, int size, char* out) noexcept nogil
