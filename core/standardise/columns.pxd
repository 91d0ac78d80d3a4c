# Growing columns in Arrow's layout. Order and types are those of indexer.standard.STANDARD_SCHEMA (a test compares them).

from libc.stdint cimport int32_t, int64_t, uint8_t

from core.standardise.row cimport Cell
from core.wire cimport Buffer

cdef enum:
    O_register = 0
    O_section
    O_record_id
    O_version
    O_row
    O_subject
    O_sort_day
    O_sensitivity
    O_clearance
    O_payload
    O_cui
    O_cui_valid
    O_document_country
    O_document_number
    O_nit
    O_licence
    O_cedula
    O_telephone
    O_organisation
    O_name
    O_name_key
    O_name_text
    O_birth_year
    O_birth_month
    O_birth_mday
    O_about_year
    O_sex
    O_birth_department
    O_residence_department
    O_father
    O_mother
    O_death_day
    O_plate_type
    O_plate
    O_plate_country
    O_vin
    O_chassis
    O_engine
    O_make
    O_line
    O_colour
    O_model_year
    O_vehicle_type
    O_valid_from
    O_valid_to
    O_valid_from_span
    O_valid_to_span
    O_share
    O_alert_kind
    O_alert_state
    O_alert_flags
    O_alert_from
    O_alert_to
    O_alert_from_span
    O_alert_to_span
    O_state_date
    O_state_date_parts
    O_issued_day
    O_state_first
    O_state_span
    O_issued_first
    O_issued_span
    O_merge_key
    O_hit_payload
    O_COUNT

# A column grows only where it has a value that is not its default: null, or 0 where the column has no nulls. The rows
# between are filled in when the next value, or the end, comes: most columns are empty in most records.
cdef struct Output:
    int width                # bytes of a number; 0 = text or bytes with 32-bit offsets
    bint nullable
    int64_t rows             # filled so far
    int64_t nulls
    Buffer valid             # nullable: one byte a value
    Buffer offsets           # width 0: the end of each value
    Buffer data

cdef void outputs_init(Output* outputs) noexcept nogil
cdef void outputs_free(Output* outputs) noexcept nogil
cdef void outputs_reset(Output* outputs) noexcept nogil
cdef bint outputs_failed(Output* outputs) noexcept nogil
# Values for record `row`, counted from the last reset. `null` is what stands for null.
cdef void put_number(Output* out, int64_t row, int64_t value) noexcept nogil
cdef void put_number_or_null(Output* out, int64_t row, int64_t value, int64_t null) noexcept nogil
cdef void put_text(Output* out, int64_t row, Cell value) noexcept nogil
# Fills the column up to `rows`; (validity, one byte a value, or None; offsets or None; data; number of nulls).
cdef tuple output_buffers(Output* out, int64_t rows)
