"""The facts of a row about a vehicle: plate, VIN, chassis, engine, each in its own column or in another's."""

from libc.string cimport memcmp, memcpy

from core.identifiers.canonical cimport (
    fits_vin, plate_text_into, read_into, read_plate_into, shown_plates_into, vin_check_digit_holds,
)
from core.identifiers.countries cimport country_into, split_country
from core.identifiers.kinds cimport KEY_ENGINE, KEY_VIN
from core.identifiers.rules cimport CANONICAL_MAX, RULE_FORMAT, RULE_LENGTH, Plate
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.standardise.cells cimport arena_take, no_cell, same_text, warn
from core.standardise.keys cimport canonical_at, text_at
from core.standardise.row cimport RULE_OTHERWISE, RULE_UNKNOWN_CODE, Cell, Context
from core.standardise.stated cimport (
    PLATE_BYTES, S_chassis, S_engine, S_plate, S_plate_country, S_plate_type, S_vin, Subject, SubjectPlan,
)


cdef void put_plate(Subject* s, char* out, const Plate* plate) noexcept nogil:
    """A plate into out[PLATE_BYTES], which begins with its country."""
    s.plate_country.data = out
    s.plate_country.size = 3
    memcpy(out + 4, plate.type, plate.type_length)
    if plate.type_length:
        s.plate_type.data = out + 4
        s.plate_type.size = plate.type_length
    memcpy(out + 8, plate.number, plate.number_length)
    s.plate.data = out + 8
    s.plate.size = plate.number_length
    s.plate_text.data = out + 24
    s.plate_text.size = <int>plate_text_into(plate, out + 24)


cdef int typed_plate(Cell kind, const char* number, int size, char* scratch, Plate* plate) noexcept nogil:
    """The plate with the type of its own column, a letter or a word; 0 or a RULE_*. scratch[PLATE_BYTES]."""
    cdef bint otherwise
    cdef int rule
    if kind.size + 1 + size > PLATE_BYTES:
        return RULE_LENGTH
    memcpy(scratch, kind.data, kind.size)
    scratch[kind.size] = 32
    memcpy(scratch + kind.size + 1, number, size)
    rule = read_plate_into(scratch, kind.size + 1 + size, b"GTM", 3, plate, &otherwise)
    return RULE_UNKNOWN_CODE if rule == 0 and plate.type_length == 0 else rule


cdef bint is_letter(char c) noexcept nogil:
    return c"A" <= c <= c"Z"


cdef Cell vin_in(Context* c, Cell text) noexcept nogil:
    """The VIN, with letters and digits, that a cell of another kind is; null where it is none."""
    cdef Cell vin
    cdef size_t size
    cdef bint otherwise
    cdef int i, letters = 0
    cdef char* out = arena_take(c, CANONICAL_MAX)
    if out == NULL or read_into(KEY_VIN, text.data, text.size, out, CANONICAL_MAX, &size, &otherwise):
        return no_cell()
    for i in range(<int>size):
        letters += is_letter(out[i])
    if letters == 0 or letters == <int>size or not fits_vin(out, size):
        return no_cell()
    vin.data = out
    vin.size = <int>size
    return vin


cdef bint takes_plate(Context* c, SubjectPlan* plan, Subject* s, int key) noexcept nogil:
    """Takes the cell of a VIN or chassis as the plate if it is one and the row states no other; returns whether it did.
    """
    cdef Cell text = text_at(c, plan, key), kind
    cdef Plate plate, typed
    cdef char* out
    cdef char* scratch
    cdef bint otherwise
    if text.data == NULL or s.plate.data != NULL or s.n_shown_plates:
        return False
    out = arena_take(c, PLATE_BYTES)
    scratch = arena_take(c, PLATE_BYTES)
    if out == NULL or scratch == NULL:
        return False
    memcpy(out, b"GTM", 3)
    if read_plate_into(text.data, text.size, out, 3, &plate, &otherwise) or not is_letter(plate.number[5]):
        return False
    kind = text_at(c, plan, S_plate_country)
    if kind.data != NULL and (country_into(kind.data, kind.size, scratch) or memcmp(scratch, b"GTM", 3) != 0):
        return False
    kind = text_at(c, plan, S_plate_type)
    if plate.type_length == 0:
        if kind.data == NULL or typed_plate(kind, plate.number, plate.number_length, scratch, &typed):
            return False
        plate = typed
    warn(c, plan.field + key, RULE_OTHERWISE)
    put_plate(s, out, &plate)
    return True


cdef bint foreign_plate(Cell text, char* country, Plate* plate) noexcept nogil:
    """Returns whether the cell is a plate beside the name of another country: "HAA 1234 HONDURAS"."""
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef char said[3]
    cdef int length
    cdef bint code, otherwise
    if not split_country(text.data, text.size, said, rest, &length, &code) or code or memcmp(said, b"GTM", 3) == 0:
        return False
    if read_plate_into(rest, length, said, 3, plate, &otherwise):
        return False
    memcpy(country, said, 3)
    return True


cdef int read_plate(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    """The plate; the rule that its cell breaks, 0 = none."""
    cdef Cell text = text_at(c, plan, S_plate), country, kind
    cdef Plate plate, typed
    cdef char* out
    cdef char* scratch
    cdef bint otherwise = False, national
    cdef int rule
    if text.data == NULL:
        return 0
    country = text_at(c, plan, S_plate_country)
    out = arena_take(c, PLATE_BYTES)
    scratch = arena_take(c, PLATE_BYTES)
    if out == NULL or scratch == NULL:
        return 0
    if country.data == NULL:
        memcpy(out, b"GTM", 3)
    else:
        rule = country_into(country.data, country.size, out)
        if rule:
            warn(c, plan.field + S_plate_country, rule)
            return 0
    national = memcmp(out, b"GTM", 3) == 0
    kind = text_at(c, plan, S_plate_type)
    rule = read_plate_into(text.data, text.size, out, 3, &plate, &otherwise)
    if rule and national and kind.data != NULL:
        otherwise = typed_plate(kind, text.data, text.size, scratch, &plate) == 0  # six digits are a plate with a type only
        rule = 0 if otherwise else rule
    elif rule == 0 and plate.type_length == 0 and kind.data != NULL and national:
        if typed_plate(kind, plate.number, plate.number_length, scratch, &typed):
            warn(c, plan.field + S_plate_type, RULE_UNKNOWN_CODE)
        else:
            plate = typed
    if rule and country.data == NULL and foreign_plate(text, out, &plate):
        otherwise = True
        rule = 0
    if rule:
        s.n_shown_plates = shown_plates_into(text.data, text.size, s.shown_plates) if national else 0
        return rule
    if otherwise:
        warn(c, plan.field + S_plate, RULE_OTHERWISE)
    put_plate(s, out, &plate)
    return 0


cdef Cell without_filler(Context* c, SubjectPlan* plan, int key, Cell number) noexcept nogil:
    """Returns null, with a warning, for one character repeated: otherwise all its bearers would be one subject."""
    cdef int i = 1
    while i < number.size and number.data[i] == number.data[0]:
        i += 1
    if number.data == NULL or i < number.size:
        return number
    warn(c, plan.field + key, RULE_FORMAT)
    return no_cell()


cdef void read_vehicle(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    """17 characters of the VIN's alphabet are the VIN, in whichever column; others are the chassis number."""
    cdef int rule = read_plate(c, plan, s)
    cdef Cell vin = no_cell(), chassis = no_cell(), beside = no_cell()
    if rule and s.n_shown_plates == 0:
        beside = vin_in(c, text_at(c, plan, S_plate))
    if not takes_plate(c, plan, s, S_vin):
        vin = without_filler(c, plan, S_vin, canonical_at(c, plan, S_vin, KEY_VIN))
    if not takes_plate(c, plan, s, S_chassis):
        chassis = without_filler(c, plan, S_chassis, canonical_at(c, plan, S_chassis, KEY_VIN))
    if vin.data != NULL:
        if fits_vin(vin.data, vin.size):
            s.vin = vin
        else:
            s.chassis = vin
    if chassis.data != NULL:
        if s.vin.data == NULL and fits_vin(chassis.data, chassis.size):
            s.vin = chassis
        elif s.vin.data == NULL or not same_text(chassis, s.vin):
            s.chassis = chassis
    if s.vin.data == NULL and beside.data != NULL:
        s.vin = beside
        rule = RULE_OTHERWISE
    if rule:
        warn(c, plan.field + S_plate, rule)
    s.vin_valid = s.vin.data == NULL or vin_check_digit_holds(s.vin.data, s.vin.size)
    s.engine = without_filler(c, plan, S_engine, canonical_at(c, plan, S_engine, KEY_ENGINE))
