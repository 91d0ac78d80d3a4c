"""Suggests identifiers that may have been meant, for one that finds nobody, without the GIL. Nothing here is for
Python."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memchr, memcmp, memcpy

from core.answer.outcome cimport SUGGESTED_LIMIT
from core.call.memory cimport call_damaged, call_dossier
from core.failure cimport FAILED, OK
from core.generation.dossier cimport ENTITY_PLATE, NO_ENTITY, IdentifierEntry
from core.generation.store cimport store_is_person, store_lookup
from core.generation.view cimport Dossier
from core.identifiers.canonical cimport plate_misreads_into, suggest_into
from core.identifiers.kinds cimport KEY_CUI, KEY_NIT, KEY_PLATE, KEY_VIN
from core.identifiers.rules cimport MISREADS_MAX, RULE_OK, SUGGESTIONS_MAX, Canonical
from core.identifiers.slips cimport miscounted_cui_into
from core.subject.asked cimport LOOKUP_MAX, asked_from_canonical, asked_from_plate, asked_held, asked_lookup
from core.subject.vehicle_comparison cimport is_bearing, plates_assigned


cdef enum:
    NUMBER = 6                   # characters of a Guatemalan plate without its type
    PLATES_OF_NUMBER = 64        # on file with one number, types and bearers: more are not looked at

cdef const char* _DIGITS = b"0123456789"
cdef const char* _LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


cdef int _find_holder(Call* call, const Canonical* text, uint32_t* holder) noexcept nogil:
    """The first who visibly holds it, or NO_ENTITY. OK or FAILED."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef AskedIdentifier item
    cdef bint identified
    cdef int i, n
    holder[0] = NO_ENTITY
    asked_from_canonical(&item, text)
    n = asked_lookup(call, &item, entities)
    if n < 0:
        return FAILED
    for i in range(n):
        if store_is_person(call.store, entities[i]) == (item.lookup == KEY_VIN):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        if asked_held(call, &dossier, &item, &identified):
            holder[0] = entities[i]
            return OK
    return OK


cdef int _suggest_slips(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil:
    cdef Canonical found[SUGGESTIONS_MAX]
    cdef uint32_t holders[SUGGESTIONS_MAX]
    cdef int i, turn, n = suggest_into(item.lookup, item.text, item.length, found)
    for i in range(n):
        if _find_holder(call, &found[i], &holders[i]) < 0:
            return FAILED
    for turn in range(1 + item.impossible):
        for i in range(n):
            if (holders[i] == NO_ENTITY) == (turn == 1) and outcome.n_suggestions < SUGGESTED_LIMIT:
                outcome.suggestions[outcome.n_suggestions] = found[i]
                outcome.suggested[outcome.n_suggestions] = holders[i]
                outcome.n_suggestions += 1
                outcome.n_on_file += turn == 0
    return OK


# ---- plates ----

cdef struct OnFile:              # a plate on file, "P-123BCD" or "123BCD"
    Canonical plate
    uint32_t entity


cdef bint _add_plate(const OnFile* found, Outcome* outcome) noexcept nogil:
    """False when the list is full."""
    cdef int i
    cdef const Canonical* one
    for i in range(outcome.n_suggestions):
        one = &outcome.suggestions[i]
        if one.length == found.plate.length and memcmp(one.text, found.plate.text, one.length) == 0:
            return True
    if outcome.n_suggestions == SUGGESTED_LIMIT:
        return False
    outcome.suggestions[outcome.n_suggestions] = found.plate
    outcome.suggested[outcome.n_suggestions] = found.entity
    outcome.n_suggestions += 1
    outcome.n_on_file += 1
    return True


cdef inline bint _before(const Canonical* a, const Canonical* b) noexcept nogil:
    cdef int order = memcmp(a.text, b.text, min(a.length, b.length))
    return order < 0 or (order == 0 and a.length < b.length)


cdef int _gather_plates(Call* call, const AskedIdentifier* item, const char* number, bint any_type, OnFile* found,
                        int* n_found) noexcept nogil:
    """Plates on file with this number, by text; unless `any_type`, of the asked type where both are known."""
    cdef uint32_t entities[LOOKUP_MAX]
    cdef Dossier dossier
    cdef const IdentifierEntry* entry
    cdef const char* text
    cdef const char* hyphen
    cdef OnFile one
    cdef char key[4 + NUMBER]
    cdef bint assigned
    cdef size_t kind
    cdef uint32_t k
    cdef int i, at
    cdef int64_t n
    memcpy(key, b"GTM:", 4)
    memcpy(key + 4, number, NUMBER)
    n = store_lookup(call.store, KEY_PLATE, key, 4 + NUMBER, entities, LOOKUP_MAX)
    if n < 0:
        return call_damaged(call, "keys.mdb", "cannot be read")
    for i in range(<int>min(n, <int64_t>LOOKUP_MAX)):
        if store_is_person(call.store, entities[i]):
            continue
        if call_dossier(call, entities[i], &dossier) < 0:
            return FAILED
        assigned = dossier.header.kind != ENTITY_PLATE and plates_assigned(&dossier)
        for k in range(dossier.header.n_identifiers):
            entry = &dossier.identifiers[k]
            if not is_bearing(call, entry, assigned):
                continue
            text = <const char*>dossier.bytes + entry.offset
            hyphen = <const char*>memchr(text, c"-", entry.length)
            if hyphen == NULL:
                continue
            kind = hyphen - text
            if kind > 4 or kind + 1 + NUMBER + 4 != entry.length or memcmp(hyphen + 1, number, NUMBER) != 0 or memcmp(
                    hyphen + 1 + NUMBER, b"|GTM", 4) != 0:
                continue
            if kind == 1 and text[0] == c"?":
                text += 2
                kind = 0
            elif not any_type and item.type[0] and (memcmp(item.type, text, kind) != 0 or (kind < 4 and item.type[kind])):
                continue
            if n_found[0] == PLATES_OF_NUMBER:
                return OK
            one.plate.kind = KEY_PLATE
            one.plate.length = <uint8_t>(kind + (kind > 0) + NUMBER)
            memcpy(one.plate.text, text, one.plate.length)
            one.entity = entities[i]
            at = n_found[0]
            while at > 0 and _before(&one.plate, &found[at - 1].plate):
                found[at] = found[at - 1]
                at -= 1
            found[at] = one
            n_found[0] += 1
    return OK


cdef int _suggest_number(Call* call, const AskedIdentifier* item, const char* number, bint any_type, Outcome* outcome) noexcept nogil:
    """1 when the list is full, else 0, or FAILED."""
    cdef OnFile found[PLATES_OF_NUMBER]
    cdef int i, n = 0
    if _gather_plates(call, item, number, any_type, found, &n) < 0:
        return FAILED
    for i in range(n):
        if not _add_plate(&found[i], outcome):
            return 1
    return 0


cdef int _suggest_misreads(Call* call, const AskedIdentifier* item, const char* number, int misread, Outcome* outcome) noexcept nogil:
    """Suggests plates with so many characters misread."""
    cdef Canonical misreads[MISREADS_MAX]
    cdef const char* other
    cdef int i, k, differ, status, n = plate_misreads_into(item.shown, item.shown_length, misreads)
    for i in range(n):
        other = misreads[i].text + misreads[i].length - NUMBER
        differ = 0
        for k in range(NUMBER):
            differ += other[k] != number[k]
        if differ == misread:
            status = _suggest_number(call, item, other, False, outcome)
            if status:
                return status
    return 0


cdef int _suggest_plates(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil:
    """1 when the list is full, else 0, or FAILED."""
    cdef const char* asked = item.text + 4
    cdef const char* other
    cdef char number[NUMBER]
    cdef int i, status = _suggest_number(call, item, asked, True, outcome)
    if status:
        return status
    memcpy(number, asked, NUMBER)
    for i in range(NUMBER - 1):
        if asked[i] == asked[i + 1]:
            continue
        number[i], number[i + 1] = asked[i + 1], asked[i]
        status = _suggest_number(call, item, number, False, outcome)
        number[i], number[i + 1] = asked[i], asked[i + 1]
        if status:
            return status
    status = _suggest_misreads(call, item, asked, 1, outcome)
    if status:
        return status
    for i in range(NUMBER):
        other = _DIGITS if c"0" <= asked[i] <= c"9" else _LETTERS
        while other[0]:
            if other[0] != asked[i]:
                number[i] = other[0]
                status = _suggest_number(call, item, number, False, outcome)
                if status:
                    return status
            other += 1
        number[i] = asked[i]
    return _suggest_misreads(call, item, asked, 2, outcome)


cdef int suggest(Call* call, const AskedIdentifier* item, Outcome* outcome) noexcept nogil:
    if item.kind == KEY_PLATE:
        if item.foreign or item.length != 4 + NUMBER:
            return OK
        return FAILED if _suggest_plates(call, item, outcome) < 0 else OK
    if item.lookup == KEY_CUI or item.lookup == KEY_NIT or item.lookup == KEY_VIN:
        return _suggest_slips(call, item, outcome)
    return OK


# ---- what looks like a plate ----

cdef bint _read_misformed(const char* text, size_t size, char* characters, int* n) noexcept nogil:
    """Letters and digits in upper case, three letters and six others at most; False for anything else."""
    cdef size_t i
    cdef int k, digits = 0
    cdef char c
    n[0] = 0
    for i in range(size):
        c = text[i]
        if c == c" " or c == c"-":
            continue
        if c"a" <= c <= c"z":
            c -= 32
        if n[0] == 3 + NUMBER or not (c"A" <= c <= c"Z" or c"0" <= c <= c"9"):
            return False
        characters[n[0]] = c
        n[0] += 1
    if n[0] < NUMBER:
        return False
    for k in range(n[0]):
        if k < n[0] - NUMBER and characters[k] < c"A":
            return False
        digits += k >= n[0] - NUMBER and characters[k] < c"A"
    return 2 <= digits <= 4


cdef int _misplaced(const char* number, int* first) noexcept nogil:
    """Characters that stand where they may not: a letter among the first three, a digit among the others."""
    cdef int i, count = 0
    for i in range(NUMBER):
        if (number[i] < c"A") != (i < NUMBER // 2):
            if count == 0:
                first[0] = i
            count += 1
    return count


cdef int _suggest_for_number(Call* call, const AskedIdentifier* item, char* number, Outcome* outcome) noexcept nogil:
    """1 when the list is full, else 0, or FAILED."""
    cdef const char* other
    cdef int i, first = 0, second = 0, status, misplaced = _misplaced(number, &first)
    cdef char was
    if misplaced == 0:
        status = _suggest_number(call, item, number, True, outcome)
        if status:
            return status
    for i in range(NUMBER - 1):
        if number[i] == number[i + 1]:
            continue
        number[i], number[i + 1] = number[i + 1], number[i]
        status = _suggest_number(call, item, number, False, outcome) if _misplaced(number, &second) == 0 else 0
        number[i], number[i + 1] = number[i + 1], number[i]
        if status:
            return status
    if misplaced != 1:
        return 0
    was = number[first]
    other = _DIGITS if first < NUMBER // 2 else _LETTERS
    while other[0]:
        number[first] = other[0]
        status = _suggest_number(call, item, number, False, outcome)
        if status:
            return status
        other += 1
    number[first] = was
    return 0


cdef bint _read_miscounted(const char* text, size_t size, char* characters, int* typed, int* digits, int* letters) noexcept nogil:
    """Reads a plate with a number that lost a character, or has one too many: letters of its type (three at most),
    digits, letters.

    Into characters[3 + NUMBER + 1], in upper case; with the count of each. False for anything else.
    """
    cdef size_t i
    cdef int n = 0
    cdef char c
    typed[0] = digits[0] = letters[0] = 0
    for i in range(size):
        c = text[i]
        if c == c" " or c == c"-":
            continue
        if c"a" <= c <= c"z":
            c -= 32
        if n == 3 + NUMBER + 1 or not (c"A" <= c <= c"Z" or c"0" <= c <= c"9"):
            return False
        if c >= c"A" and digits[0]:
            letters[0] += 1
        elif c >= c"A":
            typed[0] += 1
        elif letters[0]:
            return False
        else:
            digits[0] += 1
        characters[n] = c
        n += 1
    return typed[0] <= 3 and (
        (digits[0] + letters[0] == NUMBER - 1 and digits[0] >= 2 and letters[0] >= 2)
        or (digits[0] + letters[0] == NUMBER + 1 and digits[0] >= 3 and letters[0] >= 3))


cdef int _suggest_lost(Call* call, const AskedIdentifier* item, const char* five, int digits, Outcome* outcome) noexcept nogil:
    """Suggests plates of five characters with the lost one: a digit if there are two, else a letter.

    Returns 1 when the list is full, else 0, or FAILED.
    """
    cdef const char* lost
    cdef char number[NUMBER]
    cdef int first = 0 if digits == 2 else digits
    cdef int i, turn, status
    for turn in range(2):
        for i in range(first, first + 3):
            memcpy(number, five, i)
            memcpy(number + i + 1, five + i, NUMBER - 1 - i)
            lost = _DIGITS if digits == 2 else _LETTERS
            while lost[0]:
                # Before a character like itself and behind it are the same text.
                if (i == first or five[i - 1] != lost[0]) and (i < first + 2 and five[i] == lost[0]) == (turn == 0):
                    number[i] = lost[0]
                    status = _suggest_number(call, item, number, False, outcome)
                    if status:
                        return status
                lost += 1
    return 0


cdef int _suggest_doubled(Call* call, const AskedIdentifier* item, const char* seven, int digits, Outcome* outcome) noexcept nogil:
    """Suggests plates of seven characters without the one too many. 1 when the list is full, else 0, or FAILED."""
    cdef char number[NUMBER]
    cdef int first = 0 if digits == 4 else digits
    cdef int i, turn, status
    for turn in range(2):
        for i in range(first, first + 4):
            if (i > first and seven[i - 1] == seven[i]) or (i < first + 3 and seven[i + 1] == seven[i]) != (turn == 0):
                continue
            memcpy(number, seven, i)
            memcpy(number + i, seven + i + 1, NUMBER - i)
            status = _suggest_number(call, item, number, False, outcome)
            if status:
                return status
    return 0


cdef void _take_type(AskedIdentifier* item, const char* characters, int typed) noexcept nogil:
    """The plate's type that these letters are; none where they are none."""
    cdef char whole[3 + NUMBER]
    memcpy(whole, characters, typed)
    memcpy(whole + typed, b"000BBB", NUMBER)
    if typed == 0 or asked_from_plate(item, whole, typed + NUMBER, NULL, 0) != RULE_OK:
        item.type[0] = 0


cdef int suggest_for_misformed(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil:
    cdef char characters[3 + NUMBER + 1]
    cdef AskedIdentifier item
    cdef int n, digits, letters, status = 0
    like[0] = _read_miscounted(text, size, characters, &n, &digits, &letters)
    if like[0]:
        _take_type(&item, characters, n)
        if digits + letters < NUMBER:
            status = _suggest_lost(call, &item, characters + n, digits, outcome)
        else:
            status = _suggest_doubled(call, &item, characters + n, digits, outcome)
        if status:
            return FAILED if status < 0 else OK
    if not _read_misformed(text, size, characters, &n):
        return OK
    like[0] = True
    _take_type(&item, characters, n - NUMBER)
    return FAILED if _suggest_for_number(call, &item, characters + n - NUMBER, outcome) < 0 else OK


cdef int suggest_for_lost_digit(Call* call, const char* text, size_t size, Outcome* outcome, bint* like) noexcept nogil:
    cdef Canonical digits
    cdef AskedIdentifier item
    digits.kind = KEY_CUI
    digits.length = <uint8_t>miscounted_cui_into(text, size, digits.text)
    like[0] = digits.length == 12
    if not like[0]:
        return OK
    asked_from_canonical(&item, &digits)
    return _suggest_slips(call, &item, outcome)
