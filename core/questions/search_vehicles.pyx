"""Searches of vehicles, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy, memset

from core.answer.pages cimport finish_search, is_blank, put_search_page, search_goes_on
from core.call.memory cimport (
    FITS_MAX, Candidate, Compared, Fit, call_damaged, call_dossier, call_out_of_memory, call_shows, fits_add, fits_hold,
    fits_sort,
)
from core.call.page_token cimport PageStart, mix_bytes, mix_number, read_page_token
from core.call.question cimport Question, Text
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_QUERY_TOO_BROAD, ERROR_REASON_QUESTION_EMPTY
from core.contract.level cimport (
    AGREEMENT_AGREES, AGREEMENT_UNKNOWN, CRITERION_PLATE, CRITERION_PLATE_UNTYPED, LEVEL_POSSIBLE,
)
from core.contract.section cimport SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN
from core.failure cimport FAILED, OK, fail
from core.free_text.vehicles cimport (
    PlatePattern, VehicleWords, colour_mask, kind_mask, read_plate_pattern, read_vehicle_words,
)
from core.generation.dossier cimport ENTITY_VEHICLE, IdentifierEntry
from core.generation.levels cimport Levels, number_masked, number_order
from core.generation.plates cimport (
    PLATE_CHARACTERS, PLATE_DAMAGED, PLATE_END, ROW_TEXT, PlateRow, PlatesFile, PlateScan, plate_misread, plate_next,
    plate_scan, plate_scan_misread,
)
from core.generation.store cimport store_is_person
from core.generation.view cimport Dossier
from core.identifiers.canonical cimport rule_word
from core.identifiers.exact cimport exact_into
from core.identifiers.kinds cimport KEY_CHASSIS_TAIL, KEY_ENGINE, KEY_VIN
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK, Canonical
from core.names.keys cimport fold_into
from core.questions.candidates cimport gather_candidates
from core.subject.asked cimport LOOKUP_MAX, AskedIdentifier, asked_from_canonical, asked_held, asked_lookup
from core.subject.vehicle_comparison cimport is_bearing, plates_assigned
from core.subject.vehicle_seen cimport SEEN_MAX, Seen, compare_with_seen
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw


cdef extern from "stdlib.h" nogil:
    ctypedef int (*compare_with)(const void*, const void*, void*) noexcept nogil
    void qsort_r(void* base, size_t count, size_t size, compare_with compare, void* context) noexcept

cdef enum:
    DOSSIERS_MAX = 15000         # what a search may cost before it is refused: about 20 ms of dossiers read
    MISREADS = 2                 # characters of a plate that may have been misread, as in core.identifiers.api.plate_misreads
    NUMBERS = 3                  # kinds that a number is looked up as

cdef struct Number:              # VIN, chassis or engine number as each kind that it fits
    AskedIdentifier items[3]
    int n
    uint8_t misread              # letters that no VIN has, read as digits

cdef struct Sought:
    PlatePattern plates[2]
    int n_plates                 # readings of the plate; 0 = none is asked
    Text number                  # size 0 = none is asked
    Seen seen
    const char* blamed           # request field of a question that is too broad

cdef struct Found:               # a row of plates.bin that fits: the least misread first, then by plate, type, country, subject
    const PlateRow* row
    uint64_t subject             # its number_order
    uint32_t entity
    uint8_t misread              # characters


# ---- what is asked ----

cdef void _fold_seen(const Text* text, char* out, size_t* length) noexcept nogil:
    length[0] = <size_t>max(0, fold_into(text.data, text.size, out, SEEN_MAX))


cdef int _read_seen(const Question* question, const VehicleWords* words, Seen* seen) noexcept nogil:
    """The typed field where there is one, else what the free text says."""
    _fold_seen(&question.make, seen.make, &seen.make_length)
    if seen.make_length == 0:
        memcpy(seen.make, words.make, words.make_length)
        seen.make_length = words.make_length
    memcpy(seen.words, words.words, sizeof(seen.words))
    memcpy(seen.lengths, words.lengths, sizeof(seen.lengths))
    seen.n_words = words.n_words
    _fold_seen(&question.vehicle_type, seen.type, &seen.type_length)
    seen.kinds = kind_mask(seen.type, seen.type_length) if seen.type_length else words.kinds
    seen.asks_type = seen.type_length > 0 or seen.kinds != 0
    _fold_seen(&question.colour, seen.colour, &seen.colour_length)
    seen.colours = colour_mask(seen.colour, seen.colour_length) if seen.colour_length else words.colours
    seen.asks_colour = seen.colour_length > 0 or seen.colours != 0
    seen.model_year = question.model_year or words.model_year
    return OK


cdef int _read(Call* call, VehicleWords* words, Sought* sought) noexcept nogil:
    """`words` holds what `sought` borrows."""
    cdef const Question* question = &call.question
    cdef int rule
    cdef bint queried = not is_blank(question.query.data, question.query.size)
    memset(sought, 0, sizeof(Sought))
    memset(words, 0, sizeof(VehicleWords))
    sought.blamed = "query" if queried else "plate_pattern"
    if queried:
        rule = read_vehicle_words(question.query.data, question.query.size, words)
        if rule != RULE_OK:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "query", rule_word(rule))
    if not is_blank(question.plate.data, question.plate.size):
        sought.n_plates = read_plate_pattern(question.plate.data, question.plate.size, sought.plates)
        if sought.n_plates < 0:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_pattern", rule_word(-sought.n_plates))
    elif words.plate.length:
        sought.plates[0] = words.plate
        sought.n_plates = 1
    if not is_blank(question.number.data, question.number.size):
        sought.number = question.number
    elif words.number_length:
        sought.number.data = words.number
        sought.number.size = words.number_length
    _read_seen(question, words, &sought.seen)
    if not (sought.n_plates or sought.number.size or sought.seen.make_length or sought.seen.n_words
            or sought.seen.asks_type or sought.seen.asks_colour or sought.seen.model_year):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "query", "nothing was asked")
    return OK


cdef int _read_number(const Text* text, bint as_vin, Number* number) noexcept nogil:
    """The kinds that the text fits, or the rule that it breaks as the last of them. `as_vin`: letters that no VIN has are
    digits."""
    cdef int kinds[3]
    cdef Canonical canonical
    cdef int length
    cdef int i, k, rule = RULE_OK, broken = RULE_OK
    cdef char c
    kinds[0] = KEY_VIN
    kinds[1] = KEY_CHASSIS_TAIL
    kinds[2] = KEY_ENGINE
    number.n = 0
    number.misread = 0
    for i in range(2 if as_vin else NUMBERS):
        rule = exact_into(kinds[i], text.data, text.size, canonical.text, CANONICAL_MAX, &length)
        if rule != RULE_OK:
            broken = rule
            continue
        if as_vin:
            number.misread = 0
            for k in range(length):
                c = canonical.text[k]
                if c == c"I" or c == c"O" or c == c"Q":
                    canonical.text[k] = c"1" if c == c"I" else c"0"
                    number.misread += 1
        canonical.kind = <uint8_t>kinds[i]
        canonical.length = <uint8_t>length
        asked_from_canonical(&number.items[number.n], &canonical)
        number.n += 1
    return OK if number.n else broken


# ---- which vehicles fit ----

cdef int _entry_misread(const PlatePattern* pattern, const char* text, size_t length) noexcept nogil:
    """Characters misread of "P-123BCD|GTM"; -1 = it does not fit."""
    cdef size_t hyphen = 0
    if length < 6:
        return -1
    while hyphen < length and text[hyphen] != c"-":
        hyphen += 1
    if hyphen + 5 > length:
        return -1
    if pattern.type_length and (hyphen != pattern.type_length or memcmp(text, pattern.type, hyphen) != 0):
        return -1
    return plate_misread(<const uint8_t*>pattern.number, pattern.length, <const uint8_t*>text + hyphen + 1,
                         length - hyphen - 5, MISREADS)


cdef int _order_plates(const IdentifierEntry* a, const IdentifierEntry* b, const Dossier* vehicle) noexcept nogil:
    """Orders plates as plates.bin does: by characters, type ("?" first), country."""
    cdef const char* left = <const char*>vehicle.bytes + a.offset
    cdef const char* right = <const char*>vehicle.bytes + b.offset
    cdef size_t left_type = 0, right_type = 0, left_n, right_n
    cdef int order
    while left[left_type] != c"-":
        left_type += 1
    while right[right_type] != c"-":
        right_type += 1
    left_n = a.length - left_type - 5
    right_n = b.length - right_type - 5
    order = memcmp(left + left_type + 1, right + right_type + 1, min(left_n, right_n))
    if order == 0 and left_n != right_n:
        order = -1 if left_n < right_n else 1
    if order == 0 and (left[0] == c"?") != (right[0] == c"?"):
        order = -1 if left[0] == c"?" else 1
    if order == 0:
        order = memcmp(left, right, min(left_type, right_type))
    if order == 0 and left_type != right_type:
        order = -1 if left_type < right_type else 1
    return order if order else memcmp(left + a.length - 3, right + b.length - 3, 3)


cdef int _matched_plate(const Call* call, const Sought* sought, const Dossier* vehicle, int* misread,
                        bint* typed) noexcept nogil:
    """The visible bearing that fits best, as an index of an IdentifierEntry; -1 = none fits."""
    cdef uint32_t i
    cdef int k, count, best = -1
    cdef const IdentifierEntry* entry
    cdef bint assigned = plates_assigned(vehicle)
    misread[0] = 0
    for i in range(vehicle.header.n_identifiers):
        entry = &vehicle.identifiers[i]
        if not is_bearing(call, entry, assigned):
            continue
        for k in range(sought.n_plates):
            count = _entry_misread(&sought.plates[k], <const char*>vehicle.bytes + entry.offset, entry.length)
            if count < 0 or (best >= 0 and (count > misread[0] or (count == misread[0] and _order_plates(
                    &vehicle.identifiers[best], entry, vehicle) <= 0))):
                continue
            best = <int>i
            misread[0] = count
            typed[0] = sought.plates[k].type_length > 0
    return best


cdef bint _holds_number(const Call* call, const Number* number, const Dossier* vehicle, int* which) noexcept nogil:
    cdef bint identified
    for which[0] in range(number.n):
        if asked_held(call, vehicle, &number.items[which[0]], &identified):
            return True
    return False


cdef bint _seen_fits(Call* call, const Sought* sought, const Dossier* vehicle) noexcept nogil:
    cdef Compared compared
    compared.n = 0
    return vehicle.header.kind == ENTITY_VEHICLE and compare_with_seen(call, &sought.seen, vehicle, &compared)


cdef bint _is_row(const IdentifierEntry* entry, const Dossier* vehicle, const PlateRow* row) noexcept nogil:
    """Returns whether "P-123BCD|GTM" is the row's plate."""
    cdef const char* text = <const char*>vehicle.bytes + entry.offset
    cdef size_t type_n = 0, number_n = 0
    while type_n < 3 and row.type[type_n]:
        type_n += 1
    while number_n < PLATE_CHARACTERS and row.plate[number_n]:
        number_n += 1
    if entry.length != max(type_n, <size_t>1) + 1 + number_n + 4:
        return False
    if (text[0] != c"?") if type_n == 0 else memcmp(text, row.type, type_n) != 0:
        return False
    return memcmp(text + entry.length - 4 - number_n, row.plate, number_n) == 0 and memcmp(
        text + entry.length - 3, row.country, 3) == 0


cdef int _find_by_number(Call* call, const Sought* sought, const Number* number) noexcept nogil:
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier vehicle
    cdef Fit* fit
    cdef int at, i, n, misread = 0
    cdef bint identified, typed
    for at in range(number.n):
        n = asked_lookup(call, &number.items[at], entities)
        if n < 0:
            return FAILED
        for i in range(n):
            if store_is_person(call.store, entities[i]) or fits_hold(&call.fits, entities[i]):
                continue
            if call_dossier(call, entities[i], &vehicle) < 0:
                return FAILED
            if not asked_held(call, &vehicle, &number.items[at], &identified) or not _seen_fits(call, sought, &vehicle):
                continue
            if sought.n_plates and _matched_plate(call, sought, &vehicle, &misread, &typed) < 0:
                continue
            fit = fits_add(&call.fits, entities[i], LEVEL_POSSIBLE)
            if fit == NULL:
                return call_out_of_memory(call)
            fit.misread = <uint8_t>(misread + number.misread)
    fits_sort(&call.fits, 0)
    if call.fits.count:
        qsort_r(call.fits.items, call.fits.count, sizeof(Fit), _by_misread, <void*>call.store.levels)
    return OK


cdef int _by_misread(const void* a, const void* b, void* levels) noexcept nogil:
    cdef const Fit* left = <const Fit*>a
    cdef const Fit* right = <const Fit*>b
    cdef uint64_t first, second
    if left.misread != right.misread:
        return (left.misread > right.misread) - (left.misread < right.misread)
    first = number_order(<const Levels*>levels, left.entity)
    second = number_order(<const Levels*>levels, right.entity)
    return (first > second) - (first < second)


cdef int _by_entity(const void* a, const void* b) noexcept nogil:
    cdef const Found* left = <const Found*>a
    cdef const Found* right = <const Found*>b
    if left.entity != right.entity:
        return (left.entity > right.entity) - (left.entity < right.entity)
    return _by_order(a, b)


cdef int _by_order(const void* a, const void* b) noexcept nogil:
    cdef const Found* left = <const Found*>a
    cdef const Found* right = <const Found*>b
    cdef int order
    if left.misread != right.misread:
        return (left.misread > right.misread) - (left.misread < right.misread)
    order = memcmp(left.row, right.row, ROW_TEXT)
    return order if order else (left.subject > right.subject) - (left.subject < right.subject)


cdef int _scan(Call* call, const Sought* sought, const PlatePattern* pattern, Buffer* found,
               int* dossiers) noexcept nogil:
    """Rows that fit one reading of the plate join `found`."""
    cdef const Levels* levels = call.store.levels
    cdef int i
    if _scan_file(call, sought, pattern, &call.store.plates, 0, found, dossiers) < 0:
        return FAILED
    if levels != NULL:
        for i in range(levels.n):
            if _scan_file(call, sought, pattern, levels.levels[i].plates, levels.levels[i].first, found, dossiers) < 0:
                return FAILED
    return OK


cdef int _scan_file(Call* call, const Sought* sought, const PlatePattern* pattern, const PlatesFile* plates, uint32_t first,
                    Buffer* found, int* dossiers) noexcept nogil:
    """`first`: number of the file's first subject; 0 = the base's."""
    cdef PlateScan scan
    cdef const PlateRow* row
    cdef Dossier vehicle
    cdef Found fits
    cdef const Seen* seen = &sought.seen
    cdef int status, plate, misread
    cdef uint32_t number
    cdef bint typed
    # Rows know make, colour and year of registrations: where these are hidden, they may not sift.
    cdef bint sifts = call_shows(call, SECTION_VEHICLE_REGISTRATION, SENSITIVITY_OPEN)
    plate_scan(plates, &scan, <const uint8_t*>pattern.number, pattern.length, <const uint8_t*>pattern.type,
               pattern.type_length, <const uint8_t*>seen.make, seen.make_length if sifts else 0, NULL, 0,
               seen.model_year if sifts else 0)
    scan.colours = seen.colours if sifts else 0
    plate_scan_misread(&scan, MISREADS)
    memset(&fits, 0, sizeof(fits))
    while True:
        status = plate_next(&scan, &row)
        if status == PLATE_DAMAGED:
            return call_damaged(call, "plates.bin", "a block of rows is damaged")
        if status == PLATE_END:
            return OK
        number = row.entity + first
        if call.store.levels != NULL and number_masked(call.store.levels, number):
            continue
        dossiers[0] += 1
        if dossiers[0] > DOSSIERS_MAX:
            return fail(call.failure, ERROR_REASON_QUERY_TOO_BROAD, sought.blamed, "too many vehicles fit")
        if store_is_person(call.store, number):
            continue
        if call_dossier(call, number, &vehicle) < 0:
            return FAILED
        # The plates that the caller may see count, and of these the one that fits best.
        plate = _matched_plate(call, sought, &vehicle, &misread, &typed)
        if plate < 0 or not _is_row(&vehicle.identifiers[plate], &vehicle, row) or not _seen_fits(call, sought, &vehicle):
            continue
        fits.row = row
        fits.subject = number_order(call.store.levels, number)
        fits.entity = number
        fits.misread = <uint8_t>misread
        put_raw(found, &fits, sizeof(fits))


cdef int _keep(Call* call, Buffer* buffer) noexcept nogil:
    """Each vehicle once, by its best row, in order."""
    cdef Found* found = <Found*>buffer.data
    cdef size_t i, kept = 0, count = buffer.size // sizeof(Found)
    cdef Fit* fit
    if buffer.failed:
        return call_out_of_memory(call)
    if count == 0:
        return OK
    qsort(found, count, sizeof(Found), _by_entity)
    for i in range(count):
        if kept == 0 or found[kept - 1].entity != found[i].entity:
            found[kept] = found[i]
            kept += 1
    qsort(found, kept, sizeof(Found), _by_order)
    for i in range(min(kept, <size_t>FITS_MAX)):
        fit = fits_add(&call.fits, found[i].entity, LEVEL_POSSIBLE)
        if fit == NULL:
            return call_out_of_memory(call)
        fit.misread = found[i].misread
    return OK


cdef int _find_by_plate(Call* call, const Sought* sought) noexcept nogil:
    cdef Sought wanted = sought[0]
    cdef Buffer found
    cdef int k, status = OK, dossiers = 0
    if wanted.n_plates == 0:     # any plate, then
        wanted.plates[0].number[0] = c"*"
        wanted.plates[0].length = 1
        wanted.n_plates = 1
    buffer_init(&found)
    for k in range(wanted.n_plates):
        if status == OK:
            status = _scan(call, &wanted, &wanted.plates[k], &found, &dossiers)
    if status == OK:
        status = _keep(call, &found)
    buffer_free(&found)
    return status


# ---- the page ----

cdef void _compare(Call* call, const Sought* sought, const Number* number, Candidate* candidate) noexcept nogil:
    """Compares a vehicle of the page with the facts of the question."""
    cdef int misread, which
    cdef bint typed = False
    cdef uint8_t agreement
    candidate.compared.n = 0
    if sought.n_plates:
        candidate.matched_plate = _matched_plate(call, sought, &candidate.dossier, &misread, &typed)
        agreement = AGREEMENT_UNKNOWN if misread else AGREEMENT_AGREES
        candidate.compared.criterion[0] = CRITERION_PLATE if typed else CRITERION_PLATE_UNTYPED
        candidate.compared.agreement[0] = agreement
        candidate.compared.n = 1
    if number.n and _holds_number(call, number, &candidate.dossier, &which):
        candidate.compared.criterion[candidate.compared.n] = number.items[which].criterion
        candidate.compared.agreement[candidate.compared.n] = (AGREEMENT_UNKNOWN if number.misread
                                                              else AGREEMENT_AGREES)
        candidate.compared.n += 1
    compare_with_seen(call, &sought.seen, &candidate.dossier, &candidate.compared)


cdef uint64_t _hash(const Call* call, const Sought* sought) noexcept nogil:
    """Returns a hash of everything that decides which vehicles fit: a page token belongs to one question."""
    cdef const Seen* seen = &sought.seen
    cdef uint64_t hash = mix_number(call, call.question.method, <uint64_t>sought.n_plates << 32 | <uint64_t>seen.n_words)
    cdef int i
    for i in range(sought.n_plates):
        hash = mix_bytes(call, hash, sought.plates[i].type, sought.plates[i].type_length)
        hash = mix_bytes(call, hash, sought.plates[i].number, sought.plates[i].length)
    hash = mix_bytes(call, hash, sought.number.data, sought.number.size)
    hash = mix_bytes(call, hash, seen.make, seen.make_length)
    for i in range(seen.n_words):
        hash = mix_bytes(call, hash, seen.words[i], seen.lengths[i])
    hash = mix_bytes(call, hash, seen.type, seen.type_length)
    hash = mix_bytes(call, hash, seen.colour, seen.colour_length)
    hash = mix_number(call, hash, <uint64_t>seen.kinds << 32 | seen.colours)
    return mix_number(call, hash, <uint64_t>seen.model_year)


cdef int _find(Call* call, const Sought* sought, Number* number) noexcept nogil:
    cdef int rule
    number.n = 0
    if sought.number.size == 0:
        return _find_by_plate(call, sought)
    rule = _read_number(&sought.number, False, number)
    if rule != RULE_OK:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "number", rule_word(rule))
    if _find_by_number(call, sought, number) < 0:
        return FAILED
    if call.fits.count == 0 and _read_number(&sought.number, True, number) == RULE_OK and number.misread:
        return _find_by_number(call, sought, number)
    return OK


cdef int search_vehicles(Call* call) noexcept nogil:
    cdef VehicleWords words
    cdef Sought sought
    cdef Number number
    cdef uint64_t hash
    cdef PageStart start
    cdef int i
    if _read(call, &words, &sought) < 0:
        return FAILED
    hash = _hash(call, &sought)
    if read_page_token(call, hash, &start) < 0 or _find(call, &sought, &number) < 0:
        return FAILED
    if search_goes_on(call, hash, &start) < 0:
        return FAILED
    if gather_candidates(call, NULL, NULL, min(<size_t>start.offset, call.fits.count), call.question.page_size,
                         False, False) < 0:
        return FAILED
    for i in range(call.n_candidates):
        _compare(call, &sought, &number, &call.candidates[i])
    if put_search_page(call, True) < 0:
        return FAILED
    return finish_search(call, hash, start.offset)
