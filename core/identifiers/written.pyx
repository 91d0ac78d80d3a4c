"""Identifiers as clerks and spreadsheets write them; called from compiled code only. Python calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy, memmove

from core.identifiers.exact cimport exact_into
from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT_NUMBER, KEY_ENGINE, KEY_LICENCE, KEY_NIT, KEY_TELEPHONE, KEY_VIN,
)
from core.identifiers.numbers cimport cui_rule, fits_vin_alphabet
from core.identifiers.rules cimport CANONICAL_MAX, RULE_CHARACTERS, RULE_FORMAT, RULE_LENGTH, RULE_OK
from core.identifiers.text cimport ANY_SIGN, MISREAD_DIGIT, Compact, all_digits, as_digit, compact, is_digit
from core.identifiers.words cimport (
    WORDS_MAX, WORDS_TEXT, Words, drop_labels, drop_places, drop_word, join_words, split_words, word_in, word_is,
)

cdef enum:
    SPREADSHEET_MAX = 40  # characters of a number of a spreadsheet, quotation marks included
    CUI_PADDED_MIN = 15   # digits of a CUI with zeros before it, of a column of that width; one zero may be one too many
    CUI_PADDED_MAX = 20
    VIN_WORD_MIN = 4      # letters of a word that is no part of a VIN written in groups

# Words that only name the kind of number.
cdef const char* CUI_LABELS = (
    b" CUI DPI NO NRO NUM NUMERO N DE DEL DOCUMENTO PERSONAL"
    b" IDENTIFICACION CODIGO UNICO EXTENDIDO EXTENDIDA EN GT GTM GUA GUATEMALA VENCIDO VIGENTE "
)
cdef const char* NIT_LABELS = b" NIT NO NRO NUM NUMERO N DE IDENTIFICACION TRIBUTARIA "
cdef const char* TELEPHONE_LABELS = b" TEL TELEFONO TELEFONOS CEL CELULAR MOVIL CASA TRABAJO OFICINA NO NRO NUM NUMERO N DE "
cdef const char* CEDULA_LABELS = b" CEDULA CED VECINDAD ORDEN REGISTRO REG NO NRO NUM NUMERO DE Y "
cdef const char* LICENCE_LABELS = b" LICENCIA LIC CONDUCIR DPI CUI NO NRO NUM NUMERO DE "
cdef const char* LICENCE_TYPES = b" A B C M E "
cdef const char* DOCUMENT_LABELS = b" PASAPORTE PASS PAS PASSPORT DOCUMENTO NO NRO NUM NUMERO DE "
cdef const char* VIN_LABELS = b" VIN NIV CHASIS CHASSIS SERIE NO NRO NUM NUMERO DE "
cdef const char* ENGINE_LABELS = b" MOTOR NO NRO NUM NUMERO DE "

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


# O, I and L as digits; how many there were.
cdef int with_digits(char* text, int n) noexcept nogil:
    cdef int i, changed = 0
    cdef char c
    for i in range(n):
        c = as_digit(text[i])
        changed += c != text[i]
        text[i] = c
    return changed


# Whether the first words are these letters, one each: "D.P.I.".
cdef bint spelled(const Words* w, const char* letters) noexcept nogil:
    cdef int i
    for i in range(3):
        if i >= w.count or w.length[i] != 1 or w.text[w.start[i]] != letters[i]:
            return False
    return True


cdef int amount(const char* text, size_t n, char* out) noexcept nogil:
    """Digits of a number that a spreadsheet shows as an amount, "Q1,580,352,240,101.00"; 0 = it is none. `out`: 13."""
    cdef size_t at = 0
    cdef int length = 0, group = 0
    cdef char point = 0, comma = 0
    cdef bint quetzales
    while at < n and is_wrapping(text[at]):
        at += 1
    while n > at and is_wrapping(text[n - 1]):
        n -= 1
    quetzales = at < n and (text[at] == c"Q" or text[at] == c"q")
    at += quetzales
    while at < n and text[at] == c" ":
        at += 1
    if n > at + 3 and memcmp(text + n - 2, b"00", 2) == 0 and (text[n - 3] == c"." or text[n - 3] == c","):
        point = text[n - 3]
        n -= 3
    if not quetzales and not point:
        return 0
    while at < n:
        if is_digit(text[at]) and length < 13:
            out[length] = text[at]
            length += 1
            group += 1
        elif (text[at] == c"," or text[at] == c".") and text[at] != point and (group == 3 if comma else 1 <= group <= 3) \
                and (comma == 0 or comma == text[at]):
            comma = text[at]
            group = 0
        else:
            return 0
        at += 1
    return length if not comma or group == 3 else 0


cdef int cui_digits_of_words(const char* text, size_t n, char* digits, bint* sure, int* doubtful) noexcept nogil:
    """The digits that stand in the CUI's cell beside words that only name the kind, into digits[WORDS_TEXT + WORDS_MAX]; -1 =
    something else stands there. sure: no letter was taken for a digit."""
    cdef Words words
    cdef int length, i, _
    split_words(text, n, &words)
    doubtful[0] = words.doubtful
    if words.bad:
        return -1
    if spelled(&words, b"DPI") or spelled(&words, b"CUI"):
        for _ in range(3):
            drop_word(&words, 0)
    drop_labels(&words, CUI_LABELS)
    drop_places(&words, 0)
    length = join_words(&words, 0, words.count, 0, digits)
    sure[0] = with_digits(digits, length) == 0
    for i in range(length):
        if not is_digit(digits[i]) and MISREAD_DIGIT[digits[i] - c"A"]:
            digits[i] = MISREAD_DIGIT[digits[i] - c"A"]
            sure[0] = False
    return length if all_digits(digits, length) else -1


cdef int written_miscounted(const char* text, size_t n, char* out) noexcept nogil:
    cdef char digits[WORDS_TEXT + WORDS_MAX]
    cdef int length, doubtful
    cdef bint sure
    cdef int kind = spreadsheet_number(text, n, digits, WORDS_TEXT, &length)
    if kind == 0:
        length = cui_digits_of_words(text, n, digits, &sure, &doubtful)
    if kind < 0 or not (length == 12 or length == 14):
        return 0
    memcpy(out, digits, length)
    return length


cdef bint written_cui(const char* text, size_t n, char* out, int* rule) noexcept nogil:
    cdef char digits[WORDS_TEXT + WORDS_MAX]
    cdef int length, doubtful
    cdef bint sure = True
    cdef int kind = spreadsheet_number(text, n, digits, WORDS_TEXT, &length)
    rule[0] = RULE_FORMAT
    if kind < 0:
        return False
    if kind == 0:
        length = amount(text, n, out + 1)
        if length == 12 or length == 13:
            out[0] = c"0"
            memmove(out, out + length - 12, 13)
            if cui_rule(out) == RULE_OK:
                rule[0] = RULE_OK
                return True
        rule[0] = RULE_CHARACTERS
        length = cui_digits_of_words(text, n, digits, &sure, &doubtful)
        if length < 0 or (length == 12 and doubtful):
            return False
        if length == 26 and memcmp(digits, digits + 13, 13) == 0:
            length = 13
    rule[0] = RULE_LENGTH
    if CUI_PADDED_MIN <= length <= CUI_PADDED_MAX and memcmp(digits, b"0000000", length - 13) == 0:
        memmove(digits, digits + length - 13, 13)
        length = 13
        sure = False
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
    words.count = words.doubtful = 0
    words.plus = words.bad = False
    if found:
        return length if found > 0 else -1
    split_words(text, n, words)
    if words.bad or kind == KEY_NIT and words.doubtful > 1:
        return -1
    drop_labels(words, labels)
    if kind != KEY_TELEPHONE and kind != KEY_VIN and kind != KEY_ENGINE:
        drop_places(words, 0)
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
    if words.bad or words.doubtful > 1:
        return exact_into(KEY_CEDULA, text, n, scratch, CANONICAL_MAX, length)
    drop_labels(&words, CEDULA_LABELS)
    drop_places(&words, 0)
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
    """Reads a text with unclear words strictly (engraved between asterisks); RULE_FORMAT for one with an exponent."""
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


cdef bint words_and_year(const Words* w) noexcept nogil:
    """Returns whether it is make or line and a year, "TOYOTA COROLLA 2015".

    That is a word of letters that is no part of a VIN, and of digits only a year.
    """
    cdef int i, years = 0
    cdef bint named = False
    cdef const char* word
    for i in range(w.count):
        word = w.text + w.start[i]
        if not holds_digit(w, i):
            named = named or w.length[i] >= VIN_WORD_MIN
        elif w.length[i] == 4 and all_digits(word, 4) and (memcmp(word, b"19", 2) == 0 or memcmp(word, b"20", 2) == 0):
            years += 1
        else:
            return False
    return named and years > 0


cdef int read_vin_written(const char* text, size_t n, char* scratch, int* length) noexcept nogil:
    cdef Words words
    cdef char out[WORDS_TEXT + WORDS_MAX]
    cdef char vin[17]
    cdef int size = told(KEY_VIN, text, n, VIN_LABELS, 0, &words, out), i, found = 0, numbers = 0
    cdef bint plain = True         # no word of letters alone, which would be no part of a VIN
    if size < 0:
        return exact_or_format(KEY_VIN, text, n, &words, scratch, length)
    if words_and_year(&words):
        return RULE_FORMAT
    for i in range(words.count):
        plain = plain and (holds_digit(&words, i) or words.length[i] < VIN_WORD_MIN)
    if plain and as_vin(out, size, scratch):
        length[0] = 17
        return RULE_OK
    for i in range(words.count):
        numbers += holds_digit(&words, i)
        if holds_digit(&words, i) and as_vin(words.text + words.start[i], words.length[i], vin):
            found += found == 0 or memcmp(vin, scratch, 17) == 0
            memcpy(scratch, vin, 17)
    if found and found == numbers:
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
