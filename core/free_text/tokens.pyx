"""Words and signs of a text in one box, without the GIL. Nothing here is for Python."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy, memmove, strlen

from core.identifiers.text cimport is_digit
from core.names.folding cimport N_TILDE, SEPARATES, VANISHES, folded_letters
from core.names.scripts cimport other_letters
from core.names.unicode cimport decode_utf8

cdef enum:
    APOSTROPHE = 0x27
    VARIATION_FIRST = 0xFE00     # how the sign before it looks
    VARIATION_LAST = 0xFE0F
    VALUE_DIGITS = 8


cdef char _sign(uint32_t code) noexcept nogil:
    """The sign that a character is taken for; a blank for all that says nothing."""
    if code < 0x80:
        return <char>code if code > 32 else <char>c" "
    if code == 0xAD or 0x2010 <= code <= 0x2015 or code == 0x2212 or code == 0xFE63 or code == 0xFF0D:
        return c"-"
    if code in (0xAB, 0x2039, 0xFF1C, 0x3008):
        return c"<"
    return c" "


cdef bint split_tokens(const char* text, size_t n, BoxTokens* out) noexcept nogil:
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + n
    cdef const unsigned char* next
    cdef const unsigned char* first
    cdef uint32_t code, letters, ahead
    cdef int more
    cdef BoxToken* token = NULL
    cdef char before = 0, sign, c
    cdef bint is_colon, is_quoted
    out.n = out.size = 0
    while at < end:
        first = at
        at += decode_utf8(at, end, &code)
        letters = folded_letters(code)
        is_quoted = code == APOSTROPHE and token != NULL and is_digit(out.text[out.size - 1])
        if letters == VANISHES and not is_quoted or VARIATION_FIRST <= code <= VARIATION_LAST:
            continue
        is_colon = False
        if letters == N_TILDE:   # a colon, on a keyboard that is set to another language
            ahead = 0
            next = at
            if next < end:
                next += decode_utf8(next, end, &ahead)
                if ahead == 32 and next < end:
                    decode_utf8(next, end, &ahead)
            is_colon = token != NULL and c"0" <= ahead <= c"9"
            letters = c"N"
        if is_quoted or letters == SEPARATES or is_colon:
            if code > 0x24F and other_letters(code, &more) != NULL:
                return False
            sign = <char>c":" if is_colon else <char>c"-" if is_quoted else _sign(code)
            if token != NULL or before == 0 or before == c" " or sign != c" ":
                before = sign
            token = NULL
            continue
        if token == NULL:
            if out.n == TOKENS_MAX:
                return False
            token = &out.items[out.n]
            out.n += 1
            token.at = out.size
            token.n = token.letters = 0
            token.role = FREE
            token.first = <int>(first - <const unsigned char*>text)
            token.before = before if out.n > 1 or before in (c"<", c"*", c".") else <char>0
        token.last = <int>(at - <const unsigned char*>text)
        while letters:
            c = <char>(letters & 0xFF)
            letters >>= 8
            if not (c"A" <= c <= c"Z" or is_digit(c)):
                if (c & 0xFF) != N_TILDE:
                    return False
                c = c"N"
            if out.size == TOKENS_TEXT:
                return False
            out.text[out.size] = c
            out.size += 1
            token.n += 1
            token.letters += not is_digit(c)
    return True


cdef bint text_in(const char* text, int n, const char* words) noexcept nogil:
    cdef int size = <int>strlen(words), i
    for i in range(size - n - 1):
        if words[i] == c" " and words[i + n + 1] == c" " and memcmp(words + i + 1, text, n) == 0:
            return True
    return False


cdef bint token_in(const BoxTokens* t, int i, const char* words) noexcept nogil:
    return 0 <= i < t.n and text_in(t.text + t.items[i].at, t.items[i].n, words)


cdef bint token_is(const BoxTokens* t, int i, const char* word) noexcept nogil:
    cdef int n = <int>strlen(word)
    return 0 <= i < t.n and t.items[i].n == n and memcmp(t.text + t.items[i].at, word, n) == 0


cdef bint is_number_token(const BoxTokens* t, int i) noexcept nogil:
    return 0 <= i < t.n and t.items[i].letters == 0


cdef int token_value(const BoxTokens* t, int i) noexcept nogil:
    cdef int value = 0, k
    if not is_number_token(t, i) or t.items[i].n > VALUE_DIGITS:
        return -1
    for k in range(t.items[i].n):
        value = 10 * value + t.text[t.items[i].at + k] - c"0"
    return value


cdef int join_tokens(const BoxTokens* t, int first, int last, char* out, int cap) noexcept nogil:
    cdef int i, size = 0
    for i in range(first, last):
        if size + t.items[i].n > cap:
            return 0
        memcpy(out + size, t.text + t.items[i].at, t.items[i].n)
        size += t.items[i].n
    return size


cdef bint replace_tokens(BoxTokens* t, int first, int last, const char* text, int n) noexcept nogil:
    cdef BoxToken* token = &t.items[first]
    cdef int k
    if t.size + n > TOKENS_TEXT:
        return False
    memcpy(t.text + t.size, text, n)
    token.at = t.size
    token.n = n
    token.letters = 0
    token.first = token.last = -1
    for k in range(n):
        token.letters += not is_digit(text[k])
    t.size += n
    memmove(&t.items[first + 1], &t.items[last], (t.n - last) * sizeof(BoxToken))
    t.n -= last - first - 1
    return True
