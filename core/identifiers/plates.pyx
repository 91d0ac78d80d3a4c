"""Plates; called from compiled code only. Python calls core.identifiers.api.

Guatemala: type, three digits, three letters, printed "P 123BCD"; older registers pad the digits with a zero ("P0-720GVH").
Before 2004 plates had six digits after the type: they are read only with their type.
"""

from libc.string cimport memcmp, memcpy, strlen

from core.identifiers.kinds cimport KEY_PLATE
from core.identifiers.rules cimport MISREADS_MAX, RULE_CHARACTERS, RULE_FORMAT, RULE_LENGTH, RULE_OK, Canonical, Plate
from core.identifiers.text cimport PLATE_SIGNS, Compact, all_digits, compact, is_digit

cdef extern from *:
    """
    /* Particular, comercial, alquiler, urbano, moto, mototaxi, oficial, moto oficial, diplomatic and consular, international
       mission, trailers, tractors, extraurbano, and the two of foreigners and dealers. */
    #define PLATE_TYPES_COUNT 20
    static const char *const PLATE_TYPES[PLATE_TYPES_COUNT] = {
        "P", "C", "A", "U", "M", "MT", "O", "MO", "CD", "CC", "CO", "MI", "TC", "TCE", "TRC", "T", "TE", "EXT", "DIS", ""};
    /* Characters that are taken for one another, at the roadside and by cameras. */
    #define MISREAD_GROUPS_COUNT 8
    static const char *const MISREAD_GROUPS[MISREAD_GROUPS_COUNT] = {"0ODQ", "1IL", "2Z", "5S", "6G", "8B", "4A", "VY"};
    /* The same by character: one bit a group. */
    static const unsigned char MISREAD_BITS[128] = {
        ['0'] = 1, ['O'] = 1, ['D'] = 1, ['Q'] = 1, ['1'] = 2, ['I'] = 2, ['L'] = 2, ['2'] = 4, ['Z'] = 4, ['5'] = 8, ['S'] = 8,
        ['6'] = 16, ['G'] = 16, ['8'] = 32, ['B'] = 32, ['4'] = 64, ['A'] = 64, ['V'] = 128, ['Y'] = 128};
    """
    enum:
        PLATE_TYPES_COUNT
        MISREAD_GROUPS_COUNT
    const char** PLATE_TYPES
    const char** MISREAD_GROUPS
    const unsigned char* MISREAD_BITS

cdef enum:
    NUMBER = 6            # characters of a Guatemalan plate without its type
    FOREIGN_MIN = 3
    FOREIGN_MAX = 10


cdef inline bint is_vowel(char c) noexcept nogil:
    return c == c"A" or c == c"E" or c == c"I" or c == c"O" or c == c"U"


# Reads a type, and up to two zeros of padding, that fill text[0..n) wholly; the empty type is none.
cdef bint read_type(const char* text, int n, Plate* plate) noexcept nogil:
    cdef int k
    cdef int length
    for k in range(PLATE_TYPES_COUNT):
        length = <int>strlen(PLATE_TYPES[k])
        if memcmp(text, PLATE_TYPES[k], min(length, n)) != 0:
            continue
        if n == length or (length < n <= length + 2 and text[length] == c"0" and text[n - 1] == c"0"):
            memcpy(plate.type, PLATE_TYPES[k], length)
            plate.type_length = length
            return True
    return False


cdef int read_guatemalan_plate(const char* text, size_t n, Plate* plate) noexcept nogil:
    cdef Compact c
    cdef const char* number
    cdef int i
    compact(text, n, PLATE_SIGNS, &c)
    if c.bad:
        return RULE_CHARACTERS
    if not NUMBER <= c.n <= NUMBER + 4:  # TYPE of three, zero, number
        return RULE_LENGTH
    number = c.text + c.n - NUMBER
    if not read_type(c.text, c.n - NUMBER, plate) or not all_digits(number, 3):
        return RULE_FORMAT
    plate.vowel = False
    if all_digits(number + 3, 3):
        if plate.type_length == 0:
            return RULE_FORMAT
    else:
        for i in range(3, NUMBER):
            if is_digit(number[i]):
                return RULE_FORMAT
            if is_vowel(number[i]):
                plate.vowel = True
    memcpy(plate.number, number, NUMBER)
    plate.number_length = NUMBER
    return RULE_OK


cdef int read_foreign_plate(const char* text, size_t n, Plate* plate) noexcept nogil:
    cdef Compact c
    compact(text, n, PLATE_SIGNS, &c)
    if c.bad:
        return RULE_CHARACTERS
    if not FOREIGN_MIN <= c.n <= FOREIGN_MAX:
        return RULE_LENGTH
    memcpy(plate.number, c.text, c.n)
    plate.number_length = c.n
    plate.type_length = 0
    plate.vowel = False
    return RULE_OK


cdef size_t write_plate(const Plate* plate, char* out) noexcept nogil:
    cdef size_t k = plate.type_length
    if k:
        memcpy(out, plate.type, k)
    else:
        out[0] = c"?"
        k = 1
    out[k] = c"-"
    memcpy(out + k + 1, plate.number, plate.number_length)
    return k + 1 + plate.number_length


# Characters that may stand for c at a place of digits (or of letters), into out[4]; their number.
cdef int alternatives(char c, bint digits, char* out) noexcept nogil:
    cdef int g, count = 0
    cdef const char* member
    for g in range(MISREAD_GROUPS_COUNT):
        member = MISREAD_GROUPS[g]
        while member[0] and member[0] != c:
            member += 1
        if member[0] == 0:
            continue
        member = MISREAD_GROUPS[g]
        while member[0]:
            if member[0] != c and is_digit(member[0]) == digits:
                out[count] = member[0]
                count += 1
            member += 1
    return count


cdef bint misread_as(char a, char b) noexcept nogil:
    return a != b and (MISREAD_BITS[a & 127] & MISREAD_BITS[b & 127]) != 0


cdef bint in_place(const char* number, int place) noexcept nogil:
    return is_digit(number[place]) == (place < 3)


cdef void put(const Plate* plate, Canonical* out, int* count) noexcept nogil:
    if count[0] < MISREADS_MAX:
        out[count[0]].kind = KEY_PLATE
        out[count[0]].length = write_plate(plate, out[count[0]].text)
        count[0] += 1


# One character read otherwise, then two, by place; only numbers of three digits and three letters. A character that does not
# fit its place must be among those read otherwise.
cdef int misread_plates(const char* text, size_t n, Canonical* out) noexcept nogil:
    cdef Compact c
    cdef Plate plate
    cdef char others[NUMBER][4]
    cdef int counts[NUMBER]
    cdef char read[NUMBER]
    cdef int i, j, a, b, misplaced = 0, found = 0
    compact(text, n, PLATE_SIGNS, &c)
    if c.bad or not NUMBER <= c.n <= NUMBER + 4 or not read_type(c.text, c.n - NUMBER, &plate):
        return 0
    memcpy(read, c.text + c.n - NUMBER, NUMBER)
    memcpy(plate.number, read, NUMBER)
    plate.number_length = NUMBER
    plate.vowel = False
    for i in range(NUMBER):
        counts[i] = alternatives(read[i], i < 3, others[i])
        misplaced += not in_place(read, i)
    if misplaced <= 1:
        for i in range(NUMBER):
            if misplaced == 1 and in_place(read, i):
                continue
            for a in range(counts[i]):
                plate.number[i] = others[i][a]
                put(&plate, out, &found)
            plate.number[i] = read[i]
    if misplaced <= 2:
        for i in range(NUMBER - 1):
            for j in range(i + 1, NUMBER):
                if misplaced - (not in_place(read, i)) - (not in_place(read, j)):
                    continue
                for a in range(counts[i]):
                    for b in range(counts[j]):
                        plate.number[i] = others[i][a]
                        plate.number[j] = others[j][b]
                        put(&plate, out, &found)
                plate.number[i] = read[i]
                plate.number[j] = read[j]
    return found
