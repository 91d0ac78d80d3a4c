"""Identifiers as they are strictly written, one reader a kind. Nothing here is for Python, which calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy

from core.identifiers.countries cimport country_into
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_ENGINE_TAIL, KEY_LICENCE,
    KEY_NIT, KEY_PLATE, KEY_TELEPHONE, KEY_VIN,
)
from core.identifiers.numbers cimport read_cedula, read_cui, read_nit, read_telephone
from core.identifiers.plates cimport read_foreign_plate, read_guatemalan_plate, write_plate
from core.identifiers.rules cimport CANONICAL_MAX, RULE_CHARACTERS, RULE_FORMAT, RULE_LENGTH, RULE_OK, Plate
from core.identifiers.text cimport ANY_SIGN, ONLY_SEPARATORS, TELEPHONE_SIGNS, Compact, compact

cdef enum:
    FREE_MIN = 3          # characters of a document, licence, chassis or engine number
    DOCUMENT_MAX = 20
    CHASSIS_MAX = 25


# A number without a rule of its own: alphanumerics with a digit among them (so that "S/N" and "NO TIENE" are none).
cdef int read_free(const Compact* c, int shortest, int longest) noexcept nogil:
    if c.bad:
        return RULE_CHARACTERS
    if not shortest <= c.n <= longest:
        return RULE_LENGTH
    return RULE_OK if c.letters < c.n else RULE_FORMAT


cdef int free_into(const char* text, size_t n, int shortest, int longest, char* out, int* length) noexcept nogil:
    cdef Compact c
    cdef int rule
    compact(text, n, ANY_SIGN, &c)
    rule = read_free(&c, shortest, longest)
    if rule == RULE_OK:
        memcpy(out, c.text, c.n)
        length[0] = c.n
    return rule


cdef int exact_document(const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef size_t colon
    cdef int rule
    for colon in range(n):
        if text[colon] == c":":
            rule = country_into(text, colon, scratch)
            if rule == RULE_OK:
                scratch[3] = c":"
                rule = free_into(text + colon + 1, n - colon - 1, FREE_MIN, DOCUMENT_MAX, scratch + 4, length)
                length[0] += 4
            return rule
    return RULE_FORMAT if n else RULE_LENGTH


cdef int exact_into(int kind, const char* text, size_t n, char* out, int cap, int* out_n) noexcept nogil:
    cdef char scratch[CANONICAL_MAX]
    cdef int length
    cdef int rule = exact_text(kind, text, n, scratch, &length)
    out_n[0] = 0
    if rule != RULE_OK:
        return rule
    if length > cap:
        return RULE_LENGTH
    memcpy(out, scratch, length)
    out_n[0] = length
    return RULE_OK


cdef int exact_text(int kind, const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef Compact c
    cdef Plate plate
    cdef bint apart
    cdef int rule
    length[0] = 0
    if kind == KEY_CUI:
        compact(text, n, ONLY_SEPARATORS, &c)
        rule = read_cui(&c)
        if rule == RULE_OK:
            memcpy(scratch, c.text, c.n)
            length[0] = c.n
        return rule
    if kind == KEY_NIT:
        compact(text, n, ONLY_SEPARATORS, &c)
        return read_nit(&c, scratch, length)
    if kind == KEY_TELEPHONE:
        compact(text, n, TELEPHONE_SIGNS, &c)
        length[0] = 8
        return read_telephone(&c, scratch)
    if kind == KEY_CEDULA:
        return read_cedula(text, n, scratch, length, &apart)
    if kind == KEY_PLATE:
        rule = read_guatemalan_plate(text, n, &plate)
        if rule == RULE_OK:
            length[0] = <int>write_plate(&plate, scratch)
        return rule
    if kind == KEY_DOCUMENT:
        return exact_document(text, n, scratch, length)
    if kind == KEY_DOCUMENT_NUMBER or kind == KEY_LICENCE:
        return free_into(text, n, FREE_MIN, DOCUMENT_MAX, scratch, length)
    if kind == KEY_VIN or kind == KEY_ENGINE:
        return free_into(text, n, FREE_MIN, CHASSIS_MAX, scratch, length)
    if kind == KEY_CHASSIS_TAIL or kind == KEY_ENGINE_TAIL:
        return free_into(text, n, TAIL_MIN, TAIL_MAX, scratch, length)
    return RULE_FORMAT


cdef int exact_plate(const char* text, size_t n, const char* country, size_t country_n, Plate* plate) noexcept nogil:
    cdef char code[3]
    cdef int rule
    if country_n == 0:
        return read_guatemalan_plate(text, n, plate)
    rule = country_into(country, country_n, code)
    if rule != RULE_OK:
        return rule
    if memcmp(code, b"GTM", 3) == 0:
        return read_guatemalan_plate(text, n, plate)
    return read_foreign_plate(text, n, plate)
