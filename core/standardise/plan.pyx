"""A plan turned into the structs that rows are encoded by. Its shape is drawn in core/standardise/encoder.pyi."""

from libc.stdint cimport int32_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from core.standard_record cimport O_COUNT
from core.standardise.cells cimport map_init, map_put
from core.standardise.columns cimport Output, outputs_free, outputs_init, outputs_reset
from core.standardise.encoding cimport *
from core.standardise.row cimport ARENA_STEP, RULE_COUNT, Cell, Condition, DateFormat, Input, Map, Slot
from core.standardise.stated cimport COMMA_PARTS_MAX, Subject, SubjectPlan
from core.wire cimport buffer_free, buffer_init

DERIVED = (
    "reference", "subject.cui", "subject.cedula", "subject.nit", "subject.document", "subject.name", "subject.full_name",
    "subject.birth_date", "subject.sex", "subject.birth_department", "subject.birth_municipality",
    "subject.residence_department", "subject.death_date", "subject.father_name", "subject.mother_name",
    "identifier_valid", "subject.telephone", "subject.licence", "subject.plate", "subject.plate_country",
    "subject.vehicle_type", "subject.make", "subject.line", "subject.model_year", "subject.colour", "subject.vin",
    "subject.chassis", "subject.engine", "vin_check_digit_valid", "subject.valid_from", "subject.valid_to",
    "subject.share", "record.date", "record.certificate_visible", "alert.authority", "alert.offence", "alert.issued",
    "alert.state", "alert.state_date", "alert.valid_from", "alert.valid_to", "alert.kind", "alert.protected",
)
OPERATIONS = ("text", "int", "money", "centavos", "mapped", "flag", "date", "nested", "attribute", "derived")
SUBJECT_KEYS = (
    "cui", "cedula", "nit", "document_country", "document_number", "licence", "telephone", "first_given", "second_given",
    "third_given", "first_surname", "second_surname", "married_surname", "full_name", "birth_date", "about_age", "sex",
    "birth_department", "birth_municipality", "residence_department", "father_name", "mother_name", "death_date", "plate",
    "plate_type", "plate_country", "vin", "chassis", "engine", "make", "line", "colour", "model_year", "vehicle_type",
    "valid_from", "valid_to", "share",
)
cdef enum:
    VALUES_OF_A_SUBJECT = 50   # canonical forms, names and keys that one subject may put into the arena


cdef void* zeroed(size_t count, size_t size) except NULL:
    cdef void* memory = calloc(count if count else 1, size)
    if memory == NULL:
        raise MemoryError("the plan of a manifest")
    return memory


cdef Cell cell_from(object text, list keep) except *:
    cdef Cell cell
    cdef bytes held
    cell.data = NULL
    cell.size = 0
    if text is not None:
        held = text
        keep.append(held)
        cell.data = <const char*>held
        cell.size = <int32_t>len(held)
    return cell


cdef int* int_list(object values) except NULL:
    cdef int* out = <int*>zeroed(len(values), sizeof(int))
    for i, value in enumerate(values):
        out[i] = value
    return out


cdef Mapped mapped_from(object value) except *:
    cdef Mapped out
    out.slot, out.map, out.constant, out.field = value
    return out


cdef int build_source(Encoding* e, dict plan, list keep) except -1:
    """Builds the parts of the source: null words, dates, maps, slots, conditions."""
    cdef Context* c = &e.context
    cdef Slot* slot
    cdef bytes text
    c.n_inputs = plan["columns"]
    c.inputs = <Input*>zeroed(c.n_inputs, sizeof(Input))
    c.n_maps = len(plan["maps"])
    c.maps = <Map*>zeroed(c.n_maps, sizeof(Map))
    for i, table in enumerate(plan["maps"]):
        if not map_init(&c.maps[i], len(table)):
            raise MemoryError("a code map of a manifest")
        for key, (value, number) in table.items():
            map_put(&c.maps[i], cell_from(key, keep), cell_from(value, keep), number)
    c.null_words = plan["null_words"]
    c.n_null_dates = len(plan["null_dates"])
    c.null_dates = <int32_t*>int_list(plan["null_dates"])
    c.n_formats = len(plan["date_formats"])
    c.formats = <DateFormat*>zeroed(c.n_formats, sizeof(DateFormat))
    for i, text in enumerate(plan["date_formats"]):
        keep.append(text)
        c.formats[i].parts = text
        c.formats[i].count = len(text)
        c.month_first = c.month_first or (b"M" in text and text.find(b"M") < text.find(b"D") < text.find(b"Y"))
        c.formats[i].separated = any(part not in b"YMD" for part in text)
    c.n_slots = len(plan["slots"])
    c.slots = <Slot*>zeroed(c.n_slots, sizeof(Slot))
    for i, (columns, join, constant, number) in enumerate(plan["slots"]):
        slot = &c.slots[i]
        slot.count = len(columns)
        slot.columns = int_list(columns)
        slot.join = cell_from(join, keep)
        slot.constant = cell_from(constant, keep)
        slot.map = number
    for i in plan["name_columns"]:
        c.inputs[i].name = True
    for i in plan["birth_slots"]:
        c.slots[<int>i].birth = True
    c.conditions = <Condition*>zeroed(len(plan["conditions"]), sizeof(Condition))
    for i, (column, test, number, others) in enumerate(plan["conditions"]):
        c.conditions[i].column = column
        c.conditions[i].test = test
        c.conditions[i].map = number
        c.conditions[i].others = others
    return 0


cdef int build_subject(SubjectPlan* out, dict plan) except -1:
    for i, slot in enumerate(plan["slots"]):
        out.slots[i] = slot
    out.field = plan["field"]
    out.sex_map = plan["sex_map"]
    out.organisation = plan["organisation"]
    out.dead = plan["dead"]
    out.surname_first = plan["surname_first"]
    out.n_comma_parts = len(plan["comma_parts"])
    if out.n_comma_parts > COMMA_PARTS_MAX:
        raise ValueError("comma_parts: too many parts")
    for i, part in enumerate(plan["comma_parts"]):
        out.comma_parts[i] = part
    out.date = plan["date"]
    return 0


cdef int build_alert(AlertPlan* out, dict plan) except -1:
    out.state_date, out.valid_from, out.valid_to, out.issued = -1, -1, -1, -1
    out.authority, out.offence_code, out.offence_text, out.misuse = -1, -1, -1, -1
    out.court = -1
    if plan is None:
        return 0
    out.present = True
    out.protected = plan["protected"]
    out.kind = mapped_from(plan["kind"])
    out.state = mapped_from(plan["state"])
    out.state_date = plan["state_date"]
    out.valid_from = plan["valid_from"]
    out.valid_to = plan["valid_to"]
    out.issued = plan["issued"]
    out.authority = plan["authority"]
    out.offence_code = plan["offence_code"]
    out.offence_text = plan["offence_text"]
    out.court = plan["court"]
    out.n_merge = len(plan["merge"])
    out.merge = int_list(plan["merge"])
    out.n_cautions = len(plan["cautions"])
    out.cautions = <Caution*>zeroed(out.n_cautions, sizeof(Caution))
    for i, (flag, condition) in enumerate(plan["cautions"]):
        out.cautions[i].flag = flag
        out.cautions[i].condition = condition
    out.misuse = plan["misuse"]
    out.field = plan["field"]
    return 0


cdef int build_record(RecordPlan* out, dict plan) except -1:
    out.section = plan["section"]
    out.part = plan["part"]
    out.vehicle = plan["vehicle"]
    out.damaged_section = plan["damaged_section"]
    out.subject = plan["subject"]
    out.n_when = len(plan["when"])
    out.when = int_list(plan["when"])
    out.record_id = plan["record_id"]
    out.version = plan["version"]
    out.date = plan["date"]
    out.sensitivity = mapped_from(plan["sensitivity"])
    out.clearance = plan["clearance"]
    out.certificate = plan["certificate"]
    out.n_required = len(plan["required"])
    out.required = <Required*>zeroed(out.n_required, sizeof(Required))
    for i, (column, date) in enumerate(plan["required"]):
        out.required[i].column = column
        out.required[i].date = date
    out.n_strict = len(plan["strict"])
    out.strict = <Strict*>zeroed(out.n_strict, sizeof(Strict))
    for i, (slot, field) in enumerate(plan["strict"]):
        out.strict[i].slot = slot
        out.strict[i].field = field
    out.op = plan["op"]
    out.n_ops = plan["n_ops"]
    out.field = plan["field"]
    build_alert(&out.alert, plan["alert"])
    return 0


cdef int build_ops(Encoding* e, list ops, list keep) except -1:
    cdef Op* op
    e.ops = <Op*>zeroed(len(ops), sizeof(Op))
    for i, plan in enumerate(ops):
        op = &e.ops[i]
        op.kind = OPERATIONS.index(plan["kind"])
        op.number = plan["number"]
        op.slot = plan.get("slot", -1)
        op.map = plan.get("map", -1)
        op.flag = plan.get("flag", -1)
        op.column = plan.get("column", -1)
        op.optional = plan.get("optional", False)
        op.derived = DERIVED.index(plan["derived"]) if "derived" in plan else -1
        op.child = plan.get("child", 0)
        op.children = plan.get("children", 0)
        op.name = cell_from(plan.get("name"), keep)
        op.field = plan.get("field", 0)
    return 0


cdef int build(Encoding* e, dict plan, list keep) except -1:
    cdef bytes text
    cdef Context* c = &e.context
    build_source(e, plan, keep)
    e.n_subjects = len(plan["subjects"])
    e.subjects = <SubjectPlan*>zeroed(e.n_subjects, sizeof(SubjectPlan))
    e.states = <Subject*>zeroed(e.n_subjects, sizeof(Subject))
    for i, subject in enumerate(plan["subjects"]):
        build_subject(&e.subjects[i], subject)
    e.n_records = len(plan["records"])
    e.records = <RecordPlan*>zeroed(e.n_records, sizeof(RecordPlan))
    for i, record in enumerate(plan["records"]):
        build_record(&e.records[i], record)
    build_ops(e, plan["ops"], keep)
    e.register.ordinal = plan["ordinal"]
    e.register.source = plan["source"]
    e.register.line = plan["line"]
    e.register.id = cell_from(plan["register_id"], keep)
    e.register.contact = cell_from(plan["contact"], keep)
    e.register.damaged_text = cell_from(plan["damaged_text"], keep)
    e.n_fields = len(plan["names"])
    e.field_names = <char (*)[FIELD_NAME_MAX]>zeroed(e.n_fields, FIELD_NAME_MAX)
    for i, text in enumerate(plan["names"]):
        memcpy(e.field_names[i], <const char*>text, min(len(text), FIELD_NAME_MAX - 1))
    c.warnings = <uint32_t*>zeroed(e.n_fields * RULE_COUNT, sizeof(uint32_t))
    e.left_out = <uint32_t*>zeroed(c.n_inputs, sizeof(uint32_t))
    c.capacity = ARENA_STEP * (c.n_inputs + c.n_slots + VALUES_OF_A_SUBJECT * e.n_subjects + 8 * e.n_records + 1)
    c.arena = <char*>zeroed(c.capacity, 1)
    e.outputs = <Output*>zeroed(O_COUNT, sizeof(Output))
    outputs_init(e.outputs)
    outputs_reset(e.outputs)
    buffer_init(&e.payload)
    buffer_init(&e.hit)
    buffer_init(&e.refusals)
    return 0


cdef void dismantle(Encoding* e) noexcept:
    cdef Context* c = &e.context
    cdef int i
    if c.maps != NULL:
        for i in range(c.n_maps):
            free(c.maps[i].entries)
    if c.slots != NULL:
        for i in range(c.n_slots):
            free(c.slots[i].columns)
    if e.records != NULL:
        for i in range(e.n_records):
            free(e.records[i].when)
            free(e.records[i].required)
            free(e.records[i].strict)
            free(e.records[i].alert.merge)
            free(e.records[i].alert.cautions)
    for memory in (
        <size_t>c.inputs, <size_t>c.maps, <size_t>c.null_dates, <size_t>c.formats, <size_t>c.slots,
        <size_t>c.conditions, <size_t>c.warnings, <size_t>c.arena, <size_t>e.subjects, <size_t>e.states,
        <size_t>e.records, <size_t>e.ops, <size_t>e.field_names, <size_t>e.left_out,
    ):
        free(<void*><size_t>memory)
    if e.outputs != NULL:
        outputs_free(e.outputs)
        free(e.outputs)
    buffer_free(&e.payload)
    buffer_free(&e.hit)
    buffer_free(&e.refusals)
