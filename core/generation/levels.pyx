"""The delta generations that lie over a base (core/generation/levels.pxd). Nothing here is for Python."""

from core.generation.dossier cimport NO_ENTITY
from core.generation.keys cimport KeysPlace, keys_find, keys_place

cdef enum:
    HOLDERS = 256                # of one identifier in one level: more are not looked at (a delta holds some thousand subjects)


cdef const Level* level_of_number(const Levels* levels, uint32_t number) noexcept nogil:
    cdef int i
    if number >= levels.end:
        return NULL
    for i in range(levels.n - 1, -1, -1):
        if number >= levels.levels[i].first:
            return &levels.levels[i]
    return NULL


cdef void sort_numbers(const Levels* levels, uint32_t* numbers, int64_t count) noexcept nogil:
    cdef int64_t i, j
    cdef uint32_t number
    for i in range(1, count):
        number = numbers[i]
        j = i
        while j > 0 and number_order(levels, numbers[j - 1]) > number_order(levels, number):
            numbers[j] = numbers[j - 1]
            j -= 1
        numbers[j] = number


cdef uint32_t moved_slot(const Levels* levels, uint32_t number) noexcept nogil:
    cdef uint32_t slot = (number * <uint32_t>2654435761) & (levels.n_moved_slots - 1)
    while levels.moved[slot].number != number and levels.moved[slot].number != <uint32_t>NO_ENTITY:
        slot = (slot + 1) & (levels.n_moved_slots - 1)
    return slot


cdef uint32_t newest_number(const Levels* levels, uint32_t number) noexcept nogil:
    while number_masked(levels, number):
        number = levels.moved[moved_slot(levels, number)].newer
    return number


cdef uint32_t number_in_dossier(const Levels* levels, const uint8_t* dossier, uint32_t number) noexcept nogil:
    cdef int i
    cdef const Level* level
    if number == <uint32_t>NO_ENTITY:
        return number
    if number & <uint32_t>BASE_OWNER:
        return newest_number(levels, number & ~<uint32_t>BASE_OWNER)
    for i in range(levels.n):
        level = &levels.levels[i]
        if level.dossiers <= dossier < level.dossiers + level.dossiers_size:
            number += level.first
            break
    return newest_number(levels, number)


cdef int64_t unmasked_holders(const Levels* levels, uint32_t* entities, int64_t count) noexcept nogil:
    cdef int64_t i, kept = 0
    for i in range(count):
        if entities[i] >= levels.base:
            return -1            # no subject of the base
        if not number_masked(levels, entities[i]):
            entities[kept] = entities[i]
            kept += 1
    return kept


cdef void ask_levels_for(const Levels* levels, uint64_t hash) noexcept nogil:
    cdef KeysPlace place
    cdef int i
    for i in range(levels.n):
        if level_may_have(&levels.levels[i], hash):
            place.leaf = NULL
            keys_place(levels.levels[i].keys, hash, &place)


cdef int64_t add_level_holders(const Levels* levels, uint64_t hash, uint32_t* entities, int64_t count,
                               size_t capacity) noexcept nogil:
    cdef uint32_t found[HOLDERS]
    cdef int64_t n, j
    cdef uint32_t number
    cdef int i
    for i in range(levels.n):
        if not level_may_have(&levels.levels[i], hash):
            continue
        n = keys_find(levels.levels[i].keys, hash, found, HOLDERS)
        if n < 0:
            return -1
        for j in range(min(n, <int64_t>HOLDERS)):
            number = levels.levels[i].first + found[j]
            if found[j] >= levels.levels[i].n_entities:
                return -1
            if number_masked(levels, number):
                continue
            if <size_t>count < capacity:
                entities[count] = number
            count += 1
    return count
