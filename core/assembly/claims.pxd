# Claims of who somebody is, and the links that records have with them (docs/answers.md sections 3 and 4).

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from core.assembly.linked_record cimport Record
from core.assembly.record cimport Entity
from core.generation.store cimport ALERT_KINDS_MAX, REGISTERS_MAX
from core.wire cimport Buffer

cdef struct RegisterFacts:       # of the manifest, by ordinal
    bint loaded                  # else a record of it is a closing kept of a register that was withdrawn
    bint identity_person         # role identity for persons
    uint32_t identifies          # as Register.identifies in core/generation/store.pxd
    const uint8_t* id            # UTF-8
    uint32_t id_length

cdef struct Facts:
    int32_t n_registers
    RegisterFacts registers[REGISTERS_MAX]
    int32_t authority[ALERT_KINDS_MAX]  # by AlertKind: ordinal, -1 = none

cdef inline bint is_identity(const Facts* facts, const Record* record) noexcept nogil:
    return record.section == 1 and facts.registers[record.register].identity_person  # SECTION_IDENTITY

# Fills `claims` with the indexes (uint32_t) of the records that state a name, a birth year, a sex or a parent, equal ones once, in
# register order.
cdef void collect_claims(Entity* entity, const Facts* facts, Buffer* claims) noexcept nogil
# Gives every record of a person its level, and the criteria that agree and disagree. `on_file` is working memory. 0, or -1 = out of it.
cdef int link_persons_records(Entity* entity, const Facts* facts, const Buffer* claims, Buffer* on_file) noexcept nogil
# The same for a vehicle or plate.
cdef void link_vehicles_records(Entity* entity) noexcept nogil
# Returns whether two identity claims have names that are DIFFERENT and birth dates that do not agree.
cdef bint identities_conflict(const Entity* entity, const Facts* facts, const Buffer* claims) noexcept nogil
