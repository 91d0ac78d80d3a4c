# The bytes of the audit log's records, shared by the writer and the readers; docs/audit-format.md explains them.
#
# A segment is a file of records, one behind the other, nothing between them. All integers are little-endian.
#
#   +-----------+ 0
#   | length    |  u32, bytes of the body; 0 = here the segment ends
#   | check     |  u32, the first four bytes of the body's RFC 9162 leaf hash
#   +-----------+ 8
#   | body      |  starts with a kind (u8) and holds at +8 the record's place in the segment, from 0 (u64)
#   +-----------+
#
# The writer fills in `length` last: what a killed process left half written has length 0.

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    FRAME_BYTES = 8
    # Kinds of record.
    RECORD_HEADER = 1            # place 0, and only there: a JSON object about the segment
    RECORD_TEXT = 2              # a text that later records refer to by this record's place
    RECORD_QUERY = 3             # a question and who was shown
    # TextHead.what
    TEXT_IDENTITY = 1            # JSON object: who asks
    TEXT_GENERATION = 2          # id of a generation
    TEXT_ASKER = 3               # AskerText: what the engine had of who asks
    TEXT_FED = 4                 # JSON object: what a view said of the registers that are fed, and what it was made with

cdef enum:
    # QueryHead.flags
    AUDIT_FLAG_RETRY = 1         # this request_id was counted before; it counts once
    AUDIT_FLAG_BREAK_GLASS = 2   # to be reviewed; the reason is in the sealed question
    AUDIT_FLAG_DEVELOPMENT = 4   # the built-in caller of development mode
    AUDIT_FLAG_OFF_HOURS = 8     # at an hour at which policy does not expect this caller
    AUDIT_FLAG_OFF_UNIT = 16     # the officer's unit is not the device's
    AUDIT_FLAG_REPEATED = 32     # one subject, more often than policy expects
    AUDIT_FLAG_ENUMERATION = 64  # a sign of going through a list: core/access/enumeration.pxd
    AUDIT_FLAG_DELEGATED = 128   # a gateway asked on the officer's behalf
    AUDIT_FLAG_SUMMED = 256      # it stands for several refusals; overlay_sequence says for how many
    AUDIT_FLAG_CHOSEN_BY_NAME = 512     # the person was chosen from a list found by name (ronda.v1.SubjectFound)
    AUDIT_FLAG_DOCUMENT_COMPARED = 1024  # chosen so, and the asker stated that the person's document was compared

cdef enum:
    # AgainBytes.flags
    AGAIN_SUPERSEDED = 1         # a page of a generation that another had replaced: it says no level
    AGAIN_CONFIRMED = 2          # what an institution said of a hit stands in it (docs/confirmation.md), which no generation holds
    AGAIN_PAGE_TOKEN = 4         # a page token left with it
    AGAIN_CLOCK_DOUBTFUL = 8     # the clock had stepped: no register was FRESH (core/call/clock_doubt.pxd)

cdef enum:
    # EntryBytes.how: the way by which the subject came into the answer.
    HOW_ASKED = 1                # it is the answer's person, vehicle or plate
    HOW_OWNER = 2                # owner of the answer's vehicle
    HOW_CANDIDATE = 3            # candidate of a check, result of a search
    HOW_CLEARANCE = 4            # row of a clearance batch
    HOW_LISTED = 5               # records listed one section at a time
    HOW_AUDIT = 6                # a look into the log itself (server/audit/looking.py)
    HOW_SUGGESTED = 7            # an identifier on file was suggested

cdef packed struct TextHead:     # 16 bytes, then the text to the end of the body; the header's record too
    uint8_t kind
    uint8_t what                 # TEXT_*; 0 in the header
    uint8_t reserved[6]
    uint64_t place

cdef packed struct QueryHead:    # 88 bytes, then entries, case number, request id, AgainBytes, sealed question
    uint8_t kind
    uint8_t method
    uint8_t purpose
    uint8_t again_size           # bytes of AgainBytes; 0 = there is none: a refusal, what Python answers, an older record
    uint16_t status              # 0 = answered, else the ErrorReason
    uint16_t flags               # AUDIT_FLAG_*
    uint64_t place
    int64_t time_ms              # UTC
    uint32_t latency_us
    uint32_t identity            # place of its text record; 0 = not known
    uint32_t generation          # place of its text record; 0 = none
    uint32_t n_entries
    uint64_t overlay_sequence
    uint8_t answer_id[16]
    uint8_t asked[16]            # keyed hash; zeros = nothing to hash
    uint8_t case_number_size
    uint8_t request_id_size
    uint16_t rows                # of a batch of Clear that was answered; else 0
    uint32_t sealed_size         # ciphertext and tag; 0 = no question was there to seal

cdef packed struct AgainBytes:   # 28 bytes: the answer's digest, and what besides the question makes it again
    uint8_t digest[16]           # AES-256-GMAC of the response under the query key
    uint32_t asker               # place of its text record
    uint32_t fed                 # the same; 0 = nothing was fed
    uint8_t standard             # ronda.v1.ClearanceStandard of a batch of Clear; else 0
    uint8_t flags                # AGAIN_*
    uint8_t reserved[2]

cdef packed struct AskerText:    # 72 bytes
    uint64_t masks[6]            # the grant: by Sensitivity a bit (1 << Section)
    uint64_t device              # hashes of who asks, which page tokens are bound to; 0 = none
    uint64_t officer
    uint64_t page_mark           # which page key it was: core/call/page_token.pxd

cdef packed struct EntryBytes:   # 32 bytes: a ShownEntry of core/subject/shown.pxd, its subject id hashed
    uint8_t subject[16]          # keyed hash
    uint8_t level
    uint8_t kind
    uint8_t how
    uint8_t flags
    uint16_t row
    uint8_t register
    uint8_t reserved
    uint64_t sections
