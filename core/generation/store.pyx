"""A published generation, mapped read-only: keys, dossiers, names, plates."""

import itertools
import mmap
from contextlib import suppress
from pathlib import Path

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy

from core.files.layout cimport ENTITY_ROW_SIZE, FORMAT_VERSION, HEADER_SIZE, EntityRow, FileHeader
from core.generation.bounds cimport dossier_inside
from core.generation.dossier cimport (
    DOSSIER_MAGIC, ENTITY_VEHICLE, AlertEntry, ClaimEntry, DossierHeader, IdentifierEntry, OwnerEntry, RecordEntry,
)
from core.generation.levels cimport Level, add_level_holders, ask_levels_for, level_of_number, sort_numbers, unmasked_holders
from core.generation.keys cimport KeysPlace, key_hash, keys_close, keys_find, keys_find_placed, keys_open, keys_place
from core.generation.plates cimport PLATE_DAMAGED, PLATE_END, PlateRow, PlateScan, plate_next, plate_scan, plates_open
from core.identifiers.kinds cimport (
    KEY_CHASSIS_TAIL, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_ENGINE_TAIL, KEY_PLATE, KEY_SUBJECT, KEY_VIN,
)
from core.machine.invariant cimport LAYOUT
from core.machine.prefetch cimport prefetch
from core.machine.xxhash cimport XXH3_64bits
from core.name_index.file cimport names_close, names_open
from core.errors import DossierDamaged, GenerationDamaged
from core.generation.manifest import read_manifest
from core.generation.registers import register_entry

cdef enum:
    PREFETCHED = 4096            # bytes of a dossier

_views = itertools.count(1)

_MAGIC = {"entities.bin": b"RNDENTIT", "dossiers.bin": b"RNDDOSSI", "names.bin": b"RNDNAMES", "plates.bin": b"RNDPLATE"}


# ---- the C interface ----

cdef void store_place(const Store* store, uint8_t kind, const void* text, size_t length, KeysPlace* place) noexcept nogil:
    if place.leaf == NULL:
        place.hash = key_hash(kind, text, length)  # of an empty file too: levels may hold it
    keys_place(&store.keys, place.hash, place)


cdef int64_t store_lookup_placed(const Store* store, KeysPlace* place, uint32_t* entities, size_t capacity) noexcept nogil:
    cdef uint64_t hash = place.hash
    cdef int64_t found = keys_find_placed(&store.keys, place, entities, capacity)
    if store.levels != NULL and found >= 0:
        return _lookup_levels(store, hash, entities, found, capacity)
    return STORE_KEYS if found < 0 else found


cdef int64_t store_lookup(const Store* store, uint8_t kind, const void* text, size_t length,
                          uint32_t* entities, size_t capacity) noexcept nogil:
    cdef KeysPlace place
    place.leaf = NULL
    store_place(store, kind, text, length, &place)
    if store.levels != NULL:
        ask_levels_for(store.levels, place.hash)
    return store_lookup_placed(store, &place, entities, capacity)


cdef int64_t _lookup_levels(const Store* store, uint64_t hash, uint32_t* entities, int64_t found,
                            size_t capacity) noexcept nogil:
    """Keeps, of the base's `found` holders, those that no level replaces; adds the levels' own."""
    cdef const Levels* levels = store.levels
    cdef uint32_t* all_of_them
    cdef int64_t kept = found
    if found and <size_t>found <= capacity:
        kept = unmasked_holders(levels, entities, found)
    elif found:                  # more than asked for: which of them are masked decides who comes first
        all_of_them = <uint32_t*>malloc(found * sizeof(uint32_t))
        if all_of_them == NULL or keys_find(&store.keys, hash, all_of_them, <size_t>found) != found:
            free(all_of_them)
            return STORE_KEYS
        kept = unmasked_holders(levels, all_of_them, found)
        if kept > 0:
            memcpy(entities, all_of_them, min(<size_t>kept, capacity) * sizeof(uint32_t))
        free(all_of_them)
    if kept < 0:
        return STORE_KEYS
    kept = add_level_holders(levels, hash, entities, kept, capacity)
    sort_numbers(levels, entities, min(kept, <int64_t>capacity))
    return STORE_KEYS if kept < 0 else kept


cdef int store_dossier(const Store* store, uint32_t entity, const uint8_t** dossier, uint32_t* length) noexcept nogil:
    cdef const Level* level
    if entity < store.n_entities:
        return _read_dossier(&store.entities[entity], entity, store.dossiers, store.dossiers_size, dossier, length)
    level = level_of_number(store.levels, entity) if store.levels != NULL else NULL
    if level == NULL:
        return STORE_NO_ENTITY
    entity -= level.first
    return _read_dossier(&level.entities[entity], entity, level.dossiers, level.dossiers_size, dossier, length)


cdef inline int _read_dossier(const EntityRow* row, uint32_t entity, const uint8_t* dossiers, uint64_t size,
                              const uint8_t** dossier, uint32_t* length) noexcept nogil:
    cdef const DossierHeader* header
    cdef const uint8_t* bytes
    if (row.offset < HEADER_SIZE or row.offset & 7 or row.length < sizeof(DossierHeader)
            or row.offset > size or row.length > size - row.offset):
        return STORE_OUTSIDE
    bytes = dossiers + row.offset
    header = <const DossierHeader*>bytes
    if header.magic != <uint32_t>DOSSIER_MAGIC or header.length != row.length:
        return STORE_MAGIC
    if header.entity != entity:
        return STORE_OTHER_ENTITY
    if header.kind != row.kind:
        return STORE_MAGIC
    if header.checksum != XXH3_64bits(bytes + 16, row.length - 16):
        return STORE_CHECKSUM
    if not dossier_inside(bytes, row.length):
        return STORE_ENTRY
    dossier[0] = bytes
    length[0] = row.length
    return STORE_OK


cdef uint8_t store_kind(const Store* store, uint32_t entity) noexcept nogil:
    cdef const Level* level
    if entity < store.n_entities:
        return store.entities[entity].kind
    level = level_of_number(store.levels, entity) if store.levels != NULL else NULL
    return level.entities[entity - level.first].kind if level != NULL else 0


cdef void store_prefetch_entity(const Store* store, uint32_t entity) noexcept nogil:
    cdef const Level* level
    if entity < store.n_entities:
        prefetch(&store.entities[entity])
    elif store.levels != NULL:
        level = level_of_number(store.levels, entity)
        if level != NULL:
            prefetch(&level.entities[entity - level.first])


cdef void store_prefetch_dossier(const Store* store, uint32_t entity) noexcept nogil:
    cdef const Level* level
    if entity < store.n_entities:
        _prefetch_dossier(&store.entities[entity], store.dossiers, store.dossiers_size)
    elif store.levels != NULL:
        level = level_of_number(store.levels, entity)
        if level != NULL:
            _prefetch_dossier(&level.entities[entity - level.first], level.dossiers, level.dossiers_size)


cdef inline void _prefetch_dossier(const EntityRow* row, const uint8_t* dossiers, uint64_t size) noexcept nogil:
    """All of it, for its checksum is taken of all; of a long one as much as memory brings at once."""
    cdef uint64_t at = row.offset & ~<uint64_t>63
    cdef uint64_t end = min(row.offset + min(row.length, <uint32_t>PREFETCHED), size)
    while at < end:
        prefetch(dossiers + at)
        at += 64


cdef const char* store_error_text(int error) noexcept nogil:
    if error == STORE_NO_ENTITY:
        return "no such entity"
    if error == STORE_OUTSIDE:
        return "the entity table points outside dossiers.bin"
    if error == STORE_MAGIC:
        return "no dossier where the entity table points"
    if error == STORE_OTHER_ENTITY:
        return "the dossier of another entity"
    if error == STORE_CHECKSUM:
        return "its checksum does not hold"
    if error == STORE_ENTRY:
        return "an entry points outside it"
    if error == STORE_KEYS:
        return "a page of keys.mdb is damaged"
    return "well"


cdef inline bint _ends_with(const uint8_t* text, size_t length, const uint8_t* tail, size_t tail_length) noexcept nogil:
    return length >= tail_length and memcmp(text + length - tail_length, tail, tail_length) == 0


cdef inline bint _plate_holds(const uint8_t* entry, size_t length, const uint8_t* key, size_t key_length) noexcept nogil:
    """Returns whether "P-123BCD|GTM" is the plate of key "GTM:123BCD"."""
    cdef size_t plate_length
    if key_length < 4 or length < key_length + 1 or key[3] != b":"[0] or entry[length - 4] != b"|"[0]:
        return False
    plate_length = key_length - 4
    if memcmp(entry + length - 3, key, 3) != 0 or memcmp(entry + length - 4 - plate_length, key + 4, plate_length) != 0:
        return False
    return entry[length - 5 - plate_length] == b"-"[0]


cdef int dossier_identifier(const uint8_t* dossier, uint8_t kind, const void* text, size_t length, int start) noexcept nogil:
    cdef const DossierHeader* header = <const DossierHeader*>dossier
    cdef const IdentifierEntry* entries
    cdef const uint8_t* wanted = <const uint8_t*>text
    cdef const uint8_t* held
    cdef size_t held_length
    cdef uint8_t stored = kind
    cdef bint fits
    cdef int i
    if kind == KEY_SUBJECT:
        return 0 if start <= 0 and length == 16 and memcmp(header.subject_id, wanted, 16) == 0 else -1
    if kind == KEY_DOCUMENT_NUMBER:
        stored = KEY_DOCUMENT
    elif kind == KEY_CHASSIS_TAIL:
        stored = KEY_VIN
    elif kind == KEY_ENGINE_TAIL:
        stored = KEY_ENGINE
    entries = <const IdentifierEntry*>(
        dossier + sizeof(DossierHeader) + header.n_alerts * sizeof(AlertEntry) + header.n_records * sizeof(RecordEntry)
        + header.n_owners * sizeof(OwnerEntry) + header.n_claims * sizeof(ClaimEntry)
    )
    for i in range(start, header.n_identifiers):
        if entries[i].kind != stored:
            continue
        held = dossier + entries[i].offset
        held_length = entries[i].length
        if kind == stored and kind != KEY_PLATE:
            fits = held_length == length and memcmp(held, wanted, length) == 0
        elif kind == KEY_PLATE:
            fits = _plate_holds(held, held_length, wanted, length)
        elif kind == KEY_DOCUMENT_NUMBER:
            fits = held_length == length + 4 and held[3] == b":"[0] and memcmp(held + 4, wanted, length) == 0
        else:
            fits = length > 0 and _ends_with(held, held_length, wanted, length)
        if fits:
            return i
    return -1


# ---- the class ----

cdef class Generation:
    """Files of one generation. Safe from several threads; the files stay readable when the directory is removed."""

    def __cinit__(self):
        self.store = <Store*>calloc(1, sizeof(Store))
        if self.store == NULL:
            raise MemoryError
        self.store.view = next(_views)
        self._mappings = []
        self._texts = []

    def __dealloc__(self):
        if self.store != NULL and not self._over_another:
            names_close(&self.store.names)
            keys_close(&self.store.keys)
        free(self.store)

    cdef int _map(self, str name, object wanted, const uint8_t** data, uint64_t* size) except -1:
        """Maps a file with a size stated in the manifest, and checks its header if it has one."""
        cdef Py_buffer buffer
        cdef const FileHeader* header
        path = self.directory / name
        try:
            found = path.stat().st_size  # before it is opened: a pipe in its place has none, and would be waited for
            if not isinstance(wanted, dict) or found != wanted.get("bytes"):
                raise GenerationDamaged(name, f"{found} bytes, but not the size that the manifest states")
            if found < 2 * HEADER_SIZE and name != "entities.bin" and name != "dossiers.bin" or found < HEADER_SIZE:
                raise GenerationDamaged(name, "too short to be one")
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with suppress(OSError):  # no such pages here
                mapped.madvise(mmap.MADV_HUGEPAGE)  # what is not in memory yet is read in large pages
        except OSError as error:
            raise GenerationDamaged(name, error.strerror or "cannot be read") from error
        PyObject_GetBuffer(mapped, &buffer, PyBUF_SIMPLE)
        data[0] = <const uint8_t*>buffer.buf
        size[0] = <uint64_t>buffer.len
        PyBuffer_Release(&buffer)  # the mapping lives as long as `mapped`, which nothing else can close
        self._mappings.append(mapped)
        if name == "keys.mdb":
            return 0
        header = <const FileHeader*>data[0]
        if header.magic[:8] != <bytes>_MAGIC[name] or header.checksum != XXH3_64bits(header, HEADER_SIZE - 8):
            raise GenerationDamaged(name, "its header is damaged")
        if header.version != FORMAT_VERSION:
            raise GenerationDamaged(name, f"format {header.version}; this program reads format {FORMAT_VERSION}")
        if header.build != self.store.build:
            raise GenerationDamaged(name, "it belongs to another generation")
        return 0

    @staticmethod
    def open(directory):
        cdef Generation generation = Generation()
        cdef Store* store = generation.store
        cdef const uint8_t* data
        cdef const char* why
        cdef uint64_t size
        cdef uint32_t low, high, middle
        generation.directory = Path(directory)
        manifest = read_manifest(generation.directory).model_dump(exclude_unset=True)
        generation.manifest = manifest
        generation.generation_id = manifest["generation_id"]
        files = manifest["files"]
        generation._map("keys.mdb", files.get("keys.mdb"), &data, &size)
        why = keys_open(&store.keys, data, size)
        if why != NULL:
            raise GenerationDamaged("keys.mdb", why.decode())
        store.build = store.keys.build
        generation._map("entities.bin", files.get("entities.bin"), &data, &size)
        LAYOUT(sizeof(FileHeader) == HEADER_SIZE)
        LAYOUT(sizeof(EntityRow) == ENTITY_ROW_SIZE)
        store.entities = <const EntityRow*>(data + HEADER_SIZE)
        if (size - HEADER_SIZE) % sizeof(EntityRow) or (size - HEADER_SIZE) // sizeof(EntityRow) >= <uint64_t>0xFFFFFFF0:
            raise GenerationDamaged("entities.bin", "it ends within a row")
        store.n_entities = <uint32_t>((size - HEADER_SIZE) // sizeof(EntityRow))
        low = 0
        high = store.n_entities
        while low < high:  # persons come first
            middle = low + (high - low) // 2
            if store.entities[middle].kind < ENTITY_VEHICLE:
                low = middle + 1
            else:
                high = middle
        store.n_persons = low
        generation._map("dossiers.bin", files.get("dossiers.bin"), &store.dossiers, &store.dossiers_size)
        generation._map("names.bin", files.get("names.bin"), &data, &size)
        why = names_open(&store.names, data, size)
        if why != NULL:
            raise GenerationDamaged("names.bin", why.decode())
        if store.names.tables.n_entities != store.n_persons:
            raise GenerationDamaged("entities.bin", "it holds another number of persons than names.bin")
        generation._map("plates.bin", files.get("plates.bin"), &data, &size)
        why = plates_open(&store.plates, data, size)
        if why != NULL:
            raise GenerationDamaged("plates.bin", why.decode())
        generation._fill_registers()
        return generation

    def _fill_registers(self):
        cdef Store* store = self.store
        cdef Register* register
        cdef bytes text
        registers = self.manifest["registers"]
        if len(registers) > MAX_REGISTERS:
            raise GenerationDamaged("MANIFEST.json", f"more than {MAX_REGISTERS} registers")
        text = self.generation_id.encode()
        self._texts.append(text)
        store.generation_id = <const uint8_t*>PyBytes_AS_STRING(text)
        store.generation_id_length = <uint32_t>PyBytes_GET_SIZE(text)
        store.built_at_ms = self.manifest["built_at_ms"]
        for i in range(MAX_REGISTERS):
            store.authority[i] = -1
        store.n_registers = len(registers)
        for i, stated in enumerate(registers):
            try:
                entry = register_entry(stated, i)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise GenerationDamaged("MANIFEST.json", f"register {i}: {error!r}") from error
            register = &store.registers[i]
            register.loaded = entry.loaded
            register.carried_forward = entry.carried_forward
            register.roles_person = entry.roles_person
            register.roles_vehicle = entry.roles_vehicle
            register.sections = entry.sections
            register.needed_person = entry.needed_person
            register.needed_vehicle = entry.needed_vehicle
            register.identifies = entry.identifies
            register.authoritative = entry.authoritative
            register.standards = entry.standards
            register.stale_after_ms = entry.stale_after_ms
            register.as_of_ms = entry.as_of_ms
            register.rows_read = entry.rows_read
            register.rows_refused = entry.rows_refused
            self._texts.append(entry)
            text = entry.id
            register.id = <const uint8_t*>PyBytes_AS_STRING(text)
            register.id_length = <uint32_t>PyBytes_GET_SIZE(text)
            text = entry.name
            register.name = <const uint8_t*>PyBytes_AS_STRING(text)
            register.name_length = <uint32_t>PyBytes_GET_SIZE(text)
            text = entry.status
            register.status = <const uint8_t*>PyBytes_AS_STRING(text)
            register.status_length = <uint32_t>PyBytes_GET_SIZE(text)
            text = entry.as_of
            register.as_of = <const uint8_t*>PyBytes_AS_STRING(text)
            register.as_of_length = <uint32_t>PyBytes_GET_SIZE(text)
            for kind in range(32):
                if entry.authoritative >> kind & 1 and store.authority[kind] < 0:
                    store.authority[kind] = i

    def close(self):
        """Lets go of the files. Nothing may be looked up afterwards."""
        self.store.n_entities = 0
        self.store.n_persons = 0
        self.store.n_registers = 0
        if not self._over_another:
            names_close(&self.store.names)
            keys_close(&self.store.keys)
        self.store.keys.root = <uint64_t>-1
        self.store.keys.firsts = NULL
        self.store.levels = NULL
        self.store.plates.n_rows = 0
        self._mappings.clear()

    @property
    def entities(self):
        return self.store.n_entities

    @property
    def persons(self):
        return self.store.n_persons

    def lookup(self, int kind, text):
        cdef bytes wanted = text if isinstance(text, bytes) else text.encode()
        cdef const uint8_t* dossier
        cdef uint32_t length
        cdef int64_t count, i
        cdef int status
        cdef uint32_t first[16]
        cdef uint32_t* found = first
        count = store_lookup(self.store, kind, PyBytes_AS_STRING(wanted), PyBytes_GET_SIZE(wanted), first, 16)
        if count < 0:
            raise GenerationDamaged("keys.mdb", "a page is damaged")
        try:
            if count > 16:
                found = <uint32_t*>malloc(count * sizeof(uint32_t))
                if found == NULL:
                    raise MemoryError
                store_lookup(self.store, kind, PyBytes_AS_STRING(wanted), PyBytes_GET_SIZE(wanted), found, count)
            holders = []
            for i in range(count):
                status = store_dossier(self.store, found[i], &dossier, &length)
                if status != STORE_OK:
                    raise DossierDamaged(found[i], store_error_text(status).decode())
                if dossier_identifier(dossier, kind, PyBytes_AS_STRING(wanted), PyBytes_GET_SIZE(wanted), 0) >= 0:
                    holders.append(found[i])
            return holders
        finally:
            if found != first:
                free(found)

    def dossier(self, uint32_t entity):
        cdef const uint8_t* dossier
        cdef uint32_t length
        cdef int status = store_dossier(self.store, entity, &dossier, &length)
        if status == STORE_NO_ENTITY:
            raise IndexError(entity)
        if status != STORE_OK:
            raise DossierDamaged(entity, store_error_text(status).decode())
        return PyBytes_FromStringAndSize(<const char*>dossier, length)

    def plates(self, str pattern, *, str type="", str make="", str colour="", int model_year=0):
        cdef PlateScan scan
        cdef const PlateRow* row
        cdef int status
        cdef bytes pattern_bytes = pattern.encode(), type_bytes = type.encode(), make_bytes = make.encode()
        cdef bytes colour_bytes = colour.encode()
        if plate_scan(&self.store.plates, &scan, pattern_bytes, len(pattern_bytes), type_bytes, len(type_bytes),
                      make_bytes, len(make_bytes), colour_bytes, len(colour_bytes), model_year) < 0:
            raise ValueError("a pattern of 1 to 16 characters is wanted")
        found = []
        while True:
            status = plate_next(&scan, &row)
            if status == PLATE_END:
                return found
            if status == PLATE_DAMAGED:
                raise GenerationDamaged("plates.bin", "a block is damaged")
            borne = (<bytes>row.type[:3]).rstrip(b"\0") or b"?"
            plate = borne + b"-" + (<bytes>row.plate[:10]).rstrip(b"\0") + b"|" + <bytes>row.country[:3]
            found.append((plate.decode(), row.entity))
