# Names within sentences: "el señor se llama Luis Santa Cruz, nacido en 1983".

from libc.stddef cimport size_t

from core.free_text.birth cimport Born
from core.free_text.tokens cimport BoxTokens

# The name alone, its birth date or age behind it, into out[cap]; its length; `born` keeps the sex. 0: the text is a name as it stands, or none.
cdef int write_name(BoxTokens* t, const char* typed, size_t n, Born* born, char* out, int cap) noexcept nogil

# The words beside a number that may be a name, into out[cap]; their length.
cdef int write_names_beside(const BoxTokens* t, const char* typed, char* out, int cap) noexcept nogil
