"""Alerts of a dossier, their levels and their bytes, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t
from libc.string cimport memcmp, strlen

from core.access.grant cimport grant_masks_lists
from core.audit.record cimport AGAIN_CONFIRMED
from core.calendar cimport NO_DAY, CivilDate, age_in_years, date_from_day, day_in_guatemala
from core.call.answer_id cimport hexadecimal
from core.call.confirmations cimport Confirmed, confirmed_hit
from core.call.memory cimport SHOWN_MAX, Hit, Presented, call_shows, hits_add
from core.call.notes cimport (
    NOTE_AUTHORITY_WITHDRAWN, NOTE_CLOSED_CANCELLED, NOTE_CLOSED_ELSEWHERE, NOTE_CLOSED_EXECUTED,
    NOTE_CLOSED_EXPIRED, NOTE_CLOSED_LAPSED, NOTE_CLOSED_NOT_YET, NOTE_CLOSED_SUSPENDED, NOTE_CLOSING_DOUBTED,
    NOTE_DOCUMENT_REPORTED, NOTE_DPI_REPORTED, NOTE_IDENTITY_MISUSED, NOTE_NAME_NOT_ON_FILE, NOTE_NOT_LISTED,
    NOTE_OLD_ORDER, NOTE_RESTRAINED_WITH_WHOM, NOTE_SIMILAR_NAME_ALERT, NOTE_TRAVEL_BAN_INLAND, dated_name_text,
    note_code, note_text,
)
from core.contract.alert cimport *
from core.contract.alert_fields cimport (
    F_HitSubject_kind, F_HitSubject_ordinal, F_HitSubject_subject_id, F_Hit_action, F_Hit_level, F_Hit_notes,
    F_Hit_offence, F_Hit_source_as_of, F_Hit_source_state, F_Hit_subject,
)
from core.contract.check_service_fields cimport F_Answer_hits, F_Answer_hits_total
from core.contract.context cimport (
    PURPOSE_AUDIT, PURPOSE_BORDER, PURPOSE_CLEARANCE, PURPOSE_STATISTICS, PURPOSE_TRAFFIC_STOP, PURPOSE_UNSPECIFIED,
)
from core.contract.level cimport LEVEL_CLEAR, LEVEL_HIT, LEVEL_POSSIBLE, LEVEL_UNSPECIFIED
from core.contract.register cimport REGISTER_STATE_FRESH
from core.contract.section cimport SECTION_PRISON, SECTION_WARRANT, SENSITIVITY_MINOR, SENSITIVITY_OPEN
from core.contract.value_fields cimport F_CodedText_code, F_CodedText_text
from core.generation.dossier cimport (
    ALERT_ARMED, ALERT_AUTHORITY_WITHDRAWN, ALERT_LISTED_BY_AUTHORITY, ALERT_MISUSE, ENTITY_PERSON, ENTITY_UNIDENTIFIED,
    FLAG_CROWDED, FLAG_ONE_BEARER, NO_REGISTER, IdentifierEntry,
)
from core.generation.store cimport MAX_REGISTERS, Register
from core.generation.view cimport Dossier, alert_in_force, closing_is_doubtful, holds_surely
from core.identifiers.kinds cimport KEY_DOCUMENT, KEY_LICENCE
from core.subject.shown cimport shown_hit
from core.subject.two_bearers cimport names_asked_bearer
from core.wire cimport (
    Field, Reader, begin_message, end_message, put_bytes, put_int_if, put_raw, put_uint, put_uint_if, read_field,
    reader_init,
)

cdef enum:
    # Alert sections whose OPEN records name_only_alerts may count: 5 to 11, OTHER_RECORD, DAMAGED_RECORD; and IDENTITY.
    NAME_ONLY_SECTIONS = (1 << 1) | (0x7F << 5) | (1 << 23) | (1 << 24)
    OF_AGE = 18                  # years (Decreto 27-2003, article 2)
    OLD_DAYS = 7305              # twenty years

cdef extern from *:
    """
    static const char ronda_adolescents_action[] = "BRING_TO_JUDGE";
    static const char ronda_adolescents_text[] = "Orden de juzgado de adolescentes: conducir ante juez";
    """
    const char* adolescents_action "ronda_adolescents_action"
    const char* adolescents_text "ronda_adolescents_text"


cdef uint8_t _unlisted_by(const Call* call, const AlertEntry* alert) noexcept nogil:
    """The fresh authority that does not list the alert, or NO_REGISTER."""
    if alert.authority >= MAX_REGISTERS or alert.flags & ALERT_LISTED_BY_AUTHORITY:
        return NO_REGISTER
    if alert.authority >= call.store.n_registers or call.states.state[alert.authority] != REGISTER_STATE_FRESH:
        return NO_REGISTER
    return alert.authority


cdef bint of_age(const Call* call, const DossierHeader* header) noexcept nogil:
    return (header.birth_year != 0
            and age_in_years(header.birth_year, header.birth_month or 1, header.birth_mday or 1, call.today) >= OF_AGE)


cdef bint may_be_a_child(const Call* call, const DossierHeader* header) noexcept nogil:
    return (header.kind == ENTITY_PERSON or header.kind == ENTITY_UNIDENTIFIED) and not of_age(call, header)


cdef bint _is_of_a_minor(const Call* call, const AlertEntry* alert) noexcept nogil:
    return (alert.sensitivity == SENSITIVITY_MINOR and (alert.kind == ALERT_KIND_WARRANT or alert.kind == ALERT_KIND_ESCAPE)
            and alert_in_force(alert, call.today))


cdef bint adolescents_order(const Call* call, const DossierHeader* header, const AlertEntry* alert) noexcept nogil:
    return _is_of_a_minor(call, alert) and not of_age(call, header)


cdef inline bint _is_to_act(const Call* call) noexcept nogil:
    return (call.question.purpose != PURPOSE_CLEARANCE and call.question.purpose != PURPOSE_AUDIT
            and call.question.purpose != PURPOSE_STATISTICS)


cdef bint sees_adolescents(const Call* call) noexcept nogil:
    return call_shows(call, SECTION_WARRANT, SENSITIVITY_MINOR) and call_shows(call, SECTION_PRISON, SENSITIVITY_MINOR)


cdef inline bint _shows_of_adolescents(const Call* call, uint8_t section) noexcept nogil:
    return call_shows(call, section, SENSITIVITY_MINOR) or (_is_to_act(call) and call_shows(call, section, SENSITIVITY_OPEN))


cdef inline bint _sees_all_of_adolescents(const Call* call) noexcept nogil:
    return _shows_of_adolescents(call, SECTION_WARRANT) and _shows_of_adolescents(call, SECTION_PRISON)


cdef bint _adolescents_hidden(const Call* call, const DossierHeader* header) noexcept nogil:
    """Returns whether adolescents' orders are hidden, with or without any: level and note must not reveal one."""
    return not _sees_all_of_adolescents(call) and may_be_a_child(call, header)


cdef bint _child_withheld(const Call* call, const DossierHeader* header) noexcept nogil:
    """A child for certain, not asked about in order to act: nothing that accuses is shown."""
    return header.birth_year != 0 and not _is_to_act(call) and _adolescents_hidden(call, header)


cdef inline bint _cares(const AlertEntry* alert) noexcept nogil:
    """Returns whether the alert protects, or is about a document: it seeks nobody."""
    return (alert.kind == ALERT_KIND_MISSING_PERSON or alert.kind == ALERT_KIND_MISSING_CHILD
            or alert.kind == ALERT_KIND_DOCUMENT)


cdef bint name_only_alerts_shown(const Call* call, const DossierHeader* header) noexcept nogil:
    return (header.name_only_alerts >= 0 and not NAME_ONLY_SECTIONS & ~call.grant.masks[SENSITIVITY_OPEN]
            and not _child_withheld(call, header))


cdef bint _shown_without_offence(const Call* call, const DossierHeader* header, const AlertEntry* alert) noexcept nogil:
    return (_is_of_a_minor(call, alert) and call_shows(call, alert.section, SENSITIVITY_OPEN)
            and (_is_to_act(call) or of_age(call, header)))


cdef bint alert_shows(const Call* call, const DossierHeader* header, const AlertEntry* alert) noexcept nogil:
    return (call_shows(call, alert.section, alert.sensitivity) or _shown_without_offence(call, header, alert)) and (
        _cares(alert) or not _child_withheld(call, header))


cdef void _put_stored(Call* call, const Hit* hit) noexcept nogil:
    """Puts fields 1 to 13: the offence only with the right to see all of it; for an adolescent's order another action.
    """
    cdef Reader reader
    cdef Field field
    cdef const uint8_t* at = hit.stored
    cdef bint whole = call_shows(call, hit.section, hit.sensitivity)
    cdef size_t mark
    if whole and not hit.adolescents:
        put_raw(call.out, hit.stored, hit.length)
        return
    reader_init(&reader, hit.stored, hit.length)
    while read_field(&reader, &field) == 1:
        if field.number == F_Hit_action and hit.adolescents:
            mark = begin_message(call.out, F_Hit_action, 1)
            put_bytes(call.out, F_CodedText_code, adolescents_action, strlen(adolescents_action))
            put_bytes(call.out, F_CodedText_text, adolescents_text, strlen(adolescents_text))
            end_message(call.out, mark, 1)
        elif field.number != F_Hit_offence or whole:
            put_raw(call.out, at, reader.at - at)
        at = reader.at


cdef bint _is_old(const Call* call, const AlertEntry* alert) noexcept nogil:
    """An order issued more than twenty years ago: nobody clears them away."""
    if alert.issued_day == 0 or not (alert.kind == ALERT_KIND_WARRANT or alert.kind == ALERT_KIND_TRAVEL_BAN
                                     or alert.kind == ALERT_KIND_PROTECTION_ORDER or alert.kind == ALERT_KIND_ESCAPE):
        return False
    return call.today - (<int64_t>alert.issued_day - (<int64_t>1 << 31)) > OLD_DAYS


cdef uint32_t _closed_elsewhere(const Call* call, const AlertEntry* alert) noexcept nogil:
    """Returns another register's closing of the order, if it is later than the authority's as-of."""
    if alert.closed_elsewhere == 0 or alert.register >= call.store.n_registers:
        return 0
    if <int32_t>(alert.closed_elsewhere & 0xFFFF) <= day_in_guatemala(call.store.registers[alert.register].as_of_ms):
        return 0
    return alert.closed_elsewhere


cdef uint8_t _for_purpose(const Call* call, const AlertEntry* alert) noexcept nogil:
    """The note of a kind that is no reason to detain for the purpose asked for; 0 = it is, or none is stated."""
    cdef int purpose = call.question.purpose
    if alert.kind == ALERT_KIND_TRAVEL_BAN and purpose != PURPOSE_UNSPECIFIED and purpose != PURPOSE_BORDER:
        return NOTE_TRAVEL_BAN_INLAND
    if alert.kind == ALERT_KIND_PROTECTION_ORDER and purpose == PURPOSE_TRAFFIC_STOP:
        return NOTE_RESTRAINED_WITH_WHOM
    return 0


cdef uint8_t alert_level(const Call* call, const AlertEntry* alert, uint8_t link) noexcept nogil:
    return min(min(link, alert.link_level), _level_of_itself(call, alert))


cdef uint8_t _level_of_itself(const Call* call, const AlertEntry* alert) noexcept nogil:
    """The level of an alert whoever it means."""
    if (alert.kind == ALERT_KIND_DAMAGED_RECORD or _unlisted_by(call, alert) != NO_REGISTER or _is_old(call, alert)
            or alert.state != ALERT_STATE_PENDING or _closed_elsewhere(call, alert)
            or not holds_surely(alert.valid_from, alert.valid_to, alert.from_span, alert.to_span, call.today)):
        return LEVEL_POSSIBLE
    return LEVEL_HIT


cdef bint _is_presented(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil:
    """Returns whether the question gives the one number of its kind that is reported in this state of the subject."""
    cdef uint32_t i
    cdef int k
    cdef bint presented, other
    cdef const IdentifierEntry* entry
    cdef const Presented* number
    for k in range(call.n_presented):
        number = &call.presented[k]
        presented = other = False
        for i in range(dossier.header.n_identifiers):
            entry = &dossier.identifiers[i]
            if entry.kind != number.kind or entry.section != alert.section or entry.sensitivity != alert.sensitivity:
                continue
            if entry.length == number.length and memcmp(dossier.bytes + entry.offset, number.text, number.length) == 0:
                presented = True
            else:
                other = True
        if presented and not other:
            return True
    return False


cdef uint8_t _reported(const Call* call, const Dossier* dossier, const AlertEntry* alert) noexcept nogil:
    """The note of a document alert that is about the document and not about who is asked about; 0 = it is none."""
    cdef uint32_t i
    cdef const IdentifierEntry* entry
    if alert.kind != ALERT_KIND_DOCUMENT:
        return 0
    if alert.flags & ALERT_MISUSE:
        return NOTE_IDENTITY_MISUSED
    if _is_presented(call, dossier, alert):
        return 0
    for i in range(dossier.header.n_identifiers):
        entry = &dossier.identifiers[i]
        if ((entry.kind == KEY_DOCUMENT or entry.kind == KEY_LICENCE) and entry.section == alert.section
                and entry.sensitivity == alert.sensitivity):
            return NOTE_DOCUMENT_REPORTED
    return NOTE_DPI_REPORTED


cdef void sum_alerts(Call* call, const Dossier* dossier, uint8_t link, uint8_t subject_kind, int32_t ordinal,
                     AlertSum* total) noexcept nogil:
    cdef uint32_t i
    cdef const AlertEntry* alert
    cdef const Confirmed* confirmed = NULL
    cdef Hit hit
    total.level = LEVEL_UNSPECIFIED
    total.armed = total.misused = False
    total.in_force = 0
    total.crowded = dossier.header.flags & FLAG_CROWDED != 0 and name_only_alerts_shown(call, dossier.header)
    total.one_bearer = dossier.header.flags & FLAG_ONE_BEARER != 0 and name_only_alerts_shown(call, dossier.header)
    total.adolescents_hidden = _adolescents_hidden(call, dossier.header)
    for i in range(dossier.header.n_alerts):
        alert = &dossier.alerts[i]
        if not alert_in_force(alert, call.today) or not alert_shows(call, dossier.header, alert):
            continue
        hit.reported = _reported(call, dossier, alert)
        if alert.kind == ALERT_KIND_DOCUMENT and not hit.reported:  # what was shown is certain, whosever it is
            hit.level = _level_of_itself(call, alert)
        else:
            hit.level = alert_level(call, alert, link)
        hit.for_purpose = _for_purpose(call, alert)
        if hit.reported or hit.for_purpose or (call.two_bearers and not names_asked_bearer(call, dossier, alert)):
            hit.level = min(hit.level, <uint8_t>LEVEL_POSSIBLE)
        if call.confirmations != NULL:
            confirmed = confirmed_hit(call.confirmations, dossier.header.subject_id, dossier.bytes + alert.hit_offset,
                                      alert.hit_length)
            if confirmed != NULL:
                call.again |= AGAIN_CONFIRMED
                if confirmed.denied:
                    hit.level = min(hit.level, <uint8_t>LEVEL_POSSIBLE)
        total.level = max(total.level, hit.level)
        total.in_force += 1
        if alert.flags & ALERT_ARMED:
            total.armed = True
        if alert.kind == ALERT_KIND_DOCUMENT and alert.flags & ALERT_MISUSE:
            total.misused = True
        if subject_kind:
            hit.stored = dossier.bytes + alert.hit_offset
            hit.length = alert.hit_length
            hit.ordinal = ordinal
            hit.owner = dossier.header
            hit.section = alert.section
            hit.sensitivity = alert.sensitivity
            hit.adolescents = adolescents_order(call, dossier.header, alert)
            hit.closed_elsewhere = _closed_elsewhere(call, alert)
            hit.closing_doubted = closing_is_doubtful(alert, call.today)
            hit.old = _is_old(call, alert)
            hit.confirmed = confirmed
            hit.subject_kind = subject_kind
            hit.register = alert.register
            hit.unlisted_by = _unlisted_by(call, alert)
            hit.withdrawn = alert.authority if alert.flags & ALERT_AUTHORITY_WITHDRAWN else <uint8_t>NO_REGISTER
            hits_add(&call.hits, &hit)


cdef void put_note(Call* call, uint32_t number, int note) noexcept nogil:
    cdef size_t mark = begin_message(call.out, number, 1)
    cdef const char* text = note_text[note]
    if note == NOTE_NAME_NOT_ON_FILE and call.question.birth_year:
        text = dated_name_text
    put_bytes(call.out, F_CodedText_code, note_code[note], strlen(note_code[note]))
    put_bytes(call.out, F_CodedText_text, text, strlen(text))
    end_message(call.out, mark, 1)


cdef void put_dated_note(Call* call, uint32_t number, int note, int32_t day) noexcept nogil:
    cdef size_t mark = begin_message(call.out, number, 1), text
    cdef CivilDate date = date_from_day(day)
    put_bytes(call.out, F_CodedText_code, note_code[note], strlen(note_code[note]))
    text = begin_message(call.out, F_CodedText_text, 1)
    put_raw(call.out, note_text[note], strlen(note_text[note]))
    _put_day(call, date.day, date.month, date.year)
    end_message(call.out, text, 1)
    end_message(call.out, mark, 1)


cdef void put_similar_note(Call* call, uint32_t number) noexcept nogil:
    cdef size_t mark = begin_message(call.out, number, 1), text
    cdef const char* code = note_code[NOTE_SIMILAR_NAME_ALERT]
    cdef const char* rest = note_text[NOTE_SIMILAR_NAME_ALERT]
    cdef char digits[12]
    cdef int count = call.weak_alerted, at = 12
    put_bytes(call.out, F_CodedText_code, code, strlen(code))
    text = begin_message(call.out, F_CodedText_text, 1)
    while at > 0:
        at -= 1
        digits[at] = <char>(c"0" + count % 10)
        count //= 10
        if count == 0:
            break
    put_raw(call.out, b"hay ", 4)
    put_raw(call.out, digits + at, 12 - at)
    if call.weak_alerted == 1:
        put_raw(call.out, b" persona", 8)
    else:
        put_raw(call.out, b" personas", 9)
    put_raw(call.out, rest, strlen(rest))
    end_message(call.out, text, 1)
    end_message(call.out, mark, 1)


cdef void _put_day(Call* call, int day, int month, int year) noexcept nogil:
    """dd/mm/yyyy"""
    cdef char text[10]
    text[0] = <char>(c"0" + day // 10)
    text[1] = <char>(c"0" + day % 10)
    text[2] = c"/"
    text[3] = <char>(c"0" + month // 10)
    text[4] = <char>(c"0" + month % 10)
    text[5] = c"/"
    text[6] = <char>(c"0" + year // 1000 % 10)
    text[7] = <char>(c"0" + year // 100 % 10)
    text[8] = <char>(c"0" + year // 10 % 10)
    text[9] = <char>(c"0" + year % 10)
    put_raw(call.out, text, 10)


cdef void _put_filled_note(Call* call, int note, uint8_t register, const AlertEntry* alert) noexcept nogil:
    """A note that names a register or a day. `alert` is NULL for NOT_LISTED and AUTHORITY_WITHDRAWN."""
    cdef size_t mark = begin_message(call.out, F_Hit_notes, 1), text
    cdef CivilDate date
    cdef const Register* owner
    put_bytes(call.out, F_CodedText_code, note_code[note], strlen(note_code[note]))
    text = begin_message(call.out, F_CodedText_text, 1)
    if note != NOTE_AUTHORITY_WITHDRAWN:
        put_raw(call.out, note_text[note], strlen(note_text[note]))
    if note == NOTE_CLOSED_EXPIRED or note == NOTE_CLOSED_NOT_YET:
        date = date_from_day(alert.valid_to if note == NOTE_CLOSED_EXPIRED else alert.valid_from)
        _put_day(call, date.day, date.month, date.year)
    elif register < call.store.n_registers:
        owner = &call.store.registers[register]
        put_raw(call.out, owner.name, owner.name_length)
        if note == NOTE_AUTHORITY_WITHDRAWN:
            put_raw(call.out, note_text[note], strlen(note_text[note]))
        elif note == NOTE_NOT_LISTED:
            put_raw(call.out, b": confirme", 10)
        elif alert != NULL and alert.state_date % 100:  # a whole one
            put_raw(call.out, b" el ", 4)
            _put_day(call, alert.state_date % 100, alert.state_date // 100 % 100, alert.state_date // 10000)
    end_message(call.out, text, 1)
    end_message(call.out, mark, 1)


cdef void _put_closed_elsewhere(Call* call, uint32_t closed) noexcept nogil:
    """ "según SAPO ejecutada el dd/mm/yyyy: confirme" """
    cdef size_t mark = begin_message(call.out, F_Hit_notes, 1), text
    cdef CivilDate date = date_from_day(<int32_t>(closed & 0xFFFF))
    cdef uint8_t register = <uint8_t>(closed >> 19), state = closed >> 16 & 7
    cdef const char* word = b" ejecutada el " if state == ALERT_STATE_EXECUTED else b" cancelada el "
    if state == ALERT_STATE_SUSPENDED:
        word = b" suspendida el "
    elif state == ALERT_STATE_LAPSED:
        word = b" caducada el "
    put_bytes(call.out, F_CodedText_code, note_code[NOTE_CLOSED_ELSEWHERE], strlen(note_code[NOTE_CLOSED_ELSEWHERE]))
    text = begin_message(call.out, F_CodedText_text, 1)
    put_raw(call.out, note_text[NOTE_CLOSED_ELSEWHERE], strlen(note_text[NOTE_CLOSED_ELSEWHERE]))
    if register < call.store.n_registers:
        put_raw(call.out, call.store.registers[register].name, call.store.registers[register].name_length)
    put_raw(call.out, word, strlen(word))
    _put_day(call, date.day, date.month, date.year)
    put_raw(call.out, b": confirme", 10)
    end_message(call.out, text, 1)
    end_message(call.out, mark, 1)


cdef void _put_computed(Call* call, uint8_t level, uint8_t subject_kind, int32_t ordinal, const uint8_t* subject_id,
                        uint8_t register) noexcept nogil:
    """Fields 20 to 23 of a Hit."""
    cdef char text[32]
    cdef size_t mark
    put_uint_if(call.out, F_Hit_level, level)
    mark = begin_message(call.out, F_Hit_subject, 1)
    put_uint(call.out, F_HitSubject_kind, subject_kind)
    put_int_if(call.out, F_HitSubject_ordinal, ordinal)
    if subject_kind != HIT_SUBJECT_KIND_CANDIDATE or not grant_masks_lists(call.grant):
        hexadecimal(subject_id, 16, text)
        put_bytes(call.out, F_HitSubject_subject_id, text, 32)
    end_message(call.out, mark, 1)
    if register < call.store.n_registers:
        if call.store.registers[register].as_of_length:
            put_bytes(call.out, F_Hit_source_as_of, call.store.registers[register].as_of,
                      call.store.registers[register].as_of_length)
        put_uint(call.out, F_Hit_source_state, call.states.state[register])


cdef void put_hits(Call* call) noexcept nogil:
    cdef size_t i, mark
    cdef int sent = 0, level, most = max(1, min(call.list_limit, <int>SHOWN_MAX))
    cdef const Hit* hit
    for level in range(LEVEL_HIT, LEVEL_CLEAR, -1):
        for i in range(call.hits.count):
            hit = &call.hits.items[i]
            if hit.level != level or sent == most:
                continue
            sent += 1
            mark = begin_message(call.out, F_Answer_hits, 2)
            _put_stored(call, hit)
            shown_hit(call, hit)
            _put_computed(call, hit.level, hit.subject_kind, hit.ordinal, <const uint8_t*>hit.owner.subject_id,
                          hit.register)
            if hit.withdrawn != NO_REGISTER:
                _put_filled_note(call, NOTE_AUTHORITY_WITHDRAWN, hit.withdrawn, NULL)
            if hit.unlisted_by != NO_REGISTER:
                _put_filled_note(call, NOTE_NOT_LISTED, hit.unlisted_by, NULL)
            if hit.closed_elsewhere:
                _put_closed_elsewhere(call, hit.closed_elsewhere)
            if hit.reported:
                put_note(call, F_Hit_notes, hit.reported)
            if hit.closing_doubted:
                put_note(call, F_Hit_notes, NOTE_CLOSING_DOUBTED)
            if hit.old:
                put_note(call, F_Hit_notes, NOTE_OLD_ORDER)
            if hit.for_purpose:
                put_note(call, F_Hit_notes, hit.for_purpose)
            if hit.confirmed != NULL:
                put_raw(call.out, hit.confirmed.fields, hit.confirmed.fields_size)
            end_message(call.out, mark, 2)
    put_int_if(call.out, F_Answer_hits_total, <int>call.hits.count)


cdef int _closing_note(const AlertEntry* alert, int32_t today) noexcept nogil:
    if alert.state == ALERT_STATE_CANCELLED:
        return NOTE_CLOSED_CANCELLED
    if alert.state == ALERT_STATE_EXECUTED:
        return NOTE_CLOSED_EXECUTED
    if alert.state == ALERT_STATE_SUSPENDED:
        return NOTE_CLOSED_SUSPENDED
    if alert.state == ALERT_STATE_LAPSED:
        return NOTE_CLOSED_LAPSED
    if alert.state != ALERT_STATE_PENDING:
        return -1
    if alert.valid_from != NO_DAY and alert.valid_from > today:
        return NOTE_CLOSED_NOT_YET
    return NOTE_CLOSED_EXPIRED


cdef int put_closed_alerts(Call* call, const Dossier* dossier, uint32_t number, uint8_t subject_kind,
                           int32_t ordinal, int most, Left* left) noexcept nogil:
    cdef uint32_t i
    cdef int sent = 0, note
    cdef size_t mark
    cdef const AlertEntry* alert
    for i in range(dossier.header.n_alerts):
        alert = &dossier.alerts[i]
        if sent >= most:
            break
        if alert_in_force(alert, call.today) or not alert_shows(call, dossier.header, alert):
            continue
        sent += 1
        left_add(left, alert.section, alert.sensitivity)
        mark = begin_message(call.out, number, 2)
        put_raw(call.out, dossier.bytes + alert.hit_offset, alert.hit_length)
        _put_computed(call, LEVEL_UNSPECIFIED, subject_kind, ordinal, dossier.header.subject_id, alert.register)
        note = _closing_note(alert, call.today)
        if note >= 0:
            _put_filled_note(call, note, alert.register, alert)
        end_message(call.out, mark, 2)
    return sent
