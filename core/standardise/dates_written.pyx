"""Dates as clerks and spreadsheets write them; called from compiled code only."""

from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from core.identifiers.text cimport MISREAD_DIGIT, is_digit, is_separator
from core.identifiers.words cimport (
    WORDS_MAX, Words, add_letters, begin_word, drop_word, is_sign, plain_form, word_in, word_is,
)
from core.months cimport month_name
from core.names.folding cimport SEPARATES, VANISHES, folded_letters
from core.names.unicode cimport decode_utf8
from core.standardise.row cimport VALUE_OK

cdef enum:
    MONTHS = 12
    AGE_DIGITS = 3
    AGE_MAX = 130            # years
    SERIAL_DIGITS = 5        # of a spreadsheet's day number
    YEAR_FIRST = 1900
    YEAR_LAST = 2099
    PLAIN_UNIT_MAX = 8       # letters of a unit of age

cdef struct Age:
    int months
    int days

# Words that only say what date it is, and weekdays.
cdef const char* DATE_WORDS = (
    b" NACIO NACIDO NACIDA NAC NACIMIENTO FECHA FEC F N EL LA DIA A AL DE DEL EN ANO MES DESDE HASTA VENCE VENCIMIENTO EMISION"
    b" LUNES MARTES MIERCOLES JUEVES VIERNES SABADO DOMINGO ")
# Behind a time of day: "12:00:00 a. m.", "08:30 hrs".
cdef const char* TIME_WORDS = b" A M P AM PM H HR HRS HS HORA HORAS "
cdef const char* AGE_WORDS = b" ANOS ANIOS ANO "
# Units of an age that is stated in full, and what may stand beside it.
cdef const char* YEARS = b" ANO ANOS ANIO ANIOS "
cdef const char* MONTHS_OF_AGE = b" MES MESES "
cdef const char* WEEKS = b" SEMANA SEMANAS "
cdef const char* DAYS = b" DIA DIAS "
cdef const char* HALF = b" MEDIO MEDIA "
cdef const char* BESIDE_AGE = b" EDAD DE Y CON TIENE "
cdef const char* ABOUT_WORDS = b" CIRCA CA C APROX APROXIMADO APROXIMADA APROXIMADAMENTE HACIA ALREDEDOR "

cdef extern from *:
    """
    static const char *const ROMAN[12] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};
    static const char *const ENGLISH[12] = {" JAN JANUARY ", " FEB FEBRUARY ", " MAR MARCH ", " APR APRIL ", " MAY ", " JUN JUNE ",
        " JUL JULY ", " AUG AUGUST ", " SEP SEPT SEPTEMBER ", " OCT OCTOBER ", " NOV NOVEMBER ", " DEC DECEMBER "};
    """
    const char** ROMAN
    const char** ENGLISH


# Words of letters and digits, a time of day cut off; False: a sign that no clerk writes, or longer than any date.
cdef bint split_date(Cell cell, Words* out) noexcept nogil:
    cdef const unsigned char* at = <const unsigned char*>cell.data
    cdef const unsigned char* end = at + cell.size
    cdef uint32_t code, folded
    cdef bint inside = False, time = False
    cdef int hour = 0                # words before the hour of the time of day
    cdef int i
    out.count = out.n = out.doubtful = 0
    while at < end:
        at += decode_utf8(at, end, &code)
        code = plain_form(code)
        folded = SEPARATES if is_sign(code) else folded_letters(code)
        if folded == VANISHES:
            continue
        if folded == SEPARATES:
            if code >= 0x80 and not (is_separator(code) or is_sign(code)) or code == c"?" or code == c"+" or code == c"~" or time and code == c"-":
                return False
            if code == c":" and inside and not time and is_hour(out, out.count - 1):
                time = True
                hour = out.count - 1
            inside = False
            continue
        if not inside and not begin_word(out) or not add_letters(out, folded):
            return False
        inside = True
    if time:
        for i in range(hour + 1, out.count):
            if out.letters[i] and not word_in(out, i, TIME_WORDS) and not minutes_and_words(out, i):
                return False
        out.count = hour
    return True


# "04T08:30": the hour is what stands behind the T.
cdef bint is_hour(Words* w, int i) noexcept nogil:
    cdef const char* text = w.text + w.start[i]
    cdef int n = w.length[i], k
    if w.letters[i] == 0:
        return n <= 2
    for k in range(1, n):
        if text[k] == c"T" and n - k <= 3 and w.letters[i] == 1 and w.count < WORDS_MAX:
            w.length[i] = k
            w.letters[i] = 0
            w.start[i + 1] = w.start[i] + k + 1
            w.length[i + 1] = n - k - 1
            w.letters[i + 1] = 0
            w.count += 1
            return True
    return False


# "00AM", "00hrs".
cdef bint minutes_and_words(const Words* w, int i) noexcept nogil:
    cdef Words one
    cdef int k = 0
    while k < w.length[i] and is_digit(w.text[w.start[i] + k]):
        k += 1
    if not 1 <= k <= 2:
        return False
    one.start[0] = 0
    one.length[0] = one.letters[0] = w.length[i] - k
    memcpy(one.text, w.text + w.start[i] + k, one.length[0])
    return word_in(&one, 0, TIME_WORDS)


# Drops "40 AÑOS", "40 AÑOS DE EDAD", "EDAD 40", "EDAD: 40 AÑOS"; the age, or -1.
cdef int take_age(Words* w) noexcept nogil:
    cdef int i, k, age
    for i in range(w.count):
        if w.letters[i] or w.length[i] > AGE_DIGITS:
            continue
        if not (i + 1 < w.count and word_in(w, i + 1, AGE_WORDS) and not word_is(w, i + 1, b"ANO") or i and word_is(w, i - 1, b"EDAD")):
            continue
        age = 0
        for k in range(w.length[i]):
            age = age * 10 + w.text[w.start[i] + k] - 48
        if age > AGE_MAX:
            return -1
        drop_word(w, i)
        if i < w.count and word_in(w, i, AGE_WORDS):
            drop_word(w, i)
        if i + 1 < w.count and word_is(w, i, b"DE") and word_is(w, i + 1, b"EDAD"):
            drop_word(w, i)
            drop_word(w, i)
        if i and word_is(w, i - 1, b"EDAD"):
            drop_word(w, i - 1)
        return age
    return -1


cdef void drop_date_words(Words* w) noexcept nogil:
    cdef int i = 0
    while i < w.count:
        if word_in(w, i, DATE_WORDS):
            drop_word(w, i)
        else:
            i += 1


# Whether all letters of a word that holds a digit are misread for one digit each.
cdef bint only_misread(const Words* w, int i) noexcept nogil:
    cdef int k
    cdef char c
    if w.letters[i] == 0 or w.letters[i] == w.length[i]:
        return False
    for k in range(w.length[i]):
        c = w.text[w.start[i] + k]
        if not is_digit(c) and MISREAD_DIGIT[c - c"A"] == 0:
            return False
    return True


cdef int month_of(const Words* w, int i) noexcept nogil:
    cdef int k
    for k in range(MONTHS):
        if word_is(w, i, ROMAN[k]) or word_in(w, i, ENGLISH[k]):
            return k + 1
    return 0


cdef int written_date(Cell cell, char* out) noexcept nogil:
    cdef Words w
    cdef int i, k, n = 0, month
    cdef char c
    if not split_date(cell, &w):
        return 0
    take_age(&w)
    drop_date_words(&w)
    # "30362.0": a day number and the fraction of a day.
    if w.count == 2 and w.letters[0] + w.letters[1] == 0 and (w.length[0] == SERIAL_DIGITS or w.length[0] == 8 and zeros(&w, 1)):
        w.count = 1
    for i in range(w.count):
        if n:
            out[n] = c" "
            n += 1
        month = month_of(&w, i)
        if month:
            memcpy(out + n, month_name(month), 3)
            n += 3
            continue
        memcpy(out + n, w.text + w.start[i], w.length[i])
        if only_misread(&w, i):
            for k in range(w.length[i]):
                c = out[n + k]
                if not is_digit(c):
                    out[n + k] = MISREAD_DIGIT[c - c"A"]
        n += w.length[i]
    return n


cdef bint zeros(const Words* w, int i) noexcept nogil:
    cdef int k
    for k in range(w.length[i]):
        if w.text[w.start[i] + k] != c"0":
            return False
    return True


cdef bint add_unit(Age* age, const char* letters, int n, int number) noexcept nogil:
    """Adds so many years, months, weeks or days; False: no unit."""
    cdef Words unit
    if n > PLAIN_UNIT_MAX:
        return False
    unit.start[0] = 0
    unit.length[0] = unit.letters[0] = n
    memcpy(unit.text, letters, n)
    if word_in(&unit, 0, YEARS):
        age.months += 12 * number
    elif word_in(&unit, 0, MONTHS_OF_AGE):
        age.months += number
    elif word_in(&unit, 0, WEEKS):
        age.days += 7 * number
    elif word_in(&unit, 0, DAYS):
        age.days += number
    else:
        return False
    return True


cdef bint whole_age(const Words* w, Age* age) noexcept nogil:
    """Returns true for an age with its units and nothing else: "2 AÑOS Y 6 MESES", "EDAD: 18DIAS", "1 AÑO Y MEDIO"."""
    cdef int i = 0, k, number
    cdef bint told = False
    cdef const char* word
    age.months = age.days = 0
    while i < w.count:
        word = w.text + w.start[i]
        if word_in(w, i, BESIDE_AGE) or word_in(w, i, ABOUT_WORDS):
            i += 1
            continue
        if told and word_in(w, i, HALF):
            age.months += 6
            i += 1
            continue
        k = number = 0
        while k < w.length[i] and k < AGE_DIGITS and is_digit(word[k]):
            number = number * 10 + word[k] - 48
            k += 1
        if k == 0:
            return False
        if k < w.length[i]:
            if not add_unit(age, word + k, w.length[i] - k, number):
                return False
        else:
            i += 1
            if i == w.count or w.letters[i] != w.length[i] or not add_unit(age, w.text + w.start[i], w.length[i], number):
                return False
        told = True
        i += 1
    return told and age.months <= 12 * AGE_MAX


cdef int year_before(Date date, const Age* age) noexcept nogil:
    """Returns the year of the day so long before a date: 30 days to a month; for a date in part the middle."""
    cdef int day = date.day if date.day else 15
    cdef int months = 12 * date.year + (date.month if date.month else 7) - 1 - age.months
    if age.days >= day:
        months -= (age.days - day) // 30 + 1
    return months // 12


cdef int about_year(Cell cell, Date date) noexcept nogil:
    cdef Words w
    cdef Age told
    cdef int i = 0, k, age, value = 0
    cdef int year = date.year if date.status == VALUE_OK else 0
    cdef bint about = False
    if not split_date(cell, &w):
        return 0
    if whole_age(&w, &told):
        return year_before(date, &told) if year else 0
    age = take_age(&w)
    drop_date_words(&w)
    while i < w.count:
        if word_in(&w, i, ABOUT_WORDS):
            about = True
            drop_word(&w, i)
        else:
            i += 1
    if w.count == 0:
        return year - age if age >= 0 and year else 0
    if not about or w.count != 1 or w.letters[0] or w.length[0] != 4:
        return 0
    for k in range(4):
        value = value * 10 + w.text[w.start[0] + k] - 48
    return value if YEAR_FIRST <= value <= YEAR_LAST else 0
