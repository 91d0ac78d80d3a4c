# The bytes of one dossier, shared by the writer (core/assembly/assembler.pyx) and the readers (core/engine*.pyx).
#
# A dossier lies in dossiers.bin at an offset that is a multiple of 8. All integers are little-endian.
#
#   +--------------------+ 0
#   | DossierHeader      |  fixed, 96 bytes
#   +--------------------+ 96
#   | AlertEntry[]       |  n_alerts    x 40 bytes, in stored order (docs/answers.md section 6)
#   | RecordEntry[]      |  n_records   x 24 bytes, by section, then newest first (section 10)
#   | OwnerEntry[]       |  n_owners    x 32 bytes, by first day descending, unknown last, then register order (vehicles only)
#   | ClaimEntry[]       |  n_claims    x 40 bytes, by register, record id, version, row; equal ones once (persons only)
#   | IdentifierEntry[]  |  n_identifiers x 24 bytes, by kind
#   +--------------------+
#   | heap               |  texts and protobuf bytes that the entries point to; offsets are from the dossier's start
#   +--------------------+ length
#
# checksum = XXH3_64 of bytes [16, length). It is verified on every read: a damaged dossier is DATA_LOSS, never another person.
# A day is days since 1970-01-01; NO_DAY = unknown. Nothing here depends on the clock.

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    DOSSIER_MAGIC = 0x534F4452  # "RDOS"
    NO_ENTITY = 0xFFFFFFFF
    NO_REGISTER = 255

# Kinds of entity. Also the kind in entities.bin.
cdef enum:
    ENTITY_PERSON = 1
    ENTITY_ORGANISATION = 2
    ENTITY_UNIDENTIFIED = 3
    ENTITY_VEHICLE = 4
    ENTITY_PLATE = 5

cdef enum:
    FLAG_IDENTITY_CONFLICT = 1   # DossierHeader.flags: identity claims contradict
    FLAG_INVALID_IDENTIFIER = 2  # an identity claim's own identifier fails its check digit
    FLAG_CROWDED = 4             # one of name_only_alerts reaches the alert score, as it does for more than fifty
    FLAG_HIDDEN = 8              # hides_from, hides_to count
    FLAG_ONE_BEARER = 16         # one of name_only_alerts names nobody else on file

cdef enum:
    ALERT_MISUSE = 1             # AlertEntry.flags: the document alert says another used the identity
    ALERT_ARMED = 2
    ALERT_LISTED_BY_AUTHORITY = 4
    ALERT_PLATE = 8              # the alert is about the plate (kind STOLEN_PLATE)
    ALERT_CRITERION_1 = 16       # the strongest link of its records is by CUI, document, NIT, licence, typed plate or VIN
    ALERT_AUTHORITY_WITHDRAWN = 32  # the authority had closed it and is withdrawn since
    ALERT_CLOSED_ON_NO_DAY = 64  # on a day from which programs count, or before it was issued

cdef enum:
    RECORD_POSSIBLE = 1          # RecordEntry.flags: joined only perhaps
    RECORD_CRITERION_1 = 2       # joined by CUI, document, NIT, licence (persons); plate with type, VIN (vehicles)
    RECORD_CERTIFICATE = 4       # certificate_visible
    RECORD_STANDARD_POLICE = 8
    RECORD_STANDARD_CRIMINAL = 16
    RECORD_STANDARD_RENAS = 32
    RECORD_PROTECTED = 64        # PROTECTED side of a PENDING protection order; day_from/day_to say when
    RECORD_UNTOLD = 128          # beside RECORD_CERTIFICATE: unknown whether a certificate may show it

cdef enum:
    IDENTIFIER_IDENTIFIED = 1    # IdentifierEntry.flags: stated by a register that identifies this kind

cdef packed struct DossierHeader:
    uint32_t magic
    uint32_t length              # bytes, header and heap included
    uint64_t checksum
    uint8_t subject_id[16]
    uint32_t entity              # its own number: a wrong table entry is found out
    uint8_t kind                 # ENTITY_*
    uint8_t flags                # FLAG_*
    uint8_t sex                  # Sex of the first identity claim that states one
    uint8_t department           # birth department of the first identity claim that states one, INE 1 to 22; 0
    uint16_t birth_year          # of the first identity claim with a year; 0 = unknown
    uint8_t birth_month
    uint8_t birth_mday
    int32_t death_day            # NO_DAY = no death on file; 0 < a death without a whole date is stored as day 0
    int32_t homonyms             # -1 = not set
    int32_t name_only_alerts     # -1 = not set
    uint16_t n_alerts
    uint16_t n_owners
    uint16_t n_claims
    uint16_t n_identifiers
    uint32_t n_records
    uint32_t summary_offset      # Candidate's stored fields (name, cui, birth_date, sex, department, description, register_id), encoded; its plate
                                 # depends on the clock
    uint32_t summary_length
    int32_t hides_from           # FLAG_HIDDEN: days of orders not linked here that hide the address; NO_DAY = open
    int32_t hides_to
    int32_t identity_fed         # day on which the feed last changed name, birth date or sex; records by name were linked before; 0 = never
    uint8_t reserved[8]

cdef packed struct AlertEntry:
    uint8_t kind                 # AlertKind
    uint8_t link_level           # Level: HIT or POSSIBLE
    uint8_t section              # Section of its records
    uint8_t state                # AlertState that counts
    uint8_t sensitivity          # Sensitivity
    uint8_t flags                # ALERT_*
    uint8_t register             # ordinal of the representative's register
    uint8_t authority            # ordinal of the register authoritative for this kind; NO_REGISTER = none
    int32_t valid_from           # earliest possible first day; NO_DAY = since ever
    int32_t valid_to             # latest possible last day, inclusive; NO_DAY = open
    uint32_t state_date          # yyyymmdd of the state; 0 = not known; of a date in part its unknown parts are 0
    uint32_t issued_day          # day + 2^31, for sorting; 0 = unknown
    uint32_t hit_offset          # Hit's stored fields 1 to 13, encoded, without a tag around them
    uint32_t hit_length
    uint16_t from_span           # days by which valid_from may be later; SPAN_UNKNOWN (core/generation/view.pxd) = any day
    uint16_t to_span             # days by which valid_to may be earlier
    uint32_t closed_elsewhere    # by closed_elsewhere_of: which other register says last that the authority's order is closed; 0 = none

cdef inline uint32_t closed_elsewhere_of(int32_t day, uint8_t state, uint8_t register) noexcept nogil:
    """Day since 1970 (to 2149), AlertState and ordinal in one number."""
    return <uint32_t>register << 19 | <uint32_t>(state & 7) << 16 | <uint32_t>(day & 0xFFFF)

cdef packed struct RecordEntry:
    uint8_t section              # Section
    uint8_t sensitivity          # Sensitivity
    uint8_t register             # ordinal
    uint8_t flags                # RECORD_*
    int32_t day_from             # only for RECORD_PROTECTED, else NO_DAY
    int32_t day_to
    uint32_t offset              # the whole field: tag, length and message, ready to copy into Person or Vehicle
    uint32_t length
    uint32_t reference_length    # bytes of the encoded RecordReference at the start of the message: after the outer tag and
                                 # length comes its tag (0x0A), its length byte(s), then these bytes

cdef packed struct OwnerEntry:
    uint32_t entity              # the owner's entity; NO_ENTITY = unknown owner
    uint8_t link_level           # Level of the owner link
    uint8_t sensitivity
    uint8_t register
    uint8_t share                # percent; 0 = not stated
    int32_t valid_from
    int32_t valid_to
    uint32_t offset              # Owner's stored fields 3 to 7 (record, name, share, dates), encoded, without a tag around them
    uint32_t length
    uint8_t reserved[4]
    uint16_t from_span           # as in AlertEntry
    uint16_t to_span

cdef packed struct ClaimEntry:
    uint8_t register             # ordinal
    uint8_t sensitivity          # of the record
    uint8_t section              # Section of the record the name comes from (IDENTITY, or an alias from another section)
    uint8_t identity             # 1 = section IDENTITY of a register with role identity for persons
    uint16_t birth_year          # 0 = unknown
    uint8_t birth_month
    uint8_t birth_mday
    uint8_t sex
    uint8_t birth_department
    uint8_t residence_department
    uint8_t dead                 # 1 = this claim holds a death
    uint32_t name_key_offset     # sorted phonetic keys joined by one space (docs/answers.md section 2)
    uint32_t father_offset       # name of the father, as the register writes it
    uint32_t mother_offset
    uint16_t name_key_length     # bytes
    uint16_t father_length
    uint16_t mother_length
    uint16_t name_text_length
    uint32_t name_text_offset    # the name with its parts apart, as core/names/reading.pxd stores it
    uint8_t reserved[4]

# One for each (kind, text, section, sensitivity, dates) that states it, so that masks are exact; `register` is the lowest
# ordinal among those, of the identifying ones when IDENTIFIED.
cdef packed struct IdentifierEntry:
    uint8_t kind                 # KEY_*
    uint8_t flags                # IDENTIFIER_*
    uint8_t register             # ordinal of the first register that states it
    uint8_t section              # section of that record (for masking)
    uint32_t offset              # canonical text; for KEY_PLATE "P-123BCD" + "|" + country ("P-123BCD|GTM"; "?-123BCD|GTM")
    uint16_t length
    uint8_t sensitivity
    uint8_t reserved
    int32_t valid_from           # KEY_PLATE: first day borne; else NO_DAY
    int32_t valid_to             # KEY_PLATE: last day borne; else NO_DAY
    uint32_t reserved2
