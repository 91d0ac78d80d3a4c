# The encoding of a source's rows as standard records: the plan of each record, and the memory that a row is encoded in.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from core.standardise.columns cimport Output
from core.standardise.row cimport Cell, Context, Date
from core.standardise.stated cimport Subject, SubjectPlan
from core.wire cimport Buffer

# Ways to make a field of the payload.
cdef enum:
    OP_TEXT = 0
    OP_INT
    OP_MONEY
    OP_CENTAVOS
    OP_MAPPED                # enum, or true/false by words or codes
    OP_FLAG                  # true/false by a condition
    OP_DATE
    OP_NESTED                # a message of text fields: ops child .. child + children
    OP_ATTRIBUTE             # Attribute { name, value }
    OP_DERIVED               # from what the record states elsewhere

# Sources of derived fields, in the order of columns.DERIVED.
cdef enum:
    D_REFERENCE = 0
    D_CUI
    D_CEDULA
    D_NIT
    D_DOCUMENT
    D_NAME
    D_FULL_NAME
    D_BIRTH_DATE
    D_SEX
    D_BIRTH_DEPARTMENT
    D_BIRTH_MUNICIPALITY
    D_RESIDENCE_DEPARTMENT
    D_DEATH_DATE
    D_FATHER_NAME
    D_MOTHER_NAME
    D_IDENTIFIER_VALID
    D_TELEPHONE
    D_LICENCE
    D_PLATE
    D_PLATE_COUNTRY
    D_VEHICLE_TYPE
    D_MAKE
    D_LINE
    D_MODEL_YEAR
    D_COLOUR
    D_VIN
    D_CHASSIS
    D_ENGINE
    D_VIN_VALID
    D_VALID_FROM
    D_VALID_TO
    D_SHARE
    D_DATE
    D_CERTIFICATE
    D_AUTHORITY
    D_OFFENCE
    D_ISSUED
    D_STATE
    D_STATE_DATE
    D_ALERT_FROM
    D_ALERT_TO
    D_KIND
    D_ROLE

cdef struct Op:
    int kind
    int number               # field number in the message
    int slot
    int map
    int flag                 # OP_FLAG: a condition
    int column               # OP_FLAG: its column
    bint optional
    int derived
    int child
    int children
    Cell name                # OP_ATTRIBUTE
    int field                # for warnings

cdef struct Mapped:
    int slot                 # -1: `constant`
    int map
    int constant
    int field

cdef struct Strict:
    int slot
    int field

cdef struct Required:
    int column
    int date                 # slot to parse; -1 = only present

cdef struct Caution:
    int flag
    int condition

cdef struct AlertPlan:
    bint present
    bint protected
    Mapped kind
    Mapped state
    int state_date           # slots; -1 = none
    int valid_from
    int valid_to
    int issued
    int authority
    int offence_code
    int offence_text
    int court                # of the merge key
    int* merge               # owned
    int n_merge
    Caution* cautions        # owned
    int n_cautions
    int misuse               # flag
    int field                # of state_date; then valid_from, valid_to, issued

cdef struct RecordPlan:
    int section
    int part                 # 1-based place of the [[record]] in its manifest
    bint vehicle
    bint owner
    int damaged_section
    int subject
    int* when                # owned
    int n_when
    int record_id            # slot; -1 = the row number
    int version
    int date
    Mapped sensitivity
    int clearance            # bits
    int certificate          # flag
    Required* required       # owned
    int n_required
    Strict* strict           # owned
    int n_strict
    int op                   # first op
    int n_ops
    AlertPlan alert
    int field                # of record_id; then version, date, certificate_visible

cdef struct Refusal:
    int64_t row
    int record
    int field
    int rule

cdef struct RegisterTexts:
    int ordinal
    int source               # number of the [[source]] (core/standard_record.toml)
    int line                 # slot of the source's line; -1 = the manifest names none
    Cell id
    Cell contact
    Cell damaged_text

# The data stated by one record of the present row.
cdef struct State:
    Subject* subject
    int part
    Cell record_id
    int64_t version
    Date date
    int64_t sensitivity
    bint certificate
    bint untold              # whether a certificate may show it
    int64_t kind
    int64_t alert_state
    Date state_date
    Date alert_from
    Date alert_to
    Date issued
    Cell authority
    Cell offence_code
    Cell offence_text

cdef enum:
    FIELD_NAME_MAX = 128

cdef struct Encoding:
    Context context
    RegisterTexts register
    SubjectPlan* subjects
    Subject* states          # one for each of `subjects`
    int n_subjects
    RecordPlan* records
    int n_records
    Op* ops
    Output* outputs
    Buffer payload
    Buffer hit
    Buffer refusals          # Refusal[]
    char (*field_names)[FIELD_NAME_MAX]   # end with a zero
    int n_fields
    uint32_t* left_out       # [input]: rows without a record, by the column of the first condition not held
    int left_out_by          # column of the condition that left out the last record left out
    int64_t row              # number of the present row in its source
    int64_t written
