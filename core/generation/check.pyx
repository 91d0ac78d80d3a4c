"""Checks of a whole generation: hashes of its files, and every dossier, key, name and plate in them."""

import hashlib

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from core.generation.dossier cimport AlertEntry, ClaimEntry, DossierHeader, IdentifierEntry, OwnerEntry, RecordEntry
from core.generation.keys cimport key_hash, keys_find, keys_walk
from core.generation.plates cimport PLATE_DAMAGED, PLATE_FOUND, PlateRow, PlateScan, plate_next, plate_scan
from core.generation.store cimport STORE_OK, Generation, Store, store_dossier, store_error_text
from core.identifiers.kinds cimport KEY_PLATE, KEY_SUBJECT
from core.name_index.file cimport names_whole
from core.errors import GenerationDamaged

cdef enum:
    WRONG_ORDER = 1              # what a key or posting may also be, besides damaged
    WRONG_ENTITY = 2
    HOLDERS = 65536              # of one identifier: more are not searched for the dossier

cdef struct Walk:
    const Store* store
    uint64_t hash
    uint32_t entity
    uint64_t pairs


cdef int _visit(void* context, uint64_t hash, uint32_t entity) noexcept nogil:
    cdef Walk* walk = <Walk*>context
    if walk.pairs and (hash < walk.hash or (hash == walk.hash and entity <= walk.entity)):
        return WRONG_ORDER
    if entity >= walk.store.n_entities:
        return WRONG_ENTITY
    walk.hash = hash
    walk.entity = entity
    walk.pairs += 1
    return 0


cdef bint _is_found(const Store* store, uint64_t hash, uint32_t entity, uint32_t* room) noexcept nogil:
    """Returns whether a key leads to an entity."""
    cdef int64_t count = keys_find(&store.keys, hash, room, HOLDERS)
    cdef int64_t low = 0, high = count, middle
    if count > HOLDERS:
        return True
    while low < high:
        middle = (low + high) // 2
        if room[middle] < entity:
            low = middle + 1
        else:
            high = middle
    return low < count and room[low] == entity


cdef int _plate_key(const uint8_t* text, uint32_t length, uint8_t* key) noexcept nogil:
    """"P-123BCD|GTM" as "GTM:123BCD" in at most 256 bytes; its length, -1 when it is no plate."""
    cdef uint32_t dash = 0, i
    if length < 6 or length > 256 or text[length - 4] != b"|"[0]:
        return -1
    while dash < length and text[dash] != b"-"[0]:
        dash += 1
    if dash + 5 > length:
        return -1
    for i in range(3):
        key[i] = text[length - 3 + i]
    key[3] = b":"[0]
    for i in range(dash + 1, length - 4):
        key[3 + i - dash] = text[i]
    return <int>(length - dash - 1)


cdef bint _is_reachable(const Store* store, const uint8_t* dossier, uint32_t* room) noexcept nogil:
    """Returns whether every identifier of a dossier leads to it."""
    cdef const DossierHeader* header = <const DossierHeader*>dossier
    cdef const IdentifierEntry* entries = <const IdentifierEntry*>(
        dossier + sizeof(DossierHeader) + header.n_alerts * sizeof(AlertEntry) + header.n_records * sizeof(RecordEntry)
        + header.n_owners * sizeof(OwnerEntry) + header.n_claims * sizeof(ClaimEntry)
    )
    cdef const uint8_t* text
    cdef uint8_t plate[256]
    cdef int length, i
    if not _is_found(store, key_hash(KEY_SUBJECT, header.subject_id, 16), header.entity, room):
        return False
    for i in range(header.n_identifiers):
        text = dossier + entries[i].offset
        length = entries[i].length
        if entries[i].kind == KEY_PLATE:
            length = _plate_key(text, entries[i].length, plate)
            if length < 0:
                return False
            text = plate
        if not _is_found(store, key_hash(entries[i].kind, text, length), header.entity, room):
            return False
    return True


def _check_dossiers(Generation generation not None):
    cdef const Store* store = generation.store
    cdef const uint8_t* dossier
    cdef uint32_t entity = 0, length
    cdef int status = STORE_OK
    cdef bint reachable = True
    cdef bytearray memory = bytearray(HOLDERS * 4)
    cdef uint32_t* room = <uint32_t*><char*>memory
    with nogil:
        while entity < store.n_entities:
            status = store_dossier(store, entity, &dossier, &length)
            if status != STORE_OK:
                break
            reachable = _is_reachable(store, dossier, room)
            if not reachable:
                break
            entity += 1
    if status != STORE_OK:
        raise GenerationDamaged("dossiers.bin", f"dossier {entity}: {store_error_text(status).decode()}")
    if not reachable:
        raise GenerationDamaged("keys.mdb", f"an identifier of dossier {entity} does not lead to it")


def _check_keys(Generation generation not None):
    cdef Walk walk
    cdef int status
    walk.store = generation.store
    walk.pairs = 0
    with nogil:
        status = keys_walk(&walk.store.keys, _visit, &walk)
    if status == WRONG_ORDER:
        raise GenerationDamaged("keys.mdb", "its keys are out of order")
    if status == WRONG_ENTITY:
        raise GenerationDamaged("keys.mdb", "a key leads outside the entity table")
    if status:
        raise GenerationDamaged("keys.mdb", "a page is damaged")
    if walk.pairs != walk.store.keys.n_entries:
        raise GenerationDamaged("keys.mdb", "it holds another number of keys than it says")


def _check_names(Generation generation not None):
    if not names_whole(&generation.store.names):
        raise GenerationDamaged("names.bin", "a list or a row is damaged")


def _check_plates(Generation generation not None):
    cdef const Store* store = generation.store
    cdef PlateScan scan
    cdef const PlateRow* row
    cdef int status
    plate_scan(&store.plates, &scan, <const uint8_t*>b"*", 1, NULL, 0, NULL, 0, NULL, 0, 0)
    with nogil:
        status = plate_next(&scan, &row)
        while status == PLATE_FOUND and store.n_persons <= row.entity < store.n_entities:
            status = plate_next(&scan, &row)
    if status == PLATE_FOUND:
        raise GenerationDamaged("plates.bin", "a plate leads to no vehicle")
    if status == PLATE_DAMAGED:
        raise GenerationDamaged("plates.bin", "a block is damaged")


def verify(Generation generation not None, *, deep=False):
    for name, stated in sorted(generation.manifest["files"].items()):
        path = generation.directory / name
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        except OSError as error:
            raise GenerationDamaged(name, error.strerror or "cannot be read") from error
        if size != stated["bytes"]:
            raise GenerationDamaged(name, f"{size} bytes, but not the size that the manifest states")
        if digest != stated["sha256"]:
            raise GenerationDamaged(name, "its SHA-256 is not the manifest's")
    if deep:
        _check_dossiers(generation)
        _check_keys(generation)
        _check_names(generation)
        _check_plates(generation)
