"""Compares the question with a dossier's identifiers, without the GIL. Nothing here is for Python."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcmp, memcpy, memset

from core.call.memory cimport call_damaged, call_shows
from core.contract.level cimport *
from core.contract.section cimport SECTION_TELEPHONE
from core.generation.dossier cimport IDENTIFIER_IDENTIFIED, IdentifierEntry
from core.generation.levels cimport sort_numbers
from core.generation.store cimport IDENTIFIES_FOREIGN_DOCUMENT, dossier_identifier, store_lookup
from core.identifiers.canonical cimport cui_digits_into, parse_plate, plate_text_into
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_ENGINE_TAIL, KEY_LICENCE,
    KEY_NIT, KEY_PLATE, KEY_TELEPHONE, KEY_VIN,
)
from core.identifiers.rules cimport RULE_OK, Plate
from core.identifiers.slips cimport miscounted_cui_into
from core.subject.records cimport kept_sections


cdef enum:
    CUI_LENGTH = 13


cdef void _describe(AskedIdentifier* asked) noexcept nogil:
    """Sets an identifier's weight by its kind and text."""
    asked.link = LEVEL_POSSIBLE
    asked.identifies = 0
    asked.national = asked.certain = asked.foreign = asked.is_cui = asked.impossible = False
    if asked.lookup == KEY_CUI or asked.lookup == KEY_NIT or asked.lookup == KEY_LICENCE:
        asked.link = LEVEL_HIT
        asked.national = asked.certain = True
        asked.identifies = 1 << asked.lookup
        asked.is_cui = asked.lookup == KEY_NIT and asked.length == CUI_LENGTH
        if asked.is_cui:
            asked.identifies |= 1 << KEY_CUI
        asked.criterion = (CRITERION_CUI if asked.lookup == KEY_CUI else CRITERION_NIT if asked.lookup == KEY_NIT
                           else CRITERION_LICENCE)
    elif asked.lookup == KEY_CEDULA:
        asked.national = asked.certain = True
        asked.identifies = 1 << KEY_CEDULA
        asked.criterion = CRITERION_CEDULA
    elif asked.lookup == KEY_DOCUMENT:
        asked.link = LEVEL_HIT
        asked.certain = True
        asked.national = memcmp(asked.text, b"GTM:", 4) == 0
        asked.foreign = not asked.national
        asked.identifies = 1 << KEY_DOCUMENT if asked.national else IDENTIFIES_FOREIGN_DOCUMENT
        asked.criterion = CRITERION_DOCUMENT
    elif asked.lookup == KEY_DOCUMENT_NUMBER:
        asked.kind = KEY_DOCUMENT
        asked.foreign = True
        asked.criterion = CRITERION_DOCUMENT_WITHOUT_COUNTRY
    elif asked.lookup == KEY_TELEPHONE:
        asked.criterion = CRITERION_TELEPHONE
    elif asked.lookup == KEY_VIN:
        asked.link = LEVEL_HIT
        asked.certain = asked.national = True
        asked.identifies = 1 << KEY_VIN
        asked.criterion = CRITERION_VIN
    elif asked.lookup == KEY_CHASSIS_TAIL:
        asked.kind = KEY_VIN
        asked.criterion = CRITERION_CHASSIS_TAIL
    elif asked.lookup == KEY_ENGINE or asked.lookup == KEY_ENGINE_TAIL:
        asked.kind = KEY_ENGINE
        asked.criterion = CRITERION_ENGINE


cdef void asked_from_canonical(AskedIdentifier* asked, const Canonical* canonical) noexcept nogil:
    memset(asked, 0, sizeof(AskedIdentifier))
    asked.kind = asked.lookup = canonical.kind
    asked.length = asked.shown_length = canonical.length
    memcpy(asked.text, canonical.text, canonical.length)
    memcpy(asked.shown, canonical.text, canonical.length)
    _describe(asked)


cdef bint asked_from_impossible_cui(AskedIdentifier* asked, const char* text, size_t n) noexcept nogil:
    cdef Canonical canonical
    cdef bint valid, otherwise
    if cui_digits_into(text, n, canonical.text, &valid, &otherwise):
        canonical.length = CUI_LENGTH
    else:
        valid = False
        canonical.length = <uint8_t>miscounted_cui_into(text, n, canonical.text)
        if canonical.length == 0:
            return False
    canonical.kind = KEY_CUI
    asked_from_canonical(asked, &canonical)
    asked.impossible = not valid
    return True


cdef int asked_from_plate(AskedIdentifier* asked, const char* text, size_t n, const char* country,
                          size_t country_n) noexcept nogil:
    cdef Plate plate
    cdef int rule
    cdef size_t i
    memset(asked, 0, sizeof(AskedIdentifier))
    rule = parse_plate(text, n, country, country_n, &plate)
    if rule != RULE_OK:
        return rule
    asked.kind = asked.lookup = KEY_PLATE
    memcpy(asked.text, b"GTM:", 4)
    for i in range(min(country_n, <size_t>3)):
        asked.text[i] = country[i] - 32 if c"a" <= country[i] <= c"z" else country[i]
    memcpy(asked.text + 4, plate.number, plate.number_length)
    asked.length = 4 + plate.number_length
    memcpy(asked.type, plate.type, plate.type_length)
    asked.shown_length = plate_text_into(&plate, asked.shown)
    asked.foreign = memcmp(asked.text, b"GTM:", 4) != 0
    asked.certain = plate.type_length > 0 or asked.foreign  # abroad a number has no type beside it
    asked.national = asked.certain and not asked.foreign
    asked.link = LEVEL_HIT if asked.certain else LEVEL_POSSIBLE
    asked.criterion = CRITERION_PLATE if asked.certain else CRITERION_PLATE_UNTYPED
    asked.identifies = 1 << KEY_PLATE
    return RULE_OK


cdef bint _held(const Call* call, const Dossier* dossier, uint8_t kind, const AskedIdentifier* asked,
                bint* identified) noexcept nogil:
    cdef int at = dossier_identifier(dossier.bytes, kind, asked.text, asked.length, 0)
    cdef bint held = False
    cdef const IdentifierEntry* entry
    while at >= 0:
        entry = &dossier.identifiers[at]
        if call_shows(call, entry.section, entry.sensitivity):
            held = True
            if entry.flags & IDENTIFIER_IDENTIFIED:
                identified[0] = True
                return True
        at = dossier_identifier(dossier.bytes, kind, asked.text, asked.length, at + 1)
    return held


cdef bint asked_held(const Call* call, const Dossier* dossier, const AskedIdentifier* asked, bint* identified) noexcept nogil:
    cdef bint held
    identified[0] = False
    if asked.lookup == KEY_TELEPHONE and (kept_sections(call, dossier, True) >> SECTION_TELEPHONE) & 1:
        return False    # trying numbers must not reveal the person's
    held = _held(call, dossier, asked.lookup, asked, identified)
    if asked.is_cui and not identified[0]:
        held = _held(call, dossier, KEY_CUI, asked, identified) or held
    elif asked.lookup == KEY_ENGINE and not identified[0] and 6 <= asked.length <= 8:
        held = _held(call, dossier, KEY_ENGINE_TAIL, asked, identified) or held
    return held


cdef bint another_held(const Call* call, const Dossier* dossier, const AskedIdentifier* asked) noexcept nogil:
    cdef uint32_t i
    cdef const IdentifierEntry* entry
    for i in range(dossier.header.n_identifiers):
        entry = &dossier.identifiers[i]
        if entry.kind != asked.kind:
            continue
        if not call_shows(call, entry.section, entry.sensitivity):
            continue
        if asked.lookup == KEY_DOCUMENT and (entry.length < 4 or memcmp(dossier.bytes + entry.offset, asked.text,
                                                                        4) != 0):
            continue
        return True
    return False


cdef int _merge(uint32_t* entities, int count, int64_t added) noexcept nogil:
    """Sorts two ascending runs into one without repeats: entities[:count] and the `added` that follow."""
    cdef int i, j, total = count + <int>added, kept = 0
    cdef uint32_t value
    for i in range(count, total):
        value = entities[i]
        j = i
        while j > 0 and entities[j - 1] > value:
            entities[j] = entities[j - 1]
            j -= 1
        entities[j] = value
    for i in range(total):
        if kept == 0 or entities[kept - 1] != entities[i]:
            entities[kept] = entities[i]
            kept += 1
    return kept


cdef int asked_lookup(Call* call, const AskedIdentifier* asked, uint32_t* entities) noexcept nogil:
    cdef int64_t found, more
    found = store_lookup(call.store, asked.lookup, asked.text, asked.length, entities, LOOKUP_MAX)
    if found < 0:
        return call_damaged(call, "keys.mdb", "cannot be read")
    found = min(found, <int64_t>LOOKUP_MAX)
    more = 0
    if asked.is_cui:
        more = store_lookup(call.store, KEY_CUI, asked.text, asked.length, entities + found, LOOKUP_MAX - found)
    elif asked.lookup == KEY_ENGINE and 6 <= asked.length <= 8:
        more = store_lookup(call.store, KEY_ENGINE_TAIL, asked.text, asked.length, entities + found, LOOKUP_MAX - found)
    if more < 0:
        return call_damaged(call, "keys.mdb", "cannot be read")
    if more == 0:
        return <int>found
    found = _merge(entities, <int>found, min(more, <int64_t>LOOKUP_MAX - found))
    if call.store.levels != NULL:
        sort_numbers(call.store.levels, entities, found)
    return <int>found
