"""The dossier of one entity, made from its records."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from core.assembly.alerts cimport collect_alerts, put_reference, record_reference
from core.assembly.arena cimport Text, put_once
from core.assembly.claims cimport (
    collect_claims, identities_conflict, is_identity, link_persons_records, link_vehicles_records,
)
from core.assembly.identifiers cimport collect_identifiers, collect_plates, first_registration
from core.assembly.linked_record cimport Record
from core.assembly.record cimport compare_records, entity_record_count, entity_records, text_of
from core.calendar cimport NO_DAY
from core.contract.alert cimport ALERT_STATE_PENDING
from core.contract.check_service_fields cimport (
    F_Candidate_birth_date, F_Candidate_cui, F_Candidate_department, F_Candidate_description, F_Candidate_name,
    F_Candidate_register_id, F_Candidate_sex,
)
from core.contract.level cimport (
    CRITERION_CUI, CRITERION_DOCUMENT, CRITERION_LICENCE, CRITERION_NAMES, CRITERION_NIT, CRITERION_PLATE,
    CRITERION_VIN, LEVEL_POSSIBLE,
)
from core.contract.section cimport SECTION_OWNER, SENSITIVITY_OPEN
from core.contract.value_fields cimport F_PartialDate_day, F_PartialDate_month, F_PartialDate_year
from core.contract.vehicle_fields cimport F_Owner_record
from core.files.layout cimport EntityRow
from core.generation.dossier cimport (
    DOSSIER_MAGIC, ENTITY_VEHICLE, FLAG_CROWDED, FLAG_HIDDEN, FLAG_IDENTITY_CONFLICT, FLAG_INVALID_IDENTIFIER,
    FLAG_ONE_BEARER, NO_ENTITY, RECORD_CRITERION_1, RECORD_POSSIBLE, RECORD_PROTECTED, AlertEntry, ClaimEntry,
    DossierHeader, IdentifierEntry, OwnerEntry, RecordEntry,
)
from core.machine.xxhash cimport XXH3_64bits
from core.name_index.writer cimport NameClaim, NamesWriter, municipality_of_cui
from core.standard_record cimport ALERT_HIDES_YET, ALERT_PROTECTED
from core.wire cimport (
    WIRE_LENGTH, begin_message, buffer_free, buffer_reset, end_message, put_bytes, put_bytes_if, put_raw, put_tag,
    put_uint_if, put_varint, varint_size,
)


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept
cdef extern from "stdio.h" nogil:
    int snprintf(char* out, size_t size, const char* format, ...) noexcept

cdef enum:
    CLEARANCE_BITS = 0xBC        # RECORD_CERTIFICATE, RECORD_STANDARD_*, RECORD_UNTOLD: the same bits in a record's `clearance`


cdef void scratch_init(Scratch* scratch) noexcept nogil:
    memset(scratch, 0, sizeof(Scratch))


cdef void scratch_free(Scratch* scratch) noexcept nogil:
    buffer_free(&scratch.order)
    buffer_free(&scratch.claim_indexes)
    buffer_free(&scratch.alerts)
    buffer_free(&scratch.records)
    buffer_free(&scratch.owners)
    buffer_free(&scratch.claims)
    buffer_free(&scratch.identifiers)
    buffer_free(&scratch.heap)


# ---- records ----

cdef int _put_record(Entity* entity, const Record* record, Buffer* records, Buffer* heap) noexcept nogil:
    """A whole field of Person or Vehicle, and its entry."""
    cdef RecordEntry entry
    cdef size_t start, length, rest, reference
    cdef bint possible = record.level == LEVEL_POSSIBLE
    if record_reference(entity, record, &start, &length) < 0:
        return -1
    reference = length + (2 if possible else 0)
    rest = record.payload.length - start - length
    memset(&entry, 0, sizeof(entry))
    entry.section = record.section
    entry.sensitivity = record.sensitivity
    entry.register = record.register
    entry.flags = record.clearance & CLEARANCE_BITS
    entry.day_from = entry.day_to = NO_DAY
    if possible:
        entry.flags |= RECORD_POSSIBLE
    if record.criterion in (CRITERION_CUI, CRITERION_DOCUMENT, CRITERION_NIT, CRITERION_LICENCE, CRITERION_PLATE, CRITERION_VIN):
        entry.flags |= RECORD_CRITERION_1
    if record.alert_flags & ALERT_PROTECTED and (record.alert_state == ALERT_STATE_PENDING
                                                 or record.alert_flags & ALERT_HIDES_YET):
        entry.flags |= RECORD_PROTECTED
        entry.day_from = record.alert_from
        entry.day_to = record.alert_to
    entry.offset = <uint32_t>heap.size
    entry.reference_length = <uint32_t>reference
    put_tag(heap, record.section, WIRE_LENGTH)
    put_varint(heap, 1 + varint_size(reference) + reference + rest)
    put_reference(heap, 1, entity, record)
    put_raw(heap, text_of(entity, record.payload) + start + length, rest)
    entry.length = <uint32_t>heap.size - entry.offset
    put_raw(records, &entry, sizeof(entry))
    return 0


cdef int _by_ownership(const void* left, const void* right, void* context) noexcept nogil:
    """First day descending, unknown last; then register order (places kept in `reserved`)."""
    cdef Entity* entity = <Entity*>context
    cdef const OwnerEntry* a = <const OwnerEntry*>left
    cdef const OwnerEntry* b = <const OwnerEntry*>right
    cdef uint32_t i, j
    if a.valid_from != b.valid_from:
        return -1 if a.valid_from > b.valid_from else 1
    memcpy(&i, a.reserved, 4)
    memcpy(&j, b.reserved, 4)
    return compare_records(entity, entity_records(entity) + i, entity_records(entity) + j)


cdef int _put_owner(Entity* entity, uint32_t index, Buffer* owners, Buffer* heap) noexcept nogil:
    cdef const Record* record = entity_records(entity) + index
    cdef OwnerEntry entry
    cdef size_t start, length
    if record_reference(entity, record, &start, &length) < 0:
        return -1
    memset(&entry, 0, sizeof(entry))
    entry.entity = record.owner_entity
    entry.link_level = record.owner_level
    if record.level < entry.link_level or (not entry.link_level and record.owner_entity != <uint32_t>NO_ENTITY):
        entry.link_level = record.level
    entry.sensitivity = record.sensitivity
    entry.register = record.register
    entry.share = record.share
    entry.valid_from = record.valid_from
    entry.valid_to = record.valid_to
    entry.from_span = record.valid_from_span
    entry.to_span = record.valid_to_span
    entry.offset = <uint32_t>heap.size
    put_reference(heap, F_Owner_record, entity, record)
    put_raw(heap, text_of(entity, record.payload) + start + length, record.payload.length - start - length)
    entry.length = <uint32_t>heap.size - entry.offset
    memcpy(entry.reserved, &index, 4)
    put_raw(owners, &entry, sizeof(entry))
    return 0


cdef int _collect_records(Entity* entity, Scratch* scratch, Counts* counts) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef OwnerEntry* owners
    cdef size_t i, count = entity_record_count(entity)
    cdef int status
    for i in range(count):
        if records[i].level == LEVEL_POSSIBLE:
            counts.possible_links += 1
        if records[i].section == SECTION_OWNER:
            status = _put_owner(entity, <uint32_t>i, &scratch.owners, &scratch.heap)
        else:
            status = _put_record(entity, &records[i], &scratch.records, &scratch.heap)
        if status < 0:
            return -1
    count = scratch.owners.size // sizeof(OwnerEntry)
    owners = <OwnerEntry*>scratch.owners.data
    if count and not scratch.owners.failed:
        qsort_r(owners, count, sizeof(OwnerEntry), _by_ownership, entity)
        for i in range(count):
            memset(owners[i].reserved, 0, sizeof(owners[i].reserved))
    return 0


# ---- claims ----

cdef uint32_t _put_text(Buffer* heap, const Entity* entity, Text text) noexcept nogil:
    return put_once(heap, text_of(entity, text), text.length)


cdef void _collect_claims(Entity* entity, const Facts* facts, Scratch* scratch) noexcept nogil:
    cdef const Record* records = entity_records(entity)
    cdef const Record* record
    cdef const uint32_t* indexes = <const uint32_t*>scratch.claim_indexes.data
    cdef ClaimEntry entry
    cdef size_t i
    memset(&entry, 0, sizeof(entry))
    for i in range(scratch.claim_indexes.size // sizeof(uint32_t)):
        record = &records[indexes[i]]
        entry.register = record.register
        entry.sensitivity = record.sensitivity
        entry.section = record.section
        entry.identity = is_identity(facts, record)
        entry.birth_year = record.birth_year
        entry.birth_month = record.birth_month
        entry.birth_mday = record.birth_mday
        entry.sex = record.sex
        entry.birth_department = record.birth_department
        entry.residence_department = record.residence_department
        entry.dead = record.death_day != NO_DAY
        entry.name_key_offset = _put_text(&scratch.heap, entity, record.name_key)
        entry.name_text_offset = _put_text(&scratch.heap, entity, record.name_text)
        entry.father_offset = _put_text(&scratch.heap, entity, record.father)
        entry.mother_offset = _put_text(&scratch.heap, entity, record.mother)
        entry.name_key_length = <uint16_t>record.name_key.length
        entry.name_text_length = <uint16_t>record.name_text.length
        entry.father_length = <uint16_t>record.father.length
        entry.mother_length = <uint16_t>record.mother.length
        put_raw(&scratch.claims, &entry, sizeof(entry))


cdef void _collect_names(Entity* entity, const Facts* facts, const Scratch* scratch, const DossierHeader* header,
                         NamesWriter names) noexcept nogil:
    """The same claims for names.bin."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* record
    cdef const uint32_t* indexes = <const uint32_t*>scratch.claim_indexes.data
    cdef NameClaim claim
    cdef size_t i
    names.begin(header.birth_year)
    for i in range(scratch.claim_indexes.size // sizeof(uint32_t)):
        record = &records[indexes[i]]
        claim.name = <const char*>text_of(entity, record.name_text)
        claim.name_length = record.name_text.length
        claim.birth_year = record.birth_year
        claim.birth_month = record.birth_month
        claim.birth_mday = record.birth_mday
        claim.sex = record.sex
        claim.birth_department = record.birth_department
        claim.residence_department = record.residence_department
        claim.municipality = municipality_of_cui(text_of(entity, record.cui), record.cui.length)
        claim.section = record.section
        claim.sensitivity = record.sensitivity
        claim.identity = is_identity(facts, record)
        claim.dead = record.death_day != NO_DAY
        names.add(&claim)
    names.end()


# ---- header and summary ----

cdef void _put_date(Buffer* heap, int number, const Record* record) noexcept nogil:
    cdef size_t mark = begin_message(heap, number, 1)
    put_uint_if(heap, F_PartialDate_year, record.birth_year)
    put_uint_if(heap, F_PartialDate_month, record.birth_month)
    put_uint_if(heap, F_PartialDate_day, record.birth_mday)
    end_message(heap, mark, 1)


cdef struct Stating:             # which record states each thing of a person's summary first; NULL = none
    const Record* name
    const Record* birth
    const Record* fallback       # the first open claim, else the first
    const Record* first_year     # of a claim that is none of identity
    const Record* cui            # by the CUI that makes the subject; a record linked by name may state another
    const Record* death
    bint any_identity


cdef void _find_stating_claims(const Entity* entity, const Facts* facts, const Scratch* scratch, DossierHeader* header,
                               Stating* stating) noexcept nogil:
    """The first identity claim that states each, sex and department of birth into the header at once."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* record
    cdef const uint32_t* indexes = <const uint32_t*>scratch.claim_indexes.data
    cdef size_t i
    for i in range(scratch.claim_indexes.size // sizeof(uint32_t)):
        record = &records[indexes[i]]
        if not is_identity(facts, record):
            if record.birth_year and stating.first_year == NULL and record.criterion != CRITERION_NAMES:
                stating.first_year = record
            if stating.fallback == NULL or (
                    stating.fallback.sensitivity != SENSITIVITY_OPEN and record.sensitivity == SENSITIVITY_OPEN):
                stating.fallback = record
            continue
        stating.any_identity = True
        if stating.name == NULL and record.name.length:
            stating.name = record
        if stating.birth == NULL and record.birth_year:
            stating.birth = record
        if not header.sex:
            header.sex = record.sex
        if not header.department:
            header.department = record.birth_department


cdef void _find_stating_records(const Entity* entity, const Facts* facts, DossierHeader* header, Stating* stating) noexcept nogil:
    """Finds the records for facts that any record may state: the CUI, a death, an identifier that breaks its rule."""
    cdef const Record* records = entity_records(entity)
    cdef const Record* record
    cdef size_t i
    for i in range(entity_record_count(entity)):
        record = &records[i]
        if stating.cui == NULL and record.criterion == CRITERION_CUI and record.cui.length:
            stating.cui = record
        if is_identity(facts, record):
            if not record.cui_valid:
                header.flags |= FLAG_INVALID_IDENTIFIER
            if record.death_day != NO_DAY and (
                    stating.death == NULL or compare_records(entity, record, stating.death) < 0):
                stating.death = record


cdef void _summarise_person(Entity* entity, const Facts* facts, Scratch* scratch, DossierHeader* header) noexcept nogil:
    """Fills the header and summary fields: each from the first identity claim that states it.

    The summary of a subject without identity claims comes from the first open claim, else the first.
    """
    cdef Stating stating
    cdef const Record* record
    cdef uint8_t sex, department
    memset(&stating, 0, sizeof(stating))
    _find_stating_claims(entity, facts, scratch, header, &stating)
    _find_stating_records(entity, facts, header, &stating)
    # the header, by which persons are ordered and compared
    if stating.death != NULL:
        header.death_day = stating.death.death_day
    if identities_conflict(entity, facts, &scratch.claim_indexes):
        header.flags |= FLAG_IDENTITY_CONFLICT
    record = stating.birth if stating.birth != NULL else stating.first_year
    if record != NULL:
        header.birth_year = record.birth_year
        header.birth_month = record.birth_month
        header.birth_mday = record.birth_mday
    # the summary, which an officer reads
    sex = header.sex
    department = header.department
    if not stating.any_identity and stating.fallback != NULL:
        stating.name = stating.fallback
        stating.birth = stating.fallback if stating.fallback.birth_year else NULL
        sex = stating.fallback.sex
        department = stating.fallback.birth_department
    record = stating.name
    if record != NULL:  # its two fields first: an answer's Person has them and nothing else of the summary
        put_bytes_if(&scratch.heap, F_Candidate_name, text_of(entity, record.name), record.name.length)
        put_bytes(&scratch.heap, F_Candidate_register_id, facts.registers[record.register].id,
                  facts.registers[record.register].id_length)
    if stating.cui != NULL:
        put_bytes(&scratch.heap, F_Candidate_cui, text_of(entity, stating.cui.cui), stating.cui.cui.length)
    if stating.birth != NULL:
        _put_date(&scratch.heap, F_Candidate_birth_date, stating.birth)
    put_uint_if(&scratch.heap, F_Candidate_sex, sex)
    put_uint_if(&scratch.heap, F_Candidate_department, department)


cdef void _summarise_vehicle(Entity* entity, const Facts* facts, Buffer* heap) noexcept nogil:
    """Description "MAKE LINE, COLOUR, YEAR" of the first registration; the plate depends on the clock and is not stored."""
    cdef const Record* record
    cdef char year[16]
    cdef int first = first_registration(entity)
    cdef size_t mark
    if first < 0:
        return
    record = entity_records(entity) + first
    mark = begin_message(heap, F_Candidate_description, 1)
    put_raw(heap, text_of(entity, record.make), record.make.length)
    if record.make.length and record.line.length:
        put_raw(heap, b" ", 1)
    put_raw(heap, text_of(entity, record.line), record.line.length)
    if record.colour.length:
        if heap.size > mark:
            put_raw(heap, b", ", 2)
        put_raw(heap, text_of(entity, record.colour), record.colour.length)
    if record.model_year:
        if heap.size > mark:
            put_raw(heap, b", ", 2)
        put_raw(heap, year, snprintf(year, sizeof(year), b"%d", <int>record.model_year))
    end_message(heap, mark, 1)
    put_bytes(heap, F_Candidate_register_id, facts.registers[record.register].id, facts.registers[record.register].id_length)


# ---- the whole ----

cdef void _move_offsets(Scratch* scratch, DossierHeader* header, uint32_t heap) noexcept nogil:
    """Moves offsets from the heap's start to the dossier's."""
    cdef size_t i
    for i in range(header.n_alerts):
        (<AlertEntry*>scratch.alerts.data)[i].hit_offset += heap
    for i in range(header.n_records):
        (<RecordEntry*>scratch.records.data)[i].offset += heap
    for i in range(header.n_owners):
        (<OwnerEntry*>scratch.owners.data)[i].offset += heap
    for i in range(header.n_claims):
        (<ClaimEntry*>scratch.claims.data)[i].name_key_offset += heap
        (<ClaimEntry*>scratch.claims.data)[i].name_text_offset += heap
        (<ClaimEntry*>scratch.claims.data)[i].father_offset += heap
        (<ClaimEntry*>scratch.claims.data)[i].mother_offset += heap
    for i in range(header.n_identifiers):
        (<IdentifierEntry*>scratch.identifiers.data)[i].offset += heap
    header.summary_offset += heap


cdef int _write(Entity* entity, Scratch* scratch, DossierHeader* header, OutputFile dossiers, OutputFile entities) noexcept nogil:
    cdef EntityRow row
    cdef size_t start, tables, limit = 0xFFFF
    cdef size_t alerts = scratch.alerts.size // sizeof(AlertEntry), owners = scratch.owners.size // sizeof(OwnerEntry)
    cdef size_t claims = scratch.claims.size // sizeof(ClaimEntry)
    cdef size_t identifiers = scratch.identifiers.size // sizeof(IdentifierEntry)
    if (scratch.alerts.failed or scratch.records.failed or scratch.owners.failed or scratch.claims.failed or scratch.heap.failed
            or scratch.identifiers.failed or scratch.order.failed or scratch.claim_indexes.failed):
        return ASSEMBLY_MEMORY
    tables = (sizeof(DossierHeader) + scratch.alerts.size + scratch.records.size + scratch.owners.size + scratch.claims.size
              + scratch.identifiers.size)
    if (alerts > limit or owners > limit or claims > limit or identifiers > limit
            or (tables + scratch.heap.size) >> 32):
        return ASSEMBLY_TOO_MANY
    header.magic = <uint32_t>DOSSIER_MAGIC
    header.length = <uint32_t>(tables + scratch.heap.size)
    header.n_alerts = <uint16_t>alerts
    header.n_records = <uint32_t>(scratch.records.size // sizeof(RecordEntry))
    header.n_owners = <uint16_t>owners
    header.n_claims = <uint16_t>claims
    header.n_identifiers = <uint16_t>identifiers
    _move_offsets(scratch, header, <uint32_t>tables)
    dossiers.align(8)
    row.offset = dossiers.position()
    row.length = header.length
    row.kind = entity.kind
    memset(row.reserved, 0, sizeof(row.reserved))
    entities.put(&row, sizeof(row))
    start = dossiers.pending.size
    dossiers.put(header, sizeof(DossierHeader))
    dossiers.put(scratch.alerts.data, scratch.alerts.size)
    dossiers.put(scratch.records.data, scratch.records.size)
    dossiers.put(scratch.owners.data, scratch.owners.size)
    dossiers.put(scratch.claims.data, scratch.claims.size)
    dossiers.put(scratch.identifiers.data, scratch.identifiers.size)
    dossiers.put(scratch.heap.data, scratch.heap.size)
    if dossiers.pending.failed or entities.pending.failed:
        return ASSEMBLY_MEMORY
    (<DossierHeader*>(dossiers.pending.data + start)).checksum = XXH3_64bits(
        dossiers.pending.data + start + 16, header.length - 16
    )
    return ASSEMBLED


cdef int assemble_dossier(Entity* entity, const Facts* facts, Scratch* scratch, OutputFile dossiers, OutputFile entities,
                          Spill keys, NamesWriter names, PlateRows plates, Counts* counts) noexcept nogil:
    cdef DossierHeader header
    cdef bint vehicle = entity.kind >= ENTITY_VEHICLE
    memset(&header, 0, sizeof(header))
    memcpy(header.subject_id, entity.subject_id, 16)
    header.entity = entity.number
    header.kind = entity.kind
    header.death_day = NO_DAY
    header.homonyms = entity.homonyms
    header.name_only_alerts = entity.name_only_alerts
    header.identity_fed = entity.identity_fed
    if entity.crowded:
        header.flags |= FLAG_CROWDED
    if entity.one_bearer:
        header.flags |= FLAG_ONE_BEARER
    if entity.hidden:
        header.flags |= FLAG_HIDDEN
        header.hides_from = entity.hides_from
        header.hides_to = entity.hides_to
    buffer_reset(&scratch.records)
    buffer_reset(&scratch.owners)
    buffer_reset(&scratch.claims)
    buffer_reset(&scratch.claim_indexes)
    buffer_reset(&scratch.heap)
    if vehicle:
        link_vehicles_records(entity)
    else:
        collect_claims(entity, facts, &scratch.claim_indexes)
        if scratch.claim_indexes.failed:
            return ASSEMBLY_MEMORY
        if link_persons_records(entity, facts, &scratch.claim_indexes, &scratch.order) < 0:
            return ASSEMBLY_MEMORY
    if collect_alerts(entity, facts, &scratch.order, &scratch.alerts, &scratch.heap) < 0:
        return ASSEMBLY_REFERENCE
    if _collect_records(entity, scratch, counts) < 0:
        return ASSEMBLY_REFERENCE
    if not vehicle:
        _collect_claims(entity, facts, scratch)
    if collect_identifiers(entity, facts, vehicle, &scratch.identifiers, &scratch.heap, keys) < 0:
        return ASSEMBLY_DISK
    if scratch.heap.failed or scratch.identifiers.failed:
        return ASSEMBLY_MEMORY
    header.summary_offset = <uint32_t>scratch.heap.size
    if vehicle:
        _summarise_vehicle(entity, facts, &scratch.heap)
        if entity.kind == ENTITY_VEHICLE:
            collect_plates(entity, &scratch.identifiers, &scratch.heap, plates)
    else:
        _summarise_person(entity, facts, scratch, &header)
        _collect_names(entity, facts, scratch, &header, names)
    header.summary_length = <uint32_t>scratch.heap.size - header.summary_offset
    counts.records += entity_record_count(entity)
    counts.alerts += scratch.alerts.size // sizeof(AlertEntry)
    return _write(entity, scratch, &header, dossiers, entities)
