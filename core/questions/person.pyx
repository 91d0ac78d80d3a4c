"""Questions about persons, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy, memmove, memset

from core.access.neighbours cimport ASKED_NAME
from core.answer.levels cimport Grounds, level_of, strongest_hit
from core.answer.outcome cimport Outcome
from core.call.memory cimport (
    FITS_MAX, Fit, call_also_asked, call_asked, call_dossier, call_out_of_memory, fits_add, fits_hold,
    fits_sort,
)
from core.call.notes cimport (
    NOTE_ADOLESCENTS_HIDDEN, NOTE_CHOSEN_BY_NAME, NOTE_CONFLICT, NOTE_CROWDED, NOTE_CUI_IMPOSSIBLE, NOTE_DECEASED, NOTE_DOCUMENT_NOT_ON_FILE,
    NOTE_IDENTIFIERS_DISAGREE, NOTE_MISUSED, NOTE_NAME_BY_RECORD, NOTE_NAME_DIFFERS, NOTE_NAME_NOT_ON_FILE,
    NOTE_IDENTITY_CHANGED, NOTE_NO_RECORD_FOREIGN, NOTE_ONLY_BEARER, NOTE_SIMILAR_NAME_ALERT, NOTE_UNVERIFIED,
)
from core.call.question cimport Question, Text, is_chosen_by_name
from core.contract.alert cimport HIT_SUBJECT_KIND_PERSON
from core.contract.error cimport ERROR_REASON_FIELD_INVALID, ERROR_REASON_QUESTION_EMPTY
from core.contract.level cimport *
from core.contract.value cimport SEX_UNSPECIFIED
from core.failure cimport FAILED, OK, fail
from core.generation.dossier cimport NO_ENTITY
from core.generation.store cimport store_is_person
from core.generation.view cimport Dossier
from core.identifiers.canonical cimport canonical_into, document_into, rule_word
from core.identifiers.countries cimport country_into, split_country
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_LICENCE, KEY_NIT, KEY_TELEPHONE,
)
from core.identifiers.rules cimport CANONICAL_MAX, RULE_OK, Canonical
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.questions.asked_names cimport read_asked_parents, take_name_parts
from core.questions.candidates cimport gather_all
from core.questions.handle_opening cimport open_handle
from core.questions.name_search cimport NAMES_CHECKED, certain_fit, drop_unlike, find_by_name
from core.questions.named_beside cimport find_named, find_wanted_by_name
from core.questions.suggestions cimport suggest
from core.subject.alerts cimport named_by_unlinked, sum_alerts
from core.subject.asked cimport (
    LOOKUP_MAX, AskedIdentifier, asked_from_canonical, asked_from_impossible_cui, asked_held, asked_lookup,
)
from core.subject.person cimport Person, person_condition, person_open, person_status_by_name
from core.subject.person_comparison cimport BY_NAME, BY_NOTHING, compare_nobody, compare_person, person_supported


# ---- what was asked ----

cdef int _invalid(Call* call, const char* field, int rule) noexcept nogil:
    return fail(call.failure, ERROR_REASON_FIELD_INVALID, field, rule_word(rule))


cdef int _take_identifier(Call* call, PersonQuestion* asked, int kind, const Text* text,
                          const char* field) noexcept nogil:
    cdef Canonical canonical
    cdef size_t length
    cdef int rule
    if text.size == 0:
        return OK
    rule = canonical_into(kind, text.data, text.size, canonical.text, CANONICAL_MAX, &length)
    if rule != RULE_OK and kind == KEY_CUI and asked_from_impossible_cui(&asked.items[asked.n], text.data, text.size):
        asked.n += 1
        return OK
    if rule != RULE_OK:
        return _invalid(call, field, rule)
    canonical.kind = <uint8_t>kind
    canonical.length = <uint8_t>length
    asked_from_canonical(&asked.items[asked.n], &canonical)
    asked.n += 1
    return OK


cdef int _take_canonical_document(Call* call, PersonQuestion* asked, int rule, Canonical* canonical, size_t length) noexcept nogil:
    if rule != RULE_OK:
        return _invalid(call, "document.number", rule)
    canonical.kind = KEY_DOCUMENT
    canonical.length = <uint8_t>length
    asked_from_canonical(&asked.items[asked.n], canonical)
    asked.n += 1
    return OK


cdef int _take_document(Call* call, PersonQuestion* asked) noexcept nogil:
    cdef const Question* question = &call.question
    cdef Canonical canonical
    cdef char country[3]
    cdef char number[WORDS_TEXT + WORDS_MAX]
    cdef size_t length
    cdef int rule, number_n
    cdef bint code
    if question.document_country.size == 0:
        if question.document_number.size and split_country(question.document_number.data, question.document_number.size, country,
                                                           number, &number_n, &code):
            rule = document_into(country, 3, number, number_n, canonical.text, CANONICAL_MAX, &length)
            return _take_canonical_document(call, asked, rule, &canonical, length)
        return _take_identifier(call, asked, KEY_DOCUMENT_NUMBER, &question.document_number, "document.number")
    if question.document_number.size == 0:
        return fail(call.failure, ERROR_REASON_FIELD_INVALID, "document.number", "length")
    rule = country_into(question.document_country.data, question.document_country.size, country)
    if rule != RULE_OK:
        return _invalid(call, "document.country", rule)
    rule = document_into(country, 3, question.document_number.data, question.document_number.size, canonical.text,
                         CANONICAL_MAX, &length)
    return _take_canonical_document(call, asked, rule, &canonical, length)


# A text into its cleaned form, and that read.
cdef int _principal(const PersonQuestion* asked, bint named) noexcept nogil:
    """cui, document, nit, licence, cedula, telephone, names."""
    cdef int wanted, i
    cdef uint8_t order[7]
    order[0] = KEY_CUI
    order[1] = KEY_DOCUMENT
    order[2] = KEY_DOCUMENT_NUMBER
    order[3] = KEY_NIT
    order[4] = KEY_LICENCE
    order[5] = KEY_CEDULA
    order[6] = KEY_TELEPHONE
    for wanted in range(7):
        for i in range(asked.n):
            if asked.items[i].lookup == order[wanted]:
                return i
    return BY_NAME if named else BY_NOTHING


cdef int _read(Call* call, PersonQuestion* asked) noexcept nogil:
    cdef const Question* question = &call.question
    cdef bint named
    asked.n = 0
    if (_take_identifier(call, asked, KEY_CUI, &question.cui, "cui") < 0
            or _take_identifier(call, asked, KEY_NIT, &question.nit, "nit") < 0
            or _take_identifier(call, asked, KEY_CEDULA, &question.cedula, "cedula") < 0
            or _take_document(call, asked) < 0
            or _take_identifier(call, asked, KEY_LICENCE, &question.licence, "licence") < 0
            or _take_identifier(call, asked, KEY_TELEPHONE, &question.telephone, "telephone") < 0
            or take_name_parts(call, &named) < 0):
        return FAILED
    asked.birth = question.birth_year != 0 or question.birth_month != 0 or question.birth_mday != 0
    asked.sex = question.sex != SEX_UNSPECIFIED
    asked.parents = read_asked_parents(call)
    asked.years = asked.department = False
    asked.principal = _principal(asked, named)
    if asked.principal == BY_NOTHING and not (asked.birth or asked.sex or question.father.size or question.mother.size):
        return fail(call.failure, ERROR_REASON_QUESTION_EMPTY, "query", "nothing was asked")
    return OK


# ---- finding ----

cdef void _choose(Call* call, size_t at, PersonFinding* finding) noexcept nogil:
    """Takes one fit out of the list: it is the person."""
    finding.subject = call.fits.items[at].entity
    finding.link = call.fits.items[at].link
    call.fits.count -= 1
    memmove(&call.fits.items[at], &call.fits.items[at + 1], (call.fits.count - at) * sizeof(Fit))


cdef int _find_by_identifier(Call* call, PersonQuestion* asked, PersonFinding* finding) noexcept nogil:
    cdef const AskedIdentifier* item = &asked.items[asked.principal]
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef Person person
    cdef Fit* fit
    cdef bint identified
    cdef int i, n, n_identified = 0
    cdef size_t start = call.fits.count, at, chosen = 0
    n = asked_lookup(call, item, entities)
    if n < 0:
        return FAILED
    for i in range(n):
        if not store_is_person(call.store, entities[i]):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        if not asked_held(call, &dossier, item, &identified):
            continue
        fit = fits_add(&call.fits, entities[i], LEVEL_POSSIBLE)
        if fit == NULL:
            return call_out_of_memory(call)
        if identified and item.lookup != KEY_TELEPHONE and item.lookup != KEY_DOCUMENT_NUMBER:
            fit.certain = True   # here: identified for the kind
            n_identified += 1
    finding.count = <int>(call.fits.count - start)
    finding.on_file = finding.count > 0
    finding.identified = n_identified > 0
    asked.holders[asked.principal] = finding.count
    if finding.count == 0:
        return OK
    if finding.count > 1 and n_identified != 1:
        finding.several = True
        finding.certain = False
        return OK
    chosen = start
    for at in range(start, call.fits.count):
        if call.fits.items[at].certain:
            chosen = at
    _choose(call, chosen, finding)
    finding.link = item.link
    if item.lookup == KEY_CEDULA:
        if person_open(call, finding.subject, &person) < 0:
            return FAILED
        if person_supported(call, &person):
            finding.link = LEVEL_HIT
    return OK


cdef int find_person(Call* call, PersonQuestion* asked, PersonFinding* finding, const char* field) noexcept nogil:
    cdef size_t at, start = call.fits.count
    cdef int64_t certain
    cdef bint by_parents
    finding.subject = NO_ENTITY
    finding.count = 0
    finding.several = finding.identified = finding.certain = finding.on_file = False
    finding.link = LEVEL_POSSIBLE
    if asked.principal == BY_NOTHING:
        return OK
    if asked.principal != BY_NAME:
        finding.certain = asked.items[asked.principal].certain
        return _find_by_identifier(call, asked, finding)
    if find_by_name(call, NAMES_CHECKED, FITS_MAX, field) < 0:
        return FAILED
    finding.count = <int>(call.fits.count - start)
    for at in range(start, call.fits.count):
        finding.on_file = finding.on_file or not call.fits.items[at].unsure
    certain = certain_fit(call, start)
    if certain >= 0:
        by_parents = call.fits.items[certain].parents == AGREEMENT_AGREES
        _choose(call, <size_t>certain, finding)
        drop_unlike(call, start, by_parents)
        finding.link = LEVEL_HIT
        finding.certain = True
    elif finding.count == 1 and not call.fits.items[start].weak and not call.fits.items[start].contradicted:
        _choose(call, start, finding)
    else:
        finding.several = finding.count > 0
    return OK


cdef int _find_further(Call* call, PersonQuestion* asked, uint32_t subject) noexcept nogil:
    """Adds the persons that the further identifiers find to call.fits, in subject order after the principal's."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef Fit* fit
    cdef bint identified, its_own
    cdef uint8_t link
    cdef int at, i, n
    cdef size_t start = call.fits.count, known
    for at in range(asked.n):
        if at == asked.principal:
            continue
        its_own = False
        n = asked_lookup(call, &asked.items[at], entities)
        if n < 0:
            return FAILED
        for i in range(n):
            if not store_is_person(call.store, entities[i]):
                continue
            if call_dossier(call, entities[i], &dossier) < 0:
                return FAILED
            if not asked_held(call, &dossier, &asked.items[at], &identified):
                continue
            asked.holders[at] += 1
            if entities[i] == subject:
                its_own = True
                continue
            link = asked.items[at].link
            fit = NULL
            for known in range(start, call.fits.count):
                if call.fits.items[known].entity == entities[i]:
                    fit = &call.fits.items[known]
            if fit != NULL:
                fit.link = max(fit.link, link)
            elif not fits_hold(&call.fits, entities[i]) and fits_add(&call.fits, entities[i], link) == NULL:
                return call_out_of_memory(call)
        if asked.items[at].link == LEVEL_HIT and asked.holders[at] and not its_own:
            asked.names_another = True
    fits_sort(&call.fits, start)
    return OK


# ---- what that comes to ----

cdef uint8_t finding_status(const Call* call, const PersonQuestion* asked, const PersonFinding* finding) noexcept nogil:
    cdef const AskedIdentifier* item
    if asked.principal < 0:
        return IDENTITY_STATUS_UNSPECIFIED
    item = &asked.items[asked.principal]
    if item.lookup == KEY_TELEPHONE:
        return IDENTITY_STATUS_UNSPECIFIED
    if item.lookup == KEY_DOCUMENT_NUMBER:
        return IDENTITY_STATUS_UNSPECIFIED if finding.count else IDENTITY_STATUS_UNVERIFIED
    if not item.foreign and not call.states.identified & item.identifies:
        return IDENTITY_STATUS_UNVERIFIED
    if finding.several:
        if not item.national:
            return IDENTITY_STATUS_UNSPECIFIED
        return IDENTITY_STATUS_CONFLICT if finding.identified else IDENTITY_STATUS_NOT_FOUND
    if finding.count == 0 or not finding.identified:
        return IDENTITY_STATUS_UNVERIFIED if item.foreign else IDENTITY_STATUS_NOT_FOUND
    return IDENTITY_STATUS_FOUND


cdef bint _judged_by_name(const PersonQuestion* asked) noexcept nogil:
    return (asked.principal == BY_NAME or asked.items[asked.principal].lookup == KEY_TELEPHONE
            or asked.items[asked.principal].lookup == KEY_DOCUMENT_NUMBER)


cdef void _note(Call* call, const PersonQuestion* asked, bint nothing, Outcome* outcome) noexcept nogil:
    cdef const AskedIdentifier* item = NULL
    if asked.principal >= 0:
        item = &asked.items[asked.principal]
    if outcome.status == IDENTITY_STATUS_NOT_FOUND:
        if asked.principal == BY_NAME:
            outcome.notes |= 1 << NOTE_NAME_BY_RECORD
        elif item != NULL and item.lookup != KEY_TELEPHONE and item.lookup != KEY_DOCUMENT_NUMBER:
            outcome.notes |= 1 << NOTE_DOCUMENT_NOT_ON_FILE
    elif outcome.status == IDENTITY_STATUS_DECEASED:
        outcome.notes |= 1 << NOTE_DECEASED
    elif outcome.status == IDENTITY_STATUS_MISUSED:
        outcome.notes |= 1 << NOTE_MISUSED
    elif outcome.status == IDENTITY_STATUS_CONFLICT and (outcome.person.conflict or not outcome.has_person):
        outcome.notes |= 1 << NOTE_CONFLICT  # of the registers; that the name given differs is a note of its own
    elif outcome.status == IDENTITY_STATUS_UNVERIFIED and outcome.has_person and outcome.person.dossier.header.identity_fed:
        outcome.notes |= 1 << NOTE_IDENTITY_CHANGED
    elif outcome.status == IDENTITY_STATUS_UNVERIFIED:
        if (item != NULL and item.national and not call.states.identified & item.identifies) or (
                outcome.has_person and call.states.identity_lost
                and (item == NULL or item.lookup != KEY_DOCUMENT or not item.foreign)):
            outcome.notes |= 1 << NOTE_UNVERIFIED
        else:
            outcome.notes |= 1 << NOTE_NO_RECORD_FOREIGN
    if item != NULL and item.impossible and nothing:
        outcome.notes |= 1 << NOTE_CUI_IMPOSSIBLE
    if asked.principal == BY_NAME and nothing:
        outcome.notes |= 1 << NOTE_NAME_NOT_ON_FILE


cdef bint _further_one_is_nobodys(const Call* call, const PersonQuestion* asked) noexcept nogil:
    """A further national identifier that nobody holds, though its register could tell."""
    cdef int i
    for i in range(asked.n):
        if i != asked.principal and asked.items[i].national and asked.holders[i] == 0 and (
                call.states.identified & asked.items[i].identifies):
            return True
    return False


cdef void _note_asked(Call* call, const PersonQuestion* asked) noexcept nogil:
    """Notes the question for limits, the audit record and alerts on documents: the principal identifier and the
    others."""
    cdef int i
    call.n_presented = 0
    for i in range(asked.n):
        if asked.items[i].lookup == KEY_DOCUMENT or asked.items[i].lookup == KEY_LICENCE:
            call.presented[call.n_presented].kind = asked.items[i].kind
            call.presented[call.n_presented].length = <uint8_t>asked.items[i].length
            memcpy(call.presented[call.n_presented].text, asked.items[i].text, asked.items[i].length)
            call.n_presented += 1
        if i != asked.principal:
            call_also_asked(call, asked.items[i].lookup, asked.items[i].text, asked.items[i].length)
    if asked.principal >= 0:
        call_asked(call, asked.items[asked.principal].lookup, asked.items[asked.principal].text,
                   asked.items[asked.principal].length)
    elif asked.principal == BY_NAME:
        call_asked(call, ASKED_NAME, call.names.text, max(call.names.length, 0))


cdef int _compare_found(Call* call, const PersonQuestion* asked, const PersonFinding* finding, Outcome* outcome) noexcept nogil:
    """The person found against the question: comparisons, alerts, and what they make of the status. OK or FAILED."""
    cdef bint borrowed
    if person_open(call, finding.subject, &outcome.person) < 0:
        return FAILED
    compare_person(call, asked, &outcome.person, &outcome.compared)
    borrowed = (finding.link == LEVEL_HIT and asked.principal >= 0
                and asked.items[asked.principal].link == LEVEL_HIT
                and outcome.compared.names == AGREEMENT_DISAGREES and not outcome.compared.supported)
    if borrowed:
        outcome.notes |= 1 << NOTE_NAME_DIFFERS
    call.two_bearers = outcome.person.conflict
    sum_alerts(call, &outcome.person.dossier,
               LEVEL_POSSIBLE if borrowed or asked.names_another or is_chosen_by_name(&call.question) else finding.link,
               HIT_SUBJECT_KIND_PERSON, 0,
               &outcome.person_alerts)
    call.two_bearers = False
    if _judged_by_name(asked):
        outcome.status = person_status_by_name(call, &outcome.person, &outcome.person_alerts)
    elif outcome.status == IDENTITY_STATUS_FOUND:
        outcome.status = person_condition(&outcome.person, &outcome.person_alerts, borrowed)
        if outcome.status == IDENTITY_STATUS_FOUND and call.states.identity_lost and not asked.items[asked.principal].foreign:
            outcome.status = IDENTITY_STATUS_UNVERIFIED
    return OK


cdef void _set_level(Call* call, const PersonQuestion* asked, const PersonFinding* finding, Outcome* outcome) noexcept nogil:
    """docs/answers.md section 6: the strongest hit, and what keeps an answer without one from being CLEAR."""
    cdef Grounds grounds
    if outcome.compared.disagrees:
        outcome.cautions |= 1 << CAUTION_FLAG_IDENTIFIERS_DISAGREE
        outcome.notes |= 1 << NOTE_IDENTIFIERS_DISAGREE
    grounds.status = outcome.status
    grounds.national = asked.principal >= 0 and asked.items[asked.principal].national
    grounds.disagrees = outcome.compared.disagrees
    if _further_one_is_nobodys(call, asked):
        grounds.disagrees = True
        outcome.notes |= 1 << NOTE_DOCUMENT_NOT_ON_FILE
    grounds.certain = finding.certain
    grounds.nothing_found = finding.count == 0
    grounds.fresh = call.states.needed_fresh_person
    if outcome.has_person and outcome.person_alerts.adolescents_hidden:
        grounds.fresh = False
        outcome.notes |= 1 << NOTE_ADOLESCENTS_HIDDEN
    outcome.level = level_of(strongest_hit(call), &grounds)
    if outcome.has_person and named_by_unlinked(&outcome.person_alerts):
        outcome.level = max(outcome.level, <uint8_t>LEVEL_INSUFFICIENT)
        outcome.notes |= 1 << (NOTE_CROWDED if outcome.person_alerts.crowded else NOTE_ONLY_BEARER)


cdef int answer_person(Call* call, PersonQuestion* asked, Outcome* outcome, const char* field) noexcept nogil:
    cdef PersonFinding finding
    cdef size_t i
    memset(asked.holders, 0, sizeof(asked.holders))
    asked.names_another = False
    _note_asked(call, asked)
    # who is meant: by the principal thing, by the others, by name where a CUI is nobody's
    if find_person(call, asked, &finding, field) < 0:
        return FAILED
    if asked.n > (asked.principal >= 0) and _find_further(call, asked, finding.subject) < 0:
        return FAILED
    if (finding.count == 0 and asked.principal >= 0 and call.names.length > 0 and call.question.birth_year
            and find_named(call, field) < 0):
        return FAILED
    # how that one compares
    outcome.has_person = finding.subject != NO_ENTITY
    outcome.status = finding_status(call, asked, &finding)
    if not outcome.has_person:
        compare_nobody(call, asked, finding.on_file, &outcome.compared)
    elif (_compare_found(call, asked, &finding, outcome) < 0
          or (asked.principal >= 0 and find_wanted_by_name(call, &outcome.person, outcome.compared.names, field) < 0)):
        return FAILED
    if is_chosen_by_name(&call.question):
        for i in range(call.fits.count):
            call.fits.items[i].link = min(call.fits.items[i].link, <uint8_t>LEVEL_POSSIBLE)
    # who else may be meant
    if gather_all(call, asked, NULL, not outcome.has_person) < 0:
        return FAILED
    outcome.candidates_total = <int>call.fits.count
    if call.weak_alerted:
        outcome.notes |= 1 << NOTE_SIMILAR_NAME_ALERT
    # what all that comes to
    _set_level(call, asked, &finding, outcome)
    _note(call, asked, not finding.on_file, outcome)
    if finding.count == 0 and asked.principal >= 0:
        return suggest(call, &asked.items[asked.principal], outcome)
    return OK


cdef void doubt_chosen_person(const Call* call, Outcome* outcome) noexcept nogil:
    if is_chosen_by_name(&call.question) and not outcome.about_vehicle:
        outcome.level = max(outcome.level, <uint8_t>LEVEL_INSUFFICIENT)
        outcome.notes |= 1 << NOTE_CHOSEN_BY_NAME


cdef int check_person(Call* call, Outcome* outcome) noexcept nogil:
    cdef PersonQuestion asked
    if call.question.handle.size and open_handle(call) < 0:
        return FAILED
    if _read(call, &asked) < 0:
        return FAILED
    return answer_person(call, &asked, outcome, "name")
