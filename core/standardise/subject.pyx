"""The subject of a row (docs/manifests.md, [record.subject])."""

from libc.stdint cimport int64_t
from libc.string cimport memchr, memcpy, memset

from core.identifiers.in_names cimport find_named_cuis, holds_thirteen_digits
from core.identifiers.rules cimport SHOWN_CUIS
from core.names.keys cimport NAME_KEY_MAX, name_key_into, name_key_of_parts_into
from core.names.nobody cimport names_nobody
from core.names.reading cimport name_text_into
from core.standardise.cells cimport (
    arena_take, date_of_slot, flag_of, int_of, mapped_of, no_cell, text_of, trimmed, warn,
)
from core.standardise.dates cimport lone_year
from core.standardise.dates_written cimport about_year
from core.standardise.keys cimport text_at
from core.standardise.nothing cimport names_a_parent
from core.standardise.numbers cimport read_numbers
from core.standardise.row cimport (
    CELL_MAX, RULE_OTHERWISE, RULE_OUT_OF_RANGE, RULE_TOO_LONG, RULE_UNKNOWN_CODE, RULE_UNPARSABLE, VALUE_BAD,
    VALUE_NULL, VALUE_OK, VALUE_UNKNOWN, Cell, Context, Date,
)
from core.standardise.stated cimport (
    PARTS, PART_IGNORED, PLATE_BYTES, S_about_age, S_birth_date, S_birth_department, S_birth_municipality, S_colour,
    S_cui, S_death_date, S_father_name, S_first_given, S_full_name, S_line, S_make, S_model_year, S_mother_name,
    S_plate, S_residence_department, S_sex, S_share, S_valid_from, S_valid_to, S_vehicle_type, Subject, SubjectPlan,
)
from core.standardise.vehicle cimport put_plate, read_vehicle

cdef enum:
    MUNICIPALITY_MAX = 33    # most municipalities of a department (13 Huehuetenango)
    DEPARTMENT_MAX = 22
    AGE_MAX = 130            # years


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
    date.turned = False
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


cdef inline Cell parent_text_of(Context* c, Cell written) noexcept nogil:
    """Returns the text by which parents are compared; null if none is named."""
    return plain_text_of(c, written) if written.data != NULL and names_a_parent(written) else no_cell()


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


cdef Cell without_cuis(Context* c, SubjectPlan* plan, Cell name) noexcept nogil:
    """Returns the name without the CUIs in its cell; the name itself if it names no other person."""
    cdef Cell rest
    cdef char cuis[SHOWN_CUIS]
    cdef char* out
    cdef int size
    if not holds_thirteen_digits(name.data, name.size):
        return name
    out = arena_take(c, name.size + 1)
    if out == NULL or find_named_cuis(name.data, name.size, cuis, out, &size) == 0:
        return name
    warn(c, plan.field + S_full_name, RULE_OTHERWISE)
    rest.data = out
    rest.size = size
    return rest if key_of(c, rest).data != NULL else name


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
    if s.name.data == NULL or names_nobody(s.name.data, s.name.size):
        return
    if not s.in_parts:
        full = without_cuis(c, plan, s.name) if s.cui.data == NULL else s.name
        s.name_key = key_of(c, full)
        s.name_text = plain_text_of(c, full)
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


cdef void read_person(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    cdef Cell written
    cdef int64_t value = 0
    cdef int status
    cdef Date date
    read_numbers(c, plan, s)
    read_name(c, plan, s)
    s.organisation = flag_of(c, plan.organisation)
    s.birth = date_at(c, plan, S_birth_date)
    if plan.slots[S_about_age] >= 0 and plan.date >= 0:
        status = int_of(c, plan.slots[S_about_age], &value)
        date = date_of_slot(c, plan.date)
        if status == VALUE_OK and 0 <= value <= AGE_MAX:
            if date.status == VALUE_OK and date.year:
                s.about_year = date.year - <int>value
        elif status == VALUE_BAD:
            s.about_year = about_year(text_at(c, plan, S_about_age), date)
        if s.about_year == 0 and status != VALUE_NULL and not (status == VALUE_OK and 0 <= value <= AGE_MAX):
            warn(c, plan.field + S_about_age, RULE_OUT_OF_RANGE if status == VALUE_OK else RULE_UNPARSABLE)
    if s.birth.status == VALUE_BAD and s.about_year == 0:
        date = date_of_slot(c, plan.date) if plan.date >= 0 else s.birth
        s.about_year = about_year(text_at(c, plan, S_birth_date), date)
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
    s.father_text = parent_text_of(c, s.father)
    s.mother_text = parent_text_of(c, s.mother)
    s.death = date_at(c, plan, S_death_date)
    s.dead = s.death.status != VALUE_NULL or flag_of(c, plan.dead)


cdef void read_subject(Context* c, SubjectPlan* plan, Subject* s) noexcept nogil:
    if s.epoch == c.epoch:
        return
    memset(s, 0, sizeof(Subject))
    s.epoch = c.epoch
    read_person(c, plan, s)
    read_vehicle(c, plan, s)
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
        return S_plate if s.n_shown_plates and s.plate.data == NULL and s.vin.data == NULL and s.chassis.data == NULL else -1
    if s.n_shown_cuis == 0 or s.cui.data != NULL or s.nit.data != NULL or s.document_number.data != NULL:
        return -1
    return S_cui if s.licence.data == NULL and s.cedula.data == NULL else -1


cdef int count_shown(Subject* s, bint vehicle) noexcept nogil:
    cdef int count = s.n_shown_plates if vehicle else s.n_shown_cuis
    return count if count > 1 and only_shown(s, vehicle) >= 0 else 1


cdef void take_shown(Context* c, Subject* s, int which) noexcept nogil:
    cdef char* out
    if s.cui.data == NULL and s.n_shown_cuis and (s.n_shown_cuis == 1 or only_shown(s, False) >= 0):
        s.cui.data = s.shown_cuis + which * 13
        s.cui.size = 13
    if s.plate.data == NULL and s.n_shown_plates and (s.n_shown_plates == 1 or only_shown(s, True) >= 0):
        out = arena_take(c, PLATE_BYTES)
        if out != NULL:
            memcpy(out, b"GTM", 3)
            put_plate(s, out, &s.shown_plates[which])


cdef bint names_a_person(Subject* s) noexcept nogil:
    return (
        s.cui.data != NULL or (s.document_number.data != NULL and s.document_country.data != NULL) or s.nit.data != NULL or s.licence.data != NULL
        or s.cedula.data != NULL or s.name_key.data != NULL
    )


cdef bint shows_a_person(Subject* s) noexcept nogil:
    # a document's number without its country, or another number in the cell of a CUI or NIT
    return names_a_person(s) or s.document_number.data != NULL or s.loose_number.data != NULL


cdef bint names_a_vehicle(Subject* s) noexcept nogil:
    return s.plate.data != NULL or s.vin.data != NULL or s.chassis.data != NULL or s.engine.data != NULL
