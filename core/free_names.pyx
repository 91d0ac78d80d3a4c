"""A name as an officer types it into one box (core/free_names.pxd). Nothing here is for Python."""

from core.calendar cimport DATE_OK, partial_date_problem


cdef inline bint _is_space(char c) noexcept nogil:
    return c == c" " or 9 <= c <= 13


cdef int _number(const char* at, size_t n) noexcept nogil:
    """-1 when it is not digits alone."""
    cdef int value = 0
    cdef size_t i
    for i in range(n):
        if not c"0" <= at[i] <= c"9":
            return -1
        value = 10 * value + at[i] - c"0"
    return value


cdef bint _read_date(const char* word, size_t n, FreeName* out) noexcept nogil:
    cdef int year = -1, month = 0, day = 0
    cdef size_t cut, second
    if n == 4:
        year = _number(word, 4)
    elif n == 10 and word[4] == c"-" and word[7] == c"-":
        year = _number(word, 4)
        month = _number(word + 5, 2)
        day = _number(word + 8, 2)
    elif 8 <= n <= 10 and word[n - 5] in (c"/", c"-"):
        cut = 1 if word[1] == word[n - 5] else 2
        second = n - 5
        if word[cut] != word[second] or not 1 <= second - cut - 1 <= 2:
            return False
        day = _number(word, cut)
        month = _number(word + cut + 1, second - cut - 1)
        year = _number(word + n - 4, 4)
    if not 1800 <= year <= 2099 or (n > 4 and (month < 1 or day < 1)) or partial_date_problem(year, month, day) != DATE_OK:
        return False
    out.year = year
    out.month = month
    out.day = day
    return True


cdef void read_free_name(const char* text, size_t n, FreeName* out) noexcept nogil:
    cdef size_t end = n, start = 0, last, i, words = 0
    out.year = out.month = out.day = 0
    while start < end and _is_space(text[start]):
        start += 1
    while end > start and _is_space(text[end - 1]):
        end -= 1
    for i in range(start, end):
        if not _is_space(text[i]) and (i == start or _is_space(text[i - 1])):
            words += 1
    if words >= 3 and (text[start] == c"N" or text[start] == c"n") and _is_space(text[start + 1]):
        start += 1
        while _is_space(text[start]):
            start += 1
        words -= 1
    last = end
    while last > start and not _is_space(text[last - 1]):
        last -= 1
    if words >= 2 and _read_date(text + last, end - last, out):
        end = last
        while _is_space(text[end - 1]):
            end -= 1
    out.text = text + start
    out.size = end - start
