# The writer of names.bin (core/name_index/file.pxd): persons in, in ascending order of entity.

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from core.files.output cimport OutputFile
from core.name_index.file cimport (
    NAME_ROW_BYTES, NAME_ROW_DEAD, NAME_ROW_GUESSED, NAME_ROW_IDENTITY, YEARS, NamesTables,
)
from core.name_index.lists cimport GrowingToken, ListMemory, Sound
from core.names.reading cimport SHAPE_TOKENS
from core.names.tokens cimport TokenForm
from core.wire cimport Buffer

cdef enum:
    CLASS_SECTIONS = 64          # a class of rows is a section and a sensitivity
    CLASS_SENSITIVITIES = 16
    NO_CLASS = 255
    ROW_MAX = 56                 # bytes of a row: 8, and 3 for each token

cdef struct NameClaim:           # what one claim says
    const char* name             # stored name text (core/names/comparison.pxd name_text_into); length 0 = none
    size_t name_length
    uint16_t birth_year
    uint8_t birth_month
    uint8_t birth_mday
    uint8_t sex
    uint8_t birth_department
    uint8_t residence_department
    uint16_t municipality        # INE code of four digits, 0 = unknown
    uint8_t section              # what it takes to see it
    uint8_t sensitivity
    bint identity                # an identity claim
    bint dead                    # that holds a death

cdef struct KeptName:            # a name read before: texts repeat from one register to the next
    uint64_t hash                # of the text; 0 = free
    uint8_t count
    uint8_t guessed
    uint32_t tokens[SHAPE_TOKENS]  # id | role << 22

# Municipality of birth, INE code, that a CUI of 13 digits ends in; 0 when it is none.
cdef inline uint16_t municipality_of_cui(const uint8_t* cui, size_t length) noexcept nogil:
    cdef int i
    cdef uint16_t code = 0
    if length != 13:
        return 0
    for i in range(9, 13):
        if not 48 <= cui[i] <= 57:
            return 0
        code = 10 * code + cui[i] - 48
    return code if code < 4096 else 0

cdef inline size_t pack_row(const NameClaim* claim, const KeptName* name, uint8_t row_class, uint8_t* row) noexcept nogil:
    """A row with its own tokens (core/name_index/file.pxd, "A block") into row[ROW_MAX]; its length."""
    cdef uint32_t birth = <uint32_t>claim.birth_year << 9 | <uint32_t>(claim.birth_month & 15) << 5 | (claim.birth_mday & 31)
    cdef uint32_t facts = (claim.sex & 3) | <uint32_t>(claim.birth_department & 31) << 2 | (
        <uint32_t>(claim.residence_department & 31) << 7) | <uint32_t>(claim.municipality & 4095) << 12
    cdef size_t length = NAME_ROW_BYTES
    cdef int i
    row[0] = name.count
    if name.guessed:
        row[0] |= NAME_ROW_GUESSED
    if claim.identity:
        row[0] |= NAME_ROW_IDENTITY
    if claim.dead:
        row[0] |= NAME_ROW_DEAD
    row[1] = row_class
    for i in range(3):
        row[2 + i] = <uint8_t>(birth >> (8 * i))
        row[5 + i] = <uint8_t>(facts >> (8 * i))
    for i in range(name.count):
        row[length] = <uint8_t>name.tokens[i]
        row[length + 1] = <uint8_t>(name.tokens[i] >> 8)
        row[length + 2] = <uint8_t>(name.tokens[i] >> 16)
        length += 3
    return length

cdef class NamesWriter:
    cdef OutputFile file
    cdef GrowingToken* tokens
    cdef uint32_t n_tokens
    cdef uint32_t tokens_capacity
    cdef uint32_t* slots         # open addressing: token id, 0 = free
    cdef uint64_t n_slots
    cdef Sound* sounds           # open addressing as well, by place
    cdef uint64_t n_sounds       # places
    cdef uint64_t sounds_used
    cdef Buffer texts
    cdef Buffer rows_at          # uint32_t[]
    cdef Buffer row              # rows of the person at hand
    cdef Buffer stray_rows       # uint32_t length + rows, of each stray
    cdef Buffer strays           # uint32_t[]
    cdef KeptName* kept
    cdef uint8_t class_of[CLASS_SECTIONS][CLASS_SENSITIVITIES]
    cdef uint8_t classes[NO_CLASS][2]
    cdef int n_classes
    cdef uint32_t n_entities
    cdef uint32_t population
    cdef uint32_t years[YEARS + 1]
    cdef int last_place
    cdef bint ordered
    cdef bint failed
    cdef bint too_many           # tokens, classes or bytes
    # the person at hand
    cdef int ordering_year
    cdef int ordering_day        # 32 * month + day of the first row that has the ordering year; -1 = none has
    cdef int n_rows
    cdef size_t last_names       # place in `row` of the last row that has tokens of its own, + 1
    cdef bint open_name
    cdef bint any_year
    cdef bint all_ordering       # every row has the ordering year
    cdef bint years_agree        # every row with a year has the ordering year, and the same day of it
    cdef bint open_identity      # an OPEN identity row has the ordering year

    # A person is begun, takes its claims in the agreed order, and is ended. The entity number is how many were begun before.
    cdef void begin(self, int ordering_year) noexcept nogil
    cdef int _class_of(self, const NameClaim* claim) noexcept nogil
    cdef bint _is_last_name(self, const uint8_t* row, size_t length) noexcept nogil
    cdef void _note_order(self, const NameClaim* claim) noexcept nogil
    cdef void add(self, const NameClaim* claim) noexcept nogil
    cdef void end(self) noexcept nogil

    cdef int _read(self, const NameClaim* claim, KeptName* out) noexcept nogil
    cdef uint32_t _token(self, const TokenForm* form) noexcept nogil
    cdef int64_t _sound(self, const TokenForm* form) noexcept nogil
    cdef int _put_lists(self, ListMemory* memory, uint32_t n_ordinals) except -1
    cdef object _put_tables(self, NamesTables* tables, const Buffer* entries)
    cdef uint64_t _table(self, const Buffer* table) noexcept
    cdef bint _grow(self) noexcept nogil
    cdef void _post(self, uint32_t token, uint32_t ordinal, bint is_open) noexcept nogil
    cdef void _post_rows(self, const uint8_t* rows, size_t size, uint32_t ordinal) noexcept nogil
    cdef void _put_block(self, uint32_t ordinal, const uint8_t* rows, size_t size) noexcept nogil
    cdef int _put_strays(self) noexcept nogil
