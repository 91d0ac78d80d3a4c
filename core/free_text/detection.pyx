"""Detects the kinds of identifier that a text from one box fits.

A query may fit several kinds: 55 % of the valid eight-digit NITs are telephones too. Free numbers (licences of before
the CUI, tails of chassis numbers, engines) fit only if nothing with a rule does, and a name only if nothing else does.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from core.free_text.names cimport is_dated_name
from core.identifiers.canonical cimport canonical_into, plate_text_into, rule_word
from core.identifiers.countries cimport country_into, labelled_kind, split_country
from core.identifiers.exact cimport exact_into, exact_plate
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CHASSIS_TAIL, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_LICENCE, KEY_NIT,
    KEY_PLATE, KEY_TELEPHONE, KEY_VIN, KIND_NAME,
)
from core.identifiers.numbers cimport fits_vin_alphabet, read_cedula
from core.identifiers.rules cimport CANONICAL_MAX, DETECTED_MAX, RULE_OK, Canonical, Plate
from core.identifiers.text cimport ANY_SIGN, ONLY_SEPARATORS, Compact, all_digits, compact
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT
from core.identifiers.written cimport may_be_of_spreadsheet
from core.names.folding cimport SEPARATES, VANISHES, folded_letters
from core.names.scripts cimport other_letters
from core.names.unicode cimport decode_utf8

from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError
from core.names.keys import fold

cdef enum:
    LICENCE_MIN = 5       # letters and digits mixed
    LICENCE_MAX = 15
    TAIL_MIN = 6
    TAIL_MAX = 8
    PASSPORT_MIN = 5      # of a document without country; of digits alone one more
    PASSPORT_DIGITS_MAX = 12
    WORD_MIN = 5          # letters of a word that is no part of a VIN; groups of one have up to four ("KMHD N41B ...")
    VIN_LENGTH = 17
    ENGINE_MAX = 20       # above TAIL_MAX only with letters and digits mixed: digits alone are a slip in a NIT or CUI
    YEAR_FIRST = 1800     # birth years that may end a name
    YEAR_LAST = 2099


cdef bint is_letter(char c) noexcept nogil:
    return c"A" <= c <= c"Z" or c"a" <= c <= c"z"


# What the query looks like as a name.
cdef struct TextShape:
    bint letters          # it holds a letter: of the Latin script, or, asked so, of another one
    bint name             # and no digit, but for a year as its last token


cdef TextShape name_shape(const char* text, size_t n, bint other) noexcept nogil:
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + n
    cdef uint32_t code, folded
    cdef bint word_open = False      # the open token has a letter
    cdef bint broken = False         # digits within a word, or a word after digits
    cdef int digits = 0              # of the open or last token of digits
    cdef int year = 0
    cdef int groups = 0              # tokens of digits
    cdef bint digits_open = False
    cdef const uint8_t* written
    cdef int more
    cdef TextShape shape
    shape.letters = False
    while at < end:
        at += decode_utf8(at, end, &code)
        folded = folded_letters(code)
        if other and folded == SEPARATES:
            written = other_letters(code, &more)
            if written != NULL:
                folded = written[0] if more else VANISHES
        if folded == SEPARATES:
            word_open = False
            digits_open = False
        elif folded == VANISHES:
            continue
        elif c"0" <= folded <= c"9":
            if word_open:
                broken = True
            if not digits_open:
                digits_open = True
                groups += 1
                digits = 0
                year = 0
            digits += 1
            if digits <= 4:
                year = year * 10 + <int>(folded - c"0")
        else:
            shape.letters = True
            word_open = True
            if groups:
                broken = True
    shape.name = shape.letters and not broken and (
        groups == 0 or (groups == 1 and digits == 4 and YEAR_FIRST <= year <= YEAR_LAST)
    )
    return shape


# Adds the text as `kind` when it is one, strictly written.
cdef void fit(int kind, const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef int length
    if exact_into(kind, text, n, out[count[0]].text, CANONICAL_MAX, &length) == RULE_OK:
        out[count[0]].kind = kind
        out[count[0]].length = length
        count[0] += 1


# The same, as clerks and spreadsheets write it.
cdef void fit_written(int kind, const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef size_t length
    if canonical_into(kind, text, n, out[count[0]].text, CANONICAL_MAX, &length) == RULE_OK:
        out[count[0]].kind = kind
        out[count[0]].length = length
        count[0] += 1


cdef void fit_document(const char* country, const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef int length
    if exact_into(KEY_DOCUMENT_NUMBER, text, n, out[count[0]].text + 4, CANONICAL_MAX - 4, &length) == RULE_OK:
        memcpy(out[count[0]].text, country, 3)
        out[count[0]].text[3] = c":"
        out[count[0]].kind = KEY_DOCUMENT
        out[count[0]].length = length + 4
        count[0] += 1


cdef void fit_plate(const char* country, const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef Plate plate
    if exact_plate(text, n, country, 3, &plate) == RULE_OK:
        out[count[0]].kind = KEY_PLATE
        out[count[0]].length = plate_text_into(&plate, out[count[0]].text)
        count[0] += 1


cdef void fit_cedula(const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef int length
    cdef bint apart
    # Run together ("A123456") it is more often another number.
    if read_cedula(text, n, out[count[0]].text, &length, &apart) == RULE_OK and apart:
        out[count[0]].kind = KEY_CEDULA
        out[count[0]].length = length
        count[0] += 1


# Whether a word stands in the text, and no seventeen characters in one piece: "PASAPORTE B1234567", "TOYOTA 12345678901".
cdef bint is_glued(const char* text, size_t n) noexcept nogil:
    cdef size_t i
    cdef int size = 0, letters = 0
    cdef bint word = False
    cdef unsigned char c
    for i in range(n + 1):
        c = <unsigned char>text[i] if i < n else c" "
        if is_letter(<char>c) or c >= 128:
            letters += 1
            size += 1
        elif c"0" <= c <= c"9":
            size += 1
        else:
            if size == VIN_LENGTH and letters < size:
                return False
            word = word or (letters == size and size >= WORD_MIN)
            size = letters = 0
    return word


cdef void fit_vin(const char* text, size_t n, const Compact* c, Canonical* out, int* count) noexcept nogil:
    if fits_vin_alphabet(c) and c.letters < c.n and not is_glued(text, n):
        out[count[0]].kind = KEY_VIN
        out[count[0]].length = c.n
        memcpy(out[count[0]].text, c.text, c.n)
        count[0] += 1


cdef void fit_free(const Compact* c, Canonical* out, int* count) noexcept nogil:
    cdef bint mixed = 0 < c.letters < c.n
    if c.bad or c.letters == c.n:
        return
    if PASSPORT_MIN <= c.n <= (ENGINE_MAX if mixed else PASSPORT_DIGITS_MAX):
        if mixed or c.n > PASSPORT_MIN:
            fit(KEY_DOCUMENT_NUMBER, c.text, c.n, out, count)
    if mixed and LICENCE_MIN <= c.n <= LICENCE_MAX:
        fit(KEY_LICENCE, c.text, c.n, out, count)
    if TAIL_MIN <= c.n <= TAIL_MAX:
        fit(KEY_CHASSIS_TAIL, c.text, c.n, out, count)
    if TAIL_MIN <= c.n <= (ENGINE_MAX if mixed else TAIL_MAX):
        fit(KEY_ENGINE, c.text, c.n, out, count)


cdef void detect_foreign(const char* text, size_t n, const char* country, Canonical* out, int* count) noexcept nogil:
    cdef Compact c
    compact(text, n, ANY_SIGN, &c)
    if c.bad or c.letters >= c.n:
        return                       # a number of a document or plate has a digit
    fit_document(country, text, n, out, count)
    fit_plate(country, text, n, out, count)
    fit_vin(text, n, &c, out, count)


cdef bint is_old_plate(const Canonical* found) noexcept nogil:
    return found.kind == KEY_PLATE and all_digits(found.text + found.length - 6, 6)


cdef void detect_national(const char* text, size_t n, const char* country, Canonical* out, int* count) noexcept nogil:
    cdef Compact c
    cdef int before
    cdef bint nothing
    if may_be_of_spreadsheet(text, n):
        fit_all_written(text, n, out, count)
        if count[0]:
            return
    fit(KEY_CUI, text, n, out, count)
    if count[0]:
        return                       # its NIT and its licence are the same number
    compact(text, n, ONLY_SEPARATORS, &c)
    if not c.bad and c.letters == 0 and c.n == 13:
        return                       # a CUI with a slip in it
    compact(text, n, ANY_SIGN, &c)
    fit(KEY_NIT, text, n, out, count)
    before = count[0]
    fit_cedula(text, n, out, count)
    if country != NULL and count[0] == before:
        fit_national_document(text, n, country, &c, out, count)
    fit(KEY_TELEPHONE, text, n, out, count)
    before = count[0]
    fit(KEY_PLATE, text, n, out, count)
    fit_vin(text, n, &c, out, count)
    if count[0] == 0:
        fit_all_written(text, n, out, count)
    nothing = count[0] == 0
    if nothing and fit_beside_words(text, n, country, out, count):
        return
    # "A123456" may be a plate of before 2004, but as well any other number; "ramiro zachrisson, 47" is none.
    if (nothing or (before == 0 and count[0] == 1 and is_old_plate(&out[0]))) and not is_glued(text, n):
        fit_free(&c, out, count)


# "HONDURAS E123456", "PASAPORTE 152266666", "LICENCIA 1580352240101": the number without the words; whether it is no other.
cdef bint fit_beside_words(const char* text, size_t n, const char* country, Canonical* out, int* count) noexcept nogil:
    cdef char rest[WORDS_TEXT + WORDS_MAX]
    cdef char said[3]
    cdef int length, kind, i
    cdef bint code
    if split_country(text, n, said, rest, &length, &code):
        fit_document(said, rest, length, out, count)
        return count[0] > 0 and not code         # "HN E123456" may as well be one number
    kind = labelled_kind(text, n, rest, &length)
    if kind == 0:
        return False
    detect_national(rest, length, country, out, count)
    for i in range(count[0]):
        if out[i].kind == kind or out[i].kind == KEY_CUI or out[i].kind == KEY_DOCUMENT and kind == KEY_DOCUMENT_NUMBER:
            return True
    if count[0] < DETECTED_MAX:
        fit(kind, rest, length, out, count)
    return count[0] > 0


cdef bint is_short_plate(const Canonical* found, const Compact* c) noexcept nogil:
    cdef int type_and_number = found.length - 1 - (found.text[0] == c"?")
    return found.kind == KEY_PLATE and c.n < type_and_number


# "DPI 1580352240101", "P-4O7RST": only where nothing fits as it is strictly written.
cdef void fit_all_written(const char* text, size_t n, Canonical* out, int* count) noexcept nogil:
    cdef Compact c
    fit_written(KEY_CUI, text, n, out, count)
    if count[0]:
        return
    fit_written(KEY_NIT, text, n, out, count)
    fit_written(KEY_CEDULA, text, n, out, count)
    fit_written(KEY_TELEPHONE, text, n, out, count)
    fit_written(KEY_PLATE, text, n, out, count)
    compact(text, n, ANY_SIGN, &c)
    if count[0] and not c.bad and is_short_plate(&out[count[0] - 1], &c):
        count[0] -= 1                  # "P12BCD" may have lost any character
    fit_written(KEY_VIN, text, n, out, count)
    if count[0] and out[count[0] - 1].kind == KEY_VIN:
        compact(out[count[0] - 1].text, out[count[0] - 1].length, ANY_SIGN, &c)
        if not fits_vin_alphabet(&c) or c.letters == c.n or is_glued(text, n):
            count[0] -= 1              # a free number: the last resort


# A national passport, where its country was said and it is neither a plate nor a VIN.
cdef void fit_national_document(const char* text, size_t n, const char* country, const Compact* c, Canonical* out,
                                int* count) noexcept nogil:
    cdef Plate plate
    if c.bad or c.letters >= c.n or fits_vin_alphabet(c):
        return
    if exact_plate(text, n, NULL, 0, &plate) != RULE_OK:
        fit_document(country, text, n, out, count)


# Insertion sort of a handful.
cdef void sort_by_kind(Canonical* found, int count) noexcept nogil:
    cdef Canonical one
    cdef int i, j
    for i in range(1, count):
        one = found[i]
        j = i
        while j > 0 and found[j - 1].kind > one.kind:
            found[j] = found[j - 1]
            j -= 1
        found[j] = one


# "CUI: 1580352240101" names its kind, no country.
cdef bint is_label(const char* text) noexcept nogil:
    cdef char word[3]
    cdef int i
    for i in range(3):
        word[i] = text[i] & 0xDF
    return (
        memcmp(word, b"CUI", 3) == 0 or memcmp(word, b"DPI", 3) == 0 or memcmp(word, b"NIT", 3) == 0
        or memcmp(word, b"VIN", 3) == 0 or memcmp(word, b"TEL", 3) == 0 or memcmp(word, b"CEL", 3) == 0
        or memcmp(word, b"CED", 3) == 0 or memcmp(word, b"LIC", 3) == 0 or memcmp(word, b"PAS", 3) == 0
    )


# Whether no kind is found, but for VINs, documents and numbers that letters of a name and digits of a date may be as well.
cdef bint fits_free_alone(const Canonical* found, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        if found[i].kind <= KEY_CEDULA or found[i].kind == KEY_TELEPHONE or found[i].kind == KEY_PLATE:
            return False
    return True


cdef int detect_kinds(const char* text, size_t n, const char* country, Canonical* out) noexcept nogil:
    cdef int count = 0
    cdef char said[3]
    cdef TextShape shape = name_shape(text, n, False)
    cdef TextShape other
    cdef int i
    while n and text[0] == c" ":
        text += 1
        n -= 1
    if n > 4 and text[3] == c":" and not is_label(text) and is_letter(text[0]) and is_letter(text[1]) and is_letter(text[2]):
        for i in range(3):           # "SLV:A123456" says its country itself
            said[i] = text[i] & 0xDF
        detect_foreign(text + 4, n - 4, said, out, &count)
    elif country != NULL and memcmp(country, b"GTM", 3) != 0:
        detect_foreign(text, n, country, out, &count)
    elif not shape.name:
        detect_national(text, n, country, out, &count)
        if fits_free_alone(out, count) and is_dated_name(text, n):
            count = 0
    if count == 0 and not shape.letters:  # beside letters of another script digits are none of a name but as a birth date
        other = name_shape(text, n, True)
        shape.letters = other.name or other.letters and is_dated_name(text, n)
    if count == 0 and shape.letters:
        out[0].kind = KIND_NAME
        out[0].length = 0
        count = 1
    sort_by_kind(out, count)
    return count


cdef int detect_into(const char* text, size_t n, const char* country, size_t country_n, Canonical* out) noexcept nogil:
    cdef char code[3]
    cdef int rule
    if country_n == 0:
        return detect_kinds(text, n, NULL, out)
    rule = country_into(country, country_n, code)
    return -rule if rule != RULE_OK else detect_kinds(text, n, code, out)


cdef bytes _utf8(object text):
    return text if isinstance(text, bytes) else (<str?>text).encode("utf-8", "surrogatepass")


def detect(text: str | bytes, country: str | bytes = "") -> list[tuple[IdentifierKind, str]]:
    """Every kind that fits a one-box query, ascending, each with its canonical text (a name: folded).

    `country`: ISO alpha-3 of the plate or document; "" = none given. Empty when nothing fits.
    Raises IdentifierError for a country that is none.
    """
    cdef Canonical found[DETECTED_MAX]
    cdef bytes data = _utf8(text), c = _utf8(country)
    cdef int count = detect_into(
        PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), PyBytes_AS_STRING(c), PyBytes_GET_SIZE(c), found
    )
    if count < 0:
        raise IdentifierError(rule_word(-count).decode("ascii"))
    kinds = [IdentifierKind(found[i].kind) for i in range(count)]
    texts = [found[i].text[:found[i].length].decode("utf-8") for i in range(count)]
    return [(kind, fold(data) if kind is IdentifierKind.NAME else shown) for kind, shown in zip(kinds, texts, strict=True)]
