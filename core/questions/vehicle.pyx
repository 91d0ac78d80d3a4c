"""Questions about vehicles, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.string cimport memcpy

from core.answer.levels cimport Grounds, level_of, strongest_hit
from core.answer.outcome cimport PLATES_LIMIT, Owner
from core.call.memory cimport (
    OWNERS_MAX, Fit, call_also_asked, call_asked, call_dossier, call_out_of_memory, call_shows, fits_add, fits_hold,
    fits_sort,
)
from core.call.notes cimport (
    NOTE_ADOLESCENTS_HIDDEN, NOTE_CONFLICT, NOTE_IDENTIFIERS_DISAGREE, NOTE_NO_RECORD_FOREIGN, NOTE_OWNER_NAME_ALERT, NOTE_PLATE_NOT_ON_FILE,
    NOTE_UNVERIFIED,
)
from core.call.question cimport Question, Text
from core.contract.alert cimport (
    ALERT_KIND_ESCAPE, ALERT_KIND_TRAVEL_BAN, ALERT_KIND_WARRANT, HIT_SUBJECT_KIND_OWNER, HIT_SUBJECT_KIND_PLATE,
    HIT_SUBJECT_KIND_VEHICLE,
)
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_QUERY_TOO_BROAD, ERROR_REASON_QUESTION_EMPTY
from core.contract.level cimport *
from core.contract.section cimport SECTION_OWNER, SENSITIVITY_OPEN
from core.contract.vehicle_fields cimport F_Owner_name
from core.failure cimport FAILED, OK, fail, failure_init
from core.generation.dossier cimport (
    ENTITY_PERSON, ENTITY_UNIDENTIFIED, ENTITY_VEHICLE, NO_ENTITY, AlertEntry, OwnerEntry,
)
from core.generation.store cimport store_is_person, store_owner, store_prefetch_dossier
from core.generation.view cimport Dossier, alert_in_force, holds_on, holds_surely
from core.identifiers.canonical cimport canonical_into, rule_word
from core.identifiers.countries cimport country_into
from core.identifiers.exact cimport TAIL_MAX, TAIL_MIN
from core.identifiers.kinds cimport KEY_CHASSIS_TAIL, KEY_ENGINE, KEY_PLATE, KEY_VIN
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK, Canonical
from core.names.keys cimport fold_into
from core.questions.candidates cimport gather_all
from core.questions.name_search cimport NAMES_ASKED, find_by_name
from core.questions.asked_names cimport read_asked_name
from core.questions.suggestions cimport suggest
from core.questions.vehicle_finding cimport OWNERS_AHEAD, find_borne_plates, find_vehicle, vehicle_finding_status
from core.subject.alerts cimport AlertSum, alert_shows, named_by_unlinked, sum_alerts
from core.subject.asked cimport LOOKUP_MAX, AskedIdentifier, asked_from_canonical, asked_from_plate, asked_held, asked_lookup
from core.subject.person cimport person_open, person_status_by_name
from core.subject.records cimport any_record_visible
from core.subject.vehicle_comparison cimport FOLDED_SEEN, compare_no_vehicle, compare_vehicle, vehicle_status_by_name
from core.wire cimport WIRE_LENGTH, Field, Reader, read_field, reader_init


cdef enum:                       # of owners, the first shown last
    RANK_OUT = 0
    RANK_OWNED = 1
    RANK_OWNS = 2
    RANK_POSSIBLE = 3
    RANK_HIT = 4


# ---- what was asked ----

cdef int _take_identifier(Call* call, VehicleQuestion* asked, int kind, const Text* text,
                          const char* field) noexcept nogil:
    cdef Canonical canonical
    cdef size_t length
    cdef int rule
    if text.size == 0:
        return OK
    rule = canonical_into(kind, text.data, text.size, canonical.text, CANONICAL_MAX, &length)
    if rule != RULE_OK:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, field, rule_word(rule))
    canonical.kind = <uint8_t>kind
    canonical.length = <uint8_t>length
    asked_from_canonical(&asked.items[asked.n], &canonical)
    asked.n += 1
    return OK


cdef int _take_plate(Call* call, VehicleQuestion* asked) noexcept nogil:
    cdef const Question* question = &call.question
    cdef char country[3]
    cdef size_t country_n = 0
    cdef int rule
    if question.plate_country.size:
        rule = country_into(question.plate_country.data, question.plate_country.size, country)
        if rule != RULE_OK:
            return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate_country", rule_word(rule))
        country_n = 3
    if question.plate.size == 0:
        return OK
    rule = asked_from_plate(&asked.items[0], question.plate.data, question.plate.size, country, country_n)
    if rule != RULE_OK:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "plate", rule_word(rule))
    asked.n = 1
    return OK


cdef int _read(Call* call, VehicleQuestion* asked) noexcept nogil:
    cdef const Question* question = &call.question
    asked.n = 0
    if (_take_plate(call, asked) < 0
            or _take_identifier(call, asked, KEY_VIN, &question.vin, "vin") < 0
            or _take_identifier(call, asked, KEY_CHASSIS_TAIL, &question.chassis_tail, "chassis_tail") < 0
            or _take_identifier(call, asked, KEY_ENGINE, &question.engine, "engine") < 0):
        return FAILED
    asked.make = question.make.size > 0
    asked.colour = question.colour.size > 0
    asked.model_year = question.model_year
    asked.make_length = max(0, fold_into(question.make.data, question.make.size, asked.make_text, FOLDED_SEEN))
    asked.colour_length = max(0, fold_into(question.colour.data, question.colour.size, asked.colour_text, FOLDED_SEEN))
    if asked.n == 0 and not (asked.make or asked.colour or asked.model_year):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "query", "nothing was asked")
    return OK


# ---- what further identifiers find ----

cdef int _find_further(Call* call, VehicleQuestion* asked, VehicleFinding* finding) noexcept nogil:
    """Adds the vehicles that the further identifiers find to call.fits, in subject order after the others.

    A VIN that others have, and not the vehicle found, names another: then it is found for POSSIBLE at most.
    """
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef Fit* fit
    cdef bint identified, its_own
    cdef int at, i, n
    cdef size_t start = call.fits.count, known
    for at in range(1, asked.n):
        its_own = False
        n = asked_lookup(call, &asked.items[at], entities)
        if n < 0:
            return FAILED
        for i in range(n):
            if store_is_person(call.store, entities[i]):
                continue
            if call_dossier(call, entities[i], &dossier) < 0:
                return FAILED
            if dossier.header.kind != ENTITY_VEHICLE or not asked_held(call, &dossier, &asked.items[at], &identified):
                continue
            asked.holders[at] += 1
            asked.holder[at] = entities[i]
            if entities[i] == finding.subject:
                its_own = True
                continue
            fit = NULL
            for known in range(start, call.fits.count):
                if call.fits.items[known].entity == entities[i]:
                    fit = &call.fits.items[known]
            if fit != NULL:
                fit.link = max(fit.link, asked.items[at].link)
            elif not fits_hold(&call.fits, entities[i]) and fits_add(&call.fits, entities[i],
                                                                     asked.items[at].link) == NULL:
                return call_out_of_memory(call)
        if asked.items[at].link == LEVEL_HIT and asked.holders[at] and not its_own:
            finding.link = min(finding.link, <uint8_t>LEVEL_POSSIBLE)
    fits_sort(&call.fits, start)
    return OK


# ---- owners ----

cdef bint _wanted(const Call* call, const Dossier* dossier) noexcept nogil:
    cdef uint32_t i
    cdef const AlertEntry* alert
    for i in range(dossier.header.n_alerts):
        alert = &dossier.alerts[i]
        if alert.kind in (ALERT_KIND_WARRANT, ALERT_KIND_ESCAPE, ALERT_KIND_TRAVEL_BAN) and alert_in_force(
                alert, call.today) and alert_shows(call, dossier.header, alert):
            return True
    return False


cdef int _find_name_alert(Call* call, const Dossier* vehicle, Owner* owner) noexcept nogil:
    """Sets owner.name_alert if a wanted person bears the owner's name. OK or FAILED.

    For an owner known by name alone, or with a number in doubt.
    """
    cdef Dossier dossier
    cdef Reader reader
    cdef Field field
    cdef size_t i, start = call.fits.count
    call.names.length = 0
    reader_init(&reader, vehicle.bytes + owner.entry.offset, owner.entry.length)
    while read_field(&reader, &field) == 1:
        if field.number == F_Owner_name and field.wire == WIRE_LENGTH:
            read_asked_name(call, <const char*>field.data, field.size)
    if call.names.length <= 0:
        return OK
    if find_by_name(call, NAMES_ASKED, 0, "names") < 0:
        if call.put_off or call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
            return FAILED
        failure_init(call.failure)
    for i in range(start, call.fits.count):
        if call.fits.items[i].names != AGREEMENT_AGREES:
            continue
        if call_dossier(call, call.fits.items[i].entity, &dossier) < 0:
            return FAILED
        if _wanted(call, &dossier):
            owner.name_alert = True
            break
    call.fits.count = start
    return OK


cdef inline bint _is_unborne(const Owner* owner) noexcept nogil:
    """Returns whether nothing supports the owner's number: it is another's, or no person of an identity register has
    it."""
    return owner.entry.link_level != LEVEL_HIT or (
        owner.person.dossier.header.kind == ENTITY_PERSON and not owner.person.has_identity)


cdef int _gather_owner(Call* call, const Dossier* vehicle, Owner* owner, const OwnerEntry* entry, int32_t ordinal, bint present,
                       uint8_t link, bint hits) noexcept nogil:
    """`vehicle` NULL: only the owner's own alerts matter."""
    cdef uint32_t entity
    owner.entry = entry
    owner.ordinal = ordinal
    owner.present = present
    entity = store_owner(call.store, <const uint8_t*>entry, entry.entity)
    owner.has_person = entity != NO_ENTITY
    owner.name_alert = owner.adolescents_hidden = False
    owner.level = LEVEL_INSUFFICIENT
    owner.status = IDENTITY_STATUS_UNSPECIFIED
    if not owner.has_person:
        return OK
    if person_open(call, entity, &owner.person) < 0:
        return FAILED
    link = min(link, entry.link_level)
    if not holds_surely(entry.valid_from, entry.valid_to, entry.from_span, entry.to_span, call.today):
        link = min(link, <uint8_t>LEVEL_POSSIBLE)
    if owner.person.dead:
        link = min(link, <uint8_t>LEVEL_POSSIBLE)
    sum_alerts(call, &owner.person.dossier, link, HIT_SUBJECT_KIND_OWNER if present and hits else 0,
               ordinal, &owner.alerts)
    owner.status = person_status_by_name(call, &owner.person, &owner.alerts)
    if present and owner.alerts.level:
        owner.level = owner.alerts.level
    elif present and owner.person.dossier.header.kind == ENTITY_UNIDENTIFIED:
        if vehicle != NULL and _find_name_alert(call, vehicle, owner) < 0:
            return FAILED
        owner.level = LEVEL_POSSIBLE if owner.name_alert else LEVEL_INSUFFICIENT
    elif any_record_visible(call, &owner.person.dossier):
        owner.level = LEVEL_INSUFFICIENT if named_by_unlinked(&owner.alerts) else LEVEL_CLEAR
        owner.adolescents_hidden = present and owner.alerts.adolescents_hidden
        if not call.states.needed_fresh_person or owner.adolescents_hidden:
            owner.level = LEVEL_INCOMPLETE
    if present and vehicle != NULL and not owner.alerts.level and _is_unborne(owner):
        if _find_name_alert(call, vehicle, owner) < 0:
            return FAILED
        if owner.name_alert:
            owner.level = LEVEL_POSSIBLE
    if not present:
        owner.alerts.armed = False  # a former owner gives no hits, so none of them says so
    return OK


cdef int _rank_owners(Call* call, const Dossier* vehicle) noexcept nogil:
    """Sets call.owner_ranks: OUT for an invisible owner, OWNED for a past or future one; present ones by their alerts.

    A single present owner is the first with any alerts: they are not looked at here.
    """
    cdef uint32_t i, present = 0
    cdef const OwnerEntry* entry
    cdef Owner owner
    for i in range(vehicle.header.n_owners):
        entry = &vehicle.owners[i]
        call.owner_ranks[i] = RANK_OUT
        if call_shows(call, SECTION_OWNER, entry.sensitivity):
            call.owner_ranks[i] = RANK_OWNED
            if holds_on(entry.valid_from, entry.valid_to, call.today):
                call.owner_ranks[i] = RANK_OWNS
                present += 1
    if present < 2:
        return OK
    for i in range(vehicle.header.n_owners):
        if call.owner_ranks[i] != RANK_OWNS:
            continue
        if _gather_owner(call, NULL, &owner, &vehicle.owners[i], 0, True, LEVEL_HIT, False) < 0:
            return FAILED
        if owner.has_person and owner.alerts.level:
            call.owner_ranks[i] = RANK_HIT if owner.alerts.level == LEVEL_HIT else RANK_POSSIBLE
    return OK


cdef int _gather(Call* call, Vehicle* vehicle, uint8_t link, int first, bint hits) noexcept nogil:
    """Owners after the first `first` into vehicle.owners, ten at most; hits and owner_level are those of all."""
    cdef uint32_t i
    cdef int rank
    cdef bint present
    cdef Owner unsent
    cdef Owner* owner
    vehicle.n_owners = vehicle.owners_total = 0
    vehicle.owner_level = LEVEL_UNSPECIFIED
    vehicle.name_alert = vehicle.adolescents_hidden = False
    if _rank_owners(call, &vehicle.dossier) < 0:
        return FAILED
    for rank in range(RANK_HIT, RANK_OUT, -1):
        for i in range(vehicle.dossier.header.n_owners):
            if call.owner_ranks[i] != rank:
                continue
            present = rank != RANK_OWNED
            vehicle.owners_total += 1
            owner = &unsent
            if vehicle.owners_total > first and vehicle.n_owners < OWNERS_MAX:
                owner = &vehicle.owners[vehicle.n_owners]
                vehicle.n_owners += 1
            elif not present or not hits:
                continue
            if _gather_owner(call, &vehicle.dossier, owner, &vehicle.dossier.owners[i], vehicle.owners_total, present, link,
                             hits) < 0:
                return FAILED
            vehicle.name_alert = vehicle.name_alert or owner.name_alert
            vehicle.adolescents_hidden = vehicle.adolescents_hidden or (
                owner.adolescents_hidden and owner.level == LEVEL_INCOMPLETE)
            if present:
                vehicle.owner_level = max(vehicle.owner_level, owner.level)
    if hits and vehicle.owner_level == LEVEL_UNSPECIFIED and call_shows(call, SECTION_OWNER, SENSITIVITY_OPEN):
        vehicle.owner_level = LEVEL_INSUFFICIENT  # nobody is on file: as an owner that nobody knows
    return OK


cdef int gather_owners(Call* call, Vehicle* vehicle, uint8_t link) noexcept nogil:
    return _gather(call, vehicle, link, 0, True)


cdef int gather_owner_page(Call* call, Vehicle* vehicle, uint8_t link, int first) noexcept nogil:
    return _gather(call, vehicle, link, first, False)


# ---- what that comes to ----

cdef void _note(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil:
    if item != NULL and outcome.status == IDENTITY_STATUS_NOT_FOUND and (item.kind == KEY_PLATE
                                                                         or item.lookup == KEY_VIN):
        outcome.notes |= 1 << NOTE_PLATE_NOT_ON_FILE
    elif outcome.status == IDENTITY_STATUS_CONFLICT:
        outcome.notes |= 1 << NOTE_CONFLICT
    elif outcome.status == IDENTITY_STATUS_UNVERIFIED:
        if item != NULL and not item.foreign and not call.states.identified & item.identifies:
            outcome.notes |= 1 << NOTE_UNVERIFIED
        else:
            outcome.notes |= 1 << NOTE_NO_RECORD_FOREIGN
    if outcome.compared.disagrees:
        outcome.notes |= 1 << NOTE_IDENTIFIERS_DISAGREE


cdef void _ask_for_owners(const Call* call, const Dossier* vehicle) noexcept nogil:
    """Prefetches the owners' dossiers while the vehicle is judged."""
    cdef uint32_t i
    for i in range(min(<uint32_t>vehicle.header.n_owners, <uint32_t>OWNERS_AHEAD)):
        store_prefetch_dossier(call.store, vehicle.owners[i].entity)


cdef int _show_vehicle(Call* call, const AskedIdentifier* item, VehicleQuestion* asked, VehicleFinding* finding,
                       Outcome* outcome) noexcept nogil:
    """The vehicle and its plates; owners come after the level of the vehicle is known."""
    cdef Vehicle* vehicle = &outcome.vehicle
    cdef AlertSum alerts
    vehicle.entity = finding.subject
    if call_dossier(call, finding.subject, &vehicle.dossier) < 0:
        return FAILED
    _ask_for_owners(call, &vehicle.dossier)
    vehicle.bears_asked_plate = item.kind == KEY_PLATE and not finding.former
    vehicle.own_alerts = item.kind != KEY_PLATE or not finding.former
    compare_vehicle(call, asked, &vehicle.dossier, &outcome.compared)
    if vehicle.own_alerts:
        sum_alerts(call, &vehicle.dossier, finding.link, HIT_SUBJECT_KIND_VEHICLE, 0, &alerts)
        vehicle.armed = alerts.armed
    if item.kind != KEY_PLATE:
        return find_borne_plates(call, &vehicle.dossier, finding.link, finding)
    return OK


cdef void add_plates(Call* call, const VehicleFinding* finding, Outcome* outcome) noexcept nogil:
    cdef AlertSum alerts
    cdef int i
    for i in range(finding.n_plates):
        if outcome.n_plates == PLATES_LIMIT:
            return
        outcome.plates[outcome.n_plates] = finding.plates[i]
        outcome.n_plates += 1
        sum_alerts(call, &finding.plates[i], finding.plate_links[i], HIT_SUBJECT_KIND_PLATE, 0, &alerts)
        outcome.vehicle.armed = outcome.vehicle.armed or alerts.armed


cdef int answer_vehicle(Call* call, VehicleQuestion* asked, const VehicleFinding* also,
                        Outcome* outcome) noexcept nogil:
    cdef VehicleFinding finding
    cdef Grounds grounds
    cdef const AskedIdentifier* item = &asked.items[0] if asked.n else NULL
    cdef int i
    outcome.about_vehicle = True
    outcome.vehicle.armed = False
    if item != NULL:
        call_asked(call, item.lookup, item.text, item.length)
    if find_vehicle(call, item, &finding) < 0:
        return FAILED
    asked.holders[0] = finding.count
    asked.holder[0] = finding.subject
    for i in range(1, 4):
        asked.holders[i] = 0
        if i < asked.n:
            call_also_asked(call, asked.items[i].lookup, asked.items[i].text, asked.items[i].length)
    if asked.n > 1 and _find_further(call, asked, &finding) < 0:
        return FAILED
    outcome.has_vehicle = finding.subject != NO_ENTITY
    outcome.status = vehicle_finding_status(call, item, &finding)
    if outcome.has_vehicle:
        if _show_vehicle(call, item, asked, &finding, outcome) < 0:
            return FAILED
        if item.kind != KEY_PLATE and item.lookup != KEY_VIN:
            outcome.status = vehicle_status_by_name(call, &outcome.vehicle.dossier)
    else:
        compare_no_vehicle(asked, finding.count > 0, &outcome.compared)
    add_plates(call, &finding, outcome)
    if also != NULL:
        add_plates(call, also, outcome)
    if gather_all(call, NULL, asked, not outcome.has_vehicle) < 0:
        return FAILED
    outcome.candidates_total = <int>call.fits.count
    if outcome.compared.disagrees:
        outcome.cautions |= 1 << CAUTION_FLAG_IDENTIFIERS_DISAGREE
    if outcome.compared.mismatch:
        outcome.cautions |= 1 << CAUTION_FLAG_MISMATCH
    if finding.n_former:
        outcome.cautions |= 1 << CAUTION_FLAG_REISSUED_PLATE
    grounds.status = outcome.status
    grounds.national = item != NULL and item.national and (item.lookup != KEY_VIN or finding.count > 0)
    grounds.disagrees = outcome.compared.disagrees or (finding.several and item.kind == KEY_PLATE)
    grounds.certain = finding.certain
    grounds.nothing_found = finding.count == 0
    grounds.fresh = call.states.needed_fresh_vehicle
    outcome.level = level_of(strongest_hit(call), &grounds)
    _note(call, item, outcome)
    if outcome.has_vehicle:
        outcome.vehicle.level = outcome.level
        if gather_owners(call, &outcome.vehicle, finding.link) < 0:
            return FAILED
        outcome.level = max(outcome.level, outcome.vehicle.owner_level)
        if outcome.vehicle.name_alert:
            outcome.notes |= 1 << NOTE_OWNER_NAME_ALERT
        if outcome.vehicle.adolescents_hidden:
            outcome.notes |= 1 << NOTE_ADOLESCENTS_HIDDEN
    if item != NULL and finding.count + finding.n_former + finding.n_plates == 0:
        return suggest(call, item, outcome)
    return OK


cdef int _take_for_an_end(Call* call, AskedIdentifier* item) noexcept nogil:
    """A VIN as short as the end of one, which no vehicle has whole, is asked as such an end."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef Canonical canonical
    cdef bint identified
    cdef int i, n
    if item.kind != KEY_VIN or not TAIL_MIN <= item.length <= TAIL_MAX:
        return OK
    n = asked_lookup(call, item, entities)
    for i in range(n):
        if store_is_person(call.store, entities[i]):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        if dossier.header.kind == ENTITY_VEHICLE and asked_held(call, &dossier, item, &identified):
            return OK
    canonical.kind = KEY_CHASSIS_TAIL
    canonical.length = <uint8_t>item.length
    memcpy(canonical.text, item.text, item.length)
    asked_from_canonical(item, &canonical)
    return OK if n >= 0 else FAILED


cdef int check_vehicle(Call* call, Outcome* outcome) noexcept nogil:
    cdef VehicleQuestion asked
    cdef int at
    if _read(call, &asked) < 0:
        return FAILED
    for at in range(asked.n):
        if _take_for_an_end(call, &asked.items[at]) < 0:
            return FAILED
    return answer_vehicle(call, &asked, NULL, outcome)
