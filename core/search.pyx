"""Searches of persons by name and of vehicles by partial plate, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcmp

from core.call cimport (FITS_MAX, Fit, call_damaged, call_dossier, call_out_of_memory, call_shows, fits_add)
from core.candidates cimport gather_candidates
from core.dossier cimport ENTITY_VEHICLE, IdentifierEntry, KEY_PLATE
from core.dossier_view cimport Dossier
from core.failure cimport FAILED, OK, fail
from core.name_search cimport DOSSIERS_MAX, find_by_name
from core.names cimport fold_into
from core.outcome cimport Outcome
from core.page_token cimport mix_bytes, mix_number, put_page_token, read_page_token
from core.person_question cimport outcome_begin, take_names
from core.plates cimport PLATE_DAMAGED, PLATE_END, PlateRow, PlateScan, plate_next, plate_scan
from core.question cimport Question
from core.response cimport put_answer, put_candidates
from core.vehicle_comparison cimport FOLDED_SEEN, VehicleQuestion, compare_seen, is_bearing, plates_assigned
from core.wire cimport put_bytes, put_int_if

include "contract.pxi"

cdef enum:
    BROAD = 100                  # persons found above which narrow_by is due
    PATTERN_MAX = 16             # characters after the type
    ROWS_MAX = 4000000           # plate rows that a search may walk: about 20 ms


cdef int _put_page(Call* call, uint32_t offset, bint vehicles) noexcept nogil:
    """Head and candidates of one page of call.fits."""
    cdef Outcome outcome
    cdef int i
    outcome_begin(&outcome)
    outcome.plain = True
    outcome.about_vehicle = vehicles
    outcome.level = LEVEL_INSUFFICIENT
    if gather_candidates(call, NULL, NULL, min(<size_t>offset, call.fits.count), call.question.page_size, False) < 0:
        return FAILED
    for i in range(call.n_candidates):
        outcome.level = max(outcome.level, call.candidates[i].level)
    if put_answer(call, &outcome) < 0:
        return FAILED
    put_candidates(call, F_SearchPersonsResponse_candidates)
    put_int_if(call.out, F_SearchPersonsResponse_candidates_total, min(<int>call.fits.count, <int>FITS_MAX))
    return OK


cdef int _finish(Call* call, uint64_t hash, uint32_t offset) noexcept nogil:
    cdef size_t following = <size_t>offset + call.question.page_size
    if following < call.fits.count:
        put_page_token(call, F_SearchPersonsResponse_next_page_token, hash, <uint32_t>following)
    if call.out.failed or call.fits.failed or call.shown.failed:
        return call_out_of_memory(call)
    return OK


cdef bint _blank(const char* text, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if text[i] != c" " and not 9 <= text[i] <= 13:
            return False
    return True


# ---- persons ----

cdef const char* _narrower(const Question* question) noexcept nogil:
    if question.birth_year == 0 and question.birth_month == 0 and question.birth_mday == 0 and (
            question.year_from == 0 and question.year_to == 0):
        return "birth_date"
    if question.department == 0:
        return "department"
    return "sex" if question.sex == SEX_UNSPECIFIED else ""


cdef const char* _blamed(const char* narrower) noexcept nogil:
    if narrower[0]:
        return narrower
    return "names"


cdef int _agreeing_first(Call* call) noexcept nogil:
    """Stable: those whose names agree, then the others, each in subject order."""
    cdef size_t i, n = call.fits.count
    cdef Fit fit
    for i in range(n):
        if call.fits.items[i].names == AGREEMENT_AGREES:
            fit = call.fits.items[i]
            if fits_add(&call.fits, fit.entity, fit.link) == NULL:
                return call_out_of_memory(call)
    for i in range(n):
        if call.fits.items[i].names != AGREEMENT_AGREES:
            fit = call.fits.items[i]
            if fits_add(&call.fits, fit.entity, fit.link) == NULL:
                return call_out_of_memory(call)
    for i in range(n):
        call.fits.items[i] = call.fits.items[n + i]
    call.fits.count = n
    return OK


cdef int search_persons(Call* call) noexcept nogil:
    cdef const Question* question = &call.question
    cdef const char* narrower = _narrower(question)
    cdef uint64_t hash
    cdef uint32_t offset
    if _blank(question.names.data, question.names.size):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "names", "nothing was asked")
    if take_names(call, question.names.data, question.names.size, "names") < 0:
        return FAILED
    hash = mix_bytes(question.method, call.names.text, call.names.length)
    hash = mix_number(hash, <uint64_t>question.birth_year << 32 | <uint64_t>question.birth_month << 8
                      | <uint64_t>question.birth_mday)
    hash = mix_number(hash, <uint64_t>question.year_from << 32 | <uint64_t>question.year_to)
    hash = mix_number(hash, <uint64_t>question.sex << 32 | <uint64_t>question.department)
    if read_page_token(call, hash, &offset) < 0:
        return FAILED
    if find_by_name(call, True, _blamed(narrower)) < 0 or _agreeing_first(call) < 0:
        return FAILED
    if _put_page(call, offset, False) < 0 or _finish(call, hash, offset) < 0:
        return FAILED
    if call.fits.count > BROAD and narrower[0]:
        put_bytes(call.out, F_SearchPersonsResponse_narrow_by, narrower, _length(narrower))
    return OK


cdef size_t _length(const char* text) noexcept nogil:
    cdef size_t n = 0
    while text[n]:
        n += 1
    return n


# ---- vehicles ----

cdef struct Pattern:
    char type[4]
    size_t type_length
    char number[16]
    size_t length


cdef int _read_pattern(Call* call, Pattern* pattern) noexcept nogil:
    """An optional type with a hyphen, then characters, ? and *. Spaces and case are ignored."""
    cdef const char* text = call.question.plate.data
    cdef size_t size = call.question.plate.size, i
    cdef char c
    pattern.type_length = pattern.length = 0
    if _blank(text, size):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "plate_pattern", "nothing was asked")
    for i in range(size):
        c = text[i]
        if c == c" " or 9 <= c <= 13:
            continue
        if c"a" <= c <= c"z":
            c -= 32
        if c == c"-":
            if pattern.type_length or pattern.length > 3 or memchr(pattern.number, c"?", pattern.length) != NULL:
                return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "format")
            while pattern.type_length < pattern.length:
                pattern.type[pattern.type_length] = pattern.number[pattern.type_length]
                if not c"A" <= pattern.type[pattern.type_length] <= c"Z":
                    return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "format")
                pattern.type_length += 1
            pattern.length = 0
            continue
        if not (c"A" <= c <= c"Z" or c"0" <= c <= c"9" or c == c"?" or c == c"*"):
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "characters")
        if pattern.length == PATTERN_MAX:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "length")
        pattern.number[pattern.length] = c
        pattern.length += 1
    if pattern.length == 0:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "format")
    return OK


cdef bint _bears(const Call* call, const Dossier* vehicle, const PlateRow* row) noexcept nogil:
    """Whether a visible bearing of the vehicle is the row's plate."""
    cdef uint32_t i
    cdef size_t type_n = 0, number_n = 0
    cdef const char* text
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(vehicle)
    while type_n < 3 and row.type[type_n]:
        type_n += 1
    while number_n < 10 and row.plate[number_n]:
        number_n += 1
    for i in range(vehicle.header.n_identifiers):
        entry = &vehicle.identifiers[i]
        if not is_bearing(call, entry, assigned):
            continue
        text = <const char*>vehicle.bytes + entry.offset
        if type_n == 0:
            if entry.length != 2 + number_n + 4 or text[0] != c"?" or memcmp(text + 2, row.plate, number_n) != 0:
                continue
            text += 2 + number_n
        else:
            if entry.length != type_n + 1 + number_n + 4 or memcmp(text, row.type, type_n) != 0 or memcmp(
                    text + type_n + 1, row.plate, number_n) != 0:
                continue
            text += type_n + 1 + number_n
        if memcmp(text + 1, row.country, 3) == 0:
            return True
    return False


cdef bint _seen_fits(Call* call, const VehicleQuestion* asked, const Dossier* vehicle) noexcept nogil:
    cdef uint8_t make, colour, year
    compare_seen(call, asked, vehicle, &make, &colour, &year)
    return make != AGREEMENT_DISAGREES and colour != AGREEMENT_DISAGREES and year != AGREEMENT_DISAGREES


cdef bint _known(const Call* call, uint32_t entity, const Dossier* vehicle) noexcept nogil:
    """Whether the vehicle is among the fits: only one of several plates can have come before, anywhere."""
    cdef size_t i
    cdef uint32_t k
    cdef int plates = 0
    for k in range(vehicle.header.n_identifiers):
        plates += vehicle.identifiers[k].kind == KEY_PLATE
    if plates < 2:
        return False
    for i in range(call.fits.count):
        if call.fits.items[i].entity == entity:
            return True
    return False


cdef int _scan(Call* call, const Pattern* pattern, const VehicleQuestion* asked) noexcept nogil:
    cdef PlateScan scan
    cdef const PlateRow* row
    cdef Dossier vehicle
    cdef int status, dossiers = 0
    # Rows know make, colour and year of registrations: whom these are hidden from, for them they may not sift.
    cdef bint sifts = call_shows(call, SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN)
    if plate_scan(&call.store.plates, &scan, <const uint8_t*>pattern.number, pattern.length,
                  <const uint8_t*>pattern.type,
                  pattern.type_length, <const uint8_t*>asked.make_text, asked.make_length if sifts else 0,
                  <const uint8_t*>asked.colour_text, asked.colour_length if sifts else 0,
                  asked.model_year if sifts else 0) < 0:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", "length")
    while True:
        status = plate_next(&scan, &row)
        if status == PLATE_DAMAGED:
            return call_damaged(call, "plates.bin", "a block of rows is damaged")
        if status == PLATE_END:
            return OK
        dossiers += 1
        if dossiers > DOSSIERS_MAX:
            return fail(call.failure, ERROR_REASON_QUERY_TOO_BROAD, "plate_pattern", "too many plates fit")
        if row.entity < call.store.n_persons:
            continue
        if call_dossier(call, row.entity, &vehicle) < 0:
            return FAILED
        if vehicle.header.kind != ENTITY_VEHICLE or not _bears(call, &vehicle, row) or not _seen_fits(call, asked,
                                                                                                      &vehicle):
            continue
        if _known(call, row.entity, &vehicle):
            continue
        if fits_add(&call.fits, row.entity, LEVEL_POSSIBLE) == NULL:
            return call_out_of_memory(call)
        if call.fits.count >= FITS_MAX:
            return OK


cdef int search_vehicles(Call* call) noexcept nogil:
    cdef const Question* question = &call.question
    cdef Pattern pattern
    cdef VehicleQuestion asked
    cdef uint64_t hash
    cdef uint32_t offset
    if _read_pattern(call, &pattern) < 0:
        return FAILED
    asked.n = 0
    asked.one_box = True
    asked.make = question.make.size > 0
    asked.colour = question.colour.size > 0
    asked.model_year = question.model_year
    asked.make_length = max(0, fold_into(question.make.data, question.make.size, asked.make_text, FOLDED_SEEN))
    asked.colour_length = max(0, fold_into(question.colour.data, question.colour.size, asked.colour_text, FOLDED_SEEN))
    hash = mix_bytes(question.method, pattern.type, pattern.type_length)
    hash = mix_bytes(hash, pattern.number, pattern.length)
    hash = mix_bytes(hash, asked.make_text, asked.make_length)
    hash = mix_bytes(hash, asked.colour_text, asked.colour_length)
    hash = mix_number(hash, <uint64_t>question.model_year)
    if read_page_token(call, hash, &offset) < 0 or _scan(call, &pattern, &asked) < 0:
        return FAILED
    if _put_page(call, offset, True) < 0:
        return FAILED
    return _finish(call, hash, offset)
