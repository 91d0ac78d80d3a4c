"""One box: every kind of identifier that fits a text is looked up, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from core.access.neighbours cimport ASKED_NAME
from core.answer.levels cimport Grounds, level_of, strongest_hit
from core.call.memory cimport Candidate, call_asked, call_out_of_memory, fits_add, fits_sort
from core.call.notes cimport (
    NOTE_CONFLICT, NOTE_CUI_IMPOSSIBLE, NOTE_DOCUMENT_NOT_ON_FILE, NOTE_NAME_NOT_ON_FILE,
    NOTE_NO_RECORD_FOREIGN, NOTE_PLATE_NOT_ON_FILE, NOTE_SIMILAR_NAME_ALERT, NOTE_UNVERIFIED,
)
from core.call.question cimport METHOD_CHECK_PERSON, METHOD_CHECK_VEHICLE, Text
from core.contract.check_service cimport *
from core.contract.error cimport *
from core.contract.level cimport *
from core.failure cimport FAILED, OK, fail
from core.free_text.box cimport BoxText, read_box
from core.free_text.detection cimport detect_into
from core.generation.dossier cimport NO_ENTITY
from core.generation.store cimport store_is_person
from core.identifiers.canonical cimport canonical_into, rule_word
from core.identifiers.countries cimport country_into
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_LICENCE, KEY_NIT, KEY_PLATE, KEY_TELEPHONE, KEY_VIN,
    KIND_NAME,
)
from core.identifiers.rules cimport CANONICAL_MAX, DETECTED_MAX, RULE_OK, Canonical
from core.questions.asked_names cimport take_free_names
from core.questions.candidates cimport gather_all
from core.questions.person cimport PersonFinding, answer_person, find_person, finding_status
from core.questions.said_beside cimport said_kind, take_said_beside
from core.questions.suggestions cimport suggest, suggest_for_lost_digit, suggest_for_misformed
from core.questions.vehicle cimport add_plates, answer_vehicle
from core.questions.vehicle_finding cimport VehicleFinding, find_vehicle, vehicle_finding_status
from core.subject.asked cimport AskedIdentifier, asked_from_canonical, asked_from_impossible_cui, asked_from_plate, asked_held
from core.subject.person_comparison cimport BY_NAME, PersonQuestion, compare_nobody
from core.subject.vehicle_comparison cimport BEARS_NOW, Bearing, VehicleQuestion, compare_no_vehicle, plate_bearing


cdef struct Tried:               # one kind and what it found
    uint8_t kind                 # KEY_* or KIND_NAME
    bint of_persons
    bint found                   # anything: a subject, others, former bearers, plates
    bint on_file                 # and it is what was asked: nobody is there for an alert alone
    bint several
    bint certain
    bint former                  # a former bearer besides the subject
    bint several_bear
    uint8_t status
    uint32_t subject
    AskedIdentifier item         # unused for names

cdef struct Box:
    Tried tried[12]
    int n
    BoxText said                 # what stands beside the one thing that is asked; sizes of zero where nothing does
    VehicleFinding plates        # of the kind PLATE, when it was tried
    bint plate_tried
    char country[3]
    size_t country_n


cdef bint _of_persons(uint8_t kind) noexcept nogil:
    return kind <= KEY_TELEPHONE or kind == KIND_NAME


cdef uint8_t _contract_kind(uint8_t kind) noexcept nogil:
    if kind == KIND_NAME:
        return IDENTIFIER_KIND_NAME
    if kind <= KEY_DOCUMENT:
        return kind
    if kind <= KEY_TELEPHONE:
        return kind - 1
    if kind == KEY_PLATE:
        return IDENTIFIER_KIND_PLATE
    if kind == KEY_VIN:
        return IDENTIFIER_KIND_VIN
    return IDENTIFIER_KIND_CHASSIS_TAIL if kind == KEY_VIN + 1 else IDENTIFIER_KIND_ENGINE


cdef int _strength(const Tried* tried) noexcept nogil:
    """CUI, document with country, NIT, licence, typed plate, VIN, cedula, then in enum order: the least is strongest."""
    if tried.kind == KEY_CUI:
        return 0
    if tried.kind == KEY_DOCUMENT:
        return 1
    if tried.kind == KEY_NIT:
        return 2
    if tried.kind == KEY_LICENCE:
        return 3
    if tried.kind == KEY_PLATE and tried.item.certain:
        return 4
    if tried.kind == KEY_VIN:
        return 5
    if tried.kind == KEY_CEDULA:
        return 6
    return 7 + _contract_kind(tried.kind)


# ---- what fits ----

cdef bint _blank(const Text* text) noexcept nogil:
    cdef size_t i
    for i in range(text.size):
        if text.data[i] != c" " and not 9 <= text.data[i] <= 13:
            return False
    return True


cdef int _refuse(Call* call) noexcept nogil:
    return fail(call.failure, ERROR_REASON_FIELD_INVALID, "query", "format")


cdef int _read_beside(Call* call, Box* box) noexcept nogil:
    """Puts the plain text of what is asked in the question's place, and keeps what stands beside it."""
    cdef Text* query = &call.question.query
    if not read_box(query.data, query.size, &box.said):
        memset(&box.said, 0, sizeof(BoxText))
        return OK
    if box.said.is_unread:
        return _refuse(call)
    if box.said.holds_two:
        return fail(call.failure, ERROR_REASON_QUESTION_AMBIGUOUS, "query", "one thing at a time")
    memcpy(call.box_text, box.said.text, box.said.size)
    query.data = call.box_text
    query.size = box.said.size
    return OK


cdef void _detect_impossible_cui(const Call* call, Box* box, Outcome* outcome) noexcept nogil:
    """Twelve or thirteen digits that can be no CUI are asked as one all the same."""
    cdef Tried* tried = &box.tried[0]
    if not asked_from_impossible_cui(&tried.item, call.question.query.data, call.question.query.size):
        return
    tried.kind = KEY_CUI
    tried.of_persons = True
    outcome.detected[0].kind = IDENTIFIER_KIND_CUI
    outcome.detected[0].length = <uint8_t>tried.item.length
    memcpy(outcome.detected[0].text, tried.item.text, tried.item.length)
    box.n = 1


cdef int _detect(Call* call, Box* box, Outcome* outcome) noexcept nogil:
    cdef Canonical found[DETECTED_MAX]
    cdef const Text* query = &call.question.query
    cdef const Text* country = &call.question.country
    cdef const char* field = "country"
    cdef Tried* tried
    cdef int i, n, rule
    box.n = 0
    memset(&box.said, 0, sizeof(BoxText))
    box.plate_tried = False
    box.country_n = 0
    if _blank(query):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "query", "nothing was asked")
    if call.question.method == METHOD_CHECK_VEHICLE:
        country = &call.question.plate_country
        field = "plate_country"
    if country.size:
        rule = country_into(country.data, country.size, box.country)
        if rule != RULE_OK:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, field, rule_word(rule))
        box.country_n = 3
    elif _read_beside(call, box) < 0:
        return FAILED
    n = said_kind(&box.said, found)
    if n == 0:
        n = detect_into(query.data, query.size, box.country, box.country_n, found)
    for i in range(n):
        if call.question.method == METHOD_CHECK_PERSON and not _of_persons(found[i].kind):
            continue
        if call.question.method == METHOD_CHECK_VEHICLE and _of_persons(found[i].kind):
            continue
        tried = &box.tried[box.n]
        tried.kind = found[i].kind
        tried.of_persons = _of_persons(found[i].kind)
        outcome.detected[box.n].kind = _contract_kind(found[i].kind)
        outcome.detected[box.n].length = found[i].length
        memcpy(outcome.detected[box.n].text, found[i].text, found[i].length)
        if tried.kind == KIND_NAME:
            if take_free_names(call, query.data, query.size, "query") < 0:
                return FAILED
        elif tried.kind == KEY_PLATE:
            rule = asked_from_plate(&tried.item, query.data, query.size, box.country, box.country_n)
            if rule != RULE_OK:  # "SLV:P123456" says its country itself: take the canonical text apart
                rule = asked_from_plate(&tried.item, found[i].text, found[i].length, query.data, 3)
            if rule != RULE_OK:
                continue
        else:
            asked_from_canonical(&tried.item, &found[i])
        box.n += 1
    if box.n == 0 and call.question.method != METHOD_CHECK_VEHICLE:
        _detect_impossible_cui(call, box, outcome)
    outcome.n_detected = box.n
    return OK if box.n else _refuse(call)


# ---- what each kind finds ----

cdef void _person_question(const Call* call, const Box* box, const Tried* tried, PersonQuestion* asked) noexcept nogil:
    asked.n = 0
    asked.principal = BY_NAME
    asked.holders[0] = 1         # found by it, and so compared with
    asked.birth = (tried.kind == KIND_NAME or box.said.born.year) and (
        call.question.birth_year or call.question.birth_month or call.question.birth_mday)
    asked.sex = box.said.born.sex != 0
    asked.parents = asked.years = asked.department = False
    if tried.kind != KIND_NAME:
        asked.items[0] = tried.item
        asked.n = 1
        asked.principal = 0


cdef void _vehicle_question(const Box* box, const Tried* tried, VehicleQuestion* asked) noexcept nogil:
    cdef Canonical also
    cdef size_t length
    asked.items[0] = tried.item
    asked.n = 1
    asked.holders[0] = 2
    if box.said.also and tried.kind == KEY_PLATE and canonical_into(
            box.said.also, box.said.also_text, box.said.also_size, also.text, CANONICAL_MAX, &length) == RULE_OK:
        also.kind = <uint8_t>box.said.also
        also.length = <uint8_t>length
        asked_from_canonical(&asked.items[1], &also)
        asked.n = 2
    asked.make = box.said.make_size > 0
    asked.colour = box.said.colour_size > 0
    asked.model_year = box.said.model_year
    asked.make_length = box.said.make_size
    asked.colour_length = box.said.colour_size
    memcpy(asked.make_text, box.said.make, box.said.make_size)
    memcpy(asked.colour_text, box.said.colour, box.said.colour_size)


cdef int _try(Call* call, Box* box, Tried* tried) noexcept nogil:
    """Looks one kind up; those found stand in call.fits, the chosen subject included, former bearers quiet."""
    cdef PersonQuestion asked
    cdef PersonFinding person
    cdef VehicleFinding vehicle
    if tried.of_persons:
        _person_question(call, box, tried, &asked)
        if find_person(call, &asked, &person, "query") < 0:
            return FAILED
        tried.subject = person.subject
        tried.found = person.count > 0
        tried.on_file = person.on_file
        tried.several = person.several
        tried.certain = person.certain
        tried.former = tried.several_bear = False
        tried.status = finding_status(call, &asked, &person)
    else:
        if find_vehicle(call, &tried.item, &vehicle) < 0:
            return FAILED
        tried.subject = vehicle.subject
        tried.found = tried.on_file = vehicle.count + vehicle.n_former + vehicle.n_plates > 0
        tried.several = vehicle.several
        tried.certain = vehicle.certain
        tried.former = vehicle.n_former > 0
        tried.several_bear = vehicle.several and tried.kind == KEY_PLATE
        tried.status = vehicle_finding_status(call, &tried.item, &vehicle)
        if tried.kind == KEY_PLATE:
            box.plates = vehicle
            box.plate_tried = True
    if tried.subject != NO_ENTITY and fits_add(&call.fits, tried.subject, LEVEL_POSSIBLE) == NULL:
        return call_out_of_memory(call)
    return OK


# ---- what that comes to ----

cdef int _one(Call* call, Box* box, const Tried* best, Outcome* outcome) noexcept nogil:
    cdef PersonQuestion person
    cdef VehicleQuestion vehicle
    call.fits.count = 0
    if best.of_persons:
        _person_question(call, box, best, &person)
        return answer_person(call, &person, outcome, "query")
    _vehicle_question(box, best, &vehicle)
    return answer_vehicle(call, &vehicle, &box.plates if box.plate_tried and best.kind != KEY_PLATE else NULL, outcome)


cdef void _note(Call* call, const Box* box, const Tried* only, Outcome* outcome) noexcept nogil:
    """Notes for the kinds tried; with `only` for that one."""
    cdef const Tried* tried
    cdef bint lost = False
    cdef int i
    for i in range(box.n):
        tried = &box.tried[i]
        if (only != NULL and tried != only) or tried.kind == KIND_NAME:
            continue
        if outcome.status == IDENTITY_STATUS_NOT_FOUND:
            if tried.kind == KEY_PLATE or tried.kind == KEY_VIN:
                outcome.notes |= 1 << NOTE_PLATE_NOT_ON_FILE
            elif tried.of_persons and tried.kind != KEY_TELEPHONE and tried.kind != KEY_DOCUMENT_NUMBER:
                outcome.notes |= 1 << NOTE_DOCUMENT_NOT_ON_FILE
        if tried.item.identifies and not tried.item.foreign and not call.states.identified & tried.item.identifies:
            lost = True
    if outcome.notes & 1 << NOTE_CUI_IMPOSSIBLE and not call.states.identified & 1 << KEY_CUI:
        lost = True
    if outcome.status == IDENTITY_STATUS_UNVERIFIED:
        outcome.notes |= 1 << (NOTE_UNVERIFIED if lost else NOTE_NO_RECORD_FOREIGN)
    elif outcome.status == IDENTITY_STATUS_CONFLICT:
        outcome.notes |= 1 << NOTE_CONFLICT
    if box.n == 1 and box.tried[0].kind == KIND_NAME and not box.tried[0].on_file:
        outcome.notes |= 1 << NOTE_NAME_NOT_ON_FILE


cdef void _compare_held(const Call* call, const Box* box, Candidate* candidate) noexcept nogil:
    """Compares the kinds that found the candidate, of several: those that the candidate holds."""
    cdef const Tried* tried
    cdef Bearing bearing
    cdef bint held, identified
    cdef int i
    for i in range(box.n):
        tried = &box.tried[i]
        if tried.kind == KIND_NAME or tried.of_persons == candidate.is_vehicle:
            continue
        if tried.kind == KEY_PLATE:
            plate_bearing(call, &candidate.dossier, &tried.item, &bearing)
            held = bearing.bears == BEARS_NOW
        else:
            held = asked_held(call, &candidate.dossier, &tried.item, &identified)
        if held:
            candidate.compared.criterion[candidate.compared.n] = tried.item.criterion
            candidate.compared.agreement[candidate.compared.n] = AGREEMENT_AGREES
            candidate.compared.n += 1


cdef int _several(Call* call, Box* box, Outcome* outcome) noexcept nogil:
    """All that were found, former bearers aside, are candidates with hits."""
    cdef size_t i, kept = 0
    cdef int k, finders = 0
    cdef const Tried* only = NULL
    cdef PersonQuestion person
    cdef VehicleQuestion vehicle
    cdef Grounds grounds
    cdef bint persons = True, several_bear = False
    if box.n > 1 or box.tried[0].kind != KIND_NAME:  # those found by name stand best first
        fits_sort(&call.fits, 0)
    for i in range(call.fits.count):
        if call.fits.items[i].quiet or (kept and call.fits.items[kept - 1].entity == call.fits.items[i].entity):
            continue
        call.fits.items[kept] = call.fits.items[i]
        call.fits.items[kept].link = LEVEL_POSSIBLE
        persons = persons and store_is_person(call.store, call.fits.items[i].entity)
        kept += 1
    call.fits.count = kept
    for k in range(box.n):
        persons = persons and box.tried[k].of_persons
        if box.tried[k].found:
            finders += 1
            only = &box.tried[k]
        if box.tried[k].former:
            outcome.cautions |= 1 << CAUTION_FLAG_REISSUED_PLATE
        several_bear = several_bear or box.tried[k].several_bear
    if finders != 1:
        only = NULL
    outcome.about_vehicle = not persons
    outcome.status = only.status if only != NULL else <uint8_t>IDENTITY_STATUS_UNSPECIFIED
    if box.plate_tried:
        add_plates(call, &box.plates, outcome)
    if only == NULL:
        if gather_all(call, NULL, NULL, True) < 0:
            return FAILED
        for k in range(call.n_candidates):
            _compare_held(call, box, &call.candidates[k])
    elif only.of_persons:
        _person_question(call, box, only, &person)
        compare_nobody(call, &person, only.on_file, &outcome.compared)
        if gather_all(call, &person, NULL, True) < 0:
            return FAILED
    else:
        _vehicle_question(box, only, &vehicle)
        compare_no_vehicle(&vehicle, True, &outcome.compared)
        if gather_all(call, NULL, &vehicle, True) < 0:
            return FAILED
    outcome.candidates_total = <int>call.fits.count
    if call.weak_alerted:
        outcome.notes |= 1 << NOTE_SIMILAR_NAME_ALERT
    grounds.status = outcome.status
    grounds.national = only != NULL and only.kind != KIND_NAME and only.item.national
    grounds.disagrees = several_bear
    grounds.certain = grounds.nothing_found = False
    grounds.fresh = True
    outcome.level = level_of(strongest_hit(call), &grounds)
    if only != NULL:
        _note(call, box, only, outcome)
    return OK


cdef void _compare_nothing(const Call* call, const Box* box, const Tried* tried, Outcome* outcome) noexcept nogil:
    cdef PersonQuestion person
    cdef VehicleQuestion vehicle
    if tried.of_persons:
        _person_question(call, box, tried, &person)
        compare_nobody(call, &person, False, &outcome.compared)
    else:
        _vehicle_question(box, tried, &vehicle)
        compare_no_vehicle(&vehicle, False, &outcome.compared)


cdef int _suggest_meant(Call* call, const Box* box, Outcome* outcome) noexcept nogil:
    """Suggests identifiers that may have been meant, if no kind found anything."""
    cdef bint like
    cdef int i
    for i in range(box.n):
        if outcome.n_suggestions == 0 and box.tried[i].kind != KIND_NAME and suggest(
                call, &box.tried[i].item, outcome) < 0:
            return FAILED
    if (outcome.n_suggestions == 0 and box.tried[0].kind != KEY_CUI and call.question.method != METHOD_CHECK_VEHICLE
            and (box.country_n == 0 or memcmp(box.country, b"GTM", 3) == 0)):
        if suggest_for_lost_digit(call, call.question.query.data, call.question.query.size, outcome, &like) < 0:
            return FAILED
        if like:
            outcome.notes |= 1 << NOTE_DOCUMENT_NOT_ON_FILE
        if outcome.n_suggestions:
            outcome.notes |= 1 << NOTE_CUI_IMPOSSIBLE
    if outcome.n_suggestions == 0 and not box.plate_tried and call.question.method != METHOD_CHECK_PERSON:
        if suggest_for_misformed(call, call.question.query.data, call.question.query.size, outcome, &like) < 0:
            return FAILED
        if like:
            outcome.notes |= 1 << NOTE_PLATE_NOT_ON_FILE
    return OK


cdef int _none(Call* call, Box* box, Outcome* outcome) noexcept nogil:
    """Fills in an answer without subject, perhaps with a plate's own alerts."""
    cdef Grounds grounds
    cdef const Tried* tried
    cdef bint national = False, unverified = False, persons = True, found = False
    cdef int i
    grounds.certain = False
    for i in range(box.n):
        tried = &box.tried[i]
        persons = persons and tried.of_persons
        found = found or tried.found
        grounds.certain = grounds.certain or tried.certain
        if tried.kind != KIND_NAME and tried.kind != KEY_VIN and tried.item.national:
            national = True
            unverified = unverified or tried.status == IDENTITY_STATUS_UNVERIFIED
    outcome.about_vehicle = not persons
    outcome.status = (<uint8_t>IDENTITY_STATUS_UNVERIFIED if unverified
                      else <uint8_t>IDENTITY_STATUS_NOT_FOUND if national else box.tried[0].status)
    if box.plate_tried:
        add_plates(call, &box.plates, outcome)
    if not found:
        if _suggest_meant(call, box, outcome) < 0:
            return FAILED
        if outcome.notes & 1 << NOTE_CUI_IMPOSSIBLE:  # a CUI that lost a digit: as its own field would say
            grounds.certain = True
            national = True
            unverified = unverified or not call.states.identified & 1 << KEY_CUI
            outcome.status = <uint8_t>IDENTITY_STATUS_UNVERIFIED if unverified else <uint8_t>IDENTITY_STATUS_NOT_FOUND
    grounds.status = outcome.status
    grounds.national = national
    grounds.disagrees = False
    grounds.nothing_found = True
    grounds.fresh = call.states.needed_fresh_person if persons else call.states.needed_fresh_vehicle
    outcome.level = level_of(strongest_hit(call), &grounds)
    _note(call, box, NULL, outcome)
    if box.tried[0].kind == KEY_CUI and box.tried[0].item.impossible:
        outcome.notes |= 1 << NOTE_CUI_IMPOSSIBLE
    if box.n == 1:
        _compare_nothing(call, box, &box.tried[0], outcome)
    return OK


cdef int check_box(Call* call, Outcome* outcome) noexcept nogil:
    cdef Box box
    cdef const Tried* best = NULL
    cdef uint32_t subject = NO_ENTITY
    cdef bint plain = True, anything = False
    cdef int i
    if _detect(call, &box, outcome) < 0:
        return FAILED
    if take_said_beside(call, &box.said, outcome) < 0:
        return FAILED
    for i in range(box.n):
        if _try(call, &box, &box.tried[i]) < 0:
            return FAILED
        outcome.detected[i].found = box.tried[i].on_file
        if box.tried[i].several:
            plain = False
            anything = True
        if box.tried[i].subject == NO_ENTITY:
            continue
        anything = True
        plain = plain and (subject == NO_ENTITY or subject == box.tried[i].subject)
        subject = box.tried[i].subject
        if best == NULL or _strength(&box.tried[i]) < _strength(best):
            best = &box.tried[i]
    if box.tried[0].kind == KIND_NAME:
        call_asked(call, ASKED_NAME, call.names.text, max(call.names.length, 0))
    else:
        call_asked(call, box.tried[0].item.lookup, box.tried[0].item.text, box.tried[0].item.length)
    if best != NULL and plain:
        return _one(call, &box, best, outcome)
    return _several(call, &box, outcome) if anything else _none(call, &box, outcome)
