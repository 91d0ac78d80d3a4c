"""A typed identifier as words; called from compiled code only. Python calls core.identifiers.api."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy, memmove, strlen, strstr

from core.identifiers.text cimport is_digit, is_separator
from core.names.folding cimport N_TILDE, SEPARATES, VANISHES, folded_letters
from core.names.unicode cimport decode_utf8

include "places.pxi"

cdef enum:
    LABEL_MIN = 3         # letters of a label that may be grown together with the digits behind it
    PLACE_GROWN_MIN = 4   # letters of a place that may be grown together with the digits before it
    PLACE_MAX = 64        # characters of two places, generously


# Signs above ASCII that stand around a number: quotation marks, guillemets, ordinals (N.º), dots, arrows of writing.
cdef bint is_sign(uint32_t code) noexcept nogil:
    return (
        code == 0xAA or code == 0xB0 or code == 0xBA or code == 0xAB or code == 0xBB or code == 0xB7
        or code == 0xA1 or code == 0xBF or code == 0xA8 or code == 0xAF or code == 0xB8 or code == 0xA7
        or 0x200E <= code <= 0x200F or 0x2016 <= code <= 0x2017 or 0x201C <= code <= 0x205E or 0x2066 <= code <= 0x2069
        or code == 0x3000
    )


# A digit or sign of ASCII in its full-width form, or an Arabic digit, as that of ASCII.
cdef uint32_t plain_form(uint32_t code) noexcept nogil:
    if 0xFF01 <= code <= 0xFF5E:
        return code - 0xFEE0
    if 0x660 <= code <= 0x669 or 0x6F0 <= code <= 0x6F9:
        return 48 + (code & 0xF)
    return code


# A sign that may stand for a character that nobody could read; 1, or 2 where it doubts the number before it.
cdef inline int doubts(uint32_t code) noexcept nogil:
    if code == c"?" or code == 0xBF:
        return 2
    return code == c"*" or code == 0xA1


cdef bint begin_word(Words* w) noexcept nogil:
    if w.count == WORDS_MAX:
        return False
    w.start[w.count] = w.n
    w.length[w.count] = w.letters[w.count] = 0
    w.count += 1
    return True


cdef bint add_letters(Words* w, uint32_t folded) noexcept nogil:
    cdef char c
    while folded:
        if w.n == WORDS_TEXT:
            return False
        c = <char>c"N" if folded & 0xFF == N_TILDE else <char>(folded & 0xFF)
        w.text[w.n] = c
        w.n += 1
        w.length[w.count - 1] += 1
        w.letters[w.count - 1] += not is_digit(c)
        folded >>= 8
    return True


cdef void split_words(const char* text, size_t n, Words* out) noexcept nogil:
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + n
    cdef uint32_t code, folded
    cdef bint inside = False
    cdef bint beside = False         # a doubtful sign stands right behind a character
    out.count = out.n = out.doubtful = 0
    out.bad = out.plus = False
    while at < end:
        at += decode_utf8(at, end, &code)
        code = plain_form(code)
        folded = SEPARATES if is_sign(code) else folded_letters(code)
        if folded == VANISHES:
            continue
        if folded == SEPARATES:
            if doubts(code):
                out.doubtful = max(out.doubtful, doubts(code))
                beside = beside or inside
            else:
                beside = False
            if code >= 0x80 and not (is_separator(code) or is_sign(code)):
                out.bad = True
                return
            if code == c"+" and out.n == 0:
                out.plus = True
            inside = False
            continue
        if not inside and (beside or not begin_word(out)) or not add_letters(out, folded):
            out.bad = True
            return
        inside = True


cdef bint word_is(const Words* w, int i, const char* word) noexcept nogil:
    return <size_t>w.length[i] == strlen(word) and memcmp(w.text + w.start[i], word, w.length[i]) == 0


# Whether text[0..n) stands in a list of words between `bar`.
cdef bint listed(const char* text, int n, char bar, const char* words) noexcept nogil:
    cdef char sought[PLACE_MAX + 3]
    if n > PLACE_MAX or n == 0:
        return False
    sought[0] = sought[n + 1] = bar
    sought[n + 2] = 0
    memcpy(sought + 1, text, n)
    return strstr(words, sought) != NULL


cdef bint word_in(const Words* w, int i, const char* words) noexcept nogil:
    return w.letters[i] == w.length[i] and listed(w.text + w.start[i], w.length[i], c" ", words)


cdef void drop_word(Words* w, int i) noexcept nogil:
    cdef int k
    w.count -= 1
    for k in range(i, w.count):
        w.start[k] = w.start[k + 1]
        w.length[k] = w.length[k + 1]
        w.letters[k] = w.letters[k + 1]


cdef void drop_labels(Words* w, const char* labels) noexcept nogil:
    cdef int i = 0, k
    cdef const char* text
    while i < w.count:
        if word_in(w, i, labels):
            drop_word(w, i)
            continue
        text = w.text + w.start[i]
        k = 0
        while k < w.length[i] and not is_digit(text[k]):
            k += 1
        if LABEL_MIN <= k < w.length[i] and listed(text, k, c" ", labels):
            w.start[i] += k
            w.length[i] -= k
            w.letters[i] -= k
        i += 1


cdef int join_words(const Words* w, int first, int last, char between, char* out) noexcept nogil:
    cdef int i, n = 0
    for i in range(first, last):
        if n and between:
            out[n] = between
            n += 1
        memcpy(out + n, w.text + w.start[i], w.length[i])
        n += w.length[i]
    return n


cdef bint is_place(const Words* w, int first, int last) noexcept nogil:
    cdef char joined[WORDS_TEXT + WORDS_MAX]
    return listed(joined, join_words(w, first, last, c" ", joined), c"|", GUATEMALA_PLACES)


cdef void drop_places(Words* w, int letters) noexcept nogil:
    cdef int first = w.count, i, k
    # "1580352240101GUATEMALA": the letters behind the number are a word of their own.
    for i in range(w.count):
        k = w.length[i]
        while k and not is_digit(w.text[w.start[i] + k - 1]):
            k -= 1
        if k:
            k = min(k + letters, w.length[i])
        if 0 < k and w.length[i] - k >= PLACE_GROWN_MIN and w.count < WORDS_MAX:
            memmove(&w.start[i + 1], &w.start[i], (w.count - i) * sizeof(int))
            memmove(&w.length[i + 1], &w.length[i], (w.count - i) * sizeof(int))
            memmove(&w.letters[i + 1], &w.letters[i], (w.count - i) * sizeof(int))
            w.count += 1
            w.start[i + 1] += k
            w.length[i + 1] -= k
            w.letters[i + 1] = w.length[i + 1]
            w.letters[i] -= w.length[i + 1]
            w.length[i] = k
            first = w.count
            break
    while first and w.letters[first - 1] == w.length[first - 1]:
        first -= 1
    if first == 0 or first == w.count:
        return
    for i in range(first + 1, w.count + 1):
        if is_place(w, first, i) and (i == w.count or is_place(w, i, w.count)):
            w.count = first
            return
