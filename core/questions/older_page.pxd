# A page of a generation that another has replaced since, held against that other one (docs/answers.md section 13).

from core.call.memory cimport Call
from core.generation.store cimport Store

# After the page is written: OK when each subject shown on it stands in `serving` with all that this caller sees of it in
# the older generation: every visible record, alert and owner, byte for byte, of the same sensitivity, and an address that
# no order hides since. Else FAILED with GENERATION_GONE, without a generation that is wanted. Only what the caller may
# see decides: what is hidden from it before and after tells nothing by a refusal.
cdef int page_stands(Call* call, const Store* serving) noexcept nogil
