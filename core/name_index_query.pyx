"""Who on file may bear a name (core/name_index_query.pxd). Nothing here is for Python."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from core.layout cimport HEADER_SIZE
from core.match cimport (
    PartialBirth, birth_evidence, department_evidence, match_probability, municipality_evidence, prior_bits, sex_evidence,
)
from core.match_names cimport ROLE_MARRIED, SHAPE_TOKENS, NameShape
from core.match_pairing cimport NAMES_WHOLE, KindMatrix, NamePairing, pair_names
from core.name_frequencies cimport BITS_MOST, BITS_UNKNOWN
from core.name_index_file cimport (
    FIRST_TOKEN, NAME_ROW_DEAD, NAME_ROW_GUESSED, NAME_ROW_IDENTITY, ROWS_MAX, SHORT_LISTS, YEARS, NameRow, TokenBrief,
    list_bits, list_open, ordinal_entity, row_token, rows_next, rows_open, term_tokens, token_find, year_place,
)
from core.name_tokens cimport (
    KIND_A_BEGINS, KIND_INITIAL, KIND_NONE, TERMS_MAX, TOKEN_LETTERS, TokenForm, compare_tokens, form_token, token_terms,
)
from core.xxhash cimport XXH3_64bits_withSeed

include "contract.pxi"

cdef extern from *:
    """
    #define ronda_prefetch_row(address) __builtin_prefetch((address), 0, 1)
    #define ronda_count_bits(word) __builtin_popcountll(word)
    #define ronda_lowest_bit(word) __builtin_ctzll(word)
    """
    void ronda_prefetch_row(const void* address) noexcept nogil
    int ronda_count_bits(uint64_t word) noexcept nogil
    int ronda_lowest_bit(uint64_t word) noexcept nogil

cdef enum:
    TERM_TOKENS = 512            # tokens under one term that are looked at
    BATCH = 32                   # candidates whose rows are fetched ahead
    LONG_TOKEN = 7               # letters from which two edits may count
    BONUS = 300                  # evidence that names without anything left over may get besides that of their tokens
    LEFT_OVER = 40               # evidence that a token left over takes at least


cdef NameQuery* query_new() noexcept nogil:
    cdef NameQuery* query = <NameQuery*>calloc(1, sizeof(NameQuery))
    if query == NULL:
        return NULL
    query.lists_capacity = 4096
    query.lists = <HeldList*>malloc(query.lists_capacity * sizeof(HeldList))
    query.bitmaps = <uint64_t*>malloc((SHAPE_TOKENS + SHORT_LISTS + 1) * WINDOW_WORDS * sizeof(uint64_t))
    if query.lists == NULL or query.bitmaps == NULL:
        query_free(query)
        return NULL
    return query


cdef void query_free(NameQuery* query) noexcept nogil:
    if query == NULL:
        return
    free(query.lists)
    free(query.bitmaps)
    free(query.found)
    free(query)


# ---- the tokens on file that the asked ones may be ----

cdef int _place(NameQuery* query, uint32_t id, bint* new) noexcept nogil:
    """Place of a token on file in `kinds`; -1 = there are too many."""
    cdef uint32_t slot = (id * <uint32_t>2654435761) >> 19
    new[0] = False
    while query.ids[slot]:
        if query.ids[slot] == id:
            return query.places[slot]
        slot = (slot + 1) & (HELD_SLOTS - 1)
    if query.n_held == HELD_MAX:
        return -1
    query.ids[slot] = id
    query.places[slot] = <uint16_t>query.n_held
    query.n_held += 1
    new[0] = True
    return query.n_held - 1


cdef inline int _known_place(const NameQuery* query, uint32_t id) noexcept nogil:
    cdef uint32_t slot = (id * <uint32_t>2654435761) >> 19
    while query.ids[slot]:
        if query.ids[slot] == id:
            return query.places[slot]
        slot = (slot + 1) & (HELD_SLOTS - 1)
    return -1


cdef int _hold(NameQuery* query, uint32_t id) noexcept nogil:
    """Compares a token on file with every asked one, once; its place, -1 = no room."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef TokenForm form
    cdef bint new
    cdef int i, place
    if id < FIRST_TOKEN:
        return -1
    place = _place(query, id, &new)
    if place >= 0 and new:
        query.in_lists[place] = 0
        form_token(names.texts + names.tokens[id].text, names.tokens[id].text_length, &form)
        for i in range(question.shape.count):
            query.kinds[place][i] = compare_tokens(&question.forms[i], &form)
            if form.phonetic_length == question.forms[i].phonetic_length and memcmp(
                    form.phonetic, question.forms[i].phonetic, form.phonetic_length) == 0:
                question.shape.tokens[i].bits = names.briefs[id].bits
    return place


cdef int _list(NameQuery* query, uint32_t id, int place, int asked, int32_t most) noexcept nogil:
    """The holders of a token on file count for an asked one, and give `most` evidence for it at most."""
    cdef HeldList* item
    if query.in_lists[place] >> asked & 1 or query.n_lists == query.lists_capacity:
        return 0
    item = &query.lists[query.n_lists]
    if list_open(query.names, id, &item.cursor) < 0:
        return NAMES_DAMAGED
    item.token = id
    item.asked = <uint8_t>asked
    query.n_lists += 1
    query.in_lists[place] |= <uint16_t>(1 << asked)
    query.most[asked] = max(query.most[asked], most)
    return 0


cdef int _expand(NameQuery* query, int asked) noexcept nogil:
    """Every token on file that shares a term with an asked one and goes with it."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* form = &question.forms[asked]
    cdef uint64_t terms[TERMS_MAX]
    cdef uint32_t ids[TERM_TOKENS]
    cdef uint32_t id
    cdef int i, j, n, n_terms, place
    n_terms = token_terms(form, terms)
    for i in range(n_terms):
        n = term_tokens(names, terms[i], ids, TERM_TOKENS)
        for j in range(n):
            place = _hold(query, ids[j])
            if place < 0 or query.kinds[place][asked] == KIND_NONE or query.kinds[place][asked] >= KIND_A_BEGINS:
                continue
            if _list(query, ids[j], place, asked, names.briefs[ids[j]].bits) < 0:
                return NAMES_DAMAGED
    # a name on file may hold its first letter alone
    id = token_find(names, form.letters, 1)
    if id:
        place = _hold(query, id)
        if place >= 0 and _list(query, id, place, asked, names.briefs[id].bits) < 0:
            return NAMES_DAMAGED
    return 0


cdef int _split(NameQuery* query, int asked) noexcept nogil:
    """MARIAJOSE: two tokens on file side by side. The holders of the rarer count."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* form = &question.forms[asked]
    cdef uint32_t first, second
    cdef int cut, place
    for cut in range(2, form.length - 1):
        first = token_find(names, form.letters, cut)
        if not first:
            continue
        second = token_find(names, form.letters + cut, form.length - cut)
        if not second or _hold(query, first) < 0:
            continue
        place = _hold(query, second)
        if place < 0:
            continue
        if names.tokens[first].count < names.tokens[second].count:
            second = first
            place = _hold(query, first)
        if _list(query, second, place, asked, BITS_MOST) < 0:
            return NAMES_DAMAGED
    return 0


cdef int _join(NameQuery* query, int asked) noexcept nogil:
    """MARIA JOSE: one token on file. Its holders count for both."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* first = &question.forms[asked]
    cdef const TokenForm* second = &question.forms[asked + 1]
    cdef uint8_t letters[2 * TOKEN_LETTERS]
    cdef uint32_t id
    cdef int place
    memcpy(letters, first.letters, first.length)
    memcpy(letters + first.length, second.letters, second.length)
    id = token_find(names, letters, min(first.length + second.length, <int>TOKEN_LETTERS))
    place = _hold(query, id) if id else -1
    if place >= 0 and (_list(query, id, place, asked, names.briefs[id].bits) < 0
                       or _list(query, id, place, asked + 1, names.briefs[id].bits) < 0):
        return NAMES_DAMAGED
    return 0


cdef int32_t _evidence_for(double score, int32_t prior) noexcept nogil:
    """The least evidence whose score reaches `score`."""
    cdef int32_t low = -20000, high = 20000, middle
    while low < high:
        middle = low + (high - low) // 2
        if match_probability(middle, prior) >= score:
            high = middle
        else:
            low = middle + 1
    return low


cdef int32_t _attributes_most(const NameQuestion* question) noexcept nogil:
    """Evidence of a person who agrees in all that was asked besides names."""
    cdef uint8_t agreement
    cdef int32_t most = 0
    cdef int32_t departments = _department_set(question.department)
    if question.birth.year:
        most += max(0, birth_evidence(question.birth, question.birth, &agreement))
    if question.sex:
        most += max(0, sex_evidence(question.sex, question.sex, &agreement))
    if departments:
        most += max(0, department_evidence(departments, departments, &agreement))
    if question.municipality:
        most += max(0, municipality_evidence(<uint16_t>question.municipality, <uint16_t>question.municipality))
    return most


cdef inline int32_t _department_set(int department) noexcept nogil:
    return <int32_t>1 << department if 0 < department < 31 else 0


cdef int query_begin(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil:
    cdef int32_t needed, unlisted = 0
    cdef int i, j, n = question.shape.count
    query.names = names
    query.question = question
    memset(query.ids, 0, sizeof(query.ids))
    query.n_held = query.n_lists = query.n_listed = query.n_core = 0
    query.n_found = 0
    query.candidates = query.looked = 0
    query.initials = False
    query.salt += 1
    query.prior = prior_bits(max(names.tables.population, <uint32_t>1))
    query.enough = _evidence_for(question.possible, query.prior)
    query.attributes_most = _attributes_most(question)
    for i in range(n):
        question.shape.tokens[i].bits = BITS_UNKNOWN
        query.most[i] = 0
    for i in range(n):
        query.n_core += question.shape.tokens[i].role != ROLE_MARRIED
        query.listed[i] = question.forms[i].length > 1
        if not query.listed[i]:
            query.initials = True
            query.most[i] = BITS_MOST
            continue
        query.n_listed += 1
        if _expand(query, i) < 0 or _split(query, i) < 0:
            return NAMES_DAMAGED
    for i in range(n - 1):       # behind all tokens of their own: what is not on file as one may be as two
        if query.listed[i] and query.listed[i + 1] and _join(query, i) < 0:
            return NAMES_DAMAGED
    needed = query.enough - query.attributes_most - question.further
    needed += LEFT_OVER * (query.n_core - 2) if query.n_core > 2 else -BONUS
    for i in range(n):
        query.most[i] = min(query.most[i], <int32_t>question.shape.tokens[i].bits)
        if not query.listed[i]:
            unlisted += query.most[i]
    for i in range(n):
        for j in range(i):
            query.pair[i][j] = query.listed[i] and query.listed[j] and query.most[i] + query.most[j] + unlisted >= needed
    return 0


# ---- scoring ----

cdef void _pair(NameQuery* query, const NameRow* row, PairedRow* out) noexcept nogil:
    """Compares the question's names with a row's."""
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef NameShape held
    cdef KindMatrix matrix
    cdef NamePairing pairing
    cdef const TokenBrief* brief
    cdef PairedRow* kept
    cdef uint64_t key
    cdef uint32_t id
    cdef uint8_t role
    cdef int i, j, place, n = question.shape.count
    key = XXH3_64bits_withSeed(row.tokens, 3 * row.n_tokens, query.salt << 1 | (row.head & NAME_ROW_GUESSED != 0))
    kept = &query.paired[key & 1023]
    if kept.key == key:
        out[0] = kept[0]
        return
    held.count = row.n_tokens
    held.roles_guessed = row.head & NAME_ROW_GUESSED != 0
    for j in range(row.n_tokens):
        id = row_token(row, j, &role)
        if id >= names.tables.n_tokens:
            id = 0
        brief = &names.briefs[id]
        held.tokens[j].role = role
        held.tokens[j].length = brief.length
        held.tokens[j].bits = brief.bits
        place = _known_place(query, id)
        if place < 0 and brief.length >= LONG_TOKEN and _long_asked(query, brief.length):
            place = _hold(query, id)
        for i in range(n):
            matrix.kind[i][j] = query.kinds[place][i] if place >= 0 else <uint8_t>KIND_NONE
            if query.initials and place < 0 and question.forms[i].length == 1 and brief.length > 1 and (
                    brief.initial == question.forms[i].letters[0]):
                matrix.kind[i][j] = KIND_INITIAL
    pair_names(&question.shape, &held, &matrix, &pairing)
    kept.key = out.key = key
    kept.evidence = out.evidence = pairing.evidence
    kept.agreement = out.agreement = pairing.agreement
    kept.flags = out.flags = pairing.flags


cdef inline bint _long_asked(const NameQuery* query, uint8_t length) noexcept nogil:
    """Whether an asked token may be two edits away from one of so many letters."""
    cdef int i
    for i in range(query.question.shape.count):
        if query.question.forms[i].length >= LONG_TOKEN and -2 <= <int>query.question.forms[i].length - <int>length <= 2:
            return True
    return False


cdef inline uint8_t _better(uint8_t a, uint8_t b) noexcept nogil:
    """AGREES > UNKNOWN > DISAGREES > nothing stated (0)."""
    if a == AGREEMENT_AGREES or b == AGREEMENT_AGREES:
        return AGREEMENT_AGREES
    if a == AGREEMENT_UNKNOWN or b == AGREEMENT_UNKNOWN:
        return AGREEMENT_UNKNOWN
    return max(a, b)


cdef int score_ordinal(NameQuery* query, uint32_t ordinal, NameFound* found) noexcept nogil:
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef const uint8_t* at
    cdef const uint8_t* end
    cdef const uint8_t* tokens = NULL
    cdef NameRow rows[ROWS_MAX]
    cdef PairedRow paired
    cdef PartialBirth held
    cdef int32_t evidence, by_birth = 0, by_town = 0, best = -1000000
    cdef int32_t departments = 0
    cdef uint8_t agreement
    cdef uint8_t names_agree = 0, comparable = 0, birth = 0, sex = 0
    cdef int i, n = 0, status
    cdef bint has_identity = False, dead = False, counted = False
    cdef bint year_stated = False, year_fits = False, place_stated = False, place_fits = False
    cdef bint town_stated = False, town_fits = False
    if rows_open(names, ordinal, &at, &end) < 0:
        return NAMES_DAMAGED
    memset(&rows[0], 0, sizeof(NameRow))
    while n < ROWS_MAX:
        status = rows_next(names, &at, end, &rows[n])
        if status < 0:
            return NAMES_DAMAGED
        if status == 0:
            break
        if n + 1 < ROWS_MAX:
            rows[n + 1] = rows[n]
        if rows[n].head & NAME_ROW_IDENTITY and (question.visible == NULL or question.visible[rows[n].row_class]):
            has_identity = True
            dead = dead or rows[n].head & NAME_ROW_DEAD != 0
        n += 1
    found.flags = 0
    found.year = 0
    found.department = found.sex_on_file = 0
    paired.evidence = 0
    paired.agreement = paired.flags = 0
    for i in range(n):
        if question.visible != NULL and not question.visible[rows[i].row_class]:
            continue
        counted = not has_identity or rows[i].head & NAME_ROW_IDENTITY != 0
        if rows[i].n_tokens:
            if rows[i].tokens != tokens:
                _pair(query, &rows[i], &paired)
                tokens = rows[i].tokens
            names_agree = _better(names_agree, paired.agreement)
            if counted:
                comparable = _better(comparable, paired.agreement)
            best = max(best, paired.evidence)
            if paired.flags & NAMES_WHOLE:
                found.flags |= FOUND_WHOLE
        if not counted:
            continue
        if rows[i].birth_year:
            if question.birth.year:
                held.year = rows[i].birth_year
                held.month = rows[i].birth_month
                held.day = rows[i].birth_mday
                evidence = birth_evidence(question.birth, held, &agreement)
                by_birth = evidence if not year_stated else max(by_birth, evidence)
                birth = _better(birth, agreement)
                found.flags |= FOUND_BIRTH
            year_stated = True
            year_fits = year_fits or (rows[i].birth_year >= question.year_from and (
                question.year_to == 0 or rows[i].birth_year <= question.year_to))
            if found.year == 0:
                found.year = rows[i].birth_year
        if rows[i].sex:
            if question.sex:
                sex = _better(sex, AGREEMENT_AGREES if rows[i].sex == question.sex else AGREEMENT_DISAGREES)
            if found.sex_on_file == 0:
                found.sex_on_file = rows[i].sex
        departments |= _department_set(rows[i].birth_department) | _department_set(rows[i].residence_department)
        if rows[i].birth_department:
            place_stated = True
            place_fits = place_fits or rows[i].birth_department == question.department
            if found.department == 0:
                found.department = rows[i].birth_department
        if rows[i].municipality:
            if question.municipality:
                evidence = municipality_evidence(<uint16_t>question.municipality, rows[i].municipality)
                by_town = evidence if not town_stated else max(by_town, evidence)
            town_stated = True
            town_fits = town_fits or rows[i].municipality == question.municipality
    if names_agree == 0 or names_agree == AGREEMENT_DISAGREES:
        return 0
    if birth == AGREEMENT_DISAGREES or sex == AGREEMENT_DISAGREES:
        return 0
    if (question.year_from or question.year_to) and year_stated and not year_fits:
        return 0
    if (question.department and place_stated and not place_fits) or (
            question.municipality and town_stated and not town_fits):
        return 0
    found.ordinal = ordinal
    found.entity = ordinal_entity(names, ordinal)
    found.names_evidence = best
    found.evidence = best + by_birth + by_town
    if sex:
        found.evidence += sex_evidence(question.sex, question.sex, &agreement)  # who differs is out
    if question.department and departments:
        found.evidence += department_evidence(_department_set(question.department), departments, &agreement)
    found.names = names_agree
    found.comparable = comparable or AGREEMENT_UNKNOWN
    found.birth = birth or AGREEMENT_UNKNOWN
    found.sex = sex or AGREEMENT_UNKNOWN
    if dead:
        found.flags |= FOUND_DEAD
    if has_identity:
        found.flags |= FOUND_IDENTITY
    if names_agree == AGREEMENT_AGREES:
        return 1
    if question.similar_by_birth and not found.flags & FOUND_BIRTH:
        return 0
    return found.evidence + question.further >= query.enough


# ---- candidates ----

cdef struct Stretch:
    uint32_t start
    uint32_t end


cdef int _stretches(const NameQuery* query, Stretch* out) noexcept nogil:
    """The ordinals that may fit by what was asked of birth years."""
    cdef const NameQuestion* question = query.question
    cdef const NamesFile* names = query.names
    cdef int low = 0, high = 100000, year = question.birth.year
    cdef int n = 0, place
    if question.year_from:
        low = question.year_from
    if question.year_to:
        high = question.year_to
    if year:
        low = max(low, year - 1)
        high = min(high, year + 1)
    if question.all_years or not names.tables.ordered or (low == 0 and high == 100000):
        out[0].start = 0
        out[0].end = names.n_ordinals
        return 1
    out[0].start = 0             # of unknown year
    out[0].end = names.years[0]
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
            ronda_prefetch_row(names.data + HEADER_SIZE + at)
            ronda_prefetch_row(names.data + HEADER_SIZE + at + 64)
    for i in range(n):
        status = score_ordinal(query, ordinals[i], &found)
        if status < 0:
            return status
        if status and _take(query, &found) < 0:
            return NAMES_MEMORY
    return 0


cdef void _combine(const NameQuery* query, int words) noexcept nogil:
    """Candidates of a window, from the bitmaps of the asked tokens."""
    cdef int n = query.question.shape.count, unlisted = n - query.n_listed
    cdef uint64_t* bits[SHAPE_TOKENS]
    cdef const uint64_t* ones = query.bitmaps + SHAPE_TOKENS * WINDOW_WORDS
    cdef const uint64_t* twos = ones + WINDOW_WORDS
    cdef const uint64_t* threes = twos + WINDOW_WORDS
    cdef uint64_t* out = <uint64_t*>threes + WINDOW_WORDS
    cdef uint8_t first[120]
    cdef uint8_t second[120]
    cdef int n_bits = 0, n_pairs = 0, i, j, w
    cdef uint64_t c1, c2, c3, b, chosen, wanted
    cdef bint every = True, long_asked = query.n_core > 3
    for i in range(n):
        if query.listed[i]:
            bits[n_bits] = query.bitmaps + i * WINDOW_WORDS
            n_bits += 1
        for j in range(i):
            if not (query.listed[i] and query.listed[j]):
                continue
            if query.pair[i][j]:
                first[n_pairs] = <uint8_t>i
                second[n_pairs] = <uint8_t>j
                n_pairs += 1
            else:
                every = False
    for w in range(words):
        c1 = c2 = c3 = 0
        for i in range(n_bits):
            b = bits[i][w]
            c3 |= c2 & b
            c2 |= c1 & b
            c1 |= b
        # Of names that agree or may agree, more than half of the shorter's tokens are paired, and all of it where it has two.
        if n_bits == 1 or unlisted >= 2:
            chosen = c1
        elif n_bits == 2 or unlisted == 1:
            chosen = c2 | (c1 & ones[w])
        else:
            chosen = c3 | (c2 & twos[w]) | (c1 & ones[w])
            # two of four tokens are enough only of a name of three
            wanted = c2 & ~chosen
            if long_asked:
                wanted &= threes[w]
            if wanted:
                if every:
                    chosen |= wanted
                else:
                    b = 0
                    for i in range(n_pairs):
                        b |= (query.bitmaps + first[i] * WINDOW_WORDS)[w] & (query.bitmaps + second[i] * WINDOW_WORDS)[w]
                    chosen |= wanted & b
        out[w] = chosen


cdef int _window(NameQuery* query, ListCursor* short_lists, const Stretch* stretches, int n_stretches, uint32_t start,
                 uint32_t end) noexcept nogil:
    """Looks at the ordinals [start, end), which one stretch or several touch; start is a multiple of 64."""
    cdef uint32_t batch[BATCH]
    cdef uint64_t* out = query.bitmaps + (SHAPE_TOKENS + SHORT_LISTS) * WINDOW_WORDS
    cdef uint32_t words = (end - start + 63) // 64, w, ordinal
    cdef uint64_t word
    cdef int64_t looked
    cdef int i, n_batch = 0, status
    cdef bint within
    for i in range(query.question.shape.count):
        if query.listed[i]:
            memset(query.bitmaps + i * WINDOW_WORDS, 0, words * 8)
    for i in range(SHORT_LISTS):
        memset(query.bitmaps + (SHAPE_TOKENS + i) * WINDOW_WORDS, 0, words * 8)
    for i in range(query.n_lists + SHORT_LISTS):
        if i < query.n_lists:
            looked = list_bits(query.names, &query.lists[i].cursor, start, words * 64,
                               query.bitmaps + query.lists[i].asked * WINDOW_WORDS)
        else:
            looked = list_bits(query.names, &short_lists[i - query.n_lists], start, words * 64,
                               query.bitmaps + (SHAPE_TOKENS + i - query.n_lists) * WINDOW_WORDS)
        if looked < 0:
            return NAMES_DAMAGED
        query.looked += looked
    _combine(query, words)
    for w in range(words):
        word = out[w]
        while word:
            ordinal = start + 64 * w + ronda_lowest_bit(word)
            word &= word - 1
            within = False
            for i in range(n_stretches):
                within = within or stretches[i].start <= ordinal < stretches[i].end
            if not within:
                continue
            query.candidates += 1
            if query.candidates > SCORED_MAX:
                continue
            ronda_prefetch_row(&query.names.rows_at[ordinal])
            batch[n_batch] = ordinal
            n_batch += 1
            if n_batch == BATCH:
                status = _score_batch(query, batch, n_batch)
                if status < 0:
                    return status
                n_batch = 0
    return _score_batch(query, batch, n_batch)


cdef int find_names(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil:
    cdef Stretch stretches[3]
    cdef ListCursor short_lists[SHORT_LISTS]
    cdef uint32_t start, end, low, high
    cdef int i, n, status
    status = query_begin(query, names, question)
    if status < 0:
        return status
    if question.shape.count == 0 or query.n_listed == 0:
        return NAMES_TOO_BROAD if question.shape.count else 0
    for i in range(SHORT_LISTS):
        if list_open(names, i, &short_lists[i]) < 0:
            return NAMES_DAMAGED
    n = _stretches(query, stretches)
    start = 0
    while start < names.n_ordinals:
        end = min(start + WINDOW, names.n_ordinals)
        low = end
        high = start
        for i in range(n):
            if stretches[i].start < end and stretches[i].end > start and stretches[i].start < stretches[i].end:
                low = min(low, max(start, stretches[i].start))
                high = max(high, min(end, stretches[i].end))
        if low < high:
            status = _window(query, short_lists, stretches, n, low & ~<uint32_t>63, high)
            if status < 0:
                return status
            if query.looked > LOOKED_MAX:
                return NAMES_TOO_BROAD
        start += WINDOW
    return NAMES_TOO_BROAD if query.candidates > SCORED_MAX else 0


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
