"""Days and partial dates of the Guatemalan calendar (docs/answers.md sections 1 and 3).

A day is days since 1970-01-01. A partial date is (year, month, day) with 0 for each unknown part.
"""

from libc.stdint cimport INT32_MAX, INT32_MIN, int32_t, int64_t

from core.contract.level cimport AGREEMENT_AGREES, AGREEMENT_DISAGREES, AGREEMENT_UNKNOWN

cdef enum:
    DAY_MS = 86400000
    CENTURY = 100
    DAYS_OFF = 2
    GUATEMALA_OFFSET_MS = 21600000  # UTC-6, no daylight saving since 2006


cdef const char* date_part_word(int part) noexcept nogil:
    if part == DATE_YEAR:
        return b"year"
    if part == DATE_MONTH:
        return b"month"
    if part == DATE_DAY:
        return b"day"
    return b""


cdef inline bint is_leap(int year) noexcept nogil:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# Days of a month; of February 29 when the year is unknown (0), of an unknown month 31.
cdef inline int month_length(int year, int month) noexcept nogil:
    if month == 2:
        return 29 if year == 0 or is_leap(year) else 28
    if month == 4 or month == 6 or month == 9 or month == 11:
        return 30
    return 31


# Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so the leap day comes last;
# 400 years are 146,097 days; 719,468 days lie between 0000-03-01 and 1970-01-01.
cdef int32_t day_from_date(int year, int month, int day) noexcept nogil:
    cdef int64_t y = <int64_t>year - (1 if month <= 2 else 0)
    cdef int64_t era = y // 400
    cdef int64_t year_of_era = y - era * 400
    cdef int64_t day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    cdef int64_t day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return <int32_t>(era * 146097 + day_of_era - 719468)


cdef CivilDate date_from_day(int32_t day) noexcept nogil:
    cdef int64_t z = <int64_t>day + 719468
    cdef int64_t era = z // 146097
    cdef int64_t day_of_era = z - era * 146097
    cdef int64_t year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    cdef int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    cdef int64_t month_of_year = (5 * day_of_year + 2) // 153
    cdef CivilDate date
    date.day = <int>(day_of_year - (153 * month_of_year + 2) // 5 + 1)
    date.month = <int>(month_of_year + 3 if month_of_year < 10 else month_of_year - 9)
    date.year = <int>(year_of_era + era * 400 + (1 if date.month <= 2 else 0))
    return date


cdef int partial_date_problem(int year, int month, int day) noexcept nogil:
    if year != 0 and not YEAR_MIN <= year <= YEAR_MAX:
        return DATE_YEAR
    if not 0 <= month <= 12:
        return DATE_MONTH
    if not 0 <= day <= month_length(year, month):
        return DATE_DAY
    return DATE_OK


cdef inline bint is_whole(int year, int month, int day) noexcept nogil:
    return year != 0 and month != 0 and day != 0 and partial_date_problem(year, month, day) == DATE_OK


cdef int32_t day_or_none(int year, int month, int day) noexcept nogil:
    return day_from_date(year, month, day) if is_whole(year, month, day) else NO_DAY


cdef inline bint may_be_equal(int a, int b) noexcept nogil:
    return a == 0 or b == 0 or a == b


cdef bint digits_near(int a, int b, int digits) noexcept nogil:
    cdef int place, here, there, differing = 0, first = -1, first_here = 0, first_there = 0
    for place in range(digits):
        here = a % 10
        there = b % 10
        a //= 10
        b //= 10
        if here == there:
            continue
        differing += 1
        if differing == 1:
            first = place
            first_here = here
            first_there = there
        elif differing > 2 or place != first + 1 or here != first_there or there != first_here:
            return False
    return differing > 0


cdef int birth_noise(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil:
    cdef int differing = (year_a != year_b) + (month_a != month_b) + (day_a != day_b)
    cdef int32_t apart
    if -1 <= year_a - year_b <= 1:
        if month_a == month_b and day_a == day_b:
            return NOISE_YEAR_OR_SWAP
        if year_a == year_b and month_a == day_b and day_a == month_b:
            return NOISE_YEAR_OR_SWAP
        apart = day_from_date(year_a, month_a, day_a) - day_from_date(year_b, month_b, day_b)
        if -DAYS_OFF <= apart <= DAYS_OFF:
            return NOISE_DAYS
    if differing != 1:
        return NOISE_NONE
    if year_a != year_b and (year_a - year_b) % CENTURY == 0:
        return NOISE_YEAR_OR_SWAP
    if year_a != year_b:
        return NOISE_DIGIT if digits_near(year_a, year_b, 4) else NOISE_NONE
    if month_a != month_b:
        return NOISE_DIGIT if digits_near(month_a, month_b, 2) else NOISE_NONE
    return NOISE_DIGIT if digits_near(day_a, day_b, 2) else NOISE_NONE


cdef inline bint one_digit(int a, int b, int digits) noexcept nogil:
    cdef int _place, differing = 0
    for _place in range(digits):
        differing += a % 10 != b % 10
        a //= 10
        b //= 10
    return differing == 1


# The part in which two whole dates differ, when it is one, and by what: GRADE_DIGIT, GRADE_DIGITS_SWAPPED or GRADE_NONE.
cdef inline int slip_grade(int a, int b, int digits) noexcept nogil:
    if not digits_near(a, b, digits):
        return GRADE_NONE
    return GRADE_DIGIT if one_digit(a, b, digits) else GRADE_DIGITS_SWAPPED


cdef inline int whole_grade(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil:
    cdef bint year = year_a == year_b, month = month_a == month_b, day = day_a == day_b
    cdef int32_t apart = day_from_date(year_a, month_a, day_a) - day_from_date(year_b, month_b, day_b)
    cdef int slip = GRADE_NONE
    if year_a <= LAST_FILLER_YEAR or year_b <= LAST_FILLER_YEAR:
        return GRADE_CENTURY if month and day and not year and (year_a - year_b) % CENTURY == 0 else GRADE_NONE
    if year and month and day:
        return GRADE_EQUAL
    if year and month_a == day_b and day_a == month_b:
        return GRADE_SWAPPED
    if month and day and -1 <= year_a - year_b <= 1:
        return GRADE_YEAR_OFF
    if month and day and (year_a - year_b) % CENTURY == 0:
        return GRADE_CENTURY
    if -DAYS_OFF <= apart <= DAYS_OFF:
        return GRADE_DAYS
    if year + month + day == 2:
        slip = slip_grade(day_a, day_b, 2) if not day else (
            slip_grade(month_a, month_b, 2) if not month else slip_grade(year_a, year_b, 4))
    if slip != GRADE_NONE:
        return slip
    if month and day:
        return GRADE_DAY_ALONE
    if year:
        return GRADE_YEAR_ALONE
    return GRADE_DECADE if year_a // 10 == year_b // 10 else GRADE_ELSE


cdef int birth_grade(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil:
    cdef bint fits
    if year_a == 0 or year_b == 0:
        return GRADE_NONE
    if month_a and day_a and month_b and day_b:
        return whole_grade(year_a, month_a, day_a, year_b, month_b, day_b)
    if year_a <= LAST_FILLER_YEAR or year_b <= LAST_FILLER_YEAR:
        return GRADE_NONE
    fits = may_be_equal(month_a, month_b) and may_be_equal(day_a, day_b)
    if year_a == year_b:
        if not fits:
            return GRADE_PART_DIFFERS
        return GRADE_MONTH_KNOWN if month_a and month_b else GRADE_YEAR_KNOWN
    if fits and -1 <= year_a - year_b <= 1:
        return GRADE_YEAR_NEAR
    return GRADE_PART_DECADE if year_a // 10 == year_b // 10 else GRADE_PART_ELSE


cdef int birth_dates_agreement(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil:
    # Before all else: what stands where nothing is known agrees by chance, and rules nobody out.
    if year_a <= LAST_FILLER_YEAR or year_b <= LAST_FILLER_YEAR:
        return AGREEMENT_UNKNOWN
    if year_a == year_b and month_a == month_b and day_a == day_b and month_a != 0 and day_a != 0:
        return AGREEMENT_AGREES
    if month_a and day_a and month_b and day_b and birth_noise(
            year_a, month_a, day_a, year_b, month_b, day_b) != NOISE_NONE:
        return AGREEMENT_UNKNOWN
    if month_a == 1 and day_a == 1:  # 1 January stands for a day that is not known: it says its year
        month_a = day_a = 0
    if month_b == 1 and day_b == 1:
        month_b = day_b = 0
    # The year off by one at most, and nothing known that contradicts.
    if -1 <= year_a - year_b <= 1 and may_be_equal(month_a, month_b) and may_be_equal(day_a, day_b):
        return AGREEMENT_UNKNOWN
    return AGREEMENT_DISAGREES


cdef int age_in_years(int year, int month, int day, int32_t today) noexcept nogil:
    if not is_whole(year, month, day) or day_from_date(year, month, day) > today:
        return -1
    cdef CivilDate now = date_from_day(today)
    cdef int age = now.year - year
    if now.month < month or (now.month == month and now.day < day):
        age -= 1  # who was born on 29 February has a birthday on 1 March of a common year
    return age


cdef int32_t day_in_guatemala(int64_t clock_ms) noexcept nogil:
    cdef int64_t day
    if clock_ms < -(<int64_t>1 << 62):
        return INT32_MIN
    day = (clock_ms - GUATEMALA_OFFSET_MS) // DAY_MS
    if day > INT32_MAX:
        return INT32_MAX
    if day < INT32_MIN:
        return INT32_MIN
    return <int32_t>day


def day_of(int year, int month, int day) -> int:
    """Day number of a whole date. Raises ValueError when the date is not whole or does not exist."""
    if not is_whole(year, month, day):
        raise ValueError("no whole date of the calendar")
    return day_from_date(year, month, day)


def date_of(int32_t day) -> tuple[int, int, int]:
    """(year, month, day) of a day number, proleptic Gregorian. Raises OverflowError beyond 32 bits."""
    cdef CivilDate date = date_from_day(day)
    return date.year, date.month, date.day


def date_problem(int year, int month, int day) -> str | None:
    """Returns the first part of a partial date that breaks a rule; None when it is valid.

    Year 0 or 1000 to 9999, month 0 to 12, day 0 to the month's last (29 for February of an unknown year, 31 for an
    unknown month).
    """
    cdef int part = partial_date_problem(year, month, day)
    return date_part_word(part).decode("ascii") if part else None


def compare_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    """ronda.v1 Agreement of two valid birth dates (docs/answers.md section 3): 1 AGREES, 2 DISAGREES, 3 UNKNOWN."""
    return birth_dates_agreement(a[0], a[1], a[2], b[0], b[1], b[2])


GRADES = (
    "none", "equal", "swapped", "year off", "century", "days", "digit", "digits swapped", "day alone", "year alone", "decade", "else",
    "month known", "year known", "year near", "part differs", "part decade", "part else",
)


def grade_of_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int]) -> str:
    """Returns how near two valid birth dates are, one of GRADES (docs/names.md, "Persons")."""
    return GRADES[birth_grade(a[0], a[1], a[2], b[0], b[1], b[2])]


def age_on(birth_date: tuple[int, int, int], int32_t today) -> int | None:
    """Returns whole years from birth date to day `today`; None when the date is not whole or valid, or after today."""
    cdef int age = age_in_years(birth_date[0], birth_date[1], birth_date[2], today)
    return None if age < 0 else age


def guatemala_day(int64_t clock_ms) -> int:
    """Today in Guatemala (UTC-6, no daylight saving) for a clock in UTC milliseconds.

    Raises OverflowError beyond 64 bits.
    """
    return day_in_guatemala(clock_ms)
