"""Requests, read from their bytes without the GIL. Nothing here is for Python."""

from libc.string cimport memset

from core.calendar cimport date_part_word, partial_date_problem
from core.contract.check_service cimport SUBJECT_FOUND_DOCUMENT_COMPARED, SUBJECT_FOUND_UNSPECIFIED
from core.contract.check_service_fields cimport *
from core.contract.context cimport PURPOSE_STATISTICS, PURPOSE_UNSPECIFIED
from core.contract.context_fields cimport (
    F_RequestContext_asked_at, F_RequestContext_case_number, F_RequestContext_purpose, F_RequestContext_reason,
    F_RequestContext_request_id, F_RequestContext_sections,
)
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_MESSAGE_MALFORMED
from core.contract.section cimport (
    SECTION_DAMAGED_RECORD, SECTION_IDENTITY, SECTION_VEHICLE_DAMAGED_RECORD, SECTION_VEHICLE_REGISTRATION,
)
from core.contract.value cimport SEX_MALE, SEX_UNSPECIFIED
from core.contract.value_fields cimport *
from core.failure cimport FAILED, OK, fail
from core.names.unicode cimport decode_utf8, is_without_width
from core.wire cimport (Reader, WIRE_LENGTH, WIRE_OVERLONG, WIRE_PAST_END, WIRE_TRUNCATED, WIRE_VARINT, read_field,
                        read_varint, reader_init, valid_utf8)


ctypedef int (*NestedReader)(const void*, size_t, Question*, Failure*) noexcept nogil


cdef int malformed(int status, const char* name, Failure* failure) noexcept nogil:
    if status == WIRE_TRUNCATED or status == WIRE_PAST_END:
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "truncated")
    if status == WIRE_OVERLONG:
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "a varint is longer than 64 bits")
    return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "not a Protocol Buffers message")


cdef int _wrong_type(const char* name, Failure* failure) noexcept nogil:
    return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "wrong wire type")


cdef size_t _characters(const uint8_t* data, size_t size) noexcept nogil:
    cdef size_t i, count = 0
    for i in range(size):
        count += (data[i] & 0xC0) != 0x80
    return count


cdef int take_text(const Field* field, const char* name, size_t characters, Text* text,
                   Failure* failure) noexcept nogil:
    if field.wire != WIRE_LENGTH:
        return _wrong_type(name, failure)
    if field.size > 4 * characters:  # no character takes more than four bytes: refuse before reading them
        return fail(failure, ERROR_REASON_FIELD_INVALID, name, "too long")
    if not valid_utf8(field.data, field.size):
        return fail(failure, ERROR_REASON_MESSAGE_MALFORMED, name, "not UTF-8")
    if field.size > characters and _characters(field.data, field.size) > characters:
        return fail(failure, ERROR_REASON_FIELD_INVALID, name, "too long")
    text.data = <const char*>field.data
    text.size = field.size
    return OK


cdef int take_int(const Field* field, const char* name, int32_t* value, Failure* failure) noexcept nogil:
    if field.wire != WIRE_VARINT:
        return _wrong_type(name, failure)
    value[0] = <int32_t><uint32_t>field.value  # as every Protocol Buffers parser does: the low 32 bits
    return OK


cdef bint known_section(uint64_t section) noexcept nogil:
    return (SECTION_IDENTITY <= section <= SECTION_DAMAGED_RECORD
            or SECTION_VEHICLE_REGISTRATION <= section <= SECTION_VEHICLE_DAMAGED_RECORD)


cdef int _take_sections(const Field* field, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef uint64_t value
    cdef int status
    if field.wire == WIRE_VARINT:
        if not known_section(field.value):
            return fail(failure, ERROR_REASON_FIELD_INVALID, "context.sections", "unknown section")
        question.sections |= <uint64_t>1 << field.value
        return OK
    if field.wire != WIRE_LENGTH:
        return _wrong_type("context.sections", failure)
    reader_init(&reader, field.data, field.size)
    while reader.at < reader.end:
        status = read_varint(&reader, &value)
        if status < 0:
            return malformed(status, "context.sections", failure)
        if not known_section(value):
            return fail(failure, ERROR_REASON_FIELD_INVALID, "context.sections", "unknown section")
        question.sections |= <uint64_t>1 << value
    return OK


cdef int _read_timestamp(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    """Checks the form only: the officer's time of asking is for the audit, which keeps the request."""
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "context.asked_at", failure)
        if field.number <= 2 and field.wire != WIRE_VARINT:
            return _wrong_type("context.asked_at", failure)


cdef void _no_blanks(Text* text) noexcept nogil:
    """A text of nothing but spaces, control and invisible characters says nothing: it counts as not given."""
    cdef const uint8_t* at = <const uint8_t*>text.data
    cdef const uint8_t* end = at + text.size
    cdef uint32_t code
    while at < end:
        at += decode_utf8(at, end, &code)
        if not (code <= 0x20 or 0x7F <= code <= 0xA0 or is_without_width(code) or 0x2000 <= code <= 0x200A
                or code == 0x2028 or code == 0x2029 or code == 0x202F or code == 0x205F or code == 0x3000
                or code == 0x2800):  # a braille cell without dots
            return
    text.size = 0


cdef bint _steers(const uint8_t* at, size_t left) noexcept nogil:
    """Returns whether a control or direction character begins here (clients/terminal/told_text.py shows none of them).

    C0 but tab and line feed, DEL, C1, U+061C, 200E, 200F, 2028 to 202E, 2066 to 2069.
    """
    if at[0] < 0x20 and at[0] != 0x09 and at[0] != 0x0A or at[0] == 0x7F:
        return True
    if left >= 2 and (at[0] == 0xC2 and at[1] < 0xA0 or at[0] == 0xD8 and at[1] == 0x9C):
        return True
    return left >= 3 and at[0] == 0xE2 and (
        at[1] == 0x80 and (0x8E <= at[2] <= 0x8F or 0xA8 <= at[2] <= 0xAE) or at[1] == 0x81 and 0xA6 <= at[2] <= 0xA9)


cdef int _one_line(const Text* text, const char* name, Failure* failure) noexcept nogil:
    """Fails for a text with characters that steer whatever shows it: an auditor reads it in a terminal."""
    cdef size_t i
    cdef const uint8_t* at = <const uint8_t*>text.data
    for i in range(text.size):  # no continuation byte looks like the beginning of one
        if _steers(at + i, text.size - i):
            return fail(failure, ERROR_REASON_FIELD_INVALID, name, "control characters or characters of direction")
    return OK


cdef int read_context(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "context", failure)
        if field.number == F_RequestContext_purpose:
            status = take_int(&field, "context.purpose", &question.purpose, failure)
            if status == OK and not PURPOSE_UNSPECIFIED <= question.purpose <= PURPOSE_STATISTICS:
                status = fail(failure, ERROR_REASON_FIELD_INVALID, "context.purpose", "unknown purpose")
        elif field.number == F_RequestContext_case_number:
            status = take_text(&field, "context.case_number", IDENTIFIER_CHARACTERS, &question.case_number,
                               failure)
            _no_blanks(&question.case_number)
            if status == OK:
                status = _one_line(&question.case_number, "context.case_number", failure)
        elif field.number == F_RequestContext_request_id:
            status = take_text(&field, "context.request_id", IDENTIFIER_CHARACTERS, &question.request_id, failure)
            if status == OK:
                status = _one_line(&question.request_id, "context.request_id", failure)
        elif field.number == F_RequestContext_asked_at:
            status = _take_message(&field, "context.asked_at", _read_timestamp, question, failure)
        elif field.number == F_RequestContext_sections:
            status = _take_sections(&field, question, failure)
        elif field.number == F_RequestContext_reason:
            status = take_text(&field, "context.reason", REASON_CHARACTERS, &question.reason, failure)
            _no_blanks(&question.reason)
            if status == OK:
                status = _one_line(&question.reason, "context.reason", failure)
        else:
            status = OK
        if status < 0:
            return FAILED


cdef int _take_message(const Field* field, const char* name, NestedReader reader, Question* question,
                       Failure* failure) noexcept nogil:
    if field.wire != WIRE_LENGTH:
        return _wrong_type(name, failure)
    return reader(field.data, field.size, question, failure)


cdef int _read_document(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "document", failure)
        if field.number == F_ForeignDocument_country:
            status = take_text(&field, "document.country", IDENTIFIER_CHARACTERS, &question.document_country, failure)
        elif field.number == F_ForeignDocument_number:
            status = take_text(&field, "document.number", IDENTIFIER_CHARACTERS, &question.document_number, failure)
        if status < 0:
            return FAILED


cdef int _read_name(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "name", failure)
        if field.number == F_PersonName_first_given:
            status = take_text(&field, "name.first_given", NAME_CHARACTERS, &question.name[NAME_FIRST_GIVEN], failure)
        elif field.number == F_PersonName_second_given:
            status = take_text(&field, "name.second_given", NAME_CHARACTERS, &question.name[NAME_SECOND_GIVEN], failure)
        elif field.number == F_PersonName_third_given:
            status = take_text(&field, "name.third_given", NAME_CHARACTERS, &question.name[NAME_THIRD_GIVEN], failure)
        elif field.number == F_PersonName_first_surname:
            status = take_text(&field, "name.first_surname", NAME_CHARACTERS, &question.name[NAME_FIRST_SURNAME],
                               failure)
        elif field.number == F_PersonName_second_surname:
            status = take_text(&field, "name.second_surname", NAME_CHARACTERS, &question.name[NAME_SECOND_SURNAME],
                               failure)
        elif field.number == F_PersonName_married_surname:
            status = take_text(&field, "name.married_surname", NAME_CHARACTERS, &question.name[NAME_MARRIED_SURNAME],
                               failure)
        elif field.number == F_PersonName_full:
            status = take_text(&field, "name.full", NAME_CHARACTERS, &question.name[NAME_FULL], failure)
        if status < 0:
            return FAILED


cdef int _read_birth_date(const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return OK
        if status < 0:
            return malformed(status, "birth_date", failure)
        if field.number == F_PartialDate_year:
            status = take_int(&field, "birth_date.year", &question.birth_year, failure)
        elif field.number == F_PartialDate_month:
            status = take_int(&field, "birth_date.month", &question.birth_month, failure)
        elif field.number == F_PartialDate_day:
            status = take_int(&field, "birth_date.day", &question.birth_mday, failure)
        if status < 0:
            return FAILED


cdef int _check_values(Question* question, Failure* failure) noexcept nogil:
    """Checks the rules that hold for every method with the field."""
    cdef int problem = partial_date_problem(question.birth_year, question.birth_month, question.birth_mday)
    if problem:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "birth_date", date_part_word(problem))
    if not SEX_UNSPECIFIED <= question.sex <= SEX_MALE:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "sex", "unknown sex")
    if not SUBJECT_FOUND_UNSPECIFIED <= question.subject_found <= SUBJECT_FOUND_DOCUMENT_COMPARED:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "subject_found", "unknown way")
    if question.model_year and not 1000 <= question.model_year <= 9999:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "model_year", "four digits")
    if question.year_from and not 1000 <= question.year_from <= 9999:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "birth_year_from", "four digits")
    if question.year_to and not 1000 <= question.year_to <= 9999:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "birth_year_to", "four digits")
    if question.year_to and question.year_from > question.year_to:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "birth_year_from", "after birth_year_to")
    if not 0 <= question.department <= 22:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "department", "1 to 22")
    if question.municipality and not 101 <= question.municipality <= 2299:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "municipality", "INE code of three or four digits")
    if not 0 <= question.age_from <= AGE_MAX:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "age_from", "0 to 150")
    if not 0 <= question.age_to <= AGE_MAX:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "age_to", "0 to 150")
    if question.age_to and question.age_from > question.age_to:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "age_from", "above age_to")
    if not 0 <= question.page_size <= PAGE_MAX:
        return fail(failure, ERROR_REASON_FIELD_INVALID, "page_size", "1 to 100")
    if question.page_size == 0:
        question.page_size = PAGE_DEFAULT
    return OK


cdef int read_question(int method, const void* data, size_t size, Question* question, Failure* failure) noexcept nogil:
    cdef Reader reader
    cdef Field field
    cdef int status
    memset(question, 0, sizeof(Question))
    question.method = method
    reader_init(&reader, data, size)
    while True:
        status = read_field(&reader, &field)
        if status == 0:
            return _check_values(question, failure)
        if status < 0:
            return malformed(status, "", failure)
        if field.number == 1:
            status = _take_message(&field, "context", read_context, question, failure)
        elif method == METHOD_CHECK_PERSON:
            status = _person_field(&field, question, failure)
        elif method == METHOD_CHECK_VEHICLE:
            status = _vehicle_field(&field, question, failure)
        elif method == METHOD_CHECK:
            if field.number == F_CheckRequest_query:
                status = take_text(&field, "query", NAME_CHARACTERS, &question.query, failure)
            elif field.number == F_CheckRequest_country:
                status = take_text(&field, "country", IDENTIFIER_CHARACTERS, &question.country, failure)
            elif field.number == F_CheckRequest_subject_found:
                status = take_int(&field, "subject_found", &question.subject_found, failure)
        elif method == METHOD_SEARCH_PERSONS:
            status = _search_persons_field(&field, question, failure)
        elif method == METHOD_SEARCH_VEHICLES:
            status = _search_vehicles_field(&field, question, failure)
        elif method == METHOD_LIST_RECORDS:
            status = _list_field(&field, question, failure)
        if status < 0:
            return FAILED


cdef int _person_field(const Field* field, Question* question, Failure* failure) noexcept nogil:
    if field.number == F_CheckPersonRequest_query:
        return take_text(field, "query", NAME_CHARACTERS, &question.query, failure)
    if field.number == F_CheckPersonRequest_cui:
        return take_text(field, "cui", IDENTIFIER_CHARACTERS, &question.cui, failure)
    if field.number == F_CheckPersonRequest_nit:
        return take_text(field, "nit", IDENTIFIER_CHARACTERS, &question.nit, failure)
    if field.number == F_CheckPersonRequest_cedula:
        return take_text(field, "cedula", IDENTIFIER_CHARACTERS, &question.cedula, failure)
    if field.number == F_CheckPersonRequest_document:
        return _take_message(field, "document", _read_document, question, failure)
    if field.number == F_CheckPersonRequest_licence:
        return take_text(field, "licence", IDENTIFIER_CHARACTERS, &question.licence, failure)
    if field.number == F_CheckPersonRequest_telephone:
        return take_text(field, "telephone", IDENTIFIER_CHARACTERS, &question.telephone, failure)
    if field.number == F_CheckPersonRequest_name:
        return _take_message(field, "name", _read_name, question, failure)
    if field.number == F_CheckPersonRequest_birth_date:
        return _take_message(field, "birth_date", _read_birth_date, question, failure)
    if field.number == F_CheckPersonRequest_sex:
        return take_int(field, "sex", &question.sex, failure)
    if field.number == F_CheckPersonRequest_father_name:
        return take_text(field, "father_name", NAME_CHARACTERS, &question.father, failure)
    if field.number == F_CheckPersonRequest_mother_name:
        return take_text(field, "mother_name", NAME_CHARACTERS, &question.mother, failure)
    if field.number == F_CheckPersonRequest_subject_found:
        return take_int(field, "subject_found", &question.subject_found, failure)
    if field.number == F_CheckPersonRequest_handle:
        return take_text(field, "handle", IDENTIFIER_CHARACTERS, &question.handle, failure)
    return OK


cdef int _vehicle_field(const Field* field, Question* question, Failure* failure) noexcept nogil:
    if field.number == F_CheckVehicleRequest_query:
        return take_text(field, "query", NAME_CHARACTERS, &question.query, failure)
    if field.number == F_CheckVehicleRequest_plate:
        return take_text(field, "plate", IDENTIFIER_CHARACTERS, &question.plate, failure)
    if field.number == F_CheckVehicleRequest_plate_country:
        return take_text(field, "plate_country", IDENTIFIER_CHARACTERS, &question.plate_country, failure)
    if field.number == F_CheckVehicleRequest_vin:
        return take_text(field, "vin", IDENTIFIER_CHARACTERS, &question.vin, failure)
    if field.number == F_CheckVehicleRequest_chassis_tail:
        return take_text(field, "chassis_tail", IDENTIFIER_CHARACTERS, &question.chassis_tail, failure)
    if field.number == F_CheckVehicleRequest_engine:
        return take_text(field, "engine", IDENTIFIER_CHARACTERS, &question.engine, failure)
    if field.number == F_CheckVehicleRequest_make:
        return take_text(field, "make", IDENTIFIER_CHARACTERS, &question.make, failure)
    if field.number == F_CheckVehicleRequest_colour:
        return take_text(field, "colour", IDENTIFIER_CHARACTERS, &question.colour, failure)
    if field.number == F_CheckVehicleRequest_model_year:
        return take_int(field, "model_year", &question.model_year, failure)
    return OK


cdef int _search_persons_field(const Field* field, Question* question, Failure* failure) noexcept nogil:
    if field.number == F_SearchPersonsRequest_names:
        return take_text(field, "names", NAME_CHARACTERS, &question.names, failure)
    if field.number == F_SearchPersonsRequest_birth_date:
        return _take_message(field, "birth_date", _read_birth_date, question, failure)
    if field.number == F_SearchPersonsRequest_birth_year_from:
        return take_int(field, "birth_year_from", &question.year_from, failure)
    if field.number == F_SearchPersonsRequest_birth_year_to:
        return take_int(field, "birth_year_to", &question.year_to, failure)
    if field.number == F_SearchPersonsRequest_sex:
        return take_int(field, "sex", &question.sex, failure)
    if field.number == F_SearchPersonsRequest_department:
        return take_int(field, "department", &question.department, failure)
    if field.number == F_SearchPersonsRequest_name:
        return _take_message(field, "name", _read_name, question, failure)
    if field.number == F_SearchPersonsRequest_age_from:
        return take_int(field, "age_from", &question.age_from, failure)
    if field.number == F_SearchPersonsRequest_age_to:
        return take_int(field, "age_to", &question.age_to, failure)
    if field.number == F_SearchPersonsRequest_municipality:
        return take_int(field, "municipality", &question.municipality, failure)
    if field.number == F_SearchPersonsRequest_father_name:
        return take_text(field, "father_name", NAME_CHARACTERS, &question.father, failure)
    if field.number == F_SearchPersonsRequest_mother_name:
        return take_text(field, "mother_name", NAME_CHARACTERS, &question.mother, failure)
    if field.number == F_SearchPersonsRequest_page_size:
        return take_int(field, "page_size", &question.page_size, failure)
    if field.number == F_SearchPersonsRequest_page_token:
        return take_text(field, "page_token", PAGE_TOKEN_BYTES, &question.page_token, failure)
    return OK


cdef int _search_vehicles_field(const Field* field, Question* question, Failure* failure) noexcept nogil:
    if field.number == F_SearchVehiclesRequest_plate_pattern:
        return take_text(field, "plate_pattern", IDENTIFIER_CHARACTERS, &question.plate, failure)
    if field.number == F_SearchVehiclesRequest_query:
        return take_text(field, "query", NAME_CHARACTERS, &question.query, failure)
    if field.number == F_SearchVehiclesRequest_vehicle_type:
        return take_text(field, "vehicle_type", IDENTIFIER_CHARACTERS, &question.vehicle_type, failure)
    if field.number == F_SearchVehiclesRequest_number:
        return take_text(field, "number", IDENTIFIER_CHARACTERS, &question.number, failure)
    if field.number == F_SearchVehiclesRequest_make:
        return take_text(field, "make", IDENTIFIER_CHARACTERS, &question.make, failure)
    if field.number == F_SearchVehiclesRequest_colour:
        return take_text(field, "colour", IDENTIFIER_CHARACTERS, &question.colour, failure)
    if field.number == F_SearchVehiclesRequest_model_year:
        return take_int(field, "model_year", &question.model_year, failure)
    if field.number == F_SearchVehiclesRequest_page_size:
        return take_int(field, "page_size", &question.page_size, failure)
    if field.number == F_SearchVehiclesRequest_page_token:
        return take_text(field, "page_token", PAGE_TOKEN_BYTES, &question.page_token, failure)
    return OK


cdef int _list_field(const Field* field, Question* question, Failure* failure) noexcept nogil:
    if field.number == F_ListRecordsRequest_subject_id:
        return take_text(field, "subject_id", IDENTIFIER_CHARACTERS, &question.subject_id, failure)
    if field.number == F_ListRecordsRequest_section:
        return take_int(field, "section", &question.section, failure)
    if field.number == F_ListRecordsRequest_page_size:
        return take_int(field, "page_size", &question.page_size, failure)
    if field.number == F_ListRecordsRequest_page_token:
        return take_text(field, "page_token", PAGE_TOKEN_BYTES, &question.page_token, failure)
    return OK
