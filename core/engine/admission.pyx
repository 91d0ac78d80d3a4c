"""Charges a call to its caller's account, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint16_t, uint64_t, uint8_t
from libc.string cimport memcpy, memset

from core.access.caller cimport caller_enter
from core.access.audience cimport audience_shown
from core.access.enumeration cimport RowAsked
from core.access.limits cimport Asking, limits_now, limits_take, limits_take_rows, limits_watch, limits_watch_rows
from core.access.neighbours cimport ASKED_NAME
from core.access.session cimport CLEAR_METHOD, caller_flags
from core.access.shown_persons cimport ASKS_IDENTIFIER, ASKS_LIST, ASKS_NOBODY, PERSONS_MAX, ShownPerson
from core.audit.log cimport AuditFacts, audit_append
from core.audit.record cimport AGAIN_SUPERSEDED, AUDIT_FLAG_CHOSEN_BY_NAME, AUDIT_FLAG_DOCUMENT_COMPARED, AskerText
from core.call.question cimport METHOD_CHECK_VEHICLE, METHOD_GET_GENERATION, METHOD_LIST_REGISTERS, METHOD_SEARCH_VEHICLES
from core.contract.check_service cimport SUBJECT_FOUND_CHOSEN_BY_NAME, SUBJECT_FOUND_DOCUMENT_COMPARED
from core.contract.error cimport ERROR_REASON_AUDIT_UNAVAILABLE
from core.engine.discreet cimport note_discreet_looks
from core.failure cimport FAILED, OK, fail
from core.generation.dossier cimport ENTITY_ORGANISATION, ENTITY_UNIDENTIFIED
from core.generation.store cimport store_sequence
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT, KEY_ENGINE, KEY_LICENCE, KEY_NIT, KEY_PLATE, KEY_SUBJECT, KEY_VIN,
)
from core.machine.xxhash cimport XXH3_64bits
from core.subject.shown cimport SHOWN_CANDIDATE, SHOWN_SUGGESTED, ShownEntry, shown_count, shown_entries


cdef extern from *:
    """
    #include <time.h>
    static inline long long ronda_monotonic_ns(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    """
    long long ronda_monotonic_ns() noexcept nogil


# Bytes of a refused request that its record keeps, sealed, as server/calls/refused.py: what asks wrongly costs no allowance,
# and must not cost the audit's disk either.
cdef enum:
    REFUSED_BYTES = 4096


cdef void account_init(Account* account, const Session* session, void* audit, int method, int64_t clock_ms,
                       const Question* question) noexcept nogil:
    account.session = session
    account.audit = audit
    account.given = NULL
    account.verdict.limit = ""
    account.verdict.retry_after_ms = 0
    account.verdict.flags = 0
    account.started_ns = ronda_monotonic_ns() if audit != NULL or session != NULL and session.limits != NULL else 0
    account.clock_ms = clock_ms
    account.rows = 0
    account.standard = 0
    account.method = method
    account.question = question


cdef int _enter(Account* account, Failure* failure) noexcept nogil:
    return caller_enter(account.session, account.question.purpose, account.method,
                        account.question.case_number.size > 0, account.question.reason.size > 0, account.clock_ms,
                        &account.given, failure)


cdef int account_enter(Account* account, const void* request, size_t size, Failure* failure) noexcept nogil:
    cdef int status
    if account.session == NULL:
        return OK
    status = _enter(account, failure)
    if status != OK:
        return status
    return limits_take(account.session, account.given, account.method, account.question.request_id.data,
                       account.question.request_id.size, request, size, account.clock_ms,
                       limits_now(account.session, account.started_ns), &account.verdict, failure)


cdef int account_enter_again(Account* account, uint16_t flags, Failure* failure) noexcept nogil:
    account.verdict.flags = flags
    return OK if account.session == NULL else _enter(account, failure)


cdef int account_enter_rows(Account* account, uint32_t rows, const void* batch, size_t size,
                            Failure* failure) noexcept nogil:
    cdef int status
    account.rows = rows
    if account.session == NULL:
        return OK
    status = _enter(account, failure)
    if status != OK:
        return status
    return limits_take_rows(account.session, account.given, rows, account.question.request_id.data,
                            account.question.request_id.size, batch, size, account.clock_ms,
                            limits_now(account.session, account.started_ns), &account.verdict, failure)


cdef void _state(const Account* account, AuditFacts* facts, const void* request, size_t size) noexcept nogil:
    memset(facts, 0, sizeof(AuditFacts))
    facts.clock_ms = account.clock_ms
    facts.latency_us = <uint32_t>((ronda_monotonic_ns() - account.started_ns) // 1000)
    facts.method = <uint8_t>account.method
    facts.purpose = <uint8_t>account.question.purpose
    facts.flags = account.verdict.flags
    if account.question.subject_found == SUBJECT_FOUND_CHOSEN_BY_NAME:
        facts.flags |= AUDIT_FLAG_CHOSEN_BY_NAME
    elif account.question.subject_found == SUBJECT_FOUND_DOCUMENT_COMPARED:
        facts.flags |= AUDIT_FLAG_DOCUMENT_COMPARED
    if account.session != NULL:
        facts.flags |= caller_flags(account.session, account.given)
        facts.identity = account.session.identity
        facts.identity_size = account.session.identity_size
    facts.case_number = account.question.case_number.data
    facts.case_number_size = account.question.case_number.size
    facts.request_id = account.question.request_id.data
    facts.request_id_size = account.question.request_id.size
    facts.asked = request
    facts.asked_size = size


cdef int _asks(const Account* account, const Call* call) noexcept nogil:
    """Returns ASKS_*: by an identifier of one person, for one vehicle with its owners, or by facts that many may fit.
    """
    cdef int kind = call.asked_key[0] if call.asked_key_size else ASKED_NAME
    if kind == KEY_PLATE or kind == KEY_VIN or kind == KEY_ENGINE or kind == KEY_SUBJECT:
        return ASKS_NOBODY
    if kind == KEY_CUI or kind == KEY_NIT or kind == KEY_CEDULA or kind == KEY_DOCUMENT or kind == KEY_LICENCE:
        return ASKS_IDENTIFIER
    return ASKS_LIST


cdef inline bint _is_listed(const Call* call, const ShownEntry* entry) noexcept nogil:
    """Returns whether a subject stands in a list although the question had an identifier of another."""
    if entry.how == SHOWN_CANDIDATE:
        return 0 < entry.row <= call.n_candidates and call.candidates[entry.row - 1].by_name
    return entry.how == SHOWN_SUGGESTED


cdef int _count_persons(Account* account, Call* call, uint64_t now) noexcept nogil:
    """Counts the persons that the answer shows, each once, before it leaves. Organisations and vehicles are not
    counted."""
    cdef ShownPerson persons[PERSONS_MAX]
    cdef const ShownEntry* entries = shown_entries(call)
    cdef int asks = _asks(account, call)
    cdef uint64_t subject
    cdef size_t n = 0, i, k
    for i in range(shown_count(call)):
        if entries[i].kind > ENTITY_UNIDENTIFIED or entries[i].kind == ENTITY_ORGANISATION:
            continue
        subject = XXH3_64bits(entries[i].subject_id, sizeof(entries[i].subject_id))
        for k in range(n):
            if persons[k].subject == subject:
                break
        else:
            if n == PERSONS_MAX:
                break
            persons[n].subject = subject
            persons[n].listed = asks == ASKS_LIST or _is_listed(call, &entries[i])
            n += 1
    if n == 0 and (account.method == METHOD_SEARCH_VEHICLES or account.method == METHOD_CHECK_VEHICLE):
        asks = ASKS_NOBODY
    return audience_shown(account.session, account.given, persons, n, asks, True, now, &account.verdict, call.failure)


cdef int account_watch(Account* account, Call* call) noexcept nogil:
    cdef Asking asking
    cdef uint64_t now
    if account.session == NULL:
        return OK
    now = limits_now(account.session, account.started_ns)
    if account.method == CLEAR_METHOD:
        return limits_watch_rows(account.session, account.given, <const RowAsked*>call.asked_rows.data,
                                 call.asked_rows.size // sizeof(RowAsked), now, &account.verdict, call.failure)
    if account.method == METHOD_LIST_REGISTERS or account.method == METHOD_GET_GENERATION:
        return OK
    asking.key = call.asked_key
    asking.key_size = call.asked_key_size
    asking.also = call.also_asked
    asking.n_also = call.n_also_asked
    asking.found = call.found
    if limits_watch(account.session, account.given, &asking, account.question.request_id.data,
                    account.question.request_id.size, now, &account.verdict, call.failure) < 0:
        return FAILED
    return _count_persons(account, call, now)


cdef int account_close(Account* account, Call* call, const void* request, size_t size) noexcept nogil:
    cdef AuditFacts facts
    cdef AskerText asker
    if account.audit == NULL:
        return OK
    _state(account, &facts, request, size)
    facts.generation = call.store.generation_id
    facts.generation_size = call.store.generation_id_length
    facts.overlay_sequence = store_sequence(call.store)
    facts.asked_key = call.asked_key
    facts.asked_key_size = call.asked_key_size
    memcpy(facts.answer_id, call.answer_id, 16)
    facts.rows = <uint16_t>account.rows  # at most BATCH_ROWS, for it was answered
    memcpy(asker.masks, call.grant.masks, sizeof(asker.masks))
    asker.device = call.device
    asker.officer = call.officer
    asker.page_mark = call.page_mark
    facts.asker = &asker
    facts.asker_size = sizeof(asker)
    if call.store.levels != NULL:
        facts.fed = call.store.levels.fed
        facts.fed_size = call.store.levels.fed_size
    facts.response = call.out.data
    facts.response_size = call.out.size
    facts.standard = account.standard
    facts.again_flags = call.again | (AGAIN_SUPERSEDED if call.superseded else 0)
    if audit_append(account.audit, &facts, shown_entries(call), shown_count(call)) < 0:
        return fail(call.failure, ERROR_REASON_AUDIT_UNAVAILABLE, "", "")
    note_discreet_looks(call, &facts)
    return OK


cdef int account_refuse(Account* account, const Store* store, const void* request, size_t size, Failure* failure) noexcept nogil:
    cdef AuditFacts facts
    if account.audit == NULL:
        return OK
    _state(account, &facts, request, size if size < REFUSED_BYTES else REFUSED_BYTES)
    facts.status = <uint16_t>failure.reason
    facts.generation = store.generation_id
    facts.generation_size = store.generation_id_length
    facts.overlay_sequence = store_sequence(store)
    if audit_append(account.audit, &facts, NULL, 0) < 0:
        return fail(failure, ERROR_REASON_AUDIT_UNAVAILABLE, "", "")
    return OK
