"""A name as an officer types it into one box (core/free_text/names.pxd). Nothing here is for Python."""

from libc.string cimport memcmp, strlen

from core.calendar cimport BIRTH_PIVOT, DATE_OK, is_date_sign, partial_date_problem
from core.months cimport SEPTEMBER, SETIEMBRE, month_name

cdef enum:
    YEAR_FIRST = 1800
    YEAR_LAST = 2099
    AGE_MAX = 130            # years
    MONTH_LETTERS = 3        # at least, of a month's name that is cut
    NAME_DIGITS = 4          # at most, of a number in a company's name
    NAME_LETTERS = 3         # at least, in words of two letters or more, before a date
    WORD_MAX = 12            # bytes of the longest word looked up here

# Words that name a kind of number: a date behind them is none.
cdef const char* NUMBER_LABELS = b" PASAPORTE PASSPORT PASS PAS DOCUMENTO LICENCIA LIC MOTOR CHASIS CHASSIS SERIE VIN NIV "
cdef const char* NAME_LABELS = b" COMPLETO Y APELLIDO APELLIDOS "

cdef struct FreeDate:
    int year
    int month
    int day
    int age


cdef inline bint _is_space(char c) noexcept nogil:
    return c == c" " or 9 <= c <= 13


cdef inline bint _is_digit(char c) noexcept nogil:
    return c"0" <= c <= c"9"


cdef inline bint _is_letter(char c) noexcept nogil:
    """Returns whether it is a letter of any script: a byte above ASCII too."""
    return c & 0x80 or c"A" <= (c & 0xDF) <= c"Z"


cdef size_t _upper_word(const char* at, size_t n, char* word) noexcept nogil:
    """The letters at `at`, in upper case, with a blank on each side and a final zero; how many there are, 0 when too many."""
    cdef size_t k = 0
    word[0] = c" "
    while k < n and _is_letter(at[k]):
        if k == WORD_MAX:
            return 0
        word[k + 1] = at[k] - 32 if c"a" <= at[k] <= c"z" else at[k]
        k += 1
    word[k + 1] = c" "
    word[k + 2] = 0
    return k


cdef bint _listed(const char* word, const char* words) noexcept nogil:
    """Returns whether " WORD " stands in a list of words between blanks."""
    cdef size_t n = strlen(word), k = 0, size = strlen(words)
    while k + n <= size:
        if memcmp(words + k, word, n) == 0:
            return True
        k += 1
    return False


cdef int _month(const char* word, size_t n) noexcept nogil:
    """Returns the month from the first letters of its name; 0 = none."""
    cdef int month
    if n < MONTH_LETTERS:
        return 0
    for month in range(1, SETIEMBRE + 1):
        if n <= strlen(month_name(month)) and memcmp(word, month_name(month), n) == 0:
            return month if month != SETIEMBRE else SEPTEMBER
    return 0


cdef size_t _number(const char* at, size_t n, int* value) noexcept nogil:
    """Reads a number; returns its count of digits, 0 for none or more than four."""
    cdef size_t k = 0
    value[0] = 0
    while k < n and _is_digit(at[k]):
        if k == 4:
            return 0
        value[0] = 10 * value[0] + at[k] - c"0"
        k += 1
    return k


cdef size_t _between(const char* at, size_t n, char* sign) noexcept nogil:
    """Length of the blanks and signs that part two words of a date. sign: the one sign, a blank for blanks alone, else 0."""
    cdef size_t k = 0
    cdef bint blank = True
    while k < n and (_is_space(at[k]) or is_date_sign(at[k])):
        blank = blank and _is_space(at[k])
        k += 1
    sign[0] = <char>c" " if k and blank else at[0] if k == 1 else <char>0
    return k


cdef bint _is_date(FreeDate* date, size_t year_digits) noexcept nogil:
    if year_digits == 2:
        date.year += 2000 if date.year <= BIRTH_PIVOT else 1900
    elif year_digits != 4:
        return False
    return YEAR_FIRST <= date.year <= YEAR_LAST and date.month >= 1 and date.day >= 1 and partial_date_problem(
        date.year, date.month, date.day) == DATE_OK


cdef bint _is_month(FreeDate* date, int year, int month) noexcept nogil:
    date.year = year
    date.month = month
    return YEAR_FIRST <= year <= YEAR_LAST and 1 <= month <= 12


cdef bint _read_numbers(const char* at, size_t n, char sign, int first, size_t first_digits, FreeDate* date) noexcept nogil:
    """The second and third number of a date, or the second of a month, and nothing behind them."""
    cdef char again
    cdef int second, third
    cdef size_t k = _number(at, n, &second), digits, gap
    if k == n and is_date_sign(sign) and (k == 4 and first_digits <= 2 or k <= 2 and first_digits == 4):
        return _is_month(date, second if k == 4 else first, first if k == 4 else second)
    if not 1 <= k <= 2 or sign == 0:
        return False
    gap = _between(at + k, n - k, &again)
    k += gap
    digits = _number(at + k, n - k, &third)
    if gap == 0 or again == 0 or is_date_sign(again) != is_date_sign(sign) or digits == 0 or k + digits != n:
        return False
    date.month = second
    if first_digits == 4:
        date.year = first
        date.day = third
        return digits <= 2 and _is_date(date, 4)
    date.year = third
    date.day = first
    return first_digits <= 2 and (digits == 4 or sign != c" ") and _is_date(date, digits)


cdef size_t _take_of(const char* at, size_t n) noexcept nogil:
    """Length of "de " or "del " at `at`, or 0."""
    cdef char word[WORD_MAX + 3]
    cdef size_t k = _upper_word(at, n, word)
    if k == 0 or k == n or not _is_space(at[k]) or not _listed(word, b" DE DEL "):
        return 0
    while k < n and _is_space(at[k]):
        k += 1
    return k


cdef bint _read_words(const char* at, size_t n, int first, size_t first_digits, FreeDate* date) noexcept nogil:
    """Reads the words behind the first number: "años", "años de edad", "de marzo de 1988", "mar 88"."""
    cdef char word[WORD_MAX + 3]
    cdef char sign
    cdef size_t k, digits
    cdef size_t gap = _upper_word(at, n, word)
    if gap and _listed(word, b" A\xc3\xb1OS A\xc3\x91OS AN\xcc\x83OS ANOS ANIOS "):
        k = gap
        while k < n and _is_space(at[k]):
            k += 1
        if k < n and (k == gap or n - k < 7 or _take_of(at + k, n - k) == 0):
            return False
        if k < n:
            k += _take_of(at + k, n - k)
            digits = _upper_word(at + k, n - k, word)
            if k + digits != n or not _listed(word, b" EDAD "):
                return False
        date.age = first
        return first_digits <= 3 and 1 <= first <= AGE_MAX
    k = _take_of(at, n)
    gap = _upper_word(at + k, n - k, word)
    date.day = first
    date.month = _month(word + 1, gap)
    k += gap
    gap = _between(at + k, n - k, &sign)
    k += gap
    k += _take_of(at + k, n - k)
    digits = _number(at + k, n - k, &date.year)
    return date.month and first_digits <= 2 and gap and digits and k + digits == n and _is_date(date, digits)


cdef bint _set_joined(FreeDate* date, int day, int month, int year, size_t year_digits) noexcept nogil:
    date.day, date.month, date.year = day, month, year
    return _is_date(date, year_digits)


cdef bint _read_joined(const char* at, size_t n, FreeDate* date) noexcept nogil:
    """Six or eight digits: day, month, year, or the year of four digits first."""
    cdef int value = 0
    cdef size_t k
    if n != 6 and n != 8:
        return False
    for k in range(n):
        if not _is_digit(at[k]):
            return False
        value = 10 * value + at[k] - c"0"
    if n == 6:
        return _set_joined(date, value // 10000, value // 100 % 100, value % 100, 2)
    return _set_joined(date, value // 1000000, value // 10000 % 100, value % 10000, 4) or _set_joined(
        date, value % 100, value // 100 % 100, value // 10000, 4)


cdef bint _read_date(const char* at, size_t n, FreeDate* date) noexcept nogil:
    """A birth date or an age, and nothing behind it."""
    cdef char sign
    cdef int first
    cdef size_t k = _number(at, n, &first), gap
    date.year = date.month = date.day = date.age = 0
    if _read_joined(at, n, date):
        return True
    date.year = date.month = date.day = 0
    if k == 0:
        return False
    if k == n:
        date.year = first
        return k == 4 and YEAR_FIRST <= first <= YEAR_LAST
    gap = _between(at + k, n - k, &sign)
    if gap == 0 or k + gap == n:
        return False
    if _is_digit(at[k + gap]):
        return _read_numbers(at + k + gap, n - k - gap, sign, first, k, date)
    return _read_words(at + k + gap, n - k - gap, first, k, date)


cdef inline bint _ends_name(char c) noexcept nogil:
    return _is_space(c) or c == c"," or c == c";" or c == c"("


cdef size_t _skip_label(const char* text, size_t n) noexcept nogil:
    """Length of "Nombre: ", "NOMBRES Y APELLIDOS " before a name; 0 when nothing else is there."""
    cdef char word[WORD_MAX + 3]
    cdef size_t k = _upper_word(text, n, word), next, length
    if k == 0 or not _listed(word, b" NOMBRE NOMBRES ") or (k < n and not _ends_label(text[k])):
        return 0
    while True:
        next = k
        while next < n and _is_space(text[next]):
            next += 1
        length = _upper_word(text + next, n - next, word)
        if next == k or length == 0 or not _listed(word, NAME_LABELS) or (
                next + length < n and not _ends_label(text[next + length])):
            break
        k = next + length
    k = next
    if k < n and (text[k] == c":" or text[k] == c"="):
        k += 1
    while k < n and _is_space(text[k]):
        k += 1
    return k if k < n else 0


cdef inline bint _ends_label(char c) noexcept nogil:
    return _is_space(c) or c == c":" or c == c"="


cdef bint _unread(const char* text, size_t n, bint dated) noexcept nogil:
    """Returns whether digits without a letter beside them are more than a number in a company's name.

    They are if there are several groups, a long one, or one before a date.
    """
    cdef size_t i, group = 0
    cdef int groups = 0
    cdef bint letters = False
    for i in range(n + 1):
        if i < n and _is_digit(text[i]):
            group += 1
        elif i < n and _is_letter(text[i]):
            letters = True
        else:
            if group and not letters:
                groups += 1
                if group > NAME_DIGITS:
                    return True
            group = 0
            letters = False
    return groups > (0 if dated else 1)


cdef void read_free_name(const char* text, size_t n, FreeName* out) noexcept nogil:
    cdef size_t end = n, start = 0, last, i, words = 0
    cdef FreeDate date
    out.year = out.month = out.day = out.age = 0
    while start < end and _is_space(text[start]):
        start += 1
    while end > start and _is_space(text[end - 1]):
        end -= 1
    start += _skip_label(text + start, end - start)
    for i in range(start, end):
        if not _is_space(text[i]) and (i == start or _is_space(text[i - 1])):
            words += 1
    if words >= 3 and (text[start] == c"N" or text[start] == c"n") and _is_space(text[start + 1]):
        start += 1
        while _is_space(text[start]):
            start += 1
    last = end
    while last > start and (_is_space(text[last - 1]) or text[last - 1] in (c".", c",", c";", c")")):
        last -= 1
    for i in range(start + 1, last):
        if _is_digit(text[i]) and _ends_name(text[i - 1]) and _read_date(text + i, last - i, &date):
            out.year = date.year
            out.month = date.month
            out.day = date.day
            out.age = date.age
            end = i
            while end > start and _ends_name(text[end - 1]):
                end -= 1
            break
    out.text = text + start
    out.size = end - start
    out.digits = _unread(out.text, out.size, out.year != 0 or out.age != 0)


cdef bint is_dated_name(const char* text, size_t n) noexcept nogil:
    cdef FreeName name
    read_free_name(text, n, &name)
    return (name.year != 0 or name.age != 0) and is_words_of_name(name.text, name.size)


cdef bint is_words_of_name(const char* text, size_t n) noexcept nogil:
    cdef char word[WORD_MAX + 3]
    cdef size_t i, letters = 0, open = 0
    while n and _is_space(text[0]):
        text += 1
        n -= 1
    if _upper_word(text, n, word) and _listed(word, NUMBER_LABELS):
        return False
    for i in range(n):
        if _is_digit(text[i]):
            return False
        open = open + 1 if _is_letter(text[i]) else 0
        if open >= 2:
            letters += 2 if open == 2 else 1
    return letters >= NAME_LETTERS
