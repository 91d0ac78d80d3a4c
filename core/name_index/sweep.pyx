"""Many questions to names.bin at once (core/name_index/sweep.pxd). Nothing here is for Python."""

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from core.machine.xxhash cimport XXH3_64bits
from core.name_index.expansion cimport held_place
from core.name_index.file cimport SHORT_LISTS, ListCursor, list_bits, list_open
from core.name_index.query cimport LISTS_MOST, NAMES_DAMAGED, NAMES_MEMORY
from core.names.reading cimport ROLE_MARRIED, SHAPE_TOKENS
from core.names.tokens cimport KIND_B_ENDS, is_begin_of_a
from core.wire cimport buffer_free, buffer_reset, put_raw

# This loop sees every person for every question, and Cython has no vectors: hence C, for whatever width of register there is.
cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
    #define RONDA_WIDTHS __attribute__((target_clones("avx512f", "avx2", "default")))
    #else
    #define RONDA_WIDTHS
    #endif
    typedef uint64_t ronda_eight __attribute__((vector_size(64), aligned(8), may_alias));
    #define ronda_lowest_bit(word) __builtin_ctzll(word)

    /* out: who stands in `least` (1 to 4) of n bitmaps and in `among`, or in `short_least` of them and in `shorts`.
       Bit i of what is returned: there is somebody in the words from 8 * i on. words <= 256, a multiple of 8. */
    RONDA_WIDTHS static uint32_t ronda_reached(const uint64_t* const* bits, int n, int words, int least, const uint64_t* among,
                                               int short_least, const uint64_t* shorts, uint64_t* out) {
        uint32_t some = 0;
        for (int w = 0; w < words; w += 8) {
            ronda_eight c1 = {0}, c2 = {0}, c3 = {0}, c4 = {0}, chosen, b;
            for (int i = 0; i < n; i++) {
                b = *(const ronda_eight*)(bits[i] + w);
                c4 |= c3 & b;
                c3 |= c2 & b;
                c2 |= c1 & b;
                c1 |= b;
            }
            chosen = least == 4 ? c4 : least == 3 ? c3 : least == 2 ? c2 : c1;
            if (among)
                chosen &= *(const ronda_eight*)(among + w);
            if (shorts)
                chosen |= (short_least == 3 ? c3 : short_least == 2 ? c2 : c1) & *(const ronda_eight*)(shorts + w);
            *(ronda_eight*)(out + w) = chosen;
            uint64_t any = 0;
            for (int k = 0; k < 8; k++)
                any |= chosen[k];
            some |= (uint32_t)(any != 0) << (w / 8);
        }
        return some;
    }
    """
    int ronda_lowest_bit(uint64_t word) noexcept nogil
    uint32_t reached "ronda_reached"(const uint64_t** bits, int n, int words, int least, const uint64_t* among, int short_least,
                                     const uint64_t* shorts, uint64_t* out) noexcept nogil


cdef Sweep* sweep_new(const NamesFile* names) noexcept nogil:
    cdef Sweep* sweep = <Sweep*>calloc(1, sizeof(Sweep))
    if sweep == NULL:
        return NULL
    sweep.names = names
    sweep.bitmaps = <uint64_t*>malloc(SWEPT_BITMAPS * SWEEP_WORDS * sizeof(uint64_t))
    if sweep.bitmaps == NULL:
        sweep_free(sweep)
        return NULL
    return sweep


cdef void sweep_free(Sweep* sweep) noexcept nogil:
    if sweep == NULL:
        return
    buffer_free(&sweep.slots)
    buffer_free(&sweep.cursors)
    buffer_free(&sweep.plans)
    buffer_free(&sweep.found)
    free(sweep.bitmaps)
    free(sweep)


cdef void sweep_reset(Sweep* sweep) noexcept nogil:
    memset(sweep.places, 0, sizeof(sweep.places))
    buffer_reset(&sweep.slots)
    buffer_reset(&sweep.cursors)
    buffer_reset(&sweep.plans)
    buffer_reset(&sweep.found)
    sweep.start = sweep.plan = 0


# ---- questions ----

cdef int _slot(Sweep* sweep, const uint32_t* tokens, uint32_t count) noexcept nogil:
    """The slot of these tokens on file, made where there is none: its number or NAMES_*."""
    cdef uint64_t key = XXH3_64bits(tokens, count * sizeof(uint32_t))
    cdef uint32_t place = <uint32_t>key & (SLOT_PLACES - 1), number, i
    cdef ListCursor cursor
    cdef TokenSlot slot
    while sweep.places[place]:
        number = sweep.places[place] - 1
        if (<const TokenSlot*>sweep.slots.data)[number].key == key:
            return <int>number
        place = (place + 1) & (SLOT_PLACES - 1)
    number = <uint32_t>(sweep.slots.size // sizeof(TokenSlot))
    slot.key = key
    slot.first = <uint32_t>(sweep.cursors.size // sizeof(ListCursor))
    slot.count = count
    for i in range(count):
        if list_open(sweep.names, tokens[i], &cursor) < 0:
            return NAMES_DAMAGED
        put_raw(&sweep.cursors, &cursor, sizeof(cursor))
    put_raw(&sweep.slots, &slot, sizeof(slot))
    if sweep.slots.failed or sweep.cursors.failed:
        return NAMES_MEMORY
    sweep.places[place] = <uint16_t>(number + 1)
    return <int>number


cdef void _set_least(Plan* plan, int core, int listed_core, int initials, int married_initials, int halves,
                     bint married, bint holding) noexcept nogil:
    """Sets how many listed tokens a name must hold to agree; `halves`: asked tokens that may be two on file.

    An initial of the husband's surname makes the asked name longer once it is paired: it is no token of listed_core.

    Of the shorter name every token is paired; a name of two agrees with one of three at most (core/names/pairing.pyx).
    An initial agrees with the same letter, unseen here. Counts may be too low by the uncertain part, never too high.
    """
    cdef int lost = initials + halves
    plan.least = <uint8_t>max(1, min(listed_core - halves - married_initials, 4 - lost))
    plan.with_threes = core > 3
    plan.least_of_short = <uint8_t>max(1, (3 if core > 3 else 2) - lost) if core > 2 else 0
    plan.longest = 0
    if core <= 2 and not married and halves == 0 and not holding:
        plan.longest = 1 if core == 1 else 3


cdef int sweep_add(Sweep* sweep, const NameQuery* query, uint32_t row, bint holding) noexcept nogil:
    cdef Plan plan
    cdef uint32_t tokens[LISTS_MOST]
    cdef uint32_t count
    cdef int8_t places[SHAPE_TOKENS]
    cdef uint8_t kind
    cdef int i, j, slot, n = query.question.shape.count, listed_core = 0, halves = 0, married_initials = 0
    cdef bint half, married = False
    if sweep.slots.size // sizeof(TokenSlot) + SHAPE_TOKENS > SLOTS_MOST:
        return 0
    memset(&plan, 0, sizeof(plan))
    memset(places, -1, sizeof(places))
    plan.row = row
    for i in range(n):
        married = married or query.question.shape.tokens[i].role == ROLE_MARRIED
        if not query.listed[i]:
            married_initials += query.question.shape.tokens[i].role == ROLE_MARRIED
            continue
        listed_core += query.question.shape.tokens[i].role != ROLE_MARRIED
        count = 0
        half = False
        for j in range(query.n_lists):
            if query.lists[j].asked == i and not query.lists[j].initial:  # names with initials do not agree
                tokens[count] = query.lists[j].token
                count += 1
                kind = query.kinds[held_place(query, query.lists[j].token)][i]
                half = half or is_begin_of_a(kind) or kind == KIND_B_ENDS
        halves += half
        slot = _slot(sweep, tokens, count)
        if slot < 0:
            return slot
        plan.slots[plan.count] = <uint16_t>slot
        plan.repeats[plan.count] = places[query.repeats[i]] if query.repeats[i] >= 0 else <int8_t>-1
        places[i] = <int8_t>plan.count
        plan.count += 1
    if plan.count == 0:
        return 1                 # initials alone find nobody
    _set_least(&plan, query.n_core, listed_core, n - query.n_listed, married_initials, halves, married, holding and query.n_core > 1)
    put_raw(&sweep.plans, &plan, sizeof(plan))
    return NAMES_MEMORY if sweep.plans.failed else 1


# ---- the sweep ----

cdef int _fill(Sweep* sweep, ListCursor* cursors, uint32_t count, uint32_t start, uint32_t size, uint64_t* bits) noexcept nogil:
    cdef uint32_t i
    memset(bits, 0, SWEEP_WORDS * sizeof(uint64_t))
    for i in range(count):
        if list_bits(sweep.names, &cursors[i], start, size, bits) < 0:
            return NAMES_DAMAGED
    return 0


cdef void _sift(Sweep* sweep, uint32_t number, uint32_t start, int words) noexcept nogil:
    """The candidates of one question in a window; words: a multiple of 8."""
    cdef const Plan* plan = <const Plan*>sweep.plans.data + number
    cdef const uint64_t* ones = swept_bitmap(sweep, SWEPT_SHORT)
    cdef const uint64_t* repeated = swept_bitmap(sweep, SWEPT_REPEATED)
    cdef const uint64_t* up_to_two = swept_bitmap(sweep, SWEPT_UP_TO_TWO)
    cdef const uint64_t* up_to_three = swept_bitmap(sweep, SWEPT_UP_TO_THREE)
    cdef const uint64_t* same
    cdef const uint64_t* among = NULL
    cdef const uint64_t* shorts = NULL
    cdef const uint64_t* bits[SHAPE_TOKENS]
    cdef uint64_t both[SHAPE_TOKENS][SWEEP_WORDS]
    cdef uint64_t out[SWEEP_WORDS]
    cdef SweptOrdinal candidate
    cdef uint64_t word
    cdef uint32_t some
    cdef int i, w
    # bitmaps by sound: of one that is asked twice, the second holds those that have it twice
    for i in range(plan.count):
        bits[i] = swept_bitmap(sweep, plan.slots[i])
        if plan.repeats[i] >= 0:
            same = swept_bitmap(sweep, plan.slots[plan.repeats[i]])
            for w in range(words):
                both[i][w] = bits[i][w] | (same[w] & repeated[w])
            bits[i] = both[i]
    # who holds enough of them
    if plan.longest:
        among = ones if plan.longest == 1 else up_to_three
    if plan.least_of_short:
        shorts = up_to_three if plan.with_threes else up_to_two
    some = reached(bits, plan.count, words, plan.least, among, plan.least_of_short, shorts, out)
    # each of those, eight words at a time
    candidate.plan = number
    while some:
        w = 8 * ronda_lowest_bit(some)
        some &= some - 1
        for i in range(8):
            word = out[w + i]
            while word:
                candidate.ordinal = start + 64 * (w + i) + ronda_lowest_bit(word)
                word &= word - 1
                put_raw(&sweep.found, &candidate, sizeof(candidate))


cdef void _join_short_lists(Sweep* sweep) noexcept nogil:
    """Names of up to two tokens, and of up to three."""
    cdef const uint64_t* ones = swept_bitmap(sweep, SWEPT_SHORT)
    cdef const uint64_t* twos = swept_bitmap(sweep, SWEPT_SHORT + 1)
    cdef const uint64_t* threes = swept_bitmap(sweep, SWEPT_SHORT + 2)
    cdef uint64_t* up_to_two = swept_bitmap(sweep, SWEPT_UP_TO_TWO)
    cdef uint64_t* up_to_three = swept_bitmap(sweep, SWEPT_UP_TO_THREE)
    cdef int w
    for w in range(SWEEP_WORDS):
        up_to_two[w] = ones[w] | twos[w]
        up_to_three[w] = up_to_two[w] | threes[w]


cdef int _fill_window(Sweep* sweep, uint32_t start, uint32_t size) noexcept nogil:
    cdef const TokenSlot* slots = <const TokenSlot*>sweep.slots.data
    cdef uint32_t n_slots = <uint32_t>(sweep.slots.size // sizeof(TokenSlot)), i
    for i in range(n_slots):
        if _fill(sweep, <ListCursor*>sweep.cursors.data + slots[i].first, slots[i].count, start, size,
                 swept_bitmap(sweep, i)) < 0:
            return NAMES_DAMAGED
    for i in range(SHORT_LISTS + 1):
        if _fill(sweep, &sweep.short_lists[i], 1, start, size, swept_bitmap(sweep, SWEPT_SHORT + i)) < 0:
            return NAMES_DAMAGED
    _join_short_lists(sweep)
    return 0


cdef int sweep_run(Sweep* sweep) noexcept nogil:
    cdef uint32_t n_plans = <uint32_t>(sweep.plans.size // sizeof(Plan)), start, size, i
    cdef int words
    if sweep.start == 0 and sweep.plan == 0:
        for i in range(SHORT_LISTS + 1):  # REPEATED_LIST follows them
            if list_open(sweep.names, i, &sweep.short_lists[i]) < 0:
                return NAMES_DAMAGED
    while sweep.start < sweep.names.n_ordinals and n_plans:
        start = sweep.start
        words = <int>((min(sweep.names.n_ordinals - start, <uint32_t>SWEEP_WINDOW) + 63) // 64)
        size = <uint32_t>words * 64
        if sweep.plan == 0 and _fill_window(sweep, start, size) < 0:
            return NAMES_DAMAGED
        words = (words + 7) & ~7
        while sweep.plan < n_plans:
            _sift(sweep, sweep.plan, start, words)
            sweep.plan += 1
            if sweep.found.failed:
                return NAMES_MEMORY
            if sweep.found.size > FOUND_MOST * sizeof(SweptOrdinal):
                return 1
        sweep.plan = 0
        sweep.start += SWEEP_WINDOW
    return 0
