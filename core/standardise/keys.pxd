# Cells of [record.subject]'s keys; called from compiled code only.

from core.standardise.row cimport Cell, Context
from core.standardise.stated cimport SubjectPlan

# Text of a key; null where the manifest or the row has none. A code that its map lacks stays as written.
cdef Cell text_at(Context* c, SubjectPlan* plan, int key) noexcept nogil
# In canonical form; null, with a warning, where it is invalid.
cdef Cell canonical_at(Context* c, SubjectPlan* plan, int key, int kind) noexcept nogil
# Reads a text that is only part of the key's cell.
cdef Cell canonical_of(Context* c, SubjectPlan* plan, int key, int kind, Cell cell) noexcept nogil
