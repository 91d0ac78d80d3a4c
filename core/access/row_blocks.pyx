"""Guesses within a dense range, row by row, without the GIL. Nothing here is for Python."""

from libc.stdint cimport UINT32_MAX, UINT64_MAX

from core.access.neighbours cimport CODE_LICENCE_CUI, CODE_TEXT
from core.identifiers.kinds cimport KEY_CUI
from core.machine.atomics cimport ronda_load, ronda_load_half, ronda_store, ronda_store_half, ronda_swap
from core.machine.xxhash cimport XXH3_64bits

cdef enum:
    WAYS = 4                     # blocks of a set
    ASKED_WAYS = 16              # rows of a set: one cache line
    STRETCHES = 4
    AGE_BITS = 4
    AGE_MASK = 15
    MISS = 4                     # quarters
    FIND = 1
    COSTS_MOST = 24
    FADES_DAYS = 30              # a fill that nothing changes is half of it

cdef uint64_t DAY_US = 86400000000ULL

cdef struct Stretches:           # of one row
    uint64_t keys[STRETCHES]
    uint32_t bounds[STRETCHES]   # quarters
    int n


cdef inline uint64_t _mixed(uint64_t a, uint64_t b) noexcept nogil:
    cdef uint64_t pair[2]
    pair[0] = a
    pair[1] = b
    return XXH3_64bits(pair, sizeof(pair))


cdef inline void _put(Stretches* stretches, uint64_t device, uint64_t text, int level, uint32_t bound) noexcept nogil:
    stretches.keys[stretches.n] = _mixed(device ^ <uint64_t>level, text) | 1  # 0 marks an empty block
    stretches.bounds[stretches.n] = bound * MISS
    stretches.n += 1


cdef void _stretches(Stretches* stretches, uint64_t device, uint64_t code) noexcept nogil:
    cdef int kind = <int>(code >> 58) & 31
    cdef uint64_t head = code & ~CODE_TEXT
    cdef uint64_t text = code & CODE_TEXT
    stretches.n = 0
    if kind == KEY_CUI or kind == CODE_LICENCE_CUI:  # 4 bits a digit: municipality, then serial
        _put(stretches, device, head | text >> 8, 1, 10)
        _put(stretches, device, head | text >> 16, 2, 12)
        _put(stretches, device, head | text >> 24, 3, 16)
        _put(stretches, device, head | text & UINT32_MAX, 4, 6)
        return
    _put(stretches, device, head | text >> 12, 1, 10)
    _put(stretches, device, head | text >> 18, 2, 12)
    _put(stretches, device, head | text >> 24, 3, 16)


cdef inline uint32_t _fill(uint64_t word, uint64_t day) noexcept nogil:
    """Returns the present fill."""
    cdef uint64_t before = word >> 32
    cdef uint64_t halved = (day - before) // FADES_DAYS if day > before else 0
    return <uint32_t>word >> min(halved, <uint64_t>31)


cdef RowBlock* _block(const RowTables* tables, uint64_t key, uint64_t day, bint makes) noexcept nogil:
    """The slot of a stretch; NULL = it is empty, and none is made."""
    cdef RowBlock* set = &tables.blocks[(key >> 7) % (ROW_BLOCKS // WAYS) * WAYS]
    cdef RowBlock* least
    cdef uint64_t held, fill, lowest
    cdef int i
    while True:
        least = NULL
        lowest = UINT64_MAX
        for i in range(WAYS):
            held = ronda_load(&set[i].key)
            if held == key:
                return &set[i]
            fill = _fill(ronda_load(&set[i].fill), day) + 1 if held else 0
            if fill < lowest:
                lowest = fill
                least = &set[i]
        if not makes:
            return NULL
        held = ronda_load(&least.key)
        if ronda_swap(&least.key, held, key):
            ronda_store(&least.fill, 0)
            return least


cdef void _change(RowBlock* block, uint64_t day, bint nobody) noexcept nogil:
    cdef uint64_t word
    cdef uint32_t fill
    while True:
        word = ronda_load(&block.fill)
        fill = _fill(word, day)
        fill = min(fill + MISS, <uint32_t>(1 << 24)) if nobody else fill - FIND if fill > FIND else 0
        if ronda_swap(&block.fill, word, day << 32 | fill):
            return


cdef inline uint32_t _asked_word(const RowTables* tables, uint64_t device, uint64_t code, uint32_t** set) noexcept nogil:
    """Returns the word without its age."""
    cdef uint64_t hash = _mixed(device, code ^ tables.key)
    set[0] = &tables.asked[(hash >> 32) % (ROWS_ASKED // ASKED_WAYS) * ASKED_WAYS]
    return <uint32_t>hash << AGE_BITS | <uint32_t>(1ULL << 31)  # 0 marks an empty place


cdef bint row_was_asked(const RowTables* tables, uint64_t device, uint64_t code) noexcept nogil:
    cdef uint32_t* set
    cdef uint32_t word = _asked_word(tables, device, code, &set)
    cdef int i
    for i in range(ASKED_WAYS):
        if ronda_load_half(&set[i]) & ~<uint32_t>AGE_MASK == word:
            return True
    return False


cdef void _remember(const RowTables* tables, uint64_t device, uint64_t code, uint64_t day) noexcept nogil:
    """Remembers a code, in the place of the oldest if a set is full."""
    cdef uint32_t* set
    cdef uint32_t word = _asked_word(tables, device, code, &set), held
    cdef uint32_t age, most = 0
    cdef int i, place = <int>(code % ASKED_WAYS)
    for i in range(ASKED_WAYS):
        held = ronda_load_half(&set[i])
        if held & ~<uint32_t>AGE_MASK == word:
            return
        age = 16 if held == 0 else (<uint32_t>day - held) & AGE_MASK
        if age > most:
            most = age
            place = i
    ronda_store_half(&set[place], word | <uint32_t>day & AGE_MASK)


cdef int row_guess_costs(const RowTables* tables, uint64_t device, uint64_t code, uint64_t now) noexcept nogil:
    cdef Stretches stretches
    cdef const RowBlock* block
    cdef uint32_t costs = 0
    cdef int i
    _stretches(&stretches, device, code)
    for i in range(stretches.n):
        block = _block(tables, stretches.keys[i], now // DAY_US, False)
        if block != NULL:
            costs = max(costs, _fill(ronda_load(&block.fill), now // DAY_US) // stretches.bounds[i])
    return <int>min(costs, <uint32_t>COSTS_MOST)


cdef void row_passed(const RowTables* tables, uint64_t device, uint64_t code, bint nobody, bint pays,
                     uint64_t now) noexcept nogil:
    cdef Stretches stretches
    cdef RowBlock* block
    cdef uint64_t day = now // DAY_US
    cdef bint counts = nobody or pays
    cdef int i
    _stretches(&stretches, device, code)
    for i in range(stretches.n):
        block = _block(tables, stretches.keys[i], day, nobody)
        if block != NULL and (nobody or <uint32_t>ronda_load(&block.fill)):
            _change(block, day, nobody)
            counts = True
    if counts:                   # of all others nothing need be kept: they paid nothing
        _remember(tables, device, code, day)
