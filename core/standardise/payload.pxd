# The section's message of a record, and the stored fields of its hit.

from core.standardise.encoding cimport Encoding, RecordPlan, State
from core.standardise.row cimport Cell, Date
from core.wire cimport Buffer

cdef void write_payload(Encoding* e, RecordPlan* plan, State* state, Buffer* out) noexcept nogil
cdef void write_hit(Encoding* e, RecordPlan* plan, State* state, Buffer* out) noexcept nogil
cdef void write_damaged(Encoding* e, State* state, Cell field, Cell rule, Buffer* out) noexcept nogil
cdef void write_damaged_hit(Encoding* e, Buffer* out) noexcept nogil
# PartialDate without a tag around it.
cdef void write_date_parts(Buffer* out, Date date) noexcept nogil
