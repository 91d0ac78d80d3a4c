# Days and partial dates without the GIL. A day is days since 1970-01-01 of the Guatemalan calendar; NO_DAY
# = unknown. A partial date has 0 for each unknown part.

from libc.stdint cimport int32_t, int64_t

cdef enum:
    NO_DAY = -2147483648
    YEAR_MIN = 1000           # a year on file has four digits (ronda.v1.PartialDate)
    YEAR_MAX = 9999
    LAST_BIRTH_YEAR = 2099    # nobody on file is born later: a date beyond it is a filler, 31/12/9999 (docs/manifests.md, "Dates")
    BIRTH_PIVOT = 26          # a birth year of two digits up to this is of 2000, above it of 1900 (docs/manifests.md, "Dates")

cdef struct CivilDate:
    int year
    int month
    int day

# The part that breaks a rule; date_part_word gives its word.
cdef enum:
    DATE_OK = 0
    DATE_YEAR = 1
    DATE_MONTH = 2
    DATE_DAY = 3

cdef const char* date_part_word(int part) noexcept nogil

# Returns whether it separates the numbers of a typed date, "14/3.1980".
cdef inline bint is_date_sign(char c) noexcept nogil:
    return c == c"/" or c == c"." or c == c"-"

# Proleptic Gregorian calendar. The date must be whole and valid.
cdef int32_t day_from_date(int year, int month, int day) noexcept nogil
cdef CivilDate date_from_day(int32_t day) noexcept nogil

# Day of a partial date; NO_DAY unless it is whole and valid.
cdef int32_t day_or_none(int year, int month, int day) noexcept nogil

# DATE_OK or the first part that breaks a rule: year 0 or four digits, month 0 to 12, day 0 to the month's last
# (29 for February of an unknown year, 31 for an unknown month).
cdef int partial_date_problem(int year, int month, int day) noexcept nogil

cdef enum:
    LAST_FILLER_YEAR = 1900   # nobody born so early lives

# Ways in which a birth date may be miswritten.
cdef enum:
    NOISE_NONE = 0
    NOISE_YEAR_OR_SWAP = 1    # the year one off or of another century, or day and month swapped
    NOISE_DAYS = 2            # one or two days off
    NOISE_DIGIT = 3           # one digit wrong, or two neighbouring digits of a part swapped

# The kind of noise that lies between two whole birth dates that differ; the first that holds.
cdef int birth_noise(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil

# Grades of nearness of two birth dates: the first that holds counts (docs/names.md, "Persons").
cdef enum:
    GRADE_NONE = 0            # a year is missing, or a filler: nothing is counted
    GRADE_EQUAL = 1           # both whole
    GRADE_SWAPPED = 2         # day and month swapped
    GRADE_YEAR_OFF = 3        # the same day and month, the year one off
    GRADE_CENTURY = 4         # the same day and month of another century
    GRADE_DAYS = 5            # one or two days off
    GRADE_DIGIT = 6           # one digit wrong
    GRADE_DIGITS_SWAPPED = 7  # two neighbouring digits of a part swapped
    GRADE_DAY_ALONE = 8       # the same day and month, another year
    GRADE_YEAR_ALONE = 9      # the same year, the rest otherwise
    GRADE_DECADE = 10         # the same ten years
    GRADE_ELSE = 11
    GRADE_MONTH_KNOWN = 12    # from here on a day or month is unknown: year and month are known and equal
    GRADE_YEAR_KNOWN = 13     # the year is known and equal, and nothing contradicts
    GRADE_YEAR_NEAR = 14      # the year is one off, and nothing contradicts
    GRADE_PART_DIFFERS = 15   # the year is equal, a month or day is not
    GRADE_PART_DECADE = 16
    GRADE_PART_ELSE = 17
    BIRTH_GRADES = 18

cdef int birth_grade(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil

# Returns whether two years or parts of `digits` digits differ in one digit, or by two neighbouring ones swapped.
cdef bint digits_near(int a, int b, int digits) noexcept nogil

# ronda.v1.Agreement of two valid birth dates (docs/answers.md section 3): 1 AGREES, 2 DISAGREES, 3 UNKNOWN.
cdef int birth_dates_agreement(int year_a, int month_a, int day_a, int year_b, int month_b, int day_b) noexcept nogil

# Whole years from a birth date to `today`; -1 when the birth date is not whole, not valid, or after today.
cdef int age_in_years(int year, int month, int day, int32_t today) noexcept nogil

# Today in Guatemala (UTC-6) for a clock in UTC milliseconds.
cdef int32_t day_in_guatemala(int64_t clock_ms) noexcept nogil
