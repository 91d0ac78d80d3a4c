# Cells of a register's rows, read from Arrow text columns without the GIL: trimmed, null words, code maps, dates, numbers.

from libc.stdint cimport int32_t, int64_t, uint32_t

from core.standardise.row cimport Cell, Context, Date, Map, MapEntry

cdef Cell no_cell() noexcept nogil
cdef char* arena_take(Context* c, size_t size) noexcept nogil
cdef bint map_init(Map* map, uint32_t count) noexcept
cdef void map_put(Map* map, Cell key, Cell text, int64_t number) noexcept nogil
cdef MapEntry* map_find(Map* map, Cell key) noexcept nogil
cdef bint same_text(Cell a, Cell b) noexcept nogil
cdef Cell trimmed(Cell cell) noexcept nogil
cdef int32_t collapse(Cell cell, char* copy, bint* steers) noexcept nogil
cdef void warn(Context* c, int field, int rule) noexcept nogil

# One column's cell of the present row.
cdef Cell cell_of(Context* c, int column) noexcept nogil
cdef bint raw_cell_is_damaged(Context* c, int column) noexcept nogil
# Text of a value: VALUE_NULL, VALUE_OK, or VALUE_UNKNOWN with the text as written.
cdef int text_of(Context* c, int slot, Cell* out) noexcept nogil
cdef Date date_of_slot(Context* c, int slot) noexcept nogil
# Number for a text of `slot` in the map of an enum or of true/false; VALUE_UNKNOWN when the map lacks it.
cdef int mapped_of(Context* c, int slot, int map, int64_t* out) noexcept nogil
# A whole number (a fraction is cut), or an amount in centavos.
cdef int int_of(Context* c, int slot, int64_t* out) noexcept nogil
cdef int money_of(Context* c, int slot, int64_t* out) noexcept nogil
# `doubtful`: what a condition on a damaged cell counts as.
cdef bint holds(Context* c, int condition, bint doubtful) noexcept nogil
cdef bint is_untold(Context* c, int number) noexcept nogil  # a list that tells nothing: the cell is null, or in neither list
cdef bint flag_of(Context* c, int flag) noexcept nogil
