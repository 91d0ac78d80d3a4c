"""What a text shows that is no identifier itself; called from compiled code only. Python calls core.identifiers."""

from libc.string cimport memcmp, memcpy

from core.identifiers cimport RULE_OK, Plate
from core.identifiers_numbers cimport cui_rule
from core.identifiers_words cimport WORDS_MAX, WORDS_TEXT, Words, join_words, split_words
from core.identifiers_plate_written cimport plate_number, short_plate

cdef enum:
    CUI_DIGITS = 13
    PLATE_WORDS = 4       # P 0 407 RST
    PLATE_NUMBER_MAX = 10


# Notes a CUI; False when another was noted before.
cdef bint note(const char* digits, char* out, bint* found) noexcept nogil:
    if cui_rule(digits) != RULE_OK:
        return True
    if found[0] and memcmp(out, digits, CUI_DIGITS) != 0:
        return False
    memcpy(out, digits, CUI_DIGITS)
    found[0] = True
    return True


cdef bint find_cui(const char* text, size_t n, char* out) noexcept nogil:
    cdef Words words
    cdef char digits[WORDS_TEXT + WORDS_MAX]
    cdef bint found = False
    cdef int first = 0, last
    split_words(text, n, &words)
    if words.bad:
        return False
    while first < words.count:
        if words.letters[first]:
            first += 1
            continue
        last = first
        while last < words.count and words.letters[last] == 0:
            if words.length[last] == CUI_DIGITS and not note(words.text + words.start[last], out, &found):
                return False
            last += 1
        if last - first > 1 and join_words(&words, first, last, 0, digits) == CUI_DIGITS:
            if not note(digits, out, &found):
                return False
        first = last
    return found


# The number of a plate that stands among the words: 1; 0 = none, -1 = several. `short`: one that has lost zeros, with its type.
cdef int plate_among(const Words* words, bint short, Plate* plate) noexcept nogil:
    cdef Plate part
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int first, last, size, found = 0
    for first in range(words.count):
        for last in range(first + 1, min(words.count, first + PLATE_WORDS) + 1):
            size = join_words(words, first, last, 0, joined)
            if size > PLATE_NUMBER_MAX:
                break
            if short:
                if not short_plate(joined, size, &part) or part.type_length == 0:
                    continue
            elif not plate_number(joined, size, True, &part):
                continue
            if found and memcmp(plate.number, part.number, 6) != 0:
                return -1
            if not found or plate.type_length == 0:
                plate[0] = part
            elif part.type_length and (part.type_length != plate.type_length
                                       or memcmp(part.type, plate.type, part.type_length) != 0):
                return -1
            found = 1
    return found


cdef bint find_plate(const char* text, size_t n, Plate* plate) noexcept nogil:
    cdef Words words
    cdef int found
    split_words(text, n, &words)
    if words.bad:
        return False
    found = plate_among(&words, False, plate)
    if found == 0 and not words.doubtful:
        found = plate_among(&words, True, plate)
    return found > 0
