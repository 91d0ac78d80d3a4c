"""Finds the persons that fit a name, as a caller may see them, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memset

from core.calendar cimport LAST_FILLER_YEAR, date_from_day
from core.call.memory cimport Fit, call_damaged, call_dossier, call_out_of_memory, call_shows, fits_add
from core.call.question cimport METHOD_CHECK_PERSON, METHOD_SEARCH_PERSONS, Question
from core.contract.error cimport ERROR_REASON_QUERY_TOO_BROAD
from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN, LEVEL_POSSIBLE
from core.contract.section cimport SECTION_IDENTITY, SENSITIVITY_OPEN
from core.contract.value cimport SEX_UNSPECIFIED
from core.failure cimport FAILED, OK, fail, failure_init
from core.generation.dossier cimport ENTITY_ORGANISATION, ClaimEntry
from core.generation.store cimport store_kind
from core.generation.view cimport Dossier
from core.name_index.expansion cimport alert_evidence, evidence_for
from core.name_index.file cimport token_find
from core.name_index.holders cimport look_at_holders
from core.name_index.query cimport (
    FOUND_BIRTH, FOUND_BY_SCORE, FOUND_DEAD, FOUND_FAR, NAMES_DAMAGED, NAMES_LONG, NAMES_MEMORY, NAMES_TOO_BROAD,
    SCORED_MAX, YEARS_ALL, YEARS_NEAR, NameFound, NameQuery, NameQuestion,
)
from core.name_index.search cimport find_names, find_names_again, rank_found, rank_range
from core.names.comparison cimport match_probability, parents_evidence
from core.names.frequencies cimport BITS_UNKNOWN
from core.names.pairing cimport KindMatrix, NamePairing, fill_kinds, pair_names
from core.names.reading cimport ReadName, read_name
from core.questions.level_names cimport find_in_levels, holders_in_levels
from core.subject.alerts cimport AlertSum, sum_alerts
from core.subject.person cimport Person, compare_person_parents, person_view


cdef enum:
    UNSURE_MOST = 200            # the likeliest of those that don't fit; their alerts are looked at: about 0.4 ms
    PARENTS_MAX = 5000           # dossiers opened to compare parents: about 10 ms
    PARENTS_QUICK = 250          # of a question that must be quick: about 0.5 ms
    EVERYBODY = -1000000         # evidence that any names reach
    YEARS_COUNTED = 512          # of birth, from 1700 on, when what was found is counted

POSSIBLE_SCORE = 0.05


cdef inline bint _dated(const Question* question) noexcept nogil:
    """Returns whether the asked year can be the birth year of a living person: any other is a filler, and says nothing.
    """
    return question.birth_year > LAST_FILLER_YEAR


cdef void _read_question(Call* call, int kind, NameQuestion* out) noexcept nogil:
    cdef const uint8_t* classes = call.store.names.classes
    cdef int i, today_year
    memset(out, 0, sizeof(NameQuestion))
    out.shape = call.asked_name.shape
    for i in range(out.shape.count):
        out.forms[i] = call.asked_name.forms[i]
    out.birth.year = <uint16_t>call.question.birth_year
    out.birth.month = <uint8_t>call.question.birth_month
    out.birth.day = <uint8_t>call.question.birth_mday
    out.sex = <uint8_t>call.question.sex
    out.possible = POSSIBLE_SCORE
    out.alerts_only = kind == NAMES_ASKED or kind == NAMES_CLEARED
    out.years = YEARS_NEAR if kind == NAMES_CLEARED and _dated(&call.question) else YEARS_ALL
    if kind == NAMES_SEARCHED:
        out.year_from = call.question.year_from
        out.year_to = call.question.year_to
        today_year = date_from_day(call.today).year
        if call.question.age_to:
            out.year_from = max(out.year_from, today_year - call.question.age_to - 1)
        if call.question.age_from:
            out.year_to = min(out.year_to or 9999, today_year - call.question.age_from)
        out.department = call.question.department
        out.municipality = call.question.municipality
    for i in range(<int>call.store.names.tables.n_classes):
        call.visible_classes[i] = call_shows(call, classes[2 * i], classes[2 * i + 1])
    out.visible = call.visible_classes
    out.all_years = not call_shows(call, SECTION_IDENTITY, SENSITIVITY_OPEN)
    if call.asked_father.shape.count or call.asked_mother.shape.count:
        out.further = max(0, parents_evidence(AGREEMENT_AGREES))


cdef int _compare_parents(Call* call, NameFound* found) noexcept nogil:
    """Adds what the parents of somebody found tell. OK or FAILED."""
    cdef Dossier dossier
    cdef Person person
    if call_dossier(call, found.entity, &dossier) < 0:
        return FAILED
    person_view(call, found.entity, &dossier, &person)
    found.parents = compare_person_parents(call, &person)
    found.evidence += parents_evidence(found.parents)
    return OK


cdef inline bint _years_asked(const Question* question) noexcept nogil:
    return (question.birth_year or question.birth_month or question.birth_mday or question.year_from or question.year_to
            or question.age_from or question.age_to)


cdef int _too_broad(Call* call, const char* names_field) noexcept nogil:
    """Refuses a question with too many candidates. Besides names only years of birth reduce them; other facts filter
    the found."""
    cdef const Question* question = &call.question
    cdef bint by_fields = question.method == METHOD_SEARCH_PERSONS or (
        question.method == METHOD_CHECK_PERSON and question.query.size == 0)
    cdef int narrower = NARROW_BY_BIRTH_DATE
    if call.name_query.candidates <= SCORED_MAX:
        narrower = narrowing_field(call)
    if narrower == NARROW_BY_NOTHING or not by_fields or (narrower == NARROW_BY_BIRTH_DATE and _years_asked(question)):
        narrower = NARROW_BY_NAMES
    fail(call.failure, ERROR_REASON_QUERY_TOO_BROAD,
         names_field if narrower == NARROW_BY_NAMES else narrowing_field_name(narrower), "too many persons may fit")
    call.failure.count = <uint32_t>call.name_query.candidates
    return FAILED


cdef inline bint _parents_asked(const Call* call) noexcept nogil:
    return call.asked_father.shape.count or call.asked_mother.shape.count


cdef int _put_off(Call* call) noexcept nogil:
    call.put_off = True
    return FAILED


cdef int _look(Call* call, bint again, const char* field) noexcept nogil:
    """Fills call.name_query with those who fit call.name_question, parents compared. OK or FAILED."""
    cdef NameQuery* query = call.name_query
    cdef int status
    query.masked = NULL if call.store.levels == NULL else call.store.levels.masked_names
    status = find_names_again(query) if again else find_names(query, &call.store.names, &call.name_question)
    if status == 0 and call.store.levels != NULL:
        status = find_in_levels(call)
    if status or not _parents_asked(call):
        return _told(call, status, field)
    return _add_parents(call, 0, query.taken, field)


cdef int _told(Call* call, int status, const char* field) noexcept nogil:
    """OK of 0, or FAILED of NAMES_*."""
    if status == NAMES_LONG:
        return _put_off(call)
    if status == NAMES_TOO_BROAD:
        return _too_broad(call, field)
    if status == NAMES_MEMORY:
        return call_out_of_memory(call)
    if status == NAMES_DAMAGED:
        return call_damaged(call, "names.bin", "a list or a row is damaged")
    return OK


cdef int _add_parents(Call* call, size_t first, int32_t taken, const char* field) noexcept nogil:
    """Compares the parents of those found from place `first` on; who has less than `taken` then is none of them. OK or FAILED."""
    cdef NameQuery* query = call.name_query
    cdef NameFound* found
    cdef size_t i, kept = first
    if query.n_found > PARENTS_MAX:
        return _too_broad(call, field)
    if query.quick and query.n_found > PARENTS_QUICK:
        return _put_off(call)
    for i in range(first, query.n_found):
        found = &query.found[i]
        if _compare_parents(call, found) < 0:
            return FAILED
        if found.flags & FOUND_BY_SCORE and found.evidence < taken:
            continue
        query.found[kept] = found[0]
        kept += 1
    query.n_found = kept
    return OK


cdef inline bint _agrees(const NameFound* found) noexcept nogil:
    """Names agree, or all that was asked is there, and nothing disagrees."""
    return not found.flags & FOUND_BY_SCORE


cdef inline bint _covers(const Call* call, const NameFound* found) noexcept nogil:
    """Returns whether one of its names holds all asked words, two or more, and neither birth date nor sex disagrees."""
    return call.asked_name.shape.count > 1 and _agrees(found)


cdef inline bint _is_meant(const Call* call, const NameFound* found) noexcept nogil:
    return ((found.comparable == AGREEMENT_AGREES or _covers(call, found)) and not found.flags & FOUND_DEAD
            and store_kind(call.store, found.entity) != ENTITY_ORGANISATION and found.sex != AGREEMENT_DISAGREES
            and (found.birth == AGREEMENT_AGREES or (_parents_asked(call) and found.parents == AGREEMENT_AGREES)))


cdef inline bint _by_new_year(const Call* call, const NameFound* found) noexcept nogil:
    """Returns whether only 1 January supports it, which stands for an unknown day: it tells the year."""
    return (call.question.birth_month == 1 and call.question.birth_mday == 1
            and not (_parents_asked(call) and found.parents == AGREEMENT_AGREES))


cdef int _add_fit(Call* call, const NameFound* found, bint weak) noexcept nogil:
    cdef Fit* fit = fits_add(&call.fits, found.entity, LEVEL_POSSIBLE)
    if fit == NULL:
        return call_out_of_memory(call)
    fit.names = found.names
    fit.by_name = True
    fit.weak = weak
    fit.contradicted = found.names == AGREEMENT_DISAGREES or found.birth == AGREEMENT_DISAGREES
    fit.parents = found.parents if _parents_asked(call) else <uint8_t>AGREEMENT_UNKNOWN
    fit.evidence = found.evidence
    fit.names_evidence = found.names_evidence
    fit.meant = _is_meant(call, found)
    fit.dead_alike = (found.flags & FOUND_DEAD != 0 and found.comparable == AGREEMENT_AGREES
                      and found.birth == AGREEMENT_AGREES)
    fit.certain = fit.meant and found.comparable == AGREEMENT_AGREES and not _by_new_year(call, found)
    return OK


cdef int _add_alerted(Call* call, const NameFound* found) noexcept nogil:
    """Adds somebody who does not fit, as weak, where an alert in force is seen of him. OK or FAILED."""
    cdef Dossier dossier
    cdef AlertSum alerts
    if call_dossier(call, found.entity, &dossier) < 0:
        return FAILED
    sum_alerts(call, &dossier, LEVEL_POSSIBLE, 0, 0, &alerts)
    if alerts.in_force == 0:
        return OK
    if _add_fit(call, found, True) < 0:
        return FAILED
    call.fits.items[call.fits.count - 1].unsure = True
    return OK


cdef inline bint _fits_check(const Call* call, const NameFound* found, int32_t alerts, bint dated) noexcept nogil:
    """Returns whether a person reaches the alert score, or agrees in all asked facts."""
    if found.evidence >= alerts:
        return True
    if not dated:
        return _agrees(found)
    return found.birth == AGREEMENT_AGREES and (found.names == AGREEMENT_AGREES or _covers(call, found))


cdef int _look_at_all_years(Call* call, const char* field) noexcept nogil:
    """Looks at persons of all birth years, for a clearance, if none within a year of the asked one fits. OK or FAILED.
    """
    cdef NameQuery* query = call.name_query
    cdef int32_t alerts = alert_evidence(query)
    cdef size_t i
    for i in range(query.n_found):
        if query.found[i].flags & FOUND_BIRTH and not query.found[i].flags & FOUND_FAR and _fits_check(
                call, &query.found[i], alerts, True):
            return OK
    call.name_question.years = YEARS_ALL
    return _look(call, True, field)


cdef int _take_checked(Call* call, int kind, size_t ranked) noexcept nogil:
    """The fits of a check, and with NAMES_CHECKED those besides who have an alert. OK or FAILED."""
    cdef NameQuery* query = call.name_query
    cdef NameFound* found
    cdef NameFound item
    cdef int32_t alerts = alert_evidence(query)
    cdef bint dated = _dated(&call.question), near = call.name_question.years == YEARS_NEAR
    cdef size_t i, n = 0, unsure
    for i in range(query.n_found):
        found = &query.found[i]
        if _fits_check(call, found, alerts, dated) and not (near and found.flags & FOUND_FAR):
            item = query.found[n]
            query.found[n] = found[0]
            found[0] = item
            n += 1
    unsure = query.n_found - n
    rank_range(query.found, n, ranked)
    for i in range(n):
        found = &query.found[i]
        if _add_fit(call, found, found.evidence < alerts and not _is_meant(call, found)) < 0:
            return FAILED
    if kind != NAMES_CHECKED:
        return OK
    rank_range(query.found + n, unsure, UNSURE_MOST)
    for i in range(n, n + min(unsure, <size_t>UNSURE_MOST)):
        if query.found[i].evidence >= query.enough and _add_alerted(call, &query.found[i]) < 0:
            return FAILED
    return OK


cdef int _look_widely(Call* call, const char* field) noexcept nogil:
    """Looks for less likely ones, too, unless they are too many. OK or FAILED."""
    call.name_question.filling = True
    if _look(call, False, field) == OK:
        return OK
    if call.put_off or call.failure.reason != ERROR_REASON_QUERY_TOO_BROAD:
        return FAILED
    failure_init(call.failure)
    call.name_question.filling = False
    return _look(call, True, field)


cdef int _fill_page(Call* call, const char* field) noexcept nogil:
    """Adds holders of a rare asked word if fewer persons are found than a page shows. OK or FAILED."""
    cdef NameQuery* query = call.name_query
    cdef size_t first = query.n_found, page = call.question.page_size
    cdef int32_t slack = 0
    cdef int status
    if first >= page:
        return OK
    if _parents_asked(call):     # what they tell is found out last
        slack = parents_evidence(AGREEMENT_AGREES) - parents_evidence(AGREEMENT_DISAGREES)
    status = look_at_holders(query, page, slack)
    if status == 0 and call.store.levels != NULL:
        status = holders_in_levels(call, first, page, slack)
    if status or not _parents_asked(call):
        return _told(call, status, field)
    return _add_parents(call, first, EVERYBODY, field)


cdef int _take_searched(Call* call, size_t ranked) noexcept nogil:
    """Takes those that agree or have enough score; fills up a page with the likeliest others. OK or FAILED."""
    cdef NameQuery* query = call.name_query
    cdef NameFound item
    cdef int32_t enough = evidence_for(POSSIBLE_SCORE, query.prior)
    cdef size_t i, n = 0, page = call.question.page_size
    for i in range(query.n_found):
        if query.found[i].evidence >= enough or _agrees(&query.found[i]):
            item = query.found[n]
            query.found[n] = query.found[i]
            query.found[i] = item
            n += 1
    if n < page:
        rank_range(query.found + n, query.n_found - n, page - n)
        n = min(query.n_found, page)
    query.n_found = n
    rank_found(query, ranked)
    for i in range(n):
        if _add_fit(call, &query.found[i], query.found[i].evidence < enough) < 0:
            return FAILED
    return OK


cdef int find_by_name(Call* call, int kind, size_t ranked, const char* field) noexcept nogil:
    if call.asked_name.shape.count == 0 or call.store.names.n_ordinals == 0:
        return OK            # no name, or no persons
    _read_question(call, kind, &call.name_question)
    call.name_query.quick = call.quick
    if kind == NAMES_SEARCHED:
        return _take_searched(call, ranked) if _look_widely(call, field) == OK and _fill_page(call, field) == OK else FAILED
    if _look(call, False, field) < 0:
        return FAILED
    if kind == NAMES_CLEARED and _dated(&call.question) and _look_at_all_years(call, field) < 0:
        return FAILED
    return _take_checked(call, kind, ranked)


cdef int64_t certain_fit(const Call* call, size_t start) noexcept nogil:
    cdef size_t i
    cdef int64_t chosen = -1
    for i in range(start, call.fits.count):
        if call.fits.items[i].dead_alike:
            return -1
        if call.fits.items[i].meant:
            if chosen >= 0:
                return -1
            chosen = <int64_t>i
    return chosen if chosen >= 0 and call.fits.items[chosen].certain else -1


cdef void drop_unlike(Call* call, size_t start, bint by_parents) noexcept nogil:
    cdef size_t i, kept = start
    cdef const Fit* fit
    for i in range(start, call.fits.count):
        fit = &call.fits.items[i]
        if not (fit.unsure or fit.contradicted or (by_parents and fit.parents == AGREEMENT_DISAGREES)):
            call.fits.items[kept] = fit[0]
            kept += 1
    call.fits.count = kept


cdef double _left(const uint32_t* counts, int n) noexcept nogil:
    """Persons that would be left, on average, once the thing is known: counts[0] of them have it unknown."""
    cdef double known = 0, squares = 0
    cdef int i
    for i in range(1, n):
        known += counts[i]
        squares += <double>counts[i] * counts[i]
    if known == 0:
        return counts[0]
    return squares / known + counts[0]


cdef const char* narrowing_field_name(int field) noexcept nogil:
    if field == NARROW_BY_NAMES:
        return "names"
    if field == NARROW_BY_BIRTH_DATE:
        return "birth_date"
    if field == NARROW_BY_DEPARTMENT:
        return "department"
    return "sex" if field == NARROW_BY_SEX else ""


cdef int narrowing_field(const Call* call) noexcept nogil:
    cdef const Question* question = &call.question
    cdef const NameQuery* query = call.name_query
    cdef uint32_t years[YEARS_COUNTED]
    cdef uint32_t departments[32]
    cdef uint32_t sexes[4]
    cdef int best = NARROW_BY_NAMES
    cdef double least, left
    cdef size_t i
    cdef int year
    if query.candidates <= BROAD and query.n_found <= BROAD:
        return NARROW_BY_NOTHING
    memset(years, 0, sizeof(years))
    memset(departments, 0, sizeof(departments))
    memset(sexes, 0, sizeof(sexes))
    for i in range(query.n_found):
        year = query.found[i].year
        years[min(max(year - 1700, 1), <int>YEARS_COUNTED - 1) if year else 0] += 1
        departments[query.found[i].department & 31] += 1
        sexes[query.found[i].sex_on_file & 3] += 1
    least = <double>query.n_found
    if not _years_asked(question):
        left = _left(years, YEARS_COUNTED)
        if left < least or query.n_found == 0:
            least = left
            best = NARROW_BY_BIRTH_DATE
    if question.department == 0 and question.municipality == 0 and question.method == METHOD_SEARCH_PERSONS:
        left = _left(departments, 32)
        if left < least:
            least = left
            best = NARROW_BY_DEPARTMENT
    if question.sex == SEX_UNSPECIFIED:
        left = _left(sexes, 4)
        if left < least:
            best = NARROW_BY_SEX
    return best


cdef int matched_claim(Call* call, const Dossier* dossier, int32_t names_evidence) noexcept nogil:
    cdef const ClaimEntry* claim
    cdef ReadName held
    cdef KindMatrix kinds
    cdef NamePairing pairing
    cdef uint32_t i, id
    cdef int best = -1, j
    cdef int32_t evidence = 0
    for i in range(dossier.header.n_claims):
        claim = &dossier.claims[i]
        if claim.name_text_length == 0 or not call_shows(call, claim.section, claim.sensitivity):
            continue
        read_name(<const char*>dossier.bytes + claim.name_text_offset, claim.name_text_length, NULL, &held.shape, held.forms)
        for j in range(held.shape.count):
            id = token_find(&call.store.names, held.forms[j].letters, held.forms[j].length)
            held.shape.tokens[j].bits = call.store.names.briefs[id].bits if id else BITS_UNKNOWN
        fill_kinds(&call.name_question.shape, call.name_question.forms, &held.shape, held.forms, &kinds)
        pair_names(&call.name_question.shape, &held.shape, &kinds, &pairing, NULL)
        if best < 0 or pairing.evidence > evidence:
            best = <int>i
            evidence = pairing.evidence
            if evidence >= names_evidence:
                break            # no other visible name gives more
    return best


cdef double score_of(const Call* call, int evidence) noexcept nogil:
    return match_probability(evidence, call.name_query.prior)
