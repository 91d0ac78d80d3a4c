"""Dates and numbers as registers write them."""

from libc.stdint cimport int32_t, int64_t

from core.calendar cimport NO_DAY, CivilDate, date_from_day, day_from_date, day_or_none, partial_date_problem
from core.standardise.dates cimport other_date
from core.standardise.row cimport VALUE_BAD, VALUE_NULL, VALUE_OK, Cell, Context, Date, DateFormat

cdef enum:
    GUATEMALA_MINUTES = -360   # UTC-6, no daylight saving
    DAY_MINUTES = 1440


cdef inline bint is_digit(char letter) noexcept nogil:
    return 48 <= letter <= 57


cdef int digits(Cell cell, int32_t* at, int least, int most) noexcept nogil:
    """The number of `least` to `most` digits at `at`, which moves past them; -1 when there are fewer."""
    cdef int count = 0, value = 0
    while count < most and at[0] < cell.size and is_digit(cell.data[at[0]]):
        value = value * 10 + cell.data[at[0]] - 48
        at[0] += 1
        count += 1
    return value if count >= least else -1


cdef bint clock(Cell cell, int32_t at, int* minutes, bint* zoned) noexcept nogil:
    """A time of day up to the text's end: minutes since midnight, minus the zone's offset if it states one that is no midnight."""
    cdef int hour, minute, second = 0, sign, zone_hour, zone_minute = 0, fraction = 0
    zoned[0] = False
    hour = digits(cell, &at, 1, 2)
    if hour < 0 or hour > 24 or at >= cell.size or cell.data[at] != 58:
        return False
    at += 1
    minute = digits(cell, &at, 2, 2)
    if minute < 0 or minute > 59:
        return False
    if at < cell.size and cell.data[at] == 58:
        at += 1
        second = digits(cell, &at, 2, 2)
        if second < 0 or second > 60:
            return False
        if at < cell.size and cell.data[at] == 46:
            at += 1
            fraction = digits(cell, &at, 1, 9)
            if fraction < 0:
                return False
    minutes[0] = hour * 60 + minute
    if at == cell.size:
        return True
    zoned[0] = hour or minute or second or fraction
    if cell.data[at] == 90:
        return at + 1 == cell.size
    if cell.data[at] != 43 and cell.data[at] != 45:
        return False
    sign = 1 if cell.data[at] == 43 else -1
    at += 1
    zone_hour = digits(cell, &at, 2, 2)
    if zone_hour < 0 or zone_hour > 23:
        return False
    if at < cell.size:
        if cell.data[at] == 58:
            at += 1
        zone_minute = digits(cell, &at, 2, 2)
        if zone_minute < 0 or zone_minute > 59 or at != cell.size:
            return False
    minutes[0] -= sign * (zone_hour * 60 + zone_minute)
    return True


cdef bint match(Cell cell, DateFormat* form, Date* date) noexcept nogil:
    cdef int32_t at = 0
    cdef int i, value, minutes, shift
    cdef bint zoned
    cdef int32_t day
    cdef CivilDate civil
    date.year = date.month = date.day = 0
    for i in range(form.count):
        if form.parts[i] == 89:
            date.year = digits(cell, &at, 4, 4)
            if date.year < 0:
                return False
        elif form.parts[i] == 77 or form.parts[i] == 68:
            value = digits(cell, &at, 1 if form.separated else 2, 2)
            if value < 0:
                return False
            if form.parts[i] == 77:
                date.month = value
            else:
                date.day = value
        else:
            if at >= cell.size or cell.data[at] != form.parts[i]:
                return False
            at += 1
    if at == cell.size:
        return True
    if cell.data[at] != 32 and cell.data[at] != 84:
        return False
    if not clock(cell, at + 1, &minutes, &zoned):
        return False
    if zoned and date.year and date.month and date.day and partial_date_problem(date.year, date.month, date.day) == 0:
        minutes += GUATEMALA_MINUTES
        shift = 0
        while minutes < 0:
            minutes += DAY_MINUTES
            shift -= 1
        while minutes >= DAY_MINUTES:
            minutes -= DAY_MINUTES
            shift += 1
        if shift:
            day = day_from_date(date.year, date.month, date.day) + shift
            civil = date_from_day(day)
            date.year = civil.year
            date.month = civil.month
            date.day = civil.day
    return True


cdef Date parse_date(Context* c, Cell cell, bint birth) noexcept nogil:
    cdef Date date
    cdef int i, j
    cdef int32_t number
    date.status = VALUE_NULL
    date.year = date.month = date.day = 0
    date.turned = False
    if cell.data == NULL:
        return date
    for i in range(c.n_formats):
        if not match(cell, &c.formats[i], &date):
            continue
        number = date.year * 10000 + date.month * 100 + date.day
        date.status = VALUE_NULL if number == 0 else VALUE_OK
        for j in range(c.n_null_dates):
            if c.null_dates[j] == number:
                date.status = VALUE_NULL
        if date.status == VALUE_NULL:
            date.year = date.month = date.day = 0
            return date
        if partial_date_problem(date.year, date.month, date.day) == 0:
            return date
    date = other_date(cell, birth, c.month_first)
    number = date.year * 10000 + date.month * 100 + date.day
    for j in range(c.n_null_dates):
        if date.status == VALUE_OK and c.null_dates[j] == number:
            date.status = VALUE_NULL
            date.year = date.month = date.day = 0
    return date


cdef int32_t day_of_date(Date date) noexcept nogil:
    return day_or_none(date.year, date.month, date.day) if date.status == VALUE_OK else NO_DAY


cdef int32_t number_of_date(Date date) noexcept nogil:
    if date.status != VALUE_OK or not (date.year and date.month and date.day):
        return 0
    return date.year * 10000 + date.month * 100 + date.day


cdef int number_parts(Cell cell, int32_t at, bint commas, int64_t scale, int64_t* out) noexcept nogil:
    """[+-]digits[.digits] from `at` to the end, times `scale` (1 or 100), cut."""
    cdef int64_t value = 0
    cdef bint negative = False, any_digit = False
    if at < cell.size and (cell.data[at] == 43 or cell.data[at] == 45):
        negative = cell.data[at] == 45
        at += 1
    while at < cell.size and (is_digit(cell.data[at]) or (commas and any_digit and cell.data[at] == 44)):
        if cell.data[at] != 44:
            value = value * 10 + cell.data[at] - 48
            any_digit = True
            if value > 0x7FFFFFFF:
                return VALUE_BAD
        at += 1
    if not any_digit:
        return VALUE_BAD
    value *= scale
    if at < cell.size:
        if cell.data[at] != 46:
            return VALUE_BAD
        at += 1
        while at < cell.size:
            if not is_digit(cell.data[at]):
                return VALUE_BAD
            scale //= 10
            value += scale * (cell.data[at] - 48)
            at += 1
    if value > 0x7FFFFFFF:
        return VALUE_BAD
    out[0] = -value if negative else value
    return VALUE_OK


cdef int parse_int(Cell cell, int64_t* out) noexcept nogil:
    return number_parts(cell, 0, False, 1, out)


cdef int parse_amount(Cell cell, int64_t* out) noexcept nogil:
    cdef int32_t at = 0
    if cell.size and (cell.data[0] == 81 or cell.data[0] == 113):
        at = 1
        while at < cell.size and (cell.data[at] == 32 or cell.data[at] == 46):
            at += 1  # "Q 1250", "Q.1250"
    return number_parts(cell, at, True, 100, out)
