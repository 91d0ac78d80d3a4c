# Cells of a register's rows, read from Arrow text columns without the GIL: trimmed, null words, code maps, dates, numbers.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cdef enum:
    CELL_MAX = 4096          # bytes of one cell or joined value; a longer one is null, and a warning
    ARENA_STEP = 4352        # bytes that one value may need in the arena, with its name key

# Outcome of reading a value.
cdef enum:
    VALUE_NULL = 0
    VALUE_OK = 1
    VALUE_UNKNOWN = 2        # the code map does not hold it
    VALUE_BAD = 3            # it does not parse

# Why a record is refused or a value left out, after core.identifiers' RULE_* (1 to 6). Words: RULES in columns.pyx.
cdef enum:
    RULE_UNPARSABLE = 7
    RULE_UNKNOWN_CODE = 8
    RULE_TOO_LONG = 9
    RULE_OUT_OF_RANGE = 10
    RULE_REQUIRED = 11
    RULE_DATE = 12
    RULE_RECORD_ID = 13
    RULE_NO_SUBJECT = 14
    RULE_UNDECODABLE = 15
    RULE_OTHERWISE = 16      # an identifier read as clerks and spreadsheets write it
    RULE_UNREADABLE = 17     # an alert's subject is only shown by a text that is no identifier
    RULE_DOUBTFUL = 18       # an alert's birth date that can hardly be its subject's
    RULE_COUNT = 19

cdef struct Cell:
    const char* data         # NULL = null; borrowed from the batch, the plan or the arena
    int32_t size             # bytes

cdef struct Date:
    int status               # VALUE_NULL, VALUE_OK, VALUE_BAD
    int year                 # 0 = unknown, as for the other parts
    int month
    int day
    bint turned              # read in the other order than the source's, which gives no date

# One Arrow column of type string: offsets[first + i] .. offsets[first + i + 1].
cdef struct Input:
    const int32_t* offsets
    const char* data
    const uint8_t* valid     # bitmap; NULL = no nulls
    int64_t first
    bint name                # a name is text enough with a letter lost
    uint32_t epoch           # row for which `cell` holds
    Cell cell

cdef struct MapEntry:
    Cell key                 # data NULL = free
    Cell text
    int64_t number

# Open addressing, at most half full.
cdef struct Map:
    MapEntry* entries
    uint32_t mask
    int32_t longest          # bytes of the longest key

cdef struct Slot:
    int* columns             # owned
    int count                # 0 = constant
    Cell join
    Cell constant
    int map                  # -1 = none
    bint birth               # read as a birth date: the pivot of years of two digits
    uint32_t epoch           # row for which `value`, `status` hold
    Cell value
    int status
    uint32_t date_epoch      # row for which `date` holds
    Date date

cdef enum:
    TEST_IN = 0
    TEST_NOT_IN = 1
    TEST_PRESENT = 2
    TEST_ABSENT = 3

cdef struct Condition:
    int column
    int test
    int map                  # the list, for TEST_IN and TEST_NOT_IN
    int others               # what else may stand there, for TEST_IN; -1 = anything

cdef enum:
    FLAG_FALSE = -1
    FLAG_TRUE = -2

cdef struct DateFormat:
    char* parts              # 'Y', 'M', 'D', or a separator; borrowed from the plan
    int count
    bint separated

cdef struct Context:
    Input* inputs
    int n_inputs
    Slot* slots
    int n_slots
    Map* maps
    int n_maps
    Condition* conditions
    DateFormat* formats
    int n_formats
    bint month_first         # a format of the source has the month before the day, and the year last
    int32_t* null_dates      # yyyymmdd
    int n_null_dates
    int null_words           # map
    char* arena
    size_t used
    size_t capacity
    uint32_t epoch           # one more with each row; 0 is never a row's
    int64_t index            # row within the batch
    bint undecodable         # the row holds U+FFFD where bytes could not be read: such cells are null, but for names
    uint32_t* warnings       # [field][RULE_COUNT]

cdef Cell no_cell() noexcept nogil
cdef char* arena_take(Context* c, size_t size) noexcept nogil
cdef bint map_init(Map* map, uint32_t count) noexcept
cdef void map_put(Map* map, Cell key, Cell text, int64_t number) noexcept nogil
cdef MapEntry* map_find(Map* map, Cell key) noexcept nogil
cdef bint same_text(Cell a, Cell b) noexcept nogil
cdef Cell trimmed(Cell cell) noexcept nogil
cdef void warn(Context* c, int field, int rule) noexcept nogil

# One column's cell of the present row.
cdef Cell cell_of(Context* c, int column) noexcept nogil
cdef bint raw_cell_is_damaged(Context* c, int column) noexcept nogil
# Text of a value: VALUE_NULL, VALUE_OK, or VALUE_UNKNOWN with the text as written.
cdef int text_of(Context* c, int slot, Cell* out) noexcept nogil
cdef Date date_of_slot(Context* c, int slot) noexcept nogil
# Number for a text of `slot` in the map of an enum or of true/false; VALUE_UNKNOWN when the map lacks it.
cdef int mapped_of(Context* c, int slot, int map, int64_t* out) noexcept nogil
# A whole number (a fraction is cut), or an amount in centavos.
cdef int int_of(Context* c, int slot, int64_t* out) noexcept nogil
cdef int money_of(Context* c, int slot, int64_t* out) noexcept nogil
# `doubtful`: what a condition on a damaged cell counts as.
cdef bint holds(Context* c, int condition, bint doubtful) noexcept nogil
cdef bint is_untold(Context* c, int number) noexcept nogil  # a list that tells nothing: the cell is null, or in neither list
cdef bint flag_of(Context* c, int flag) noexcept nogil
