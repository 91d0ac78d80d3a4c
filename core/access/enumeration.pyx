"""Signs that somebody goes through a list, without the GIL. Nothing here is for Python."""

from core.access.gcra cimport WHOLE, gcra_pay, gcra_weigh
from core.access.neighbours cimport CODE_REFUSED, CODE_TEXT, near_code
from core.machine.atomics cimport ronda_add, ronda_load, ronda_store, ronda_swap

cdef extern from * nogil:
    int bits_of "__builtin_popcountll"(unsigned long long word)

cdef enum:                       # sixteenths of a look-up
    FAR_PAYS = 6                 # who looks up people far apart may meet one near in four
    SOMEBODY_PAYS = 13           # four in nine may be nobody
    ROW_PAYS = 4                 # rows of Clear: one in five
    LIVELIEST = 3 * WHOLE        # pace of a unit that asks as much as its allowance
    HOLDS = 3                    # times its unit's habit an officer may ask in an hour
    HABIT_SHIFT = 4              # an hour is a sixteenth of the habit

cdef enum:                       # what the ring knows of a code
    CODE_NEW = 0
    CODE_SAME = 1
    CODE_NEAR = 2

cdef uint64_t HOUR_US = 3600000000ULL


cdef int _meet(Watch* watch, uint64_t code, uint64_t mask, uint64_t** place) noexcept nogil:
    """The code joins the ring, at `place`. One that is in it is CODE_SAME, unless its look-up was refused."""
    cdef uint64_t kept = code ^ mask, held, apart
    cdef int i, known = CODE_NEW
    place[0] = NULL
    for i in range(RING):
        held = ronda_load(&watch.asked[i])
        apart = (held ^ kept) & ~CODE_REFUSED
        if apart == 0:
            place[0] = &watch.asked[i]
            if held & CODE_REFUSED == 0:
                return CODE_SAME
        elif apart <= CODE_TEXT and near_code(code, apart):
            known = CODE_NEAR
    if place[0] == NULL:
        place[0] = &watch.asked[ronda_add(&watch.next, 1) % RING]
        ronda_store(place[0], kept)
    return known


cdef inline uint64_t* _seen_word(Watch* watch, uint64_t subject, uint64_t* bit) noexcept nogil:
    bit[0] = 1ULL << ((subject >> 53) & 63)
    return &watch.seen[subject >> 59]


cdef uint64_t _nobody(Watch* watch, const WatchRules* rules, int found, uint64_t now) noexcept nogil:
    """Charges a look-up that found nobody. Room is needed for any result: else the refusal would reveal unknown
    identifiers."""
    if found == FOUND_UNSAID:
        return 0
    if found == FOUND_NOBODY:
        return gcra_weigh(&watch.nobody_paid, &rules.nobody, WHOLE, 0, now)
    return gcra_weigh(&watch.nobody_paid, &rules.nobody, 0, SOMEBODY_PAYS, now)


cdef uint64_t _subjects(Watch* watch, const WatchRules* rules, uint64_t subject, uint64_t now) noexcept nogil:
    """2,048 bits an hour: of 200 subjects one in ten passes for another in the end, none is counted twice."""
    cdef LimitRule livelier
    cdef uint64_t bit, held, wait
    cdef uint64_t* word = _seen_word(watch, subject, &bit)
    if ronda_load(word) & bit:
        return 0
    livelier.burst_us = rules.subjects.burst_us
    livelier.interval_us = rules.subjects.interval_us * WHOLE // max(ronda_load(&watch.pace), <uint64_t>WHOLE)
    wait = gcra_weigh(&watch.subjects_paid, &livelier, WHOLE, 0, now)
    while not wait:
        held = ronda_load(word)
        if ronda_swap(word, held, held | bit):
            break
    return wait


cdef int watch_look(Watch* watch, uint64_t mask, const WatchRules* rules, const Look* look, uint64_t now,
                    uint64_t* wait_us) noexcept nogil:
    cdef uint64_t* places[8]
    cdef uint64_t wait = 0
    cdef size_t k, n = min(look.n, <size_t>CODES_MAX)
    cdef int known, passed = 0
    cdef bint near = False, same = n > 0, ordinary = look.found == FOUND_SOMEBODY
    wait_us[0] = 0
    for k in range(n):
        known = _meet(watch, look.codes[k], mask, &places[k])
        same = same and known == CODE_SAME
        ordinary = ordinary and known == CODE_NEW
        near = near or known == CODE_NEAR
    if near:
        wait = gcra_weigh(&watch.near_paid, &rules.near, WHOLE, 0, now)
        if wait:
            passed = NEAR_OTHERS
            wait_us[0] = wait
    elif ordinary:
        gcra_pay(&watch.near_paid, &rules.near, FAR_PAYS, now)
    if not same and not passed & rules.refused:
        wait = _nobody(watch, rules, look.found, now)
        if wait:
            passed |= NOBODY_AGAIN
            wait_us[0] = wait
    if rules.subjects.interval_us and look.subject and not passed & rules.refused:
        wait = _subjects(watch, rules, look.subject, now)
        if wait:
            passed |= MANY_SUBJECTS
            wait_us[0] = wait
    for k in range(n):           # what was refused is asked anew when it is asked again
        if passed & rules.refused:
            ronda_store(places[k], look.codes[k] ^ mask | CODE_REFUSED)
        elif ronda_load(places[k]) & CODE_REFUSED:
            ronda_store(places[k], look.codes[k] ^ mask)
    return passed


cdef int watch_row(Watch* watch, const WatchRules* rules, const RowLook* row, uint64_t now,
                   uint64_t* wait_us) noexcept nogil:
    cdef uint64_t wait
    cdef int passed = 0
    wait_us[0] = 0
    if row.asked_before:
        return 0
    if row.guess_costs:          # found or not, there must be room: else the refusal itself would tell who is nobody
        wait = gcra_weigh(&watch.near_paid, &rules.near, WHOLE * row.guess_costs if row.nobody else 0, 0, now)
        if wait:
            passed = NEAR_OTHERS
            wait_us[0] = wait
    if not passed & rules.refused:
        wait = gcra_weigh(&watch.nobody_paid, &rules.nobody, WHOLE if row.nobody else 0, 0 if row.nobody else ROW_PAYS, now)
        if wait:
            passed |= NOBODY_AGAIN
            wait_us[0] = wait
    return passed


cdef Habit* _habit(Habit* habits, uint64_t unit) noexcept nogil:
    """The slot of a unit, made where need be: of four the one that was idle longest."""
    cdef Habit* set = &habits[(unit >> 7) % (HABITS // 4) * 4]
    cdef Habit* oldest = &set[0]
    cdef uint64_t held
    cdef int i
    for i in range(4):
        held = ronda_load(&set[i].key)
        if held == unit:
            return &set[i]
        if not held or ronda_load(&set[i].word) < ronda_load(&oldest.word):
            oldest = &set[i]
    held = ronda_load(&oldest.key)
    if ronda_swap(&oldest.key, held, unit):
        ronda_store(&oldest.word, 0)
    return oldest


cdef void watch_hour(Watch* watch, Habit* habits, uint64_t unit, const LimitRule* subjects,
                     uint64_t now) noexcept nogil:
    cdef uint64_t hour = now // HOUR_US, before = ronda_load(&watch.hour), word, mean, allowed, asked = 0
    cdef Habit* habit
    cdef int i
    if before == hour or subjects.interval_us == 0 or not ronda_swap(&watch.hour, before, hour):
        return
    for i in range(32):
        asked += <uint64_t>bits_of(ronda_load(&watch.seen[i]))
        ronda_store(&watch.seen[i], 0)
    allowed = subjects.burst_us // subjects.interval_us * WHOLE
    habit = _habit(habits, unit)
    word = ronda_load(&habit.word)
    mean = word & 0xFFFFFFFFULL
    if asked:                    # nobody makes the habit of a unit by more than is allowed to all
        mean = mean - (mean >> HABIT_SHIFT) + (min(asked * WHOLE, allowed) >> HABIT_SHIFT)
        ronda_swap(&habit.word, word, hour << 32 | mean)  # lost to another worker: one hour less in a mean
    ronda_store(&watch.pace, max(<uint64_t>WHOLE, min(<uint64_t>LIVELIEST, HOLDS * mean * WHOLE // max(allowed, <uint64_t>1))))
