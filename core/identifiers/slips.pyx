"""Identifiers one slip away; called from compiled code only. Python calls core.identifiers.api."""

from libc.string cimport memcmp, memcpy

from core.identifiers.kinds cimport KEY_CUI, KEY_NIT, KEY_VIN
from core.identifiers.numbers cimport cui_rule, fits_vin_alphabet, read_nit, vin_check_holds
from core.identifiers.rules cimport RULE_OK, SUGGESTIONS_MAX, Canonical
from core.identifiers.text cimport ANY_SIGN, ONLY_SEPARATORS, Compact, compact, is_digit
from core.identifiers.written cimport may_be_of_spreadsheet

cdef extern from *:
    """
    #define NEAR_PAIRS_COUNT 46
    /* Taken for one another when read, then neighbours on the row of digits, then on a block of digits. */
    static const char NEAR_PAIRS[NEAR_PAIRS_COUNT][3] = {
        "0O", "0D", "0Q", "OD", "OQ", "DQ", "1I", "1L", "IL", "2Z", "5S", "6G", "8B", "4A", "VY", "UV", "17", "38", "56", "06",
        "08", "12", "23", "34", "45", "67", "78", "89", "90", "14", "25", "36", "47", "58", "69", "10", "20",
        "MN", "AS", "SD", "DF", "FG", "GH", "HJ", "JK", "KL"};
    """
    enum:
        NEAR_PAIRS_COUNT
    const char (*NEAR_PAIRS)[3]

cdef enum:
    CUI_LENGTH = 13

cdef const char* DIGITS = b"0123456789"
cdef const char* NIT_CHARACTERS = b"0123456789K"
cdef const char* VIN_CHARACTERS = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


cdef bint near(char a, char b) noexcept nogil:
    cdef int k
    for k in range(NEAR_PAIRS_COUNT):
        if (NEAR_PAIRS[k][0] == a and NEAR_PAIRS[k][1] == b) or (NEAR_PAIRS[k][0] == b and NEAR_PAIRS[k][1] == a):
            return True
    return False


# Whether the characters are, as they stand, the canonical text of a valid identifier.
cdef bint holds(int kind, const Compact* c) noexcept nogil:
    cdef char out[16]
    cdef int i, n
    if kind == KEY_VIN:
        return fits_vin_alphabet(c) and vin_check_holds(c.text)
    if kind == KEY_CUI:
        for i in range(c.n):
            if not is_digit(c.text[i]):
                return False
        return c.n == 13 and cui_rule(c.text) == RULE_OK
    return read_nit(c, out, &n) == RULE_OK and n == c.n and memcmp(out, c.text, n) == 0


# Adds it when it holds, once.
cdef void try_slip(int kind, Compact* c, Canonical* out, int* count) noexcept nogil:
    cdef int i
    for i in range(count[0]):
        if out[i].length == c.n and memcmp(out[i].text, c.text, c.n) == 0:
            return
    c.letters = 0
    for i in range(c.n):
        c.letters += not is_digit(c.text[i])
    if count[0] < SUGGESTIONS_MAX and holds(kind, c):
        out[count[0]].kind = kind
        out[count[0]].length = c.n
        memcpy(out[count[0]].text, c.text, c.n)
        count[0] += 1


# Twelve digits of a CUI and the one that was lost, those that repeat a neighbour first. Before a digit like itself and behind
# it are the same text: only before is tried.
cdef void try_lost(const char* digits, Canonical* out, int* count) noexcept nogil:
    cdef Compact c
    cdef const char* lost
    cdef int i, turn
    c.n = CUI_LENGTH
    for turn in range(2):
        for i in range(CUI_LENGTH):
            memcpy(c.text, digits, i)
            memcpy(c.text + i + 1, digits + i, CUI_LENGTH - 1 - i)
            lost = DIGITS
            while lost[0]:
                if (i == 0 or digits[i - 1] != lost[0]) and (i < CUI_LENGTH - 1 and digits[i] == lost[0]) == (turn == 0):
                    c.text[i] = lost[0]
                    try_slip(KEY_CUI, &c, out, count)
                lost += 1


# Fourteen digits of a CUI without the one too many, those that repeat a neighbour first.
cdef void try_doubled(const char* digits, Canonical* out, int* count) noexcept nogil:
    cdef Compact c
    cdef int i, turn
    c.n = CUI_LENGTH
    for turn in range(2):
        for i in range(CUI_LENGTH + 1):
            if (i == 0 or digits[i - 1] != digits[i]) and (i < CUI_LENGTH and digits[i + 1] == digits[i]) == (turn == 0):
                memcpy(c.text, digits, i)
                memcpy(c.text + i, digits + i + 1, CUI_LENGTH - i)
                try_slip(KEY_CUI, &c, out, count)


# Transpositions of neighbours first, then one character taken for a near one, then for any other; each by place.
cdef int suggest_slips(int kind, const char* text, size_t n, Canonical* out) noexcept nogil:
    cdef Compact c
    cdef const char* alphabet = DIGITS
    cdef const char* other
    cdef int i, k, count = 0
    cdef bint nearby
    cdef char was
    compact(text, n, ANY_SIGN, &c)
    if c.bad or c.n < 2 or c.n > 17:
        return 0
    if kind == KEY_VIN and c.n == 17:
        alphabet = VIN_CHARACTERS
    elif kind == KEY_NIT and c.n <= 13:
        alphabet = NIT_CHARACTERS
        if c.n == CUI_LENGTH:
            kind = KEY_CUI
    elif kind == KEY_CUI and not c.letters and c.n == CUI_LENGTH - 1:
        try_lost(c.text, out, &count)
        return count
    elif kind == KEY_CUI and not c.letters and c.n == CUI_LENGTH + 1:
        try_doubled(c.text, out, &count)
        return count
    elif kind != KEY_CUI or c.n != CUI_LENGTH:
        return 0
    for i in range(c.n - 1):
        if c.text[i] != c.text[i + 1]:
            c.text[i], c.text[i + 1] = c.text[i + 1], c.text[i]
            try_slip(kind, &c, out, &count)
            c.text[i], c.text[i + 1] = c.text[i + 1], c.text[i]
    for k in range(2):
        nearby = k == 0
        for i in range(c.n):
            was = c.text[i]
            other = alphabet
            while other[0]:
                if other[0] != was and near(other[0], was) == nearby:
                    c.text[i] = other[0]
                    try_slip(kind, &c, out, &count)
                other += 1
            c.text[i] = was
    if kind == KEY_CUI and c.text[0] == c"0" and not c.letters:  # perhaps a zero that was put before twelve digits
        try_lost(c.text + 1, out, &count)
    return count


cdef int miscounted_cui_into(const char* text, size_t n, char* out) noexcept nogil:
    cdef Compact c
    if may_be_of_spreadsheet(text, n):
        return 0
    compact(text, n, ONLY_SEPARATORS, &c)
    if c.bad or c.letters or not (c.n == 12 or c.n == 14):
        return 0
    memcpy(out, c.text, c.n)
    return c.n
