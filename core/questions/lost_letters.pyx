"""Letters that the name of a question lost (core/questions/lost_letters.pxd). Nothing here is for Python."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from core.names.folding cimport FoldedName, fold_name
from core.names.tokens cimport TokenForm, form_token

cdef enum:
    KNOWN_LETTERS = 3         # of a run that is a name by itself
    LEAST_BESIDE = 3          # letters on both sides together: S&P is no name that lost one
    MOST_BEHIND = 6           # PATI&O, but JOHNSON&JOHNSON
    RUN_MOST = 64             # letters beside a sign that are looked at


cdef inline size_t _letter_at(const uint8_t* text, size_t i, size_t n) noexcept nogil:
    """Bytes of the letter at a place, of ASCII or Latin-1; 0 = no letter."""
    if i < n and c"A" <= (text[i] & 0xDF) <= c"Z":
        return 1
    if i + 1 < n and text[i] == 0xC3 and text[i + 1] & 0xC0 == 0x80 and text[i + 1] != 0x97 and text[i + 1] != 0xB7:
        return 2
    return 0


cdef inline size_t _letter_before(const uint8_t* text, size_t i) noexcept nogil:
    """Bytes of the letter that ends before a place; 0 = no letter."""
    if i and c"A" <= (text[i - 1] & 0xDF) <= c"Z":
        return 1
    return 2 if i > 1 and _letter_at(text, i - 2, i) == 2 else 0


cdef inline size_t _sign_at(const uint8_t* text, size_t i, size_t n) noexcept nogil:
    """Bytes of a sign that files have where a letter was: some of ASCII, and those of Latin-1; 0 = none."""
    cdef uint8_t c = text[i]
    if c == c"&" or c == c"#" or c == c"?" or c == c"_" or c == c"@" or c == c"$" or c == c"%" or c == c"^" or c == c"~":
        return 1
    if c == c"\\" or c == c"|":
        return 1
    if c != 0xC2 or i + 1 >= n or not 0xA1 <= text[i + 1] <= 0xBF:
        return 0
    c = text[i + 1]
    # what people write on purpose: accents, ordinals, a hyphen that is not seen, quotation marks, a point between L and L
    return 0 if c in (0xA8, 0xAA, 0xAB, 0xAD, 0xB4, 0xB7, 0xBA, 0xBB) else 2


cdef bint _is_known(const uint8_t* text, size_t n) noexcept nogil:
    cdef FoldedName name
    cdef TokenForm form
    fold_name(text, n, &name)
    if name.count != 1:
        return False
    form_token(name.letters[0], name.length[0], &form)
    return form.known


cdef bint _is_lost(const uint8_t* text, size_t n, size_t first, size_t end) noexcept nogil:
    """Returns whether a letter is lost at the sign [first, end): between letters, but not between two names."""
    cdef size_t start = first, stop = end, more
    cdef int before = 0, behind = 0
    while before < RUN_MOST:
        more = _letter_before(text, start)
        if more == 0:
            break
        start -= more
        before += 1
    while behind < RUN_MOST:
        more = _letter_at(text, stop, n)
        if more == 0:
            break
        stop += more
        behind += 1
    if before == 0 or behind == 0 or before + behind < LEAST_BESIDE or behind > MOST_BEHIND:
        return False
    return not (before >= KNOWN_LETTERS and behind >= KNOWN_LETTERS and _is_known(text + start, first - start)
                and _is_known(text + end, stop - end))


cdef size_t mend_asked(const char* text, size_t n, char* out, size_t cap) noexcept nogil:
    cdef const uint8_t* octets = <const uint8_t*>text
    cdef size_t i = 0, k = 0, sign
    cdef bint mended = False
    while i < n:
        sign = _sign_at(octets, i, n)
        if sign and _is_lost(octets, n, i, i + sign):
            if cap - k < 3:
                return 0
            memcpy(out + k, <const char*>b"\xef\xbf\xbd", 3)
            k += 3
            i += sign
            mended = True
            continue
        if k == cap:
            return 0
        out[k] = text[i]
        k += 1
        i += 1
    return k if mended else 0
