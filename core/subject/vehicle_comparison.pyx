"""Compares one vehicle with a question, without the GIL. Nothing here is for Python."""

from libc.string cimport memchr, memcmp

from core.calendar cimport NO_DAY
from core.call.memory cimport call_shows
from core.contract.level cimport (
    AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN, CRITERION_COLOUR, CRITERION_MAKE,
    CRITERION_MODEL_YEAR, IDENTITY_STATUS_FOUND, IDENTITY_STATUS_NOT_FOUND, LEVEL_HIT, LEVEL_POSSIBLE,
)
from core.contract.register cimport REGISTER_ROLE_IDENTITY
from core.contract.section cimport SECTION_PLATE_ASSIGNMENT, SECTION_VEHICLE_REGISTRATION
from core.contract.vehicle_fields cimport (
    F_VehicleRegistration_colour, F_VehicleRegistration_make, F_VehicleRegistration_model_year,
)
from core.free_text.vehicles cimport colour_mask
from core.generation.dossier cimport RecordEntry
from core.generation.store cimport store_entity_of
from core.generation.view cimport holds_on
from core.identifiers.kinds cimport KEY_PLATE
from core.names.keys cimport fold_into
from core.subject.asked cimport another_held, asked_held
from core.wire cimport WIRE_LENGTH, WIRE_VARINT, Field, Reader, read_field, reader_init


cdef enum:
    FOR_EVER = 2147483647
    PREFIX_LETTERS = 3


cdef uint8_t plate_matches(const Dossier* dossier, const IdentifierEntry* entry, const AskedIdentifier* asked) noexcept nogil:
    """An entry reads "P-123BCD|GTM" or "?-123BCD|GTM"; what is asked "GTM:123BCD" with its type apart."""
    cdef const char* text = <const char*>dossier.bytes + entry.offset
    cdef const char* hyphen = <const char*>memchr(text, c"-", entry.length)
    cdef size_t kind, number, i
    if hyphen == NULL or asked.length < 4 or entry.length < 4 + 2:
        return 0
    kind = hyphen - text
    number = asked.length - 4
    if kind + 1 + number + 4 != entry.length or memcmp(hyphen + 1, asked.text + 4, number) != 0:
        return 0
    if hyphen[1 + number] != c"|" or memcmp(hyphen + 2 + number, asked.text, 3) != 0:
        return 0
    if asked.type[0] == 0 or (kind == 1 and text[0] == c"?"):
        return LEVEL_HIT if asked.foreign else LEVEL_POSSIBLE  # abroad a number and its country are the whole plate
    if kind > 4:
        return 0
    for i in range(4):
        if asked.type[i] != (text[i] if i < kind else 0):
            return 0
    return LEVEL_HIT


cdef bint plates_assigned(const Dossier* vehicle) noexcept nogil:
    cdef uint32_t i
    for i in range(vehicle.header.n_identifiers):
        if vehicle.identifiers[i].kind == KEY_PLATE and vehicle.identifiers[i].section == SECTION_PLATE_ASSIGNMENT:
            return True
    return False


cdef bint is_bearing(const Call* call, const IdentifierEntry* entry, bint assigned) noexcept nogil:
    return (entry.kind == KEY_PLATE and (not assigned or entry.section == SECTION_PLATE_ASSIGNMENT)
            and call_shows(call, entry.section, entry.sensitivity))


cdef void plate_bearing(const Call* call, const Dossier* dossier, const AskedIdentifier* asked, Bearing* bearing) noexcept nogil:
    cdef uint32_t i
    cdef uint8_t link
    cdef int32_t first, last
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(dossier)
    bearing.bears = BEARS_NOT
    bearing.link = 0
    bearing.first = bearing.last = NO_DAY
    for i in range(dossier.header.n_identifiers):
        entry = &dossier.identifiers[i]
        if not is_bearing(call, entry, assigned):
            continue
        link = plate_matches(dossier, entry, asked)
        if link == 0:
            continue
        first = entry.valid_from
        last = FOR_EVER if entry.valid_to == NO_DAY else entry.valid_to
        if holds_on(entry.valid_from, entry.valid_to, call.today):
            bearing.link = max(link, bearing.link) if bearing.bears == BEARS_NOW else link
            bearing.bears = BEARS_NOW
        elif last < call.today and bearing.bears != BEARS_NOW:
            if bearing.bears == BEARS_NOT or last > bearing.last or (last == bearing.last and first > bearing.first):
                bearing.last = last
                bearing.first = first
            bearing.link = max(bearing.link, link)
            bearing.bears = BEARS_FORMERLY


cdef int plate_shown(const Call* call, const Dossier* dossier) noexcept nogil:
    cdef uint32_t i
    cdef int best = -1
    cdef int32_t last, first, best_last = NO_DAY, best_first = NO_DAY
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(dossier)
    for i in range(dossier.header.n_identifiers):
        entry = &dossier.identifiers[i]
        if not is_bearing(call, entry, assigned):
            continue
        if holds_on(entry.valid_from, entry.valid_to, call.today):
            return <int>i
        last = FOR_EVER if entry.valid_to == NO_DAY else entry.valid_to
        first = entry.valid_from
        if last >= call.today:
            continue  # it has not begun
        if best < 0 or last > best_last or (last == best_last and first > best_first):
            best = <int>i
            best_last = last
            best_first = first
    return best


cdef uint8_t vehicle_status_by_name(const Call* call, const Dossier* vehicle) noexcept nogil:
    cdef uint32_t i
    cdef const RecordEntry* record
    for i in range(vehicle.header.n_records):
        record = &vehicle.records[i]
        if record.section == SECTION_VEHICLE_REGISTRATION and record.register < call.store.n_registers and (
                call.store.registers[record.register].roles_vehicle >> REGISTER_ROLE_IDENTITY) & 1 and call_shows(
                call, record.section, record.sensitivity):
            return IDENTITY_STATUS_FOUND
    return IDENTITY_STATUS_NOT_FOUND


cdef size_t count_letters(const char* text, size_t size) noexcept nogil:
    cdef size_t i, count = 0
    for i in range(size):
        count += (text[i] & 0xC0) != 0x80
    return count


cdef bint makes_agree(const char* a, int a_n, const char* b, int b_n) noexcept nogil:
    cdef int shorter = min(a_n, b_n)
    if memcmp(a, b, shorter) != 0:
        return False
    return a_n == b_n or count_letters(a, shorter) >= PREFIX_LETTERS


cdef bint colours_agree(const char* filed, size_t filed_n, const char* asked, size_t asked_n,
                        uint32_t colours) noexcept nogil:
    if filed_n == asked_n and memcmp(filed, asked, filed_n) == 0:
        return True
    return (colour_mask(filed, filed_n) & colours) != 0


cdef inline void _weigh(uint8_t* best, bint agrees) noexcept nogil:
    if agrees:
        best[0] = AGREEMENT_AGREES
    elif best[0] != AGREEMENT_AGREES:
        best[0] = AGREEMENT_DISAGREES


cdef void _compare_registration(Call* call, const VehicleQuestion* asked, const uint8_t* message, size_t size,
                                uint8_t* make, uint8_t* colour, uint8_t* year) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int length
    reader_init(&reader, message, size)
    while read_field(&reader, &field) == 1:
        if field.number == F_VehicleRegistration_make and field.wire == WIRE_LENGTH and asked.make_length:
            length = fold_into(<const char*>field.data, field.size, call.folded, sizeof(call.folded))
            if length > 0:
                _weigh(make, makes_agree(call.folded, length, asked.make_text, asked.make_length))
        elif field.number == F_VehicleRegistration_colour and field.wire == WIRE_LENGTH and asked.colour_length:
            length = fold_into(<const char*>field.data, field.size, call.folded, sizeof(call.folded))
            if length > 0:
                _weigh(colour, colours_agree(call.folded, length, asked.colour_text, asked.colour_length,
                                             colour_mask(asked.colour_text, asked.colour_length)))
        elif field.number == F_VehicleRegistration_model_year and field.wire == WIRE_VARINT and asked.model_year:
            if field.value:
                _weigh(year, <int32_t><uint32_t>field.value == asked.model_year)


cdef void compare_seen(Call* call, const VehicleQuestion* asked, const Dossier* vehicle, uint8_t* make, uint8_t* colour,
                       uint8_t* year) noexcept nogil:
    cdef uint32_t i
    cdef const RecordEntry* record
    cdef Reader reader
    cdef Field field
    make[0] = AGREEMENT_UNKNOWN if asked.make else 0
    colour[0] = AGREEMENT_UNKNOWN if asked.colour else 0
    year[0] = AGREEMENT_UNKNOWN if asked.model_year else 0
    if not (asked.make or asked.colour or asked.model_year):
        return
    for i in range(vehicle.header.n_records):
        record = &vehicle.records[i]
        if record.section != SECTION_VEHICLE_REGISTRATION or not call_shows(call, record.section, record.sensitivity):
            continue
        reader_init(&reader, vehicle.bytes + record.offset, record.length)  # the field, then the message within
        if read_field(&reader, &field) == 1 and field.wire == WIRE_LENGTH:
            _compare_registration(call, asked, field.data, field.size, make, colour, year)


cdef inline void _add(Compared* compared, uint8_t criterion, uint8_t agreement) noexcept nogil:
    compared.criterion[compared.n] = criterion
    compared.agreement[compared.n] = agreement
    compared.n += 1


cdef inline void _clear(Compared* compared) noexcept nogil:
    compared.n = 0
    compared.disagrees = compared.mismatch = compared.supported = False
    compared.names = compared.birth = compared.parents = 0


cdef bint _held_by_another(const Call* call, const VehicleQuestion* asked, int at, const Dossier* vehicle) noexcept nogil:
    return asked.holders[at] > 1 or (
        asked.holders[at] == 1 and asked.holder[at] != store_entity_of(call.store, vehicle.bytes))


cdef bint _bears_any_plate(const Call* call, const Dossier* vehicle) noexcept nogil:
    cdef uint32_t i
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(vehicle)
    for i in range(vehicle.header.n_identifiers):
        entry = &vehicle.identifiers[i]
        if is_bearing(call, entry, assigned) and holds_on(entry.valid_from, entry.valid_to, call.today):
            return True
    return False


cdef uint8_t _compare_identifier(const Call* call, const VehicleQuestion* asked, int at,
                                 const Dossier* vehicle) noexcept nogil:
    cdef bint identified
    cdef Bearing bearing
    if asked.items[at].kind == KEY_PLATE:
        plate_bearing(call, vehicle, &asked.items[at], &bearing)
        if bearing.bears == BEARS_NOW:
            return AGREEMENT_AGREES
        if _held_by_another(call, asked, at, vehicle) or _bears_any_plate(call, vehicle):
            return AGREEMENT_DISAGREES
        return AGREEMENT_UNKNOWN
    elif asked_held(call, vehicle, &asked.items[at], &identified):
        return AGREEMENT_AGREES
    if _held_by_another(call, asked, at, vehicle) or another_held(call, vehicle, &asked.items[at]):
        return AGREEMENT_DISAGREES
    return AGREEMENT_UNKNOWN


cdef void compare_vehicle(Call* call, const VehicleQuestion* asked, const Dossier* vehicle,
                          Compared* compared) noexcept nogil:
    cdef int i
    cdef uint8_t agreement, make, colour, year
    _clear(compared)
    for i in range(asked.n):
        agreement = _compare_identifier(call, asked, i, vehicle)
        if agreement == AGREEMENT_DISAGREES:
            compared.disagrees = True
        _add(compared, asked.items[i].criterion, agreement)
    compare_seen(call, asked, vehicle, &make, &colour, &year)
    if make:
        _add(compared, CRITERION_MAKE, make)
        compared.disagrees = compared.disagrees or make == AGREEMENT_DISAGREES
    if colour:
        _add(compared, CRITERION_COLOUR, colour)
    if year:
        _add(compared, CRITERION_MODEL_YEAR, year)
    compared.mismatch = colour == AGREEMENT_DISAGREES or year == AGREEMENT_DISAGREES


cdef void compare_no_vehicle(const VehicleQuestion* asked, bint found, Compared* compared) noexcept nogil:
    cdef int i
    _clear(compared)
    for i in range(asked.n):
        _add(compared, asked.items[i].criterion, AGREEMENT_AGREES if found and i == 0 else AGREEMENT_UNKNOWN)
    if asked.make:
        _add(compared, CRITERION_MAKE, AGREEMENT_UNKNOWN)
    if asked.colour:
        _add(compared, CRITERION_COLOUR, AGREEMENT_UNKNOWN)
    if asked.model_year:
        _add(compared, CRITERION_MODEL_YEAR, AGREEMENT_UNKNOWN)
