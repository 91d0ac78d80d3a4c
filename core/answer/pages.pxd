# One page of a search: what SearchPersons and SearchVehicles write alike (docs/answers.md section 13).

from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

from core.call.memory cimport Call
from core.call.page_token cimport PageStart

# Once call.fits is in order up to the page: whether it goes on from the page before. OK, or FAILED with GENERATION_GONE.
cdef int search_goes_on(Call* call, uint64_t hash, const PageStart* start) noexcept nogil
# Head and candidates of the page of call.fits that starts at `offset`, gathered before into call.candidates.
# OK or FAILED.
cdef int put_search_page(Call* call, bint vehicles) noexcept nogil
# Writes the token of the page after, if one follows; reports out of memory. OK or FAILED.
cdef int finish_search(Call* call, uint64_t hash, uint32_t offset) noexcept nogil
# Returns whether a text is empty or white space alone.
cdef bint is_blank(const char* text, size_t size) noexcept nogil
