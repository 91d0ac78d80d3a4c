# The dossier of one entity, made from its records (bytes: core/generation/dossier.pxd).

from libc.stdint cimport uint64_t

from core.assembly.claims cimport Facts
from core.assembly.record cimport Entity
from core.files.output cimport OutputFile
from core.files.spill cimport Spill
from core.generation.plates_writer cimport PlateRows
from core.name_index.writer cimport NamesWriter
from core.wire cimport Buffer

cdef enum:
    ASSEMBLED = 0
    ASSEMBLY_MEMORY = -1
    ASSEMBLY_DISK = -2           # errno says why
    ASSEMBLY_REFERENCE = -3      # a payload that does not start with its record reference
    ASSEMBLY_TOO_MANY = -4       # more alerts, owners, claims or identifiers than 65,535, or 4 GiB

cdef struct Scratch:             # kept from one entity to the next
    Buffer order
    Buffer claim_indexes
    Buffer alerts
    Buffer records
    Buffer owners
    Buffer claims
    Buffer identifiers
    Buffer heap

cdef struct Counts:
    uint64_t records
    uint64_t alerts
    uint64_t possible_links

cdef void scratch_init(Scratch* scratch) noexcept nogil
cdef void scratch_free(Scratch* scratch) noexcept nogil
# Writes the dossier and its row of the entity table, and collects keys, names and plates. ASSEMBLED or what went wrong.
cdef int assemble_dossier(Entity* entity, const Facts* facts, Scratch* scratch, OutputFile dossiers, OutputFile entities,
                          Spill keys, NamesWriter names, PlateRows plates, Counts* counts) noexcept nogil
