# Names of a record beside its id. The texts live until the next row.

from core.standardise.encoding cimport AlertPlan, Encoding
from core.standardise.row cimport Cell, Context

# The text of a slot; null where there is no slot (-1) or its cell counts as null.
cdef Cell text_or_null(Context* c, int slot) noexcept nogil
# The row's line: empty where its column is null; null where the manifest names none.
cdef Cell line_of(Encoding* e) noexcept nogil
# The court in one form, then the other values in upper case, joined by |; null when one of them is null.
cdef Cell merge_key(Encoding* e, AlertPlan* alert) noexcept nogil
