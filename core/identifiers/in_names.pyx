"""CUIs that stand within a name's cell (docs/answers.md section 4, "In the name's cell")."""

from libc.stdint cimport uint32_t
from libc.string cimport memcmp, memcpy, strstr

from core.identifiers.numbers cimport cui_rule
from core.identifiers.rules cimport RULE_OK, SHOWN_CUIS, SHOWN_MAX
from core.identifiers.text cimport all_digits, is_digit, is_separator
from core.identifiers.words cimport is_sign
from core.names.folding cimport SEPARATES, VANISHES, folded_letters
from core.names.unicode cimport decode_utf8

cdef enum:
    CUI_DIGITS = 13
    TOKENS_MAX = 64          # of a name's cell; none is looked for in a longer one
    TOKEN_TEXT = 16          # letters of a word that are kept: IDENTIFICACION has 14
    LOST_LETTER = 0xFFFD
    LABEL_GROWN = 3          # letters of DPI and CUI, which may be grown together with the digits behind them

# Words that say what the number behind them is.
cdef const char* LABELS = (
    b" CUI DPI CODIGO UNICO DOCUMENTO PERSONAL IDENTIFICACION VENCIDO VIGENTE NO NRO NUM NUMERO N DE DEL ")
cdef const char* NO_FIRST_LABELS = b" N DE DEL "      # an initial or a particle, unless another of these stands before it

# A word of the cell: bytes from start to end, and its letters, folded.
cdef struct CellWord:
    size_t start, end
    int size
    bint number              # digits alone, or behind DPI or CUI
    bint grown               # DPI or CUI is grown together with them
    bint cut
    char text[TOKEN_TEXT + 1]


cdef bint holds_thirteen_digits(const char* text, size_t n) noexcept nogil:
    cdef size_t i
    cdef int digits = 0
    for i in range(n):
        digits += is_digit(text[i])
    return digits >= CUI_DIGITS


cdef bint listed(const CellWord* t, const char* words) noexcept nogil:
    cdef char sought[TOKEN_TEXT + 3]
    if t.size > TOKEN_TEXT:
        return False
    sought[0] = sought[t.size + 1] = c" "
    sought[t.size + 2] = 0
    memcpy(sought + 1, t.text, t.size)
    return strstr(words, sought) != NULL


cdef void finish(CellWord* t) noexcept nogil:
    cdef int i
    t.cut = t.grown = False
    t.number = t.size <= TOKEN_TEXT and all_digits(t.text, t.size)
    if LABEL_GROWN < t.size <= TOKEN_TEXT and (memcmp(t.text, b"DPI", 3) == 0 or memcmp(t.text, b"CUI", 3) == 0):
        if all_digits(t.text + LABEL_GROWN, t.size - LABEL_GROWN):
            t.number = t.grown = True
            t.size -= LABEL_GROWN
            for i in range(t.size):
                t.text[i] = t.text[i + LABEL_GROWN]


cdef int split_tokens(const char* text, size_t n, CellWord* tokens) noexcept nogil:
    """Splits a text into words; returns their number, 0 when they are too many."""
    cdef const unsigned char* first = <const unsigned char*>text
    cdef const unsigned char* at = first
    cdef const unsigned char* end = at + n
    cdef uint32_t code, folded
    cdef size_t start
    cdef int count = 0
    cdef bint inside = False
    while at < end:
        start = at - first
        at += decode_utf8(at, end, &code)
        if code == LOST_LETTER:
            folded = c"?"
        else:
            folded = SEPARATES if is_sign(code) or is_separator(code) and code > 0x7F else folded_letters(code)
        if folded == VANISHES:
            continue
        if folded == SEPARATES:
            inside = False
            continue
        if not inside:
            if count == TOKENS_MAX:
                return 0
            if count:
                finish(&tokens[count - 1])
            inside = True
            tokens[count].start = start
            tokens[count].size = 0
            count += 1
        tokens[count - 1].end = at - first
        while folded:
            if tokens[count - 1].size < TOKEN_TEXT:
                tokens[count - 1].text[tokens[count - 1].size] = <char>(folded & 0xFF)
            tokens[count - 1].size += 1
            folded >>= 8
    if count:
        finish(&tokens[count - 1])
    return count


cdef bint is_cui(const char* digits, char* cuis, int* count) noexcept nogil:
    """Notes a valid CUI once."""
    cdef int i
    if cui_rule(digits) != RULE_OK:
        return False
    for i in range(min(count[0], SHOWN_MAX)):
        if memcmp(cuis + CUI_DIGITS * i, digits, CUI_DIGITS) == 0:
            return True
    if count[0] < SHOWN_MAX:
        memcpy(cuis + CUI_DIGITS * count[0], digits, CUI_DIGITS)
    count[0] += 1
    return True


cdef bint spelled(const CellWord* t, const char* letters) noexcept nogil:
    """D.P.I."""
    return t[0].size == t[1].size == t[2].size == 1 and (
        t[0].text[0] == letters[0] and t[1].text[0] == letters[1] and t[2].text[0] == letters[2])


cdef void cut_labels(CellWord* tokens, int number) noexcept nogil:
    """The words before a number that say what it is."""
    cdef int first = number, i
    while first > 0 and not tokens[first - 1].cut:
        if first >= 3 and (spelled(&tokens[first - 3], b"DPI") or spelled(&tokens[first - 3], b"CUI")):
            first -= 3
        elif listed(&tokens[first - 1], LABELS):
            first -= 1
        else:
            break
    while first < number and listed(&tokens[first], NO_FIRST_LABELS):
        first += 1
    for i in range(first, number):
        tokens[i].cut = True


cdef int find_named_cuis(const char* text, size_t n, char* cuis, char* rest, int* rest_n) noexcept nogil:
    cdef CellWord tokens[TOKENS_MAX]
    cdef char digits[CUI_DIGITS]
    cdef int count = 0, words, first = 0, last, i, total
    cdef size_t at = 0
    if not holds_thirteen_digits(text, n):
        return 0
    words = split_tokens(text, n, tokens)
    while first < words:
        last = first + 1
        if not tokens[first].number:
            first = last
            continue
        total = tokens[first].size
        while last < words and tokens[last].number and not tokens[last].grown:
            total += tokens[last].size
            last += 1
        for i in range(first, last):
            if tokens[i].size == CUI_DIGITS:
                tokens[i].cut = is_cui(tokens[i].text, cuis, &count)
        if total == CUI_DIGITS and last - first > 1:
            total = 0
            for i in range(first, last):
                memcpy(digits + total, tokens[i].text, tokens[i].size)
                total += tokens[i].size
            if is_cui(digits, cuis, &count):
                for i in range(first, last):
                    tokens[i].cut = True
        first = last
    if count == 0 or count > SHOWN_MAX:
        return 0
    for i in range(words):
        if tokens[i].number and tokens[i].cut:
            cut_labels(tokens, i)
    rest_n[0] = 0
    for i in range(words):
        if tokens[i].cut:
            memcpy(rest + rest_n[0], text + at, tokens[i].start - at)
            rest_n[0] += <int>(tokens[i].start - at)
            at = tokens[i].end
    memcpy(rest + rest_n[0], text + at, n - at)
    rest_n[0] += <int>(n - at)
    return count


def cuis_in_name(str name not None):
    """The valid CUIs within a name's cell, as numbers."""
    cdef bytes text = name.encode("utf-8", "replace")
    cdef bytearray rest = bytearray(len(text) + 1)
    cdef char cuis[SHOWN_CUIS]
    cdef int size = 0, count, i
    count = find_named_cuis(text, len(text), cuis, rest, &size)
    return [int(cuis[13 * i : 13 * i + 13]) for i in range(count)]
