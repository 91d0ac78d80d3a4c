"""Numbers one slip from a CUI (docs/answers.md section 5, "Numbers weighed")."""

from array import array

from libc.stdint cimport int64_t, uint8_t, uint32_t

from core.identifiers.numbers cimport cui_rule, municipalities_of
from core.identifiers.rules cimport RULE_OK
from core.wire cimport Buffer, buffer_free, buffer_init, put_raw

cdef enum:
    DIGITS = 13
    DEPARTMENTS = 22
    PLACE = 10000                # the last four digits: department and municipality
    LARGEST = 9999999999999
    SLIP_DIGIT = 1
    SLIP_EXCHANGED = 2
    SLIP_PLACE = 3
    SLIP_LOST = 4
    SLIP_DOUBLED = 5

ANOTHER_DIGIT, EXCHANGED, ANOTHER_PLACE = SLIP_DIGIT, SLIP_EXCHANGED, SLIP_PLACE
LOST_DIGIT, DOUBLED_DIGIT = SLIP_LOST, SLIP_DOUBLED


cdef struct Near:
    Buffer rows                  # uint32: of the number that was asked
    Buffer cuis                  # int64
    Buffer kinds                 # uint8
    bint valid_only


cdef void _put(Near* near, uint32_t row, int64_t cui, uint8_t kind) noexcept nogil:
    cdef char digits[DIGITS]
    cdef int64_t rest = cui
    cdef int i
    if near.valid_only:
        for i in range(DIGITS - 1, -1, -1):
            digits[i] = <char>(c"0" + rest % 10)
            rest //= 10
        if cui_rule(digits) != RULE_OK:
            return
    put_raw(&near.rows, &row, 4)
    put_raw(&near.cuis, &cui, 8)
    put_raw(&near.kinds, &kind, 1)


cdef void _put_near(Near* near, uint32_t row, int64_t cui) noexcept nogil:
    """Two neighbours exchanged are two digits, and of the place part more than one digit is changed.

    A number that begins with 0 may have been twelve digits, before which a zero was put: one was lost elsewhere, then.
    """
    cdef int64_t unit = 1, digit, before, other
    cdef int place, department, municipality
    for place in range(DIGITS):
        digit = cui // unit % 10
        for other in range(10):
            if other != digit:
                _put(near, row, cui + (other - digit) * unit, SLIP_DIGIT)
        before = cui // unit // 10 % 10
        if place < DIGITS - 1 and before != digit:
            _put(near, row, cui + (before - digit) * unit + (digit - before) * unit * 10, SLIP_EXCHANGED)
        unit *= 10
    for department in range(1, DEPARTMENTS + 1):
        for municipality in range(1, municipalities_of(department) + 1):
            other = cui - cui % PLACE + 100 * department + municipality
            if other != cui and not _is_one_digit_off(other % PLACE, cui % PLACE):
                _put(near, row, other, SLIP_PLACE)
    if near.valid_only and cui < LARGEST // 10:
        _put_counted(near, row, cui, DIGITS - 1)
    elif not near.valid_only:  # who bears this one may be meant by what is left of it without a digit
        unit = 1
        for place in range(DIGITS):
            if place == 0 or cui // unit % 10 != cui // (unit // 10) % 10:
                other = cui // (unit * 10) * unit + cui % unit
                if other and other != cui:
                    _put(near, row, other, SLIP_LOST)
            unit *= 10


cdef bint _is_one_digit_off(int64_t a, int64_t b) noexcept nogil:
    """Returns whether two place parts differ in one digit, or have two neighbours exchanged."""
    cdef int differ = 0, place
    cdef int64_t unit = 1
    for place in range(4):
        differ += a // unit % 10 != b // unit % 10
        if place < 3 and a // (unit * 100) == b // (unit * 100) and a % unit == b % unit and (
                a // unit % 10 == b // unit // 10 % 10 and b // unit % 10 == a // unit // 10 % 10):
            return True
        unit *= 10
    return differ == 1


cdef void _put_counted(Near* near, uint32_t row, int64_t number, int digits) noexcept nogil:
    """Puts the numbers of 13 digits that one more digit makes of 12, or one fewer of 14, each once.

    A digit put beside an equal one gives the same text on either side.
    """
    cdef int64_t unit = 1, digit, right = -1
    cdef int _
    for _ in range(max(digits, DIGITS)):
        digit = number // unit % 10
        if digits > DIGITS:
            if digit != right:
                _put(near, row, number // (unit * 10) * unit + number % unit, SLIP_DOUBLED)
            right = digit
        else:
            for digit in range(10):
                if digit != right and number // unit * unit * 9 + digit * unit:  # before all of it a 0 is what was asked
                    _put(near, row, number // unit * unit * 10 + digit * unit + number % unit, SLIP_LOST)
            right = number // unit % 10
        unit *= 10


cdef tuple _columns(Near* near):
    if near.rows.failed or near.cuis.failed or near.kinds.failed:
        raise MemoryError
    rows, numbers, kinds = array("I"), array("q"), array("B")
    if near.rows.size:
        rows.frombytes((<char*>near.rows.data)[:near.rows.size])
        numbers.frombytes((<char*>near.cuis.data)[:near.cuis.size])
        kinds.frombytes((<char*>near.kinds.data)[:near.kinds.size])
    return rows, numbers, kinds


cdef void _free(Near* near) noexcept:
    buffer_free(&near.rows)
    buffer_free(&near.cuis)
    buffer_free(&near.kinds)


cdef void _init(Near* near, bint valid_only) noexcept:
    near.valid_only = valid_only
    buffer_init(&near.rows)
    buffer_init(&near.cuis)
    buffer_init(&near.kinds)


def near_cuis(cuis, bint valid_only):
    cdef Near near
    cdef int64_t cui
    cdef uint32_t row = 0
    _init(&near, valid_only)
    try:
        for number in cuis:
            cui = number
            if not 0 < cui <= LARGEST:
                raise ValueError("a CUI has 13 digits")
            with nogil:
                _put_near(&near, row, cui)
            row += 1
        return _columns(&near)
    finally:
        _free(&near)


def near_miscounted(numbers):
    cdef Near near
    cdef int64_t number
    cdef int digits
    cdef uint32_t row = 0
    _init(&near, True)
    try:
        for text in numbers:
            digits = len(text)
            number = int(text)
            if digits != DIGITS - 1 and digits != DIGITS + 1:
                raise ValueError("a CUI that lost a digit has 12, one with a digit too many 14")
            with nogil:
                _put_counted(&near, row, number, digits)
            row += 1
        return _columns(&near)
    finally:
        _free(&near)
