"""A view: a base generation with delta generations over it, read as one."""

import json

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from core.generation.dossier cimport ENTITY_VEHICLE, NO_ENTITY, DossierHeader
from core.generation.keys cimport key_hash, keys_find, keys_walk
from core.generation.levels cimport (
    BASE_OWNER, LEVELS_MAX, Level, Levels, Moved, level_may_have, moved_slot, number_masked,
)
from core.generation.store cimport STORE_OK, Generation, Store, store_dossier
from core.identifiers.kinds cimport KEY_SUBJECT
from core.name_index.borrowed cimport BorrowedFrequencies, borrow_frequencies, return_frequencies
from core.name_index.file cimport NamesFile

from core.errors import GenerationDamaged

MOST_LEVELS = LEVELS_MAX


cdef class _LevelsMemory:
    """The memory of a view's levels."""

    cdef Levels levels

    def __dealloc__(self):
        cdef int i
        free(self.levels.masked)
        free(self.levels.masked_names)
        free(self.levels.moved)
        for i in range(LEVELS_MAX):
            free(self.levels.levels[i].masked_names)


cdef void _mask_names(const NamesFile* names, uint32_t entity, uint64_t* masked) noexcept nogil:
    """Masks the ordinals of one person: the own one, and that of a stray (core/name_index/file.pxd); strays come by
    entity."""
    cdef uint32_t low = 0, high = names.tables.n_strays, middle
    masked[entity >> 6] |= <uint64_t>1 << (entity & 63)
    while low < high:
        middle = low + (high - low) // 2
        if names.strays[middle] < entity:
            low = middle + 1
        else:
            high = middle
    if low < names.tables.n_strays and names.strays[low] == entity:
        entity = names.tables.n_entities + low
        masked[entity >> 6] |= <uint64_t>1 << (entity & 63)


cdef void _mask(Levels* levels, const Store* base, uint32_t number, uint32_t newer) noexcept nogil:
    cdef uint32_t slot = moved_slot(levels, number)
    cdef Level* level
    cdef int i
    levels.masked[number >> 6] |= <uint64_t>1 << (number & 63)
    levels.moved[slot].number = number
    levels.moved[slot].newer = newer
    if number < base.n_entities:
        if number < base.n_persons:
            _mask_names(&base.names, number, levels.masked_names)
        return
    for i in range(levels.n - 1, -1, -1):
        level = &levels.levels[i]
        if number >= level.first:
            if number - level.first < level.names.tables.n_entities:
                _mask_names(&level.names, number - level.first, level.masked_names)
            return


cdef void _replace(Levels* levels, const Store* base, uint32_t number, uint32_t newer) noexcept nogil:
    """Replaces the subject that stands for `number` now; a subject that was gone exists again."""
    cdef uint32_t next = number
    while next != <uint32_t>NO_ENTITY and number_masked(levels, next):
        number = next
        next = levels.moved[moved_slot(levels, number)].newer
    if next == <uint32_t>NO_ENTITY:
        levels.moved[moved_slot(levels, number)].newer = newer
    else:
        _mask(levels, base, next, newer)


cdef int _number_of(const Store* store, const uint8_t* subject_id, uint64_t hash, uint32_t* number) noexcept nogil:
    """Finds the subject with this id, of this hash, in one generation: 1, 0 = none, -1 = its keys are damaged."""
    cdef uint32_t found[16]
    cdef const uint8_t* dossier
    cdef uint32_t length
    cdef int64_t n = keys_find(&store.keys, hash, found, 16)
    cdef int64_t i
    if n < 0:
        return -1
    for i in range(min(n, <int64_t>16)):
        # another subject's under the same hash is told by its dossier; one of which nothing can be read is masked by its key alone
        if n > 1 and store_dossier(store, found[i], &dossier, &length) == STORE_OK and memcmp(
                <const uint8_t*>(<const DossierHeader*>dossier).subject_id, subject_id, 16) != 0:
            continue
        if found[i] >= store.n_entities:
            return -1
        number[0] = found[i]
        return 1
    return 0


cdef inline int64_t _birth(const DossierHeader* header) noexcept nogil:
    return 0 if header.kind >= ENTITY_VEHICLE else (
        header.birth_year * 10000 + header.birth_month * 100 + header.birth_mday)


cdef bint _stands_before(const DossierHeader* a, const DossierHeader* b) noexcept nogil:
    if _birth(a) != _birth(b):
        return _birth(a) < _birth(b)
    return memcmp(<const uint8_t*>a.subject_id, <const uint8_t*>b.subject_id, 16) < 0


cdef uint64_t _order_of(const Store* base, const DossierHeader* header, uint32_t replaced) noexcept nogil:
    """number_order of somebody in a level. Newcomers between the same two of the base stand by their ids."""
    cdef uint32_t low = 0, high = base.n_persons, middle, length
    cdef const uint8_t* dossier
    cdef const uint8_t* id = <const uint8_t*>header.subject_id
    if replaced != <uint32_t>NO_ENTITY and store_dossier(base, replaced, &dossier, &length) == STORE_OK and (
            _birth(<const DossierHeader*>dossier) == _birth(header)):
        return (<uint64_t>replaced + 1) << 32
    if header.kind >= ENTITY_VEHICLE:
        low, high = base.n_persons, base.n_entities
    while low < high:
        middle = low + (high - low) // 2
        if store_dossier(base, middle, &dossier, &length) != STORE_OK or _stands_before(<const DossierHeader*>dossier, header):
            low = middle + 1
        else:
            high = middle
    return ((<uint64_t>low + 1) << 32) - (<uint64_t>1 << 31) + (
        <uint64_t>id[0] << 22 | <uint64_t>id[1] << 14 | <uint64_t>id[2] << 6 | id[3] >> 2)


cdef enum:
    FILTER_BITS_A_KEY = 16       # one look-up in sixteen or fewer searches a level for nothing


cdef struct Filter:              # Level.filter, being filled
    uint64_t* bits
    uint32_t shift


cdef int _filter_key(void* context, uint64_t hash, uint32_t entity) noexcept nogil:
    cdef Filter* filter = <Filter*>context
    cdef uint64_t at = hash >> filter.shift
    filter.bits[at >> 6] |= <uint64_t>1 << (at & 63)
    return 0


cdef enum:
    COMPARED, DAMAGED_DOSSIER, DAMAGED_KEYS


cdef int _compare_with_base(const Store* base, const Store* store, uint32_t* replaced, uint64_t* orders, Filter* filter,
                            uint32_t* at) noexcept nogil:
    """Finds the subject of the base that each subject of a delta replaces, and its place; `at`: the one with which it
    ended."""
    cdef uint32_t i, length
    cdef const uint8_t* dossier
    cdef const uint8_t* subject_id
    if keys_walk(&store.keys, _filter_key, filter) < 0:
        return DAMAGED_KEYS
    for i in range(store.n_entities):
        at[0] = i
        if store_dossier(store, i, &dossier, &length) != STORE_OK:
            return DAMAGED_DOSSIER
        subject_id = <const uint8_t*>(<const DossierHeader*>dossier).subject_id
        replaced[i] = NO_ENTITY
        if _number_of(base, subject_id, key_hash(KEY_SUBJECT, subject_id, 16), &replaced[i]) < 0:
            return DAMAGED_KEYS
        orders[i] = _order_of(base, <const DossierHeader*>dossier, replaced[i])
    return COMPARED


cdef class DeltaGeneration:
    """One open delta, and the subjects of its base that it replaces; kept from one view to the next."""

    cdef readonly Generation generation
    cdef readonly Generation base
    cdef readonly list gone      # subject ids, 16 bytes each
    cdef bytes gone_ids          # the same behind one another
    cdef uint32_t* replaced      # by its own number: of the base; NO_ENTITY = nobody
    cdef uint64_t* orders        # by its own number: number_order of core/generation/levels.pxd
    cdef Filter filter
    cdef NamesFile names         # with the base's frequencies
    cdef BorrowedFrequencies borrowed

    def __cinit__(self, Generation base not None, Generation generation not None):
        cdef const Store* store = generation.store
        cdef uint64_t bits = 64
        cdef uint32_t at = 0
        cdef int found
        stated = generation.manifest.get("delta")
        if stated is None or stated["base"] != base.generation_id:
            raise GenerationDamaged("MANIFEST.json", "no delta of this generation")
        if [r["id"] for r in generation.manifest["registers"]] != [r["id"] for r in base.manifest["registers"]]:
            raise GenerationDamaged("MANIFEST.json", "its registers are not those of the generation below it")
        self.generation = generation
        self.base = base
        self.gone = [bytes.fromhex(text) for text in stated.get("gone", ())]
        self.gone_ids = b"".join(self.gone)
        if store.keys.n_entries > store.keys.size:  # of bytes: such a count was never written
            raise GenerationDamaged("keys.mdb", "a page is damaged")
        self.filter.shift = 58
        while bits < FILTER_BITS_A_KEY * store.keys.n_entries:
            bits *= 2
            self.filter.shift -= 1
        self.filter.bits = <uint64_t*>calloc(bits // 64, 8)
        self.replaced = <uint32_t*>calloc(store.n_entities + 1, sizeof(uint32_t))
        self.orders = <uint64_t*>calloc(store.n_entities + 1, sizeof(uint64_t))
        self.names = store.names
        if self.filter.bits == NULL or self.replaced == NULL or self.orders == NULL or not borrow_frequencies(
                &self.names, &base.store.names, &self.borrowed):
            raise MemoryError
        with nogil:  # tens of thousands, while others answer
            found = _compare_with_base(base.store, store, self.replaced, self.orders, &self.filter, &at)
        if found == DAMAGED_DOSSIER:
            raise GenerationDamaged("dossiers.bin", f"dossier {at} of a delta")
        if found == DAMAGED_KEYS:
            raise GenerationDamaged("keys.mdb", "a page is damaged")

    def __dealloc__(self):
        free(self.filter.bits)
        free(self.replaced)
        free(self.orders)
        return_frequencies(&self.borrowed)

    @property
    def sequence(self):
        return self.generation.manifest["delta"]["sequence"]


cdef struct Overlaid:            # one delta, for what is done without the GIL
    const Store* store
    const uint32_t* replaced
    const uint8_t* gone          # subject ids
    uint32_t n_gone


cdef void _replace_older(Levels* levels, const Store* base, const Overlaid* deltas, int at) noexcept nogil:
    """Masks subjects in the base and the older levels that the level at this place has, or states as gone."""
    cdef const Level* level = &levels.levels[at]
    cdef const uint8_t* dossier
    cdef const uint8_t* subject_id
    cdef uint64_t hash
    cdef uint32_t i, length, number
    cdef int k
    for i in range(level.n_entities):
        if deltas[at].replaced[i] != <uint32_t>NO_ENTITY:
            _replace(levels, base, deltas[at].replaced[i], level.first + i)
            continue
        if not at or store_dossier(deltas[at].store, i, &dossier, &length) != STORE_OK:
            continue
        subject_id = <const uint8_t*>(<const DossierHeader*>dossier).subject_id
        hash = key_hash(KEY_SUBJECT, subject_id, 16)
        for k in range(at):
            if (level_may_have(&levels.levels[k], hash)
                    and _number_of(deltas[k].store, subject_id, hash, &number) > 0):
                _replace(levels, base, levels.levels[k].first + number, level.first + i)
                break
    for i in range(deltas[at].n_gone):
        subject_id = deltas[at].gone + 16 * i
        hash = key_hash(KEY_SUBJECT, subject_id, 16)
        if _number_of(base, subject_id, hash, &number) > 0 and not number_masked(levels, number):
            _mask(levels, base, number, NO_ENTITY)
        for k in range(at):
            if (level_may_have(&levels.levels[k], hash)
                    and _number_of(deltas[k].store, subject_id, hash, &number) > 0):
                number += levels.levels[k].first
                if not number_masked(levels, number):
                    _mask(levels, base, number, NO_ENTITY)


cdef int _place_levels(_LevelsMemory memory, Generation base, list deltas) except -1:
    """Numbers the levels' subjects and makes room for what is masked."""
    cdef Levels* levels = &memory.levels
    cdef DeltaGeneration delta
    cdef Level* level
    cdef const Store* store
    cdef uint64_t total = base.store.n_entities, moved = 0
    cdef int i
    for i, delta in enumerate(deltas):
        store = delta.generation.store
        level = &levels.levels[i]
        level.first = <uint32_t>total
        level.n_entities = store.n_entities
        level.entities = store.entities
        level.dossiers = store.dossiers
        level.dossiers_size = store.dossiers_size
        level.keys = &store.keys
        level.plates = &store.plates
        level.names = delta.names
        level.orders = delta.orders
        level.filter = delta.filter.bits
        level.filter_shift = delta.filter.shift
        level.masked_names = <uint64_t*>calloc(level.names.n_ordinals // 64 + 2, 8)
        if level.masked_names == NULL:
            raise MemoryError
        total += store.n_entities
        moved += store.n_entities + <uint64_t>len(delta.gone) * (i + 1)
    if total >= BASE_OWNER:
        raise GenerationDamaged("entities.bin", "more subjects than numbers")
    levels.n = len(deltas)
    levels.base = base.store.n_entities
    levels.end = <uint32_t>total
    levels.n_moved_slots = 64
    while levels.n_moved_slots < 2 * moved:
        levels.n_moved_slots *= 2
    levels.masked = <uint64_t*>calloc(total // 64 + 2, 8)
    levels.masked_names = <uint64_t*>calloc(base.store.names.n_ordinals // 64 + 2, 8)
    levels.moved = <Moved*>calloc(levels.n_moved_slots, sizeof(Moved))
    if levels.masked == NULL or levels.masked_names == NULL or levels.moved == NULL:
        raise MemoryError
    for i in range(<int>levels.n_moved_slots):
        levels.moved[i].number = NO_ENTITY
    return 0


def overlay(Generation base not None, list deltas not None, uint64_t sequence, dict live, str made_with=""):
    cdef _LevelsMemory memory = _LevelsMemory()
    cdef Generation view = Generation.__new__(Generation)
    cdef uint64_t number = view.store.view
    cdef Overlaid overlaid[LEVELS_MAX]
    cdef DeltaGeneration delta
    cdef bytes told = json.dumps({"made_with": made_with, "registers": live}, sort_keys=True,
                                 separators=(",", ":")).encode()
    cdef int i
    if len(deltas) > LEVELS_MAX:
        raise GenerationDamaged("view", f"more than {LEVELS_MAX} levels")
    for delta in deltas:
        if delta.base is not base:
            raise GenerationDamaged("view", "a delta of another generation")
    _place_levels(memory, base, deltas)
    for i, delta in enumerate(deltas):
        overlaid[i].store = delta.generation.store
        overlaid[i].replaced = delta.replaced
        overlaid[i].gone = <const uint8_t*>PyBytes_AS_STRING(delta.gone_ids)
        overlaid[i].n_gone = <uint32_t>(PyBytes_GET_SIZE(delta.gone_ids) // 16)
    with nogil:
        for i in range(memory.levels.n):
            _replace_older(&memory.levels, base.store, overlaid, i)
    memory.levels.sequence = sequence
    memory.levels.fed = PyBytes_AS_STRING(told)
    memory.levels.fed_size = PyBytes_GET_SIZE(told)
    memcpy(view.store, base.store, sizeof(Store))
    view.store.view = number
    view.store.levels = &memory.levels
    view._over_another = True
    view._texts.extend((base, memory, list(deltas), told))
    view.directory = base.directory
    view.generation_id = base.generation_id
    view.manifest = {**base.manifest, "registers": [{**r, **live.get(r["id"], {})} for r in base.manifest["registers"]]}
    view._fill_registers()
    return view
