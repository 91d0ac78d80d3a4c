"""Finds the vehicles and plates of a question, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int32_t
from libc.string cimport memcmp, memmove

from core.answer.outcome cimport PLATES_LIMIT
from core.call.memory cimport Fit, call_dossier, call_out_of_memory, call_shows, fits_add
from core.contract.level cimport (
    IDENTITY_STATUS_FOUND, IDENTITY_STATUS_NOT_FOUND, IDENTITY_STATUS_UNSPECIFIED, IDENTITY_STATUS_UNVERIFIED,
    LEVEL_HIT, LEVEL_POSSIBLE,
)
from core.failure cimport FAILED, OK
from core.generation.dossier cimport ENTITY_PLATE, ENTITY_VEHICLE, IDENTIFIER_IDENTIFIED, NO_ENTITY, IdentifierEntry
from core.generation.store cimport store_is_person, store_prefetch_entity
from core.generation.view cimport holds_on
from core.identifiers.kinds cimport KEY_PLATE, KEY_VIN
from core.identifiers.rules cimport RULE_OK
from core.subject.asked cimport LOOKUP_MAX, asked_from_plate, asked_held, asked_lookup
from core.subject.vehicle_comparison cimport (
    BEARS_FORMERLY, BEARS_NOW, Bearing, is_bearing, plate_bearing, plate_matches, plates_assigned,
)


cdef bint _plate_identified(const Call* call, const Dossier* dossier, const AskedIdentifier* item) noexcept nogil:
    cdef uint32_t i
    cdef const IdentifierEntry* entry
    for i in range(dossier.header.n_identifiers):
        entry = &dossier.identifiers[i]
        if entry.kind == KEY_PLATE and entry.flags & IDENTIFIER_IDENTIFIED and call_shows(
                call, entry.section, entry.sensitivity) and plate_matches(dossier, entry, item):
            return True
    return False


cdef uint8_t _plate_link(const Call* call, const Dossier* subject, const AskedIdentifier* item) noexcept nogil:
    """Level of the link to a plate, or to a vehicle by a bearing at any time: HIT with equal type; 0 = none visible."""
    cdef uint32_t i
    cdef uint8_t link = 0
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(subject)
    for i in range(subject.header.n_identifiers):
        entry = &subject.identifiers[i]
        if is_bearing(call, entry, assigned):
            link = max(link, plate_matches(subject, entry, item))
    return link


cdef void _choose(Call* call, size_t at, VehicleFinding* finding) noexcept nogil:
    finding.subject = call.fits.items[at].entity
    call.fits.count -= 1
    memmove(&call.fits.items[at], &call.fits.items[at + 1], (call.fits.count - at) * sizeof(Fit))


cdef struct FormerBearers:       # vehicles that bore the plate and do not now
    uint32_t entities[LOOKUP_MAX]
    int n
    int latest                   # which of them bore it last; -1 = none
    int32_t last                 # that bearing's days
    int32_t first


cdef void _add_former(FormerBearers* former, uint32_t entity, const Bearing* bearing) noexcept nogil:
    if former.latest < 0 or bearing.last > former.last or (bearing.last == former.last and bearing.first > former.first):
        former.latest = former.n
        former.last = bearing.last
        former.first = bearing.first
    former.entities[former.n] = entity
    former.n += 1


cdef void _add_plate(const Call* call, const Dossier* plate, const AskedIdentifier* item, VehicleFinding* finding) noexcept nogil:
    cdef uint8_t link = _plate_link(call, plate, item)
    if link and finding.n_plates < PLATES_LIMIT:
        finding.plates[finding.n_plates] = plate[0]
        finding.plate_links[finding.n_plates] = link
        finding.n_plates += 1


cdef void _ask_for_owners(const Call* call, const Dossier* vehicle) noexcept nogil:
    """Prefetches the places of the owners' dossiers: the answer asks for these next (core/questions/vehicle.pyx)."""
    cdef uint32_t i
    for i in range(min(<uint32_t>vehicle.header.n_owners, <uint32_t>OWNERS_AHEAD)):
        store_prefetch_entity(call.store, vehicle.owners[i].entity)


cdef int _gather_bearers(Call* call, const AskedIdentifier* item, VehicleFinding* finding, FormerBearers* former) noexcept nogil:
    """Makes the present bearers of the plate fits; plates of their own and former bearers stand apart. OK or FAILED."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef Bearing bearing
    cdef int i, n = asked_lookup(call, item, entities)
    if n < 0:
        return FAILED
    for i in range(n):
        if store_is_person(call.store, entities[i]):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        if dossier.header.kind == ENTITY_PLATE:
            _add_plate(call, &dossier, item, finding)
            continue
        _ask_for_owners(call, &dossier)
        plate_bearing(call, &dossier, item, &bearing)
        if bearing.bears == BEARS_NOW:
            if fits_add(&call.fits, entities[i], bearing.link) == NULL:
                return call_out_of_memory(call)
            finding.identified = finding.identified or _plate_identified(call, &dossier, item)
        elif bearing.bears == BEARS_FORMERLY:
            _add_former(former, entities[i], &bearing)
    return OK


cdef int _find_by_plate(Call* call, const AskedIdentifier* item, VehicleFinding* finding) noexcept nogil:
    cdef FormerBearers former
    cdef Dossier dossier
    cdef Fit* fit
    cdef int i
    cdef size_t start = call.fits.count
    former.n = 0
    former.latest = -1
    former.last = former.first = 0
    finding.identified = False
    if _gather_bearers(call, item, finding, &former) < 0:
        return FAILED
    # the one that bears it, or several; else the one that bore it last
    finding.count = <int>(call.fits.count - start)
    if finding.count == 1:
        finding.link = call.fits.items[start].link
        finding.certain = finding.certain and finding.link == LEVEL_HIT
        _choose(call, start, finding)
    elif finding.count > 1:
        finding.several = True
        finding.certain = False
        for i in range(finding.count):
            call.fits.items[start + i].link = LEVEL_POSSIBLE
    elif former.n:
        finding.subject = former.entities[former.latest]
        finding.former = True
        finding.certain = False
        finding.count = 1
        if call_dossier(call, finding.subject, &dossier) < 0:
            return FAILED
        finding.identified = _plate_identified(call, &dossier, item)
    # all other former bearers are quiet candidates
    for i in range(former.n):
        if former.entities[i] == finding.subject:
            continue
        fit = fits_add(&call.fits, former.entities[i], LEVEL_POSSIBLE)
        if fit == NULL:
            return call_out_of_memory(call)
        fit.quiet = True
        finding.n_former += 1
    return OK


cdef int _find_by_number(Call* call, const AskedIdentifier* item, VehicleFinding* finding) noexcept nogil:
    """Finds vehicles by VIN, chassis tail or engine."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef bint identified
    cdef int i, n
    cdef size_t start = call.fits.count
    n = asked_lookup(call, item, entities)
    if n < 0:
        return FAILED
    for i in range(n):
        if store_is_person(call.store, entities[i]):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        if dossier.header.kind != ENTITY_VEHICLE or not asked_held(call, &dossier, item, &identified):
            continue
        if fits_add(&call.fits, entities[i], LEVEL_POSSIBLE) == NULL:
            return call_out_of_memory(call)
        finding.identified = finding.identified or identified
    finding.count = <int>(call.fits.count - start)
    if finding.count == 1:
        finding.link = item.link
        _choose(call, start, finding)
    elif finding.count > 1:
        finding.several = True
        finding.certain = False
    return OK


cdef int find_vehicle(Call* call, const AskedIdentifier* item, VehicleFinding* finding) noexcept nogil:
    finding.subject = NO_ENTITY
    finding.count = finding.n_former = finding.n_plates = 0
    finding.former = finding.several = finding.identified = False
    finding.link = LEVEL_POSSIBLE
    finding.certain = item != NULL and item.certain
    if item == NULL:
        return OK
    return _find_by_plate(call, item, finding) if item.kind == KEY_PLATE else _find_by_number(call, item, finding)


cdef uint8_t vehicle_finding_status(const Call* call, const AskedIdentifier* item, const VehicleFinding* finding) noexcept nogil:
    cdef bint loaded
    if item == NULL or (item.kind != KEY_PLATE and item.lookup != KEY_VIN):
        return IDENTITY_STATUS_UNSPECIFIED
    loaded = (call.states.identified & item.identifies) != 0
    if item.lookup == KEY_VIN and finding.count == 0:
        return IDENTITY_STATUS_UNVERIFIED
    if not item.foreign and not loaded:
        return IDENTITY_STATUS_UNVERIFIED
    if finding.several:
        return IDENTITY_STATUS_UNSPECIFIED
    if finding.count == 0 or not finding.identified:
        return IDENTITY_STATUS_UNVERIFIED if item.foreign else IDENTITY_STATUS_NOT_FOUND
    return IDENTITY_STATUS_FOUND


cdef int _find_borne_plate(Call* call, const Dossier* vehicle, const IdentifierEntry* entry, uint8_t link,
                           VehicleFinding* finding) noexcept nogil:
    """Plate subjects with exactly the text of a plate that the vehicle bears."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef AskedIdentifier item
    cdef Dossier plate
    cdef const char* text = <const char*>vehicle.bytes + entry.offset
    cdef int i, k, n
    cdef bint known
    if entry.length < 7 or text[entry.length - 4] != c"|":
        return OK
    if asked_from_plate(&item, text, entry.length - 4, text + entry.length - 3, 3) != RULE_OK:
        return OK
    n = asked_lookup(call, &item, entities)
    if n < 0:
        return FAILED
    for i in range(n):
        if store_is_person(call.store, entities[i]) or finding.n_plates == PLATES_LIMIT:
            continue
        if call_dossier(call, entities[i], &plate) < 0:
            return FAILED
        if plate.header.kind != ENTITY_PLATE or plate.header.n_identifiers == 0:
            continue
        known = False
        for k in range(finding.n_plates):
            known = known or finding.plates[k].header == plate.header
        if known or plate.identifiers[0].length != entry.length or memcmp(
                plate.bytes + plate.identifiers[0].offset, text, entry.length) != 0:
            continue
        finding.plates[finding.n_plates] = plate
        finding.plate_links[finding.n_plates] = link
        finding.n_plates += 1
    return OK


cdef int find_borne_plates(Call* call, const Dossier* vehicle, uint8_t link, VehicleFinding* finding) noexcept nogil:
    cdef uint32_t i
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(vehicle)
    for i in range(vehicle.header.n_identifiers):
        entry = &vehicle.identifiers[i]
        if is_bearing(call, entry, assigned) and holds_on(entry.valid_from, entry.valid_to, call.today):
            if _find_borne_plate(call, vehicle, entry, link, finding) < 0:
                return FAILED
    return OK
