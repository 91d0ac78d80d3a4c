"""A question to names.bin from end to end (core/name_index/query.pxd). Nothing here is for Python."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memset

from core.files.layout cimport HEADER_SIZE
from core.machine.prefetch cimport prefetch
from core.machine.vectors cimport NO_WORDS, STEP, Words, put_words, some_bit, words_at
from core.name_index.expansion cimport left_over, query_again, query_begin, query_rewind
from core.name_index.file cimport SHORT_LISTS, ListCursor, NamesFile, list_bits, list_open
from core.name_index.query cimport (
    BITMAP_CANDIDATES, BITMAP_REACHED, BITMAP_REPEATED, BITMAP_SHORT, BITMAP_STRONG, BITMAP_TOLD, FILLED_MAX, LOOKED_MAX, NAMES_DAMAGED,
    NAMES_LONG, NAMES_MEMORY, NAMES_TOO_BROAD, QUICK_CANDIDATES, QUICK_LOOKED, SCORED_MAX, WINDOW, HeldList, NameFound, NameQuery,
    NameQuestion, bitmap_of,
)
from core.name_index.reaches cimport REACHES, Reach, Stretch, find_reaches
from core.name_index.scoring cimport score_ordinal
from core.names.reading cimport SHAPE_TOKENS
from core.names.weights cimport EXCHANGED_FULL, EXCHANGED_PART

cdef extern from *:
    """
    #define ronda_lowest_bit(word) __builtin_ctzll(word)
    #define ronda_bits(word) __builtin_popcountll(word)
    """
    int ronda_lowest_bit(uint64_t word) noexcept nogil
    int ronda_bits(uint64_t word) noexcept nogil

cdef enum:
    PAIRS_MOST = SHAPE_TOKENS * (SHAPE_TOKENS - 1) >> 1


cdef int _take(NameQuery* query, const NameFound* found) noexcept nogil:
    cdef NameFound* grown
    if query.n_found == query.found_capacity:
        grown = <NameFound*>realloc(query.found, max(<size_t>256, 2 * query.found_capacity) * sizeof(NameFound))
        if grown == NULL:
            return NAMES_MEMORY
        query.found = grown
        query.found_capacity = max(<size_t>256, 2 * query.found_capacity)
    query.found[query.n_found] = found[0]
    query.n_found += 1
    return 0


cdef int score_batch(NameQuery* query, const uint32_t* ordinals, int n) noexcept nogil:
    cdef const NamesFile* names = query.names
    cdef NameFound found
    cdef uint64_t at
    cdef int i, status
    for i in range(n):
        at = 2 * <uint64_t>names.rows_at[ordinals[i]]
        if at < names.tables.rows_size:
            prefetch(names.data + HEADER_SIZE + at)
            prefetch(names.data + HEADER_SIZE + at + 64)
    for i in range(n):
        status = score_ordinal(query, ordinals[i], &found)
        if status < 0:
            return status
        if status and _take(query, &found) < 0:
            return NAMES_MEMORY
    return 0


cdef void _add_repeated(NameQuery* query, int words) noexcept nogil:
    """Adds the second of two asked tokens of one sound for names that have that sound twice."""
    cdef const uint64_t* repeated = bitmap_of(query, BITMAP_REPEATED)
    cdef const uint64_t* first
    cdef uint64_t* second
    cdef int i, w
    for i in range(query.question.shape.count):
        if query.listed[i] and query.repeats[i] >= 0:
            first = bitmap_of(query, query.repeats[i])
            second = bitmap_of(query, i)
            for w in range(words):
                second[w] |= first[w] & repeated[w]


cdef struct TellingPairs:        # of asked tokens: two that an ordinal must hold to be a candidate by two tokens alone
    const uint64_t* first[PAIRS_MOST]
    const uint64_t* second[PAIRS_MOST]
    int count
    bint every                   # all that there are


cdef void _find_pairs(const NameQuery* query, int32_t needed, TellingPairs* pairs) noexcept nogil:
    cdef int i, j
    pairs.count = 0
    pairs.every = True
    for i in range(query.question.shape.count):
        if not query.listed[i]:
            continue
        for j in range(i):
            if not query.listed[j]:
                continue
            if query.most[i] + query.most[j] >= needed:
                pairs.first[pairs.count] = bitmap_of(query, i)
                pairs.second[pairs.count] = bitmap_of(query, j)
                pairs.count += 1
            else:
                pairs.every = False


cdef inline Words _told_by_pairs(const TellingPairs* pairs, int w) noexcept nogil:
    cdef Words both = NO_WORDS
    cdef int i
    for i in range(pairs.count):
        both |= words_at(pairs.first[i], w) & words_at(pairs.second[i], w)
    return both


cdef int32_t _most_of(const NameQuery* query, int count) noexcept nogil:
    """Returns the evidence of the `count` listed tokens with the most of it."""
    cdef int32_t told[SHAPE_TOKENS]
    cdef int32_t total = 0, item
    cdef int n = 0, i, j
    for i in range(query.question.shape.count):
        if query.listed[i]:
            item = query.most[i]
            j = n
            while j > 0 and told[j - 1] < item:
                told[j] = told[j - 1]
                j -= 1
            told[j] = item
            n += 1
    for i in range(min(count, n)):
        total += told[i]
    return total


cdef int _least_tokens(const NameQuery* query, const Reach* reach) noexcept nogil:
    """Returns the least number of asked tokens that an ordinal of a reach must hold; more than there are: none has
    enough."""
    cdef int count
    for count in range(1, query.n_listed + 1):
        if _most_of(query, count) >= reach.needed + left_over(query, count):
            return count
    return SHAPE_TOKENS + 1


cdef void _combine(NameQuery* query, const Reach* reach, uint32_t first, uint32_t last) noexcept nogil:
    """Candidates of the words [first, last) by the rules of a reach, from the bitmaps of the asked tokens, into BITMAP_REACHED.

    Of names that do not disagree, more than half of the shorter one's tokens are paired; asked initials may be, unseen here.
    """
    cdef int n = query.question.shape.count
    cdef const uint64_t* bits[SHAPE_TOKENS]
    cdef const uint64_t* single[SHAPE_TOKENS]
    cdef const uint64_t* ones = bitmap_of(query, BITMAP_SHORT)
    cdef const uint64_t* twos = bitmap_of(query, BITMAP_SHORT + 1)
    cdef const uint64_t* threes = bitmap_of(query, BITMAP_SHORT + 2)
    cdef const uint64_t* strong = bitmap_of(query, BITMAP_STRONG)
    cdef const uint64_t* told = bitmap_of(query, BITMAP_TOLD)
    cdef uint64_t* out = bitmap_of(query, BITMAP_REACHED)
    cdef TellingPairs pairs, among_others
    cdef int n_bits = 0, n_single = 0, i, least = 0
    cdef uint32_t w, step
    cdef Words c1, c2, c3, c4, b, chosen, wanted
    # Two of four words mostly leave some over on each side, but of a name of three: others stand for them, and they tell a
    # part only. Mostly: a short form (JUL, JULIANA) leaves nothing over, and no list leads to it. So only a search that
    # fills a page may pass over such names; elsewhere two words that tell enough are few.
    cdef bint exchanged = (query.question.filling and query.n_core > 3 and query.n_listed == n
                           and not reach.equal and reach.needed > EXCHANGED_FULL)
    _find_pairs(query, reach.needed + left_over(query, 2), &pairs)
    if exchanged:
        _find_pairs(query, EXCHANGED_FULL + EXCHANGED_PART * (reach.needed - EXCHANGED_FULL) + left_over(query, 2), &among_others)
    if reach.by_evidence:
        least = _least_tokens(query, reach)
    for i in range(n):
        if query.listed[i]:
            bits[n_bits] = bitmap_of(query, i)
            n_bits += 1
            if reach.singly and query.most[i] >= reach.needed + left_over(query, 1):
                single[n_single] = bitmap_of(query, i)
                n_single += 1
    for step in range(first // STEP, (last + STEP - 1) // STEP):
        w = STEP * step
        # who holds one of the asked tokens, two, three, four
        c1 = c2 = c3 = c4 = NO_WORDS
        for i in range(n_bits):
            b = words_at(bits[i], w)
            c4 |= c3 & b
            c3 |= c2 & b
            c2 |= c1 & b
            c1 |= b
        if reach.anyone:
            chosen = c1
        elif reach.by_evidence:
            chosen = c3 if least <= 3 else c4
        else:
            # one is enough of a name of one token, two of a name of two
            chosen = c1 & words_at(ones, w)
            if n_bits == 1:
                chosen = c1
            elif n_bits == 2:
                chosen |= c2
            else:
                chosen |= c3 | (c2 if query.n_core == 2 else c2 & words_at(twos, w))
        for i in range(n_single):
            chosen |= words_at(single[i], w)
        # two elsewhere, where these two tell enough
        wanted = c2 & ~chosen
        if some_bit(wanted):
            if not pairs.every:
                wanted &= _told_by_pairs(&pairs, w)
            if exchanged and not among_others.every:
                wanted &= words_at(threes, w) | _told_by_pairs(&among_others, w)
            chosen |= wanted
        chosen |= words_at(strong, w)
        # initials alone tell nobody apart: every company that ends in S.A. would be a candidate of ANA SAMAYOA
        put_words(out, w, chosen & words_at(told, w))


cdef int _read_list(NameQuery* query, int number, uint32_t start, int words) noexcept nogil:
    """Puts the holders of a token on file into its asked token's bitmap."""
    cdef HeldList* item = &query.lists[number]
    cdef uint64_t* holders = bitmap_of(query, BITMAP_STRONG if item.strong else item.asked)
    cdef int64_t looked = list_bits(query.names, &item.cursor, start, words * 64, holders)
    if looked < 0:
        return NAMES_DAMAGED
    query.looked += looked
    return 0


cdef void _join_bitmaps(NameQuery* query, int words, uint64_t* out) noexcept nogil:
    """Joins the ordinals that hold any asked token, or a strong one."""
    cdef const uint64_t* held
    cdef int i, w
    memcpy(out, bitmap_of(query, BITMAP_STRONG), words * 8)
    for i in range(query.question.shape.count):
        if query.listed[i]:
            held = bitmap_of(query, i)
            for w in range(words):
                out[w] |= held[w]


cdef int64_t _count(const uint64_t* bits, int words) noexcept nogil:
    cdef int64_t n = 0
    cdef int w
    for w in range(words):
        n += ronda_bits(bits[w])
    return n


cdef bint _is_long(const NameQuery* query, uint64_t span) noexcept nogil:
    """Returns whether reading the lists alone would be slow, for `span` ordinals."""
    cdef uint64_t looked = 0
    cdef int i
    for i in range(query.n_lists):  # four words of a list of bits take as long as a delta
        looked += query.names.n_ordinals // 256 if query.lists[i].cursor.dense else query.lists[i].cursor.count
    return looked * span // query.names.n_ordinals > QUICK_LOOKED


cdef bint _will_be_long(const NameQuery* query, int64_t more, uint64_t covered, uint64_t span) noexcept nogil:
    """Returns whether too many candidates are to be expected in the whole `span` of ordinals, by the part `covered`.

    Less than a window shows nothing yet: the persons of unknown year may be a few dozen.
    """
    cdef int64_t n = query.candidates + more
    return n * span // max(covered, min(span, <uint64_t>WINDOW)) > QUICK_CANDIDATES


cdef int _fill_bitmaps(NameQuery* query, ListCursor* short_lists, uint32_t start, int words) noexcept nogil:
    """Reads every list for the ordinals from `start` on. 0 or NAMES_DAMAGED."""
    cdef int64_t looked
    cdef int i
    for i in range(query.question.shape.count):
        if query.listed[i]:
            memset(bitmap_of(query, i), 0, words * 8)
    for i in range(SHORT_LISTS + 1):
        memset(bitmap_of(query, BITMAP_SHORT + i), 0, words * 8)
    memset(bitmap_of(query, BITMAP_STRONG), 0, words * 8)
    # initials come last: nothing else finds a person with initials alone
    for i in range(query.n_lists):
        if not query.lists[i].initial and _read_list(query, i, start, words) < 0:
            return NAMES_DAMAGED
    _join_bitmaps(query, words, bitmap_of(query, BITMAP_TOLD))
    for i in range(query.n_lists):
        if query.lists[i].initial and _read_list(query, i, start, words) < 0:
            return NAMES_DAMAGED
    for i in range(SHORT_LISTS + 1):
        looked = list_bits(query.names, &short_lists[i], start, words * 64, bitmap_of(query, BITMAP_SHORT + i))
        if looked < 0:
            return NAMES_DAMAGED
        query.looked += looked
    return 0


cdef int _score_candidates(NameQuery* query, uint32_t start, uint32_t words) noexcept nogil:
    """Scores the candidates of a window, in batches; more than SCORED_MAX are only counted. 0 or NAMES_*."""
    cdef const uint64_t* candidates = bitmap_of(query, BITMAP_CANDIDATES)
    cdef uint32_t batch[BATCH]
    cdef uint32_t w, ordinal
    cdef uint64_t word
    cdef int n_batch = 0, status
    for w in range(words):
        word = candidates[w]
        while word:
            ordinal = start + 64 * w + ronda_lowest_bit(word)
            word &= word - 1
            query.candidates += 1
            if query.candidates > SCORED_MAX and not query.question.exhaustive:
                continue
            prefetch(&query.names.rows_at[ordinal])
            batch[n_batch] = ordinal
            n_batch += 1
            if n_batch == BATCH:
                status = score_batch(query, batch, n_batch)
                if status < 0:
                    return status
                n_batch = 0
    return score_batch(query, batch, n_batch)


cdef inline uint64_t _bits_within(uint32_t low, uint32_t high, uint32_t start) noexcept nogil:
    """Returns the bits of the 64 ordinals from `start` on that lie in [low, high)."""
    low, high = max(low, start), min(high, start + 64)
    return (~<uint64_t>0 >> (64 - (high - low))) << (low - start) if low < high else 0


cdef int _window(NameQuery* query, ListCursor* short_lists, const Reach* reaches, int n_reaches, uint32_t start, uint32_t end,
                 uint64_t covered, uint64_t span) noexcept nogil:
    """Looks at the ordinals [start, end), which some reach touches; start is a multiple of 64.

    `covered`: ordinals of the reaches up to `end`, of `span` in all.
    """
    cdef uint64_t* candidates = bitmap_of(query, BITMAP_CANDIDATES)
    cdef const uint64_t* reached = bitmap_of(query, BITMAP_REACHED)
    cdef uint32_t words = (end - start + 63) // 64, w, low, high
    cdef int i, j
    if _fill_bitmaps(query, short_lists, start, words) < 0:
        return NAMES_DAMAGED
    _add_repeated(query, words)
    memset(candidates, 0, words * 8)
    for i in range(n_reaches):
        for j in range(reaches[i].n):
            low = max(reaches[i].stretches[j].start, start)
            high = min(reaches[i].stretches[j].end, end)
            if low < high:
                _combine(query, &reaches[i], (low - start) // 64, (high - start + 63) // 64)
                for w in range((low - start) // 64, (high - start + 63) // 64):
                    if reached[w]:
                        candidates[w] |= reached[w] & _bits_within(low, high, start + 64 * w)
    if query.masked != NULL:
        for w in range(words):
            candidates[w] &= ~query.masked[(start >> 6) + w]
    if query.quick and _will_be_long(query, _count(candidates, words), covered, span):
        return NAMES_LONG
    return _score_candidates(query, start, words)


cdef int find_names(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil:
    cdef int status
    query.n_found = 0
    query.candidates = query.looked = 0
    query.names = names          # whoever looks on finds nobody there either, and nothing of the question before
    query.n_listed = query.n_lists = 0
    if names.n_ordinals == 0:
        return 0
    status = query_begin(query, names, question)
    return status if status < 0 else _find(query)


cdef int find_names_again(NameQuery* query) noexcept nogil:
    cdef int status = query_again(query)
    return status if status < 0 else _find(query)


cdef int _walk(NameQuery* query, const Reach* reaches, int n_reaches) noexcept nogil:
    """Looks at all ordinals of some reaches, a window at a time. 0 or NAMES_*."""
    cdef const NamesFile* names = query.names
    cdef const Stretch* stretch
    cdef ListCursor short_lists[SHORT_LISTS + 1]
    cdef uint32_t start = 0, end, low, high
    cdef uint64_t span = 0, covered = 0
    cdef int64_t most = FILLED_MAX if query.question.filling else query.names.n_ordinals
    cdef int i, j, status
    # the lists that no token leads to: short names, and (REPEATED_LIST follows them) a sound that comes twice
    for i in range(SHORT_LISTS + 1):
        if list_open(names, i, &short_lists[i]) < 0:
            return NAMES_DAMAGED
    for i in range(n_reaches):
        for j in range(reaches[i].n):
            span += reaches[i].stretches[j].end - reaches[i].stretches[j].start
    if query.quick and _is_long(query, span):
        return NAMES_LONG
    while start < names.n_ordinals:
        end = min(start + WINDOW, names.n_ordinals)
        low = end
        high = start
        for i in range(n_reaches):
            for j in range(reaches[i].n):
                stretch = &reaches[i].stretches[j]
                if stretch.start < end and stretch.end > start:
                    low = min(low, max(start, stretch.start))
                    high = max(high, min(end, stretch.end))
                    covered += min(end, stretch.end) - max(start, stretch.start)
        if low < high:
            status = _window(query, short_lists, reaches, n_reaches, low & ~<uint32_t>63, high, covered, span)
            if status:
                return status
            if (query.looked > LOOKED_MAX or query.candidates > most) and not query.question.exhaustive:
                return NAMES_TOO_BROAD
        start += WINDOW
    return NAMES_TOO_BROAD if query.candidates > SCORED_MAX and not query.question.exhaustive else 0


cdef int _find_far(NameQuery* query) noexcept nogil:
    """Adds persons with a birth date wrong by more than a year; none if they are too many to look at. Returns 0 or
    NAMES_*."""
    cdef Reach reaches[REACHES]
    cdef size_t kept = query.n_found
    cdef int64_t candidates = query.candidates, looked = query.looked
    cdef int n = find_reaches(query, True, reaches), i, useful = 0, status
    for i in range(n):           # where all asked tokens together tell too little there is nobody
        if _least_tokens(query, &reaches[i]) <= query.n_listed:
            reaches[useful] = reaches[i]
            useful += 1
    if useful == 0:
        return 0
    if query_rewind(query) < 0:
        return NAMES_DAMAGED
    query.candidates = query.looked = 0
    status = _walk(query, reaches, useful)
    if status == NAMES_TOO_BROAD:
        query.n_found = kept
        query.candidates = query.looked = 0
        status = 0
    query.candidates += candidates
    query.looked += looked
    return status


cdef int _find(NameQuery* query) noexcept nogil:
    cdef const NameQuestion* question = query.question
    cdef Reach reaches[REACHES]
    cdef int n, status
    if question.shape.count == 0 or query.n_listed == 0:
        return NAMES_TOO_BROAD if question.shape.count else 0
    n = find_reaches(query, False, reaches)
    status = _walk(query, reaches, n)
    return status if status else _find_far(query)


# ---- ranking ----

cdef inline bint _before(const NameFound* a, const NameFound* b) noexcept nogil:
    return a.evidence > b.evidence or (a.evidence == b.evidence and a.order < b.order)


cdef void _sift(NameFound* heap, size_t at, size_t n) noexcept nogil:
    """The worst of a heap stands first."""
    cdef size_t child
    cdef NameFound item = heap[at]
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and _before(&heap[child], &heap[child + 1]):
            child += 1
        if not _before(&item, &heap[child]):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = item


cdef void rank_found(NameQuery* query, size_t most) noexcept nogil:
    rank_range(query.found, query.n_found, most)


cdef void rank_range(NameFound* found, size_t count, size_t most) noexcept nogil:
    cdef NameFound item
    cdef size_t n = min(most, count), i
    if n == 0:
        return
    i = n // 2
    while i > 0:
        i -= 1
        _sift(found, i, n)
    for i in range(n, count):
        if _before(&found[i], &found[0]):
            item = found[0]
            found[0] = found[i]
            found[i] = item
            _sift(found, 0, n)
    i = n
    while i > 1:
        i -= 1
        item = found[0]
        found[0] = found[i]
        found[i] = item
        _sift(found, 0, i)
