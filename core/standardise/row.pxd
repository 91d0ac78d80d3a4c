# A register's row in Arrow text columns, and what its cells are read by: code maps, conditions, date formats.

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

# Why a record is refused or a value left out, after core.identifiers.canonical' RULE_* (1 to 6). Words: RULES in core/standardise/encoder.pyx.
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
    RULE_CONTROL = 19        # a cell with characters that steer a terminal, turn the order of reading, or hide
    RULE_COUNT = 20

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
