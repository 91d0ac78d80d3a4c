# A published generation, mapped for reading. The C interface below needs no GIL and is safe from several threads.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from core.files.layout cimport EntityRow
from core.generation.dossier cimport ENTITY_VEHICLE, DossierHeader
from core.generation.keys cimport KeysPlace
from core.generation.levels cimport Levels, number_in_dossier
from core.generation.lmdb_page cimport KeysFile
from core.generation.plates cimport PlatesFile
from core.name_index.file cimport NamesFile

cdef enum:
    MAX_REGISTERS = 64

# Results of store_lookup (below 0) and store_dossier. store_error_text gives their words.
cdef enum:
    STORE_OK = 0
    STORE_NO_ENTITY = -1         # entity number outside the table
    STORE_OUTSIDE = -2           # the table points outside dossiers.bin
    STORE_MAGIC = -3             # no dossier there, or another length or kind than the table's
    STORE_OTHER_ENTITY = -4      # the dossier of somebody else
    STORE_CHECKSUM = -5
    STORE_ENTRY = -6             # an entry points outside its dossier
    STORE_KEYS = -7              # a page of keys.mdb is damaged

cdef enum:
    # Register.identifies: bit (1 << KEY_*); "document" (GTM) is 1 << KEY_DOCUMENT, and
    IDENTIFIES_FOREIGN_DOCUMENT = 1 << 30

cdef struct Register:            # one entry of the manifest's "registers"; its place in Store.registers is its ordinal
    bint loaded                  # false = MISSING: never loaded or withdrawn
    bint carried_forward
    uint32_t roles_person        # bit (1 << RegisterRole)
    uint32_t roles_vehicle
    uint64_t sections            # bit (1 << Section): sections that it fills
    uint64_t needed_person       # bit (1 << Section): sections that it fills as alert or identity, for persons
    uint64_t needed_vehicle
    uint32_t identifies
    uint32_t authoritative       # bit (1 << AlertKind)
    uint32_t standards           # RECORD_STANDARD_* bits (core/generation/dossier.pxd)
    int64_t stale_after_ms
    int64_t as_of_ms             # 0 when not loaded
    uint32_t rows_read
    uint32_t rows_refused
    const uint8_t* id            # UTF-8
    uint32_t id_length
    const uint8_t* name          # UTF-8, Spanish
    uint32_t name_length
    const uint8_t* status        # RegisterStatus encoded without `state` (3) and `roles` (5): register_id, name, as_of (if
    uint32_t status_length       # loaded), carried_forward, rows_refused; append fields 3 and 5
    const uint8_t* as_of         # google.protobuf.Timestamp of as_of_ms, encoded, without a tag (for Hit.source_as_of)
    uint32_t as_of_length        # 0 when not loaded


cdef enum:
    REGISTERS_MAX = 64           # of a generation: a set of them is one word
    ALERT_KINDS_MAX = 64         # numbers of ronda.v1.AlertKind below it

cdef struct Store:
    const uint8_t* dossiers
    uint64_t dossiers_size
    const EntityRow* entities    # after the header
    uint32_t n_entities
    uint32_t n_persons           # entities [0, n_persons) are persons, organisations, unidentified; the others vehicles, plates
    NamesFile names
    PlatesFile plates
    int32_t n_registers
    Register registers[REGISTERS_MAX]
    int32_t authority[ALERT_KINDS_MAX]  # by AlertKind: ordinal of the first register that is authoritative for it; -1 = none
    const uint8_t* generation_id  # UTF-8
    uint32_t generation_id_length
    int64_t built_at_ms
    uint64_t build
    KeysFile keys                # core/generation/keys.pxd
    const Levels* levels         # what lies over it: core/generation/levels.pxd; NULL = nothing
    uint64_t view                # of this process: no two Stores that were opened have the same

# Entities that hold an identifier, ascending: `kind` is a KEY_* of core/generation/dossier.pxd, `text` its canonical form as drawn there.
# Writes at most `capacity` numbers and returns how many there are in all (it may be more than `capacity`), or STORE_KEYS.
# Two identifiers may share a hash: compare with dossier_identifier before believing it.
cdef int64_t store_lookup(const Store* store, uint8_t kind, const void* text, size_t length,
                          uint32_t* entities, size_t capacity) noexcept nogil
# The dossier of an entity: STORE_OK, with magic, length, number and checksum verified and every entry's offsets inside it;
# or what is wrong. The bytes are borrowed from the mapping: valid while the Generation lives.
cdef int store_dossier(const Store* store, uint32_t entity, const uint8_t** dossier, uint32_t* length) noexcept nogil
# Kind of an entity (ENTITY_*), 0 outside the table. From entities.bin: no dossier is touched.
cdef uint8_t store_kind(const Store* store, uint32_t entity) noexcept nogil
# Returns whether an entity is a person, organisation or unidentified.
cdef inline bint store_is_person(const Store* store, uint32_t entity) noexcept nogil:
    if entity < store.n_entities:
        return entity < store.n_persons
    return store.levels != NULL and 0 < store_kind(store, entity) < ENTITY_VEHICLE
# The entity that a number in an OwnerEntry of `dossier` means: where a newer level has the owner, that one; NO_ENTITY = nobody.
cdef inline uint32_t store_owner(const Store* store, const uint8_t* dossier, uint32_t number) noexcept nogil:
    return number if store.levels == NULL else number_in_dossier(store.levels, dossier, number)
# Returns the entity of a dossier.
cdef inline uint32_t store_entity_of(const Store* store, const uint8_t* dossier) noexcept nogil:
    cdef uint32_t number = (<const DossierHeader*>dossier).entity
    return number if store.levels == NULL else number_in_dossier(store.levels, dossier, number)
# Returns the ledger's sequence up to which the levels hold changes; 0 = there are no levels.
cdef inline uint64_t store_sequence(const Store* store) noexcept nogil:
    return store.levels.sequence if store.levels != NULL else 0
# Hints for batches: first every key is placed (core/generation/keys.pxd), then looked up; first every entity, then every dossier,
# then read.
cdef void store_place(const Store* store, uint8_t kind, const void* text, size_t length, KeysPlace* place) noexcept nogil
cdef int64_t store_lookup_placed(const Store* store, KeysPlace* place, uint32_t* entities, size_t capacity) noexcept nogil
cdef void store_prefetch_entity(const Store* store, uint32_t entity) noexcept nogil
cdef void store_prefetch_dossier(const Store* store, uint32_t entity) noexcept nogil
cdef const char* store_error_text(int error) noexcept nogil

# Index of the first IdentifierEntry from `start` on that holds this lookup key, or -1. It understands every KEY_*: tails and
# document numbers compare with the end of KEY_VIN, KEY_ENGINE and KEY_DOCUMENT entries, "GTM:123BCD" with "P-123BCD|GTM".
# The same identifier has one entry for each (section, sensitivity) that states it: go on with start = found + 1 until one is visible.
# KEY_SUBJECT compares the header (0 or -1). The dossier must have passed store_dossier.
cdef int dossier_identifier(const uint8_t* dossier, uint8_t kind, const void* text, size_t length, int start) noexcept nogil

cdef class Generation:
    cdef Store* store            # never NULL while open
    cdef readonly dict manifest
    cdef readonly str generation_id
    cdef readonly object directory
    cdef list _mappings          # (mmap, memoryview) of each file
    cdef list _texts             # bytes that registers point to
    cdef bint _over_another      # its files are another's, which _texts holds
    cdef int _map(self, str name, object wanted, const uint8_t** data, uint64_t* size) except -1
