"""Countries beside a document's number (docs/answers.md section 4); called from compiled code only."""

from libc.string cimport memcmp, memcpy, strstr

from core.identifiers.kinds cimport KEY_DOCUMENT_NUMBER, KEY_LICENCE
from core.identifiers.rules cimport RULE_CHARACTERS, RULE_LENGTH, RULE_OK
from core.identifiers.text cimport ONLY_SEPARATORS, Compact, compact, is_digit
from core.identifiers.words cimport WORDS_MAX, WORDS_TEXT, Words, drop_labels, join_words, split_words, word_in

include "countries.pxi"

# Words that only name the kind, and those that in the one box say which kind of number follows.
cdef const char* DOCUMENT_LABELS = b" PASAPORTE PASS PAS PASSPORT DOCUMENTO NO NRO NUM NUMERO DE "
cdef const char* LICENCE_LABELS = b" LICENCIA LIC CONDUCIR NO NRO NUM NUMERO DE "
cdef const char* PASSPORT_WORDS = b" PASAPORTE PASS PAS PASSPORT "
cdef const char* LICENCE_WORDS = b" LICENCIA LIC "


cdef bint _country_of(const char* word, int n, char* country) noexcept nogil:
    cdef const char* at = COUNTRY_WORDS
    cdef char sought[WORDS_TEXT + WORDS_MAX + 1]
    if n < 2:
        return False
    memcpy(sought, word, n)
    sought[n] = 0
    while True:
        at = strstr(at, sought)
        if at == NULL:
            return False
        if (at[-1] == c" " or at[-1] == c"=") and (at[n] == c" " or at[n] == c"|"):
            break
        at += 1
    while at[0] != c"|":
        at -= 1
    memcpy(country, at + 1, 3)
    return True


cdef bint country_of_words(const char* letters, int n, char* country) noexcept nogil:
    return n < WORDS_TEXT and _country_of(letters, n, country)


cdef bint _known(const char* text, size_t n, char* country) noexcept nogil:
    cdef Words words
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    split_words(text, n, &words)
    if words.bad or words.doubtful:
        return False
    return _country_of(joined, join_words(&words, 0, words.count, 0, joined), country)


cdef inline bint _is_upper(char c) noexcept nogil:
    return c"A" <= c <= c"Z"


cdef int country_into(const char* text, size_t n, char* out) noexcept nogil:
    cdef Compact c
    if n == 3 and _is_upper(text[0]) and _is_upper(text[1]) and _is_upper(text[2]) and memcmp(text, b"EUA", 3) != 0:
        memcpy(out, text, 3)     # as nearly always
        return RULE_OK
    if _known(text, n, out):
        return RULE_OK
    compact(text, n, ONLY_SEPARATORS, &c)
    if c.bad or c.letters != c.n:
        return RULE_CHARACTERS
    if c.n != 3:
        return RULE_LENGTH
    memcpy(out, c.text, 3)
    return RULE_OK


# How many words at one end name a country: two, one or none; `short`: a code of two letters.
cdef int _country_words(const Words* w, int first, int last, bint at_end, char* country, bint* short) noexcept nogil:
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    cdef int size, start, k
    for k in range(2, 0, -1):
        if last - first <= k:
            continue
        start = last - k if at_end else first
        size = join_words(w, start, start + k, 0, joined)
        if _country_of(joined, size, country):
            short[0] = size == 2
            return k
    return 0


cdef bint split_country(const char* text, size_t n, char* country, char* number, int* length, bint* code) noexcept nogil:
    cdef Words words
    cdef char again[3]
    cdef bint short = False, found = False, letters = False, digits = False
    cdef int first = 0, last, taken, i, turn
    code[0] = False
    split_words(text, n, &words)
    if words.bad or words.doubtful:
        return False
    drop_labels(&words, DOCUMENT_LABELS)
    last = words.count
    for turn in range(2):
        taken = _country_words(&words, first, last, turn == 1, again, &short)
        if taken == 0:
            continue
        if found and memcmp(country, again, 3) != 0:
            return False
        memcpy(country, again, 3)
        code[0] = short and (code[0] or not found)
        found = True
        if turn == 1:
            last -= taken
        else:
            first += taken
    if not found:
        return False
    length[0] = join_words(&words, first, last, 0, number)
    for i in range(length[0]):
        digits = digits or is_digit(number[i])
        letters = letters or not is_digit(number[i])
    return digits and (letters or not code[0])  # "PA 123456" may be a number that begins with PA


cdef void drop_country(const char* country, const char** number, size_t* n, char* rest) noexcept nogil:
    cdef char said[3]
    cdef int length
    cdef bint code
    if split_country(number[0], n[0], said, rest, &length, &code) and memcmp(said, country, 3) == 0:
        number[0] = rest
        n[0] = length


cdef int labelled_kind(const char* text, size_t n, char* rest, int* length) noexcept nogil:
    cdef Words words
    cdef int kind
    split_words(text, n, &words)
    if words.bad or words.doubtful or words.count < 2:
        return 0
    if word_in(&words, 0, PASSPORT_WORDS):
        kind = KEY_DOCUMENT_NUMBER
        drop_labels(&words, DOCUMENT_LABELS)
    elif word_in(&words, 0, LICENCE_WORDS):
        kind = KEY_LICENCE
        drop_labels(&words, LICENCE_LABELS)
    else:
        return 0
    length[0] = join_words(&words, 0, words.count, c" ", rest)
    return kind if length[0] else 0
