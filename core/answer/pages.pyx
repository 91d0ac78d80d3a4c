"""One page of a search, without the GIL. Nothing here is for Python."""

from core.answer.outcome cimport Outcome, outcome_begin
from core.answer.response cimport put_answer, put_candidates
from core.call.memory cimport FITS_MAX, call_out_of_memory
from core.call.page_token cimport mix_number, page_goes_on, put_page_token
from core.contract.check_service_fields cimport (
    F_SearchPersonsResponse_candidates, F_SearchPersonsResponse_candidates_total,
    F_SearchPersonsResponse_next_page_token,
)
from core.contract.level cimport LEVEL_INSUFFICIENT
from core.failure cimport FAILED, OK
from core.generation.levels cimport number_order
from core.wire cimport put_int_if


cdef uint64_t _found_before(const Call* call, uint64_t hash, size_t count) noexcept nogil:
    """Returns a hash of the subjects before a page, in their order, by keys that stay from one view to the next."""
    cdef size_t i, n = min(count, call.fits.count)
    hash = mix_number(call, hash, n)
    for i in range(n):
        hash = mix_number(call, hash, number_order(call.store.levels, call.fits.items[i].entity))
    return hash


cdef int search_goes_on(Call* call, uint64_t hash, const PageStart* start) noexcept nogil:
    if start.same_view:
        return OK
    return page_goes_on(call, start, _found_before(call, hash, start.offset))


cdef int put_search_page(Call* call, bint vehicles) noexcept nogil:
    """The fields that both responses have stand under the same numbers."""
    cdef Outcome outcome
    cdef int i
    outcome_begin(&outcome)
    outcome.plain = True
    outcome.about_vehicle = vehicles
    outcome.level = LEVEL_INSUFFICIENT
    for i in range(call.n_candidates):
        outcome.level = max(outcome.level, call.candidates[i].level)
    if put_answer(call, &outcome) < 0:
        return FAILED
    put_candidates(call, F_SearchPersonsResponse_candidates)
    put_int_if(call.out, F_SearchPersonsResponse_candidates_total, min(<int>call.fits.count, <int>FITS_MAX))
    return OK


cdef int finish_search(Call* call, uint64_t hash, uint32_t offset) noexcept nogil:
    cdef size_t following = <size_t>offset + call.question.page_size
    if following < call.fits.count:
        put_page_token(call, F_SearchPersonsResponse_next_page_token, hash, <uint32_t>following,
                       _found_before(call, hash, following))
    if call.out.failed or call.fits.failed or call.shown.failed:
        return call_out_of_memory(call)
    return OK


cdef bint is_blank(const char* text, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if text[i] != c" " and not 9 <= text[i] <= 13:
            return False
    return True
