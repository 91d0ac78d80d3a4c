"""Who or what a row is about (docs/manifests.md, [record.subject])."""

from libc.stdint cimport int64_t
from libc.string cimport memchr, memcmp, memcpy, memset

from core.columns_cells cimport (
    CELL_MAX, RULE_OTHERWISE, RULE_OUT_OF_RANGE, RULE_TOO_LONG, RULE_UNKNOWN_CODE, RULE_UNPARSABLE, VALUE_BAD, VALUE_NULL,
    VALUE_OK, VALUE_UNKNOWN, Cell, Context, Date, arena_take, date_of_slot, flag_of, int_of, mapped_of, no_cell,
    same_text, text_of, trimmed, warn,
)
from core.columns_dates cimport lone_year
from core.columns_dates_written cimport about_year
from core.dossier cimport KEY_CEDULA, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_LICENCE, KEY_NIT, KEY_TELEPHONE, KEY_VIN
from core.identifiers_countries cimport country_into, split_country
from core.identifiers_words cimport WORDS_MAX, WORDS_TEXT
from core.identifiers cimport (
    CANONICAL_MAX, RULE_FORMAT, Plate, cui_digits_into, fits_vin, plate_text_into, read_into, read_plate_into,
    shown_cui_into, shown_plate_into, vin_check_digit_holds,
)
from core.match_names cimport name_text_into
from core.names cimport NAME_KEY_MAX, name_key_into, name_key_of_parts_into

cdef enum:
    RULE_LENGTH_OF_CUI = 1   # core.identifiers RULE_LENGTH
    MUNICIPALITY_MAX = 33    # most municipalities of a department (13 Huehuetenango)
    DEPARTMENT_MAX = 22
    AGE_MAX = 130            # years
    PLATE_BYTES = 72         # a plate taken apart and written, or a type's word before a number


cdef inline Cell text_at(Context* c, SubjectPlan* plan, int key) noexcept nogil:
    """Text of a key; null where the manifest or the row has none. A code that its map lacks stays as written."""
    cdef Cell cell
    if plan.slots[key] < 0 or text_of(c, plan.slots[key], &cell) == VALUE_NULL:
        return no_cell()
    return cell


cdef inline Cell canonical_at(Context* c, SubjectPlan* plan, int key, int kind) noexcept nogil:
    return canonical_of(c, plan, key, kind, text_at(c, plan, key))


cdef Cell canonical_of(Context* c, SubjectPlan* plan, int key, int kind, Cell cell) noexcept nogil:
    cdef Cell result
    cdef char* out
    cdef size_t size
    cdef int rule
    cdef bint otherwise
    if cell.data == NULL:
        return cell
    out = arena_take(c, CANONICAL_MAX)
    if out == NULL:
        return no_cell()
    rule = read_into(kind, cell.data, cell.size, out, CANONICAL_MAX, &size, &otherwise)
    if rule:
        warn(c, plan.field + key, rule)
        return no_cell()
    if otherwise:
        warn(c, plan.field + key, RULE_OTHERWISE)
    result.data = out
    result.size = <int>size
    return result


cdef int number_at(Context* c, SubjectPlan* plan, int key, int most) noexcept nogil:
    """A number from 1 to `most`; 0 = unknown."""
    cdef int64_t value = 0
    cdef int status
    if plan.slots[key] < 0:
        return 0
    status = int_of(c, plan.slots[key], &value)
    if status == VALUE_OK and value == 0:
        return 0
    if status == VALUE_OK and 1 <= value <= most:
        return <int>value
    if status == VALUE_OK:
        warn(c, plan.field + key, RULE_OUT_OF_RANGE)
    elif status != VALUE_NULL:
        warn(c, plan.field + key, RULE_UNKNOWN_CODE if status == VALUE_UNKNOWN else RULE_UNPARSABLE)
    return 0


cdef Date date_at(Context* c, SubjectPlan* plan, int key) noexcept nogil:
    cdef Date date
    date.status = VALUE_NULL
    date.year = date.month = date.day = 0
    if plan.slots[key] >= 0:
        date = date_of_slot(c, plan.slots[key])
        if date.status == VALUE_BAD:
            warn(c, plan.field + key, RULE_UNPARSABLE)
    return date


cdef Cell key_of(Context* c, Cell name) noexcept nogil:
    cdef Cell key = no_cell()
    cdef char* out
    cdef int size
    if name.data == NULL:
        return key
    out = arena_take(c, name.size + 1)
    if out == NULL:
        return key
    size = name_key_into(name.data, name.size, out, name.size + 1)
    if size > 0:
        key.data = out
        key.size = size
    return key


cdef Cell stored_name_of(Context* c, const char** parts, const size_t* lengths, Cell full) noexcept nogil:
    """The stored text of a name, in the arena; null when it holds no token."""
    cdef Cell text = no_cell()
    cdef size_t cap = <size_t>full.size + 8
    cdef char* out
    cdef int i, size
    for i in range(6):
        cap += lengths[i] + 1
    out = arena_take(c, cap)
    if out == NULL:
        return text
    size = name_text_into(parts, lengths, full.data, full.size, out, cap)
    if size > 0:
        text.data = out
        text.size = size
    return text


cdef Cell plain_text_of(Context* c, Cell full) noexcept nogil:
    """The same of a name without parts."""
    cdef const char* parts[6]
    cdef size_t lengths[6]
    cdef int i
    if full.data == NULL:
        return no_cell()
    for i in range(6):
        parts[i] = b""
        lengths[i] = 0
    return stored_name_of(c, parts, lengths, full)


cdef void read_comma_parts(SubjectPlan* plan, Subject* s, Cell full) noexcept nogil:
    """Parts between commas, where there are as many as the manifest names."""
    cdef int count = 1, i
    cdef const char* at
    cdef const char* comma
    cdef Cell piece
    for i in range(full.size):
        count += full.data[i] == 44
    if count != plan.n_comma_parts:
        return
    at = full.data
    for i in range(count):
        comma = <const char*>memchr(at, 44, full.data + full.size - at)
        piece.data = at
        piece.size = <int>((comma if comma != NULL else full.data + full.size) - at)
        if plan.comma_parts[i] != PART_IGNORED:
            s.parts[plan.comma_parts[i]] = trimmed(piece)
            s.in_parts = s.in_parts or s.parts[plan.comma_parts[i]].data != NULL
        at = comma + 1


cdef inline bint starts_with_de(Cell name) noexcept nogil:
    return name.size > 3 and (name.data[0] | 32) == 100 and (name.data[1] | 32) == 101 and name.data[2] == 32


cdef Cell shown_name(Context* c, SubjectPlan* plan, Subject* s, Cell full) noexcept nogil:
    cdef Cell result, head, tail
    cdef char* out
    cdef const char* comma
    cdef int i, size = 0
    if not s.in_parts:
        if full.data == NULL or not plan.surname_first:
            return full
        comma = <const char*>memchr(full.data, 44, full.size)
        if comma == NULL:
            return full
        head.data = full.data
        head.size = <int>(comma - full.data)
        tail.data = comma + 1
        tail.size = <int>(full.data + full.size - comma - 1)
        head = trimmed(head)
        tail = trimmed(tail)
        if head.data == NULL or tail.data == NULL:
            return full
        out = arena_take(c, head.size + tail.size + 1)
        if out == NULL:
            return full
        memcpy(out, tail.data, tail.size)
        out[tail.size] = 32
        memcpy(out + tail.size + 1, head.data, head.size)
        result.data = out
        result.size = head.size + tail.size + 1
        return result
    for i in range(PARTS):
        size += s.parts[i].size + 4
    if size > CELL_MAX:
        warn(c, plan.field + S_full_name, RULE_TOO_LONG)
        return no_cell()
    out = arena_take(c, size)
    if out == NULL:
        return no_cell()
    size = 0
    for i in range(PARTS):
        if s.parts[i].data == NULL:
            continue
        if size:
            out[size] = 32
            size += 1
        if i == PARTS - 1 and not starts_with_de(s.parts[i]):
            memcpy(out + size, b"DE ", 3)
            size += 3
        memcpy(out + size, s.parts[i].data, s.parts[i].size)
        size += s.parts[i].size
    result.data = out
    result.size = size
    return result


cdef void read_name(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell full
    cdef const char* texts[PARTS]
    cdef size_t sizes[PARTS]
    cdef size_t total = 0
    cdef char* out
    cdef int i, size
    for i in range(PARTS):
        s.parts[i] = text_at(c, plan, S_first_given + i)
        s.in_parts = s.in_parts or s.parts[i].data != NULL
    full = text_at(c, plan, S_full_name)
    if not s.in_parts and full.data != NULL and plan.n_comma_parts:
        read_comma_parts(plan, s, full)
    s.name = shown_name(c, plan, s, full)
    if s.name.data == NULL:
        return
    if not s.in_parts:
        s.name_key = key_of(c, s.name)
        s.name_text = plain_text_of(c, s.name)
        return
    for i in range(PARTS):
        texts[i] = s.parts[i].data  # NULL of no bytes
        sizes[i] = s.parts[i].size
    s.name_text = stored_name_of(c, texts, sizes, no_cell())
    for i in range(5):
        total += s.parts[i].size + 1
    if total > NAME_KEY_MAX:
        total = NAME_KEY_MAX
    out = arena_take(c, total)
    if out == NULL:
        return
    size = name_key_of_parts_into(<const char**>texts, sizes, out, 0, out, total)
    if size > 0:
        s.name_key.data = out
        s.name_key.size = size


cdef void read_cui_and_nit(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell cell = text_at(c, plan, S_cui)
    cdef char* out
    cdef bint valid = True, otherwise
    s.cui_valid = True
    if cell.data != NULL:
        out = arena_take(c, 16)
        if out != NULL and cui_digits_into(cell.data, cell.size, out, &valid, &otherwise):
            s.cui.data = out
            s.cui.size = 13
            s.cui_valid = valid
            if otherwise:
                warn(c, plan.field + S_cui, RULE_OTHERWISE)
        else:
            warn(c, plan.field + S_cui, RULE_LENGTH_OF_CUI)
            if out != NULL and shown_cui_into(cell.data, cell.size, out):
                s.shown_cui.data = out
                s.shown_cui.size = 13
    s.nit = canonical_at(c, plan, S_nit, KEY_NIT)
    if s.cui.data == NULL and s.nit.size == 13:
        out = arena_take(c, 16)
        if out != NULL and cui_digits_into(s.nit.data, s.nit.size, out, &valid, &otherwise) and valid:
            s.cui.data = out
            s.cui.size = 13


cdef void read_document(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    """Number and country; the country may stand beside the number."""
    cdef Cell country = text_at(c, plan, S_document_country), number = text_at(c, plan, S_document_number)
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef char said[3]
    cdef char* out
    cdef int rule = RULE_FORMAT, length
    cdef bint code
    if number.data == NULL:
        return
    out = arena_take(c, 8)
    if out == NULL:
        return
    if country.data != NULL:
        rule = country_into(country.data, country.size, out)
        if rule:
            warn(c, plan.field + S_document_country, rule)
    if split_country(number.data, number.size, said, rest, &length, &code) and (rule or memcmp(said, out, 3) == 0):
        memcpy(out, said, 3)
        rule = 0
        number.data = rest
        number.size = length
        warn(c, plan.field + S_document_number, RULE_OTHERWISE)
    s.document_number = canonical_of(c, plan, S_document_number, KEY_DOCUMENT_NUMBER, number)
    if s.document_number.data != NULL and rule == 0:
        s.document_country.data = out
        s.document_country.size = 3


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
        return RULE_LENGTH_OF_CUI
    memcpy(scratch, kind.data, kind.size)
    scratch[kind.size] = 32
    memcpy(scratch + kind.size + 1, number, size)
    rule = read_plate_into(scratch, kind.size + 1 + size, b"GTM", 3, plate, &otherwise)
    return RULE_UNKNOWN_CODE if rule == 0 and plate.type_length == 0 else rule


cdef void read_plate(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell text = text_at(c, plan, S_plate), country, kind
    cdef Plate plate, typed
    cdef char* out
    cdef char* scratch
    cdef bint otherwise = False, national
    cdef int rule
    if text.data == NULL:
        return
    country = text_at(c, plan, S_plate_country)
    out = arena_take(c, PLATE_BYTES)
    scratch = arena_take(c, PLATE_BYTES)
    if out == NULL or scratch == NULL:
        return
    if country.data == NULL:
        memcpy(out, b"GTM", 3)
    else:
        rule = country_into(country.data, country.size, out)
        if rule:
            warn(c, plan.field + S_plate_country, rule)
            return
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
    if rule:
        warn(c, plan.field + S_plate, rule)
        s.shows_plate = national and shown_plate_into(text.data, text.size, &s.shown_plate)
        return
    if otherwise:
        warn(c, plan.field + S_plate, RULE_OTHERWISE)
    put_plate(s, out, &plate)


cdef Cell without_filler(Context* c, SubjectPlan* plan, int key, Cell number) noexcept nogil:
    """A number of a vehicle; null, with a warning, where it is one character repeated."""
    cdef int i = 1
    while i < number.size and number.data[i] == number.data[0]:
        i += 1
    if number.data == NULL or i < number.size:
        return number
    warn(c, plan.field + key, RULE_FORMAT)
    return no_cell()


cdef void read_chassis(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    """17 characters of the VIN's alphabet are the VIN, in whichever column; others are the chassis number."""
    cdef Cell vin = without_filler(c, plan, S_vin, canonical_at(c, plan, S_vin, KEY_VIN))
    cdef Cell chassis = without_filler(c, plan, S_chassis, canonical_at(c, plan, S_chassis, KEY_VIN))
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
    s.vin_valid = s.vin.data == NULL or vin_check_digit_holds(s.vin.data, s.vin.size)


cdef void read_person(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell written
    cdef int64_t value = 0
    cdef int status
    cdef Date date
    read_cui_and_nit(c, plan, s)
    s.cedula = canonical_at(c, plan, S_cedula, KEY_CEDULA)
    s.licence = canonical_at(c, plan, S_licence, KEY_LICENCE)
    s.telephone = canonical_at(c, plan, S_telephone, KEY_TELEPHONE)
    read_document(c, plan, s)
    read_name(c, plan, s)
    s.organisation = flag_of(c, plan.organisation)
    s.birth = date_at(c, plan, S_birth_date)
    if plan.slots[S_about_age] >= 0 and plan.date >= 0:
        status = int_of(c, plan.slots[S_about_age], &value)
        date = date_of_slot(c, plan.date)
        if status == VALUE_OK and 0 <= value <= AGE_MAX:
            if date.status == VALUE_OK and date.year:
                s.about_year = date.year - <int>value
        elif status != VALUE_NULL:
            warn(c, plan.field + S_about_age, RULE_OUT_OF_RANGE if status == VALUE_OK else RULE_UNPARSABLE)
    if s.birth.status == VALUE_BAD and s.about_year == 0:
        date = date_of_slot(c, plan.date) if plan.date >= 0 else s.birth
        s.about_year = about_year(text_at(c, plan, S_birth_date), date.year if date.status == VALUE_OK else 0)
    if s.birth.status == VALUE_BAD and s.about_year:  # it is stated about when: not in doubt
        s.birth.status = VALUE_NULL
    elif s.birth.status == VALUE_BAD and text_of(c, plan.slots[S_birth_date], &written) == VALUE_OK:
        s.birth.year = lone_year(written)
        s.birth.status = VALUE_OK if s.birth.year else VALUE_BAD
    if plan.slots[S_sex] >= 0:
        status = mapped_of(c, plan.slots[S_sex], plan.sex_map, &value)
        if status == VALUE_OK:
            s.sex = <int>value
        elif status == VALUE_UNKNOWN:
            warn(c, plan.field + S_sex, RULE_UNKNOWN_CODE)
    s.birth_department = number_at(c, plan, S_birth_department, DEPARTMENT_MAX)
    s.birth_municipality = number_at(c, plan, S_birth_municipality, MUNICIPALITY_MAX)
    s.residence_department = number_at(c, plan, S_residence_department, DEPARTMENT_MAX)
    s.father = text_at(c, plan, S_father_name)
    s.mother = text_at(c, plan, S_mother_name)
    s.father_text = plain_text_of(c, s.father)
    s.mother_text = plain_text_of(c, s.mother)
    s.death = date_at(c, plan, S_death_date)
    s.dead = s.death.status != VALUE_NULL or flag_of(c, plan.dead)


cdef void read_subject(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    if s.epoch == c.epoch:
        return
    memset(s, 0, sizeof(Subject))
    s.epoch = c.epoch
    read_person(c, plan, s)
    read_plate(c, plan, s)
    read_chassis(c, plan, s)
    s.engine = without_filler(c, plan, S_engine, canonical_at(c, plan, S_engine, KEY_ENGINE))
    s.make = text_at(c, plan, S_make)
    s.line = text_at(c, plan, S_line)
    s.colour = text_at(c, plan, S_colour)
    s.vehicle_type = text_at(c, plan, S_vehicle_type)
    s.model_year = number_at(c, plan, S_model_year, 9999)
    s.valid_from = date_at(c, plan, S_valid_from)
    s.valid_to = date_at(c, plan, S_valid_to)
    s.share = number_at(c, plan, S_share, 100)


cdef int only_shown(Subject* s, bint vehicle) noexcept nogil:
    if vehicle:
        return S_plate if s.shows_plate and s.vin.data == NULL and s.chassis.data == NULL else -1
    if s.shown_cui.data == NULL or s.cui.data != NULL or s.nit.data != NULL or s.document_number.data != NULL:
        return -1
    return S_cui if s.licence.data == NULL and s.cedula.data == NULL else -1


cdef void take_shown(Context* c, Subject* s) noexcept nogil:
    cdef char* out
    if s.cui.data == NULL:
        s.cui = s.shown_cui
    if s.plate.data == NULL and s.shows_plate:
        out = arena_take(c, PLATE_BYTES)
        if out != NULL:
            memcpy(out, b"GTM", 3)
            put_plate(s, out, &s.shown_plate)


cdef bint names_a_person(Subject* s) noexcept nogil:
    return (
        s.cui.data != NULL or s.document_number.data != NULL or s.nit.data != NULL or s.licence.data != NULL
        or s.cedula.data != NULL or s.name_key.data != NULL
    )


cdef bint names_a_vehicle(Subject* s) noexcept nogil:
    return s.plate.data != NULL or s.vin.data != NULL or s.chassis.data != NULL or s.engine.data != NULL
