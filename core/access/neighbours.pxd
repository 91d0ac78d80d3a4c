# Neighbours in a list of people or vehicles: each key as a code. One XOR compares two codes, so that codes may lie in a
# file under a mask. Near are two keys of one kind that differ in one short block of characters and agree before and
# behind it: a walk up or down in any steps, with the left end fixed or the right, in order or not.
#
#   63        refused: its last look-up was (in a ring only)
#   62 to 58  kind
#   57 to 54  characters by which near ones may differ
#   53 to 0   characters: nine of 6 bits, right-aligned; of a longer key the last seven, and 12 bits of hash of the rest

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t

from core.identifiers.kinds cimport (
    KEY_CEDULA, KEY_CUI, KEY_DOCUMENT, KEY_DOCUMENT_NUMBER, KEY_LICENCE, KEY_NIT, KEY_PLATE, KEY_VIN,
)

cdef extern from * nogil:
    """
    #define CODE_REFUSED (1ULL << 63)
    #define CODE_TEXT ((1ULL << 54) - 1)
    """
    uint64_t CODE_REFUSED
    uint64_t CODE_TEXT
    int leading_zeros "__builtin_clzll"(unsigned long long word)
    int trailing_zeros "__builtin_ctzll"(unsigned long long word)

# First byte of the question (Call.asked_key): a KEY_* or one of these.
cdef enum:
    ASKED_NAME = 64              # then the name key
    ASKED_PATTERN = 65           # then what a search of vehicles says of the plate

cdef enum:
    CODE_PATTERN = 28            # kind of what a search of vehicles says of a plate; licences that are a CUI: 29
    CODE_LICENCE_CUI = 29
    TEXT_MAX = 128

cdef inline uint64_t _coded(int kind, int differ, uint64_t text) noexcept nogil:
    return <uint64_t>kind << 58 | <uint64_t>differ << 54 | text & CODE_TEXT

cdef inline bint _all_digits(const uint8_t* text, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if not c"0" <= text[i] <= c"9":
            return False
    return True

cdef inline uint64_t _cui_code(int kind, const uint8_t* digits) noexcept nogil:
    """Municipality, then serial, 4 bits a digit; the check digit follows from the serial."""
    cdef uint64_t text = 0
    cdef int i
    for i in range(9, 13):
        text = text << 4 | (digits[i] - c"0")
    for i in range(8):
        text = text << 4 | (digits[i] - c"0")
    return _coded(kind, 3, text)

cdef inline uint64_t neighbour_code(int kind, const uint8_t* text, size_t size) noexcept nogil:
    """Code of a KEY_* and its canonical text, or of CODE_PATTERN; 0 = nothing that could be counted through."""
    cdef uint8_t kept[TEXT_MAX]
    cdef uint64_t code = 0, head = 0
    cdef size_t n = 0, i, start = 0
    cdef int differ
    if size == 0 or kind > 31:   # a name
        return 0
    if (kind == KEY_CUI or kind == KEY_LICENCE) and size == 13 and _all_digits(text, size):
        return _cui_code(kind if kind == KEY_CUI else CODE_LICENCE_CUI, text)
    if (kind == KEY_PLATE or kind == KEY_DOCUMENT) and size > 4 and text[3] == c":":
        start = 4                # its country
    if kind == KEY_DOCUMENT:
        kind = KEY_DOCUMENT_NUMBER
    for i in range(start, min(size, <size_t>TEXT_MAX)):
        if c"0" <= text[i] <= c"9":
            kept[n] = text[i] - c"0" + 1
        elif c"A" <= text[i] <= c"Z":
            kept[n] = text[i] - c"A" + 11
        elif c"a" <= text[i] <= c"z":
            kept[n] = text[i] - c"a" + 11
        elif text[i] == c"?" or text[i] == c"*":
            kept[n] = 37
        else:
            continue
        n += 1
    if kind == KEY_NIT and n:
        n -= 1                   # its check digit
    if kind == KEY_VIN and n == 17:
        kept[8] = 0              # its check character, the only one it can have
    if n == 0:
        return 0
    differ = 2 if n <= 7 or kind == KEY_CEDULA else 3
    if n <= 9:
        for i in range(n):
            code = code << 6 | kept[i]
    else:
        for i in range(n - 7):
            head = (head + kept[i] + 1) * 0x9E3779B97F4A7C15ULL
            head ^= head >> 29
        code = head >> 52
        for i in range(n - 7, n):
            code = code << 6 | kept[i]
    return _coded(kind, differ, code)

cdef inline bint near_code(uint64_t code, uint64_t apart) noexcept nogil:
    """Returns whether two codes are near. apart: their XOR, not 0."""
    cdef int kind = <int>(code >> 58) & 31
    cdef int last = 63 - leading_zeros(apart), first = trailing_zeros(apart)
    if kind == KEY_CUI or kind == CODE_LICENCE_CUI:
        # or one serial in several municipalities: serials are counted in the whole country
        return (last >> 2) - (first >> 2) < 3 or first >= 32
    return ((last * 43) >> 8) - ((first * 43) >> 8) < <int>(code >> 54 & 15)  # by 6, exact below 64
