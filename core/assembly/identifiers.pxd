# Identifiers that the records of one subject state, and the keys under which it is found.

from libc.stdint cimport uint32_t

from core.assembly.claims cimport Facts
from core.assembly.record cimport Entity
from core.files.spill cimport Spill
from core.generation.plates_writer cimport PlateRows
from core.wire cimport Buffer

# Fills `identifiers` (IdentifierEntry[], sorted by kind, offsets counted from the heap's start), appends their texts to `heap` and
# their keys to `keys`. 0, or -1 = the disk failed (errno).
cdef int collect_identifiers(Entity* entity, const Facts* facts, bint vehicle, Buffer* identifiers, Buffer* heap,
                             Spill keys) noexcept nogil
# Adds a row for each plate that a vehicle bears or bore.
cdef void collect_plates(Entity* entity, const Buffer* identifiers, const Buffer* heap, PlateRows rows) noexcept nogil
# Index of the first VEHICLE_REGISTRATION record in register order; -1 = none.
cdef int first_registration(Entity* entity) noexcept nogil
