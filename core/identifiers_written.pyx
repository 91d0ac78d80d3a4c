"""Identifiers as clerks and spreadsheets write them; called from compiled code only. Python calls core.identifiers."""

from libc.string cimport memcmp, memcpy, strlen

from core.dossier cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_LICENCE, KEY_NIT, KEY_TELEPHONE, KEY_VIN,
)
from core.identifiers cimport (
    CANONICAL_MAX, RULE_CHARACTERS, RULE_FORMAT, RULE_LENGTH, RULE_OK, Plate, exact_into,
)
from core.identifiers_numbers cimport cui_rule, fits_vin_alphabet
from core.identifiers_plate cimport read_type
from core.identifiers_text cimport ANY_SIGN, Compact, all_digits, compact, is_digit
from core.identifiers_words cimport (
    WORDS_MAX, WORDS_TEXT, Words, drop_labels, drop_places, drop_word, join_words, split_words, word_in, word_is,
)

cdef enum:
    SPREADSHEET_MAX = 40  # characters of a number of a spreadsheet, quotation marks included
    TYPE_WORDS = 19
    VIN_WORD_MIN = 4      # letters of a word that is no part of a VIN written in groups

# Words that only name the kind of number.
cdef const char* CUI_LABELS = b" CUI DPI NO NRO NUM NUMERO N DE DEL DOCUMENTO PERSONAL IDENTIFICACION CODIGO UNICO EXTENDIDO EXTENDIDA EN "
cdef const char* NIT_LABELS = b" NIT NO NRO NUM NUMERO N DE IDENTIFICACION TRIBUTARIA "
cdef const char* TELEPHONE_LABELS = b" TEL TELEFONO TELEFONOS CEL CELULAR MOVIL CASA TRABAJO OFICINA NO NRO NUM NUMERO N DE "
cdef const char* CEDULA_LABELS = b" CEDULA CED VECINDAD ORDEN REGISTRO REG NO NRO NUM NUMERO DE Y "
cdef const char* LICENCE_LABELS = b" LICENCIA LIC CONDUCIR DPI CUI NO NRO NUM NUMERO DE "
cdef const char* LICENCE_TYPES = b" A B C M E "
cdef const char* DOCUMENT_LABELS = b" PASAPORTE PASS PAS PASSPORT DOCUMENTO NO NRO NUM NUMERO DE "
cdef const char* VIN_LABELS = b" VIN NIV CHASIS CHASSIS SERIE NO NRO NUM NUMERO DE "
cdef const char* ENGINE_LABELS = b" MOTOR NO NRO NUM NUMERO DE "
cdef const char* PLATE_LABELS = b" PLACA PLACAS NO NRO NUM NUMERO DE "

cdef extern from *:
    """
    static const struct { const char *word, *type; } PLATE_TYPE_WORDS[19] = {
        {"PARTICULAR", "P"}, {"COMERCIAL", "C"}, {"ALQUILER", "A"}, {"URBANO", "U"}, {"MOTO", "M"}, {"MOTOCICLETA", "M"},
        {"MOTOTAXI", "MT"}, {"OFICIAL", "O"}, {"MOTO OFICIAL", "MO"}, {"DIPLOMATICO", "CD"}, {"CONSULAR", "CC"},
        {"MISION INTERNACIONAL", "MI"}, {"REMOLQUE", "TC"}, {"EXTRAURBANO", "TE"}, {"EXTRANJERO", "EXT"},
        {"DISTRIBUIDOR", "DIS"}, {"PARTICULARES", "P"}, {"COMERCIALES", "C"}, {"MOTOCICLETAS", "M"}};
    /* The one digit that a letter of a plate is misread for; 0 = none. */
    static const char MISREAD_DIGIT[26] = {
        ['O' - 'A'] = '0', ['D' - 'A'] = '0', ['Q' - 'A'] = '0', ['I' - 'A'] = '1', ['L' - 'A'] = '1', ['Z' - 'A'] = '2',
        ['S' - 'A'] = '5', ['G' - 'A'] = '6', ['B' - 'A'] = '8', ['A' - 'A'] = '4'};
    """
    ctypedef struct PlateTypeWord:
        const char* word
        const char* type
    const PlateTypeWord* PLATE_TYPE_WORDS
    const char* MISREAD_DIGIT


cdef inline bint is_wrapping(char c) noexcept nogil:
    return c == c" " or c == c"'" or c == c'"' or c == c"=" or c == c"(" or c == c")" or c == c"`"


cdef int spreadsheet_number(const char* text, size_t n, char* out, int cap, int* length) noexcept nogil:
    cdef size_t at = 0, k
    cdef int whole = 0, fraction = 0, exponent = 0
    cdef bint zeros = True, signed = False, dotted = False
    length[0] = 0
    if n < 3 or n > SPREADSHEET_MAX:
        return 0
    while at < n and is_wrapping(text[at]):
        at += 1
    while n > at and is_wrapping(text[n - 1]):
        n -= 1
    while at < n and is_digit(text[at]) and length[0] < cap:
        out[length[0]] = text[at]
        length[0] += 1
        whole += 1
        at += 1
    if whole == 0 or at == n:
        return 0
    if text[at] == c"." or text[at] == c",":
        dotted = True
        at += 1
        while at < n and is_digit(text[at]) and length[0] < cap:
            zeros = zeros and text[at] == c"0"
            out[length[0]] = text[at]
            length[0] += 1
            fraction += 1
            at += 1
        if at == n:
            length[0] = whole
            return 1 if zeros and 1 <= fraction <= 2 else 0
    if text[at] != c"E" and text[at] != c"e":
        return 0
    at += 1
    if at < n and (text[at] == c"+" or text[at] == c"-"):
        if text[at] == c"-":
            exponent = -1000
        signed = True
        at += 1
    k = at
    while at < n and at < k + 3 and is_digit(text[at]):
        exponent = exponent * 10 + text[at] - c"0"
        at += 1
    if at == k or at < n or not (dotted or signed):
        return 0
    return 1 if whole == 1 and exponent == fraction else -1


cdef inline char as_digit(char c) noexcept nogil:
    if c == c"O":
        return c"0"
    return c"1" if c == c"I" or c == c"L" else c


# O, I and L as digits; how many there were.
cdef int with_digits(char* text, int n) noexcept nogil:
    cdef int i, changed = 0
    cdef char c
    for i in range(n):
        c = as_digit(text[i])
        changed += c != text[i]
        text[i] = c
    return changed


cdef bint written_cui(const char* text, size_t n, char* out, int* rule) noexcept nogil:
    cdef Words words
    cdef char digits[WORDS_TEXT + WORDS_MAX]
    cdef int length, i
    cdef bint sure = True
    cdef int kind = spreadsheet_number(text, n, digits, WORDS_TEXT, &length)
    rule[0] = RULE_FORMAT
    if kind < 0:
        return False
    if kind == 0:
        split_words(text, n, &words)
        rule[0] = RULE_CHARACTERS
        if words.bad:
            return False
        drop_labels(&words, CUI_LABELS)
        drop_places(&words)
        length = join_words(&words, 0, words.count, 0, digits)
        sure = with_digits(digits, length) == 0
        for i in range(length):
            if not is_digit(digits[i]) and MISREAD_DIGIT[digits[i] - c"A"]:
                digits[i] = MISREAD_DIGIT[digits[i] - c"A"]
                sure = False
        if not all_digits(digits, length):
            return False
    rule[0] = RULE_LENGTH
    if length == 12:
        out[0] = c"0"
        memcpy(out + 1, digits, 12)
        sure = False
    elif length == 13:
        memcpy(out, digits, 13)
    else:
        return False
    if cui_rule(out) == RULE_OK:
        rule[0] = RULE_OK
        return True
    if not sure and length == 12:
        return False
    rule[0] = cui_rule(out)
    return sure


# The text of a whole spreadsheet number, or of the words without those that say nothing, into out; -1 = unreadable.
cdef int told(int kind, const char* text, size_t n, const char* labels, char between, Words* words, char* out) noexcept nogil:
    cdef int length
    cdef int found = spreadsheet_number(text, n, out, WORDS_TEXT, &length)
    words.count = 0
    words.plus = words.bad = False
    if found:
        return length if found > 0 else -1
    split_words(text, n, words)
    if words.bad:
        return -1
    drop_labels(words, labels)
    if kind != KEY_TELEPHONE and kind != KEY_VIN and kind != KEY_ENGINE:
        drop_places(words)
    return join_words(words, 0, words.count, between, out)


cdef int read_nit_written(const char* text, size_t n, int rule, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef int size = told(KEY_NIT, text, n, NIT_LABELS, 0, &words, out)
    if size < 0:
        return rule if rule else RULE_FORMAT
    if rule == RULE_OK:  # a spreadsheet's ".0" that may be a check digit too
        if exact_into(KEY_NIT, out, size, scratch, CANONICAL_MAX, length) == RULE_OK:
            return RULE_FORMAT
        return exact_into(KEY_NIT, text, n, scratch, CANONICAL_MAX, length)
    if size and words.count:
        with_digits(out, size)
    return exact_into(KEY_NIT, out, size, scratch, CANONICAL_MAX, length)


cdef int read_telephone_written(const char* text, size_t n, int rule, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX + 1]
    cdef int size = told(KEY_TELEPHONE, text, n, TELEPHONE_LABELS, 0, &words, out + 1)
    if size < 0:
        return rule if rule else RULE_FORMAT
    with_digits(out + 1, size)
    out[0] = c"+"
    if words.plus:
        return exact_into(KEY_TELEPHONE, out, size + 1, scratch, CANONICAL_MAX, length)
    return exact_into(KEY_TELEPHONE, out + 1, size, scratch, CANONICAL_MAX, length)


# "O-16 1234O", "0-16 12340", "ORDEN A-1 REGISTRO 12345.0".
cdef int read_cedula_written(const char* text, size_t n, int rule, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef int size
    if n > 2 and text[n - 1] == c"0":
        if text[n - 2] == c"." or text[n - 2] == c",":
            n -= 2
        elif n > 3 and text[n - 2] == c"0" and (text[n - 3] == c"." or text[n - 3] == c","):
            n -= 3
    split_words(text, n, &words)
    if words.bad:
        return exact_into(KEY_CEDULA, text, n, scratch, CANONICAL_MAX, length)
    drop_labels(&words, CEDULA_LABELS)
    drop_places(&words)
    size = join_words(&words, 0, words.count, c" ", out)
    if size == 0:
        return exact_into(KEY_CEDULA, text, n, scratch, CANONICAL_MAX, length)
    with_digits(out + 1, size - 1)
    if words.count > 1 and words.length[0] == 1:
        if out[0] == c"0" and memcmp(out + 1, b" 16", 3) == 0:
            out[0] = c"O"
        elif out[0] == c"1" and memcmp(out + 1, b" 9", 2) == 0:
            out[0] = c"I"
        elif out[0] == c"1" and memcmp(out + 1, b" 12", 3) == 0:
            out[0] = c"L"
    return exact_into(KEY_CEDULA, out, size, scratch, CANONICAL_MAX, length)


cdef bint may_hold_words(int kind, const char* text, size_t n) noexcept nogil:
    cdef size_t i
    cdef bint letters = False, no_vin = False
    if kind != KEY_LICENCE and kind != KEY_DOCUMENT_NUMBER and kind != KEY_VIN and kind != KEY_ENGINE:
        return False
    for i in range(n):
        if is_digit(text[i]):
            continue
        if not (c"A" <= text[i] <= c"Z" or c"a" <= text[i] <= c"z"):
            return True
        letters = True
        no_vin = no_vin or text[i] & 0x5F in (c"I", c"O", c"Q")
    if kind == KEY_LICENCE:
        return n == 12 or n == 13 and letters
    return kind == KEY_VIN and (n > 17 or n == 17 and no_vin)


cdef bint may_be_of_spreadsheet(const char* text, size_t n) noexcept nogil:
    while n > 3 and is_wrapping(text[n - 1]):
        n -= 1
    return n > 3 and text[n - 1] == c"0" and (
        text[n - 2] == c"." or text[n - 2] == c"," or text[n - 2] == c"0" and (text[n - 3] == c"." or text[n - 3] == c","))


cdef int read_licence_written(const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef int size, i, rule
    if written_cui(text, n, scratch, &rule) and rule == RULE_OK:
        length[0] = 13
        return RULE_OK
    size = told(KEY_LICENCE, text, n, LICENCE_LABELS, 0, &words, out)
    if size < 0:
        return exact_or_format(KEY_LICENCE, text, n, &words, scratch, length)
    i = 0
    while i + 1 < words.count:
        if word_is(&words, i, b"TIPO") and word_in(&words, i + 1, LICENCE_TYPES):
            drop_word(&words, i)
            drop_word(&words, i)
        else:
            i += 1
    if words.count:
        size = join_words(&words, 0, words.count, c" ", out)
        if words.count > 1 and word_in(&words, words.count - 1, LICENCE_TYPES):
            if written_cui(out, size - 2, scratch, &rule) and rule == RULE_OK:
                length[0] = 13
                return RULE_OK
        if words.count > 1 and word_in(&words, 0, LICENCE_TYPES):
            if written_cui(out + 2, size - 2, scratch, &rule) and rule == RULE_OK:
                length[0] = 13
                return RULE_OK
        if written_cui(out, size, scratch, &rule) and rule == RULE_OK:
            length[0] = 13
            return RULE_OK
    return exact_into(KEY_LICENCE, out, size, scratch, CANONICAL_MAX, length)


cdef int exact_or_format(int kind, const char* text, size_t n, const Words* words, char* scratch, int* length) noexcept nogil:
    """Where the words cannot be told: engraved between asterisks it is read strictly, by an exponent not at all."""
    return exact_into(kind, text, n, scratch, CANONICAL_MAX, length) if words.bad else RULE_FORMAT


# Whether the text is a VIN, with I as 1, O and Q as 0.
cdef bint as_vin(const char* text, int n, char* out) noexcept nogil:
    cdef Compact c
    cdef int i
    compact(text, n, ANY_SIGN, &c)
    if c.bad or c.n != 17:
        return False
    for i in range(17):
        if c.text[i] == c"I":
            c.text[i] = c"1"
        elif c.text[i] == c"O" or c.text[i] == c"Q":
            c.text[i] = c"0"
    if not fits_vin_alphabet(&c):
        return False
    memcpy(out, c.text, 17)
    return True


cdef bint holds_digit(const Words* w, int i) noexcept nogil:
    return w.letters[i] < w.length[i]


cdef int read_vin_written(const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef int size = told(KEY_VIN, text, n, VIN_LABELS, 0, &words, out), i, found = 0, numbers = 0
    cdef bint plain = True         # no word of letters alone, which would be no part of a VIN
    if size < 0:
        return exact_or_format(KEY_VIN, text, n, &words, scratch, length)
    for i in range(words.count):
        plain = plain and (holds_digit(&words, i) or words.length[i] < VIN_WORD_MIN)
    if plain and as_vin(out, size, scratch):
        length[0] = 17
        return RULE_OK
    for i in range(words.count):
        numbers += holds_digit(&words, i)
        if holds_digit(&words, i) and as_vin(words.text + words.start[i], words.length[i], scratch):
            found += 1
    if found == 1 and numbers == 1:
        length[0] = 17
        return RULE_OK
    return exact_into(KEY_VIN, out, size, scratch, CANONICAL_MAX, length)


cdef int read_free_written(int kind, const char* labels, const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef int size = told(kind, text, n, labels, 0, &words, out)
    if size < 0:
        return exact_or_format(kind, text, n, &words, scratch, length)
    return exact_into(kind, out, size, scratch, CANONICAL_MAX, length)


cdef int read_written(int kind, const char* text, size_t n, int rule, char* scratch, int* length) noexcept nogil:
    cdef int read
    if kind == KEY_CUI:
        if written_cui(text, n, scratch, &read) and read == RULE_OK:
            length[0] = 13
            return RULE_OK
        return read if rule == RULE_CHARACTERS else rule
    if kind == KEY_NIT:
        return read_nit_written(text, n, rule, scratch, length)
    if kind == KEY_TELEPHONE:
        return read_telephone_written(text, n, rule, scratch, length)
    if kind == KEY_CEDULA:
        return read_cedula_written(text, n, rule, scratch, length)
    if kind == KEY_LICENCE:
        return read_licence_written(text, n, scratch, length)
    if kind == KEY_DOCUMENT_NUMBER:
        return read_free_written(kind, DOCUMENT_LABELS, text, n, scratch, length)
    if kind == KEY_VIN:
        return read_vin_written(text, n, scratch, length)
    if kind == KEY_ENGINE:
        return read_free_written(kind, ENGINE_LABELS, text, n, scratch, length)
    return rule


# ---- plates ----

cdef bint is_vowel(char c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U"


cdef bint plate_number(const char* text, int n, bint misread, Plate* plate) noexcept nogil:
    cdef char number[6]
    cdef char head[4]
    cdef int i
    cdef char c
    if not 6 <= n <= 10:
        return False
    memcpy(number, text + n - 6, 6)
    memcpy(head, text, n - 6)
    plate.vowel = False
    for i in range(3):
        c = number[i]
        if not is_digit(c):
            c = MISREAD_DIGIT[c - c"A"] if misread else as_digit(c)
            if not is_digit(c):
                return False
            number[i] = c
        if is_digit(number[i + 3]):
            return False
        plate.vowel = plate.vowel or is_vowel(number[i + 3])
    # "PO407RST": an O in place of the zero of padding.
    if not read_type(head, n - 6, plate):
        if n < 8 or head[n - 7] != c"O" or not read_type(head, n - 7, plate):
            return False
    memcpy(plate.number, number, 6)
    plate.number_length = 6
    return True


# The type that word i is, or words i and i + 1 are; how many words it takes.
cdef int type_words(const Words* w, int i, Plate* plate) noexcept nogil:
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int k, size, many
    for many in range(2, 0, -1):
        if i + many > w.count:
            continue
        size = join_words(w, i, i + many, c" ", joined)
        for k in range(TYPE_WORDS):
            if <size_t>size == strlen(PLATE_TYPE_WORDS[k].word) and memcmp(joined, PLATE_TYPE_WORDS[k].word, size) == 0:
                plate.type_length = <unsigned char>strlen(PLATE_TYPE_WORDS[k].type)
                memcpy(plate.type, PLATE_TYPE_WORDS[k].type, plate.type_length)
                return many
    if 1 <= w.length[i] <= 3 and w.letters[i] == w.length[i] and read_type(w.text + w.start[i], w.length[i], plate):
        return 1
    return 0


# Adds a type to what is known; False when it is another.
cdef bint agree(Plate* plate, const Plate* other) noexcept nogil:
    if other.type_length == 0:
        return True
    if plate.type_length == 0:
        plate.type_length = other.type_length
        memcpy(plate.type, other.type, other.type_length)
        return True
    return plate.type_length == other.type_length and memcmp(plate.type, other.type, plate.type_length) == 0


cdef int written_plate(const char* text, size_t n, int rule, Plate* plate) noexcept nogil:
    cdef Words words
    cdef Plate part, known
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int i = 0, last, many, size
    cdef bint old
    split_words(text, n, &words)
    if words.bad:
        return rule
    drop_labels(&words, PLATE_LABELS)
    drop_places(&words)
    known.type_length = 0
    # Types before the number: "PARTICULAR P 407RST".
    while i < words.count:
        many = type_words(&words, i, &part)
        if many == 0:
            break
        if not agree(&known, &part):
            return rule
        i += many
    for last in range(i + 1, min(words.count, i + 4) + 1):
        size = join_words(&words, i, last, 0, joined)
        old = size == 6 and all_digits(joined, 6)
        if old:
            part.type_length = 0
            part.vowel = False
            memcpy(part.number, joined, 6)
            part.number_length = 6
        elif not plate_number(joined, size, False, &part):
            # "PP407RST": the type twice
            if not (size == 8 and joined[0] == joined[1] and plate_number(joined + 1, 7, False, &part)):
                continue
        if not agree(&known, &part):
            return rule
        while last < words.count:
            many = type_words(&words, last, plate)
            if many == 0 or not agree(&known, plate):
                return rule
            last += many
        if old and known.type_length == 0:
            return rule
        plate[0] = part
        plate.type_length = known.type_length
        memcpy(plate.type, known.type, known.type_length)
        return RULE_OK
    return rule
