"""Plates as clerks write them (docs/answers.md section 4); called from compiled code only. Python calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy, strlen

from core.identifiers.plates cimport read_type
from core.identifiers.rules cimport RULE_OK, Plate
from core.identifiers.text cimport MISREAD_DIGIT, all_digits, as_digit, is_digit
from core.identifiers.words cimport (
    WORDS_MAX, WORDS_TEXT, Words, drop_labels, drop_places, drop_word, join_words, split_words, word_in,
)

cdef enum:
    TYPE_WORDS = 19
    PLATE_LETTERS = 3
    PLATE_TYPE_MAX = 3    # letters

cdef const char* PLATE_LABELS = b" PLACA PLACAS VEHICULO CARRO AUTO AUTOMOVIL TIPO NO NRO NUM NUMERO DE "
cdef const char* OWN_COUNTRY = b" GT GTM GUA GUATEMALA "

cdef extern from *:
    """
    static const struct { const char *word, *type; } PLATE_TYPE_WORDS[19] = {
        {"PARTICULAR", "P"}, {"COMERCIAL", "C"}, {"ALQUILER", "A"}, {"URBANO", "U"}, {"MOTO", "M"}, {"MOTOCICLETA", "M"},
        {"MOTOTAXI", "MT"}, {"OFICIAL", "O"}, {"MOTO OFICIAL", "MO"}, {"DIPLOMATICO", "CD"}, {"CONSULAR", "CC"},
        {"MISION INTERNACIONAL", "MI"}, {"REMOLQUE", "TC"}, {"EXTRAURBANO", "TE"}, {"EXTRANJERO", "EXT"},
        {"DISTRIBUIDOR", "DIS"}, {"PARTICULARES", "P"}, {"COMERCIALES", "C"}, {"MOTOCICLETAS", "M"}};
    """
    ctypedef struct PlateTypeWord:
        const char* word
        const char* type
    const PlateTypeWord* PLATE_TYPE_WORDS


cdef bint is_vowel(char c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U"


cdef bint plate_number(const char* text, int n, bint misread, Plate* plate) noexcept nogil:
    cdef char number[6]
    cdef char head[4]
    cdef Plate wider
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
        if n < 8 or head[n - 7] != c"O" or head[n - 8] == c"0" or not read_type(head, n - 7, plate):
            return False
    # "MO12BCD": M-012BCD, or MO-012BCD without its zero.
    if n == 7 and not is_digit(text[1]) and read_type(text, 2, &wider):
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


# One or two digits and three letters, behind a type or none.
cdef bint short_plate(const char* text, int n, Plate* plate) noexcept nogil:
    cdef int head = 0, i
    while head < n and not is_digit(text[head]):
        head += 1
    if not 4 <= n - head <= 5 or head > PLATE_TYPE_MAX or not all_digits(text + head, n - head - 3):
        return False
    # "MO12BCD" may be M-012BCD as well.
    if head and is_digit(as_digit(text[head - 1])) or not read_type(text, head, plate):
        return False
    plate.vowel = False
    for i in range(n - 3, n):
        if is_digit(text[i]):
            return False
        plate.vowel = plate.vowel or is_vowel(text[i])
    memcpy(plate.number, b"000", 3)
    memcpy(plate.number + 6 - (n - head), text + head, n - head)
    plate.number_length = 6
    return True


cdef bint two_readings(const char* text, int n, bint alone, Plate* narrow, Plate* wide) noexcept nogil:
    cdef int head, i, digits
    cdef char c
    for head in range(2, PLATE_TYPE_MAX + 1):
        if not 4 <= n - head <= 5 or is_digit(text[head - 1]) or not is_digit(as_digit(text[head - 1])):
            continue
        digits = 0
        memcpy(wide.number, b"000", 3)
        for i in range(head, n - 3):
            c = as_digit(text[i])
            if not is_digit(c):
                break
            digits += is_digit(text[i])
            wide.number[6 - n + i] = c
        else:
            if not (digits or alone) or not read_type(text, head, wide) or not read_type(text, head - 1, narrow):
                continue
            wide.vowel = False
            for i in range(n - 3, n):
                if is_digit(text[i]):
                    return False
                wide.vowel = wide.vowel or is_vowel(text[i])
                wide.number[6 - n + i] = text[i]
            wide.number_length = narrow.number_length = 6
            narrow.vowel = wide.vowel
            memcpy(narrow.number, wide.number, 6)
            narrow.number[5 - (n - head)] = as_digit(text[head - 1])
            return True
    return False


# The type twice, grown together with the number ("PP407RST", "MOMO407RST").
cdef bint type_twice(const char* text, int n, Plate* plate) noexcept nogil:
    cdef int k = (n - 6) // 2
    return 1 <= k <= PLATE_TYPE_MAX and n == 6 + 2 * k and memcmp(text, text + k, k) == 0 and plate_number(text + k, n - k, False, plate)


cdef int plate_of_words(const Words* words, int rule, Plate* plate) noexcept nogil:
    cdef Plate part, known
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int i = 0, last, many, size
    cdef bint old
    known.type_length = 0
    # Types before the number: "PARTICULAR P 407RST".
    while i < words.count:
        many = type_words(words, i, &part)
        if many == 0:
            break
        if not agree(&known, &part):
            return rule
        i += many
    for last in range(i + 1, min(words.count, i + 4) + 1):
        size = join_words(words, i, last, 0, joined)
        old = size == 6 and all_digits(joined, 6)
        if old:
            part.type_length = 0
            part.vowel = False
            memcpy(part.number, joined, 6)
            part.number_length = 6
        elif not plate_number(joined, size, False, &part):
            if not type_twice(joined, size, &part):
                if words.doubtful or not short_plate(joined, size, &part):
                    continue
        if not agree(&known, &part):
            return rule
        while last < words.count:
            many = type_words(words, last, plate)
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


cdef int written_plate(const char* text, size_t n, int rule, Plate* plate) noexcept nogil:
    cdef Words words
    cdef char first[WORDS_TEXT + WORDS_MAX]
    cdef char second[WORDS_TEXT + WORDS_MAX]
    cdef int half, size
    split_words(text, n, &words)
    if words.bad:
        return rule
    drop_labels(&words, PLATE_LABELS)
    if words.count > 1 and word_in(&words, 0, OWN_COUNTRY):
        drop_word(&words, 0)
    half = words.count // 2
    if words.count == 2 * half:
        size = join_words(&words, 0, half, c" ", first)
        if size == join_words(&words, half, words.count, c" ", second) and memcmp(first, second, size) == 0:
            words.count = half           # the same twice
    # A number's letters may be a country's ("P 123 GTM"): first as the words stand.
    if plate_of_words(&words, rule, plate) == RULE_OK:
        return RULE_OK
    drop_places(&words, PLATE_LETTERS)
    return plate_of_words(&words, rule, plate)
