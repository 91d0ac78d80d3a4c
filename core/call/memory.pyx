"""The working memory of one call. Nothing here is for Python."""

from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memset

from core.access.enumeration cimport FOUND_UNSAID
from core.access.grant cimport grants_equal
from core.audit.record cimport AGAIN_CLOCK_DOUBTFUL
from core.calendar cimport day_in_guatemala
from core.call.question cimport PAGE_MAX
from core.call.register_states cimport (
    register_states_compute, register_states_free, register_states_hold, register_states_init,
)
from core.contract.error cimport ERROR_REASON_DOSSIER_DAMAGED, ERROR_REASON_INTERNAL
from core.failure cimport OK, fail, failure_init
from core.generation.dossier cimport NO_ENTITY
from core.generation.levels cimport number_order
from core.generation.store cimport STORE_OK, store_dossier, store_error_text, store_prefetch_dossier
from core.generation.view cimport dossier_view
from core.name_index.expansion cimport query_free, query_new
from core.wire cimport buffer_free, buffer_reset

cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept


cdef Call* call_new() noexcept nogil:
    cdef int i
    cdef Call* call = <Call*>calloc(1, sizeof(Call))
    if call == NULL:
        return NULL
    call.name_query = query_new()
    call.candidates = <Candidate*>malloc(PAGE_MAX * sizeof(Candidate))
    if call.name_query == NULL or call.candidates == NULL:
        query_free(call.name_query)
        free(call.candidates)
        free(call)
        return NULL
    for i in range(STATES_KEPT):
        register_states_init(&call.kept[i])
    return call


cdef void call_free(Call* call) noexcept nogil:
    cdef int i
    if call == NULL:
        return
    for i in range(STATES_KEPT):
        register_states_free(&call.kept[i])
    query_free(call.name_query)
    query_free(call.level_query)
    free(call.candidates)
    buffer_free(&call.shown)
    buffer_free(&call.asked_rows)
    free(call.hits.items)
    free(call.fits.items)
    free(call)


cdef void call_begin(Call* call, const Store* store, const GrantMasks* grant, int64_t clock_ms, bint clock_doubtful,
                     Buffer* out, Failure* failure) noexcept nogil:
    cdef int i
    call.store = store
    call.grant = grant
    call.clock_ms = clock_ms
    call.today = day_in_guatemala(clock_ms)
    call.out = out
    call.failure = failure
    call.quick = call.put_off = call.superseded = False
    call.level = 0
    call.page_key = NULL
    call.page_mark = 0
    call.given_id = NULL
    call.again = AGAIN_CLOCK_DOUBTFUL if clock_doubtful else 0
    call.confirmations = NULL
    call.device = call.officer = 0
    call.record_limit = SHOWN_MAX
    call.list_limit = PAGE_MAX
    call.hits.count = call.fits.count = 0
    call.n_candidates = call.n_opened = call.next_opened = call.weak_alerted = 0
    call.shown_level = 0
    call.n_presented = 0
    call.two_bearers = False
    call.asked_key_size = call.n_also_asked = 0
    call.found = FOUND_UNSAID
    memset(call.answer_id, 0, 16)
    call.hits.failed = call.fits.failed = False
    call.fits.levels = store.levels
    call.names.length = 0
    call.asked_name.shape.count = call.asked_father.shape.count = call.asked_mother.shape.count = 0
    failure_init(failure)
    buffer_reset(out)
    buffer_reset(&call.shown)
    buffer_reset(&call.asked_rows)
    if call.view != store.view:  # the memory may have served another view: its registers' states are not these
        call.view = store.view
        call.n_kept = call.next_kept = 0
    for i in range(call.n_kept):
        if register_states_hold(&call.kept[i], clock_ms, clock_doubtful) and grants_equal(&call.kept[i].grant, grant):
            call.states = &call.kept[i]
            return
    i = call.next_kept
    call.next_kept = (i + 1) % STATES_KEPT
    call.n_kept = max(call.n_kept, i + 1)
    register_states_compute(&call.kept[i], store, grant, clock_ms, clock_doubtful)
    call.states = &call.kept[i]


cdef int call_dossier(Call* call, uint32_t entity, Dossier* dossier) noexcept nogil:
    cdef const uint8_t* bytes
    cdef uint32_t length
    cdef int status, i
    for i in range(call.n_opened):
        if call.opened[i].entity == entity:
            dossier_view(dossier, call.opened[i].bytes)
            return OK
    store_prefetch_dossier(call.store, entity)  # all its lines at once, not as the checksum comes to them
    status = store_dossier(call.store, entity, &bytes, &length)
    if status != STORE_OK:
        call.failure.entity = entity
        return fail(call.failure, ERROR_REASON_DOSSIER_DAMAGED, "", store_error_text(status))
    call.opened[call.next_opened].entity = entity
    call.opened[call.next_opened].bytes = bytes
    call.next_opened = (call.next_opened + 1) % OPENED_KEPT
    if call.n_opened < OPENED_KEPT:
        call.n_opened += 1
    dossier_view(dossier, bytes)
    return OK


cdef int call_damaged(Call* call, const char* file, const char* why) noexcept nogil:
    call.failure.entity = NO_ENTITY
    return fail(call.failure, ERROR_REASON_DOSSIER_DAMAGED, file, why)


cdef int call_out_of_memory(Call* call) noexcept nogil:
    return fail(call.failure, ERROR_REASON_INTERNAL, "", "out of memory")


cdef Fit* fits_add(Fits* fits, uint32_t entity, uint8_t link) noexcept nogil:
    cdef size_t capacity
    cdef Fit* grown
    if fits.count == fits.capacity:
        capacity = max(<size_t>64, fits.capacity * 2)
        grown = <Fit*>realloc(fits.items, capacity * sizeof(Fit))
        if grown == NULL:
            fits.failed = True
            return NULL
        fits.items = grown
        fits.capacity = capacity
    grown = &fits.items[fits.count]
    memset(grown, 0, sizeof(Fit))
    grown.entity = entity
    grown.link = link
    fits.count += 1
    return grown


cdef bint fits_hold(const Fits* fits, uint32_t entity) noexcept nogil:
    cdef size_t i
    for i in range(fits.count):
        if fits.items[i].entity == entity:
            return True
    return False


cdef int _by_entity(const void* a, const void* b) noexcept nogil:
    cdef uint32_t left = (<const Fit*>a).entity, right = (<const Fit*>b).entity
    return (left > right) - (left < right)


cdef int _by_order(const void* a, const void* b, void* levels) noexcept nogil:
    cdef uint64_t left = number_order(<const Levels*>levels, (<const Fit*>a).entity)
    cdef uint64_t right = number_order(<const Levels*>levels, (<const Fit*>b).entity)
    return (left > right) - (left < right)


cdef void fits_sort(Fits* fits, size_t start) noexcept nogil:
    if fits.count <= start + 1:
        return
    if fits.levels != NULL:
        qsort_r(fits.items + start, fits.count - start, sizeof(Fit), _by_order, <void*>fits.levels)
    else:
        qsort(fits.items + start, fits.count - start, sizeof(Fit), _by_entity)


cdef void hits_add(Hits* hits, const Hit* hit) noexcept nogil:
    cdef size_t capacity
    cdef Hit* grown
    if hits.count == hits.capacity:
        capacity = max(<size_t>64, hits.capacity * 2)
        grown = <Hit*>realloc(hits.items, capacity * sizeof(Hit))
        if grown == NULL:
            hits.failed = True
            return
        hits.items = grown
        hits.capacity = capacity
    hits.items[hits.count] = hit[0]
    hits.count += 1
