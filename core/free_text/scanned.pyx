"""Machine readable zones, without the GIL. Nothing here is for Python.

ICAO Doc 9303, parts 4 (TD3, passports) and 5 (TD1, cards). A DPI's number has more than nine characters, so its first
nine stand in the number's field, a filler where the check digit would be, and the rest behind it. Other cards have the
check digit of the nine there.
"""

from libc.string cimport memcmp, memcpy, memset

from core.calendar cimport BIRTH_PIVOT, DATE_OK, partial_date_problem
from core.identifiers.countries cimport country_into
from core.identifiers.numbers cimport cui_rule
from core.identifiers.rules cimport RULE_OK
from core.identifiers.text cimport all_digits, is_digit

cdef enum:
    ZONE_MAX = 400
    CUI_LENGTH = 13
    PASSPORT_LENGTH = 9
    NUMBER_DIGITS = 6     # in a row: a number or a date, which a name has not
    LINE_LENGTH = 30      # of TD1
    TAIL_LENGTH = 19      # of TD3 behind the number: check digit, country, birth, check, sex, expiry


cdef int _compact(const char* text, size_t n, char* zone) noexcept nogil:
    """Letters, digits and fillers alone; a filler is <, or what a keyboard of another language makes of it."""
    cdef size_t i = 0
    cdef int size = 0
    cdef char c
    while i < n and size < ZONE_MAX:
        c = text[i]
        if n - i >= 3 and (memcmp(text + i, b"\xe2\x80\xb9", 3) == 0):
            c = c"<"
            i += 2
        elif n - i >= 2 and memcmp(text + i, b"\xc2\xab", 2) == 0:  # two in one sign
            zone[size] = c"<"
            size += 1
            c = c"<"
            i += 1
        i += 1
        if c"a" <= c <= c"z":
            c -= 32
        if c == c";":
            c = c"<"
        if size < ZONE_MAX and (c"A" <= c <= c"Z" or is_digit(c) or c == c"<"):
            zone[size] = c
            size += 1
    return size


cdef bint _read_birth(const char* at, Scanned* out) noexcept nogil:
    """YYMMDD, check digit and sex."""
    cdef int year
    if not all_digits(at, 7) or not (at[7] == c"M" or at[7] == c"F" or at[7] == c"<" or at[7] == c"X"):
        return False
    year = 10 * (at[0] - c"0") + at[1] - c"0"
    year += 2000 if year <= BIRTH_PIVOT else 1900
    out.month = 10 * (at[2] - c"0") + at[3] - c"0"
    out.day = 10 * (at[4] - c"0") + at[5] - c"0"
    if out.month < 1 or out.day < 1 or partial_date_problem(year, out.month, out.day) != DATE_OK:
        out.month = out.day = 0
        return False
    out.year = year
    out.sex = at[7] if at[7] == c"M" or at[7] == c"F" else <char>0
    return True


cdef bint _is_check_digit(const char* nine, char check) noexcept nogil:
    cdef int k, total = 0
    for k in range(PASSPORT_LENGTH):
        total += (nine[k] - c"0") * (7 if k % 3 == 0 else 3 if k % 3 == 1 else 1)
    return check == c"0" + total % 10


cdef bint _take_cui(const char* digits, Scanned* out) noexcept nogil:
    """Takes the 13 digits as the card's number; False where they are no CUI, or another than was taken."""
    if cui_rule(digits) != RULE_OK or out.length and memcmp(out.number, digits, CUI_LENGTH) != 0:
        return False
    memcpy(out.number, digits, CUI_LENGTH)
    out.length = CUI_LENGTH
    return True


cdef bint _read_last_four(const char* first_nine, const char* rest, int n, Scanned* out) noexcept nogil:
    """Reads a number of more than nine characters; its last four stand behind fillers."""
    cdef char number[CUI_LENGTH]
    cdef int at = 0, end
    while at < n and rest[at] == c"<":
        at += 1
    end = at + 4 + (at > 0)  # behind a filler the check digit of the whole number may follow
    if at + 4 > n or not all_digits(rest + at, 4) or end < n and is_digit(rest[end]):
        return False
    memcpy(number, first_nine, PASSPORT_LENGTH)
    memcpy(number + PASSPORT_LENGTH, rest + at, 4)
    return _take_cui(number, out)


cdef bint _read_card(const char* zone, int size, Scanned* out) noexcept nogil:
    """Reads a DPI's three lines, or its first alone. A first line that shows two CUIs is none."""
    cdef int i, k, rest, n
    cdef bint read = False
    for i in range(size - 18):
        if memcmp(zone + i, b"IDGTM", 5) != 0:
            continue
        rest = i + 5 + PASSPORT_LENGTH
        n = min(size, i + LINE_LENGTH) - rest
        if all_digits(zone + i + 5, PASSPORT_LENGTH):
            # The digit behind the nine is their check digit, or the first of the last four.
            read = _is_check_digit(zone + i + 5, zone[rest]) and _read_last_four(zone + i + 5, zone + rest + 1, n - 1, out)
            read = read or _read_last_four(zone + i + 5, zone + rest, n, out)
        for k in range(n - CUI_LENGTH + 1):
            if all_digits(zone + rest + k, CUI_LENGTH) and cui_rule(zone + rest + k) == RULE_OK:
                if not _take_cui(zone + rest + k, out):
                    memset(out, 0, sizeof(Scanned))
                    return False
                read = True
        if not read:
            continue
        for k in range(rest, size - 14):
            if all_digits(zone + k + 8, 6) and _read_birth(zone + k, out):
                break
        return True
    return False


cdef bint _read_passport(const char* zone, int size, Scanned* out) noexcept nogil:
    """The second line, wherever it begins."""
    cdef int i, k
    cdef const char* tail
    cdef char country[3]
    for i in range(size - PASSPORT_LENGTH - TAIL_LENGTH + 1):
        tail = zone + i + PASSPORT_LENGTH
        if not (is_digit(tail[0]) or tail[0] == c"<") or not all_digits(tail + 12, 6) or not _read_birth(tail + 4, out):
            continue
        for k in range(3):
            if is_digit(tail[1 + k]):
                break
        else:
            if tail[2] == c"<" or country_into(tail + 1, 3, country) != RULE_OK:
                continue
            k = PASSPORT_LENGTH
            while k and zone[i + k - 1] == c"<":
                k -= 1
            if k < 5 or not is_digit(zone[i + k - 1]):
                continue
            memcpy(out.number, zone + i, k)
            out.length = k
            memcpy(out.country, country, 3)
            return True
    return False


cdef bint read_scanned(const char* text, size_t n, Scanned* out) noexcept nogil:
    cdef char zone[ZONE_MAX]
    cdef int size = _compact(text, n, zone)
    memset(out, 0, sizeof(Scanned))
    if size < 18:
        return False
    if _read_card(zone, size, out):
        return True
    memset(out, 0, sizeof(Scanned))
    return _read_passport(zone, size, out)


cdef bint is_unread_zone(const char* text, size_t n) noexcept nogil:
    cdef char zone[ZONE_MAX]
    cdef int size = _compact(text, n, zone)
    cdef int i, digits = 0
    cdef bint fillers = False, number = False
    for i in range(size):
        digits = digits + 1 if is_digit(zone[i]) else 0
        number = number or digits >= NUMBER_DIGITS
        fillers = fillers or i > 0 and zone[i] == c"<" and zone[i - 1] == c"<"
    return size >= 18 and fillers and number
