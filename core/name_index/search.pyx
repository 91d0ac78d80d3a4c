"""A question to names.bin from end to end (core/name_index/query.pxd). Nothing here is for Python."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memset

from core.calendar cimport LAST_FILLER_YEAR, digits_near
from core.files.layout cimport HEADER_SIZE
from core.machine.prefetch cimport prefetch
from core.machine.vectors cimport NO_WORDS, STEP, Words, put_words, some_bit, words_at
from core.name_index.expansion cimport query_again, query_begin
from core.name_index.file cimport (
    SHORT_LISTS, YEAR_FIRST, YEARS, ListCursor, NamesFile, list_bits, list_open, year_place,
)
from core.name_index.query cimport (
    BITMAP_CANDIDATES, BITMAP_REPEATED, BITMAP_SHORT, BITMAP_STRONG, BITMAP_TOLD, LOOKED_MAX, NAMES_DAMAGED, NAMES_LONG,
    NAMES_MEMORY, NAMES_TOO_BROAD, QUICK_CANDIDATES, QUICK_LOOKED, SCORED_MAX, WINDOW, HeldList, NameFound, NameQuery,
    NameQuestion, bitmap_of,
)
from core.name_index.scoring cimport score_ordinal
from core.names.reading cimport SHAPE_TOKENS

cdef extern from *:
    """
    #define ronda_lowest_bit(word) __builtin_ctzll(word)
    #define ronda_bits(word) __builtin_popcountll(word)
    """
    int ronda_lowest_bit(uint64_t word) noexcept nogil
    int ronda_bits(uint64_t word) noexcept nogil

cdef enum:
    BATCH = 32                   # candidates whose rows are fetched ahead
    PAIRS_MOST = SHAPE_TOKENS * (SHAPE_TOKENS - 1) >> 1
    STRETCHES_MOST = 64          # a year has 36 others that differ in a digit, three in two swapped, two of other centuries; each end of
                                 # the table, and both stretches without a year


cdef struct Stretch:
    uint32_t start
    uint32_t end


cdef int _year_stretches(const NamesFile* names, const uint8_t* wanted, Stretch* out) noexcept nogil:
    """The ordinals of the wanted places of `names.years`, neighbouring ones joined; how many stretches."""
    cdef uint32_t start, end
    cdef int place, n = 0
    for place in range(YEARS + 1):
        if not wanted[place]:
            continue
        start = names.years[place]
        end = names.years[place + 1] if place < YEARS else names.tables.n_entities
        if start >= end:
            continue
        if n and out[n - 1].end == start:
            out[n - 1].end = end
        else:
            out[n].start = start
            out[n].end = end
            n += 1
    return n


cdef int _far_stretches(const NamesFile* names, int asked, Stretch* out) noexcept nogil:
    """The ordinals of years within one of the asked, and of those that a slip in one digit or of the century makes of it; those
    in which nobody living was born go with any."""
    cdef uint8_t wanted[YEARS + 1]
    cdef int place, year
    memset(wanted, 0, sizeof(wanted))
    # years before the first and behind the last are counted with these: whether one of them is near is not asked
    wanted[0] = wanted[YEARS] = 1
    for place in range(YEARS):
        year = YEAR_FIRST + place
        if (-1 <= year - asked <= 1 or digits_near(year, asked, 4) or (year - asked) % 100 == 0
                or year <= LAST_FILLER_YEAR or asked <= LAST_FILLER_YEAR):
            wanted[place] = 1
    return _year_stretches(names, wanted, out)


cdef int _stretches(const NameQuery* query, Stretch* out) noexcept nogil:
    """The ordinals that may fit by what was asked of birth years."""
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef int low = 0, high = 100000, year = question.birth.year
    cdef int n, place
    if question.year_from:
        low = question.year_from
    if question.year_to:
        high = question.year_to
    if year and not question.far_years:
        low = max(low, year - 1)
        high = min(high, year + 1)
    if question.all_years or not names.tables.ordered or (low == 0 and high == 100000):
        out[0].start = 0
        out[0].end = names.n_ordinals
        return 1
    out[0].start = 0             # of unknown year
    out[0].end = names.years[0]
    if question.far_years:
        n = 1 + _far_stretches(names, year, out + 1)
        out[n].start = names.tables.n_entities
        out[n].end = names.n_ordinals
        return n + 1
    out[1].start = names.years[year_place(low)]
    place = year_place(high) + 1
    out[1].end = names.years[place] if place <= YEARS else names.tables.n_entities
    out[2].start = names.tables.n_entities
    out[2].end = names.n_ordinals
    return 3


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


cdef int _score_batch(NameQuery* query, const uint32_t* ordinals, int n) noexcept nogil:
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
    """Of two asked tokens of one sound, the second is held, too, where a name has that sound twice."""
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


cdef void _find_pairs(const NameQuery* query, TellingPairs* pairs) noexcept nogil:
    cdef int i, j
    pairs.count = 0
    pairs.every = True
    for i in range(query.question.shape.count):
        if not query.listed[i]:
            continue
        for j in range(i):
            if query.pair[i][j]:
                pairs.first[pairs.count] = bitmap_of(query, i)
                pairs.second[pairs.count] = bitmap_of(query, j)
                pairs.count += 1
            elif query.listed[j]:
                pairs.every = False


cdef inline Words _told_by_pairs(const TellingPairs* pairs, int w) noexcept nogil:
    cdef Words both = NO_WORDS
    cdef int i
    for i in range(pairs.count):
        both |= words_at(pairs.first[i], w) & words_at(pairs.second[i], w)
    return both


cdef void _combine(NameQuery* query, int words) noexcept nogil:
    """Candidates of a window, from the bitmaps of the asked tokens.

    Of names that do not disagree, more than half of the shorter one's tokens are paired; asked initials may be, unseen here.
    """
    cdef int n = query.question.shape.count, unlisted = n - query.n_listed
    cdef const uint64_t* bits[SHAPE_TOKENS]
    cdef const uint64_t* ones = bitmap_of(query, BITMAP_SHORT)
    cdef const uint64_t* twos = bitmap_of(query, BITMAP_SHORT + 1)
    cdef const uint64_t* threes = bitmap_of(query, BITMAP_SHORT + 2)
    cdef const uint64_t* strong = bitmap_of(query, BITMAP_STRONG)
    cdef const uint64_t* told = bitmap_of(query, BITMAP_TOLD)
    cdef uint64_t* out = bitmap_of(query, BITMAP_CANDIDATES)
    cdef TellingPairs pairs
    cdef int n_bits = 0, i, w, step
    cdef Words c1, c2, c3, b, chosen, wanted
    cdef bint long_asked = query.n_core > 3 and unlisted == 0
    _add_repeated(query, words)
    _find_pairs(query, &pairs)
    for i in range(n):
        if query.listed[i]:
            bits[n_bits] = bitmap_of(query, i)
            n_bits += 1
    for step in range((words + STEP - 1) // STEP):
        w = STEP * step
        # who holds one of the asked tokens, two, three
        c1 = c2 = c3 = NO_WORDS
        for i in range(n_bits):
            b = words_at(bits[i], w)
            c3 |= c2 & b
            c2 |= c1 & b
            c1 |= b
        # one is enough of a name of one token, two of a name of two
        chosen = c1 & words_at(ones, w)
        if n_bits == 1:
            chosen = c1
        elif n_bits == 2:
            chosen |= c2
        else:
            chosen |= c3 | (c2 if query.n_core == 2 else c2 & words_at(twos, w))
            # two of four tokens are enough only of a name of three
            wanted = c2 & ~chosen
            if long_asked:
                wanted &= words_at(threes, w)
            # and only where these two tell enough
            if not pairs.every and some_bit(wanted):
                wanted &= _told_by_pairs(&pairs, w)
            chosen |= wanted
        if unlisted:
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
    """Who holds any asked token, or a strong one."""
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
    """Whether reading the lists alone would not be quick, of `span` ordinals."""
    cdef uint64_t looked = 0
    cdef int i
    for i in range(query.n_lists):  # four words of a list of bits take as long as a delta
        looked += query.names.n_ordinals // 256 if query.lists[i].cursor.dense else query.lists[i].cursor.count
    return looked * span // query.names.n_ordinals > QUICK_LOOKED


cdef bint _will_be_long(const NameQuery* query, int64_t more, uint64_t covered, uint64_t span) noexcept nogil:
    """Whether too many candidates must be expected of the whole `span` of ordinals, by what the part `covered` has shown.

    Less than a window says nothing yet: the persons of unknown year may be a few dozen.
    """
    cdef int64_t n = query.candidates + more
    return n * span // max(covered, min(span, <uint64_t>WINDOW)) > QUICK_CANDIDATES


cdef uint64_t _within(const Stretch* stretches, int n, uint32_t start) noexcept nogil:
    """Which of the 64 ordinals from `start` on lie in a stretch."""
    cdef uint64_t bits = 0
    cdef uint32_t low, high
    cdef int i
    for i in range(n):
        low = max(stretches[i].start, start)
        high = min(stretches[i].end, start + 64)
        if low < high:
            bits |= (~<uint64_t>0 >> (64 - (high - low))) << (low - start)
    return bits


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
    # initials come last: who holds nothing else is told by nothing
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
                status = _score_batch(query, batch, n_batch)
                if status < 0:
                    return status
                n_batch = 0
    return _score_batch(query, batch, n_batch)


cdef int _window(NameQuery* query, ListCursor* short_lists, const Stretch* stretches, int n_stretches, uint32_t start,
                 uint32_t end, uint64_t covered, uint64_t span) noexcept nogil:
    """Looks at the ordinals [start, end), which one stretch or several touch; start is a multiple of 64.

    `covered`: ordinals of the stretches up to `end`, of `span` in all.
    """
    cdef uint64_t* candidates = bitmap_of(query, BITMAP_CANDIDATES)
    cdef uint32_t words = (end - start + 63) // 64, w
    if _fill_bitmaps(query, short_lists, start, words) < 0:
        return NAMES_DAMAGED
    _combine(query, words)
    for w in range(words):
        if candidates[w]:
            candidates[w] &= _within(stretches, n_stretches, start + 64 * w)
    if query.quick and _will_be_long(query, _count(candidates, words), covered, span):
        return NAMES_LONG
    return _score_candidates(query, start, words)


cdef int find_names(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil:
    cdef int status
    query.n_found = 0
    query.candidates = query.looked = 0
    if names.n_ordinals == 0:
        return 0
    status = query_begin(query, names, question)
    return status if status < 0 else _find(query)


cdef int find_names_again(NameQuery* query) noexcept nogil:
    cdef int status = query_again(query)
    return status if status < 0 else _find(query)


cdef int _find(NameQuery* query) noexcept nogil:
    cdef const NamesFile* names = query.names
    cdef const NameQuestion* question = query.question
    cdef Stretch stretches[STRETCHES_MOST]
    cdef ListCursor short_lists[SHORT_LISTS + 1]
    cdef uint32_t start, end, low, high
    cdef uint64_t span = 0, covered = 0
    cdef int i, n, status
    if question.shape.count == 0 or query.n_listed == 0:
        return NAMES_TOO_BROAD if question.shape.count else 0
    # the lists that no token leads to: short names, and (REPEATED_LIST follows them) a sound that comes twice
    for i in range(SHORT_LISTS + 1):
        if list_open(names, i, &short_lists[i]) < 0:
            return NAMES_DAMAGED
    # how many ordinals there are to look at
    n = _stretches(query, stretches)
    for i in range(n):
        span += max(stretches[i].end, stretches[i].start) - stretches[i].start
    if query.quick and _is_long(query, span):
        return NAMES_LONG
    # a window at a time, of each what the stretches touch
    start = 0
    while start < names.n_ordinals:
        end = min(start + WINDOW, names.n_ordinals)
        low = end
        high = start
        for i in range(n):
            if stretches[i].start < end and stretches[i].end > start and stretches[i].start < stretches[i].end:
                low = min(low, max(start, stretches[i].start))
                high = max(high, min(end, stretches[i].end))
                covered += min(end, stretches[i].end) - max(start, stretches[i].start)
        if low < high:
            status = _window(query, short_lists, stretches, n, low & ~<uint32_t>63, high, covered, span)
            if status:
                return status
            if query.looked > LOOKED_MAX and not question.exhaustive:
                return NAMES_TOO_BROAD
        start += WINDOW
    return NAMES_TOO_BROAD if query.candidates > SCORED_MAX and not question.exhaustive else 0


# ---- ranking ----

cdef inline bint _before(const NameFound* a, const NameFound* b) noexcept nogil:
    return a.evidence > b.evidence or (a.evidence == b.evidence and a.entity < b.entity)


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
    cdef NameFound* found = query.found
    cdef NameFound item
    cdef size_t n = min(most, query.n_found), i
    if n == 0:
        return
    i = n // 2
    while i > 0:
        i -= 1
        _sift(found, i, n)
    for i in range(n, query.n_found):
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
