"""Numbers with check digits and patterns; called from compiled code only. Python calls core.identifiers.api."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp, memcpy

from core.identifiers.rules cimport (
    RULE_CHARACTERS, RULE_CHECKSUM, RULE_DEPARTMENT, RULE_FORMAT, RULE_LENGTH, RULE_MUNICIPALITY, RULE_OK,
)
from core.identifiers.text cimport COMPACT_MAX, Compact, is_digit, is_separator
from core.names.unicode cimport decode_utf8

cdef extern from *:
    """
    #include <stdint.h>
    /* Municipalities of the departments 1 to 22, INE codes. */
    static const uint8_t MUNICIPALITIES[23] =
        {0, 17, 8, 16, 16, 14, 14, 19, 8, 24, 21, 9, 30, 33, 21, 8, 17, 14, 5, 11, 11, 7, 17};
    /* ISO 3779: values of A to Z (0 = not in the alphabet), weights of the 17 places. */
    static const uint8_t VIN_VALUES[26] =
        {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9};
    static const uint8_t VIN_WEIGHTS[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    """
    const uint8_t* MUNICIPALITIES
    const uint8_t* VIN_VALUES
    const uint8_t* VIN_WEIGHTS

cdef enum:
    CUI_DIGITS = 13
    NIT_MAX = 12
    CEDULA_DIGITS = 12  # of orden and registro, zeros before both
    REGISTRO_MAX = 7  # digits; the largest orden, A-1, stayed below two million


# NNNNNNNN V DD MM: check digit V, department and municipality of birth.
cdef int cui_rule(const char* digits) noexcept nogil:
    cdef int i, total = 0, department, municipality
    for i in range(8):
        total += (digits[i] - c"0") * (i + 2)
    if total % 11 != digits[8] - c"0":  # a remainder of 10 fits no digit
        return RULE_CHECKSUM
    department = (digits[9] - c"0") * 10 + digits[10] - c"0"
    municipality = (digits[11] - c"0") * 10 + digits[12] - c"0"
    if not 1 <= department <= 22:
        return RULE_DEPARTMENT
    if not 1 <= municipality <= MUNICIPALITIES[department]:
        return RULE_MUNICIPALITY
    return RULE_OK


cdef int municipalities_of(int department) noexcept nogil:
    return MUNICIPALITIES[department]


cdef int read_cui(const Compact* c) noexcept nogil:
    if c.bad or c.letters:
        return RULE_CHARACTERS
    return cui_rule(c.text) if c.n == CUI_DIGITS else RULE_LENGTH


# Digits and a check digit or K; weights 2, 3... from the right, as the tax administration's own form computes it.
cdef int read_nit(const Compact* c, char* out, int* out_n) noexcept nogil:
    cdef int i, first = 0, total = 0, n, check
    if c.bad:
        return RULE_CHARACTERS
    if c.n == CUI_DIGITS and c.letters == 0 and cui_rule(c.text) == RULE_OK:
        memcpy(out, c.text, CUI_DIGITS)
        out_n[0] = CUI_DIGITS
        return RULE_OK
    if c.letters > 1:
        return RULE_CHARACTERS
    if c.n > COMPACT_MAX:
        return RULE_LENGTH
    if c.letters == 1 and c.text[c.n - 1] != c"K":
        return RULE_CHARACTERS
    while first < c.n and c.text[first] == c"0":
        first += 1  # leading zeros are padding
    n = c.n - first
    if not 2 <= n <= NIT_MAX:
        return RULE_LENGTH
    for i in range(n - 1):
        total += (c.text[first + i] - c"0") * (n - i)
    check = (11 - total % 11) % 11
    if c.text[c.n - 1] != (c"K" if check == 10 else c"0" + check):
        return RULE_CHECKSUM
    memcpy(out, c.text + first, n)
    out_n[0] = n
    return RULE_OK


# Numbering plan: fixed [267][2-9]..., mobile [3-5]... and 800 to 804.
cdef int read_telephone(const Compact* c, char* out) noexcept nogil:
    cdef const char* t = c.text
    cdef int n = c.n
    if c.bad or c.letters:
        return RULE_CHARACTERS
    if n == 13 and not c.plus and memcmp(t, b"00502", 5) == 0:
        t += 5
        n = 8
    elif n == 11 and memcmp(t, b"502", 3) == 0:
        t += 3
        n = 8
    elif c.plus:
        return RULE_FORMAT  # another country's, or cut short
    if n != 8:
        return RULE_LENGTH
    if t[0] == c"2" or t[0] == c"6" or t[0] == c"7":
        if t[1] < c"2":
            return RULE_FORMAT
    elif t[0] == c"8":
        if t[1] != c"0" or t[2] > c"4":
            return RULE_FORMAT
    elif not c"3" <= t[0] <= c"5":
        return RULE_FORMAT
    memcpy(out, t, 8)
    return RULE_OK


# Number that goes with the letter of an orden: A-1 ... N-14, Ñ-15, O-16 ... U-22; 0 = no orden has this letter.
cdef int orden_number(uint32_t letter) noexcept nogil:
    if c"a" <= letter <= c"u":
        letter -= 32
    if c"A" <= letter <= c"N":
        return letter - c"A" + 1
    if c"O" <= letter <= c"U":
        return letter - c"A" + 2
    # Ñ; its bytes in code pages 850 and 437 read as Latin-1 (¥), and an & that typists put in its place.
    if letter == 0xD1 or letter == 0xF1 or letter == 0xA5 or letter == c"&":
        return 15
    return 0


cdef struct CedulaRead:          # a cédula's letter and digits, separators left out
    int orden                    # 1 to 22, by its letter
    int count                    # of digits, one more than CEDULA_DIGITS where there are too many
    char digits[CEDULA_DIGITS]
    bint gap_before[CEDULA_DIGITS]  # a separator stands before this digit


cdef int scan_cedula(const char* text, size_t n, CedulaRead* read) noexcept nogil:
    """RULE_OK, or what the text breaks: it is no letter and digits."""
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + n
    cdef uint32_t code
    cdef bint gap = False
    read.orden = read.count = 0
    while at < end:
        at += decode_utf8(at, end, &code)
        if is_separator(code):
            gap = True
            continue
        if read.orden == 0:
            read.orden = orden_number(code)
            if read.orden == 0:
                return RULE_CHARACTERS if code >= 0x80 or not is_digit(<char>code) else RULE_FORMAT
        elif code == 0x303 and read.orden == 14 and read.count == 0:
            read.orden = 15      # decomposed Ñ
        elif code >= 0x80 or not is_digit(<char>code):
            return RULE_CHARACTERS
        else:
            if read.count < CEDULA_DIGITS:
                read.digits[read.count] = <char>code
                read.gap_before[read.count] = gap
            if read.count <= CEDULA_DIGITS:
                read.count += 1
        gap = False
    return RULE_OK if 0 < read.count <= CEDULA_DIGITS else RULE_LENGTH


cdef int digits_of_orden(CedulaRead* read) noexcept nogil:
    """Returns the number of digits of the orden's number that goes with its letter; 0 = it does not match."""
    cdef int i = 0
    if read.orden < 10 and read.digits[0] == c"0":
        i = 1                    # "A-01"
    if read.orden == 14 and read.count > 1 and read.digits[0] == c"1" and read.digits[1] == c"5":
        read.orden = 15          # the tilde was lost: no other orden is 15
    if read.orden < 10:
        return i + 1 if i < read.count and read.digits[i] == c"0" + read.orden else 0
    return 2 if (read.count >= 2 and read.digits[0] == c"0" + read.orden // 10
                 and read.digits[1] == c"0" + read.orden % 10) else 0


cdef int write_orden(int orden, char* out) noexcept nogil:
    """ "A-1"; its length."""
    cdef int k = 1
    if orden == 15:
        out[0] = <char>0xC3      # Ñ
        out[1] = <char>0x91
        k = 2
    else:
        out[0] = <char>(c"A" + orden - 1 if orden < 15 else c"A" + orden - 2)
    out[k] = c"-"
    k += 1
    if orden >= 10:
        out[k] = <char>(c"0" + orden // 10)
        k += 1
    out[k] = <char>(c"0" + orden % 10)
    return k + 1


cdef int read_cedula(const char* text, size_t n, char* out, int* out_n, bint* apart) noexcept nogil:
    cdef CedulaRead read
    cdef int rule, i, k
    apart[0] = False
    out_n[0] = 0
    rule = scan_cedula(text, n, &read)
    if rule != RULE_OK:
        return rule
    i = digits_of_orden(&read)
    if i == 0:
        return RULE_DEPARTMENT
    k = out_n[0] = write_orden(read.orden, out)
    apart[0] = i < read.count and read.gap_before[i]
    # the registro, without the zeros before it
    while i < read.count and read.digits[i] == c"0":
        i += 1
    if i == read.count or read.count - i > REGISTRO_MAX:
        return RULE_LENGTH
    out[k] = c" "
    memcpy(out + k + 1, read.digits + i, read.count - i)
    out_n[0] = k + 1 + read.count - i
    return RULE_OK


cdef bint fits_vin_alphabet(const Compact* c) noexcept nogil:
    cdef int i
    if c.bad or c.n != 17:
        return False
    for i in range(17):
        if not is_digit(c.text[i]) and VIN_VALUES[c.text[i] - c"A"] == 0:
            return False
    return True


cdef bint vin_check_holds(const char* vin) noexcept nogil:
    cdef int i, total = 0
    for i in range(17):
        total += (vin[i] - c"0" if is_digit(vin[i]) else VIN_VALUES[vin[i] - c"A"]) * VIN_WEIGHTS[i]
    total %= 11
    return vin[8] == (c"X" if total == 10 else c"0" + total)
