"""Facts of a text that is no identifier itself; called from compiled code only. Python calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy

from core.identifiers.numbers cimport cui_rule
from core.identifiers.plates_written cimport plate_number, short_plate, two_readings
from core.identifiers.rules cimport RULE_OK, SHOWN_MAX, Plate
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT, Words, join_words, split_words

cdef enum:
    CUI_DIGITS = 13
    PLATE_WORDS = 4       # P 0 407 RST
    PLATE_NUMBER_MAX = 10


# Notes a CUI once; one more than SHOWN_MAX makes the count greater, and is not written.
cdef void note(const char* digits, char* out, int* count) noexcept nogil:
    cdef int i
    if count[0] > SHOWN_MAX or cui_rule(digits) != RULE_OK:
        return
    for i in range(count[0]):
        if memcmp(out + CUI_DIGITS * i, digits, CUI_DIGITS) == 0:
            return
    if count[0] < SHOWN_MAX:
        memcpy(out + CUI_DIGITS * count[0], digits, CUI_DIGITS)
    count[0] += 1


# Whether the text is 13 digits and signs between them, which may stand for one more ("15803*52240101"), with words
# before and behind or none ("DPI 1580?35224?0101"): a CUI, into out[13].
cdef bint digits_and_signs(const char* text, size_t n, char* out) noexcept nogil:
    cdef size_t i = 0
    cdef int digits = 0
    while n and not c"0" <= text[n - 1] <= c"9":
        n -= 1
    while i < n and not c"0" <= text[i] <= c"9":
        i += 1
    while i < n:
        if c"0" <= text[i] <= c"9":
            if digits == CUI_DIGITS:
                return False
            out[digits] = text[i]
            digits += 1
        elif text[i] == <char>0xC2 and i + 1 < n and (text[i + 1] == <char>0xA1 or text[i + 1] == <char>0xBF):  # ¡ and ¿
            i += 1
        elif not (text[i] == c"*" or text[i] == c"?" or text[i] == c" " or text[i] == c"-" or text[i] == c"."):
            return False
        i += 1
    return digits == CUI_DIGITS and cui_rule(out) == RULE_OK


cdef int find_cuis(const char* text, size_t n, char* out) noexcept nogil:
    cdef Words words
    cdef char digits[WORDS_TEXT + WORDS_MAX]
    cdef int first = 0, last, count = 0
    split_words(text, n, &words)
    if words.bad:
        return digits_and_signs(text, n, out)
    while first < words.count:
        if words.letters[first]:
            first += 1
            continue
        last = first
        while last < words.count and words.letters[last] == 0:
            if words.length[last] == CUI_DIGITS:
                note(words.text + words.start[last], out, &count)
            last += 1
        if last - first > 1 and join_words(&words, first, last, 0, digits) == CUI_DIGITS:
            note(digits, out, &count)
        first = last
    return count if count <= SHOWN_MAX else 0


cdef bint same_type(const Plate* a, const Plate* b) noexcept nogil:
    return a.type_length == b.type_length and memcmp(a.type, b.type, a.type_length) == 0


# Notes a plate once, with its type where one is shown; as note() counts.
cdef void note_plate(const Plate* part, Plate* plates, int* count) noexcept nogil:
    cdef int i
    if count[0] > SHOWN_MAX:
        return
    for i in range(count[0]):
        if memcmp(plates[i].number, part.number, 6) != 0:
            continue
        if part.type_length == 0 or same_type(&plates[i], part):
            return
        if plates[i].type_length == 0:
            plates[i] = part[0]
            return
    if count[0] < SHOWN_MAX:
        plates[count[0]] = part[0]
    count[0] += 1


# The plates that stand among the words. `short`: those that have lost zeros, with their type.
cdef int plates_among(const Words* words, bint short, Plate* plates) noexcept nogil:
    cdef Plate part, other
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int first, last, size, count = 0
    for first in range(words.count):
        for last in range(first + 1, min(words.count, first + PLATE_WORDS) + 1):
            size = join_words(words, first, last, 0, joined)
            if size > PLATE_NUMBER_MAX:
                break
            if not short:
                if plate_number(joined, size, True, &part):
                    note_plate(&part, plates, &count)
            elif two_readings(joined, size, words.count == 1, &part, &other):
                note_plate(&part, plates, &count)
                note_plate(&other, plates, &count)
            elif short_plate(joined, size, &part) and part.type_length:
                note_plate(&part, plates, &count)
    return count


cdef bint ascii_letter(char c) noexcept nogil:
    return c"A" <= (c & 0x5F) <= c"Z"


# The plates that a type, a sign in place of a character that was lost behind it, and a number may be ("P?407RST": a dash of
# another code page; "M?407RST": M, MT, MO...).
cdef int plates_behind_sign(const char* text, size_t n, Plate* plates) noexcept nogil:
    cdef char joined[PLATE_NUMBER_MAX]
    cdef Plate part
    cdef int count = 0, head = 0, size, i, letter
    cdef size_t at = 0, signs = 0
    while at < n and (text[at] == c" " or text[at] == c"'" or text[at] == c'"'):
        at += 1
    while at < n and head < 3 and ascii_letter(text[at]):
        joined[head] = text[at] & 0x5F
        head += 1
        at += 1
    while at < n and (text[at] == c"?" or text[at] == c"*" or text[at] == c" " or (
            text[at] == <char>0xC2 and at + 1 < n and text[at + 1] == <char>0xBF)):
        signs += text[at] != c" "
        at += 2 if text[at] == <char>0xC2 else 1
    if head == 0 or signs != 1:
        return 0
    for letter in range(27):     # the sign in place of nothing, or of a letter more of the type
        size = head
        if letter:
            joined[size] = <char>(c"A" + letter - 1)
            size += 1
        for i in range(<int>(n - at)):
            if size == PLATE_NUMBER_MAX:
                return 0
            joined[size] = text[at + i] & 0x5F if ascii_letter(text[at + i]) else text[at + i]
            size += 1
        if not is_plain(joined, size):
            return 0
        if plate_number(joined, size, False, &part) and part.type_length == head + (letter > 0):
            note_plate(&part, plates, &count)
    return count if count <= SHOWN_MAX else 0


cdef bint is_plain(const char* text, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if not (c"0" <= text[i] <= c"9" or c"A" <= text[i] <= c"Z"):
            return False
    return True


cdef int find_plates(const char* text, size_t n, Plate* plates) noexcept nogil:
    cdef Words words
    cdef int count
    split_words(text, n, &words)
    if words.bad:
        return plates_behind_sign(text, n, plates)
    count = plates_among(&words, False, plates)
    if count == 0 and not words.doubtful:
        count = plates_among(&words, True, plates)
    return count if count <= SHOWN_MAX else 0
