"""One record of a row: its rules, then the standard record (docs/manifests.md, "Refused records")."""

from libc.stdint cimport int32_t, int64_t
from libc.stdio cimport snprintf
from libc.string cimport strlen

from core.calendar cimport LAST_FILLER_YEAR, NO_DAY, age_in_years
from core.contract.alert cimport *
from core.contract.level cimport CAUTION_FLAG_ARMED
from core.contract.section cimport SENSITIVITY_DISCREET, SENSITIVITY_OPEN
from core.standard_record cimport *
from core.standardise.cells cimport (
    arena_take, cell_of, date_of_slot, flag_of, holds, int_of, is_untold, mapped_of, no_cell, raw_cell_is_damaged,
    text_of, warn,
)
from core.standardise.columns cimport *
from core.standardise.dates cimport Validity, alert_days, validity_of
from core.standardise.naming cimport line_of, merge_key, text_or_null
from core.standardise.encoding cimport AlertPlan, Encoding, Mapped, RecordPlan, Refusal, State
from core.standardise.parsing cimport day_of_date, number_of_date
from core.standardise.payload cimport write_damaged, write_damaged_hit, write_date_parts, write_hit, write_payload
from core.standardise.row cimport (
    RULE_DATE, RULE_DOUBTFUL, RULE_NO_SUBJECT, RULE_RECORD_ID, RULE_REQUIRED, RULE_UNDECODABLE, RULE_UNKNOWN_CODE,
    RULE_UNPARSABLE, RULE_UNREADABLE, VALUE_BAD, VALUE_NULL, VALUE_OK, VALUE_UNKNOWN, Cell, Context, Date,
)
from core.standardise.stated cimport S_birth_date, S_cedula, S_cui, S_document_number, S_licence, S_nit, Subject
from core.standardise.subject cimport count_shown, names_a_person, names_a_vehicle, only_shown, read_subject, shows_a_person, take_shown
from core.wire cimport Buffer, buffer_reset, put_raw


cdef extern from "strings.h" nogil:
    int strncasecmp(const char* a, const char* b, size_t n)

cdef enum:
    ANSWERABLE_AGE = 13          # years: nobody younger is accused, or restrained (Ley PINA, articles 132 and 136)
    PARTS_APART = 256            # of the damaged records that one [[record]] makes of one row

cdef enum:
    VERSION_FIELD = 1        # after RecordPlan.field
    DATE_FIELD = 2
    CERTIFICATE_FIELD = 3
    STATE_DATE_FIELD = 0     # after AlertPlan.field
    FROM_FIELD = 1
    TO_FIELD = 2
    ISSUED_FIELD = 3


cdef Cell rule_text(int rule) noexcept nogil:
    """The word of a rule that refuses a record, as in the quarantine file."""
    cdef const char* word
    cdef Cell text
    if rule == RULE_REQUIRED:
        word = b"required_missing"
    elif rule == RULE_DATE:
        word = b"unparsable_date"
    elif rule == RULE_RECORD_ID:
        word = b"record_id_missing"
    elif rule == RULE_UNKNOWN_CODE:
        word = b"unknown_code"
    elif rule == RULE_UNDECODABLE:
        word = b"undecodable_bytes"
    elif rule == RULE_UNREADABLE:
        word = b"unreadable_identifier"
    else:
        word = b"no_subject"
    text.data = word
    text.size = <int>strlen(word)
    return text


cdef Cell row_number(Encoding* e) noexcept nogil:
    cdef Cell text = no_cell()
    cdef char* out = arena_take(&e.context, 24)
    if out != NULL:
        text.data = out
        text.size = snprintf(out, 24, b"%lld", <long long>e.row)
    return text


cdef inline int read_mapped(Context* c, Mapped* value, int64_t* out) noexcept nogil:
    if value.slot < 0:
        out[0] = value.constant
        return VALUE_OK
    return mapped_of(c, value.slot, value.map, out)


cdef inline Date date_or_null(Context* c, int slot, int field) noexcept nogil:
    cdef Date date
    date.status = VALUE_NULL
    date.year = date.month = date.day = 0
    if slot >= 0:
        date = date_of_slot(c, slot)
        if date.status == VALUE_BAD and field >= 0:
            warn(c, field, RULE_UNPARSABLE)
    return date


cdef int broken_rule(Encoding* e, RecordPlan* plan, State* state, int* field) noexcept nogil:
    """The first rule that refuses the record, and its field; 0 = none. Fills the state's coded values on the way."""
    cdef Context* c = &e.context
    cdef AlertPlan* alert = &plan.alert
    cdef Cell cell
    cdef int i
    if c.undecodable:
        for i in range(c.n_inputs):
            if raw_cell_is_damaged(c, i):
                field[0] = i
                return RULE_UNDECODABLE
        field[0] = -1
        return RULE_UNDECODABLE
    for i in range(plan.n_required):
        field[0] = plan.required[i].column
        if plan.required[i].date < 0:
            if cell_of(c, field[0]).data == NULL:
                return RULE_REQUIRED
        elif date_of_slot(c, plan.required[i].date).status == VALUE_NULL:
            return RULE_REQUIRED
    for i in range(plan.n_required):
        field[0] = plan.required[i].column
        if plan.required[i].date >= 0 and date_of_slot(c, plan.required[i].date).status == VALUE_BAD:
            return RULE_DATE
    if alert.present:
        for i in range(2):
            field[0] = alert.field + FROM_FIELD + i
            if date_or_null(c, alert.valid_to if i else alert.valid_from, -1).status == VALUE_BAD:
                return RULE_DATE
    field[0] = plan.field
    if plan.record_id >= 0 and text_of(c, plan.record_id, &cell) == VALUE_NULL:
        return RULE_RECORD_ID
    field[0] = plan.sensitivity.field
    if read_mapped(c, &plan.sensitivity, &state.sensitivity) != VALUE_OK:
        return RULE_UNKNOWN_CODE
    if alert.present:
        field[0] = alert.kind.field
        if read_mapped(c, &alert.kind, &state.kind) != VALUE_OK:
            return RULE_UNKNOWN_CODE
        field[0] = alert.state.field
        if read_mapped(c, &alert.state, &state.alert_state) != VALUE_OK:
            return RULE_UNKNOWN_CODE
    for i in range(plan.n_strict):
        field[0] = plan.strict[i].field
        if text_of(c, plan.strict[i].slot, &cell) == VALUE_UNKNOWN:
            return RULE_UNKNOWN_CODE
    i = only_shown(state.subject, plan.vehicle)
    if alert.present and not alert.protected and i >= 0:
        field[0] = e.subjects[plan.subject].field + i
        return RULE_UNREADABLE
    field[0] = -1
    if not (names_a_vehicle(state.subject) if plan.vehicle else names_a_person(state.subject)):
        return RULE_NO_SUBJECT
    return 0


cdef void put_validity(Output* first, Output* last, Output* first_span, Output* last_span, int64_t row, Validity v) noexcept nogil:
    put_number_or_null(first, row, v.first, NO_DAY)
    put_number_or_null(last, row, v.last, NO_DAY)
    put_number_or_null(first_span, row, v.first_span, 0)
    put_number_or_null(last_span, row, v.last_span, 0)


cdef void put_subject(Output* o, int64_t row, Subject* s) noexcept nogil:
    cdef int32_t death = day_of_date(s.death)
    put_text(&o[O_cui], row, s.cui)
    put_number(&o[O_cui_valid], row, s.cui_valid)
    put_text(&o[O_document_country], row, s.document_country)
    put_text(&o[O_document_number], row, s.document_number)
    put_text(&o[O_nit], row, s.nit)
    put_text(&o[O_licence], row, s.licence)
    put_text(&o[O_cedula], row, s.cedula)
    put_text(&o[O_loose_number], row, s.loose_number)
    put_text(&o[O_telephone], row, s.telephone)
    put_number(&o[O_organisation], row, s.organisation)
    put_text(&o[O_name], row, s.name)
    put_text(&o[O_name_key], row, s.name_key)
    put_text(&o[O_name_text], row, s.name_text)
    put_number_or_null(&o[O_birth_year], row, s.birth.year, 0)
    put_number_or_null(&o[O_birth_month], row, s.birth.month, 0)
    put_number_or_null(&o[O_birth_mday], row, s.birth.day, 0)
    put_number_or_null(&o[O_about_year], row, s.about_year, 0)
    put_number(&o[O_sex], row, s.sex)
    put_number(&o[O_birth_department], row, s.birth_department)
    put_number(&o[O_residence_department], row, s.residence_department)
    put_text(&o[O_father], row, s.father_text)
    put_text(&o[O_mother], row, s.mother_text)
    put_number_or_null(&o[O_death_day], row, NO_DAY if not s.dead else (death if death != NO_DAY else 0), NO_DAY)
    put_text(&o[O_plate_type], row, s.plate_type)
    put_text(&o[O_plate], row, s.plate)
    put_text(&o[O_plate_country], row, s.plate_country)
    put_text(&o[O_vin], row, s.vin)
    put_text(&o[O_chassis], row, s.chassis)
    put_text(&o[O_engine], row, s.engine)
    put_text(&o[O_make], row, s.make)
    put_text(&o[O_line], row, s.line)
    put_text(&o[O_colour], row, s.colour)
    put_number_or_null(&o[O_model_year], row, s.model_year, 0)
    put_text(&o[O_vehicle_type], row, s.vehicle_type)
    put_validity(&o[O_valid_from], &o[O_valid_to], &o[O_valid_from_span], &o[O_valid_to_span], row,
                 validity_of(s.valid_from, s.valid_to, False))
    put_number(&o[O_share], row, s.share)


cdef void put_day(Output* o, int first, int span, int64_t row, Date date) noexcept nogil:
    """The days that a date may be, into the columns `first` and `span`."""
    cdef Date none
    none.status = VALUE_NULL
    none.year = none.month = none.day = 0
    cdef Validity days = validity_of(date, none, False)
    put_number_or_null(&o[first], row, days.first, NO_DAY)
    put_number_or_null(&o[span], row, days.first_span, 0)


cdef inline Cell buffer_cell(Buffer* buffer) noexcept nogil:
    """The buffer's bytes as a cell that is not null, even when empty."""
    cdef Cell cell
    cell.data = <const char*>buffer.data
    if cell.data == NULL:
        cell.data = b""
    cell.size = <int>buffer.size
    return cell


cdef void put_head(Encoding* e, State* state, int section, int subject, int clearance) noexcept nogil:
    cdef Output* o = e.outputs
    cdef int64_t row = e.written
    put_number(&o[O_source], row, e.register.source)
    put_number(&o[O_part], row, state.part)
    put_text(&o[O_record_line], row, line_of(e))
    put_number(&o[O_register], row, e.register.ordinal)
    put_number(&o[O_section], row, section)
    put_text(&o[O_record_id], row, state.record_id)
    put_number(&o[O_version], row, state.version)
    put_number(&o[O_row], row, e.row)
    put_number(&o[O_subject], row, subject)
    put_number_or_null(&o[O_sort_day], row, day_of_date(state.date), NO_DAY)
    put_number(&o[O_sensitivity], row, state.sensitivity)
    put_number(&o[O_clearance], row, clearance)
    put_text(&o[O_payload], row, buffer_cell(&e.payload))
    put_subject(o, row, state.subject)


cdef bint birth_is_doubtful(Date birth, Date acted, bint child) noexcept nogil:
    """docs/answers.md section 5, "doubtful birth dates". acted: the day of the order; child: of a missing child."""
    cdef int32_t born = day_of_date(birth), day = day_of_date(acted)
    if birth.status == VALUE_BAD:
        return True
    if birth.status != VALUE_OK or birth.year == 0:
        return False
    if birth.year <= LAST_FILLER_YEAR or (birth.month == 1 and birth.day == 1):
        return True
    if born == NO_DAY or day == NO_DAY:
        return False
    return born >= day or (not child and age_in_years(birth.year, birth.month, birth.day, day) < ANSWERABLE_AGE)


cdef bint may_close_later(int64_t alert_state, Date closed, Date issued, int32_t* last) noexcept nogil:
    """Returns true if the order that the row calls closed may still stand.

    Its closing is still to come, or is impossible (docs/statute.md, rule 21). last: the day before the closing; NO_DAY
    for an impossible one.
    """
    cdef Date none
    cdef Validity days
    cdef int32_t issued_day = day_of_date(issued)
    none.status = VALUE_NULL
    none.year = none.month = none.day = 0
    last[0] = NO_DAY
    if alert_state in (ALERT_STATE_PENDING, ALERT_STATE_UNSPECIFIED) or closed.status != VALUE_OK:
        return False
    days = validity_of(closed, none, False)
    if days.first == NO_DAY:
        return False
    if closed.year <= LAST_FILLER_YEAR or number_of_date(closed) in (19700101, 19691231):
        return True
    if issued_day != NO_DAY and days.first + days.first_span < issued_day:
        return True
    last[0] = days.first + days.first_span - 1
    return True


cdef bint is_unread(Context* c, int slot, Cell found) noexcept nogil:
    """Returns whether the cell shows a number that was not read: two different digits, or a word for one. Fillers show
    none."""
    cdef Cell cell
    cdef int32_t i
    cdef char digit = 0
    if slot < 0 or found.data != NULL or text_of(c, slot, &cell) == VALUE_NULL or cell.data == NULL:
        return False
    for i in range(cell.size):
        if 48 <= cell.data[i] <= 57:
            if digit and cell.data[i] != digit:
                return True
            digit = cell.data[i]
        elif i + 6 <= cell.size and strncasecmp(cell.data + i, b"ILEGIB", 6) == 0:
            return True
    return False


cdef bint shows_unread(Encoding* e, RecordPlan* plan, State* state) noexcept nogil:
    cdef Context* c = &e.context
    cdef const int* slots = e.subjects[plan.subject].slots
    cdef Subject* s = state.subject
    if plan.vehicle:
        return False
    return (is_unread(c, slots[S_cui], s.cui) or is_unread(c, slots[S_document_number], s.document_number)
            or is_unread(c, slots[S_nit], s.nit) or is_unread(c, slots[S_licence], s.licence)
            or is_unread(c, slots[S_cedula], s.cedula))


cdef void put_alert(Encoding* e, RecordPlan* plan, State* state) noexcept nogil:
    cdef Output* o = e.outputs
    cdef int64_t row = e.written
    cdef AlertPlan* alert = &plan.alert
    cdef Cell parts = no_cell(), hit = no_cell()
    cdef Date acted
    cdef int flags = 0, i
    cdef int32_t closes
    cdef Validity days = alert_days(state.alert_from, state.alert_to, day_of_date(state.issued))
    buffer_reset(&e.hit)
    if state.state_date.status == VALUE_OK:
        write_date_parts(&e.hit, state.state_date)
        parts = buffer_cell(&e.hit)
    put_text(&o[O_state_date_parts], row, parts)
    if flag_of(&e.context, alert.misuse):
        flags |= ALERT_MISUSE
    for i in range(alert.n_cautions):
        if alert.cautions[i].flag == CAUTION_FLAG_ARMED and holds(&e.context, alert.cautions[i].condition, False):
            flags |= ALERT_ARMED
    if alert.protected:
        flags |= ALERT_PROTECTED
        if may_close_later(state.alert_state, state.state_date, state.issued, &closes):
            flags |= ALERT_HIDES_YET
            if closes != NO_DAY and (days.last == NO_DAY or closes < days.last):
                days.last = closes
    acted = state.issued if day_of_date(state.issued) != NO_DAY else state.date
    if not plan.vehicle and birth_is_doubtful(state.subject.birth, acted, state.kind == ALERT_KIND_MISSING_CHILD):
        flags |= ALERT_BIRTH_DOUBTED
    elif not plan.vehicle and state.subject.birth.status == VALUE_OK and state.subject.birth.turned:
        flags |= ALERT_BIRTH_TURNED
    if flags & (ALERT_BIRTH_DOUBTED | ALERT_BIRTH_TURNED):
        warn(&e.context, e.subjects[plan.subject].field + S_birth_date, RULE_DOUBTFUL)
    if shows_unread(e, plan, state):
        flags |= ALERT_UNREAD
    put_number(&o[O_alert_kind], row, state.kind)
    put_number(&o[O_alert_state], row, state.alert_state)
    put_number(&o[O_alert_flags], row, flags)
    put_validity(&o[O_alert_from], &o[O_alert_to], &o[O_alert_from_span], &o[O_alert_to_span], row, days)
    put_number(&o[O_state_date], row, number_of_date(state.state_date))
    put_number_or_null(&o[O_issued_day], row, day_of_date(state.issued), NO_DAY)
    put_day(o, O_state_first, O_state_span, row, state.state_date)
    put_day(o, O_issued_first, O_issued_span, row, state.issued if state.issued.status != VALUE_NULL else state.date)
    put_text(&o[O_merge_key], row, merge_key(e, alert))
    if not alert.protected:
        buffer_reset(&e.hit)
        write_hit(e, plan, state, &e.hit)
        hit = buffer_cell(&e.hit)
    put_text(&o[O_hit_payload], row, hit)


cdef void refuse(Encoding* e, RecordPlan* plan, int number, State* state, int rule, int field) noexcept nogil:
    """Notes the refusal; an alert, or a protected side, that still shows a subject becomes a damaged record."""
    cdef Refusal refusal
    cdef Subject stated = state.subject[0]
    cdef int which
    refusal.row = e.row
    refusal.record = number
    refusal.field = field
    refusal.rule = rule
    put_raw(&e.refusals, &refusal, sizeof(Refusal))
    if not plan.alert.present and not plan.clearance:
        return
    for which in range(count_shown(state.subject, plan.vehicle)):
        take_shown(&e.context, state.subject, which)
        if names_a_vehicle(state.subject) if plan.vehicle else shows_a_person(state.subject):
            state.part = plan.part + which * PARTS_APART
            put_damaged(e, plan, state, rule, field)
        state.subject[0] = stated     # other records of the row have what it states


cdef void put_readable_state(Encoding* e, AlertPlan* alert) noexcept nogil:
    """Puts the readable state of a damaged row: whether its order stands, and when."""
    cdef Context* c = &e.context
    cdef Output* o = e.outputs
    cdef Date issued = date_or_null(c, alert.issued, -1)
    cdef Validity days = alert_days(date_or_null(c, alert.valid_from, -1), date_or_null(c, alert.valid_to, -1),
                                    day_of_date(issued))
    cdef int64_t state
    cdef int32_t closes
    if read_mapped(c, &alert.state, &state) != VALUE_OK or state == ALERT_STATE_UNSPECIFIED:
        state = ALERT_STATE_PENDING
    if may_close_later(state, date_or_null(c, alert.state_date, -1), issued, &closes):
        state = ALERT_STATE_PENDING
        if closes != NO_DAY and (days.last == NO_DAY or closes < days.last):
            days.last = closes
    put_number(&o[O_alert_state], e.written, state)
    put_validity(&o[O_alert_from], &o[O_alert_to], &o[O_alert_from_span], &o[O_alert_to_span], e.written, days)


cdef void put_damaged(Encoding* e, RecordPlan* plan, State* state, int rule, int field) noexcept nogil:
    cdef Output* o = e.outputs
    cdef int64_t row = e.written
    cdef Cell name = no_cell()
    state.record_id = text_or_null(&e.context, plan.record_id)
    if state.record_id.data == NULL:
        state.record_id = row_number(e)
    if read_mapped(&e.context, &plan.sensitivity, &state.sensitivity) != VALUE_OK:
        state.sensitivity = SENSITIVITY_DISCREET if plan.alert.present else SENSITIVITY_OPEN
    state.date = date_or_null(&e.context, plan.date, -1)
    state.version = 0
    if plan.version >= 0 and int_of(&e.context, plan.version, &state.version) != VALUE_OK:
        state.version = 0
    if field >= 0:
        name.data = e.field_names[field]
        name.size = <int>strlen(e.field_names[field])
    buffer_reset(&e.payload)
    write_damaged(e, state, name, rule_text(rule), &e.payload)
    put_head(e, state, plan.damaged_section, SUBJECT_VEHICLE if plan.vehicle else SUBJECT_PERSON,
             plan.clearance | CLEARANCE_CERTIFICATE if plan.clearance else 0)
    if plan.alert.protected:     # no alert: it hides the address, without dates for ever
        put_number(&o[O_alert_state], row, ALERT_STATE_PENDING)
        put_number(&o[O_alert_flags], row, ALERT_PROTECTED)
    elif plan.alert.present:
        put_readable_state(e, &plan.alert)
        put_number(&o[O_alert_flags], row, ALERT_UNREAD if shows_unread(e, plan, state) else 0)
        put_number(&o[O_alert_kind], row, ALERT_KIND_DAMAGED_RECORD)
        buffer_reset(&e.hit)
        write_damaged_hit(e, &e.hit)
        put_text(&o[O_hit_payload], row, buffer_cell(&e.hit))
    e.written += 1


cdef void read_state(Encoding* e, RecordPlan* plan, State* state) noexcept nogil:
    cdef Context* c = &e.context
    cdef AlertPlan* alert = &plan.alert
    cdef int status
    if plan.record_id >= 0:
        text_of(c, plan.record_id, &state.record_id)
    else:
        state.record_id = row_number(e)
    state.version = 0
    if plan.version >= 0:
        status = int_of(c, plan.version, &state.version)
        if status != VALUE_OK:
            state.version = 0
        if status != VALUE_OK and status != VALUE_NULL:
            warn(c, plan.field + VERSION_FIELD, RULE_UNPARSABLE)
    state.date = date_or_null(c, plan.date, plan.field + DATE_FIELD)
    state.certificate = flag_of(c, plan.certificate)
    state.untold = plan.clearance and plan.certificate >= 0 and is_untold(c, plan.certificate)
    if state.untold:
        warn(c, plan.field + CERTIFICATE_FIELD, RULE_UNKNOWN_CODE)
    state.state_date = date_or_null(c, alert.state_date, alert.field + STATE_DATE_FIELD)
    state.alert_from = date_or_null(c, alert.valid_from, -1)
    state.alert_to = date_or_null(c, alert.valid_to, -1)
    state.issued = date_or_null(c, alert.issued, alert.field + ISSUED_FIELD)
    state.authority = text_or_null(c, alert.authority)
    state.offence_code = text_or_null(c, alert.offence_code)
    state.offence_text = text_or_null(c, alert.offence_text)


cdef int encode_record(Encoding* e, int number) noexcept nogil:
    cdef RecordPlan* plan = &e.records[number]
    cdef Context* c = &e.context
    cdef State state
    cdef int i, rule, field = -1, subject, clearance, untold = -1
    for i in range(plan.n_when):
        if not holds(c, plan.when[i], True):
            if (plan.alert.present or plan.clearance) and is_untold(c, plan.when[i]):
                untold = c.conditions[plan.when[i]].column
                continue
            e.left_out_by = c.conditions[plan.when[i]].column
            return 0
    state.subject = &e.states[plan.subject]
    state.part = plan.part
    state.kind = state.alert_state = 0
    read_subject(c, &e.subjects[plan.subject], state.subject)
    rule = broken_rule(e, plan, &state, &field)
    if untold >= 0:
        rule = RULE_UNKNOWN_CODE
        field = untold
    if rule:
        refuse(e, plan, number, &state, rule, field)
        return -1
    read_state(e, plan, &state)
    buffer_reset(&e.payload)
    write_payload(e, plan, &state, &e.payload)
    subject = SUBJECT_PERSON
    if plan.vehicle:
        subject = SUBJECT_PLATE if state.kind == ALERT_KIND_STOLEN_PLATE else SUBJECT_VEHICLE
    clearance = plan.clearance
    if clearance and state.untold:
        clearance |= CLEARANCE_CERTIFICATE | CLEARANCE_UNTOLD
    elif clearance and state.certificate:
        clearance |= CLEARANCE_CERTIFICATE
    put_head(e, &state, plan.section, subject, clearance)
    if plan.alert.present:
        put_alert(e, plan, &state)
    elif state.date.status != VALUE_NULL and day_of_date(state.date) == NO_DAY:     # else the sort day tells it
        put_day(e.outputs, O_issued_first, O_issued_span, e.written, state.date)
    e.written += 1
    return 1
