"""Counts the different persons shown to a caller, without the GIL. Nothing here is for Python."""

from libc.stdint cimport UINT32_MAX, UINT64_MAX
from libc.string cimport memcpy, memset

from core.machine.atomics cimport ronda_load, ronda_load_half, ronda_store, ronda_store_half, ronda_swap
from core.machine.xxhash cimport XXH3_64bits

cdef enum:
    WAYS = 4                     # viewers of a set
    SEEN_WAYS = 16               # persons of a set: one cache line
    DAY_BITS = 4
    DAY_MASK = 15
    AS_OFFICER = 1
    AS_DEVICE = 2
    AS_UNIT = 3
    DEVICE_HOURS = 2             # officers who share a device at a time
    DEVICE_DAYS = 3              # shifts of a day

cdef uint64_t HOUR_US = 3600000000ULL
cdef uint64_t DAY_US = 86400000000ULL
cdef uint64_t MIDNIGHT_US = 21600000000ULL  # a day of Guatemala begins at 06:00 UTC

cdef struct NewlyShown:             # what an answer adds to one viewer
    Viewer* viewer
    uint32_t listed
    uint32_t all


cdef inline uint64_t _hour(uint64_t now) noexcept nogil:
    return now // HOUR_US & UINT32_MAX


cdef inline uint64_t _day(uint64_t now) noexcept nogil:
    return (now - MIDNIGHT_US) // DAY_US & UINT32_MAX


cdef inline uint32_t _count(const uint64_t* word, uint64_t period) noexcept nogil:
    cdef uint64_t held = ronda_load(word)
    return <uint32_t>held if held >> 32 == period else 0


cdef inline void _add(uint64_t* word, uint64_t period, uint32_t n) noexcept nogil:
    cdef uint64_t held, count
    while n:
        held = ronda_load(word)
        count = (held & UINT32_MAX if held >> 32 == period else 0) + n
        if ronda_swap(word, held, period << 32 | min(count, <uint64_t>UINT32_MAX)):
            return


cdef inline uint64_t _mixed(uint64_t a, uint64_t b) noexcept nogil:
    cdef uint64_t pair[2]
    pair[0] = a
    pair[1] = b
    return XXH3_64bits(pair, sizeof(pair))


cdef void _name(Viewer* viewer, const Audience* audience, int kind) noexcept nogil:
    cdef size_t size = min(audience.unit_name_size, <size_t>UNIT_NAME_MAX)
    memset(viewer.name, 0, sizeof(viewer.name))
    if kind == AS_UNIT:
        memcpy(viewer.name, audience.unit_name, size)


cdef Viewer* _viewer(const PersonTables* tables, const Audience* audience, uint64_t identity, int kind,
                     uint64_t now) noexcept nogil:
    """The slot of an officer, device or unit, made where need be: of four the one that was shown nobody for longest."""
    cdef uint64_t key = _mixed(identity, kind) | 1
    cdef Viewer* set = &tables.viewers[(key >> 7) % (VIEWERS // WAYS) * WAYS]
    cdef Viewer* oldest
    cdef uint64_t held, least, age
    cdef int i
    while True:
        oldest = NULL
        least = UINT64_MAX
        for i in range(WAYS):
            held = ronda_load(&set[i].key)
            if held == key:
                return &set[i]
            age = ronda_load(&set[i].day) + 1 if held else 0
            if age < least:
                least = age
                oldest = &set[i]
        held = ronda_load(&oldest.key)
        if ronda_swap(&oldest.key, held, key):
            ronda_store(&oldest.day, 0)
            ronda_store(&oldest.listed_hour, 0)
            ronda_store(&oldest.listed_day, 0)
            if tables.spent_us and _day(tables.spent_us) == _day(now):
                # whoever removes the file gains no list; an identifier is answered all the same
                ronda_store(&oldest.listed_day, _day(now) << 32 | UINT32_MAX if kind != AS_UNIT else 0)
            _name(oldest, audience, kind)
            return oldest


cdef inline uint32_t _seen_word(const PersonTables* tables, const Viewer* viewer, uint64_t subject, uint64_t now,
                                uint32_t** set) noexcept nogil:
    cdef uint64_t day = _day(now), hash = _mixed(ronda_load(&viewer.key) ^ day << 1, subject ^ tables.key)
    set[0] = &tables.seen[(hash >> 32) % (PERSONS_SEEN // SEEN_WAYS) * SEEN_WAYS]
    return <uint32_t>hash << DAY_BITS | <uint32_t>(day & DAY_MASK) | <uint32_t>(1ULL << 31)  # 0 marks an empty place


cdef bint _was_shown(const PersonTables* tables, const Viewer* viewer, uint64_t subject, uint64_t now) noexcept nogil:
    cdef uint32_t* set
    cdef uint32_t word = _seen_word(tables, viewer, subject, now, &set)
    cdef int i
    for i in range(SEEN_WAYS):
        if ronda_load_half(&set[i]) == word:
            return True
    return False


cdef void _remember(const PersonTables* tables, const Viewer* viewer, uint64_t subject, uint64_t now) noexcept nogil:
    cdef uint32_t* set
    cdef uint32_t word = _seen_word(tables, viewer, subject, now, &set), held
    cdef int i, place = <int>(subject % SEEN_WAYS)
    for i in range(SEEN_WAYS):
        held = ronda_load_half(&set[i])
        if held == word:
            return
        if held == 0 or (held ^ word) & DAY_MASK:
            place = i
    ronda_store_half(&set[place], word)


cdef void _weigh(const PersonTables* tables, NewlyShown* fresh, const ShownPerson* persons, size_t n,
                 uint64_t now) noexcept nogil:
    cdef size_t i
    fresh.listed = fresh.all = 0
    for i in range(n):
        if not _was_shown(tables, fresh.viewer, persons[i].subject, now):
            fresh.all += 1
            fresh.listed += persons[i].listed


cdef inline bint _passes(uint32_t bound, uint32_t count, uint32_t more, bint nobody) noexcept nogil:
    """`nobody`: no person is shown to one who asks for some."""
    return bound != 0 and (more != 0 or nobody) and <uint64_t>count + more + nobody > bound


cdef int _passed(const NewlyShown* fresh, const PersonBounds* bounds, bint nobody, int asks, uint64_t now,
                 uint64_t* wait_us) noexcept nogil:
    cdef const Viewer* viewer = fresh.viewer
    cdef bint no_list = nobody and asks == ASKS_LIST
    wait_us[0] = DAY_US - (now - MIDNIGHT_US) % DAY_US
    if _passes(bounds.listed_day, _count(&viewer.listed_day, _day(now)), fresh.listed, no_list):
        return LISTED_IN_DAY
    if _passes(bounds.day, _count(&viewer.day, _day(now)), fresh.all, nobody):
        return ALL_IN_DAY
    if _passes(bounds.listed_hour, _count(&viewer.listed_hour, _hour(now)), fresh.listed, no_list):
        wait_us[0] = HOUR_US - now % HOUR_US
        return LISTED_IN_HOUR
    return WITHIN_BOUNDS


cdef void _commit(const PersonTables* tables, const NewlyShown* fresh, const ShownPerson* persons, size_t n,
                  uint64_t now) noexcept nogil:
    """The counts first: who is killed in between has counted too much, by one answer."""
    cdef size_t i
    if fresh.viewer == NULL or fresh.all == 0:
        return
    _add(&fresh.viewer.day, _day(now), fresh.all)
    _add(&fresh.viewer.listed_day, _day(now), fresh.listed)
    _add(&fresh.viewer.listed_hour, _hour(now), fresh.listed)
    for i in range(n):
        _remember(tables, fresh.viewer, persons[i].subject, now)


cdef int persons_show(const PersonTables* tables, const Audience* audience, const ShownPerson* persons, size_t n,
                      int asks, uint64_t now, uint64_t* wait_us) noexcept nogil:
    cdef NewlyShown fresh[3]
    cdef uint64_t identities[3]
    cdef PersonBounds bounds[2]
    cdef int passed, i
    cdef bint nobody = n == 0 and asks != ASKS_NOBODY
    wait_us[0] = 0
    if n == 0 and asks == ASKS_NOBODY:
        return WITHIN_BOUNDS
    identities[0] = audience.officer
    identities[1] = audience.device
    identities[2] = audience.unit
    bounds[0] = bounds[1] = audience.bounds
    bounds[1].listed_hour *= DEVICE_HOURS
    bounds[1].listed_day *= DEVICE_DAYS
    bounds[1].day *= DEVICE_DAYS
    for i in range(3):
        fresh[i].viewer = NULL
        if identities[i] == 0:
            continue
        fresh[i].viewer = _viewer(tables, audience, identities[i], AS_OFFICER + i, now)
        _weigh(tables, &fresh[i], persons, n, now)
        if i < 2 and audience.refuses:
            passed = _passed(&fresh[i], &bounds[i], nobody, asks, now, wait_us)
            if passed:
                return passed
    for i in range(3):
        _commit(tables, &fresh[i], persons, n, now)
    return WITHIN_BOUNDS


cdef uint32_t viewer_listed_now(const Viewer* viewer, uint64_t now) noexcept nogil:
    return _count(&viewer.listed_hour, _hour(now))
