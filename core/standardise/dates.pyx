"""Dates in another format than the register's, and validity of dates with unknown parts."""

from libc.stdint cimport int32_t
from libc.string cimport memcmp

from core.calendar cimport BIRTH_PIVOT, NO_DAY, CivilDate, date_from_day, day_from_date, partial_date_problem
from core.months cimport SEPTEMBER, SETIEMBRE, month_name
from core.standardise.dates_written cimport WRITTEN_MAX, written_date
from core.standardise.row cimport VALUE_BAD, VALUE_NULL, VALUE_OK

cdef enum:
    GROUPS = 3
    OTHER_PIVOT = 69         # any other date's
    SERIAL_FIRST = 3654      # a spreadsheet's day number: 1910-01-01
    SERIAL_LAST = 73050      # 2099-12-31
    SERIAL_ZERO = -25569     # 1899-12-30, day 0 of spreadsheets
    COMPACT_YEAR_FIRST = 1900
    COMPACT_YEAR_LAST = 2099
    NO_END_YEAR = 1900       # the last year in which programs let days begin
    NO_BEGIN_YEAR = 2100     # from here on a slip: 2204 for 2024

cdef struct Group:
    int value
    int digits               # 0: a month's name


cdef inline bint is_digit(char c) noexcept nogil:
    return 48 <= c <= 57


cdef inline char upper(char c) noexcept nogil:
    return c - 32 if 97 <= c <= 122 else c


# Without a time of day; size 0 for a time with a zone, which only the register's own formats read.
cdef Cell without_time(Cell cell) noexcept nogil:
    cdef int i
    for i in range(cell.size):
        if cell.data[i] == c":":
            while i > 0 and is_digit(cell.data[i - 1]):
                i -= 1
            if i == 0 or not (cell.data[i - 1] == c" " or cell.data[i - 1] == c"T"):
                cell.size = 0
            elif not is_digit(cell.data[cell.size - 1]) or cell.data[cell.size - 3] == c"-" or cell.data[cell.size - 3] == c"+":
                cell.size = 0
            else:
                cell.size = i - 1
            return cell
    return cell


# Groups of digits and names of months; -1 = something else, or more than three.
cdef int groups_of(Cell cell, Group* groups) noexcept nogil:
    cdef int at = 0, count = 0, start, k
    cdef char word[3]
    while at < cell.size:
        if cell.data[at] == c" " or cell.data[at] == c"-" or cell.data[at] == c"/" or cell.data[at] == c".":
            at += 1
            continue
        start = at
        if is_digit(cell.data[at]):
            if count == GROUPS:
                return -1
            groups[count].value = 0
            while at < cell.size and is_digit(cell.data[at]):
                if at - start == 8:
                    return -1
                groups[count].value = groups[count].value * 10 + cell.data[at] - 48
                at += 1
            groups[count].digits = at - start
            count += 1
            continue
        while at < cell.size and c"A" <= upper(cell.data[at]) <= c"Z":
            at += 1
        if at - start == 2 and upper(cell.data[start]) == c"D" and upper(cell.data[start + 1]) == c"E":
            continue
        if at - start == 3 and upper(cell.data[start]) == c"D" and upper(cell.data[start + 1]) == c"E" and upper(cell.data[start + 2]) == c"L":
            continue
        if at - start < 3 or count == GROUPS:
            return -1
        for k in range(3):
            word[k] = upper(cell.data[start + k])
        if memcmp(word, b"SET", 3) == 0:
            memcpy3(word, b"SEP")
        groups[count].digits = 0
        groups[count].value = 0
        for k in range(1, 13):
            if memcmp(word, month_name(k), 3) == 0:
                groups[count].value = k
        if groups[count].value == 0 or not month_is_whole(cell.data + start, at - start, groups[count].value):
            return -1
        count += 1
    return count


cdef inline void memcpy3(char* to, const char* what) noexcept nogil:
    to[0] = what[0]
    to[1] = what[1]
    to[2] = what[2]


# Three letters, or the whole name ("SETIEMBRE" too).
cdef bint month_is_whole(const char* word, int n, int month) noexcept nogil:
    cdef const char* name = month_name(month)
    cdef int i
    if n == 3:
        return True
    if month == SEPTEMBER and upper(word[2]) == c"T":
        name = month_name(SETIEMBRE)
    for i in range(n):
        if upper(word[i]) != name[i]:
            return False
    return name[n] == 0


cdef inline int full_year(const Group* group, bint birth) noexcept nogil:
    if group.digits != 2:
        return group.value
    return group.value + (2000 if group.value <= (BIRTH_PIVOT if birth else OTHER_PIVOT) else 1900)


cdef inline bint is_good(int year, int month, int day) noexcept nogil:
    return partial_date_problem(year, month, day) == 0


cdef Date a_date(int year, int month, int day) noexcept nogil:
    cdef Date date
    date.status = VALUE_OK if is_good(year, month, day) else VALUE_BAD
    date.year = year
    date.month = month
    date.day = day
    date.turned = False
    if year == 0 and month == 0 and day == 0:
        date.status = VALUE_NULL
    if date.status != VALUE_OK:
        date.year = date.month = date.day = 0
    return date


cdef Date bad_date() noexcept nogil:
    return a_date(0, 13, 0)


cdef Date of_six(const Group* group, bint birth, bint month_first) noexcept nogil:
    """ddmmyy (mmddyy where the month stands first), yymmdd, mmyyyy or yyyymm, where only one of them is a date."""
    cdef Group year
    cdef Date ways[4]
    cdef int a = group.value // 10000, b = group.value // 100 % 100, c = group.value % 100, i, found = -1
    year.digits = 2
    year.value = c
    ways[0] = a_date(full_year(&year, birth), a if month_first else b, b if month_first else a)
    year.value = a
    ways[1] = a_date(full_year(&year, birth), b, c)
    ways[2] = a_date(group.value % 10000, a, 0)
    ways[3] = a_date(group.value // 100, c, 0)
    for i in range(4):
        if ways[i].status != VALUE_OK or ways[i].month == 0 or (i < 2 and ways[i].day == 0):
            continue
        if i >= 2 and not COMPACT_YEAR_FIRST <= ways[i].year <= COMPACT_YEAR_LAST:
            continue
        if found >= 0 and not same_date(&ways[i], &ways[found]):
            return bad_date()
        found = i
    return ways[found] if found >= 0 else bad_date()


cdef bint same_date(const Date* a, const Date* b) noexcept nogil:
    return a.year == b.year and a.month == b.month and a.day == b.day


cdef Date of_digits(const Group* group) noexcept nogil:
    """yyyymmdd or ddmmyyyy, a spreadsheet's day number, or a year."""
    cdef CivilDate civil
    cdef int value = group.value
    cdef bint year_first, year_last
    if group.digits == 4 and COMPACT_YEAR_FIRST <= value <= COMPACT_YEAR_LAST:
        return a_date(value, 0, 0)
    if group.digits == 8:
        year_first = COMPACT_YEAR_FIRST <= value // 10000 <= COMPACT_YEAR_LAST and is_good(value // 10000, value // 100 % 100, value % 100)
        year_last = COMPACT_YEAR_FIRST <= value % 10000 <= COMPACT_YEAR_LAST and is_good(value % 10000, value // 10000 % 100, value // 1000000)
        if year_first and not year_last:
            return a_date(value // 10000, value // 100 % 100, value % 100)
        if year_last and not year_first:
            return a_date(value % 10000, value // 10000 % 100, value // 1000000)
    if group.digits == 5 and SERIAL_FIRST <= value <= SERIAL_LAST:
        civil = date_from_day(value + SERIAL_ZERO)
        return a_date(civil.year, civil.month, civil.day)
    return bad_date()


cdef Date other_date(Cell cell, bint birth, bint month_first) noexcept nogil:
    cdef char text[WRITTEN_MAX]
    cdef Cell written
    cdef Date date = of_groups(without_time(cell), birth, month_first, False)
    if date.status != VALUE_BAD:
        return date
    written.data = text
    written.size = written_date(cell, text)
    return of_groups(written, birth, month_first, True) if written.size else date


cdef Date of_groups(Cell cell, bint birth, bint month_first, bint written) noexcept nogil:
    """The date that groups of digits and months are; `written`: as clerks write it."""
    cdef Group groups[GROUPS]
    cdef int count, first, second, year
    cdef Date turned
    count = groups_of(cell, groups)
    if count == 1 and written and groups[0].digits == 6:
        return of_six(&groups[0], birth, month_first)
    if count == 3 and written and groups[0].digits == 0 and 1 <= groups[1].digits <= 2 and groups[2].digits == 4:
        return a_date(groups[2].value, groups[0].value, groups[1].value)    # marzo 4, 1985
    if count == 1 and groups[0].digits:
        return of_digits(&groups[0])
    if count == 2 and groups[1].digits == 4 and groups[0].digits <= 2:      # 03/1985, marzo de 1985
        return a_date(groups[1].value, groups[0].value, 0)
    if count == 2 and groups[0].digits == 4 and 1 <= groups[1].digits <= 2:
        return a_date(groups[0].value, groups[1].value, 0)
    if count != 3 or groups[0].digits == 0:
        return bad_date()
    if groups[0].digits == 4 and groups[1].digits <= 2 and 1 <= groups[2].digits <= 2:
        return a_date(groups[0].value, groups[1].value, groups[2].value)
    if groups[0].digits > 2 or groups[1].digits > 2 or not (groups[2].digits == 4 or groups[2].digits == 2):
        return bad_date()
    year = full_year(&groups[2], birth)
    first = groups[0].value
    second = groups[1].value
    if groups[1].digits == 0:
        return a_date(year, second, first)
    # The day stands first, unless the register says otherwise; the other way only where this one gives no date.
    if month_first:
        first, second = second, first
    if is_good(year, second, first):
        return a_date(year, second, first)
    turned = a_date(year, first, second)
    turned.turned = turned.status == VALUE_OK
    return turned


cdef int lone_year(Cell cell) noexcept nogil:
    cdef int at = 0, start, value, found = 0
    while at < cell.size:
        if not is_digit(cell.data[at]):
            at += 1
            continue
        start = at
        value = 0
        while at < cell.size and is_digit(cell.data[at]):
            if at - start < 5:
                value = value * 10 + cell.data[at] - 48
            at += 1
        if at - start == 4 and COMPACT_YEAR_FIRST <= value <= COMPACT_YEAR_LAST:
            if found:
                return 0
            found = value
    return found


cdef void range_of(Date date, int32_t* earliest, int32_t* latest) noexcept nogil:
    """First and last day that a date with a year may be."""
    cdef int last = date.day if date.day else 31
    cdef int month = date.month if date.month else 12
    while partial_date_problem(date.year, month, last):
        last -= 1
    earliest[0] = day_from_date(date.year, date.month if date.month else 1, date.day if date.day else 1)
    latest[0] = day_from_date(date.year, month, last)


cdef bint is_no_end(Date ends) noexcept nogil:
    """The first days of programs (0001, 1753, 1899, 1900; 1970, in Guatemala's time 31 December 1969), which end nothing."""
    return (ends.year <= NO_END_YEAR or (ends.year == 1970 and ends.month == 1 and ends.day == 1)
            or (ends.year == 1969 and ends.month == 12 and ends.day == 31))


cdef Validity validity_of(Date begins, Date ends, bint alert) noexcept nogil:
    cdef Validity v
    cdef int32_t first_latest = NO_DAY, last_earliest = NO_DAY
    v.first = v.last = NO_DAY
    v.first_span = v.last_span = 0
    if begins.status == VALUE_OK and begins.year and not (alert and begins.year >= NO_BEGIN_YEAR):
        range_of(begins, &v.first, &first_latest)
        v.first_span = first_latest - v.first
    elif begins.status != VALUE_NULL:
        v.first_span = SPAN_UNKNOWN
    if ends.status == VALUE_OK and ends.year and not is_no_end(ends):
        range_of(ends, &last_earliest, &v.last)
        v.last_span = v.last - last_earliest
    elif ends.status != VALUE_NULL:
        v.last_span = SPAN_UNKNOWN
    if v.first != NO_DAY and v.last != NO_DAY and v.last < v.first:  # exchanged
        v.first = NO_DAY if alert else last_earliest
        v.last = NO_DAY if alert else first_latest
        v.first_span = v.last_span = SPAN_UNKNOWN
    return v


cdef Validity alert_days(Date begins, Date ends, int32_t issued_day) noexcept nogil:
    cdef Validity days = validity_of(begins, ends, True)
    if days.last != NO_DAY and issued_day != NO_DAY and days.last < issued_day:
        days.last = NO_DAY
        days.last_span = SPAN_UNKNOWN
    return days
