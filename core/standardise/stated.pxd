# The data stated by a row about its subject, and its reading: identifiers in canonical form, names and their keys,
# dates, the vehicle.

from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.identifiers.rules cimport SHOWN_CUIS, SHOWN_MAX, Plate
from core.standardise.row cimport Cell, Context, Date

# Keys of [record.subject] that are values, in the order of indexer.manifest.records.Subject.
cdef enum:
    S_cui = 0
    S_cedula
    S_nit
    S_document_country
    S_document_number
    S_licence
    S_telephone
    S_first_given
    S_second_given
    S_third_given
    S_first_surname
    S_second_surname
    S_married_surname
    S_full_name
    S_birth_date
    S_about_age
    S_sex
    S_birth_department
    S_birth_municipality
    S_residence_department
    S_father_name
    S_mother_name
    S_death_date
    S_plate
    S_plate_type
    S_plate_country
    S_vin
    S_chassis
    S_engine
    S_make
    S_line
    S_colour
    S_model_year
    S_vehicle_type
    S_valid_from
    S_valid_to
    S_share
    S_COUNT

cdef enum:
    PARTS = 6                # first, second, third given, first, second, married surname
    PART_IGNORED = -1
    COMMA_PARTS_MAX = 12
    PLATE_BYTES = 72         # a plate taken apart and written, or a type's word before a number

# The way to read a subject: one for each distinct [record.subject] of a source.
cdef struct SubjectPlan:
    int slots[S_COUNT]       # -1 = not in the manifest
    int field                # number of its first warning field; key k warns under field + k
    int sex_map
    int organisation         # flag
    int dead                 # flag
    bint surname_first
    int comma_parts[COMMA_PARTS_MAX]
    int n_comma_parts
    int date                 # slot of the record's date, for the apparent age; -1 = none

cdef struct Subject:
    uint32_t epoch           # row for which it holds
    Cell cui
    bint cui_valid
    Cell cedula
    Cell loose_number        # where there is no CUI: what its cell shows instead, 12 or 14 digits, or a NIT
    Cell nit
    Cell document_country
    Cell document_number
    Cell licence
    Cell telephone
    bint organisation
    bint in_parts
    Cell parts[PARTS]
    Cell name                # as an officer reads it
    Cell name_key
    Cell name_text           # as core/names/reading.pxd stores it; null when name_key is
    Date birth
    int about_year           # 0 = unknown
    int sex
    int birth_department
    int birth_municipality
    int residence_department
    Cell father
    Cell father_text         # cleaned; null when it holds no token
    Cell mother
    Cell mother_text
    bint dead
    Date death
    Cell plate_type
    Cell plate               # number alone
    Cell plate_text          # "P-123BCD"
    Cell plate_country
    int n_shown_cuis         # where the cell of the CUI is none, but shows some (docs/answers.md section 4)
    char shown_cuis[SHOWN_CUIS]
    int n_shown_plates       # where the cell of the plate is none, but shows some
    Plate shown_plates[SHOWN_MAX]
    Cell vin
    bint vin_valid           # false: there is one, and its check digit fails
    Cell chassis
    Cell engine
    Cell make
    Cell line
    Cell colour
    Cell vehicle_type
    int model_year           # 0 = unknown
    Date valid_from
    Date valid_to
    int share                # percent; 0 = not stated
