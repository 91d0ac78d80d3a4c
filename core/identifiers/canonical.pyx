"""Identifiers without the GIL, each kind by its own reader. Nothing here is for Python, which calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy

from core.identifiers.countries cimport country_into, drop_country
from core.identifiers.exact cimport exact_plate, exact_text
from core.identifiers.kinds cimport KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_LICENCE, KEY_PLATE, KEY_VIN
from core.identifiers.numbers cimport cui_rule, fits_vin_alphabet, vin_check_holds
from core.identifiers.plates cimport misread_plates, write_plate
from core.identifiers.plates_written cimport written_plate
from core.identifiers.rules cimport CANONICAL_MAX, Canonical, Plate, RULE_FORMAT, RULE_LENGTH, RULE_OK
from core.identifiers.shown cimport find_cuis, find_plates
from core.identifiers.slips cimport suggest_slips
from core.identifiers.text cimport ANY_SIGN, COMPACT_MAX, ONLY_SEPARATORS, Compact, compact
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.identifiers.written cimport (
    may_be_of_spreadsheet, may_hold_words, read_written, written_cui, written_miscounted,
)

cdef extern from *:
    """
    static const char* const RULE_WORDS[] = {"", "length", "characters", "checksum", "department", "municipality", "format"};
    """
    const char* RULE_WORDS[1]  # by RULE_*


cdef const char* rule_word(int rule) noexcept nogil:
    return RULE_WORDS[rule]


# Writes into scratch[CANONICAL_MAX].
cdef int document_text(const char* country, size_t country_n, const char* number, size_t number_n, char* scratch,
                       int* length) noexcept nogil:
    cdef bint otherwise
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef int rule = country_into(country, country_n, scratch)
    if rule == RULE_OK:
        scratch[3] = c":"
        drop_country(scratch, &number, &number_n, rest)
        rule = read_text(KEY_DOCUMENT_NUMBER, number, number_n, scratch + 4, length, &otherwise)
        length[0] += 4
    return rule


cdef int split_document(const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef size_t colon
    for colon in range(n):
        if text[colon] == c":":
            return document_text(text, colon, text + colon + 1, n - colon - 1, scratch, length)
    return RULE_FORMAT if n else RULE_LENGTH


# A licence, document, VIN or engine: what is left without words may itself be read so ("V IN1HG..." grows together).
cdef int free_text(int kind, const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef char again[CANONICAL_MAX]
    cdef int _, size
    cdef int rule = read_written(kind, text, n, RULE_OK, scratch, length)
    for _ in range(3):
        if rule != RULE_OK or not may_hold_words(kind, scratch, length[0]):
            break
        size = length[0]
        memcpy(again, scratch, size)
        rule = read_written(kind, again, size, RULE_OK, scratch, length)
    return rule


cdef int read_text(int kind, const char* text, size_t n, char* scratch, int* length, bint* otherwise) noexcept nogil:
    cdef char strict[CANONICAL_MAX]
    cdef Plate plate
    cdef int size, rule
    otherwise[0] = False
    if kind == KEY_PLATE:
        length[0] = 0
        rule = read_plate_into(text, n, b"", 0, &plate, otherwise)
        if rule == RULE_OK:
            length[0] = <int>write_plate(&plate, scratch)
        return rule
    if kind == KEY_DOCUMENT:
        return split_document(text, n, scratch, length)
    rule = exact_text(kind, text, n, scratch, length)
    if may_hold_words(kind, text, n) or may_be_of_spreadsheet(text, n):
        size = length[0] if rule == RULE_OK else 0
        memcpy(strict, scratch, size)
        if kind == KEY_LICENCE or kind == KEY_DOCUMENT_NUMBER or kind == KEY_VIN or kind == KEY_ENGINE:
            rule = free_text(kind, text, n, scratch, length)
        else:
            rule = read_written(kind, text, n, rule, scratch, length)
        otherwise[0] = rule == RULE_OK and (size != length[0] or memcmp(strict, scratch, size) != 0)
    elif rule != RULE_OK:
        rule = read_written(kind, text, n, rule, scratch, length)
        otherwise[0] = rule == RULE_OK
    return rule


cdef int hand_over(int rule, const char* scratch, int length, char* out, size_t cap, size_t* out_n) noexcept nogil:
    out_n[0] = 0
    if rule != RULE_OK:
        return rule
    if <size_t>length > cap:
        return RULE_LENGTH
    memcpy(out, scratch, length)
    out_n[0] = length
    return RULE_OK


cdef int read_into(int kind, const char* text, size_t n, char* out, size_t cap, size_t* out_n, bint* otherwise) noexcept nogil:
    cdef char scratch[CANONICAL_MAX]
    cdef int length = 0
    cdef int rule = read_text(kind, text, n, scratch, &length, otherwise)
    return hand_over(rule, scratch, length, out, cap, out_n)


cdef int canonical_into(int kind, const char* text, size_t n, char* out, size_t cap, size_t* out_n) noexcept nogil:
    cdef bint otherwise
    return read_into(kind, text, n, out, cap, out_n, &otherwise)


cdef int document_into(const char* country, size_t country_n, const char* number, size_t number_n,
                       char* out, size_t cap, size_t* out_n) noexcept nogil:
    cdef char scratch[CANONICAL_MAX]
    cdef int length = 0
    cdef int rule = document_text(country, country_n, number, number_n, scratch, &length)
    return hand_over(rule, scratch, length, out, cap, out_n)


cdef int read_plate_into(const char* text, size_t n, const char* country, size_t country_n, Plate* plate,
                         bint* otherwise) noexcept nogil:
    cdef char code[3]
    cdef int rule = exact_plate(text, n, country, country_n, plate)
    otherwise[0] = False
    if rule == RULE_OK:
        return rule
    if country_n and (country_into(country, country_n, code) != RULE_OK or memcmp(code, b"GTM", 3) != 0):
        return rule
    rule = written_plate(text, n, rule, plate)
    otherwise[0] = rule == RULE_OK
    return rule


cdef int parse_plate(const char* text, size_t n, const char* country, size_t country_n, Plate* plate) noexcept nogil:
    cdef bint otherwise
    return read_plate_into(text, n, country, country_n, plate, &otherwise)


cdef int shown_cuis_into(const char* text, size_t n, char* out) noexcept nogil:
    return find_cuis(text, n, out)


cdef int shown_plates_into(const char* text, size_t n, Plate* plates) noexcept nogil:
    return find_plates(text, n, plates)


cdef size_t plate_text_into(const Plate* plate, char* out) noexcept nogil:
    return write_plate(plate, out)


cdef bint cui_digits_into(const char* text, size_t n, char* out, bint* valid, bint* otherwise) noexcept nogil:
    cdef Compact c
    cdef int rule
    valid[0] = otherwise[0] = False
    if not may_be_of_spreadsheet(text, n):
        compact(text, n, ONLY_SEPARATORS, &c)
        if not (c.bad or c.letters or c.n != 13):
            memcpy(out, c.text, 13)
            valid[0] = cui_rule(c.text) == RULE_OK
            return True
    if not written_cui(text, n, out, &rule):
        return False
    valid[0] = rule == RULE_OK
    otherwise[0] = True
    return True


cdef int miscounted_digits_into(const char* text, size_t n, char* out) noexcept nogil:
    return written_miscounted(text, n, out)


# The digits of a cell that is a NIT but for its check; their number, 0 = none. Into out[LOOSE_NIT_MAX].
cdef int unchecked_nit_into(const char* text, size_t n, char* out) noexcept nogil:
    cdef Compact c
    cdef int first = 0
    compact(text, n, ONLY_SEPARATORS, &c)
    if c.bad or c.letters > 1 or c.n > COMPACT_MAX or (c.letters and c.text[c.n - 1] != c"K"):
        return 0
    while first < c.n and c.text[first] == c"0":
        first += 1
    if c.n - first > LOOSE_NIT_MAX:
        return 0
    memcpy(out, c.text + first, c.n - first)
    return c.n - first


cdef bint fits_vin(const char* text, size_t n) noexcept nogil:
    cdef Compact c
    compact(text, n, ANY_SIGN, &c)
    return fits_vin_alphabet(&c)


cdef bint vin_check_digit_holds(const char* text, size_t n) noexcept nogil:
    cdef Compact c
    compact(text, n, ANY_SIGN, &c)
    return fits_vin_alphabet(&c) and vin_check_holds(c.text)


cdef int suggest_into(int kind, const char* text, size_t n, Canonical* out) noexcept nogil:
    return suggest_slips(kind, text, n, out)


cdef int plate_misreads_into(const char* text, size_t n, Canonical* out) noexcept nogil:
    return misread_plates(text, n, out)
