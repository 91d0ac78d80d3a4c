"""Finds the ordinals of names.bin that may fit a birth date (core/name_index/reaches.pxd). Nothing here is for Python.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from core.calendar cimport LAST_FILLER_YEAR, NO_DAY, CivilDate, date_from_day, day_or_none, digits_near
from core.name_index.file cimport YEAR_FIRST, YEARS, NameRow, NamesFile, rows_next, rows_open, year_place
from core.name_index.query cimport YEARS_NEAR, NameQuery, NameQuestion
from core.names.weights cimport *


cdef enum:                       # what a place of names.years is to a question
    PLACE_NONE
    PLACE_NEAR
    PLACE_SLIPPED
    PLACE_OTHER

cdef enum:
    DAYS_OFF = 2
    PROBES_MOST = 64             # ordinals of nobody that are passed over


cdef void _add(Reach* reach, uint32_t start, uint32_t end) noexcept nogil:
    if start >= end:
        return
    if reach.n and reach.stretches[reach.n - 1].end == start:
        reach.stretches[reach.n - 1].end = end
    elif reach.n < STRETCHES_MOST:
        reach.stretches[reach.n].start = start
        reach.stretches[reach.n].end = end
        reach.n += 1


# ---- years ----

cdef inline int _place_is(const NameQuestion* question, int place) noexcept nogil:
    """The first and last place stand for all years beyond, too."""
    cdef int year = YEAR_FIRST + place, asked = question.birth.year
    if place == 0 or place == YEARS:
        return PLACE_SLIPPED
    if year > LAST_FILLER_YEAR and (  # a filler's year is unknown
            question.year_from and year < question.year_from or question.year_to and year > question.year_to):
        return PLACE_NONE
    if asked == 0 or -1 <= year - asked <= 1:
        return PLACE_NEAR
    if digits_near(year, asked, 4) or (year - asked) % 100 == 0 or year <= LAST_FILLER_YEAR or asked <= LAST_FILLER_YEAR:
        return PLACE_SLIPPED
    return PLACE_OTHER


cdef void _add_places(const NamesFile* names, const NameQuestion* question, int what, Reach* reach) noexcept nogil:
    cdef int place, first = 0, last = YEARS
    if what == PLACE_NEAR and question.birth.year:  # all others are none
        first, last = year_place(question.birth.year - 1), year_place(question.birth.year + 1)
    for place in range(first, last + 1):
        if _place_is(question, place) == what or (place in (0, YEARS) and what == PLACE_NEAR and question.birth.year == 0):
            _add(reach, names.years[place], names.years[place + 1] if place < YEARS else names.tables.n_entities)


# ---- days: ordinals of one year come in order of the day ----

cdef int _key(const NamesFile* names, uint32_t* ordinal, uint32_t end, int year) noexcept nogil:
    """32 * month + day of the first one at or behind an ordinal who states a date of that year; -1 = nobody nearby."""
    cdef const uint8_t* at
    cdef const uint8_t* stop
    cdef NameRow row
    cdef int probes = 0
    while ordinal[0] < end and probes < PROBES_MOST:
        if rows_open(names, ordinal[0], &at, &stop) < 0:
            return -1            # found damaged where it is scored
        memset(&row, 0, sizeof(row))
        while rows_next(names, &at, stop, &row) == 1:
            if row.birth_year == year:
                return 32 * row.birth_month + row.birth_mday
        ordinal[0] += 1
        probes += 1
    return -1


cdef uint32_t _first_of(const NamesFile* names, int year, int key, uint32_t guess, uint32_t low, uint32_t end) noexcept nogil:
    """Returns the first of a year's ordinals [low, end) with a key of at least `key`: by steps that double from a
    guess."""
    cdef uint32_t high = end, middle, at, step = 32  # as many are born on a day, in a million
    cdef int found
    guess = min(max(guess, low), end)
    while guess > low:           # downwards, until one comes before
        at = guess - min(step, guess - low)
        middle = at
        found = _key(names, &at, end, year)
        if 0 <= found < key:
            low = at + 1
            break
        high = middle
        guess = middle
        step *= 2
    step = 32
    while high == end and low + step < high:
        middle = at = low + step
        found = _key(names, &at, high, year)
        if found < 0 or found >= key:
            high = middle
            break
        low = at + 1
        step *= 2
    while low < high:
        middle = at = low + (high - low) // 2
        found = _key(names, &at, high, year)
        if found < 0 or found >= key:
            high = middle
        else:
            low = at + 1
    return low


cdef inline int _part_of_year(int key) noexcept nogil:
    """Returns the place in a year of 372 days; 0 for a key that comes before every whole date."""
    return max(0, 31 * (key // 32 - 1) + key % 32 - 1) if key >= 32 else 0


cdef void _add_days(const NamesFile* names, int year, int first, int last, Reach* reach) noexcept nogil:
    """Adds the persons of a year with a key in [first, last]."""
    cdef uint32_t start, low, end
    cdef int place
    if YEAR_FIRST < year < YEAR_FIRST + YEARS:
        place = year_place(year)
        start, end = names.years[place], names.years[place + 1]
        # births are spread evenly over a year
        low = _first_of(names, year, first, start + <uint32_t>(<uint64_t>(end - start) * _part_of_year(first) // 372), start, end)
        _add(reach, low, _first_of(names, year, last + 1, low, low, end))


cdef inline int turned(int number) noexcept nogil:
    return number % 10 * 10 + number // 10


cdef inline int32_t _near_most(const NameQuestion* question) noexcept nogil:
    """Returns the most evidence of a birth date within a year of the asked one.

    The days of _add_asked_days are excepted, and so is the asked year alone.
    """
    return max(BIRTH_DIGIT, 0) if question.birth.day else 0


cdef inline int32_t _slipped_most(const NameQuestion* question) noexcept nogil:
    """Returns the most evidence in a slipped year: a date asked in part has no slips, and a filler's year gives
    nothing."""
    return max(BIRTH_DIGIT, max(BIRTH_DIGITS_SWAPPED, BIRTH_CENTURY)) if question.birth.day else 0


cdef void _add_year_asked(const NamesFile* names, const NameQuestion* question, Reach* reach) noexcept nogil:
    cdef int place = year_place(question.birth.year)
    if _place_is(question, place) == PLACE_NEAR:
        _add(reach, names.years[place], names.years[place + 1])


cdef void _add_asked_days(const NamesFile* names, const NameQuestion* question, Reach* reach) noexcept nogil:
    """The day asked and those near it; the same day of the years beside; day and month turned; who states the month or year alone."""
    cdef int year = question.birth.year, month = question.birth.month, mday = question.birth.day
    cdef int32_t day = day_or_none(year, month, mday)
    cdef CivilDate first, last
    if month == 0:
        return
    if day == NO_DAY:
        _add_days(names, year, 0, 0, reach)
        _add_days(names, year, 32 * month, 32 * month + 31, reach)
        return
    # the keys between two days of a month are of no other day
    first, last = date_from_day(day - DAYS_OFF), date_from_day(day + DAYS_OFF)
    if first.month == last.month:
        _add_days(names, year, 32 * first.month + first.day, 32 * last.month + last.day, reach)
    else:
        _add_days(names, first.year, 32 * first.month + first.day, 32 * first.month + 31, reach)
        _add_days(names, last.year, 32 * last.month + 1, 32 * last.month + last.day, reach)
    _add_days(names, year, 0, 0, reach)
    _add_days(names, year, 32 * month, 32 * month, reach)
    _add_days(names, year - 1, 32 * month + mday, 32 * month + mday, reach)
    _add_days(names, year + 1, 32 * month + mday, 32 * month + mday, reach)
    if mday <= 12:
        _add_days(names, year, 32 * mday + month, 32 * mday + month, reach)
    # digits of the day or month in the other order
    _add_days(names, year, 32 * month + turned(mday), 32 * month + turned(mday), reach)
    if turned(month) <= 12:
        _add_days(names, year, 32 * turned(month) + mday, 32 * turned(month) + mday, reach)


# ---- reaches ----

cdef int _keep(const NameQuery* query, int32_t birth, Reach* reach, int n) noexcept nogil:
    """Counts a reach that is not empty, where a birth date gives `birth` at most: how many there are then."""
    if reach.n == 0:
        return n
    reach.needed = query.enough - query.question.further - query.attributes_most - query.unlisted_most - birth
    reach.singly = birth > 0
    reach.equal = birth >= BIRTH_EQUAL
    return n + 1


cdef int _near_reaches(const NameQuery* query, Reach* out) noexcept nogil:
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef int n = 0
    cdef bint dated = question.birth.year != 0
    memset(out, 0, REACHES * sizeof(Reach))
    if question.all_years or not names.tables.ordered or not (dated or question.year_from or question.year_to):
        _add(&out[0], 0, names.n_ordinals)
        return _keep(query, BIRTH_EQUAL if dated else 0, &out[0], 0)
    if dated:
        _add_asked_days(names, question, &out[n])
        out[n].anyone = True
        n = _keep(query, BIRTH_EQUAL, &out[n], n)
    if dated and question.birth.month == 0:
        _add_year_asked(names, question, &out[n])
        n = _keep(query, BIRTH_YEAR_KNOWN, &out[n], n)
    _add(&out[n], 0, names.years[0])  # of unknown year
    _add_places(names, question, PLACE_NEAR, &out[n])
    n = _keep(query, _near_most(question) if dated else 0, &out[n], n)
    _add(&out[n], names.tables.n_entities, names.n_ordinals)
    return _keep(query, BIRTH_EQUAL if dated else 0, &out[n], n)


cdef int find_reaches(const NameQuery* query, bint far, Reach* out) noexcept nogil:
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef int n = 0
    if not far:
        return _near_reaches(query, out)
    if question.birth.year == 0 or question.years == YEARS_NEAR or question.all_years or not names.tables.ordered:
        return 0
    memset(out, 0, REACHES * sizeof(Reach))
    _add_places(names, question, PLACE_SLIPPED, &out[n])
    n = _keep(query, _slipped_most(question), &out[n], n)
    _add_places(names, question, PLACE_OTHER, &out[n])
    out[n].by_evidence = True
    return _keep(query, max(BIRTH_DECADE, max(BIRTH_DAY_ALONE, BIRTH_PART_DECADE)), &out[n], n)
