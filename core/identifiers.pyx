"""Identifiers of Guatemala's registers: canonical form, check digits, kinds that fit a text, likely slips.

Rules by which a text is refused, as words: "length", "characters", "checksum", "department", "municipality", "format".
Texts are str, or bytes of UTF-8.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memcmp, memcpy

from core.dossier cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_ENGINE_TAIL, KEY_LICENCE, KEY_NIT,
    KEY_PLATE, KEY_TELEPHONE, KEY_VIN,
)
from core.identifiers_detection cimport detect_kinds
from core.identifiers_numbers cimport cui_rule, fits_vin_alphabet, read_cedula, read_cui, read_nit, read_telephone, vin_check_holds
from core.identifiers_plate cimport misread_plates, read_foreign_plate, read_guatemalan_plate, write_plate
from core.identifiers_slips cimport suggest_slips
from core.identifiers_shown cimport find_cuis, find_plates
from core.identifiers_text cimport ANY_SIGN, ONLY_SEPARATORS, TELEPHONE_SIGNS, Compact, compact
from core.identifiers_plate_written cimport written_plate
from core.identifiers_countries cimport country_into, drop_country
from core.identifiers_words cimport WORDS_MAX, WORDS_TEXT
from core.identifiers_written cimport may_be_of_spreadsheet, may_hold_words, read_written, written_cui

from core.identifier_kind import IdentifierKind
from core.identifiers_types import IdentifierError, Plate as PlateRead  # Plate is the C struct here
from core.names import fold

_CANONICAL_KINDS = frozenset(IdentifierKind) - {IdentifierKind.NAME}

cdef enum:
    FREE_MIN = 3          # characters of a document, licence, chassis or engine number
    DOCUMENT_MAX = 20
    CHASSIS_MAX = 25
    TAIL_MIN = 6
    TAIL_MAX = 8


cdef extern from *:
    """
    static const char* const RULE_WORDS[] = {"", "length", "characters", "checksum", "department", "municipality", "format"};
    """
    const char* RULE_WORDS[1]  # by RULE_*


cdef const char* rule_word(int rule) noexcept nogil:
    return RULE_WORDS[rule]


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


# Writes into scratch[CANONICAL_MAX]; `exact`: the strict reading of the number alone.
cdef int document_text(const char* country, size_t country_n, const char* number, size_t number_n, bint exact, char* scratch,
                       int* length) noexcept nogil:
    cdef bint otherwise
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef int rule = country_into(country, country_n, scratch)
    if rule == RULE_OK:
        scratch[3] = c":"
        if exact:
            rule = free_into(number, number_n, FREE_MIN, DOCUMENT_MAX, scratch + 4, length)
        else:
            drop_country(scratch, &number, &number_n, rest)
            rule = read_text(KEY_DOCUMENT_NUMBER, number, number_n, scratch + 4, length, &otherwise)
        length[0] += 4
    return rule


cdef int split_document(const char* text, size_t n, bint exact, char* scratch, int* length) noexcept nogil:
    cdef size_t colon
    for colon in range(n):
        if text[colon] == c":":
            return document_text(text, colon, text + colon + 1, n - colon - 1, exact, scratch, length)
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
        return split_document(text, n, True, scratch, length)
    if kind == KEY_DOCUMENT_NUMBER or kind == KEY_LICENCE:
        return free_into(text, n, FREE_MIN, DOCUMENT_MAX, scratch, length)
    if kind == KEY_VIN or kind == KEY_ENGINE:
        return free_into(text, n, FREE_MIN, CHASSIS_MAX, scratch, length)
    if kind == KEY_CHASSIS_TAIL or kind == KEY_ENGINE_TAIL:
        return free_into(text, n, TAIL_MIN, TAIL_MAX, scratch, length)
    return RULE_FORMAT


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
        return split_document(text, n, False, scratch, length)
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
    cdef int rule = document_text(country, country_n, number, number_n, False, scratch, &length)
    return hand_over(rule, scratch, length, out, cap, out_n)


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


cdef bint fits_vin(const char* text, size_t n) noexcept nogil:
    cdef Compact c
    compact(text, n, ANY_SIGN, &c)
    return fits_vin_alphabet(&c)


cdef bint vin_check_digit_holds(const char* text, size_t n) noexcept nogil:
    cdef Compact c
    compact(text, n, ANY_SIGN, &c)
    return fits_vin_alphabet(&c) and vin_check_holds(c.text)


cdef int detect_into(const char* text, size_t n, const char* country, size_t country_n, Canonical* out) noexcept nogil:
    cdef char code[3]
    cdef int rule
    if country_n == 0:
        return detect_kinds(text, n, NULL, out)
    rule = country_into(country, country_n, code)
    return -rule if rule != RULE_OK else detect_kinds(text, n, code, out)


cdef int suggest_into(int kind, const char* text, size_t n, Canonical* out) noexcept nogil:
    return suggest_slips(kind, text, n, out)


cdef int plate_misreads_into(const char* text, size_t n, Canonical* out) noexcept nogil:
    return misread_plates(text, n, out)


cdef bytes utf8(object text):
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return (<str>text).encode("utf-8", "surrogatepass")
    raise TypeError(f"an identifier is str or bytes, not {type(text).__name__}")


cdef str word(int rule):
    return rule_word(rule).decode("ascii")


cdef list texts(const Canonical* found, int count):
    return [found[i].text[:found[i].length].decode("utf-8") for i in range(count)]


def canonical(kind: int, text: str | bytes) -> str:
    """Canonical text of an identifier.

    Raises IdentifierError; ValueError for a kind that has no canonical text (NAME).
    """
    cdef char out[CANONICAL_MAX]
    cdef size_t n
    cdef bytes data = utf8(text)
    if kind not in _CANONICAL_KINDS:
        raise ValueError(f"kind {kind} has no canonical text")
    cdef int rule = canonical_into(kind, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, CANONICAL_MAX, &n)
    if rule != RULE_OK:
        raise IdentifierError(word(rule))
    return out[:n].decode("utf-8")


def problem(kind: int, text: str | bytes) -> str | None:
    """The rule that the text breaks; None when it is a valid identifier of this kind."""
    cdef char out[CANONICAL_MAX]
    cdef size_t n
    cdef bytes data = utf8(text)
    if kind not in _CANONICAL_KINDS:
        raise ValueError(f"kind {kind} has no canonical text")
    cdef int rule = canonical_into(kind, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, CANONICAL_MAX, &n)
    return None if rule == RULE_OK else word(rule)


def document(country: str | bytes, number: str | bytes) -> str:
    """Canonical "SLV:A123456" of a document and its country (ISO alpha-3). Raises IdentifierError."""
    cdef char out[CANONICAL_MAX]
    cdef size_t n
    cdef bytes c = utf8(country), d = utf8(number)
    cdef int rule = document_into(
        PyBytes_AS_STRING(c), PyBytes_GET_SIZE(c), PyBytes_AS_STRING(d), PyBytes_GET_SIZE(d), out, CANONICAL_MAX, &n
    )
    if rule != RULE_OK:
        raise IdentifierError(word(rule))
    return out[:n].decode("utf-8")


def country_code(text: str | bytes) -> str:
    """Three upper-case letters. Raises IdentifierError."""
    cdef char out[3]
    cdef bytes data = utf8(text)
    cdef int rule = country_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out)
    if rule != RULE_OK:
        raise IdentifierError(word(rule))
    return out[:3].decode("ascii")


def plate(text: str | bytes, country: str | bytes = "GTM") -> PlateRead:
    """Takes a plate apart. Raises IdentifierError."""
    cdef Plate parts
    cdef bytes data = utf8(text)
    cdef str code = country_code(country)
    cdef bytes c = code.encode("ascii")
    cdef int rule = parse_plate(
        PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), PyBytes_AS_STRING(c), PyBytes_GET_SIZE(c), &parts
    )
    if rule != RULE_OK:
        raise IdentifierError(word(rule))
    return PlateRead(
        parts.type[:parts.type_length].decode("ascii"),
        parts.number[:parts.number_length].decode("ascii"),
        code,
        bool(parts.vowel),
    )


def cui_digits(text: str | bytes) -> tuple[str | None, bool]:
    """A register's CUI: its 13 digits, or None, and whether every rule of the CUI holds."""
    cdef char out[13]
    cdef bint valid, otherwise
    cdef bytes data = utf8(text)
    if not cui_digits_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, &valid, &otherwise):
        return None, False
    return out[:13].decode("ascii"), valid


def read_otherwise(kind: int, text: str | bytes) -> bool:
    """Whether the text is an identifier of this kind, but not as it is strictly written (docs/answers.md section 4)."""
    cdef char out[CANONICAL_MAX]
    cdef size_t n
    cdef bint otherwise
    cdef bytes data = utf8(text)
    read_into(kind, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, CANONICAL_MAX, &n, &otherwise)
    return otherwise


def shown_cuis(text: str | bytes) -> list[str]:
    """The valid CUIs that stand in a text that is none; none where there are more than SHOWN_MAX."""
    cdef char out[SHOWN_CUIS]
    cdef bytes data = utf8(text)
    cdef int count = shown_cuis_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out)
    return [out[13 * i:13 * i + 13].decode("ascii") for i in range(count)]


def shown_plates(text: str | bytes) -> list[PlateRead]:
    """The Guatemalan plates that stand in a text that is none; none where there are more than SHOWN_MAX."""
    cdef Plate parts[SHOWN_MAX]
    cdef bytes data = utf8(text)
    cdef int i, count = shown_plates_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), parts)
    found = []
    for i in range(count):
        kind = parts[i].type[:parts[i].type_length].decode("ascii")
        found.append(PlateRead(kind, parts[i].number[:6].decode("ascii"), "GTM", bool(parts[i].vowel)))
    return found


def cedula_orden(text: str | bytes) -> str:
    """Orden of a cédula ("A-1"), also where its registro is missing or zero: that is no identifier.

    Raises IdentifierError.
    """
    cdef char out[CANONICAL_MAX]
    cdef int n
    cdef bint apart
    cdef bytes data = utf8(text)
    cdef int rule = read_cedula(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out, &n, &apart)
    if n == 0:
        raise IdentifierError(word(rule))
    return out[:n].decode("utf-8").split()[0]


def is_vin(text: str | bytes) -> bool:
    """Whether the text is 17 characters of the VIN's alphabet; separators are ignored."""
    cdef bytes data = utf8(text)
    return fits_vin(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


def vin_check_digit_valid(text: str | bytes) -> bool:
    """Whether the text is a VIN whose check digit (place 9, ISO 3779) holds: outside North America only a warning."""
    cdef bytes data = utf8(text)
    return vin_check_digit_holds(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


def detect(text: str | bytes, country: str | bytes = "") -> list[tuple[IdentifierKind, str]]:
    """Every kind that fits a one-box query, ascending, each with its canonical text (a name: folded).

    `country`: ISO alpha-3 of the plate or document; "" = none given. Empty when nothing fits.
    Raises IdentifierError for a country that is none.
    """
    cdef Canonical found[DETECTED_MAX]
    cdef bytes data = utf8(text), c = utf8(country)
    cdef int count = detect_into(
        PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), PyBytes_AS_STRING(c), PyBytes_GET_SIZE(c), found
    )
    if count < 0:
        raise IdentifierError(word(-count))
    kinds = [IdentifierKind(found[i].kind) for i in range(count)]
    return [
        (kind, fold(data) if kind is IdentifierKind.NAME else shown)
        for kind, shown in zip(kinds, texts(found, count), strict=True)
    ]


def suggest(kind: int, text: str | bytes) -> list[str]:
    """Valid CUI (of 12 and 14 digits too), NIT or VIN one slip away from the text, most plausible first, at most 96."""
    cdef Canonical found[SUGGESTIONS_MAX]
    cdef bytes data = utf8(text)
    return texts(found, suggest_into(kind, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), found))


def plate_misreads(plate: str | bytes) -> list[str]:
    """Guatemalan plates ("P-123BCD") that may have been misread as this text, at most 48: one misread, then two."""
    cdef Canonical found[MISREADS_MAX]
    cdef bytes data = utf8(plate)
    return texts(found, plate_misreads_into(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), found))
