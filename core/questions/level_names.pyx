"""Finds the subjects with a name in the delta generations over the base, without the GIL. Nothing here is for Python.
"""

from libc.stddef cimport size_t
from libc.stdint cimport UINT32_MAX, int32_t, uint8_t
from libc.stdlib cimport realloc

from core.call.memory cimport call_shows
from core.generation.levels cimport Level, Levels, number_order
from core.name_index.expansion cimport query_new
from core.name_index.holders cimport look_at_holders
from core.name_index.query cimport NAMES_MEMORY, NameFound, NameQuery, NameQuestion
from core.name_index.search cimport find_names


cdef int _add(NameQuery* query, const NameQuery* found, size_t first, const Level* level) noexcept nogil:
    """Adds the persons found in a level, from place `first` on."""
    cdef size_t i, wanted = query.n_found + found.n_found - first
    cdef NameFound* grown
    if wanted > query.found_capacity:
        grown = <NameFound*>realloc(query.found, wanted * sizeof(NameFound))
        if grown == NULL:
            return NAMES_MEMORY
        query.found = grown
        query.found_capacity = wanted
    for i in range(first, found.n_found):
        query.found[query.n_found] = found.found[i]
        query.found[query.n_found].ordinal = UINT32_MAX  # its ordinal is of another file
        query.found[query.n_found].entity += level.first
        query.found[query.n_found].order = level.orders[found.found[i].entity]
        query.n_found += 1
    if first == 0:
        query.candidates += found.candidates
        query.looked += found.looked
    return 0


cdef int find_in_levels(Call* call) noexcept nogil:
    return _ask(call, 0, 0, 0)


cdef int holders_in_levels(Call* call, size_t first, size_t wanted, int32_t slack) noexcept nogil:
    return _ask(call, first, wanted, slack)


cdef int _ask(Call* call, size_t first, size_t wanted, int32_t slack) noexcept nogil:
    cdef const Levels* levels = call.store.levels
    cdef const Level* level
    cdef NameQuestion question = call.name_question  # what its tokens tell was found out in the base
    cdef uint8_t visible[256]
    cdef int i, status
    cdef uint8_t k
    cdef size_t at, known = 0
    if call.level_query == NULL:
        call.level_query = query_new()
        if call.level_query == NULL:
            return NAMES_MEMORY
    for at in range(first, call.name_query.n_found):
        call.name_query.found[at].order = number_order(levels, call.name_query.found[at].entity)
    question.bits_given = True
    question.visible = visible
    for i in range(levels.n):
        level = &levels.levels[i]
        for k in range(<uint8_t>level.names.tables.n_classes):
            visible[k] = call_shows(call, level.names.classes[2 * k], level.names.classes[2 * k + 1])
        call.level_query.masked = level.masked_names
        call.level_query.quick = call.name_query.quick
        status = find_names(call.level_query, &level.names, &question)
        if status == 0 and wanted:
            known = call.level_query.n_found
            status = look_at_holders(call.level_query, wanted, slack)
        if status == 0:
            status = _add(call.name_query, call.level_query, known, level)
        if status:
            return status
    return 0
