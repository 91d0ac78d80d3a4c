# The names of a question: of the person asked for, in one text or in parts, and of the parents.

from libc.stddef cimport size_t

from core.call.memory cimport Call

# A name's text into call.names (its key; length <= 0 when it holds no name) and call.asked_name.
cdef void read_asked_name(Call* call, const char* text, size_t size) noexcept nogil
# The key of a name's text into call.names. OK, or FAILED (FIELD_INVALID) when it holds no name.
cdef int take_names(Call* call, const char* text, size_t size, const char* field) noexcept nogil
# The same of a text in which a birth date may stand behind the name (core/free_text/names.pxd); a typed one holds.
cdef int take_free_names(Call* call, const char* text, size_t size, const char* field) noexcept nogil
# The same of the question's name in parts; given[0]: whether there is one.
cdef int take_name_parts(Call* call, bint* given) noexcept nogil
# Parents' names into call.asked_father and asked_mother; whether one was given.
cdef bint read_asked_parents(Call* call) noexcept nogil
