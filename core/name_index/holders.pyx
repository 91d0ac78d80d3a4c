"""Finds the persons with a rare asked word (core/name_index/holders.pxd). Nothing here is for Python."""

from libc.stdint cimport UINT32_MAX, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memset

from core.machine.prefetch cimport prefetch
from core.name_index.expansion cimport held_place
from core.name_index.file cimport list_bits, list_open
from core.name_index.query cimport (
    BITMAP_CANDIDATES, FOUND_BY_SCORE, HELD_MAX, HOLDERS_MOST, LISTS_MOST, NAMES_DAMAGED, NAMES_LONG, QUICK_CANDIDATES, WINDOW, HeldList, NameFound,
    NameQuery, bitmap_of, shares_word,
)
from core.name_index.search cimport BATCH, rank_range, score_batch
from core.names.tokens cimport KIND_EDIT, KIND_ENDING
from core.names.weights cimport COSTS

cdef extern from *:
    """
    #define ronda_lowest_bit(word) __builtin_ctzll(word)
    """
    int ronda_lowest_bit(uint64_t word) noexcept nogil

cdef enum:
    ANYTHING = -1000000          # evidence that any names reach

cdef struct RareList:
    uint64_t order               # what its pair tells, then how few hold it
    uint16_t number              # of NameQuery.lists

cdef struct HolderLook:          # how far the lists are gone through
    RareList rare[LISTS_MOST]
    int n                        # of them that are read whole
    int next                     # the one behind these, of which the first are read; -1 = there is none
    uint32_t holders             # of those that are read whole
    size_t first                 # of the persons found here
    size_t wanted
    int32_t slack


cdef int _by_order(const void* a, const void* b) noexcept nogil:
    """Orders lists: those with most evidence first; of equal ones those with fewest holders."""
    cdef uint64_t left = (<const RareList*>a).order, right = (<const RareList*>b).order
    return (left < right) - (left > right)


cdef inline int32_t _tells(const NameQuery* query, const HeldList* item, uint8_t kind) noexcept nogil:
    """Evidence that the pair of a token on file and its asked one gives at most."""
    cdef int32_t bits = min(<int32_t>query.names.briefs[item.token].bits, <int32_t>query.question.shape.tokens[item.asked].bits)
    return max(0, bits - COSTS[KIND_EDIT if kind == KIND_ENDING else kind])


cdef void _choose(const NameQuery* query, HolderLook* look) noexcept nogil:
    """Chooses the lists to read: each token once, even if several asked words may be it."""
    cdef uint8_t met[HELD_MAX]
    cdef uint8_t kind
    cdef const HeldList* item
    cdef int i, n = 0, place
    for i in range(query.n_lists):
        item = &query.lists[i]
        kind = query.kinds[held_place(query, item.token)][item.asked]
        if shares_word(query.question, item.asked, kind):
            look.rare[n].order = <uint64_t>_tells(query, item, kind) << 32 | (UINT32_MAX - item.cursor.count)
            look.rare[n].number = <uint16_t>i
            n += 1
    qsort(look.rare, n, sizeof(RareList), _by_order)
    memset(met, 0, sizeof(met))
    look.n = 0
    look.next = -1
    look.holders = 0
    for i in range(n):
        item = &query.lists[look.rare[i].number]
        place = held_place(query, item.token)
        if met[place]:
            continue
        met[place] = 1
        if look.holders + item.cursor.count > HOLDERS_MOST:
            look.next = look.rare[i].number
            return
        look.holders += item.cursor.count
        look.rare[look.n] = look.rare[i]
        look.n += 1


cdef void _keep_likeliest(NameQuery* query, const HolderLook* look) noexcept nogil:
    """Drops those found here who stand behind the page, whatever is yet to be added; equals stay, their order is the caller's."""
    cdef NameFound* found = query.found + look.first
    cdef size_t n = query.n_found - look.first, i, kept = look.wanted
    cdef int32_t least
    if n < look.wanted:
        return
    rank_range(found, n, look.wanted)
    least = found[look.wanted - 1].evidence - look.slack
    for i in range(look.wanted, n):
        if found[i].evidence >= least or not found[i].flags & FOUND_BY_SCORE:
            found[kept] = found[i]
            kept += 1
    query.n_found = look.first + kept
    query.taken = max(query.taken, least)


cdef int _score_window(NameQuery* query, const HolderLook* look, uint32_t start, uint32_t words, int64_t* left) noexcept nogil:
    """Scores who stands in BITMAP_CANDIDATES, `left` of them at most, but those found before. 0 or NAMES_*."""
    cdef uint64_t* candidates = bitmap_of(query, BITMAP_CANDIDATES)
    cdef uint32_t batch[BATCH]
    cdef uint32_t w, ordinal
    cdef uint64_t word
    cdef size_t i
    cdef int n = 0, status
    if query.masked != NULL:
        for w in range(words):
            candidates[w] &= ~query.masked[(start >> 6) + w]
    for i in range(query.n_found):
        ordinal = query.found[i].ordinal
        if start <= ordinal < start + 64 * words:
            candidates[(ordinal - start) >> 6] &= ~(<uint64_t>1 << (ordinal & 63))
    for w in range(words):
        word = candidates[w]
        while word and left[0]:
            batch[n] = start + 64 * w + ronda_lowest_bit(word)
            prefetch(&query.names.rows_at[batch[n]])
            word &= word - 1
            left[0] -= 1
            n += 1
            if n == BATCH:
                status = score_batch(query, batch, n)
                if status < 0:
                    return status
                _keep_likeliest(query, look)
                n = 0
    status = score_batch(query, batch, n)
    _keep_likeliest(query, look)
    return status


cdef int _read(NameQuery* query, const HolderLook* look, const RareList* lists, int n, int64_t most) noexcept nogil:
    """Scores the holders of some lists, the first `most` of them. 0 or NAMES_*."""
    cdef uint64_t* candidates = bitmap_of(query, BITMAP_CANDIDATES)
    cdef HeldList* item
    cdef uint32_t start = 0, words
    cdef int64_t looked, left = most
    cdef int i, status
    for i in range(n):
        item = &query.lists[lists[i].number]
        if list_open(query.names, item.token, &item.cursor) < 0:
            return NAMES_DAMAGED
    while start < query.names.n_ordinals and left:
        words = (min(<uint32_t>WINDOW, query.names.n_ordinals - start) + 63) // 64
        memset(candidates, 0, words * 8)
        for i in range(n):
            looked = list_bits(query.names, &query.lists[lists[i].number].cursor, start, words * 64, candidates)
            if looked < 0:
                return NAMES_DAMAGED
            query.looked += looked
        status = _score_window(query, look, start, words, &left)
        if status < 0:
            return status
        start += WINDOW
    return 0


cdef int look_at_holders(NameQuery* query, size_t wanted, int32_t slack) noexcept nogil:
    cdef HolderLook look
    cdef RareList next
    cdef int status
    if query.names.n_ordinals == 0 or query.n_listed == 0 or query.n_found >= wanted:
        return 0
    _choose(query, &look)
    if query.quick and query.candidates + HOLDERS_MOST > QUICK_CANDIDATES:
        return NAMES_LONG
    look.first = query.n_found
    look.wanted = wanted
    look.slack = slack
    query.taken = ANYTHING
    query.sharing = True
    status = _read(query, &look, look.rare, look.n, look.holders) if look.n else 0
    if status == 0 and look.next >= 0 and query.n_found < wanted:
        next.order = 0
        next.number = <uint16_t>look.next
        status = _read(query, &look, &next, 1, HOLDERS_MOST - look.holders)
    query.sharing = False
    return status
