"""Identifiers as Python calls them: canonical form, check digits, likely slips.

Rules by which a text is refused, as words: "length", "characters", "checksum", "department", "municipality", "format".
Texts are str, or bytes of UTF-8.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from core.identifiers.canonical cimport (
    canonical_into, cui_digits_into, document_into, fits_vin, parse_plate, plate_misreads_into, read_into, rule_word,
    shown_cuis_into, shown_plates_into, suggest_into, vin_check_digit_holds,
)
from core.identifiers.countries cimport country_into
from core.identifiers.numbers cimport read_cedula
from core.identifiers.rules cimport (
    CANONICAL_MAX, MISREADS_MAX, RULE_OK, SHOWN_CUIS, SHOWN_MAX, SUGGESTIONS_MAX, Canonical, Plate,
)

from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError, Plate as PlateRead  # Plate is the C struct here

_CANONICAL_KINDS = frozenset(IdentifierKind) - {IdentifierKind.NAME}


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
    """Returns whether the text is an identifier of this kind, but not as it is strictly written (docs/answers.md
    section 4)."""
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
    """Returns whether the text is 17 characters of the VIN's alphabet; separators are ignored."""
    cdef bytes data = utf8(text)
    return fits_vin(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


def vin_check_digit_valid(text: str | bytes) -> bool:
    """Returns whether the text is a VIN with a right check digit (place 9, ISO 3779): outside North America only a
    warning."""
    cdef bytes data = utf8(text)
    return vin_check_digit_holds(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


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
