"""Birth dates, ages and sex among other words, without the GIL. Nothing here is for Python."""

from libc.string cimport memcmp, memset, strlen

from core.calendar cimport BIRTH_PIVOT, DATE_OK, is_date_sign, partial_date_problem
from core.free_text.tokens cimport FREE, SAID, BoxTokens, is_number_token, token_in, token_is, token_value
from core.identifiers.text cimport is_digit
from core.months cimport SEPTEMBER, SETIEMBRE, month_name

cdef enum:
    YEAR_FIRST = 1900
    YEAR_LAST = 2099
    AGE_MAX = 110
    MONTH_LETTERS = 3

cdef const char* OTHER_DATES = b" EMISION EMITIDA EMITIDO VENCE VENCIMIENTO VENCIDO EXP EXPIRA VIGENCIA VIGENTE HASTA "
cdef const char* OF_BIRTH = b" NAC NACIO NACIDO NACIDA NACIMIENTO FN DOB "
cdef const char* YEARS = b" ANOS ANIOS ANO "
cdef const char* MALE = b" MASCULINO MASC HOMBRE SENOR SR "
cdef const char* FEMALE = b" FEMENINO FEMENINA FEM MUJER SENORA SRA SENORITA SRTA "


cdef int _month_at(const BoxTokens* t, int i) noexcept nogil:
    """Returns the month of a name, or of three or more of its first letters; 0 = none."""
    cdef int month, n
    if not 0 <= i < t.n:
        return 0
    n = t.items[i].n
    for month in range(1, SETIEMBRE + 1):
        if MONTH_LETTERS <= n <= <int>strlen(month_name(month)) and memcmp(
                t.text + t.items[i].at, month_name(month), n) == 0:
            return month if month != SETIEMBRE else SEPTEMBER
    return 0


cdef int _year_of(const BoxTokens* t, int i) noexcept nogil:
    """Returns a year of two or four digits; 0 = none."""
    cdef int year = token_value(t, i)
    if year < 0:
        return 0
    if t.items[i].n == 2:
        return year + (2000 if year <= BIRTH_PIVOT else 1900)
    return year if t.items[i].n == 4 and YEAR_FIRST <= year <= YEAR_LAST else 0


cdef bint _set(Born* out, int year, int month, int day) noexcept nogil:
    if not (year and 1 <= month <= 12 and day >= 1) or partial_date_problem(year, month, day) != DATE_OK:
        return False
    out.year, out.month, out.day = year, month, day
    return True


cdef int _date_at(const BoxTokens* t, int i, Born* out) noexcept nogil:
    """BoxTokens of the date that begins at `i`; 0 = none."""
    cdef int at = i + 1, month, first = token_value(t, i)
    cdef bint signs
    if first < 0 or t.items[i].n > 4:
        return 0
    if i + 2 < t.n and is_number_token(t, i + 1) and is_number_token(t, i + 2):
        signs = is_date_sign(t.items[i + 1].before) and is_date_sign(t.items[i + 2].before)
        if signs or t.items[i + 1].before == t.items[i + 2].before == c" ":
            if t.items[i].n == 4 and t.items[i + 1].n <= 2 and t.items[i + 2].n <= 2 and signs:
                return 3 if _set(out, _year_of(t, i), token_value(t, i + 1), token_value(t, i + 2)) else 0
            if t.items[i].n <= 2 and t.items[i + 1].n <= 2 and (t.items[i + 2].n == 4 or signs):
                return 3 if _set(out, _year_of(t, i + 2), token_value(t, i + 1), first) else 0
    if t.items[i].n > 2:
        return 0
    at += token_is(t, at, "DE")
    month = _month_at(t, at)
    if month == 0:
        return 0
    at += 1
    at += token_is(t, at, "DE") or token_is(t, at, "DEL")
    at += token_is(t, at, "ANO")
    return at + 1 - i if _set(out, _year_of(t, at), month, first) else 0


cdef bint _glued_date(const BoxTokens* t, int i, Born* out, int most_letters) noexcept nogil:
    """ "17JUN1990", as a border's page writes it; with more letters of the month "17junio1990"."""
    cdef const char* text = t.text + t.items[i].at
    cdef int n = t.items[i].n, k = 0, month, day = 0, year = 0, digits, letters = t.items[i].letters
    if not MONTH_LETTERS <= letters <= most_letters:
        return False
    while k < n and is_digit(text[k]):
        day = 10 * day + text[k] - c"0" if k < 2 else day
        k += 1
    digits = k
    if not 1 <= digits <= 2 or n - digits < letters + 2 or n - digits > letters + 4:
        return False
    for month in range(1, SETIEMBRE + 1):
        if letters <= <int>strlen(month_name(month)) and memcmp(text + digits, month_name(month), letters) == 0:
            break
    else:
        return False
    for k in range(digits + letters, n):
        if not is_digit(text[k]):
            return False
        year = 10 * year + text[k] - c"0"
    k = n - letters - digits
    if k == 2:
        year += 2000 if year <= BIRTH_PIVOT else 1900
    elif k != 4 or not YEAR_FIRST <= year <= YEAR_LAST:
        return False
    return _set(out, year, month if month != SETIEMBRE else SEPTEMBER, day)


cdef int date_at(const BoxTokens* t, int i) noexcept nogil:
    cdef Born read
    memset(&read, 0, sizeof(Born))
    return 1 if _glued_date(t, i, &read, t.items[i].n) else _date_at(t, i, &read)


cdef bint _is_guess(const BoxTokens* t, int i) noexcept nogil:
    """Returns whether an age is a guess by looks: "como de 30"."""
    cdef int at = i - 1
    at -= token_is(t, at, "DE") or token_is(t, at, "UNOS")
    return token_in(t, at, b" COMO UNOS UNAS APROX APARENTA APROXIMADAMENTE ") or token_is(t, i - 1, "UNOS")


cdef int _age_at(const BoxTokens* t, int i, Born* out) noexcept nogil:
    """BoxTokens of an age, "35 años de edad", "como de 30", "31 a."; 0 = none."""
    cdef int age = token_value(t, i), taken = 0
    if not 1 <= age <= AGE_MAX or t.items[i].n > 3:
        return 0
    if token_in(t, i + 1, YEARS) or token_is(t, i + 1, "A") and (i + 2 == t.n or t.items[i + 2].before == c"."):
        taken = 2
        if token_is(t, i + 2, "DE") and token_is(t, i + 3, "EDAD"):
            taken = 4
    elif token_is(t, i - 1, "EDAD") or _is_guess(t, i):
        taken = 1
    elif t.items[i].before == c"|" and (i + 1 == t.n or t.items[i + 1].before == c"|"):
        taken = 1                # a cell of a table
    elif i > 0 and (token_is(t, i - 1, "M") or token_is(t, i - 1, "F")) and t.items[i].n == 2 and i + 1 == t.n:
        taken = 1
    if taken and _is_guess(t, i):
        out.guessed = True
    elif taken:
        out.age = age
    return taken


cdef int _run_together(const BoxTokens* t, int i, Born* out) noexcept nogil:
    """Six or eight digits: day, month and year, or the year of four digits first."""
    cdef int value = token_value(t, i), n = t.items[i].n, year
    if n != 6 and n != 8 or value < 0:
        return 0
    if n == 6:
        year = value % 100
        year += 2000 if year <= BIRTH_PIVOT else 1900
        return _set(out, year, value // 100 % 100, value // 10000)
    if YEAR_FIRST <= value % 10000 <= YEAR_LAST and _set(out, value % 10000, value // 10000 % 100, value // 1000000):
        return 1
    return YEAR_FIRST <= value // 10000 <= YEAR_LAST and _set(out, value // 10000, value // 100 % 100, value % 100)


cdef int _year_at(BoxTokens* t, int i, bint alone, Born* out) noexcept nogil:
    """A year by itself: four digits, or two behind a word of birth."""
    cdef int k = i - 1, year = _year_of(t, i), month = 0
    cdef bint born = False
    while k >= 0 and i - k <= 5 and (token_in(t, k, b" EN EL DEL ANO DE ") or token_in(t, k, OF_BIRTH) or (
            month == 0 and t.items[k].n > 3 and _month_at(t, k))):
        if month == 0 and _month_at(t, k):
            month = _month_at(t, k)
            t.items[k].role = SAID
        born = born or token_in(t, k, OF_BIRTH) or token_is(t, k, "EL") or token_is(t, k, "DEL")
        k -= 1
    if year == 0 or not (t.items[i].n == 4 and alone or born and (alone or t.items[i].n == 4)):
        return 0
    if t.items[i].before in (c"/", c"-") or (i + 1 < t.n and t.items[i + 1].before in (c"/", c"-")):
        return 0
    out.year = year
    out.month = month if born else 0
    return 1


cdef void _mark(BoxTokens* t, int first, int count) noexcept nogil:
    cdef int i
    for i in range(first, first + count):
        t.items[i].role = SAID
    i = first - 1
    while i >= 0 and t.items[i].role == FREE and (
            token_in(t, i, OF_BIRTH) or token_in(t, i, b" EN EL DEL COMO FECHA ") or token_is(t, i, "DE")):
        if token_is(t, i, "DE") and not (token_is(t, i - 1, "COMO") or token_is(t, i - 1, "FECHA")):
            return
        t.items[i].role = SAID
        i -= 1


cdef void take_birth(BoxTokens* t, bint alone, Born* out) noexcept nogil:
    cdef int i, taken
    memset(out, 0, sizeof(Born))
    for i in range(t.n):
        if t.items[i].role != FREE:
            continue
        if out.sex == 0 and (token_in(t, i, MALE) or token_in(t, i, FEMALE)):
            out.sex = c"M" if token_in(t, i, MALE) else c"F"
            t.items[i].role = SAID
            continue
        if out.year == 0 and _glued_date(t, i, out, MONTH_LETTERS):
            _mark(t, i, 1)
            continue
        if not is_number_token(t, i) or out.year or token_in(t, i - 1, OTHER_DATES):
            continue
        taken = _date_at(t, i, out)
        if taken == 0 and out.age == 0:
            taken = _age_at(t, i, out)
        if taken == 0 and alone:
            taken = _run_together(t, i, out)
        if taken == 0 and out.age == 0:
            taken = _year_at(t, i, alone, out)
        if taken == 0:
            continue
        if out.sex == 0 and (token_is(t, i - 1, "M") or token_is(t, i - 1, "F")) and t.items[i - 1].role == FREE:
            out.sex = t.text[t.items[i - 1].at]
            t.items[i - 1].role = SAID
        _mark(t, i, taken)
