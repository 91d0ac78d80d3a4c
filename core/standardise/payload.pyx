"""The section's message of a record, field numbers ascending, and the stored fields of its hit."""

from libc.stdint cimport int64_t, uint8_t

from core.contract.alert_fields cimport (
    F_Hit_authority, F_Hit_cautions, F_Hit_issued, F_Hit_offence, F_Hit_valid_from, F_Hit_valid_to,
)
from core.contract.person_alerts cimport PROTECTION_ROLE_PROTECTED, PROTECTION_ROLE_RESTRAINED
from core.contract.person_records_fields cimport (
    F_Attribute_name, F_Attribute_value, F_DamagedRecord_field, F_DamagedRecord_record, F_DamagedRecord_rule,
    F_DamagedRecord_text,
)
from core.contract.value_fields cimport *
from core.standardise.cells cimport cell_of, date_of_slot, holds, int_of, mapped_of, money_of, text_of, warn
from core.standardise.encoding cimport *
from core.standardise.row cimport (
    RULE_UNKNOWN_CODE, RULE_UNPARSABLE, VALUE_BAD, VALUE_NULL, VALUE_OK, VALUE_UNKNOWN, Cell, Context, Date,
)
from core.standardise.stated cimport PARTS, Subject
from core.wire cimport (
    Buffer, begin_message, end_message, put_bytes, put_bytes_if, put_int_if, put_packed_bytes, put_uint, put_uint_if,
)


cdef enum:
    CAUTIONS_MAX = 16            # of one hit


cdef inline void put_cell(Buffer* out, int number, Cell cell) noexcept nogil:
    if cell.data != NULL:
        put_bytes_if(out, number, cell.data, cell.size)


cdef void write_date_parts(Buffer* out, Date date) noexcept nogil:
    put_uint_if(out, F_PartialDate_year, date.year)
    put_uint_if(out, F_PartialDate_month, date.month)
    put_uint_if(out, F_PartialDate_day, date.day)


cdef void put_date(Buffer* out, int number, Date date) noexcept nogil:
    cdef size_t mark
    if date.status == VALUE_OK:
        mark = begin_message(out, number, 1)
        write_date_parts(out, date)
        end_message(out, mark, 1)


cdef void put_coded(Buffer* out, int number, Cell code, Cell text) noexcept nogil:
    cdef size_t mark
    if code.data != NULL or text.data != NULL:
        mark = begin_message(out, number, 1)
        put_cell(out, F_CodedText_code, code)
        put_cell(out, F_CodedText_text, text)
        end_message(out, mark, 1)


cdef void put_reference(Encoding* e, int number, State* state, Buffer* out) noexcept nogil:
    cdef size_t mark = begin_message(out, number, 1)
    put_cell(out, F_RecordReference_register_id, e.register.id)
    put_cell(out, F_RecordReference_record_id, state.record_id)
    put_int_if(out, F_RecordReference_version, state.version)
    end_message(out, mark, 1)


cdef void put_name(Buffer* out, int number, Subject* s) noexcept nogil:
    cdef size_t mark
    cdef int i
    if s.name.data == NULL:
        return
    mark = begin_message(out, number, 1)
    if s.in_parts:
        for i in range(PARTS):
            put_cell(out, F_PersonName_first_given + i, s.parts[i])
    else:
        put_cell(out, F_PersonName_full, s.name)
    end_message(out, mark, 1)


cdef void put_document(Buffer* out, int number, Subject* s) noexcept nogil:
    cdef size_t mark
    if s.document_number.data != NULL:
        mark = begin_message(out, number, 1)
        put_cell(out, F_ForeignDocument_country, s.document_country)
        put_cell(out, F_ForeignDocument_number, s.document_number)
        end_message(out, mark, 1)


cdef void put_death(Buffer* out, int number, Subject* s) noexcept nogil:
    """Puts a death; on an unknown day as a date with no parts: its presence counts."""
    if s.dead and s.death.status == VALUE_OK:
        put_date(out, number, s.death)
    elif s.dead:
        put_bytes(out, number, NULL, 0)


cdef void put_derived(Encoding* e, RecordPlan* plan, Op* op, State* state, Buffer* out) noexcept nogil:
    """A field that Ronda worked out: of the record itself, of the person, of the vehicle, or of the alert."""
    if op.derived == D_REFERENCE:
        put_reference(e, op.number, state, out)
    elif not (put_person(op, state.subject, out) or put_vehicle(op, state.subject, out)):
        put_stated(plan, op, state, out)


cdef bint put_person(Op* op, Subject* s, Buffer* out) noexcept nogil:
    """Puts a field of a person; returns whether it is one."""
    cdef int what = op.derived
    if what == D_CUI:
        put_cell(out, op.number, s.cui)
    elif what == D_CEDULA:
        put_cell(out, op.number, s.cedula)
    elif what == D_NIT:
        put_cell(out, op.number, s.nit)
    elif what == D_DOCUMENT:
        put_document(out, op.number, s)
    elif what == D_NAME:
        put_name(out, op.number, s)
    elif what == D_FULL_NAME:
        put_cell(out, op.number, s.name)
    elif what == D_BIRTH_DATE:
        put_date(out, op.number, s.birth)
    elif what == D_SEX:
        put_uint_if(out, op.number, s.sex)
    elif what == D_BIRTH_DEPARTMENT:
        put_uint_if(out, op.number, s.birth_department)
    elif what == D_BIRTH_MUNICIPALITY:
        put_uint_if(out, op.number, s.birth_municipality)
    elif what == D_RESIDENCE_DEPARTMENT:
        put_uint_if(out, op.number, s.residence_department)
    elif what == D_DEATH_DATE:
        put_death(out, op.number, s)
    elif what == D_FATHER_NAME:
        put_cell(out, op.number, s.father)
    elif what == D_MOTHER_NAME:
        put_cell(out, op.number, s.mother)
    elif what == D_IDENTIFIER_VALID:
        put_uint_if(out, op.number, s.cui_valid)
    elif what == D_TELEPHONE:
        put_cell(out, op.number, s.telephone)
    elif what == D_LICENCE:
        put_cell(out, op.number, s.licence)
    else:
        return False
    return True


cdef bint put_vehicle(Op* op, Subject* s, Buffer* out) noexcept nogil:
    """Puts a field of a vehicle, including its owner's share and the days of its plate; returns whether it is one."""
    cdef int what = op.derived
    if what == D_PLATE:
        put_cell(out, op.number, s.plate_text)
    elif what == D_PLATE_COUNTRY:
        put_cell(out, op.number, s.plate_country)
    elif what == D_VEHICLE_TYPE:
        put_cell(out, op.number, s.vehicle_type)
    elif what == D_MAKE:
        put_cell(out, op.number, s.make)
    elif what == D_LINE:
        put_cell(out, op.number, s.line)
    elif what == D_MODEL_YEAR:
        put_uint_if(out, op.number, s.model_year)
    elif what == D_COLOUR:
        put_cell(out, op.number, s.colour)
    elif what == D_VIN:
        put_cell(out, op.number, s.vin)
    elif what == D_CHASSIS:
        put_cell(out, op.number, s.chassis)
    elif what == D_ENGINE:
        put_cell(out, op.number, s.engine)
    elif what == D_VIN_VALID:
        put_uint_if(out, op.number, s.vin_valid)
    elif what == D_VALID_FROM:
        put_date(out, op.number, s.valid_from)
    elif what == D_VALID_TO:
        put_date(out, op.number, s.valid_to)
    elif what == D_SHARE:
        put_uint_if(out, op.number, s.share)
    else:
        return False
    return True


cdef void put_stated(RecordPlan* plan, Op* op, State* state, Buffer* out) noexcept nogil:
    """Puts a fact stated by the record or its alert."""
    cdef int what = op.derived
    if what == D_DATE:
        put_date(out, op.number, state.date)
    elif what == D_CERTIFICATE:
        put_uint_if(out, op.number, state.certificate)
    elif what == D_AUTHORITY:
        put_cell(out, op.number, state.authority)
    elif what == D_OFFENCE:
        put_coded(out, op.number, state.offence_code, state.offence_text)
    elif what == D_ISSUED:
        put_date(out, op.number, state.issued)
    elif what == D_STATE:
        put_uint_if(out, op.number, state.alert_state)
    elif what == D_STATE_DATE:
        put_date(out, op.number, state.state_date)
    elif what == D_ALERT_FROM:
        put_date(out, op.number, state.alert_from)
    elif what == D_ALERT_TO:
        put_date(out, op.number, state.alert_to)
    elif what == D_KIND:
        put_uint_if(out, op.number, state.kind)
    elif what == D_ROLE:
        put_uint(out, op.number, PROTECTION_ROLE_PROTECTED if plan.alert.protected else PROTECTION_ROLE_RESTRAINED)


cdef void put_mapped(Context* c, Op* op, Buffer* out) noexcept nogil:
    cdef int64_t value = 0
    cdef int status = mapped_of(c, op.slot, op.map, &value)
    if status == VALUE_OK and (value or op.optional):
        put_uint(out, op.number, value)
    elif status == VALUE_UNKNOWN:
        warn(c, op.field, RULE_UNKNOWN_CODE)


cdef void put_amount(Context* c, Op* op, Buffer* out) noexcept nogil:
    cdef int64_t value = 0
    cdef int status = money_of(c, op.slot, &value) if op.kind == OP_MONEY else int_of(c, op.slot, &value)
    if status == VALUE_OK:
        put_int_if(out, op.number, value)
    elif status != VALUE_NULL:
        warn(c, op.field, RULE_UNKNOWN_CODE if status == VALUE_UNKNOWN else RULE_UNPARSABLE)


cdef void put_nested(Encoding* e, Op* op, Buffer* out) noexcept nogil:
    cdef Context* c = &e.context
    cdef Cell cell
    cdef int i
    cdef bint any_part = False
    cdef size_t mark
    for i in range(op.child, op.child + op.children):
        any_part = text_of(c, e.ops[i].slot, &cell) != VALUE_NULL or any_part
    if not any_part:
        return
    mark = begin_message(out, op.number, 1)
    for i in range(op.child, op.child + op.children):
        text_of(c, e.ops[i].slot, &cell)
        put_cell(out, e.ops[i].number, cell)
    end_message(out, mark, 1)


cdef void put_flag(Context* c, Op* op, Buffer* out) noexcept nogil:
    """A condition: false when the cell is null; an optional field is then unset."""
    cdef bint value = holds(c, op.flag, False)
    if value or (op.optional and cell_of(c, op.column).data != NULL):
        put_uint(out, op.number, value)


cdef void write_payload(Encoding* e, RecordPlan* plan, State* state, Buffer* out) noexcept nogil:
    cdef Context* c = &e.context
    cdef Op* op
    cdef Cell cell
    cdef Date date
    cdef size_t mark
    cdef int i
    for i in range(plan.op, plan.op + plan.n_ops):
        op = &e.ops[i]
        if op.kind == OP_DERIVED:
            put_derived(e, plan, op, state, out)
        elif op.kind == OP_TEXT:
            text_of(c, op.slot, &cell)
            put_cell(out, op.number, cell)
        elif op.kind == OP_DATE:
            date = date_of_slot(c, op.slot)
            if date.status == VALUE_BAD:
                warn(c, op.field, RULE_UNPARSABLE)
            put_date(out, op.number, date)
        elif op.kind == OP_MAPPED:
            put_mapped(c, op, out)
        elif op.kind == OP_FLAG:
            put_flag(c, op, out)
        elif op.kind == OP_NESTED:
            put_nested(e, op, out)
        elif op.kind == OP_ATTRIBUTE:
            if text_of(c, op.slot, &cell) != VALUE_NULL:
                mark = begin_message(out, op.number, 1)
                put_cell(out, F_Attribute_name, op.name)
                put_cell(out, F_Attribute_value, cell)
                end_message(out, mark, 1)
        else:
            put_amount(c, op, out)


cdef void write_hit(Encoding* e, RecordPlan* plan, State* state, Buffer* out) noexcept nogil:
    """Hit fields 8 to 13."""
    cdef Context* c = &e.context
    cdef uint8_t flags[CAUTIONS_MAX]
    cdef int count = 0, i
    for i in range(plan.alert.n_cautions):
        if count < CAUTIONS_MAX and holds(c, plan.alert.cautions[i].condition, False):
            flags[count] = <uint8_t>plan.alert.cautions[i].flag
            count += 1
    put_packed_bytes(out, F_Hit_cautions, flags, count)
    put_coded(out, F_Hit_offence, state.offence_code, state.offence_text)
    put_date(out, F_Hit_issued, state.issued)
    put_date(out, F_Hit_valid_from, state.alert_from)
    put_date(out, F_Hit_valid_to, state.alert_to)
    put_cell(out, F_Hit_authority, state.authority)


cdef void write_damaged(Encoding* e, State* state, Cell field, Cell rule, Buffer* out) noexcept nogil:
    put_reference(e, F_DamagedRecord_record, state, out)
    put_cell(out, F_DamagedRecord_text, e.register.damaged_text)
    put_cell(out, F_DamagedRecord_field, field)
    put_cell(out, F_DamagedRecord_rule, rule)


cdef void write_damaged_hit(Encoding* e, Buffer* out) noexcept nogil:
    put_cell(out, F_Hit_authority, e.register.contact)
