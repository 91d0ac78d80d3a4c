"""Finds the tokens on file that each asked token of a name may be (core/name_index/query.pxd). Nothing here is for
Python."""

from libc.math cimport floor, log2
from libc.stdint cimport int8_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy, memset

from core.calendar cimport LAST_FILLER_YEAR
from core.machine.prefetch cimport prefetch
from core.name_index.file cimport FIRST_TOKEN, NamesFile, list_open, prefetch_terms, term_tokens, token_find
from core.name_index.lists cimport DISTANT_TERMS_MAX, abbreviation_term, distant_terms
from core.name_index.query cimport (
    BITMAPS, FILLED_LEAST, FILLED_TELLING, FILLING, FORMS_KEPT, HELD_MAX, HELD_SLOTS, LISTS_MOST, NAMES_DAMAGED, WINDOW_WORDS, HeldList,
    NameQuery, NameQuestion,
)
from core.names.comparison cimport (
    department_evidence, match_probability, municipality_evidence, prior_bits, sex_evidence,
)
from core.names.frequencies cimport BITS_MOST, BITS_UNKNOWN
from core.names.reading cimport ROLE_MARRIED
from core.names.score_curve cimport SCORE_COUNT, SCORE_KNOTS, SCORE_VALUES
from core.names.tokens cimport (
    KIND_ALIKE, KIND_EDIT, KIND_ENDING, KIND_INITIAL, KIND_NONE, KIND_PHONETIC, TERMS_MAX, TOKEN_LETTERS, TokenForm,
    compare_tokens, form_token, token_terms,
)
from core.names.weights cimport *


cdef enum:
    EVIDENCE_MOST = 20000        # hundredths of a bit
    ALERTED_LIST = 45000         # persons: what alert scores are chosen against; no more are on any list of Guatemala's
    ALERT = 240                  # evidence above such a list's from which a name by itself is reason to alert, hundredths of a bit,
    ALERT_DATED = 550            # and a name with a birth date
    SHORT_NAME = 2               # words of a name up to which it must tell more,
    SHORT_NAME_BITS = 150        # by so much, hundredths of a bit

cdef enum:
    TERM_TOKENS = 512            # tokens under one term that are looked at
    BONUS = 300                  # evidence that names without anything left over may get besides that of their tokens


cdef NameQuery* query_new() noexcept nogil:
    cdef NameQuery* query = <NameQuery*>calloc(1, sizeof(NameQuery))
    if query == NULL:
        return NULL
    query.lists_capacity = LISTS_MOST
    query.lists = <HeldList*>malloc(query.lists_capacity * sizeof(HeldList))
    query.bitmaps = <uint64_t*>malloc(BITMAPS * WINDOW_WORDS * sizeof(uint64_t))
    query.forms = <TokenForm*>calloc(FORMS_KEPT, sizeof(TokenForm))
    if query.lists == NULL or query.bitmaps == NULL or query.forms == NULL:
        query_free(query)
        return NULL
    return query


cdef void query_free(NameQuery* query) noexcept nogil:
    if query == NULL:
        return
    free(query.lists)
    free(query.bitmaps)
    free(query.forms)
    free(query.found)
    free(query)


# ---- the tokens on file that the asked ones may be ----

cdef int _place(NameQuery* query, uint32_t id, bint* new) noexcept nogil:
    """Place of a token on file in `kinds`; -1 = there are too many."""
    cdef uint32_t slot = (id * <uint32_t>2654435761) & (HELD_SLOTS - 1)
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


cdef int held_place(const NameQuery* query, uint32_t id) noexcept nogil:
    cdef uint32_t slot = (id * <uint32_t>2654435761) & (HELD_SLOTS - 1)
    while query.ids[slot]:
        if query.ids[slot] == id:
            return query.places[slot]
        slot = (slot + 1) & (HELD_SLOTS - 1)
    return -1


cdef const TokenForm* _form(NameQuery* query, uint32_t id) noexcept nogil:
    """Returns the form of a token on file. It follows from the letters alone, so it is the same in every generation."""
    cdef const NamesFile* names = query.names
    cdef const uint8_t* letters = names.texts + names.tokens[id].text
    cdef size_t length = names.tokens[id].text_length
    cdef TokenForm* kept = &query.forms[id & (FORMS_KEPT - 1)]
    if kept.length != min(length, <size_t>TOKEN_LETTERS) or memcmp(kept.letters, letters, kept.length) != 0:
        form_token(letters, length, kept)
    return kept


cdef int hold_token(NameQuery* query, uint32_t id) noexcept nogil:
    """Compares a token on file with every asked one, once; its place, -1 = no room."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* form
    cdef bint new
    cdef int i, place
    if id < FIRST_TOKEN:
        return -1
    place = _place(query, id, &new)
    if place >= 0 and new:
        query.in_lists[place] = 0
        form = _form(query, id)
        query.known[place] = form.known
        for i in range(question.shape.count):
            query.kinds[place][i] = compare_tokens(&question.forms[i], form)
            if not question.bits_given and form.phonetic_length == question.forms[i].phonetic_length and memcmp(
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
    item.most = most
    item.strong = False
    item.initial = query.kinds[place][asked] == KIND_INITIAL
    if (KIND_NONE < query.kinds[place][asked] <= KIND_INITIAL
            or query.kinds[place][asked] == KIND_ALIKE):  # else perhaps half of a joined token
        # an ending costs surnames no more than an edit
        item.most -= COSTS[KIND_EDIT if query.kinds[place][asked] == KIND_ENDING else query.kinds[place][asked]]
    query.n_lists += 1
    query.in_lists[place] |= <uint16_t>(1 << asked)
    query.most[asked] = max(query.most[asked], most)
    return 0


cdef int _expand(NameQuery* query, int asked) noexcept nogil:
    """Every token on file that shares a term with an asked one and goes with it."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* form = &question.forms[asked]
    cdef uint64_t terms[TERMS_MAX + DISTANT_TERMS_MAX + 2]
    cdef uint32_t ids[TERM_TOKENS]
    cdef uint32_t id
    cdef int i, j, n, n_terms, place
    n_terms = token_terms(form, terms)
    n_terms += distant_terms(form, terms + n_terms)
    for i in range(2):
        terms[n_terms] = abbreviation_term(form, i, True)
        n_terms += terms[n_terms] != 0
    prefetch_terms(names, terms, n_terms)
    for i in range(n_terms):
        n = term_tokens(names, terms[i], ids, TERM_TOKENS)
        for j in range(n):
            prefetch(&names.tokens[ids[j]])
        for j in range(n):
            place = hold_token(query, ids[j])
            if place < 0 or query.kinds[place][asked] == KIND_NONE or query.kinds[place][asked] > KIND_ALIKE:
                continue
            if not query.listed[asked]:
                continue         # an initial: those that sound like it are known, and count for nothing by themselves
            if query.repeats[asked] >= 0 and query.kinds[place][asked] <= KIND_PHONETIC:
                continue         # who holds the sound twice stands in REPEATED_LIST
            if _list(query, ids[j], place, asked, names.briefs[ids[j]].bits) < 0:
                return NAMES_DAMAGED
    # a name on file may hold its first letter alone
    if not query.listed[asked]:
        return 0
    id = token_find(names, form.letters, 1)
    if id:
        place = hold_token(query, id)
        if place >= 0 and _list(query, id, place, asked, names.briefs[id].bits) < 0:
            return NAMES_DAMAGED
    return 0


cdef int _split(NameQuery* query, int asked) noexcept nogil:
    """MARIAJOSE: two tokens on file side by side. The holders of the rarer count."""
    cdef const NamesFile* names = query.names
    cdef NameQuestion* question = <NameQuestion*>query.question
    cdef const TokenForm* form = &question.forms[asked]
    cdef uint32_t first, second
    cdef int cut, place, last = -1
    for cut in range(2, form.length - 1):
        first = token_find(names, form.letters, cut)
        if not first:
            continue
        second = token_find(names, form.letters + cut, form.length - cut)
        if not second or hold_token(query, first) < 0:
            continue
        place = hold_token(query, second)
        if place < 0:
            continue
        if names.tokens[first].count < names.tokens[second].count:
            second = first
            place = hold_token(query, first)
        query.n_splits += last != asked
        last = asked
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
    place = hold_token(query, id) if id else -1
    if place >= 0 and (_list(query, id, place, asked, names.briefs[id].bits) < 0
                       or _list(query, id, place, asked + 1, names.briefs[id].bits) < 0):
        return NAMES_DAMAGED
    return 0


cdef int32_t evidence_for(double score, int32_t prior) noexcept nogil:
    """Returns the least evidence that reaches `score`; EVIDENCE_MOST if none does."""
    cdef int i = 1
    cdef double bits
    cdef int32_t found
    if not 0 < score < 1:
        return -EVIDENCE_MOST if score <= 0 else EVIDENCE_MOST
    bits = 100 * log2(score / (1 - score))
    while i < SCORE_COUNT - 1 and bits > SCORE_VALUES[i]:
        i += 1
    bits = SCORE_KNOTS[i - 1] + (bits - SCORE_VALUES[i - 1]) * (SCORE_KNOTS[i] - SCORE_KNOTS[i - 1]) / (
        SCORE_VALUES[i] - SCORE_VALUES[i - 1])
    if not -EVIDENCE_MOST < bits + prior < EVIDENCE_MOST:
        return EVIDENCE_MOST if bits > 0 else -EVIDENCE_MOST
    found = <int32_t>floor(bits) + prior
    while match_probability(found, prior) < score:  # rounding: a step or two
        found += 1
    while match_probability(found - 1, prior) >= score:
        found -= 1
    return found


cdef int32_t _attributes_most(const NameQuestion* question) noexcept nogil:
    """Evidence of a person who agrees in all that was asked besides names and birth date."""
    cdef uint8_t agreement
    cdef int32_t most = 0
    cdef int32_t departments = department_set(question.department)
    if question.sex:
        most += max(0, sex_evidence(question.sex, question.sex, &agreement))
    if departments:
        most += max(0, department_evidence(departments, departments, &agreement))
    if question.municipality:
        most += max(0, municipality_evidence(<uint16_t>question.municipality, <uint16_t>question.municipality))
    return most


cdef int department_set(int department) noexcept nogil:
    return <int32_t>1 << department if 0 < department < 31 else 0


cdef int8_t _same_sound(const NameQuestion* question, int asked) noexcept nogil:
    cdef const TokenForm* form = &question.forms[asked]
    cdef int i
    for i in range(asked):       # initials have a sound too (E sounds as HE), but no list of holders
        if question.forms[i].length > 1 and question.forms[i].phonetic_length == form.phonetic_length and memcmp(
                question.forms[i].phonetic, form.phonetic, form.phonetic_length) == 0:
            return <int8_t>i
    return -1


cdef void _set_limits(NameQuery* query) noexcept nogil:
    """Sets the evidence that is enough for the question, and the tokens on file that can reach it by themselves."""
    cdef const NameQuestion* question = query.question
    cdef int32_t needed
    cdef int i, n = question.shape.count
    query.prior = prior_bits(max(query.names.tables.population, <uint32_t>1))
    query.enough = query.prior - FILLING if question.filling else evidence_for(question.possible, query.prior)
    if question.alerts_only:
        query.enough = max(query.enough, alert_evidence(query))
    query.taken = min(query.enough, max(query.prior - FILLED_LEAST, <int32_t>FILLED_TELLING)) if question.filling else query.enough
    query.attributes_most = _attributes_most(question)
    query.unlisted_most = 0
    for i in range(n):
        query.most[i] = min(query.most[i], <int32_t>question.shape.tokens[i].bits)
        if not query.listed[i]:
            query.unlisted_most += query.most[i]
    # a birth date helps only where it may be near: reaches.pyx
    needed = query.enough - question.further - query.attributes_most - query.unlisted_most + left_over(query, 1)
    for i in range(query.n_lists):
        query.lists[i].strong = min(
            query.lists[i].most, <int32_t>question.shape.tokens[query.lists[i].asked].bits) >= needed


cdef int32_t left_over(const NameQuery* query, int paired) noexcept nogil:
    cdef int pairs = paired + query.question.shape.count - query.n_listed + query.n_splits
    cdef int32_t few = ONE_PAIR if pairs == 1 else TWO_PAIRS if pairs == 2 else THREE_PAIRS if pairs == 3 else 0
    return few - BONUS if query.n_core <= paired else few


cdef int32_t alert_evidence(const NameQuery* query) noexcept nogil:
    cdef int32_t prior = min(query.prior, prior_bits(ALERTED_LIST))
    if query.question.birth.year > LAST_FILLER_YEAR:  # a filler tells nothing: as by name alone
        return prior + ALERT_DATED
    return prior + ALERT + (SHORT_NAME_BITS if query.n_core <= SHORT_NAME else 0)


cdef int query_rewind(NameQuery* query) noexcept nogil:
    cdef int i
    for i in range(query.n_lists):
        if list_open(query.names, query.lists[i].token, &query.lists[i].cursor) < 0:
            return NAMES_DAMAGED
    return 0


cdef int query_again(NameQuery* query) noexcept nogil:
    query.n_found = 0
    query.candidates = query.looked = 0
    query.sharing = False
    _set_limits(query)
    return query_rewind(query)


cdef int query_begin(NameQuery* query, const NamesFile* names, NameQuestion* question) noexcept nogil:
    cdef int i, n = question.shape.count
    query.names = names
    query.question = question
    memset(query.ids, 0, sizeof(query.ids))
    query.n_held = query.n_lists = query.n_listed = query.n_core = 0
    query.n_found = 0
    query.candidates = query.looked = 0
    query.initials = query.sharing = False
    query.n_splits = 0
    query.salt += 1
    for i in range(n):
        if not question.bits_given:
            question.shape.tokens[i].bits = BITS_UNKNOWN
        query.most[i] = 0
        query.repeats[i] = -1
    for i in range(n):
        query.n_core += question.shape.tokens[i].role != ROLE_MARRIED
        query.listed[i] = question.forms[i].length > 1
        if not query.listed[i]:
            query.initials = True
            query.most[i] = BITS_MOST if question.forms[i].known else INITIAL_BITS  # of an equal one; of a word less
            if _expand(query, i) < 0:
                return NAMES_DAMAGED
            continue
        query.n_listed += 1
        query.repeats[i] = _same_sound(question, i)
        if query.repeats[i] >= 0:
            query.most[i] = BITS_MOST
        if _expand(query, i) < 0 or _split(query, i) < 0:
            return NAMES_DAMAGED
    for i in range(n):
        if query.repeats[i] >= 0:
            question.shape.tokens[i].bits = question.shape.tokens[query.repeats[i]].bits
    for i in range(n - 1):       # behind all tokens of their own: what is not on file as one may be as two
        if (query.listed[i] and query.listed[i + 1] and query.repeats[i] < 0 and query.repeats[i + 1] < 0
                and _join(query, i) < 0):
            return NAMES_DAMAGED
    _set_limits(query)
    return 0
