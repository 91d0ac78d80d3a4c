# Requests, read from their bytes and checked for form: wire types, UTF-8, lengths, numbers, enums. What the values mean
# (check digits, names) is checked where they are used.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, uint32_t, uint64_t, uint8_t

from core.contract.check_service cimport SUBJECT_FOUND_CHOSEN_BY_NAME
from core.failure cimport Failure
from core.wire cimport Field

cdef enum:
    METHOD_CHECK = 1
    METHOD_CHECK_PERSON = 2
    METHOD_CHECK_VEHICLE = 3
    METHOD_SEARCH_PERSONS = 4
    METHOD_SEARCH_VEHICLES = 5
    METHOD_LIST_RECORDS = 6
    METHOD_LIST_REGISTERS = 7
    METHOD_GET_GENERATION = 8
    METHOD_MAX = 8

cdef enum:                       # limits in characters, as the contract states them
    NAME_CHARACTERS = 200
    IDENTIFIER_CHARACTERS = 64
    REASON_CHARACTERS = 256
    PAGE_TOKEN_BYTES = 512
    PAGE_DEFAULT = 20
    PAGE_MAX = 100
    AGE_MAX = 150

cdef enum:                       # places in Question.name: core.names.keys takes the first five as parts
    NAME_FIRST_GIVEN = 0
    NAME_SECOND_GIVEN = 1
    NAME_THIRD_GIVEN = 2
    NAME_FIRST_SURNAME = 3
    NAME_SECOND_SURNAME = 4
    NAME_MARRIED_SURNAME = 5
    NAME_FULL = 6
    NAME_TEXTS = 7

cdef struct Text:                # borrowed from the request; size 0 = not given
    const char* data
    size_t size

cdef struct Question:            # the fields of every request; those that a method lacks stay empty
    int method
    int32_t purpose
    uint64_t sections            # bit (1 << Section) wanted; 0 = all
    Text case_number
    Text request_id
    Text reason
    Text query
    Text country
    Text cui
    Text nit
    Text cedula
    Text document_country
    Text document_number
    Text licence
    Text telephone
    Text name[NAME_TEXTS]
    Text names
    int32_t birth_year
    int32_t birth_month
    int32_t birth_mday
    int32_t sex
    int32_t subject_found        # ronda.v1.SubjectFound
    Text handle
    Text father
    Text mother
    Text plate
    Text plate_country
    Text vin
    Text chassis_tail
    Text engine
    Text make
    Text colour
    Text vehicle_type
    Text number
    int32_t model_year
    int32_t year_from
    int32_t year_to
    int32_t department
    int32_t age_from
    int32_t age_to
    int32_t municipality
    int32_t page_size            # 1 to 100 once read
    Text page_token
    Text subject_id
    int32_t section

# Tells whether nobody gave the identifier that is asked: its person was chosen from a list found by name.
cdef inline bint is_chosen_by_name(const Question* question) noexcept nogil:
    return question.subject_found == SUBJECT_FOUND_CHOSEN_BY_NAME

# Reads one request: OK or FAILED. `question` borrows from the bytes.
cdef int read_question(int method, const void* data, size_t size, Question* question, Failure* failure) noexcept nogil
# Reads one RequestContext into `question`.
cdef int read_context(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil
# One string field: wire type, UTF-8, length in characters.
cdef int take_text(const Field* field, const char* name, size_t characters, Text* text, Failure* failure) noexcept nogil
# One int32 or enum field: wire type.
cdef int take_int(const Field* field, const char* name, int32_t* value, Failure* failure) noexcept nogil
# Returns the failure for a result of read_field below 0.
cdef int malformed(int status, const char* name, Failure* failure) noexcept nogil
cdef bint known_section(uint64_t section) noexcept nogil
